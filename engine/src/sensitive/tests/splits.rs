//! The same output and findings, however the stream is cut.

use proptest::prelude::*;

use super::super::*;
use super::{Scan, bits, count, masked_count, naive, random, settings};
use crate::blob::detectors::DetectorBits;
use crate::vocabulary::Detector;

/// Pushes the pieces and checks what holds for every push.
fn scan(settings: ScanSettings, pieces: &[&[u8]]) -> (Vec<u8>, Findings) {
    let mut scan = Scan::new(settings);
    let mut output = Vec::new();
    let mut pushed = 0;
    for (position, piece) in pieces.iter().enumerate() {
        let end = position + 1 == pieces.len();
        let scanned = scan.push(piece.to_vec(), end);
        assert_eq!(
            scanned.changed,
            scanned.output != *piece || scan.0.open_tail() > 0 || output.len() < pushed
        );
        pushed += piece.len();
        output.extend_from_slice(&scanned.output);
        assert_eq!(output.len() + scan.0.open_tail(), pushed);
        assert!(scan.0.open_tail() <= OPEN_LIMIT && scan.0.tail_length() <= OPEN_LIMIT);
        assert!(!end || scan.0.open_tail() == 0);
    }
    (output, scan.0.findings().clone())
}

fn masks() -> [DetectorBits; 4] {
    [
        bits(&Detector::ALL),
        bits(&[]),
        bits(&[Detector::Email]),
        bits(&[Detector::PaymentCard, Detector::UsSsn]),
    ]
}

fn assert_every_split_agrees(text: &[u8]) {
    for mask in masks() {
        let settings = settings(mask);
        let whole = scan(settings.clone(), &[text]);
        for cut in 0..=text.len() {
            let (left, right) = text.split_at(cut);
            assert_eq!(
                scan(settings.clone(), &[left, right]),
                whole,
                "cut at {cut}: {:?}",
                String::from_utf8_lossy(text)
            );
            assert_eq!(scan(settings.clone(), &[left, right, b""]), whole, "cut at {cut}, ended later");
        }
        let bytes: Vec<&[u8]> = text.chunks(1).collect();
        if !bytes.is_empty() {
            assert_eq!(
                scan(settings.clone(), &bytes),
                whole,
                "byte by byte: {:?}",
                String::from_utf8_lossy(text)
            );
        }
    }
}

#[test]
fn every_kind_of_value_survives_every_split() {
    for text in [
        "card 4111 1111 1111 1111 end",
        "#+xoxb-5@b.co",
        "card 4111.1111.1111.1111. End, 4111.1111.1111.1111.1",
        "{\"pan\": 4111111111111111, \"x\": 1}",
        "[\n                         4111111111111111\n]",
        "IBAN DE89 3704 0044 0532 0130 00, FR1420041010050500013M02606.",
        "ssn 536-90-4399; 078-05-1120",
        "mail jane.doe@mail.example.com, icon@2x.png",
        "a\\u003cjane@example.com\\u003e\\n4111111111111111\\n",
        "4111111111111111@example.com 4111111111111111.5 0.4111111111111111",
        "0123456789012345678901234567890123456789012345678901234567890123456789",
    ] {
        assert_every_split_agrees(text.as_bytes());
    }
}

#[test]
fn the_longest_address_is_masked_at_every_split() {
    let text = format!("x {}@{}com y", "l".repeat(64), "d.".repeat(125));
    assert_every_split_agrees(text.as_bytes());
    assert_eq!(
        scan(settings(bits(&Detector::ALL)), &[text.as_bytes()])
            .1
            .of(Detector::Email as u16)
            .unwrap()
            .total(),
        1
    );
}

#[test]
fn ten_megabytes_of_digits_stay_as_they_are() {
    let text = b"4111111111111111".repeat(640 * 1024);
    let pieces: Vec<&[u8]> = text.chunks(16 * 1024).collect();
    let (output, findings) = scan(settings(bits(&Detector::ALL)), &pieces);
    assert!(output == text && findings.is_empty());
}

#[test]
fn ten_megabytes_of_beginnings_are_scanned_in_one_go() {
    for piece in ["4111 ", "4111-", "DE89 ", "DE", "a@", "a@b.", "536-", "0 ", "a."] {
        let text = piece.repeat(10 * 1024 * 1024 / piece.len());
        let pieces: Vec<&[u8]> = text.as_bytes().chunks(16 * 1024).collect();
        let (output, findings) = scan(settings(bits(&Detector::ALL)), &pieces);
        assert!(output == text.as_bytes() && findings.is_empty(), "{piece}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_text_gives_the_same_for_every_split(text in prop_oneof![random::text(), random::json()]) {
        assert_every_split_agrees(&text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_naive_scanner_agrees(text in random::text()) {
        for mask in masks() {
            let (output, findings) = scan(settings(mask), &[&text]);
            prop_assert_eq!(&output, &naive::mask(&text, mask, 4), "{:?}", String::from_utf8_lossy(&text));
            let counts = Detector::ALL.map(|detector| count(&findings, detector));
            prop_assert_eq!(counts, naive::counts(&text));
            let masked = Detector::ALL.map(|detector| if mask.contains(detector as usize) { count(&findings, detector) } else { 0 });
            prop_assert_eq!(Detector::ALL.map(|detector| masked_count(&findings, detector)), masked);
        }
    }

    #[test]
    fn any_pieces_give_the_same_as_the_whole(text in random::text(), sizes in proptest::collection::vec(0_usize..40, 1..20)) {
        let mut pieces = Vec::new();
        let mut rest = text.as_slice();
        for size in &sizes {
            let (piece, after) = rest.split_at(rest.len().min(*size));
            pieces.push(piece);
            rest = after;
        }
        pieces.push(rest);
        prop_assert_eq!(scan(settings(bits(&Detector::ALL)), &pieces), scan(settings(bits(&Detector::ALL)), &[&text]));
    }
}
