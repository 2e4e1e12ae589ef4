//! Two chunks, or single bytes, give the same bytes and counts as the whole.
#![no_main]

use bartizan_engine::sensitive::{DETECTORS, DetectorSet, Findings, ScanSettings, Scanner};
use libfuzzer_sys::fuzz_target;

fn scan<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<u8>, Findings) {
    let settings = ScanSettings { detectors: DetectorSet::ALL, mask: DetectorSet::ALL, keep_last: [4; DETECTORS] };
    let mut scanner = Scanner::new(settings);
    let mut output = Vec::new();
    for piece in pieces {
        output.extend(scanner.push(piece.to_vec(), false).output);
    }
    output.extend(scanner.push(Vec::new(), true).output);
    (output, *scanner.findings())
}

fuzz_target!(|input: (u16, &[u8])| {
    let (cut, text) = input;
    let whole = scan([text]);
    let (left, right) = text.split_at(text.len().min(usize::from(cut)));
    assert_eq!(scan([left, right]), whole);
    assert_eq!(scan(text.chunks(1)), whole);
});
