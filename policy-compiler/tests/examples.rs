//! Every example policy compiles without a word, and together they use every key of the language.

#![expect(clippy::unwrap_used, reason = "tests may fail loudly")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use bartizan_engine::blob::Policy;
use bartizan_policy_compiler::compile_file;
use bartizan_policy_compiler::diagnostic::Diagnostics;
use bartizan_policy_compiler::diagnostic::render::{Format, render};
use bartizan_policy_compiler::source::Sources;
use bartizan_policy_compiler::syntax::fields::SECTIONS;
use bartizan_policy_compiler::syntax::{Node, Value, read};

fn examples() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/examples");
    let mut policies = Vec::new();
    for example in fs::read_dir(directory).unwrap() {
        let example = example.unwrap().path();
        let name = example.file_name().unwrap().to_string_lossy().into_owned();
        assert!(example.join("README.md").is_file(), "{name} has no README.md");
        policies.push(example.join(format!("{name}.policy.yaml")));
    }
    policies.sort();
    policies
}

#[test]
fn every_example_compiles_without_a_finding() {
    for path in examples() {
        let compiled = compile_file(&path).unwrap();
        let findings = render(&compiled.sources, &compiled.findings, Format::Plain);
        assert_eq!(findings, "");
        let blob = compiled.blob.unwrap();
        let policy = Policy::parse(&blob).unwrap();
        assert_eq!(policy.apps.len(), compiled.draft.unwrap().apps.len());
    }
}

#[test]
fn the_same_policy_gives_the_same_bytes() {
    for path in examples() {
        assert_eq!(
            compile_file(&path).unwrap().blob,
            compile_file(&path).unwrap().blob,
            "{}",
            path.display()
        );
    }
}

#[test]
fn the_demo_policy_fits_its_budget() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/examples/shop/shop.policy.yaml");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.lines().count() <= 60, "the demo policy is read on one screen");
    assert!(compile_file(&path).unwrap().blob.unwrap().len() < 64 * 1024);
}

#[test]
fn together_the_examples_use_every_key() {
    let mut used = BTreeSet::new();
    for path in examples() {
        let mut sources = Sources::default();
        let file = sources.add(&path, fs::read_to_string(&path).unwrap());
        collect_keys(&read(&sources, file, &mut Diagnostics::default()).unwrap(), &mut used);
    }
    for section in SECTIONS {
        for field in section.fields {
            assert!(used.contains(field.key), "no example uses `{}` of {}", field.key, section.name);
        }
    }
}

fn collect_keys(node: &Node, keys: &mut BTreeSet<String>) {
    match &node.value {
        Value::Scalar(_) => {}
        Value::List(items) => items.iter().for_each(|item| collect_keys(item, keys)),
        Value::Map(entries) => entries.iter().for_each(|entry| {
            keys.insert(entry.key.value.clone());
            collect_keys(&entry.node, keys);
        }),
    }
}
