use proptest::prelude::*;

use super::*;

fn read_pieces(pieces: &[&[u8]], names: &[&str]) -> Vec<Reading> {
    let names = names.iter().map(|name| name.as_bytes().to_vec()).collect();
    let mut reader = MultipartReader::new(names, boundary(b"multipart/form-data; boundary=XX"));
    for piece in pieces {
        reader.push(piece);
    }
    reader.finish()
}

/// Reads a body whole, byte by byte and at every split into two.
fn read(body: &[u8], names: &[&str]) -> Vec<Reading> {
    let whole = read_pieces(&[body], names);
    assert_eq!(read_pieces(&body.chunks(1).collect::<Vec<_>>(), names), whole);
    if body.len() < 1000 {
        for cut in 0..=body.len() {
            let (left, right) = body.split_at(cut);
            assert_eq!(read_pieces(&[left, right], names), whole, "cut at {cut}");
        }
    }
    whole
}

/// A body of parts, each a header (without the line break behind it) and a value.
fn body(parts: &[(&str, &str)]) -> String {
    let parts: String =
        parts.iter().map(|(head, value)| format!("--XX\r\n{head}\r\n\r\n{value}\r\n")).collect();
    format!("{parts}--XX--\r\n")
}

/// The header of a field.
fn named(name: &str) -> String {
    format!("Content-Disposition: form-data; name=\"{name}\"")
}

fn value(text: &str) -> Field {
    Field::Value(text.as_bytes().to_vec())
}

/// What stands in field `u` of a body of one part.
fn field_of(head: &str, text: &str) -> Field {
    read(body(&[(head, text)]).as_bytes(), &["u"]).pop().unwrap().field
}

#[test]
fn fields_are_read() {
    let text = body(&[(&named("u"), "jane@example.com"), (&named("x"), "1"), (&named("p"), "a\r\nb\r\n")]);
    let readings = read(text.as_bytes(), &["u", "p", "q"]);
    assert_eq!(readings[0], Reading { field: value("jane@example.com"), repeated: false });
    assert_eq!(readings[1].field, value("a\r\nb\r\n"));
    assert_eq!(readings[2].field, Field::Absent);
}

#[test]
fn the_example_of_rfc_7578_is_read() {
    let example = "--XX\r\ncontent-disposition: form-data; name=\"field1\"\r\n\
        content-type: text/plain;charset=UTF-8\r\n\r\nJoe owes =E2=82=AC100.\r\n--XX--\r\n";
    assert_eq!(read(example.as_bytes(), &["field1"])[0].field, value("Joe owes =E2=82=AC100."));
}

#[test]
fn values_may_look_like_nearly_anything() {
    for text in [
        "",
        "-",
        "--",
        "--X",
        "\r\n--X",
        "\r\n",
        "\r\n\r\n",
        "XX",
        "-XX",
        "a\0b",
        "a\nb",
        "a\rb",
        "\r\n--\r\n",
    ] {
        assert_eq!(field_of(&named("u"), text), value(text), "{text:?}");
    }
}

#[test]
fn headers_that_servers_agree_on_are_read() {
    for head in [
        "Content-Disposition: form-data; name=u",
        "content-disposition:form-data;name=\"u\"",
        "CONTENT-DISPOSITION: Form-Data; NAME=\"u\";",
        "Content-Type: text/plain\r\nContent-Disposition: form-data; name=\"u\"",
        "Content-Disposition: form-data; name=\"u\"\r\nContent-Type: text/plain; charset=\"us-ascii\"",
        "Content-Disposition: form-data; name=\"u\"\r\nContent-Transfer-Encoding: 8bit\r\nContent-Length: 5",
    ] {
        assert_eq!(field_of(head, "jane"), value("jane"), "{head}");
    }
}

#[test]
fn files_are_not_fields() {
    let file = format!("{}; filename=\"u.txt\"\r\nContent-Type: application/octet-stream", named("u"));
    assert_eq!(field_of(&file, "jane"), Field::Absent);
    let both = format!("{}; filename*=UTF-8''u; filename=u", named("u"));
    assert_eq!(field_of(&both, "jane"), Field::Absent);
    let windows = format!("{}; filename=\"C:\\dir\\u.txt\"", named("u"));
    assert_eq!(field_of(&windows, "jane"), Field::Absent);
    let text = body(&[(&file, &"f".repeat(100_000)), (&named("u"), "jane")]);
    assert_eq!(read(text.as_bytes(), &["u"])[0], Reading { field: value("jane"), repeated: false });
}

#[test]
fn a_field_that_only_some_servers_read_so_is_malformed_alone() {
    for more in [
        "\r\nContent-Transfer-Encoding: base64",
        "\r\nContent-Transfer-Encoding: quoted-printable",
        "\r\nContent-Type: text/plain; charset=utf-7",
        "\r\nContent-Type: text/plain; charset=ibm037",
        "\r\nContent-Type: text/plain; charset=utf-8; charset=utf-16",
        "\r\nContent-Type: multipart/mixed; boundary=YY",
        "; filename=\"\"",
        "; filename*=UTF-8''a",
    ] {
        let text = body(&[(&(named("u") + more), "jane"), (&named("p"), "x")]);
        let readings = read(text.as_bytes(), &["u", "p"]);
        assert_eq!(readings[0].field, Field::Malformed, "{more}");
        assert_eq!(readings[1].field, value("x"), "{more}");
    }
}

#[test]
fn bodies_that_servers_read_differently_are_malformed() {
    let plain = body(&[(&named("u"), "jane")]);
    let with_head = |head: &str| body(&[(head, "x"), (&named("u"), "jane")]);
    for text in [
        plain.replace("\r\n", "\n"),
        plain.replace("--XX\r\n", "--XX \r\n"),
        plain.replace("--XX\r\n", "--XXY\r\n"),
        plain.replace("--XX\r\n", "--XX\n"),
        plain.replace("--XX--", "--XX-"),
        plain.replace("jane", "jane--XX"),
        plain.replace("jane", "jane\n--XX"),
        plain.replace("jane", "jane\r--XX"),
        plain.replace("jane\r\n", ""),
        plain.replace("\r\n\r\njane", "\r\n"),
        format!("{plain}--XX\r\n"),
        format!("{plain}{plain}"),
        format!("x--XX\r\n{plain}"),
        with_head("Content-Disposition: form-data; name=\"a\"; name=\"u\""),
        with_head("Content-Disposition: form-data; name=\"a\\\"; name=\"u\""),
        with_head("Content-Disposition: form-data; name=\"a\\b\""),
        with_head("Content-Disposition: form-data; name='a'"),
        with_head("Content-Disposition: form-data; name*=utf-8''u"),
        with_head("Content-Disposition: form-data; name=\"a\"; name*=utf-8''u"),
        with_head("Content-Disposition: form-data; name=\"a\"; filename=x; filename=\"\""),
        with_head("Content-Disposition: attachment; name=\"a\""),
        with_head("Content-Disposition: form-data; name=\"a\"\r\nContent-Disposition: form-data; name=\"u\""),
        with_head("Content-Disposition : form-data; name=\"a\""),
        with_head("Content-Disposition: form-data;\r\n name=\"u\""),
        with_head("Content-Disposition: form-data; name=\"a\"\nContent-Disposition: form-data; name=\"u\""),
        with_head("Content-Disposition: form-data; name=\"a\"\rb"),
        with_head("Content-Disposition: form-data; name=\"a\0b\""),
        with_head("no header"),
        with_head(&"A: b\r\n".repeat(MOST_LINES + 1)),
        with_head(&format!("A: {}", "b".repeat(LONGEST_LINE))),
    ] {
        for reading in read(text.as_bytes(), &["u", "p"]) {
            assert_eq!(reading.field, Field::Malformed, "{text:?}");
        }
    }
}

#[test]
fn text_before_and_behind_the_parts_is_no_part() {
    let plain = body(&[(&named("u"), "jane")]);
    for text in [
        format!("\r\n{plain}"),
        format!("preamble\r\n{plain}"),
        format!("{plain}epilogue"),
        plain.trim_end().to_owned(),
        format!("u: - --X\n\r\n{plain}"),
    ] {
        assert_eq!(read(text.as_bytes(), &["u"])[0].field, value("jane"), "{text:?}");
    }
}

#[test]
fn what_broke_off_is_malformed_and_what_was_complete_stands() {
    let text = body(&[(&named("u"), "jane"), (&named("p"), "secret")]);
    let complete = text.find("jane").unwrap() + "jane\r\n--XX".len();
    for length in 0..text.len() {
        let readings = read_pieces(&[&text.as_bytes()[..length]], &["u", "p"]);
        let expected = if length < complete { Field::Malformed } else { value("jane") };
        assert_eq!(readings[0].field, expected, "{length}");
    }
    let readings = read(&text.as_bytes()[..text.find("secret").unwrap()], &["u", "p"]);
    assert_eq!(readings[1].field, Field::Malformed);
}

#[test]
fn other_bodies_and_missing_boundaries_are_malformed() {
    for text in ["", "u=jane&p=x", "{\"u\":\"jane\"}", "--YY\r\n"] {
        assert_eq!(read(text.as_bytes(), &["u"])[0].field, Field::Malformed, "{text}");
    }
    let mut reader = MultipartReader::new(vec![b"u".to_vec()], None);
    reader.push(body(&[(&named("u"), "jane")]).as_bytes());
    assert_eq!(reader.finish()[0].field, Field::Malformed);
    assert_eq!(read(b"--XX--", &["u"])[0].field, Field::Absent);
}

#[test]
fn the_last_copy_is_read_and_marked_if_it_differs() {
    let text = body(&[(&named("u"), "a"), (&named("p"), "x"), (&named("p"), "x"), (&named("u"), "b")]);
    let readings = read(text.as_bytes(), &["u", "p", "u"]);
    assert_eq!(readings[0], Reading { field: value("b"), repeated: true });
    assert_eq!(readings[1], Reading { field: value("x"), repeated: false });
    assert_eq!(readings[2], readings[0]);
}

#[test]
fn long_values_are_reported() {
    let long = "a".repeat(LONGEST_VALUE);
    assert_eq!(field_of(&named("u"), &long), value(&long));
    assert_eq!(field_of(&named("u"), &(long.clone() + "\r")), Field::TooLong);
    assert_eq!(field_of(&named("u"), &long.repeat(100)), Field::TooLong);
}

proptest! {
    #[test]
    fn every_split_reads_the_same(pieces in proptest::collection::vec(prop_oneof![
        Just("--XX".to_owned()), Just("\r\n".to_owned()), Just("--XX\r\n".to_owned()), Just("--XX--".to_owned()),
        Just(named("u") + "\r\n\r\n"), Just(named("p") + "\r\n"), "[-X\r\nau:;\"]{0,4}",
    ], 0..20), cuts in proptest::collection::vec(1_usize..9, 1..40)) {
        let text = pieces.concat().into_bytes();
        let whole = read_pieces(&[&text], &["u", "p"]);
        prop_assert_eq!(&read_pieces(&text.chunks(1).collect::<Vec<_>>(), &["u", "p"]), &whole);
        let (mut rest, mut split) = (text.as_slice(), Vec::new());
        for cut in cuts {
            let (left, right) = rest.split_at(cut.min(rest.len()));
            split.push(left);
            rest = right;
        }
        split.push(rest);
        prop_assert_eq!(&read_pieces(&split, &["u", "p"]), &whole);
    }

    #[test]
    fn what_was_written_is_read_back(first in "[^X]{0,40}", second in "[-\r\nX a]{0,40}") {
        prop_assume!(!second.contains("--XX") && !format!("\r\n{second}\r\n").contains("\r\n--XX"));
        let text = body(&[(&named("u"), &first), (&named("v"), &second)]);
        let readings = read_pieces(&[text.as_bytes()], &["u", "v"]);
        prop_assert_eq!(&readings[0].field, &value(&first));
        prop_assert_eq!(&readings[1].field, &value(&second));
    }
}
