//! Tries detectors on texts, with the scanner that the filter uses.

use bartizan_engine::blob::Policy;
use bartizan_engine::blob::draft::PolicyDraft;
use bartizan_engine::keyed_hash::HashKey;
use bartizan_engine::sensitive::{BodyKind, ScanSettings, ScanWorld, Scanner};

use crate::lower;
use crate::model::Detector;
use crate::source::Spanned;

/// The samples for which a detector does something else than its author says, and whether it finds something in them.
pub(crate) fn contradicted(detector: &Detector) -> Vec<(&Spanned<String>, bool)> {
    let Some(body) = detector.body.as_ref() else { return Vec::new() };
    let draft = lower::detector(detector).map(|detector| PolicyDraft::trying(vec![detector]));
    let Some(blob) = draft.and_then(|draft| draft.write().ok()) else { return Vec::new() };
    let Ok(policy) = Policy::parse(&blob) else { return Vec::new() };
    let samples = body.found.iter().map(|sample| (sample, true));
    let samples = samples.chain(body.silent.iter().map(|sample| (sample, false)));
    let tried = samples.map(|(sample, expected)| (sample, expected, finds_something(&policy, &sample.value)));
    tried.filter(|(_, expected, found)| found != expected).map(|(sample, _, found)| (sample, found)).collect()
}

/// Whether a policy's detectors find anything in a text, which may be a JSON document.
fn finds_something(policy: &Policy<'_>, text: &str) -> bool {
    let Some(key) = HashKey::from_secret(b"samples hold nothing to hide") else { return false };
    let settings = ScanSettings { changes: Vec::new(), ..ScanSettings::everything(policy) };
    let mut scanner = Scanner::new(settings, BodyKind::TEXT);
    let _ = scanner.push(text.as_bytes().to_vec(), true, ScanWorld { policy, key: &key });
    !scanner.findings().is_empty()
}
