use proptest::prelude::*;

use super::*;

fn read(body: &[u8], pointers: &[&str]) -> Vec<Reading> {
    read_pieces(&[body], pointers)
}

fn read_pieces(pieces: &[&[u8]], pointers: &[&str]) -> Vec<Reading> {
    let mut reader = PointerReader::new(pointers.iter().map(|pointer| pointer.as_bytes().to_vec()).collect());
    for piece in pieces {
        reader.push(piece);
    }
    reader.finish()
}

/// Reads one value, at every split into two chunks.
fn field(body: &str, pointer: &str) -> Field {
    let whole = read(body.as_bytes(), &[pointer]);
    if body.len() < 500 {
        for cut in 0..=body.len() {
            let (left, right) = body.as_bytes().split_at(cut);
            assert_eq!(read_pieces(&[left, right], &[pointer]), whole, "{body} cut at {cut}");
        }
    }
    whole.into_iter().next().unwrap().field
}

fn value(text: &str) -> Field {
    Field::Value(text.as_bytes().to_vec())
}

#[test]
fn the_examples_of_rfc_6901_are_read() {
    let document =
        r#"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}"#;
    for (pointer, expected) in [
        ("", Field::Absent),
        ("/foo", Field::Absent),
        ("/foo/0", value("bar")),
        ("/foo/1", value("baz")),
        ("/", value("0")),
        ("/a~1b", value("1")),
        ("/c%d", value("2")),
        ("/e^f", value("3")),
        ("/g|h", value("4")),
        ("/i\\j", value("5")),
        ("/k\"l", value("6")),
        ("/ ", value("7")),
        ("/m~0n", value("8")),
    ] {
        assert_eq!(field(document, pointer), expected, "{pointer}");
    }
}

#[test]
fn values_are_found_where_they_stand_and_nowhere_else() {
    for (body, pointer, expected) in [
        (r#"{"user":{"email":"a"},"email":"b"}"#, "/email", value("b")),
        (r#"{"user":{"email":"a"},"email":"b"}"#, "/user/email", value("a")),
        (r#"{"x":[{"user":{"email":"a"}}]}"#, "/user/email", Field::Absent),
        (r#"[[1,2],[3,[4,5]]]"#, "/1/1/0", value("4")),
        (r#"{"a":[10,20,30]}"#, "/a/2", value("30")),
        (r#"{"a":[10,20,30]}"#, "/a/02", Field::Absent),
        (r#"{"a":[10,20,30]}"#, "/a/-", Field::Absent),
        (r#"{"a":{"2":"key"}}"#, "/a/2", value("key")),
        (r#"{"a":[[],{},0]}"#, "/a/2", value("0")),
        (r#"{"a":"x","b":1}"#, "/a/b", Field::Absent),
        (r#"{"ab":1,"a":2,"abc":3}"#, "/a", value("2")),
        (r#"  "alone"  "#, "", value("alone")),
        ("42", "", value("42")),
        ("{}", "/a", Field::Absent),
        ("[]", "/0", Field::Absent),
        (r#"{"a":1}"#, "a", Field::Absent),
        ("\u{feff}{\"a\":1}", "/a", value("1")),
        (r#"{"a":1}{"a":2}"#, "/a", value("1")),
        (r#"{"a":1} trailing"#, "/a", value("1")),
    ] {
        assert_eq!(field(body, pointer), expected, "{body} {pointer}");
    }
}

#[test]
fn scalars_keep_their_literal_text_and_strings_are_decoded() {
    for (json, text) in [
        ("true", "true"),
        ("false", "false"),
        ("null", "null"),
        ("-1.50e+3", "-1.50e+3"),
        (r#""""#, ""),
        (r#""a\"b\\c\/d""#, "a\"b\\c/d"),
        (r#""\b\f\n\r\t""#, "\u{8}\u{c}\n\r\t"),
        (r#""\u0041\u00e4\u20AC""#, "Aä€"),
        (r#""\ud83d\ude00""#, "😀"),
        (r#""\ud83dx""#, "\u{fffd}x"),
        (r#""\ud83d""#, "\u{fffd}"),
        (r#""\ude00""#, "\u{fffd}"),
        (r#""\ud83d\ud83d\ude00""#, "\u{fffd}😀"),
        (r#""\ud83d\n""#, "\u{fffd}\n"),
        (r#""käse""#, "käse"),
    ] {
        assert_eq!(field(&format!("{{\"v\": {json} }}"), "/v"), value(text), "{json}");
        assert_eq!(field(json, ""), value(text), "{json}");
    }
    assert_eq!(read(b"{\"v\":\"\xff\xfe\"}", &["/v"])[0].field, Field::Value(vec![0xff, 0xfe]));
}

#[test]
fn escaped_keys_match_their_meaning() {
    assert_eq!(field(r#"{"\u0065mail":"x"}"#, "/email"), value("x"));
}

#[test]
fn the_last_of_repeated_members_is_read_and_marked() {
    for (body, pointer, expected, repeated) in [
        (r#"{"u":"a","u":"b"}"#, "/u", value("b"), true),
        (r#"{"u":"a","u":{}}"#, "/u", Field::Absent, true),
        (r#"{"x":{"u":"a"},"x":{"u":"b"}}"#, "/x/u", value("b"), true),
        (r#"{"x":{"u":"a"},"x":{"v":"b"}}"#, "/x/u", Field::Absent, true),
        (r#"{"x":{"u":"a"},"x":1}"#, "/x/u", Field::Absent, true),
        (r#"[{"u":"a"},{"u":"b"}]"#, "/1/u", value("b"), false),
        (r#"{"x":{"u":"a"},"y":{"u":"b"}}"#, "/x/u", value("a"), false),
    ] {
        let reading = read(body.as_bytes(), &[pointer]).remove(0);
        assert_eq!(reading, Reading { field: expected, repeated }, "{body}");
    }
}

#[test]
fn what_is_not_json_is_malformed() {
    for body in [
        r#"{"a":"x""b":1}"#,
        r#"{"a":"x",}"#,
        r#"{"a":"x",'b':1}"#,
        r#"{"a":"x" /* c */}"#,
        r#"{"a":"x"]"#,
        r#"{"a":"x","b":[1,]}"#,
        r#"{"a":"x","b":"\x"}"#,
        r#"{"a":"x","b":"\u00g0"}"#,
        r#"{"a":"x","b" 1}"#,
        r#"{"a":"x",1:2}"#,
        r#"{"a":"x",,}"#,
        "a=x&b=y",
        "<html>",
        "}",
        "\u{feff}\u{feff}{\"a\":1}",
    ] {
        assert_eq!(field(body, "/a"), Field::Malformed, "{body}");
    }
    assert_eq!(read(b"\0{\0\"\0a\0\"\0", &["/a"])[0].field, Field::Malformed);
}

#[test]
fn a_body_that_breaks_off_keeps_what_was_complete() {
    for (body, a, b) in [
        (r#"{"a":"x","b":"y"#, value("x"), Field::Malformed),
        (r#"{"a":"x","b":12"#, value("x"), Field::Malformed),
        (r#"{"a":"x""#, value("x"), Field::Malformed),
        (r#"{"a":"#, Field::Malformed, Field::Malformed),
        ("", Field::Malformed, Field::Malformed),
    ] {
        let fields: Vec<Field> = read(body.as_bytes(), &["/a", "/b"]).into_iter().map(|r| r.field).collect();
        assert_eq!(fields, [a, b], "{body}");
    }
}

#[test]
fn long_values_and_keys_are_bounded() {
    let long = "x".repeat(LONGEST_VALUE + 1);
    assert_eq!(field(&format!(r#"{{"a":"{long}","b":1}}"#), "/a"), Field::TooLong);
    assert_eq!(field(&format!(r#"{{"a":"{long}","b":1}}"#), "/b"), value("1"));
    assert_eq!(field(&format!(r#"{{"{long}":2,"b":1}}"#), "/b"), value("1"));
    assert_eq!(field(&format!("[{}]", "1".repeat(LONGEST_VALUE + 1)), "/0"), Field::TooLong);
    let exact = "x".repeat(LONGEST_VALUE);
    assert_eq!(field(&format!(r#"{{"a":"{exact}"}}"#), "/a"), value(&exact));
}

#[test]
fn a_value_behind_ten_thousand_nested_containers_is_found() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
        let body = format!(r#"{{"x":{deep},"s":"}}]\"","user":"jane"}}"#);
        assert_eq!(field(&body, "/user"), value("jane"));
        let bytes: Vec<&[u8]> = body.as_bytes().chunks(1).collect();
        assert_eq!(read_pieces(&bytes, &["/user"])[0].field, value("jane"));
    }
    assert_eq!(field(&"[".repeat(1_000_000), "/user"), Field::Malformed);
}

#[test]
fn the_deepest_level_is_read_and_the_next_is_not() {
    let nested = |depth: usize| format!("{}7{}", "[".repeat(depth), "]".repeat(depth));
    let pointer = |depth: usize| "/0".repeat(depth);
    assert_eq!(field(&nested(DEEPEST), &pointer(DEEPEST)), value("7"));
    assert_eq!(field(&nested(DEEPEST + 1), &pointer(DEEPEST + 1)), Field::Absent);
}

#[test]
fn several_pointers_are_read_in_one_pass() {
    let body = br#"{"user":{"name":"jane","tags":["a","b"]},"password":"secret"}"#;
    let readings = read(body, &["/password", "/user/name", "/user/tags/1", "/none", "/user/name"]);
    let fields: Vec<Field> = readings.into_iter().map(|reading| reading.field).collect();
    assert_eq!(fields, [value("secret"), value("jane"), value("b"), Field::Absent, value("jane")]);
}

proptest! {
    #[test]
    fn every_split_reads_the_same(pieces in proptest::collection::vec(proptest::sample::select(vec![
        "{", "}", "[", "]", ":", ",", "\"a\"", "\"b\"", "1", "true", " ", "\\u00e4", "\"", "\\", "\"a\":", "{\"a\":", "\"\\ud83d\\ude00\"", "\u{feff}", "é",
    ]), 0..25)) {
        let body = pieces.concat();
        let pointers = ["", "/a", "/b", "/a/a", "/a/0", "/0", "/1/b"];
        let whole = read(body.as_bytes(), &pointers);
        for cut in 0..=body.len() {
            let (left, right) = body.as_bytes().split_at(cut);
            prop_assert_eq!(&read_pieces(&[left, right], &pointers), &whole);
        }
        let bytes: Vec<&[u8]> = body.as_bytes().chunks(1).collect();
        prop_assert_eq!(&read_pieces(&bytes, &pointers), &whole);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(&body, &["", "/a"]);
    }
}

#[test]
fn objects_and_arrays_that_are_not_empty_are_told_from_empty_ones_at_every_split() {
    for (body, expected) in [
        (r#"{"errors":[{"message":"no"}]}"#, true),
        (r#"{"errors":[]}"#, false),
        (r#"{"errors":{}}"#, false),
        (r#"{"errors":{"a":1}}"#, true),
        (r#"{"errors":[1],"errors":[]}"#, false),
        (r#"{"errors":null}"#, false),
        (r#"{"data":{"errors":[1]}}"#, false),
    ] {
        for split in 0..=body.len() {
            let mut reader = PointerReader::new(vec![b"/errors".to_vec()]);
            reader.push(&body.as_bytes()[..split]);
            reader.push(&body.as_bytes()[split..]);
            assert_eq!(reader.with_members(), [expected], "{body} at {split}");
        }
    }
}
