//! A masked stream keeps its length, holds back no more than its bound, and changes nothing where nothing is found; what
//! takes members out never makes a stream longer.
#![no_main]

use bartizan_engine::sensitive::{Findings, OPEN_LIMIT};
use bartizan_fuzz::Pieces;
use bartizan_fuzz::scan::Scan;
use libfuzzer_sys::fuzz_target;

fn scan<'a>(input: &Scan<'_>, pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<u8>, Findings) {
    let mut scanner = input.scanner();
    let mut output = Vec::new();
    let mut pushed = 0;
    for piece in pieces {
        let held = scanner.open_tail();
        let scanned = scanner.push(piece.to_vec(), false, Scan::world());
        pushed += piece.len();
        assert!(scanned.changed || (held == 0 && scanned.output == piece));
        output.extend_from_slice(&scanned.output);
        assert!(scanner.open_tail() <= OPEN_LIMIT);
        let seen = output.len() + scanner.open_tail();
        assert!(if input.removes { seen <= pushed } else { seen == pushed });
    }
    output.extend_from_slice(&scanner.push(Vec::new(), true, Scan::world()).output);
    (output, scanner.findings().clone())
}

fuzz_target!(|input: Scan<'_>| {
    let (output, findings) = scan(&input, [input.text]);
    let masked: u32 = findings.found().iter().map(|found| found.masked).sum();
    if masked == 0 {
        assert_eq!(output, input.text);
    } else if input.removes {
        assert!(output.len() <= input.text.len());
    } else {
        assert_eq!(output.len(), input.text.len());
    }
    for found in findings.found() {
        assert!(found.masked <= found.total());
    }
    assert_eq!(scan(&input, Pieces::new(input.text, &input.sizes)), (output, findings));
});
