//! Contexts, members, runs and spellings: what is more than a value in a text.

use std::sync::LazyLock;

use super::super::*;
use super::world::{key, policy};
use crate::blob::Policy;
use crate::blob::detectors::{Confidence, DetectorBits, Finder};
use crate::blob::draft::DetectorDraft;

const CARD: usize = 0;
const SSN: usize = 1;
const FIELD: usize = 2;
const WORDS: usize = 3;
const EMAIL: usize = 4;

static POLICY: LazyLock<Policy<'static>> = LazyLock::new(|| {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let own = |name, finder| DetectorDraft::built_in(name, finder);
    policy(vec![
        DetectorDraft {
            alone: Confidence::Likely,
            context: texts(&["card", "credit card", "pan"]),
            ..own("payment_card", Finder::PaymentCard)
        },
        DetectorDraft { context: texts(&["ssn", "social security"]), ..own("us_ssn", Finder::UsSsn) },
        DetectorDraft { fields: texts(&["diagnosis", "notes"]), ..own("health", Finder::Fields) },
        DetectorDraft { words: texts(&["project aurora", "überfall"]), ..own("projects", Finder::Words) },
        own("email", Finder::Email),
    ])
});

fn everything(overwriting: Overwriting) -> ScanSettings {
    let detectors: DetectorBits = (0..=EMAIL).collect();
    let change = Change { detectors, confidence: Confidence::High, overwriting };
    ScanSettings { detectors, changes: vec![change], ..ScanSettings::default() }
}

fn pushed(settings: &ScanSettings, content_type: &str, pieces: &[&[u8]]) -> (Vec<u8>, Findings) {
    let world = ScanWorld { policy: &POLICY, key: key() };
    let mut scanner = Scanner::new(settings.clone(), BodyKind::of(content_type.as_bytes()).unwrap());
    let mut output = Vec::new();
    for (position, piece) in pieces.iter().enumerate() {
        let scanned = scanner.push(piece.to_vec(), position + 1 == pieces.len(), world);
        output.extend(scanned.output);
        assert!(scanner.open_tail() <= OPEN_LIMIT && scanner.tail_length() <= OPEN_LIMIT);
    }
    (output, scanner.findings().clone())
}

/// Scans a body at every split and byte by byte, and gives back what all of them gave.
fn scanned(settings: &ScanSettings, content_type: &str, body: &[u8]) -> (String, Vec<(usize, u32, u32)>) {
    let whole = pushed(settings, content_type, &[body]);
    for cut in 0..=body.len() {
        let (left, right) = body.split_at(cut);
        let split = pushed(settings, content_type, &[left, right]);
        assert_eq!(
            (String::from_utf8_lossy(&split.0), &split.1),
            (String::from_utf8_lossy(&whole.0), &whole.1),
            "cut at {cut}"
        );
        assert_eq!(pushed(settings, content_type, &[left, right, b""]), whole, "cut at {cut}, ended later");
    }
    let bytes: Vec<&[u8]> = body.chunks(1).collect();
    assert_eq!(pushed(settings, content_type, &bytes), whole, "byte by byte");
    let found = whole.1.found().iter().map(|found| (usize::from(found.detector), found.high, found.likely));
    let mut found: Vec<_> = found.collect();
    found.sort_unstable();
    (String::from_utf8_lossy(&whole.0).into_owned(), found)
}

fn stars(content_type: &str, body: &str) -> (String, Vec<(usize, u32, u32)>) {
    scanned(&everything(Overwriting::Stars { keep_first: 0, keep_last: 4 }), content_type, body.as_bytes())
}

const JSON: &str = "application/json";

#[test]
fn a_bare_card_number_is_likely_and_only_a_word_or_its_groups_make_it_sure() {
    for (body, expected, found) in [
        ("{\"id\":4111111111111111}", "{\"id\":4111111111111111}", (CARD, 0, 1)),
        ("{\"card\":4111111111111111}", "{\"card\":1000000000001111}", (CARD, 1, 0)),
        (
            "{\"creditCardNumber\":\"4111111111111111\"}",
            "{\"creditCardNumber\":\"************1111\"}",
            (CARD, 1, 0),
        ),
        ("{\"id\":\"4111-1111-1111-1111\"}", "{\"id\":\"****-****-****-1111\"}", (CARD, 1, 0)),
        (
            "{\"cards\":[\"4111111111111111\",\"5555555555554444\"]}",
            "{\"cards\":[\"************1111\",\"************4444\"]}",
            (CARD, 2, 0),
        ),
        (
            "{\"card\":{\"brand\":\"visa\",\"number\":\"4111111111111111\"}}",
            "{\"card\":{\"brand\":\"visa\",\"number\":\"************1111\"}}",
            (CARD, 1, 0),
        ),
        (
            "{\"card\":\"none\",\"order\":\"4111111111111111\"}",
            "{\"card\":\"none\",\"order\":\"4111111111111111\"}",
            (CARD, 0, 1),
        ),
        ("{\"discard\":\"4111111111111111\"}", "{\"discard\":\"4111111111111111\"}", (CARD, 0, 1)),
    ] {
        assert_eq!(stars(JSON, body), (expected.to_owned(), vec![found]), "{body}");
    }
}

#[test]
fn a_word_speaks_for_what_follows_it_and_not_for_ever() {
    let far = format!("ssn {} 536904399", "x ".repeat(40));
    for (content_type, body, found) in [
        ("text/plain", "SSN: 536904399.", true),
        ("text/plain", "social-security no 536904399", true),
        ("text/plain", "order 536904399", false),
        ("text/plain", far.as_str(), false),
        ("text/html", "<td>SSN</td><td>536904399</td>", true),
        ("application/x-www-form-urlencoded", "ssn=536904399&order=1", true),
        ("application/x-www-form-urlencoded", "ssn=&order=536904399", false),
        ("text/csv", "name,ssn,order\njane,536904399,1\njoe,536904398,2\n", true),
        ("text/csv", "name,ssn,order\njane,,536904399\n", false),
        ("application/x-ndjson", "{\"ssn\":\"536904399\"}\n{\"order\":\"1\"}\n", true),
        (JSON, "{\"ssn\":null,\"order\":\"536904399\"}", false),
    ] {
        let (_, hits) = stars(content_type, body);
        assert_eq!(hits.iter().any(|(detector, high, _)| *detector == SSN && *high > 0), found, "{body}");
    }
    let (_, hits) = stars("text/csv", "name,ssn,order\njane,536904399,1\njoe,536904398,2\n");
    assert_eq!(hits, [(SSN, 2, 0)], "every line of the column");
}

#[test]
fn values_are_seen_through_their_spelling_and_overwritten_in_it() {
    for (content_type, body, expected) in [
        (JSON, "{\"a\":\"\\u0034111-1111\\u002d1111-1111\"}", "{\"a\":\"\\u002a***-****\\u002d****-1111\"}"),
        (JSON, "{\"a\":\"jane\\u0040example.com\"}", "{\"a\":\"****\\u0040******e.com\"}"),
        (JSON, "{\"a\":\"<b>\\/4111 1111 1111 1111\\/\"}", "{\"a\":\"<b>\\/**** **** **** 1111\\/\"}"),
        (JSON, "{\"a\":\"{\\\"card\\\":4111111111111111}\"}", "{\"a\":\"{\\\"card\\\":1000000000001111}\"}"),
        (
            "application/x-www-form-urlencoded",
            "a=4111+1111%201111+1111&b=jane%40example.com",
            "a=****+****%20****+1111&b=****%40******e.com",
        ),
        ("text/html", "<p>4111&nbsp;1111&#32;1111 &#49;111", "<p>****&nbsp;****&#32;**** &#49;111"),
        ("application/xml", "<a>jane&#64;example.com</a>", "<a>****&#64;******e.com</a>"),
    ] {
        assert_eq!(stars(content_type, body).0, expected, "{body}");
    }
}

#[test]
fn utf_16_is_read_and_written() {
    let text = "{\"card\":\"4111111111111111\"} é";
    let expected = "{\"card\":\"************1111\"} é";
    let settings = everything(Overwriting::Stars { keep_first: 0, keep_last: 4 });
    let little = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let big = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
    for (content_type, body, wanted) in [
        ("application/json; charset=utf-16le", little(text), little(expected)),
        ("text/plain; charset=utf-16be", big(text), big(expected)),
        ("text/plain", little(&format!("\u{feff}{text}")), little(&format!("\u{feff}{expected}"))),
        ("text/plain; charset=utf-16", little(text), little(expected)),
    ] {
        let whole = pushed(&settings, content_type, &[&body]);
        assert_eq!(whole.0, wanted, "{content_type}");
        for cut in 0..=body.len() {
            let (left, right) = body.split_at(cut);
            assert_eq!(pushed(&settings, content_type, &[left, right]), whole, "cut at {cut}");
        }
    }
}

#[test]
fn members_are_found_by_name_and_masked_whatever_they_hold() {
    let long = "word ".repeat(200);
    let body = format!("{{\"notes\":\"{long}\",\"x\":1}}");
    let (masked, found) = stars(JSON, &body);
    assert_eq!(masked, format!("{{\"notes\":\"{}\",\"x\":1}}", long.replace(|letter| letter != ' ', "*")));
    assert_eq!(found, [(FIELD, 1, 0)]);
    for (body, expected) in [
        ("{\"diagnosis\":\"E11.9 type 2\"}", "{\"diagnosis\":\"***.* *ype 2\"}"),
        ("{\"diagnosis\" : -12.5 }", "{\"diagnosis\" : -11.1 }"),
        ("{\"diagnosis\":true,\"a\":false}", "{\"diagnosis\":null,\"a\":false}"),
        (
            "{\"diagnosis\":{\"code\":\"E11\",\"since\":[2020,\"May\"]},\"a\":\"b\"}",
            "{\"diagnosis\":{\"code\":\"***\",\"since\":[1111,\"***\"]},\"a\":\"b\"}",
        ),
        ("{\"diagnosis\":null,\"a\":\"b\"}", "{\"diagnosis\":null,\"a\":\"b\"}"),
        ("{\"text\":\"my diagnosis: none\"}", "{\"text\":\"my diagnosis: none\"}"),
        ("{\"prediagnosis\":\"x\"}", "{\"prediagnosis\":\"x\"}"),
    ] {
        assert_eq!(stars(JSON, body).0, expected, "{body}");
    }
}

#[test]
fn members_are_taken_out_with_one_comma_and_the_document_stays_one() {
    let settings = everything(Overwriting::Removal);
    let long = "x".repeat(2000);
    let big = format!("{{\"a\":1,\"notes\":\"{long}\",\"b\":2}}");
    for (body, expected) in [
        ("{\"a\":1,\"diagnosis\":\"x\",\"b\":2}", "{\"a\":1,\"b\":2}"),
        ("{\"diagnosis\":\"x\",\"b\":2}", "{\"b\":2}"),
        ("{ \"diagnosis\" : {\"a\":[1,2,\"]\"]} , \"b\":2}", "{  \"b\":2}"),
        ("{\"a\":1 , \"diagnosis\":\"x\"}", "{\"a\":1 }"),
        ("{\"diagnosis\":\"x\"}", "{}"),
        ("{\"notes\":1,\"diagnosis\":2,\"b\":3}", "{\"b\":3}"),
        ("{\"a\":0,\"notes\":1,\"diagnosis\":2}", "{\"a\":0}"),
        ("[{\"notes\":1,\"diagnosis\":2},{\"diagnosis\":true}]", "[{},{}]"),
        ("{\"a\":{\"diagnosis\":\"x\",\"notes\":\"y\",\"c\":3}}", "{\"a\":{\"c\":3}}"),
        (big.as_str(), "{\"a\":1,\"b\":2}"),
    ] {
        let (output, _) = scanned(&settings, JSON, body.as_bytes());
        assert_eq!(output, expected, "{body}");
        assert!(serde_json_like(&output), "{output}");
    }
}

#[test]
fn nothing_is_taken_out_of_a_framed_message() {
    let body = "\0\0\0\0\x19{\"a\":1,\"diagnosis\":\"x\"}";
    let (output, _) = scanned(&everything(Overwriting::Removal), "application/grpc+json", body.as_bytes());
    assert_eq!(output, body.replace("\"x\"", "\"*\""));
}

/// Whether brackets, quotation marks and commas stand as in a document.
fn serde_json_like(text: &str) -> bool {
    !text.contains(",}") && !text.contains("{,") && !text.contains(",,") && !text.contains("[,")
}

#[test]
fn words_are_found_whole_in_any_spelling_of_their_gaps() {
    for (text, found) in [
        ("about Project Aurora today", true),
        ("about project-aurora today", true),
        ("about project_aurora today", true),
        ("ProjectAurora", true),
        ("about project auroral lights", false),
        ("subproject aurora", false),
        ("ein Überfall", false),
        ("ein überfall.", true),
    ] {
        let (_, hits) = stars("text/plain", text);
        assert_eq!(hits.iter().any(|(detector, ..)| *detector == WORDS), found, "{text}");
    }
}

#[test]
fn a_token_is_the_same_for_the_same_value_and_shows_nothing_of_it() {
    let settings = everything(Overwriting::Token);
    let body = "{\"card\":\"4111 1111 1111 1111\",\"pan\":4111111111111111,\"mail\":\"jane@example.com\",\"card\":\"4111-1111-1111-1111\"}";
    let (output, _) = scanned(&settings, JSON, body.as_bytes());
    assert_eq!(output.len(), body.len());
    assert!(!output.contains("1111") && !output.contains("jane"));
    let texts: Vec<&str> = output.split('"').collect();
    let letters = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    assert_eq!(letters(texts[3]), letters(texts[13]), "however it is grouped");
    assert!(texts[3].as_bytes()[4] == b' ' && texts[13].as_bytes()[4] == b'-');
    assert!(texts[6].trim_matches([':', ',']).parse::<u64>().is_ok(), "a number stays one: {output}");
}

#[test]
fn expected_values_are_counted_apart_and_stay() {
    let settings = ScanSettings {
        expected: [EMAIL].into_iter().collect(),
        hashes_values: true,
        ..everything(Overwriting::Stars { keep_first: 0, keep_last: 0 })
    };
    let (output, findings) =
        pushed(&settings, JSON, &[b"{\"mail\":\"jane@example.com\",\"ssn\":\"536-90-4399\"}"]);
    assert_eq!(String::from_utf8(output).unwrap(), "{\"mail\":\"jane@example.com\",\"ssn\":\"***-**-****\"}");
    let email = findings.of(4).unwrap();
    assert_eq!((email.expected, email.total(), email.masked), (1, 0, 0));
    assert_eq!(findings.total(), 1);
    assert_eq!(findings.clone().take_values().len(), 2);
}

#[test]
fn nothing_of_an_event_waits_for_the_next_one() {
    let settings = everything(Overwriting::Stars { keep_first: 0, keep_last: 4 });
    let world = ScanWorld { policy: &POLICY, key: key() };
    let mut scanner = Scanner::new(settings, BodyKind::of(b"text/event-stream").unwrap());
    let event = b"data: {\"text\":\"4111 1111 1111 1111\"}\n\n";
    let scanned = scanner.push(event.to_vec(), false, world);
    assert_eq!(String::from_utf8(scanned.output).unwrap(), "data: {\"text\":\"**** **** **** 1111\"}\n\n");
    assert_eq!(scanner.open_tail(), 0);
    let scanned = scanner.push(b"data: 4111\n\n".to_vec(), false, world);
    assert_eq!((scanned.output.as_slice(), scanner.open_tail()), (b"data: 4111\n\n".as_slice(), 0));
    let body =
        b"data: jane@\n\ndata: example.com\r\n\r\ndata: 4111 1111 1111 1111\r\rdata: jane@example.com\n\n";
    let settings = everything(Overwriting::Stars { keep_first: 0, keep_last: 4 });
    let (output, found) = self::scanned(&settings, "text/event-stream", body);
    assert!(output.contains("jane@\n\ndata: example.com") && output.contains("**** **** **** 1111"));
    assert_eq!(found, [(CARD, 1, 0), (EMAIL, 1, 0)]);
}

#[test]
fn hostile_bodies_take_linear_time_and_bounded_memory() {
    let settings = everything(Overwriting::Stars { keep_first: 0, keep_last: 4 });
    let megabyte = 1024 * 1024;
    for (content_type, piece) in [
        (JSON, "1"),
        (JSON, "["),
        (JSON, "{\"diagnosis\":"),
        (JSON, "{\"card\":["),
        (JSON, "\\u0034"),
        (JSON, "\\"),
        (JSON, "\"ssn\":"),
        (JSON, "\u{80}"),
        ("text/csv", "ssn,"),
        ("text/csv", "\"ssn\n"),
        ("text/html", "&#5"),
        ("text/plain", "a@"),
        ("text/plain; charset=utf-16", "4"),
        ("text/event-stream", "\n\r"),
    ] {
        let body = piece.repeat(4 * megabyte / piece.len());
        let pieces: Vec<&[u8]> = body.as_bytes().chunks(16 * 1024).collect();
        let (output, _) = pushed(&settings, content_type, &pieces);
        assert_eq!(output.len(), body.len(), "{piece}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(400))]

    #[test]
    fn any_body_gives_the_same_for_every_split(
        pieces in proptest::collection::vec(proptest::sample::select(vec![
            "{", "}", "[", "]", ",", ":", "\"", "\\\"", "\\u0034", "\\u00e9", "\\n", "\\", "&#52;", "&amp;", "%34", "+", " ",
            "\n", "\r", "card", "\"card\":", "ssn", "\"ssn\":\"", "\"diagnosis\":", "\"notes\": \"", "null", "true", "false",
            "536904399", "536-90-4399", "4111111111111111", "4111 1111 1111 1111", "411", "jane@example.com", "@", "x", ".",
            "project aurora", "project", "ü", "\u{1f600}", "-", "12.5e3", "data: ", "\n\n",
        ]), 0..16),
        content_type in proptest::sample::select(vec![
            JSON, "text/plain", "text/csv", "text/html", "application/x-www-form-urlencoded", "text/event-stream",
            "text/plain; charset=utf-16",
        ]),
        removes: bool,
    ) {
        let body = pieces.concat();
        let overwriting = if removes { Overwriting::Removal } else { Overwriting::Stars { keep_first: 1, keep_last: 2 } };
        let _ = scanned(&everything(overwriting), content_type, body.as_bytes());
    }
}
