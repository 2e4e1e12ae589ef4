//! A policy with the detectors of [`Detector`] in their order, and a key.

use std::sync::LazyLock;

use crate::blob::Policy;
use crate::blob::detectors::Finder;
use crate::blob::draft::{DetectorDraft, PolicyDraft};
use crate::keyed_hash::HashKey;
use crate::sensitive::ScanWorld;
use crate::vocabulary::Detector;

/// A policy that looks for these detectors everywhere.
pub(in crate::sensitive) fn policy(detectors: Vec<DetectorDraft>) -> Policy<'static> {
    let draft = PolicyDraft::trying(detectors);
    Policy::parse(draft.write().unwrap().leak()).unwrap()
}

static KEY: LazyLock<HashKey> = LazyLock::new(|| HashKey::from_secret(b"a secret for tests only").unwrap());
static POLICY: LazyLock<Policy<'static>> = LazyLock::new(|| {
    let finders = [Finder::PaymentCard, Finder::Iban, Finder::UsSsn, Finder::Email];
    let detectors = Detector::ALL.into_iter().zip(finders);
    policy(detectors.map(|(detector, finder)| DetectorDraft::built_in(detector.name(), finder)).collect())
});

pub(in crate::sensitive) fn world() -> ScanWorld<'static, 'static> {
    ScanWorld { policy: &POLICY, key: &KEY }
}

pub(in crate::sensitive) fn key() -> &'static HashKey {
    &KEY
}
