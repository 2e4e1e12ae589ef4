//! An XML or SGML body reads the same in any pieces, and what was encoded is read back.
#![no_main]

use bartizan_engine::http::element::ElementReader;
use bartizan_engine::http::{Field, LONGEST_VALUE, Reading};
use bartizan_fuzz::Pieces;
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input {
    body: Vec<u8>,
    value: String,
    cuts: Vec<u8>,
}

fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Reading> {
    let mut reader = ElementReader::new(vec![b"USERID".to_vec(), b"p".to_vec(), b"x:u".to_vec()]);
    for piece in pieces {
        reader.push(piece);
    }
    reader.finish()
}

fuzz_target!(|input: Input| {
    let whole = read([input.body.as_slice()]);
    assert_eq!(read(input.body.chunks(1)), whole);
    assert_eq!(read(Pieces::new(&input.body, &input.cuts)), whole);

    let is_one_line = !input.value.contains(['\0', '\r', '\n']);
    if is_one_line && input.value.len() <= LONGEST_VALUE {
        let escaped: String = input.value.chars().map(|one| format!("&#{};", u32::from(one))).collect();
        let trimmed = input.value.trim_matches([' ', '\t']).as_bytes().to_vec();
        for end in ["</USERID></OFX>", "\n<p></OFX>"] {
            let document = format!("<OFX><USERID>{escaped}{end}");
            let readings = read([document.as_bytes()]);
            assert_eq!(readings.first().map(|reading| &reading.field), Some(&Field::Value(trimmed.clone())));
        }
    }
});
