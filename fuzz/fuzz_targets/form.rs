//! A form reads the same in any pieces, and what was encoded is read back.
#![no_main]

use bartizan_engine::http::form::FormReader;
use bartizan_engine::http::{Field, LONGEST_VALUE, Reading};
use bartizan_fuzz::Pieces;
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input {
    names: [Vec<u8>; 2],
    body: Vec<u8>,
    value: Vec<u8>,
    cuts: Vec<u8>,
}

fn read<'a>(names: &[Vec<u8>], pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Reading> {
    let mut reader = FormReader::new(names.to_vec());
    for piece in pieces {
        reader.push(piece);
    }
    reader.finish()
}

fn encoded(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("%{byte:02x}")).collect()
}

fuzz_target!(|input: Input| {
    let whole = read(&input.names, [input.body.as_slice()]);
    assert_eq!(read(&input.names, Pieces::new(&input.body, &input.cuts)), whole);

    let [name, _] = &input.names;
    if !name.is_empty() && input.value.len() <= LONGEST_VALUE {
        let pair = format!("&{}={}", encoded(name), encoded(&input.value));
        let readings = read(&input.names, [input.body.as_slice(), pair.as_bytes()]);
        assert_eq!(readings.first().map(|reading| &reading.field), Some(&Field::Value(input.value)));
    }
});
