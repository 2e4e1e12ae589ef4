use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use proptest::prelude::*;

use super::{
    Coding, CodingError, Decoder, FREE_OUTPUT, LONGEST_PIECE, MOST_EXPANSION, MOST_MEMORY, MOST_OUTPUT,
};

/// What came out, how it ended, whether the body was complete, and the most memory that was held.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    output: Vec<u8>,
    error: Option<CodingError>,
    finished: bool,
}

fn read<'a>(coding: Coding, pieces: impl IntoIterator<Item = &'a [u8]>) -> (Outcome, usize) {
    let mut decoder = Decoder::new(coding);
    let (mut output, mut error, mut most, mut consumed) = (Vec::new(), None, 0, 0);
    for piece in pieces {
        let pushed = decoder.push(piece, &mut |bytes| {
            assert!((1..=LONGEST_PIECE).contains(&bytes.len()));
            output.extend_from_slice(bytes);
        });
        consumed += piece.len() as u64;
        assert!(output.len() as u64 <= MOST_OUTPUT.min(consumed * MOST_EXPANSION + FREE_OUTPUT));
        if let Err(failed) = pushed {
            assert_eq!(error.replace(failed), None, "an error is told once");
        }
        most = most.max(decoder.memory());
    }
    (Outcome { output, error, finished: decoder.is_finished() }, most)
}

fn whole(coding: Coding, body: &[u8]) -> Outcome {
    read(coding, [body]).0
}

fn complete(output: &[u8]) -> Outcome {
    Outcome { output: output.to_vec(), error: None, finished: true }
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn zlib(text: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn bare(text: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn brotli(text: &[u8], quality: i32, window_bits: i32) -> Vec<u8> {
    let parameters = brotli::enc::BrotliEncoderParams { quality, lgwin: window_bits, ..Default::default() };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &text[..], &mut compressed, &parameters).unwrap();
    compressed
}

/// A header with all that it can have.
fn with_long_header(text: &[u8]) -> Vec<u8> {
    let mut body = vec![0x1f, 0x8b, 8, 0b1_1110, 1, 2, 3, 4, 0, 255];
    body.extend_from_slice(b"\x05\x00extra");
    body.extend_from_slice(b"name\0a comment\0");
    let checksum = crc32fast::hash(&body);
    body.extend_from_slice(&checksum.to_le_bytes()[..2]);
    body.extend_from_slice(&gzip(text)[10..]);
    body
}

/// Orders, which compress like a reply does.
fn orders(length: usize) -> Vec<u8> {
    let mut text = Vec::new();
    let mut number = 0x2545_f491_4f6c_dd1d_u64;
    while text.len() < length {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let id = number >> 20;
        writeln!(
            text,
            r#"{{"id":{id},"status":"paid","email":"user{}@shop.example","total":{}}},"#,
            id % 9973,
            id % 500
        )
        .unwrap();
    }
    text.truncate(length);
    text
}

fn samples(text: &[u8]) -> Vec<(Coding, Vec<u8>)> {
    vec![
        (Coding::Gzip, gzip(text)),
        (Coding::Gzip, with_long_header(text)),
        (Coding::Gzip, [gzip(&text[..text.len() / 2]), gzip(&text[text.len() / 2..])].concat()),
        (Coding::Deflate, zlib(text)),
        (Coding::Deflate, bare(text)),
        (Coding::Brotli, brotli(text, 1, 18)),
        (Coding::Brotli, brotli(text, 5, 10)),
        (Coding::Brotli, brotli(text, 11, 20)),
    ]
}

fn bytes(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    body.chunks(1)
}

#[test]
fn a_coding_is_known_by_its_name_alone() {
    for (header, coding) in [
        ("gzip", Some(Coding::Gzip)),
        ("GZIP", Some(Coding::Gzip)),
        (" x-gzip ", Some(Coding::Gzip)),
        ("deflate", Some(Coding::Deflate)),
        ("Br", Some(Coding::Brotli)),
        ("", None),
        ("identity", None),
        ("zstd", None),
        ("gzip, br", None),
        ("gzip,gzip", None),
        ("gzipped", None),
    ] {
        assert_eq!(Coding::of(header.as_bytes()), coding, "{header}");
    }
}

#[test]
fn every_split_gives_the_same_output() {
    let text = orders(3000);
    for (coding, body) in samples(&text) {
        assert_eq!(whole(coding, &body), complete(&text), "{coding:?}");
        assert_eq!(read(coding, bytes(&body)).0, complete(&text), "{coding:?}");
        for cut in 0..body.len() {
            let (front, back) = body.split_at(cut);
            assert_eq!(read(coding, [front, back]).0, complete(&text), "{coding:?} {cut}");
        }
    }
}

#[test]
fn a_large_body_is_read_whole_in_any_chunks() {
    let text = orders(400_000);
    for (coding, body) in samples(&text) {
        for size in [7, 1000, 16 * 1024, body.len()] {
            let outcome = read(coding, body.chunks(size)).0;
            assert!(outcome == complete(&text), "{coding:?} {size} {:?}", outcome.error);
        }
    }
}

#[test]
fn nothing_comes_out_of_an_empty_text() {
    for (coding, body) in samples(b"") {
        assert_eq!(read(coding, bytes(&body)).0, complete(b""), "{coding:?}");
    }
}

#[test]
fn what_is_readable_comes_out_before_the_body_ends() {
    let text = orders(2000);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&text).unwrap();
    encoder.flush().unwrap();
    let outcome = whole(Coding::Gzip, encoder.get_ref());
    assert_eq!(outcome, Outcome { output: text, error: None, finished: false });
}

#[test]
fn a_body_that_is_cut_is_not_finished() {
    let text = orders(2000);
    for (coding, body) in samples(&text) {
        let two_members = coding == Coding::Gzip && body == samples(&text)[2].1;
        for cut in 0..body.len() {
            let outcome = whole(coding, &body[..cut]);
            assert_eq!(outcome.error, None, "{coding:?} {cut}");
            assert!(
                !outcome.finished || (two_members && outcome.output.len() == text.len() / 2),
                "{coding:?} {cut}"
            );
            assert!(text.starts_with(&outcome.output), "{coding:?} {cut}");
        }
    }
}

#[test]
fn what_follows_the_end_is_ignored() {
    let text = orders(500);
    for (coding, mut body) in samples(&text) {
        body.extend_from_slice(&[0; 100]);
        body.extend_from_slice(b"garbage");
        assert_eq!(whole(coding, &body), complete(&text), "{coding:?}");
        assert_eq!(read(coding, bytes(&body)).0, complete(&text), "{coding:?}");
    }
}

#[test]
fn checksums_are_compared() {
    let text = orders(500);
    for (coding, body) in [(Coding::Gzip, gzip(&text)), (Coding::Deflate, zlib(&text))] {
        for back in 1..=4 {
            let mut broken = body.clone();
            let place = broken.len() - back;
            broken[place] ^= 1;
            assert_eq!(whole(coding, &broken).error, Some(CodingError::Malformed), "{coding:?} {back}");
        }
    }
    let mut length = gzip(&text);
    let place = length.len() - 8;
    length[place] ^= 0x80;
    assert_eq!(whole(Coding::Gzip, &length).error, Some(CodingError::Malformed));
    let mut header = with_long_header(&text);
    header[15] ^= 1;
    assert_eq!(whole(Coding::Gzip, &header).error, Some(CodingError::Malformed));
}

#[test]
fn garbage_is_malformed() {
    for (coding, body) in [
        (Coding::Gzip, &b"<html>"[..]),
        (Coding::Gzip, b"\x1f\x8b\x09\0\0\0\0\0\0\0"),
        (Coding::Gzip, b"\x1f\x8b\x08\xe0\0\0\0\0\0\0"),
        (Coding::Deflate, b"\x07\xff\xff"),
        (Coding::Deflate, b"\x78\x9c\xff\xff"),
        (Coding::Brotli, b"\x11"),
        (Coding::Brotli, b"\x1c\0\0"),
    ] {
        let outcome = whole(coding, body);
        assert_eq!(outcome.error, Some(CodingError::Malformed), "{coding:?} {body:?}");
        assert!(!outcome.finished);
    }
}

#[test]
fn a_header_without_end_is_malformed() {
    let mut body = vec![0x1f, 0x8b, 8, 0b1000, 0, 0, 0, 0, 0, 255];
    body.extend_from_slice(&[b'n'; 200_000]);
    assert_eq!(whole(Coding::Gzip, &body).error, Some(CodingError::Malformed));
}

#[test]
fn bombs_end_at_the_same_byte_for_every_split() {
    let zeros = vec![0; 18_000_000];
    for (coding, body) in [
        (Coding::Gzip, gzip(&zeros)),
        (Coding::Deflate, zlib(&zeros)),
        (Coding::Deflate, bare(&zeros)),
        (Coding::Brotli, brotli(&zeros, 5, 18)),
    ] {
        let outcome = whole(coding, &body);
        assert_eq!(outcome.error, Some(CodingError::Bomb), "{coding:?}");
        assert!(outcome.output.len() as u64 <= MOST_OUTPUT);
        assert!(read(coding, bytes(&body)).0 == outcome, "{coding:?}");
        assert!(read(coding, body.chunks(300)).0 == outcome, "{coding:?}");
    }
}

#[test]
fn what_shrinks_as_real_bodies_do_is_no_bomb_until_it_is_too_long() {
    let text = orders(17_000_000);
    let outcome = whole(Coding::Deflate, &bare(&text));
    assert_eq!(outcome.error, Some(CodingError::Bomb));
    assert!(outcome.output == text[..usize::try_from(MOST_OUTPUT).unwrap()]);
    let padded = vec![b' '; 60_000];
    for (coding, body) in samples(&padded) {
        assert!(whole(coding, &body) == complete(&padded), "{coding:?}");
    }
}

#[test]
fn members_of_nothing_are_not_read_without_end() {
    let empty = gzip(b"");
    let outcome = whole(Coding::Gzip, &empty.repeat(1000));
    assert_eq!(outcome.error, Some(CodingError::Bomb));
    assert_eq!(whole(Coding::Gzip, &empty.repeat(16)), complete(b""));
}

#[test]
fn a_window_over_a_mebibyte_is_refused_before_anything_is_allocated() {
    let text = orders(100);
    for bits in 10..=24 {
        let mut decoder = Decoder::new(Coding::Brotli);
        let before = decoder.memory();
        let pushed = decoder.push(&brotli(&text, 5, bits)[..1], &mut |_| {});
        let expected = if bits > 20 { Err(CodingError::WindowTooLarge) } else { Ok(()) };
        assert_eq!(pushed, expected, "{bits}");
        if bits > 20 {
            assert_eq!(decoder.memory(), before);
        }
    }
}

#[test]
fn memory_keeps_to_what_is_promised() {
    let text = orders(1_600_000);
    for (coding, body) in samples(&text) {
        let (outcome, most) = read(coding, body.chunks(1000));
        assert!(outcome == complete(&text), "{coding:?} {:?}", outcome.error);
        let allowed = if coding == Coding::Brotli { MOST_MEMORY } else { 64 * 1024 };
        assert!(most <= allowed, "{coding:?} {most}");
        println!("{coding:?}: at most {most} bytes held");
    }
}

#[test]
fn memory_is_given_back_at_the_end() {
    for (coding, mut body) in samples(&orders(100_000)) {
        let mut decoder = Decoder::new(coding);
        body.extend_from_slice(b"behind");
        decoder.push(&body, &mut |_| {}).unwrap();
        assert_eq!(decoder.memory(), size_of::<Decoder>(), "{coding:?}");
    }
}

fn any_coding() -> impl Strategy<Value = Coding> {
    prop_oneof![Just(Coding::Gzip), Just(Coding::Deflate), Just(Coding::Brotli)]
}

/// Whether both are the same; of a broken brotli body one may hold more than the other.
fn agree(one: &Outcome, other: &Outcome, coding: Coding) -> bool {
    let (short, long) = if one.output.len() < other.output.len() { (one, other) } else { (other, one) };
    let broken = coding == Coding::Brotli && one.error == Some(CodingError::Malformed);
    one == other
        || (broken
            && (one.error, one.finished) == (other.error, other.finished)
            && long.output.starts_with(&short.output))
}

proptest! {
    #[test]
    fn any_bytes_give_the_same_in_any_chunks(
        coding in any_coding(),
        front in prop_oneof![
            Just(vec![]),
            Just(b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec()),
            Just(b"\x78\x9c".to_vec()),
        ],
        back in proptest::collection::vec(any::<u8>(), 0..400),
        size in 1_usize..50,
    ) {
        let body = [front, back].concat();
        prop_assert!(agree(&read(coding, body.chunks(size)).0, &whole(coding, &body), coding));
    }

    #[test]
    fn a_broken_body_gives_the_same_in_any_chunks(
        length in 1_usize..5000,
        which in 0_usize..8,
        place in any::<prop::sample::Index>(),
        flipped in 1_u8..,
        size in 1_usize..600,
    ) {
        let (coding, mut body) = samples(&orders(length)).swap_remove(which);
        *place.get_mut(&mut body) ^= flipped;
        let outcome = whole(coding, &body);
        prop_assert!(agree(&read(coding, body.chunks(size)).0, &outcome, coding));
        prop_assert!(agree(&read(coding, bytes(&body)).0, &outcome, coding));
    }
}
