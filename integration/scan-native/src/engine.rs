//! The one place that knows how the engine's scanner is called.

use std::collections::BTreeMap;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use bartizan_engine::blob::Policy;
use bartizan_engine::keyed_hash::HashKey;
use bartizan_engine::sensitive::{BodyKind, ScanSettings, ScanWorld, Scanner};

use crate::failure::Failure;

/// How long the pieces are in which a body comes, in bytes: what a proxy reads at once.
const CHUNK: usize = 16 * 1024;

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Confidence {
    Likely,
    High,
}

impl Confidence {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Likely => "likely",
            Self::High => "high",
        }
    }
}

/// How often each detector found something, by confidence.
pub(crate) type Findings = BTreeMap<(String, Confidence), u64>;

/// A policy that looks for everything.
pub(crate) struct Engine {
    policy: Policy<'static>,
    key: HashKey,
}

impl Engine {
    /// Compiles a policy. It stays for as long as the process does.
    pub(crate) fn compile(policy: &Path) -> Result<Self, Failure> {
        let text = fs::read_to_string(policy).map_err(|error| Failure::of(policy, error))?;
        let compiled = bartizan_policy_compiler::compile_text(policy, &text);
        let Some(blob) = compiled.blob else {
            return Err(Failure::of(policy, "it does not compile; `bartizan check` says why"));
        };
        let policy = Policy::parse(blob.leak()).map_err(|error| Failure::of(policy, error))?;
        let key = HashKey::from_secret(b"nothing is kept that this key hides")
            .ok_or_else(|| Failure::of(Path::new("key"), "it is too short"))?;
        Ok(Self { policy, key })
    }

    fn world(&self) -> ScanWorld<'_, 'static> {
        ScanWorld { policy: &self.policy, key: &self.key }
    }

    fn scanner(&self, content_type: &str) -> Scanner {
        let kind = BodyKind::of(content_type.as_bytes()).unwrap_or(BodyKind::TEXT);
        Scanner::new(ScanSettings::everything(&self.policy), kind)
    }

    /// How long a body takes. The pieces are made before.
    pub(crate) fn time(&self, body: &[u8], content_type: &str) -> Duration {
        let chunks: Vec<Vec<u8>> = body.chunks(CHUNK).map(<[u8]>::to_vec).collect();
        let mut scanner = self.scanner(content_type);
        let start = Instant::now();
        for chunk in chunks {
            black_box(scanner.push(chunk, false, self.world()));
        }
        black_box(scanner.push(Vec::new(), true, self.world()));
        start.elapsed()
    }

    fn scanned(&self, body: &[u8], content_type: &str) -> Scanner {
        let mut scanner = self.scanner(content_type);
        for chunk in body.chunks(CHUNK) {
            let _ = scanner.push(chunk.to_vec(), false, self.world());
        }
        let _ = scanner.push(Vec::new(), true, self.world());
        scanner
    }

    /// What is found in a body.
    pub(crate) fn findings(&self, body: &[u8], content_type: &str) -> Findings {
        let mut findings = Findings::new();
        for found in self.scanned(body, content_type).findings().found() {
            let detector = self.policy.detectors.get(usize::from(found.detector));
            let name = detector.map_or("", |detector| detector.name);
            for (confidence, count) in [(Confidence::High, found.high), (Confidence::Likely, found.likely)] {
                if count > 0 {
                    findings.insert((name.to_owned(), confidence), u64::from(count));
                }
            }
        }
        findings
    }

    /// At how many places of a body the scanner looked closely.
    pub(crate) fn candidates(&self, body: &[u8], content_type: &str) -> u64 {
        self.scanned(body, content_type).candidates()
    }
}
