//! JSON reads the same in any pieces, and the same as by a parser that builds the whole document.
#![no_main]

use bartizan_engine::http::json::PointerReader;
use bartizan_engine::http::{Field, LONGEST_VALUE, Reading};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

const POINTERS: [&str; 8] = ["", "/a", "/b", "/a/a", "/a/b", "/0", "/a/0", "/1/a"];

fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Reading> {
    let mut reader = PointerReader::new(POINTERS.iter().map(|pointer| pointer.as_bytes().to_vec()).collect());
    for piece in pieces {
        reader.push(piece);
    }
    reader.finish()
}

fuzz_target!(|input: (u8, &[u8])| {
    let (size, body) = input;
    let whole = read([body]);
    assert_eq!(read(body.chunks(usize::from(size).max(1))), whole);

    let Ok(document) = serde_json::from_slice::<Value>(body) else { return };
    for (pointer, reading) in POINTERS.iter().zip(whole) {
        match document.pointer(pointer) {
            None | Some(Value::Object(_) | Value::Array(_)) => assert_eq!(reading.field, Field::Absent, "{pointer}"),
            Some(Value::String(text)) if text.len() <= LONGEST_VALUE => {
                assert_eq!(reading.field, Field::Value(text.as_bytes().to_vec()), "{pointer}");
            }
            Some(Value::String(_)) => assert_eq!(reading.field, Field::TooLong, "{pointer}"),
            Some(Value::Bool(value)) => assert_eq!(reading.field, Field::Value(value.to_string().into_bytes())),
            Some(Value::Null) => assert_eq!(reading.field, Field::Value(b"null".to_vec())),
            Some(Value::Number(_)) => assert!(matches!(reading.field, Field::Value(_) | Field::TooLong), "{pointer}"),
        }
    }
});
