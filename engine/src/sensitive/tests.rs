//! Tables of true and false samples, written from the formats' own documentation, and every way of cutting them up.

mod naive;
mod random;
mod splits;
mod structure;
mod world;

use super::*;
use crate::blob::detectors::{Confidence, DetectorBits};
use crate::vocabulary::Detector;

/// A scanner under the policy of [`world`].
pub(super) struct Scan(pub(super) Scanner);

impl Scan {
    pub(super) fn new(settings: ScanSettings) -> Self {
        Self::of(settings, "")
    }

    pub(super) fn of(settings: ScanSettings, content_type: &str) -> Self {
        Self(Scanner::new(settings, BodyKind::of(content_type.as_bytes()).unwrap()))
    }

    pub(super) fn push(&mut self, chunk: Vec<u8>, end: bool) -> Scanned {
        self.0.push(chunk, end, world::world())
    }
}

pub(super) fn bits(detectors: &[Detector]) -> DetectorBits {
    detectors.iter().map(|detector| *detector as usize).collect()
}

/// Looks for everything and overwrites some of it with stars, up to the last so many.
pub(super) fn keeping(mask: DetectorBits, keep_last: u8) -> ScanSettings {
    let change = Change {
        detectors: mask,
        confidence: Confidence::Likely,
        overwriting: Overwriting::Stars { keep_first: 0, keep_last },
    };
    ScanSettings { detectors: bits(&Detector::ALL), changes: vec![change], ..ScanSettings::default() }
}

pub(super) fn settings(mask: DetectorBits) -> ScanSettings {
    keeping(mask, 4)
}

pub(super) fn count(findings: &Findings, detector: Detector) -> u32 {
    findings.of(detector as u16).map_or(0, Found::total)
}

pub(super) fn masked_count(findings: &Findings, detector: Detector) -> u32 {
    findings.of(detector as u16).map_or(0, |found| found.masked)
}

/// Scans a text in one piece with everything masked.
pub(super) fn masked(text: &str) -> (String, Findings) {
    let mut scan = Scan::new(settings(bits(&Detector::ALL)));
    let scanned = scan.push(text.as_bytes().to_vec(), true);
    (String::from_utf8(scanned.output).unwrap(), scan.0.findings().clone())
}

fn found(text: &str) -> Vec<(Detector, u32)> {
    let findings = masked(text).1;
    Detector::ALL
        .into_iter()
        .map(|detector| (detector, count(&findings, detector)))
        .filter(|(_, n)| *n > 0)
        .collect()
}

fn assert_found(detector: Detector, samples: &[&str]) {
    for sample in samples {
        for text in [
            (*sample).to_owned(),
            format!("{{\"a\":\"{sample}\"}}"),
            format!("x {sample} y"),
            format!("{sample}\n"),
        ] {
            assert_eq!(found(&text), [(detector, 1)], "{text}");
        }
    }
}

fn assert_silent(samples: &[&str]) {
    for sample in samples {
        for text in [(*sample).to_owned(), format!("{{\"a\":\"{sample}\"}}"), format!("x {sample} y")] {
            assert_eq!(found(&text), [], "{text}");
        }
    }
}

#[test]
fn card_numbers_of_every_network_are_found() {
    assert_found(
        Detector::PaymentCard,
        &[
            "4111111111111111",
            "4222222222222",
            "4000000000000000006",
            "5555555555554444",
            "2223003122003222",
            "2720990000000007",
            "378282246310005",
            "341111111111111",
            "30569309025904",
            "38520000023237",
            "36148900647913",
            "6011111111111117",
            "6445644564456445",
            "6500000000000002",
            "3530111333300000",
            "6200000000000005",
            "6205500000000000004",
            "6759649826438453",
            "6304000000000000",
            "2200000000000004",
        ],
    );
}

#[test]
fn card_numbers_are_found_in_the_groups_that_people_write() {
    assert_found(
        Detector::PaymentCard,
        &[
            "4111 1111 1111 1111",
            "4111-1111-1111-1111",
            "3782 822463 10005",
            "3782-822463-10005",
            "3056 930902 5904",
            "4000 0000 0000 0000 006",
            "620550 0000000000004",
        ],
    );
}

#[test]
fn a_card_number_is_found_beside_other_things() {
    for text in [
        "4111111111111111",
        "{\"pan\":4111111111111111}",
        "{\"pan\": 4111111111111111, \"cvv\": 123}",
        "[4111111111111111,1]",
        "a,4111111111111111,b",
        "a;4111111111111111;b",
        "card:4111111111111111.",
        "number 12 4111 1111 1111 1111 12/27 123",
        "4111111111111111 123",
        "4111 1111 1111 1111 123",
        "(4111111111111111)",
        "<td>4111111111111111</td>",
        "https://example.com/cards/4111111111111111?x",
        "pan=4111111111111111&x=1",
        "\"Card:\\n4111111111111111\\nthanks\"",
        "card-4111-1111-1111-1111-",
        "\u{2116}4111111111111111\u{20ac}",
    ] {
        assert_eq!(found(text), [(Detector::PaymentCard, 1)], "{text}");
    }
}

#[test]
fn digits_that_are_no_card_number_stay_silent() {
    assert_silent(&[
        "4111111111111112",
        "4111 1111 1111 1112",
        "1234567890123456",
        "0000000000000000",
        "9999999999999995",
        "411111111111111",
        "41111111111111111",
        "411111111111111111111",
        "x4111111111111111",
        "4111111111111111x",
        "_4111111111111111",
        "4111111111111111_1",
        "0.4111111111111111",
        "4111111111111111.25",
        "+4111111111111111",
        "12-4111111111111111",
        "4111111111111111-12",
        "1234-4111-1111-1111-1111",
        "4111-1111-1111-1111-1234",
        "4111  1111 1111 1111",
        "4111-1111 1111-1111",
        "41 11 11 11 11 11 11 11",
        "41111111-1111-1111-1111-111111111111",
        "550e8400-e29b-41d4-a716-446655440000",
        "1700000000000",
        "1700000000000000",
        "2024-01-15 10:20:30",
        "5555555555554444a",
        "4006381333931",
        "deadbeef4111111111111111cafe",
    ]);
}

#[test]
fn social_security_numbers_follow_the_rules_of_the_administration() {
    assert_found(
        Detector::UsSsn,
        &["536-90-4399", "001-01-0001", "665-12-3456", "667-12-3456", "899-99-9999"],
    );
    assert_silent(&[
        "000-12-3456",
        "666-12-3456",
        "900-12-3456",
        "987-65-4321",
        "536-00-4399",
        "536-90-0000",
        "078-05-1120",
        "219-09-9999",
        "536904399",
        "536 90-4399",
        "+1 536 90 4399",
        "1 536 90 4399",
        "536 90 4399 1",
        "078 05 1120",
        "536.90.4399",
        "536-904399",
        "5536-90-4399",
        "536-90-43991",
        "a536-90-4399",
        "536-90-4399b",
        "1-536-90-4399",
        "a-536-90-4399",
        "536-90-4399-1",
        "536-90-4399.5",
        "1.536-90-4399",
    ]);
}

#[test]
fn account_numbers_of_the_registry_are_found() {
    // The examples of the IBAN registry.
    assert_found(
        Detector::Iban,
        &[
            "AD1200012030200359100100",
            "AE070331234567890123456",
            "AT611904300234573201",
            "BE68539007547034",
            "BR1800360305000010009795493C1",
            "CH9300762011623852957",
            "DE89370400440532013000",
            "ES9121000418450200051332",
            "FR1420041010050500013M02606",
            "GB29NWBK60161331926819",
            "IT60X0542811101000000123456",
            "LC55HEMM000100010012001200023015",
            "MT84MALT011000012345MTLCAST001S",
            "NL91ABNA0417164300",
            "NO9386011117947",
            "PL61109010140000071219812874",
            "SA0380000000608010167519",
            "UA213223130000026007233566001",
            "VG96VPVG0000012345678901",
            "XK051212012345678906",
            "DE89 3704 0044 0532 0130 00",
            "GB29 NWBK 6016 1331 9268 19",
            "FR14 2004 1010 0505 0001 3M02 606",
            "NO93 8601 1117 947",
            "BE68 5390 0754 7034",
            "BE68-5390-0754-7034",
        ],
    );
}

#[test]
fn what_is_no_account_number_stays_silent() {
    assert_silent(&[
        "DE89370400440532013001",
        "DE8937040044053201300",
        "DE893704004405320130000",
        "DE89370400440532013000X",
        "XDE89370400440532013000",
        "_DE89370400440532013000",
        "ZZ89370400440532013000",
        "de89370400440532013000",
        "DE89 3704 0044 0532 0130 01",
        "DE89 37040044 0532 0130 00",
        "DE89-3704 0044-0532-0130-00",
        "DE89",
        "GB29",
    ]);
}

#[test]
fn addresses_are_found() {
    assert_found(
        Detector::Email,
        &[
            "jane@example.com",
            "jane.doe+news@mail.example.co.uk",
            "o'brien@example.org",
            "a@b.co",
            "_x@example.com",
            "jane_doe-2@example-shop.travel",
            "JANE@EXAMPLE.COM",
            "jane@xn--bcher-kva.example",
            "jane@example.xn--p1ai",
            "1234@example.com",
        ],
    );
    for text in [
        "mailto:jane@example.com?subject=x",
        "<jane@example.com>",
        "Write to jane@example.com.",
        "jane@example.com...",
        "x=jane@example.com&y",
        "'jane@example.com'",
        "\\u003cjane@example.com\\u003e",
        "a\\njane@example.com\\n",
        "one@b@example.com",
        "/users/jane@example.com/orders",
    ] {
        assert_eq!(found(text), [(Detector::Email, 1)], "{text}");
    }
}

#[test]
fn what_is_no_address_stays_silent() {
    let long_local = format!("{}@example.com", "a".repeat(65));
    let long_label = format!("a@{}.com", "b".repeat(64));
    let long_domain = format!("a@{}com", "b.".repeat(140));
    assert_silent(&[
        "@example.com",
        "jane@",
        "jane@localhost",
        "jane.@example.com",
        "jane@.example.com",
        "jane@example.c",
        "jane@example.123",
        "jane@-example.com",
        "jane@example-.com",
        "icon@2x.png",
        "lodash@4.17.21",
        "postgres://shop:kV8mZt1L@db.example.com:5432/orders",
        "jane @example.com",
        "jane@ example.com",
        "https://token@github.com/x",
        "@media screen",
        "...@example.com",
        &long_local,
        &long_label,
        &long_domain,
    ]);
}

#[test]
fn masking_keeps_length_format_and_the_last_characters() {
    for (text, expected) in [
        ("4111 1111 1111 1111", "**** **** **** 1111"),
        ("3782-822463-10005", "****-******-*0005"),
        ("{\"pan\":\"4111111111111111\"}", "{\"pan\":\"************1111\"}"),
        ("536-90-4399", "***-**-4399"),
        ("DE89 3704 0044 0532 0130 00", "**** **** **** **** **30 00"),
        ("jane.doe@mail.example.com", "****.***@****.******e.com"),
        ("x@a.bc", "*@a.bc"),
        ("\\njane@example.com", "\\n****@******e.com"),
        ("4111111111111111@example.com", "****************@******e.com"),
    ] {
        assert_eq!(masked(text).0, expected);
    }
}

#[test]
fn numbers_that_json_does_not_quote_stay_numbers() {
    for (text, expected) in [
        ("{\"pan\":4111111111111111}", "{\"pan\":1000000000001111}"),
        ("{\"pan\": 4111111111111111, \"x\": 1}", "{\"pan\": 1000000000001111, \"x\": 1}"),
        ("[4111111111111111,4111111111111111]", "[1000000000001111,1000000000001111]"),
        ("[\n                        4111111111111111\n]", "[\n                        1000000000001111\n]"),
        ("{\"text\":\"pan: 4111111111111111, thanks\"}", "{\"text\":\"pan: ************1111, thanks\"}"),
        ("{\"text\":\"pan:4111111111111111\"}", "{\"text\":\"pan:************1111\"}"),
        ("pan: 4111111111111111", "pan: ************1111"),
        ("1,4111111111111111,2", "1,************1111,2"),
    ] {
        assert_eq!(masked(text).0, expected);
    }
}

#[test]
fn everything_is_masked_where_nothing_is_kept() {
    let settings = keeping(bits(&Detector::ALL), 0);
    for (text, expected) in [
        ("4111 1111 1111 1111", "**** **** **** ****"),
        ("[4111111111111111]", "[1000000000000000]"),
        ("jane@example.com", "****@*******.***"),
    ] {
        let scanned = Scan::new(settings.clone()).push(text.as_bytes().to_vec(), true);
        assert_eq!(scanned.output, expected.as_bytes());
    }
}

#[test]
fn only_what_is_asked_for_is_counted_and_only_what_is_to_be_masked_is_masked() {
    let text = b"4111111111111111 jane@example.com 536-90-4399".to_vec();
    let settings = ScanSettings {
        detectors: bits(&[Detector::PaymentCard, Detector::Email]),
        ..keeping(bits(&[Detector::Email, Detector::UsSsn]), 0)
    };
    let mut scanner = Scan::new(settings);
    let scanned = scanner.push(text, true);
    assert_eq!(scanned.output, b"4111111111111111 ****@*******.*** 536-90-4399");
    let findings = scanner.0.findings();
    assert_eq!(
        (count(findings, Detector::PaymentCard), masked_count(findings, Detector::PaymentCard)),
        (1, 0)
    );
    assert_eq!((count(findings, Detector::Email), masked_count(findings, Detector::Email)), (1, 1));
    assert_eq!((count(findings, Detector::UsSsn), findings.total()), (0, 2));
}

#[test]
fn groups_of_an_account_number_are_not_a_card() {
    // Four groups of this account number are a Visa number, and are found as one where the check digits are wrong.
    assert_eq!(found("DE95 4111 1111 1111 1111 00"), [(Detector::Iban, 1)]);
    assert_eq!(found("DE00 4111 1111 1111 1111 00"), [(Detector::PaymentCard, 1)]);
}

#[test]
fn a_clean_chunk_passes_without_a_copy() {
    let mut scanner = Scan::new(ScanSettings {
        detectors: bits(&[Detector::PaymentCard]),
        ..settings(bits(&[Detector::PaymentCard]))
    });
    let chunk = b"{\"id\":12345,\"name\":\"nothing to see\"}".to_vec();
    let address = chunk.as_ptr();
    let scanned = scanner.push(chunk, false);
    assert!(!scanned.changed);
    assert_eq!(scanned.output.as_ptr(), address);
    assert_eq!(scanner.0.open_tail(), 0);
}

#[test]
fn what_is_only_counted_holds_nothing_back() {
    let mut scanner = Scan::new(settings(bits(&[])));
    for piece in ["card 4111 11", "11 1111 1111, mail ja", "ne@exam", "ple.com", " "] {
        let scanned = scanner.push(piece.as_bytes().to_vec(), false);
        assert_eq!(scanned, Scanned { output: piece.as_bytes().to_vec(), changed: false });
        assert_eq!(scanner.0.open_tail(), 0);
    }
    assert_eq!(scanner.push(Vec::new(), true), Scanned { output: Vec::new(), changed: false });
    assert_eq!(count(scanner.0.findings(), Detector::PaymentCard), 1);
    assert_eq!(count(scanner.0.findings(), Detector::Email), 1);
}
