//! Leaked lists as a shell sees them: compiled behind the policy, shown by `inspect`, and found again by the engine.

#![expect(clippy::unwrap_used, reason = "tests may fail loudly")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use bartizan_engine::blob::Policy;
use bartizan_engine::http::username::{UsernameForm, same_account};
use bartizan_engine::leaked::{HeldPages, LeakedList, contains, pair_digest, password_digest, split};
use tempfile::TempDir;

const POLICY: &str = "version: 1
leaked:
  breached: { passwords_sha1_from: lists/hashes.txt }
  combos: { pairs_from: lists/pairs.txt, bits: 16 }
threats:
  account-takeover:
    score:
      - { when: { leaked: breached }, add: 20, because: a leaked password }
      - { when: { leaked: combos }, add: 30, because: a leaked pair }
    steps: [{ at: 20, do: tag }]
apps:
  bank:
    hosts: [bank.example.com]
    logins:
      - { request: POST /login, username: form.email, password: form.password, success: { status: 302 }, failure: { status: 401 } }
";

struct Place {
    directory: TempDir,
}

impl Place {
    fn new(hashes: &str, pairs: &str) -> Self {
        Self::with_policy(POLICY, hashes, pairs)
    }

    fn with_policy(policy: &str, hashes: &str, pairs: &str) -> Self {
        let place = Self { directory: tempfile::tempdir().unwrap() };
        fs::create_dir(place.path("lists")).unwrap();
        fs::write(place.path("policy.yaml"), policy).unwrap();
        fs::write(place.path("lists/hashes.txt"), hashes).unwrap();
        fs::write(place.path("lists/pairs.txt"), pairs).unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Runs the command elsewhere: the lists' names are relative to the policy.
    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(Path::new(env!("CARGO_BIN_EXE_bartizan")));
        for argument in arguments {
            if argument.starts_with("policy") {
                command.arg(self.path(argument));
            } else {
                command.arg(argument);
            }
        }
        command.output().unwrap()
    }

    fn compile(&self) -> Vec<u8> {
        let output = self.run(&["compile", "policy.yaml", "-o", "policy.blob"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stderr.is_empty(), "a bar where there is no terminal");
        fs::read(self.path("policy.blob")).unwrap()
    }
}

const HASHES: &str = "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:10434004\n";
const PAIRS: &str = "Ann@example.com:tulip-17\n";

/// Whether a list of a blob has an entry with this digest, as the filter looks it up.
fn is_on(blob: &[u8], name: &str, digest: u64) -> bool {
    let (policy, part) = split(blob).unwrap();
    let policy = Policy::parse(policy).unwrap();
    let mut pages = HeldPages::of(&part.unwrap()).unwrap();
    let list = policy.leaked.iter().find(|list| list.name == name).unwrap();
    let place =
        LeakedList { first_page: list.first_page, pages: list.pages, bits: list.bits, digest: list.digest };
    contains(&place, digest, &mut pages).unwrap()
}

#[test]
fn what_is_on_the_lists_is_found_in_the_blob() {
    let blob = Place::new(HASHES, PAIRS).compile();
    let is_on = |name: &str, digest: u64| is_on(&blob, name, digest);
    assert!(is_on("breached", password_digest(b"password")));
    assert!(!is_on("breached", password_digest(b"tulip-17")));
    assert!(is_on("combos", pair_digest(b"ann@example.com", b"tulip-17")));
    assert!(!is_on("combos", pair_digest(b"ann@example.com", b"password")));
}

/// Pairs as thieves have them, and spellings in which the same person may log in.
const SPELLINGS: [(&str, &str, &str); 5] = [
    ("Jos\u{e9}@example.com", "jose\u{301}@example.com", "tulip-18"),
    ("\u{ff4a}ane@example.com", "JANE@example.com", "tulip-19"),
    ("jane\u{a0}doe", "Jane  Doe ", "tulip-20"),
    ("zo\u{200b}e@example.com", "zoe@example.com", "tulip-21"),
    (
        "\u{39f}\u{394}\u{3a5}\u{3a3}\u{3a3}\u{395}\u{3a5}\u{3a3}",
        "\u{3bf}\u{3b4}\u{3c5}\u{3c3}\u{3c3}\u{3b5}\u{3c5}\u{3c2}",
        "tulip-22",
    ),
];

#[test]
fn names_of_pairs_are_the_names_that_logins_have() {
    let pairs = SPELLINGS.map(|(listed, _, password)| format!("{listed}:{password}\n")).concat();
    let blob = Place::new(HASHES, &pairs).compile();
    for (_, login, password) in SPELLINGS {
        let name = same_account(login.as_bytes(), UsernameForm::default());
        assert!(is_on(&blob, "combos", pair_digest(&name, password.as_bytes())), "{login:?}");
    }
}

/// Whether the pairs of a list with a tagged and a plain name are found for logins as `zoe+bank@example.com`,
/// `zoe+shop@example.com` and `zoe@example.com`, whose form drops tags or keeps them.
fn tagged(blob: &[u8], plus_address: bool) -> [bool; 3] {
    ["zoe+bank@example.com", "zoe+shop@example.com", "zoe@example.com"].map(|login| {
        let name = same_account(login.as_bytes(), UsernameForm { plus_address });
        is_on(blob, "combos", pair_digest(&name, b"tulip-23"))
    })
}

#[test]
fn names_of_pairs_lose_their_tags_where_the_names_of_logins_do() {
    let pairs = "Zoe+Shop@example.com:tulip-23\nann@example.com:tulip-24\n";
    let plain = Place::new(HASHES, pairs).compile();
    assert_eq!(tagged(&plain, false), [false, true, false]);
    let plus =
        POLICY.replace("username: form.email,", "username: form.email, username_form: [plus_address],");
    let dropped = Place::with_policy(&plus, HASHES, pairs).compile();
    assert_eq!(tagged(&dropped, true), [true; 3]);
    // Nobody looks it up with its tag, so it takes no room.
    assert_eq!(entries(&dropped), 2);
}

#[test]
fn a_list_for_logins_of_several_forms_has_the_names_of_each() {
    let second = "      - { request: POST /app, username: form.email, username_form: [plus_address], password: form.password, success: { status: 200 }, failure: { status: 401 } }\n";
    let pairs = "Zoe+Shop@example.com:tulip-23\nann@example.com:tulip-24\n";
    let both = Place::with_policy(&(POLICY.to_owned() + second), HASHES, pairs).compile();
    assert_eq!(tagged(&both, false), [false, true, true]);
    assert_eq!(tagged(&both, true), [true; 3]);
    assert_eq!(entries(&both), 3);
    // A login that gives no password looks nothing up.
    let blind = second.replace("password: form.password, ", "");
    let one = Place::with_policy(&(POLICY.to_owned() + &blind), HASHES, pairs).compile();
    assert_eq!(entries(&one), 2);
}

/// How many entries the list of pairs has.
fn entries(blob: &[u8]) -> u64 {
    let (policy, _) = split(blob).unwrap();
    Policy::parse(policy).unwrap().leaked.iter().find(|list| list.name == "combos").unwrap().entries
}

#[test]
fn the_same_lists_give_the_same_blob_and_others_another_policy() {
    let blobs = [PAIRS, PAIRS, "bob:x\n"].map(|pairs| Place::new(HASHES, pairs).compile());
    assert_eq!(blobs[0], blobs[1]);
    let hash = |blob: &[u8]| Policy::parse(split(blob).unwrap().0).unwrap().header.policy_hash;
    assert_ne!(hash(&blobs[0]), hash(&blobs[2]));
}

#[test]
fn inspect_says_how_large_lists_are_how_often_wrong_and_where_they_fit() {
    let place = Place::new(HASHES, PAIRS);
    place.compile();
    let output = place.run(&["inspect", "policy.blob"]);
    let text = String::from_utf8(output.stdout).unwrap();
    for part in [
        "breached: 1 password, 8 bits, 1 page,",
        "1 in 256 others is taken for one",
        "combos: 1 pair, 16 bits, 1 page,",
        "1 in 65536 others is taken for one",
        "fits in an object of about 1.5 MB",
        "entries of 8 bits",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
}

#[test]
fn a_damaged_part_is_not_inspected_as_if_it_were_whole() {
    let place = Place::new(HASHES, PAIRS);
    let mut blob = place.compile();
    *blob.last_mut().unwrap() ^= 1;
    fs::write(place.path("policy.blob"), blob).unwrap();
    let output = place.run(&["inspect", "policy.blob"]);
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("leaked lists"), "{text}");
}

#[test]
fn a_file_of_another_kind_leaves_no_blob_and_says_nothing_of_what_is_in_it() {
    let place = Place::new("secret-one\nsecret-two\n", PAIRS);
    let output = place.run(&["compile", "policy.yaml", "-o", "policy.blob"]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("in lines 1, 2") && !text.contains("secret-"), "{text}");
    assert!(!place.path("policy.blob").exists());
}
