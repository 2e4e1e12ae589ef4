//! A multipart body reads the same in any pieces, and what was encoded is read back.
#![no_main]

use bartizan_engine::http::multipart::{MultipartReader, boundary};
use bartizan_engine::http::{Field, LONGEST_VALUE, Reading};
use bartizan_fuzz::Pieces;
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input {
    content_type: Vec<u8>,
    body: Vec<u8>,
    value: Vec<u8>,
    cuts: Vec<u8>,
}

const PLAIN: &[u8] = b"multipart/form-data; boundary=XX";

fn read<'a>(content_type: &[u8], pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Reading> {
    let names = vec![b"u".to_vec(), b"p".to_vec()];
    let mut reader = MultipartReader::new(names, boundary(content_type));
    for piece in pieces {
        reader.push(piece);
    }
    reader.finish()
}

fuzz_target!(|input: Input| {
    if let Some(found) = boundary(&input.content_type) {
        assert!((1..=70).contains(&found.len()));
    }
    for content_type in [input.content_type.as_slice(), PLAIN] {
        let whole = read(content_type, [input.body.as_slice()]);
        assert_eq!(read(content_type, Pieces::new(&input.body, &input.cuts)), whole);
    }

    let has_boundary = input.value.windows(4).any(|window| window == b"--XX");
    if input.value.len() <= LONGEST_VALUE && !has_boundary {
        let head = b"--XX\r\nContent-Disposition: form-data; name=\"u\"\r\n\r\n".as_slice();
        let readings = read(PLAIN, [head, &input.value, b"\r\n--XX--"]);
        assert_eq!(readings.first().map(|reading| &reading.field), Some(&Field::Value(input.value)));
    }
});
