//! Every file in `tests/diagnostics` is a policy with a mistake; its first lines say what the compiler must answer.
//!
//! A line `# expect: 7:3: error[B0105]: …` is a finding as `--format plain` writes it, without the name of the file. With
//! `BARTIZAN_BLESS=1` in the environment the lines are rewritten from what the compiler says; read the difference before
//! committing it.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may fail loudly")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use bartizan_policy_compiler::diagnostic::codes;
use bartizan_policy_compiler::diagnostic::render::{Format, render};
use bartizan_policy_compiler::leaked::{self, Progress};
use bartizan_policy_compiler::{Compiled, compile_file};

const PREFIX: &[u8] = b"# expect: ";

#[test]
fn every_mistake_gets_its_answer() {
    let mut wrong = Vec::new();
    for path in cases() {
        let (expected, _) = split(&fs::read(&path).unwrap());
        let answer = if std::env::var_os("BARTIZAN_BLESS").is_some() { bless(&path) } else { answer(&path) };
        if answer != expected {
            wrong.push(format!("{}\n  expected: {expected:#?}\n  found: {answer:#?}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_code_has_a_policy_that_shows_it() {
    let mut shown = BTreeSet::new();
    for path in cases() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let code = name.split('-').next().unwrap().to_owned();
        let (expected, _) = split(&fs::read(&path).unwrap());
        assert!(
            expected.iter().any(|line| line.contains(&format!("[{code}]"))),
            "{name} does not show {code}"
        );
        shown.insert(code);
    }
    let all: BTreeSet<String> = codes::ALL.iter().map(|code| code.id.to_owned()).collect();
    let missing: Vec<&String> = all.difference(&shown).collect();
    assert!(missing.is_empty(), "no policy shows {missing:?}");
    let unknown: Vec<&String> = shown.difference(&all).collect();
    assert!(unknown.is_empty(), "there is no code {unknown:?}");
}

#[test]
fn findings_speak_lower_case_and_end_without_a_period() {
    for path in cases() {
        for finding in compile(&path).findings.sorted() {
            let message = &finding.message;
            assert!(!message.starts_with(|first: char| first.is_ascii_uppercase()), "{message}");
            assert!(!message.ends_with('.') && !message.contains('\n'), "{message}");
            for rust in ["Option", "Spanned", "u32", "None", "Some("] {
                assert!(!message.contains(rust), "{message}");
            }
        }
    }
}

#[test]
fn every_finding_can_be_written_in_every_format() {
    for path in cases() {
        let compiled = compile(&path);
        let human = render(&compiled.sources, &compiled.findings, Format::Human);
        assert!(human.contains("[B0"), "{}", path.display());
        let json = render(&compiled.sources, &compiled.findings, Format::Json);
        assert_eq!(json.lines().count(), compiled.findings.sorted().len());
        for line in json.lines() {
            let object: serde_json::Value = serde_json::from_str(line).unwrap();
            assert!(
                object["line"].as_u64().unwrap() >= 1 && object["column"].as_u64().unwrap() >= 1,
                "{line}"
            );
        }
    }
}

fn cases() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/diagnostics");
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|end| end == "yaml")).collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

fn compile(path: &Path) -> Compiled {
    let mut compiled = compile_file(path).unwrap();
    leaked::include(&mut compiled, path, &Progress::silent());
    compiled
}

/// The findings, without the name of the file.
fn answer(path: &Path) -> Vec<String> {
    let compiled = compile(path);
    let text = render(&compiled.sources, &compiled.findings, Format::Plain);
    let directory = format!("{}/", path.parent().unwrap().display());
    let own = format!("{}:", path.file_name().unwrap().to_string_lossy());
    let lines = text.lines().map(|line| line.replace(&directory, ""));
    lines.map(|line| without_place_in_pack(line.strip_prefix(&own).unwrap_or(&line))).collect()
}

/// Packs change without their users, so where in a pack something stands is left out.
fn without_place_in_pack(line: &str) -> String {
    match line.split_once(" (pack):") {
        Some((pack, rest)) => {
            format!("{pack} (pack): {}", rest.split_once(": ").map_or(rest, |(_, message)| message))
        }
        None => line.to_owned(),
    }
}

/// The expected findings and the rest of the file, which need not be text.
fn split(bytes: &[u8]) -> (Vec<String>, Vec<u8>) {
    let mut expected = Vec::new();
    let mut rest = bytes;
    while let Some(line) = rest.strip_prefix(PREFIX) {
        let end = line.iter().position(|byte| *byte == b'\n').unwrap();
        expected.push(String::from_utf8(line[..end].to_vec()).unwrap());
        rest = &line[end + 1..];
    }
    (expected, rest.to_vec())
}

/// The expectations shift the lines that they speak of, so they are written until they fit.
fn bless(path: &Path) -> Vec<String> {
    for _ in 0..4 {
        let (expected, body) = split(&fs::read(path).unwrap());
        let found = answer(path);
        if expected == found {
            return found;
        }
        let mut bytes = Vec::new();
        for line in &found {
            bytes.extend([PREFIX, line.as_bytes(), b"\n"].concat());
        }
        bytes.extend(body);
        fs::write(path, bytes).unwrap();
    }
    panic!("{} does not settle", path.display());
}
