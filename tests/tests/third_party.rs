//! Whoever passes the module on needs the notices of everything that is linked into it.

#![expect(clippy::unwrap_used, reason = "tests may fail loudly")]

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use emulated_host::artefacts;

/// The names of the packages that are linked into the module, without our own.
fn linked() -> BTreeSet<String> {
    let tree = Command::new(env!("CARGO"))
        .current_dir(artefacts::package())
        .args(["tree", "--offline", "--locked", "--package", "bartizan-filter", "--target", "wasm32-wasip1"])
        .args(["--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}"])
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let lines = String::from_utf8(tree.stdout).unwrap();
    let names = lines.lines().filter_map(|line| line.split(' ').next());
    names.filter(|name| !name.starts_with("bartizan-")).map(str::to_owned).collect()
}

#[test]
fn every_library_in_the_module_is_named_with_its_licence_and_no_other() {
    let notices = fs::read_to_string(artefacts::package().join("../THIRD-PARTY.md")).unwrap();
    let rows = notices.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let named: BTreeSet<String> = rows
        .filter_map(|row| row.split_once(" | "))
        .filter(|(_, licence)| ["Apache-2.0", "BSD-3-Clause", "MIT", "Zlib"].contains(licence))
        .map(|(name, _)| name.to_owned())
        .collect();
    let linked = linked();
    assert!(linked.contains("proxy-wasm"), "{linked:?}");
    assert_eq!(named, linked);
}

#[test]
fn the_data_of_unicode_stands_under_its_notice() {
    let notices = fs::read_to_string(artefacts::package().join("../THIRD-PARTY.md")).unwrap();
    for part in
        ["UNICODE LICENSE V3", "COPYRIGHT AND PERMISSION NOTICE", "Unicode, Inc.", "username/unicode.rs"]
    {
        assert!(notices.contains(part), "{part:?} is missing");
    }
}
