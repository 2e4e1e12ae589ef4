//! The simulator from outside: what it writes for what it is asked.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may fail loudly")]

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::path::Path;

use bartizan_engine::blob::Policy;
use bartizan_simulator::curve::{DAY, HOUR};
use bartizan_simulator::options::Options;
use bartizan_simulator::policy::compile;
use bartizan_simulator::run::{START, clean_days, run};
use clap::Parser as _;
use serde_json::Value;

/// The keys that every line has.
const KEYS: [&str; 10] = [
    "profile",
    "malicious",
    "stopped",
    "accounts_exposed",
    "accounts_taken",
    "good_logins",
    "good_hindered",
    "known_device_hindered",
    "tries_to_detect_p50",
    "state_bytes",
];

fn options(arguments: &str) -> Options {
    Options::try_parse_from(std::iter::once("bartizan-simulator").chain(arguments.split_whitespace()))
        .unwrap_or_else(|error| panic!("{error}"))
}

fn output(arguments: &str) -> String {
    let mut out = Vec::new();
    run(&options(arguments), &mut out).unwrap_or_else(|failure| panic!("{failure}"));
    String::from_utf8(out).unwrap()
}

fn failure(arguments: &str) -> String {
    run(&options(arguments), &mut Vec::new()).expect_err("it cannot be done").to_string()
}

fn rows(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn number(row: &Value, key: &str) -> u64 {
    row[key].as_u64().unwrap_or_else(|| panic!("{key} of {row}"))
}

const SMALL: &str = "--scale 0.002 --days 1 --slow-days 1 --after-hours 0.5 --state-pages 512 --format json";

#[test]
fn every_profile_gives_one_line_with_every_key() {
    let rows = rows(&output(SMALL));
    assert_eq!(rows.len(), 12);
    for row in &rows {
        for key in KEYS {
            assert!(row.get(key).is_some(), "{key} is missing in {row}");
        }
        assert!(number(row, "good_logins") > 0);
        assert!(number(row, "stopped") <= number(row, "malicious"));
        assert!(number(row, "accounts_taken") <= number(row, "accounts_exposed"));
        assert!(number(row, "known_device_hindered") <= number(row, "good_hindered"));
        assert!(number(row, "state_bytes") < 64 << 20);
    }
    let names: HashSet<&str> = rows.iter().filter_map(|row| row["profile"].as_str()).collect();
    assert_eq!(names.len(), rows.len());
    let without_attack = ["marketing-mail", "shared-office", "app-release"];
    for row in &rows {
        let is_attack = !without_attack.contains(&row["profile"].as_str().unwrap());
        assert_eq!(is_attack, number(row, "malicious") > 0, "{row}");
    }
}

#[test]
fn the_same_seed_gives_the_same_output_and_another_one_does_not() {
    let arguments = format!("{SMALL} --profile loud brute-force app-release --explain");
    let first = output(&format!("{arguments} --seed 5 --jobs 2"));
    assert_eq!(first, output(&format!("{arguments} --seed 5 --jobs 1")));
    assert_ne!(first, output(&format!("{arguments} --seed 6")));
    let both = output(&format!("{arguments} --seed 5 6"));
    assert!(both.starts_with(&first), "seeds do not mix");
}

#[test]
fn many_workers_share_what_they_know() {
    let arguments = format!("{SMALL} --profile loud");
    let (one, many) =
        (rows(&output(&arguments)).remove(0), rows(&output(&format!("{arguments} --workers 4"))).remove(0));
    assert_eq!(number(&one, "malicious"), number(&many, "malicious"));
    let difference = number(&one, "stopped").abs_diff(number(&many, "stopped"));
    assert!(difference * 100 <= number(&one, "malicious"), "{one}\n{many}");
}

#[test]
fn the_defaults_are_the_world_that_results_are_reported_for() {
    let options = options("");
    assert_eq!(options.accounts(), Some(1_000_000));
    assert_eq!(options.profiles().len(), 12);
    assert!((options.days - 7.0).abs() < 1e-9 && (options.slow_days - 7.0).abs() < 1e-9);
    assert!(options.attack_hours >= 1.0);
    assert_eq!((options.workers, options.state_pages), (1, 24_576));
    assert_eq!(options.seed, [1]);
}

#[test]
fn customers_come_at_the_rates_of_the_world() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("traffic.jsonl");
    // Two days of the full world's hundredth, and half an hour of the profile with the fewest tries.
    output(&format!(
        "--scale 0.01 --days 2 --after-hours 0 --attack-hours 0.1 --profile brute-force --format json --export {}",
        file.display()
    ));
    let begin = START as f64 / 1000.0;
    let mut visits: HashMap<String, (u32, f64)> = HashMap::new();
    let (mut routes, mut users) = (HashSet::new(), HashSet::new());
    for row in rows(&fs::read_to_string(&file).unwrap()) {
        let at = row["t"].as_f64().unwrap() - begin;
        if row["label"] == "good" && at < 2.0 * 86_400.0 {
            let visit = visits.entry(row["visit"].as_str().unwrap().to_owned()).or_insert((0, at));
            visit.0 += u32::from(row["password_ok"] == false);
            routes.insert(row["route"].as_u64().unwrap());
            users.insert(row["user"].as_str().unwrap().to_owned());
        }
    }
    let hour_of = |at: f64| ((at + 15.5 * 3600.0) % 86_400.0 / 3600.0) as u32;
    let in_hours = |hours: [u32; 2]| {
        visits.values().filter(|(_, at)| hours.contains(&hour_of(*at))).count() as f64 / 4.0 / 3600.0
    };
    // The two hours around the peak at 16:00 and around the trough at 04:00, on two days.
    let (peak, night) = (in_hours([15, 16]) / 0.01, in_hours([3, 4]) / 0.01);
    assert!((peak - 20.0).abs() < 2.0, "{peak} at the peak");
    assert!((night - 2.1).abs() < 0.7, "{night} at night");
    let erring = visits.values().filter(|(wrong, _)| *wrong > 0).count() as f64 / visits.len() as f64;
    assert!((erring - 0.05).abs() < 0.008, "{erring}: 4 % typing errors and 1 % stale clients");
    assert_eq!(routes.len(), 50);
    assert!(users.len() > 7000, "{} of 10,000 customers came within two days", users.len());
}

#[test]
fn devices_send_back_the_cookies_that_they_got() {
    let options = options("--scale 0.002 --days 1 --state-pages 512");
    let blob = compile(None).unwrap();
    let policy = Policy::parse(&blob).unwrap();
    let simulation = clean_days(&options, &policy, 3).unwrap();
    let world = &simulation.world;
    let seconds = u32::try_from(simulation.now() / 1000).unwrap();
    let mut cookie = Vec::new();
    let (mut known, mut with_cookie) = (0, 0);
    for device in world.devices.iter().filter(|device| device.is_known) {
        known += 1;
        device.jar.write(seconds, &world.cookie_names, &mut cookie);
        with_cookie += u32::from(String::from_utf8_lossy(&cookie).contains("bartizan-device="));
    }
    assert!(known > 500, "{known}");
    assert_eq!(known, with_cookie, "every device that logged in has a cookie of the filter's");
    assert_eq!(simulation.now() % DAY, 15 * HOUR + HOUR / 2);
}

#[test]
fn exported_traffic_gives_the_same_verdicts_when_it_is_replayed() {
    let directory = tempfile::tempdir().unwrap();
    for (profile, seed) in [("loud", 4), ("invented-identities", 5), ("low-and-slow-20", 6)] {
        let file = directory.path().join(format!("{profile}.jsonl"));
        let common = format!("--seed {seed} --state-pages 512 --format json");
        let simulated = rows(&output(&format!(
            "--scale 0.002 --days 1 --slow-days 1 --after-hours 0.5 {common} --profile {profile} --export {}",
            file.display()
        )));
        let replayed = rows(&output(&format!("{common} --traffic {}", file.display())));
        let (simulated, replayed) = (&simulated[0], &replayed[0]);
        for key in ["malicious", "stopped", "accounts_exposed", "accounts_taken", "state_bytes"] {
            assert_eq!(simulated[key], replayed[key], "{key} of {profile}\n{simulated}\n{replayed}");
        }
        // Visits that were not over at the end are no visits for the simulation.
        let both = |row: &Value, key: &str| number(row, key) + number(row, &format!("{key}_outside"));
        assert!(both(simulated, "good_logins").abs_diff(both(replayed, "good_logins")) <= 3);
        assert!(both(simulated, "good_hindered").abs_diff(both(replayed, "good_hindered")) <= 1);
    }
}

#[test]
fn anybody_can_bring_traffic() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("own.jsonl");
    let mut lines = vec![
        r#"{"t": 0, "ip": "192.0.2.1", "user": "ann", "password_ok": true, "label": "good", "device": "ann's phone", "ua": "Mozilla/5.0", "network": "home", "note": {"any": ["thing"]}}"#.to_owned(),
        String::new(),
        r#"{"t": "1970-01-01T00:00:10Z", "ip": "192.0.2.1", "user": "ann", "password_ok": true, "label": "good"}"#.to_owned(),
    ];
    // A time of long ago is no time of a login.
    write(&file, &lines);
    let traffic = format!("--format json --traffic {}", file.display());
    assert!(failure(&traffic).contains("own.jsonl:3: `t` is before the year 2000"), "{}", failure(&traffic));
    lines.truncate(1);
    for attempt in 0..40 {
        lines.push(format!(
            r#"{{"t": {}, "ip": "2001:db8::7", "user": "user{attempt}", "password_ok": false, "label": "attack", "ua": "tool/1", "headers": {{"Accept": "*/*", "X-Ja4": "t13d"}}}}"#,
            10 + attempt
        ));
    }
    lines.push(r#"{"t": 60.5, "ip": "192.0.2.1", "user": "ann", "password_ok": false, "label": "good", "device": "ann's phone", "password": "typo"}"#.to_owned());
    lines.push(r#"{"t": 70.5, "ip": "192.0.2.1", "user": "ann", "password_ok": true, "label": "good", "device": "ann's phone"}"#.to_owned());
    write(&file, &lines);
    let row = rows(&output(&traffic)).remove(0);
    assert_eq!(row["profile"], "traffic");
    assert_eq!(number(&row, "malicious"), 40);
    assert!(number(&row, "stopped") >= 20, "one address, forty users: {row}");
    assert_eq!(number(&row, "good_logins_outside"), 2);
    assert_eq!(number(&row, "good_hindered_outside"), 0);
}

fn write(file: &Path, lines: &[String]) {
    fs::write(file, lines.join("\n")).unwrap();
}

#[test]
fn traffic_that_is_none_is_told_with_its_line() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("broken.jsonl");
    let good = r#"{"t": 5, "ip": "192.0.2.1", "user": "ann", "password_ok": true, "label": "good"}"#;
    let cases = [
        ("{", "EOF while parsing"),
        ("[]", "invalid length 0"),
        (r#"{"t": 5}"#, "missing field `ip`"),
        (&good.replace("192.0.2.1", "somewhere"), "invalid IP address"),
        (&good.replace("\"t\": 5", "\"t\": 4"), "sort the file by time"),
        (&good.replace("\"t\": 5", "\"t\": \"noon\""), "2026-01-31T12:00:00Z"),
        (&good.replace("\"t\": 5", "\"t\": -1"), "before the year 2000"),
        (&good.replace("\"t\": 5", "\"t\": 1e300"), "too far in the future"),
        (&good.replace("true", "\"yes\""), "expected a boolean"),
        (&good.replace("\"label\"", "\"headers_name\": \"f9\", \"label\""), "the `headers_name` `f9`"),
        (&good.replace("\"label\"", "\"route\": 300, \"label\""), "expected u8"),
        (&good.replace("ann", &"a".repeat(70_000)), "longer than 65536 bytes"),
    ];
    for (line, expected) in cases {
        write(&file, &[good.to_owned(), line.to_owned()]);
        let told = failure(&format!("--traffic {}", file.display()));
        assert!(told.contains("broken.jsonl:2: ") && told.contains(expected), "{told}");
    }
    assert!(failure("--traffic /nowhere/at/all").contains("/nowhere/at/all"));
}

#[test]
fn a_policy_without_such_logins_and_options_without_sense_are_told() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("other.policy.yaml");
    fs::write(&file, "version: 1\napps:\n  other:\n    hosts: [other.example]\n").unwrap();
    let told = failure(&format!("{SMALL} --profile loud --policy {}", file.display()));
    assert!(told.contains("POST /login/") && told.contains("--host"), "{told}");
    fs::write(&file, "version: 1\nappps: {}\n").unwrap();
    let told = failure(&format!("--policy {}", file.display()));
    assert!(told.contains("other.policy.yaml:2:1") && told.contains("appps"), "{told}");
    assert!(failure("--scale 2").contains("--scale"));
    assert!(failure("--accounts 5").contains("--accounts"));
    assert!(failure("--export file").contains("--profile"));
}

#[test]
fn thresholds_that_are_higher_stop_less_and_hinder_less() {
    let directory = tempfile::tempdir().unwrap();
    let svg = directory.path().join("roc.svg");
    let text = output(&format!("{SMALL} --profile loud marketing-mail --roc --svg {}", svg.display()));
    let rows = rows(&text);
    let curves: BTreeMap<&str, &Value> =
        rows.iter().filter_map(|row| Some((row.get("roc")?.as_str()?, row))).collect();
    assert_eq!(curves.len(), 2);
    for key in ["stopped_percent", "hindered_percent"] {
        let points = curves["loud"]["points"].as_array().unwrap();
        let shares: Vec<f64> = points.iter().filter_map(|point| point[key].as_f64()).collect();
        assert_eq!(shares.len(), 200);
        assert!(shares.is_sorted_by(|first, second| first >= second), "{key}");
    }
    for row in rows.iter().filter(|row| row.get("profile").is_some()) {
        assert_eq!(number(row, "stopped") + number(row, "good_hindered"), 0, "nothing is refused: {row}");
    }
    let drawn = fs::read_to_string(svg).unwrap();
    assert!(drawn.starts_with("<svg") && drawn.contains("polyline") && drawn.contains("loud"));
}
