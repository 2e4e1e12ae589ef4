use proptest::prelude::*;

use super::super::LONGEST_VALUE;
use super::*;

fn read_pieces(pieces: &[&[u8]], names: &[&str]) -> Vec<Reading> {
    let mut reader = ElementReader::new(names.iter().map(|name| name.as_bytes().to_vec()).collect());
    for piece in pieces {
        reader.push(piece);
    }
    reader.finish()
}

/// Reads a body whole, byte by byte and at every split into two.
fn read(body: &str, names: &[&str]) -> Vec<Reading> {
    let whole = read_pieces(&[body.as_bytes()], names);
    let bytes: Vec<&[u8]> = body.as_bytes().chunks(1).collect();
    assert_eq!(read_pieces(&bytes, names), whole, "{body}");
    if body.len() < 1000 {
        for cut in 0..=body.len() {
            let (left, right) = body.as_bytes().split_at(cut);
            assert_eq!(read_pieces(&[left, right], names), whole, "{body} cut at {cut}");
        }
    }
    whole
}

/// What `u` is in a document with this inside.
fn field_of(inside: &str) -> Field {
    let mut readings = read(&format!("<r>{inside}</r>"), &["u"]);
    readings.pop().unwrap().field
}

fn value(text: &str) -> Field {
    Field::Value(text.as_bytes().to_vec())
}

const OFX_1: &str = "OFXHEADER:100\r\nDATA:OFXSGML\r\nVERSION:102\r\nSECURITY:NONE\r\nENCODING:USASCII\r\n\
    CHARSET:1252\r\nCOMPRESSION:NONE\r\nOLDFILEUID:NONE\r\nNEWFILEUID:1\r\n\r\n\
    <OFX>\r\n<SIGNONMSGSRQV1>\r\n<SONRQ>\r\n<DTCLIENT>20261129\r\n<USERID>jane.doe\r\n<USERPASS>a&amp;b c\r\n\
    <LANGUAGE>ENG\r\n<FI>\r\n<ORG>Bank\r\n<FID>1\r\n</FI>\r\n<APPID>QWIN\r\n</SONRQ>\r\n</SIGNONMSGSRQV1>\r\n</OFX>";

const OFX_2: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n\
    <?OFX OFXHEADER=\"200\" VERSION=\"211\" SECURITY=\"NONE\" OLDFILEUID=\"NONE\" NEWFILEUID=\"NONE\"?>\n\
    <OFX><SIGNONMSGSRQV1><SONRQ><DTCLIENT>20261129</DTCLIENT><USERID>jane.doe</USERID>\
    <USERPASS>a&amp;b c</USERPASS><LANGUAGE>ENG</LANGUAGE></SONRQ></SIGNONMSGSRQV1></OFX>\n";

#[test]
fn the_sign_on_of_both_dialects_of_ofx_is_read() {
    let one_line = OFX_1.replace("\r\n<", "<");
    for body in [OFX_1, OFX_2, &one_line] {
        let readings = read(body, &["USERID", "userpass", "TOKEN", "FID"]);
        assert_eq!(readings[0], Reading { field: value("jane.doe"), repeated: false }, "{body}");
        assert_eq!(readings[1], Reading { field: value("a&b c"), repeated: false }, "{body}");
        assert_eq!(readings[2].field, Field::Absent, "{body}");
    }
}

#[test]
fn a_soap_login_is_read_by_local_names() {
    let body = "<?xml version='1.0'?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>\
        <l:Login xmlns:l='urn:l'><l:User id=\"1\" note='a>b'>jane</l:User><x:User>joe</x:User></l:Login>\
        </s:Body></s:Envelope>";
    assert_eq!(read(body, &["user"])[0], Reading { field: value("jane"), repeated: true });
    assert_eq!(read(body, &["x:user"])[0], Reading { field: value("joe"), repeated: false });
    assert_eq!(read(body, &["y:user"])[0].field, Field::Absent);
}

#[test]
fn texts_are_read() {
    for (inside, expected) in [
        ("<u>jane</u>", value("jane")),
        ("<U>jane</u>", value("jane")),
        ("<u >jane</u >", value("jane")),
        ("<u\n>jane</u\n>", value("jane")),
        ("<u>jane", value("jane")),
        ("<u>jane<p>x", value("jane")),
        ("<u>jane\n<p>x", value("jane")),
        ("<u>\n  jane\n</u>", value("jane")),
        ("<u></u>", value("")),
        ("<u/>", value("")),
        ("<u />", value("")),
        ("<u a='1'/>", value("")),
        ("<u a=1 b>jane</u>", value("jane")),
        ("<u a = \"x='y'>\" >jane</u>", value("jane")),
        ("<u>ja&#x6e;e &amp; co</u>", value("jane & co")),
        ("<u>ja<!-- x -->ne</u>", value("jane")),
        ("<u><!---->jane</u>", value("jane")),
        ("<u>ja<!-- - <u> -->ne</u>", value("jane")),
        ("<u>ja<?pi x?>ne</u>", value("jane")),
        ("<u><![CDATA[jane]]></u>", value("jane")),
        ("<u><![CDATA[<a>&amp;]]]></u>", value("<a>&amp;]")),
        ("<u>a<![CDATA[]b]]]]><![CDATA[>]]></u>", value("a]b]]>")),
        ("<![CDATA[<u>joe</u>]]><u>jane</u>", value("jane")),
        ("<!-- <u>joe</u> --><u>jane</u>", value("jane")),
        ("<a u='joe'/><u>jane</u>", value("jane")),
        ("<uu>joe</uu><v>joe</v>", Field::Absent),
        ("<u.v>joe</u.v>", Field::Absent),
        ("u>jane", Field::Absent),
        ("1 < 2 && <u>jane</u>", value("jane")),
    ] {
        assert_eq!(field_of(inside), expected, "{inside}");
    }
}

#[test]
fn texts_that_readers_take_differently_are_malformed() {
    for inside in [
        "<u>jane\ndoe</u>",
        "<u><b>jane</b></u>",
        "<u>ja<b>ne</b></u>",
        "<u>jane<b/></u>",
        "<u>a < b</u>",
        "<u>a << b</u>",
        "<u>&user;</u>",
        "<u>&amp</u>",
        "<u>&am<!-- -->p;&#</u>",
        "<u>ja<!X y>ne</u>",
    ] {
        assert_eq!(field_of(inside), Field::Malformed, "{inside}");
        let readings = read(&format!("<r><p>x</p>{inside}<q>y</q></r>"), &["p", "q"]);
        assert_eq!([&readings[0].field, &readings[1].field], [&value("x"), &value("y")], "{inside}");
    }
}

#[test]
fn bodies_that_readers_take_differently_are_malformed() {
    let document = "<r><u>jane</u></r>";
    for body in [
        format!("<!DOCTYPE r [<!ENTITY x \"<u>joe</u>\">]>{document}"),
        format!("<!DOCTYPE r SYSTEM \"<u>joe</u>\">{document}"),
        format!("<!DOCTYPE r -- > -->{document}"),
        format!("<![INCLUDE[{document}]]>"),
        format!("<![cdata[x]]>{document}"),
        format!("<!-- a -- b -->{document}"),
        format!("<!--><u>joe</u> -->{document}"),
        format!("<!---><u>joe</u> -->{document}"),
        format!("<!>{document}"),
        format!("<?pi > <u>joe</u> ?>{document}"),
        format!("<?xml version='1.0' encoding='utf-16'?>{document}"),
        format!("<?xml version='1.0' encoding=\"UTF-7\"?>{document}"),
        format!("<?xml encoding=utf-8?>{document}"),
        format!("<?xml {} encoding='utf-7'?>{document}", " ".repeat(500)),
        format!("{document}<"),
        format!("{document}\0"),
        "<r><u jane</u></r>".to_owned(),
        "<r><a x=\"<u>joe</u>\"/><u>jane</u></r>".to_owned(),
        "<r><a x\"y\"/><u>jane</u></r>".to_owned(),
        "<r><u/jane/</r>".to_owned(),
        "<r></><u>jane</u></r>".to_owned(),
        "<r><u>jane</u x></r>".to_owned(),
    ] {
        let readings = read(&body, &["u", "absent"]);
        assert_eq!(readings[1].field, Field::Malformed, "{body:?}");
        if !body.ends_with('<') {
            assert_eq!(readings[0].field, Field::Malformed, "{body:?}");
        }
    }
    let wide: Vec<u8> = document.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(read_pieces(&[&wide], &["u"])[0].field, Field::Malformed);
}

#[test]
fn documents_of_common_form_are_read() {
    for head in [
        "\u{feff}",
        "<?xml version=\"1.0\"?>\r\n",
        "<?XML version='1.0' encoding = 'iso-8859-1' ?>",
        "<?xml-stylesheet href='x'?>",
        "<!DOCTYPE OFX SYSTEM \"ofx160.dtd\">",
        "<!DOCTYPE r PUBLIC \"-//W3C//DTD r//EN\" 'http://example.com/r.dtd'>",
        "<!-- made by hand -->",
    ] {
        let body = format!("{head}<r><u>jane</u></r>");
        assert_eq!(
            read(&body, &["u", "p"]),
            [Reading { field: value("jane"), repeated: false }, Reading::default(),],
            "{head}"
        );
    }
}

#[test]
fn the_first_is_read_and_marked_if_a_later_one_differs() {
    let readings = read("<r><u>a</u><p>x</p><p> x </p><U>b</U></r>", &["u", "p", "u"]);
    assert_eq!(readings[0], Reading { field: value("a"), repeated: true });
    assert_eq!(readings[1], Reading { field: value("x"), repeated: false });
    assert_eq!(readings[2], readings[0]);
    assert!(read("<r><u><u>a</u></u></r>", &["u"])[0].repeated);
}

#[test]
fn what_broke_off_is_malformed_and_what_was_complete_stands() {
    for body in [OFX_1, OFX_2.trim_end()] {
        let (id, pass) = (body.find("<USERPASS").unwrap(), body.find("<LANGUAGE").unwrap());
        for length in 0..body.len() {
            let readings = read_pieces(&[&body.as_bytes()[..length]], &["userid", "userpass", "token"]);
            if length > id + "<USERPASS".len() {
                assert_eq!(readings[0].field, value("jane.doe"), "{length}");
            }
            if length <= pass {
                let unread = [Field::Malformed, value("a&b c")];
                assert!(unread.contains(&readings[1].field), "{length}");
            }
            assert_eq!(readings[2].field, Field::Malformed, "{length}");
        }
        let (mid_name, _) = body.split_once("doe").unwrap();
        assert_eq!(read(mid_name, &["userid"])[0].field, Field::Malformed);
    }
}

#[test]
fn other_bodies_are_malformed() {
    for body in ["", "u=jane", "{\"u\":\"jane\"}", "<r>", "<u>jane"] {
        assert_eq!(read(body, &["u"])[0].field, Field::Malformed, "{body}");
    }
}

#[test]
fn long_texts_and_long_names_are_bounded() {
    let long = "a".repeat(LONGEST_VALUE);
    assert_eq!(field_of(&format!("<u>{long}</u>")), value(&long));
    assert_eq!(field_of(&format!("<u>{long}b</u>")), Field::TooLong);
    let prefix = "p".repeat(5000);
    assert_eq!(field_of(&format!("<{prefix}:u>jane</{prefix}:u>")), value("jane"));
    assert_eq!(field_of(&format!("<u{prefix}>joe</u{prefix}>")), Field::Absent);
    let deep = format!("{}<u>jane</u>{}", "<a>".repeat(20_000), "</a>".repeat(20_000));
    assert_eq!(read_pieces(&[format!("<r>{deep}</r>").as_bytes()], &["u"])[0].field, value("jane"));
}

proptest! {
    #[test]
    fn every_split_reads_the_same(pieces in proptest::collection::vec(prop_oneof![
        Just("<u>"), Just("</u>"), Just("<p "), Just("<!--"), Just("-->"), Just("<![CDATA["), Just("]]>"), Just("<?"),
        Just("?>"), Just("&amp;"), Just("&#x6"), Just("<!D"), Just("<r>"), Just("</r>"), Just("\n"), Just("<"), Just(">"),
        Just("/"), Just("'"), Just("="), Just(" "), Just("a"), Just(";"), Just("-"), Just("]"), Just("x:"),
    ], 0..30), cuts in proptest::collection::vec(1_usize..9, 1..40)) {
        let text = pieces.concat().into_bytes();
        let whole = read_pieces(&[&text], &["u", "x:p"]);
        prop_assert_eq!(&read_pieces(&text.chunks(1).collect::<Vec<_>>(), &["u", "x:p"]), &whole);
        let (mut rest, mut split) = (text.as_slice(), Vec::new());
        for cut in cuts {
            let (left, right) = rest.split_at(cut.min(rest.len()));
            split.push(left);
            rest = right;
        }
        split.push(rest);
        prop_assert_eq!(&read_pieces(&split, &["u", "x:p"]), &whole);
    }

    #[test]
    fn what_was_written_is_read_back(text in "[^\0\r\n\t ]([^\0\r\n]{0,40}[^\0\r\n\t ])?", style in 0..3) {
        let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
        let inside = match style {
            0 => format!("<u>{escaped}</u>"),
            1 => format!("<u>{escaped}\n<p>x"),
            _ => format!("<u><![CDATA[{}]]></u>", text.replace("]]>", "]]]]><![CDATA[>")),
        };
        let body = format!("<r>{inside}</r>");
        let readings = read_pieces(&body.as_bytes().chunks(7).collect::<Vec<_>>(), &["u"]);
        prop_assert_eq!(&readings[0], &Reading { field: value(&text), repeated: false });
    }
}
