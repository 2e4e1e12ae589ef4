//! A compressed body reads the same in any pieces, within its bounds, and what was stored is read back.
#![no_main]

use bartizan_engine::http::coding::{
    Coding, CodingError, Decoder, FREE_OUTPUT, LONGEST_PIECE, MOST_EXPANSION, MOST_MEMORY, MOST_OUTPUT,
};
use bartizan_fuzz::Pieces;
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input {
    coding: u8,
    body: Vec<u8>,
    stored: Vec<u8>,
    cuts: Vec<u8>,
}

struct Outcome {
    output: Vec<u8>,
    error: Option<CodingError>,
    finished: bool,
}

fn read<'a>(coding: Coding, pieces: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let mut decoder = Decoder::new(coding);
    let (mut output, mut error, mut consumed) = (Vec::new(), None, 0);
    for piece in pieces {
        let pushed = decoder.push(piece, &mut |bytes| {
            assert!((1..=LONGEST_PIECE).contains(&bytes.len()));
            output.extend_from_slice(bytes);
        });
        if let Err(failed) = pushed {
            assert_eq!(error.replace(failed), None);
        }
        consumed += piece.len() as u64;
        assert!(output.len() as u64 <= MOST_OUTPUT.min(consumed * MOST_EXPANSION + FREE_OUTPUT));
        assert!(decoder.memory() <= if coding == Coding::Brotli { MOST_MEMORY } else { 64 * 1024 });
    }
    Outcome { output, error, finished: decoder.is_finished() }
}

/// In one stored block (RFC 1951, 3.2.4), as a member of gzip.
fn store(text: &[u8]) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap();
    let mut body = b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x01".to_vec();
    body.extend_from_slice(&length.to_le_bytes());
    body.extend_from_slice(&(!length).to_le_bytes());
    body.extend_from_slice(text);
    body.extend_from_slice(&crc32fast::hash(text).to_le_bytes());
    body.extend_from_slice(&u32::from(length).to_le_bytes());
    body
}

fuzz_target!(|input: Input| {
    let coding = [Coding::Gzip, Coding::Deflate, Coding::Brotli][usize::from(input.coding % 3)];
    let whole = read(coding, [input.body.as_slice()]);
    for other in [read(coding, Pieces::new(&input.body, &input.cuts)), read(coding, input.body.chunks(1))] {
        assert_eq!((other.error, other.finished), (whole.error, whole.finished));
        if coding == Coding::Brotli && whole.error == Some(CodingError::Malformed) {
            assert!(other.output.starts_with(&whole.output));
        } else {
            assert!(other.output == whole.output);
        }
    }

    let stored = &input.stored[..input.stored.len().min(usize::from(u16::MAX))];
    let read = read(Coding::Gzip, [store(stored).as_slice()]);
    assert!(read.output == stored && read.error.is_none() && read.finished);
});
