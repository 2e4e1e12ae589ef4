//! The committed reference page and schema are those that the table of keys gives.

use std::fs;
use std::path::Path;

use bartizan_policy_compiler::syntax::{reference::reference, schema::schema};

fn committed(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name)).unwrap_or_default()
}

#[test]
fn the_reference_page_is_up_to_date() {
    let committed = committed("policy-reference.md");
    assert!(
        committed == reference(),
        "docs/policy-reference.md differs: cargo run -p bartizan -- schema --reference > docs/policy-reference.md"
    );
}

#[test]
fn the_schema_is_up_to_date() {
    let committed = committed("policy.schema.json");
    assert!(
        committed == schema(),
        "docs/policy.schema.json differs: cargo run -p bartizan -- schema > docs/policy.schema.json"
    );
}

#[test]
fn every_reference_in_the_schema_leads_somewhere() {
    let schema: serde_json::Value = serde_json::from_str(&schema()).unwrap();
    let text = schema.to_string();
    for part in text.split("\"#/$defs/").skip(1) {
        let name = part.split('"').next().unwrap();
        assert!(schema["$defs"].get(name).is_some(), "{name}");
    }
}
