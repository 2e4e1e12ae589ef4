//! Leaked lists as a shell sees them: compiled behind the policy, shown by `inspect`, and found again by the engine.

#![expect(clippy::unwrap_used, reason = "tests may fail loudly")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use bartizan_engine::blob::Policy;
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
        let place = Self { directory: tempfile::tempdir().unwrap() };
        fs::create_dir(place.path("lists")).unwrap();
        fs::write(place.path("policy.yaml"), POLICY).unwrap();
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

#[test]
fn what_is_on_the_lists_is_found_in_the_blob() {
    let blob = Place::new(HASHES, PAIRS).compile();
    let (policy, part) = split(&blob).unwrap();
    let policy = Policy::parse(policy).unwrap();
    let mut pages = HeldPages::of(&part.unwrap()).unwrap();
    let mut is_on = |name: &str, digest: u64| {
        let list = policy.leaked.iter().find(|list| list.name == name).unwrap();
        let place = LeakedList {
            first_page: list.first_page,
            pages: list.pages,
            bits: list.bits,
            digest: list.digest,
        };
        contains(&place, digest, &mut pages).unwrap()
    };
    assert!(is_on("breached", password_digest(b"password")));
    assert!(!is_on("breached", password_digest(b"tulip-17")));
    assert!(is_on("combos", pair_digest(b"ann@example.com", b"tulip-17")));
    assert!(!is_on("combos", pair_digest(b"ann@example.com", b"password")));
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
