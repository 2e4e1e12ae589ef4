//! Every scenario below `tests/scenarios`, with 1, 2 and 7 workers.

use emulated_host::{artefacts, scenario};

#[test]
fn every_scenario_comes_out_as_it_says() {
    let filter = artefacts::filter().unwrap();
    let module = artefacts::load(&filter).unwrap();
    let only = std::env::var("BARTIZAN_SCENARIO").unwrap_or_default();
    let directory = std::env::var_os("BARTIZAN_SCENARIOS")
        .map_or_else(|| artefacts::package().join("scenarios"), std::path::PathBuf::from);
    let files = scenario::find(&directory).unwrap();
    assert!(!files.is_empty(), "no scenario was found");
    let mut failures = Vec::new();
    for file in files.iter().filter(|file| file.to_string_lossy().contains(&only)) {
        match scenario::play_file(&module, file) {
            Ok(failed) => {
                failures.extend(failed.into_iter().map(|failed| format!("{}: {failed}", file.display())))
            }
            Err(error) => failures.push(error),
        }
    }
    assert!(failures.is_empty(), "{} scenarios fail:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn a_scenario_that_expects_the_wrong_thing_fails_and_says_what_it_saw() {
    let filter = artefacts::filter().unwrap();
    let module = artefacts::load(&filter).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("wrong.yaml");
    let policy = artefacts::package().join("scenarios/shop.policy.yaml");
    let text = format!(
        "policy: {}
tests:
  - name: a trap page is let through
    request: {{ GET: https://shop.example.com/wp-login.php }}
    expect: {{ do: none, status: 200, score: 0, because: [] }}
",
        policy.display()
    );
    std::fs::write(&file, text).unwrap();
    let failures = scenario::play_file(&module, &file).unwrap();
    assert_eq!(failures.len(), 1, "{failures:?}");
    for part in
        ["do: expected none, saw block", "status: expected Some(200), saw Some(403)", "looked for WordPress"]
    {
        assert!(failures[0].contains(part), "{part} is not in: {}", failures[0]);
    }
}
