//! No text makes the compiler panic or run on, and whatever it says can be printed.
//!
//! Failures are printed with their seed and kept in `proptest-regressions/`.

use std::path::Path;

use bartizan_engine::blob::Policy;
use bartizan_policy_compiler::compile_text;
use bartizan_policy_compiler::diagnostic::render::{Format, render};
use bartizan_policy_compiler::syntax::fields::SECTIONS;
use proptest::prelude::*;

/// Compiles, and renders what was found in every format.
fn survives(text: &str) {
    let compiled = compile_text(Path::new("policy.yaml"), text);
    for format in [Format::Human, Format::Plain, Format::Json] {
        let rendered = render(&compiled.sources, &compiled.findings, format);
        assert_eq!(rendered.is_empty(), compiled.findings.is_empty());
    }
    assert_eq!(compiled.blob.is_some(), compiled.findings.errors() == 0);
    if let Some(blob) = &compiled.blob {
        assert!(Policy::parse(blob).is_ok(), "what the compiler writes can be loaded");
    }
}

/// Texts that look like policies: keys of the language, values of all kinds, brackets and indentation.
fn policy_like() -> impl Strategy<Value = String> {
    let keys: Vec<&str> = SECTIONS.iter().flat_map(|section| section.fields).map(|field| field.key).collect();
    let key = proptest::sample::select(keys).prop_map(|key| format!("{key}: "));
    let value = proptest::sample::select(vec![
        "1",
        "0",
        "-1",
        "70000",
        "1e9",
        "true",
        "yes",
        "~",
        "''",
        "\"\\u202e\"",
        "5/m",
        "10m",
        "'/a/{id}'",
        "/**",
        "*",
        "&a",
        "!b",
        "shop",
        "shop.example.com",
        "request",
        "client",
        "enforce",
        "block",
        "scraping",
        "192.0.2.0/24",
        "::/0",
        "größe",
        "🦀",
        "|",
        ">",
    ]);
    let value = value.prop_map(String::from);
    let mark = proptest::sample::select(vec![
        "{ ", " }", "[ ", " ]", ", ", "\n", "\n  ", "\n    ", "\n      ", "- ", ": ", "? ", "# ", "---",
        "...", "\t", "\r\n", "\"", "'",
    ]);
    let mark = mark.prop_map(String::from);
    proptest::collection::vec(prop_oneof![key, value, mark], 0..60).prop_map(|parts| parts.concat())
}

/// A valid policy with some of its characters replaced.
fn damaged() -> impl Strategy<Value = String> {
    const POLICY: &str = include_str!("../../tests/examples/every-key/every-key.policy.yaml");
    let damage = (any::<prop::sample::Index>(), any::<char>(), 0..12_usize);
    proptest::collection::vec(damage, 1..4).prop_map(|damages| {
        let mut characters: Vec<char> = POLICY.chars().collect();
        for (at, character, gone) in damages {
            let start = at.index(characters.len());
            let end = (start + gone).min(characters.len());
            characters.splice(start..end, [character]);
        }
        characters.into_iter().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_survived(text in any::<String>()) {
        survives(&text);
    }

    #[test]
    fn any_text_that_looks_like_a_policy_is_survived(text in policy_like()) {
        survives(&text);
    }

    #[test]
    fn any_damaged_policy_is_survived(text in damaged()) {
        survives(&text);
    }
}

#[test]
fn texts_made_to_run_on_are_refused() {
    let anchors = "a: &a [x]\n".to_owned() + &"b: [*a, *a, *a, *a]\n".repeat(1000);
    for text in [
        "[".repeat(900_000),
        "{a: ".repeat(200_000),
        "- ".repeat(400_000),
        "? ".repeat(400_000),
        "a: 'x\n".repeat(100_000),
        "k: v\n".repeat(200_000),
        "&a ".repeat(300_000),
        "!t ".repeat(300_000),
        "\"\\u202e\"\n".repeat(90_000),
        "\u{202e}".repeat(300_000),
        "a".repeat(2_000_000),
        "# c\n".repeat(250_000),
        anchors,
    ] {
        survives(&text);
    }
}

#[test]
fn deeply_nested_conditions_are_refused_with_a_reason() {
    for depth in [7, 8, 20, 31, 100, 10_000] {
        let condition = "{ not: ".repeat(depth) + "{ login: true }" + &" }".repeat(depth);
        survives(&format!(
            "version: 1\nthreats: {{ scraping: {{ score: [{{ when: {condition}, add: 1, because: x }}], steps: [{{ at: 1, do: tag }}] }} }}\n\
             apps: {{ a: {{ hosts: [a] }} }}\n"
        ));
    }
}
