//! Any pieces give the same bytes and findings as the whole, with every detector of every pack, in any kind of body.
#![no_main]

use bartizan_engine::sensitive::Findings;
use bartizan_fuzz::Pieces;
use bartizan_fuzz::scan::Scan;
use libfuzzer_sys::fuzz_target;

fn scan<'a>(input: &Scan<'_>, pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<u8>, Findings) {
    let mut scanner = input.scanner();
    let mut output = Vec::new();
    for piece in pieces {
        output.extend(scanner.push(piece.to_vec(), false, Scan::world()).output);
    }
    output.extend(scanner.push(Vec::new(), true, Scan::world()).output);
    (output, scanner.findings().clone())
}

fuzz_target!(|input: Scan<'_>| {
    let whole = scan(&input, [input.text]);
    assert_eq!(scan(&input, Pieces::new(input.text, &input.sizes)), whole);
    assert_eq!(scan(&input, input.text.chunks(1)), whole);
});
