//! Scans of any bytes, in any kind of body, with every detector of every pack.

use std::path::Path;
use std::sync::LazyLock;

use bartizan_engine::blob::Policy;
use bartizan_engine::blob::detectors::Confidence;
use bartizan_engine::keyed_hash::HashKey;
use bartizan_engine::sensitive::{BodyKind, Change, Overwriting, ScanSettings, ScanWorld, Scanner};
use libfuzzer_sys::arbitrary::{self, Arbitrary};

/// What is scanned, and how.
#[derive(Arbitrary, Debug)]
pub struct Scan<'a> {
    kind: u8,
    keep: (u8, u8),
    hashes: bool,
    /// Whether members of JSON are taken out.
    pub removes: bool,
    likely: bool,
    /// Lengths of the pieces.
    pub sizes: Vec<u8>,
    /// The body.
    pub text: &'a [u8],
}

const KINDS: [&str; 10] = [
    "",
    "application/json",
    "text/html",
    "text/csv",
    "application/x-www-form-urlencoded",
    "text/event-stream",
    "application/grpc+json",
    "text/plain; charset=utf-16",
    "text/plain; charset=utf-16le",
    "application/x-ndjson",
];

static KEY: LazyLock<HashKey> = LazyLock::new(|| HashKey::from_secret(b"a secret for tests only").unwrap());
static POLICY: LazyLock<Policy<'static>> = LazyLock::new(|| {
    let packs = "payment-data, personal-data, health-data, secrets, errors";
    let text = format!(
        "version: 1\napps:\n  shop:\n    hosts: [shop.example]\n    mode: enforce\n    sensitive: [{{ find: [{packs}], in: /**, do: mask }}]\n"
    );
    let blob = bartizan_policy_compiler::compile_text(Path::new("policy.yaml"), &text).blob;
    Policy::parse(blob.expect("a constant policy").leak()).expect("a compiled policy")
});

impl Scan<'_> {
    /// The policy and a key.
    #[must_use]
    pub fn world() -> ScanWorld<'static, 'static> {
        ScanWorld { policy: &POLICY, key: &KEY }
    }

    /// A scanner at the beginning of the body.
    ///
    /// # Panics
    ///
    /// Never: the types are constant ones.
    #[must_use]
    pub fn scanner(&self) -> Scanner {
        let mut settings = ScanSettings::everything(&POLICY);
        let overwriting = match (self.removes, self.hashes) {
            (true, _) => Overwriting::Removal,
            (false, true) => Overwriting::Token,
            (false, false) => Overwriting::Stars { keep_first: self.keep.0 % 9, keep_last: self.keep.1 % 9 },
        };
        let confidence = if self.likely { Confidence::Likely } else { Confidence::High };
        settings.changes = vec![Change { detectors: settings.detectors, confidence, overwriting }];
        settings.hashes_values = self.hashes;
        let kind = KINDS[usize::from(self.kind) % KINDS.len()];
        Scanner::new(settings, BodyKind::of(kind.as_bytes()).expect("a type that is read"))
    }
}
