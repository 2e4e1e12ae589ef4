//! A masked stream keeps its length and everything but letters and digits, in any pieces, with any settings.
#![no_main]

use bartizan_engine::sensitive::{DETECTORS, DetectorSet, Findings, OPEN_LIMIT, ScanSettings, Scanner};
use bartizan_engine::vocabulary::Detector;
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    detectors: u8,
    mask: u8,
    keep_last: [u8; DETECTORS],
    sizes: Vec<u8>,
    text: &'a [u8],
}

fn scan<'a>(settings: ScanSettings, pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<u8>, Findings) {
    let mut scanner = Scanner::new(settings);
    let mut output = Vec::new();
    let mut pushed = 0;
    for piece in pieces {
        let held = scanner.open_tail();
        let scanned = scanner.push(piece.to_vec(), false);
        pushed += piece.len();
        assert!(scanned.changed || (held == 0 && scanned.output == piece));
        output.extend_from_slice(&scanned.output);
        assert!(scanner.open_tail() <= OPEN_LIMIT);
        assert_eq!(output.len() + scanner.open_tail(), pushed);
    }
    output.extend_from_slice(&scanner.push(Vec::new(), true).output);
    assert_eq!(output.len(), pushed);
    (output, *scanner.findings())
}

fuzz_target!(|input: Input<'_>| {
    let settings = ScanSettings {
        detectors: DetectorSet::from_bits(input.detectors),
        mask: DetectorSet::from_bits(input.mask),
        keep_last: input.keep_last,
    };
    let (output, findings) = scan(settings, [input.text]);
    for (before, after) in input.text.iter().zip(&output) {
        assert!(before == after || (before.is_ascii_alphanumeric() && matches!(after, b'*' | b'0' | b'1')));
    }
    for detector in Detector::ALL {
        let masked = settings.mask.contains(detector);
        assert_eq!(findings.masked(detector), if masked { findings.found(detector) } else { 0 });
        assert!(settings.detectors.contains(detector) || findings.found(detector) == 0);
    }
    if findings.is_empty() {
        assert_eq!(output, input.text);
    }

    let mut pieces = Vec::new();
    let mut rest = input.text;
    for size in input.sizes {
        let (piece, after) = rest.split_at(rest.len().min(usize::from(size)));
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    assert_eq!(scan(settings, pieces), (output, findings));
});
