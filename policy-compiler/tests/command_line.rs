//! The command as a shell sees it: exit codes, streams, files.

#![expect(clippy::unwrap_used, reason = "tests may fail loudly")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

const GOOD: &str = "version: 1\napps: { shop: { hosts: [shop.example.com] } }\n";
const WARNED: &str =
    "version: 1\nlists: { a: { addresses: [192.0.2.1] } }\napps: { shop: { hosts: [shop.example.com] } }\n";
const BAD: &str = "version: 1\nmod: report\napps: { shop: { hosts: [shop.example.com] } }\n";

struct Place {
    directory: TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { directory: tempfile::tempdir().unwrap() };
        for (name, text) in [("good.yaml", GOOD), ("warned.yaml", WARNED), ("bad.yaml", BAD)] {
            fs::write(place.path(name), text).unwrap();
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(Path::new(env!("CARGO_BIN_EXE_bartizan")));
        command.args(arguments).current_dir(self.directory.path()).env_remove("CLICOLOR_FORCE");
        command
    }
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// What the pack for account takeover needs, which keeps filters and sketches beside its cells.
const GUARDED: &str = "version: 1
use: [account-takeover]
apps:
  bank:
    hosts: [bank.example.com]
    logins:
      - { request: POST /login, username: form.email, password: form.password, success: { status: 302 }, failure: { status: 401 } }
";

#[test]
fn inspect_says_of_each_table_what_it_has() {
    let place = Place::new();
    fs::write(place.path("guarded.yaml"), GUARDED).unwrap();
    assert!(place.run(&["compile", "guarded.yaml", "-o", "guarded.blob"]).status.success());
    let text = out(&place.run(&["inspect", "guarded.blob"]));
    let table = |name: &str| {
        let start = format!("            {name} ");
        text.lines().find(|line| line.starts_with(&start)).map(str::to_owned)
    };
    assert!(table("account").unwrap().contains(" cells of "), "{text}");
    let seen = table("seen").unwrap();
    // 557 keys of each generation of 384 pages.
    for part in ["384 pages", "2 Bloom filters", "8032 bits", "30 days", "213888 keys"] {
        assert!(seen.contains(part) && !seen.contains("cells"), "{part:?} is not in {seen:?}");
    }
    let password = table("password").unwrap();
    // 600 pairs a page on 128 pages.
    for part in ["128 pages", "4 rows of 128 counters", "3936 bits", "76800 pairs"] {
        assert!(password.contains(part) && !password.contains("cells"), "{part:?} is not in {password:?}");
    }
    assert_eq!(table("network"), None, "a table that the policy does not use");
}

#[test]
fn exit_codes_are_clean_findings_and_failed() {
    let place = Place::new();
    let code = |arguments: &[&str]| place.run(arguments).status.code().unwrap();
    assert_eq!(code(&["check", "good.yaml"]), 0);
    assert_eq!(code(&["check", "warned.yaml"]), 0);
    assert_eq!(code(&["check", "warned.yaml", "--deny-warnings"]), 1);
    assert_eq!(code(&["check", "bad.yaml"]), 1);
    assert_eq!(code(&["check", "missing.yaml"]), 2);
    assert_eq!(code(&["check"]), 2);
    assert_eq!(code(&["explain", "B9999"]), 2);
    assert_eq!(code(&["inspect", "good.yaml"]), 2);
    assert_eq!(code(&["--help"]), 0);
}

#[test]
fn findings_go_to_standard_error_in_the_chosen_format() {
    let place = Place::new();
    let plain = place.run(&["check", "bad.yaml", "--format", "plain"]);
    assert_eq!(out(&plain), "");
    assert_eq!(err(&plain), "bad.yaml:2:1: error[B0201]: a policy has no key `mod`; did you mean `mode`?\n");
    let human = err(&place.run(&["check", "bad.yaml"]));
    assert!(human.contains("2 | mod: report\n  | ^^^"), "{human}");
    assert!(!human.contains('\u{1b}'), "no colours where the output is no terminal");
    let json: serde_json::Value =
        serde_json::from_str(&err(&place.run(&["check", "bad.yaml", "--format", "json"]))).unwrap();
    assert_eq!((json["code"].as_str(), json["line"].as_u64()), (Some("B0201"), Some(2)));
}

#[test]
fn a_blob_is_written_whole_or_not_at_all() {
    let place = Place::new();
    fs::write(place.path("policy.blob"), "old").unwrap();
    assert_eq!(place.run(&["compile", "bad.yaml", "-o", "policy.blob"]).status.code(), Some(1));
    assert_eq!(fs::read(place.path("policy.blob")).unwrap(), b"old");
    let denied = ["compile", "warned.yaml", "-o", "policy.blob", "--deny-warnings"];
    assert_eq!(place.run(&denied).status.code(), Some(1));
    assert_eq!(fs::read(place.path("policy.blob")).unwrap(), b"old");

    let compiled = place.run(&["compile", "good.yaml", "-o", "policy.blob"]);
    assert_eq!(compiled.status.code(), Some(0), "{}", err(&compiled));
    assert!(fs::read(place.path("policy.blob")).unwrap().starts_with(b"BZP1"));
    let names: Vec<_> =
        fs::read_dir(place.directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 4, "nothing else is left behind: {names:?}");
    assert_eq!(place.run(&["compile", "good.yaml", "-o", "no/such/place"]).status.code(), Some(2));
}

#[test]
fn a_blob_can_go_to_standard_output_and_be_inspected() {
    let place = Place::new();
    let compiled = place.run(&["compile", "good.yaml", "-o", "-"]);
    assert!(compiled.stdout.starts_with(b"BZP1"));
    fs::write(place.path("policy.blob"), &compiled.stdout).unwrap();
    let inspected = place.run(&["inspect", "policy.blob"]);
    assert_eq!(inspected.status.code(), Some(0), "{}", err(&inspected));
    let report = out(&inspected);
    for part in ["contents    1 app\n", "written by  bartizan", "2048 pages", "per worker"] {
        assert!(report.contains(part), "{part} is not in {report}");
    }
}

#[test]
fn a_damaged_blob_is_refused_with_a_reason() {
    let place = Place::new();
    let mut blob = place.run(&["compile", "good.yaml", "-o", "-"]).stdout;
    let middle = blob.len() / 2;
    blob[middle] ^= 1;
    fs::write(place.path("damaged.blob"), &blob).unwrap();
    let inspected = place.run(&["inspect", "damaged.blob"]);
    assert_eq!(inspected.status.code(), Some(2));
    assert!(err(&inspected).contains("checksum"), "{}", err(&inspected));
}

#[test]
fn a_reader_that_stops_early_is_no_failure() {
    let place = Place::new();
    for arguments in [
        &["schema"][..],
        &["schema", "--reference"],
        &["explain", "B0203"],
        &["compile", "good.yaml", "-o", "-"],
    ] {
        let mut child =
            place.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", err(&output));
    }
}

#[test]
fn packs_are_listed_and_printed() {
    let place = Place::new();
    let listed = out(&place.run(&["packs"]));
    assert!(listed.lines().all(|line| line.split_whitespace().count() > 2), "{listed}");
    let name = listed.split_whitespace().next().unwrap();
    assert_eq!(out(&place.run(&["packs", name])), bartizan_policy_compiler::packs::find(name).unwrap().text);
    let unknown = place.run(&["packs", "account-takover"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(err(&unknown).contains("did you mean `account-takeover`?"), "{}", err(&unknown));
}

#[test]
fn every_code_is_explained() {
    let place = Place::new();
    let explained = place.run(&["explain", "b0203"]);
    assert!(out(&explained).starts_with("B0203 (error): "), "{}", out(&explained));
    assert!(out(&explained).lines().all(|line| line.chars().count() <= 100));
    assert!(err(&place.run(&["explain", "B0299"])).contains("there is no code `B0299`"));
}
