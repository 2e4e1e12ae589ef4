//! A reply's body under inspection: as it is, or decoded beside its way.

use crate::http::coding::{Coding, Decoder};
use crate::metrics::Uninspected;
use crate::sensitive::{BodyKind, Findings, ScanSettings, ScanWorld, Scanned, Scanner};

/// A body under inspection.
pub(super) struct Inspection {
    scanner: Scanner,
    /// Where the body is compressed: what is found is counted only, because it cannot be written back.
    decoder: Option<Box<Decoder>>,
    is_over: bool,
}

impl std::fmt::Debug for Inspection {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Inspection").field("is_over", &self.is_over).finish_non_exhaustive()
    }
}

impl Inspection {
    /// Begins to inspect. A body in a coding is decoded for the scanner and passes as it came.
    pub(super) fn new(mut settings: ScanSettings, kind: BodyKind, coding: Option<Coding>) -> Self {
        if coding.is_some() {
            settings.changes.clear();
        }
        let decoder = coding.map(|coding| Box::new(Decoder::new(coding)));
        Self { scanner: Scanner::new(settings, kind), decoder, is_over: false }
    }

    /// Reads on: what goes on now, and why the rest is not inspected, where it is not.
    pub(super) fn push(
        &mut self,
        chunk: Vec<u8>,
        end: bool,
        world: ScanWorld<'_, '_>,
    ) -> (Scanned, Option<Uninspected>) {
        self.is_over |= end;
        let Some(decoder) = &mut self.decoder else {
            return (self.scanner.push(chunk, end, world), None);
        };
        let scanner = &mut self.scanner;
        let decoded = decoder.push(&chunk, &mut |piece| {
            let _ = scanner.push(piece.to_vec(), false, world);
        });
        let reason = match decoded {
            Ok(()) if end && !decoder.is_finished() => Some(Uninspected::Compressed),
            Ok(()) => None,
            Err(error) => Some(error.into()),
        };
        if end || reason.is_some() {
            let _ = scanner.push(Vec::new(), true, world);
        }
        (Scanned { output: chunk, changed: false }, reason)
    }

    /// Whether what passes is what was inspected, so that it can be changed.
    pub(super) const fn is_direct(&self) -> bool {
        self.decoder.is_none()
    }

    /// The end of the body came.
    pub(super) const fn is_over(&self) -> bool {
        self.is_over
    }

    /// How many bytes wait, see [`Scanner::open_tail`].
    pub(super) fn open_tail(&self) -> usize {
        self.scanner.open_tail()
    }

    /// What was found since the last time.
    pub(super) fn take_findings(&mut self) -> Findings {
        std::mem::take(self.scanner.findings_mut())
    }
}
