//! Random texts that are rich in values, near misses and borders.

use proptest::prelude::*;

/// Pieces of values, whole values and what may stand around them. No `[` and no `{` in the beginning: the naive scanner
/// does not know JSON numbers.
pub(super) fn text() -> impl Strategy<Value = Vec<u8>> {
    let pieces = proptest::sample::select(vec![
        "4111111111111111",
        "4111 1111 1111 1111",
        "5555-5555-5555-4444",
        "5555.5555.5555.4444",
        "4111.",
        "3782 822463 10005",
        "4000 0000 0000 0000 006",
        "4222222222222",
        "536-90-4399",
        "078-05-1120",
        "DE89370400440532013000",
        "DE89 3704 0044 0532 0130 00",
        "GB29 NWBK 6016 1331 9268 19",
        "NO9386011117947",
        "MT84MALT011000012345MTLCAST001S",
        "jane.doe@example.com",
        "a@b.co",
        "icon@2x.png",
        "x@y",
        "4111 ",
        "1111 ",
        "1111",
        "411",
        "536-",
        "90-",
        "4399",
        "DE",
        "DE89 ",
        "3704 ",
        "GB",
        "@",
        "example.",
        "com",
        "jane",
        ".",
        "..",
        "-",
        "_",
        "+",
        "'",
        " ",
        "  ",
        "\\n",
        "\\u003c",
        "\\",
        "/",
        "//",
        "\"",
        ":",
        ",",
        "x",
        "X",
        "0",
        "9",
        "\u{e9}",
        "1234567890123456789",
        "xn--p1ai",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "0000000000000000000000000000000000000000",
        "b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.b.",
        "                                                                                 ",
    ]);
    let piece = prop_oneof![12 => pieces.prop_map(|piece| piece.as_bytes().to_vec()), 1 => any::<u8>().prop_map(|byte| vec![byte])];
    proptest::collection::vec(piece, 0..14).prop_map(|pieces| [b"x ".to_vec(), pieces.concat()].concat())
}

/// The same as a document that looks like JSON.
pub(super) fn json() -> impl Strategy<Value = Vec<u8>> {
    text().prop_map(|text| [b"[".as_slice(), &text].concat())
}
