//! Lists as people have them: hashes with counts, plain passwords, pairs, and files that are none of these.

use std::fs;

use bartizan_engine::leaked::{self as reader, HeldPages, contains, pair_digest, password_digest};
use tempfile::TempDir;

use super::*;

/// SHA-1 of `password`, and of `123456`.
const HASHES: &str = "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:10434004\r\n\
                      7c4a8d09ca3762af61e59520943dc26494f8941b\n";

struct Place {
    directory: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    fn list(&self, kind: LeakedKind, bits: u8, text: impl AsRef<[u8]>) -> LeakedSource {
        let path = self.directory.path().join(format!("{bits}-{kind:?}.txt"));
        fs::write(&path, text).unwrap();
        LeakedSource { name: "list".to_owned(), kind, path, bits, name_forms: vec![UsernameForm::default()] }
    }
}

fn compile(list: LeakedSource) -> Result<LeakedPart, ListFailure> {
    compile_lists(&[list], &Progress::silent()).map_err(|failures| {
        let [(0, failure)] = <[_; 1]>::try_from(failures).unwrap() else { panic!("another list") };
        failure
    })
}

fn has(part: &LeakedPart, digest: u64) -> bool {
    let mut pages = HeldPages::of(&reader::LeakedPart::parse(&part.bytes).unwrap()).unwrap();
    contains(&part.lists[0].list, digest, &mut pages).unwrap()
}

#[test]
fn hashes_in_either_case_with_and_without_counts_are_the_passwords_they_are_of() {
    let place = Place::new();
    let part = compile(place.list(LeakedKind::PasswordsSha1, 16, HASHES)).unwrap();
    assert_eq!((part.lists[0].entries, part.lists[0].left_out.count), (2, 0));
    assert!(has(&part, password_digest(b"password")) && has(&part, password_digest(b"123456")));
    assert!(!has(&part, password_digest(b"Password")));
}

#[test]
fn plain_passwords_are_taken_as_they_are_in_any_encoding() {
    let place = Place::new();
    let part = compile(place.list(LeakedKind::Passwords, 16, b" blank \n\n#1\ncaf\xE9\r\n#1\n")).unwrap();
    assert_eq!(part.lists[0].entries, 3);
    for password in [&b" blank "[..], b"#1", b"caf\xE9"] {
        assert!(has(&part, password_digest(password)));
    }
    assert!(!has(&part, password_digest(b"blank")));
}

#[test]
fn pairs_are_split_at_the_first_colon_and_names_are_one_name() {
    let place = Place::new();
    let part = compile(place.list(LeakedKind::Pairs, 16, "Ann@Example.org:se:cret\nbob: x\n")).unwrap();
    assert!(has(&part, pair_digest(b"ann@example.org", b"se:cret")));
    assert!(has(&part, pair_digest(b"bob", b" x")));
    assert!(!has(&part, pair_digest(b"bob", b"x")) && !has(&part, password_digest(b"se:cret")));
}

#[test]
fn the_same_entries_give_the_same_bytes_whatever_their_order_and_how_often() {
    let place = Place::new();
    let passwords: Vec<String> = (0..5000).map(|number| format!("password-{number}")).collect();
    let mut reversed = passwords.clone();
    reversed.reverse();
    reversed.extend(passwords.clone());
    let one = compile(place.list(LeakedKind::Passwords, 8, passwords.join("\n"))).unwrap();
    let other = compile(place.list(LeakedKind::Passwords, 8, reversed.join("\n\n"))).unwrap();
    assert_eq!(one, other);
}

#[test]
fn a_few_wrong_lines_are_left_out_and_named_without_what_they_say() {
    let place = Place::new();
    let mut text = String::new();
    for number in 0..3000 {
        let wrong = number % 200 == 7;
        text += &if wrong { "secret without a colon\n".to_owned() } else { format!("user{number}:secret\n") };
    }
    let part = compile(place.list(LeakedKind::Pairs, 8, text)).unwrap();
    let left_out = &part.lists[0].left_out;
    assert_eq!((part.lists[0].entries, left_out.count, left_out.named.len()), (2985, 15, MAX_NAMED));
    assert_eq!(left_out.named[1], (208, "no `:` between user name and password"));
    let said = left_out.to_string();
    assert!(
        said.starts_with("no `:` between user name and password in lines 8, 208, ")
            && said.ends_with(", and 5 more lines"),
        "{said}"
    );
    assert!(!said.contains("secret"), "{said}");
}

#[test]
fn every_wrong_line_says_why() {
    let place = Place::new();
    let cases = [
        (LeakedKind::PasswordsSha1, "password".to_owned(), "not a SHA-1 hash"),
        (LeakedKind::PasswordsSha1, format!("{}:x", "A".repeat(40)), "behind the hash"),
        (LeakedKind::PasswordsSha1, "A".repeat(64), "behind the hash"),
        (LeakedKind::PasswordsSha1, "G".repeat(40), "not a SHA-1 hash"),
        (LeakedKind::Pairs, "ann".to_owned(), "no `:`"),
        (LeakedKind::Pairs, ":secret".to_owned(), "no user name"),
        (LeakedKind::Pairs, "ann:".to_owned(), "no password"),
        (LeakedKind::Passwords, "x".repeat(2000), "too many characters in line 1"),
    ];
    for (kind, line, reason) in cases {
        let failure = compile(place.list(kind, 8, &line)).unwrap_err();
        let ListFailure::OtherKind(left_out) = &failure else { panic!("{failure}") };
        assert!(left_out.to_string().contains(reason), "{kind:?}: {failure}");
    }
}

#[test]
fn what_is_no_list_is_refused() {
    let place = Place::new();
    assert!(matches!(compile(place.list(LeakedKind::Passwords, 8, "\n\r\n")), Err(ListFailure::Empty)));
    let directory =
        LeakedSource { path: place.directory.path().to_owned(), ..place.list(LeakedKind::Pairs, 8, "") };
    assert!(matches!(compile(directory), Err(ListFailure::NotAFile)));
    let missing =
        LeakedSource { path: place.directory.path().join("none"), ..place.list(LeakedKind::Pairs, 8, "") };
    assert!(matches!(compile(missing), Err(ListFailure::Unreadable(_))));
    let bits = place.list(LeakedKind::Passwords, 9, "x");
    assert!(matches!(compile(bits), Err(ListFailure::Unwritable(ListError::Bits(9)))));
}

#[test]
fn all_lists_that_fail_are_told() {
    let place = Place::new();
    let lists = [
        place.list(LeakedKind::PasswordsSha1, 8, "nonsense"),
        place.list(LeakedKind::Passwords, 8, "fine"),
        place.list(LeakedKind::Pairs, 8, ""),
    ];
    let failures = compile_lists(&lists, &Progress::silent()).unwrap_err();
    assert_eq!(failures.iter().map(|(position, _)| *position).collect::<Vec<_>>(), [0, 2]);
}
