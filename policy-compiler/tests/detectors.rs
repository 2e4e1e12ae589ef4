//! Every detector of every pack, on its own samples, with all packs looked for together: found, and the same bytes and
//! findings however the body is cut.

#![expect(clippy::unwrap_used, reason = "tests may fail loudly")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use bartizan_engine::blob::Policy;
use bartizan_engine::keyed_hash::HashKey;
use bartizan_engine::sensitive::{BodyKind, Findings, OPEN_LIMIT, ScanSettings, ScanWorld, Scanner};
use bartizan_policy_compiler::{compile_text, packs};
use serde::Deserialize;

#[derive(Deserialize)]
struct Pack {
    #[serde(default)]
    detectors: BTreeMap<String, Detector>,
}

#[derive(Deserialize)]
struct Detector {
    samples: Samples,
}

#[derive(Deserialize)]
struct Samples {
    #[serde(rename = "true")]
    found: Vec<String>,
    #[serde(rename = "false")]
    silent: Vec<String>,
}

/// A sample of a detector.
struct Sample {
    detector: String,
    text: String,
    /// Whether its detector must find it.
    is_found: bool,
}

fn samples() -> Vec<Sample> {
    let mut samples = Vec::new();
    for pack in packs::ALL {
        let pack: Pack = serde_saphyr::from_str(pack.text).unwrap();
        for (detector, about) in pack.detectors {
            for (texts, is_found) in [(about.samples.found, true), (about.samples.silent, false)] {
                let sample = |text| Sample { detector: detector.clone(), text, is_found };
                samples.extend(texts.into_iter().map(sample));
            }
        }
    }
    assert!(samples.len() > 600, "only {} samples were read", samples.len());
    samples
}

/// A blob that looks for what every pack describes.
fn everything() -> Vec<u8> {
    looking_for("payment-data, personal-data, health-data, secrets, errors")
}

/// A blob that looks for packs or detectors.
fn looking_for(found: &str) -> Vec<u8> {
    let text = format!(
        "version: 1\napps:\n  shop:\n    hosts: [shop.example]\n    mode: enforce\n    sensitive: [{{ find: [{found}], in: /**, do: mask }}]\n"
    );
    compile_text(Path::new("policy.yaml"), &text).blob.unwrap()
}

/// Scans a body in pieces, with everything of high confidence masked.
fn scan(kind: BodyKind, pieces: &[&[u8]], world: ScanWorld<'_, '_>) -> (Vec<u8>, Findings) {
    let mut scanner = Scanner::new(ScanSettings::everything(world.policy), kind);
    let mut output = Vec::new();
    for (position, piece) in pieces.iter().enumerate() {
        let is_last = position + 1 == pieces.len();
        output.extend(scanner.push(piece.to_vec(), is_last, world).output);
        assert!(scanner.open_tail() <= OPEN_LIMIT);
    }
    (output, scanner.findings().clone())
}

/// A text in a body of each kind, written as that kind writes it.
fn bodies(text: &str) -> [(&'static str, Vec<u8>); 4] {
    let markup = text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    let mut form = String::from("id=7&note=");
    for byte in text.bytes() {
        match byte {
            b' ' => form.push('+'),
            _ if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) => form.push(char::from(byte)),
            _ => write!(form, "%{byte:02X}").unwrap(),
        }
    }
    form.push_str("&last=1");
    let json = format!("{{\"id\":7,\"note\":{},\"last\":true}}", serde_json::to_string(text).unwrap());
    [
        ("text/plain", format!("{text}\n").into_bytes()),
        ("application/json", json.into_bytes()),
        ("text/html", format!("<p>{markup}</p>\n").into_bytes()),
        ("application/x-www-form-urlencoded", form.into_bytes()),
    ]
}

fn names(policy: &Policy<'_>, findings: &Findings) -> Vec<String> {
    let name = |detector: u16| policy.detectors.get(usize::from(detector)).map_or("", |known| known.name);
    let found = findings.found().iter().filter(|found| found.total() > 0);
    found.map(|found| name(found.detector).to_owned()).collect()
}

#[test]
fn every_sample_is_found_as_what_it_is_with_all_packs_together() {
    let blob = everything();
    let policy = Policy::parse(&blob).unwrap();
    let key = HashKey::from_secret(b"samples hold nothing to hide").unwrap();
    let world = ScanWorld { policy: &policy, key: &key };
    let class =
        |name: &str| policy.detectors.iter().find(|known| known.name == name).map(|known| known.class);
    let mut missed = Vec::new();
    for sample in samples().iter().filter(|sample| sample.is_found) {
        let (_, findings) = scan(BodyKind::TEXT, &[sample.text.as_bytes()], world);
        let names = names(&policy, &findings);
        // A token of a vendor in a member `api_key` may be found as either.
        if !names.iter().any(|name| class(name) == class(&sample.detector)) {
            missed.push(format!("{}, found as {names:?}: {}", sample.detector, sample.text));
        }
    }
    assert!(missed.is_empty(), "{} samples are not found:\n{}", missed.len(), missed.join("\n"));
}

#[test]
fn every_sample_gives_the_same_bytes_and_findings_for_every_split() {
    let blob = everything();
    let policy = Policy::parse(&blob).unwrap();
    let key = HashKey::from_secret(b"samples hold nothing to hide").unwrap();
    let world = ScanWorld { policy: &policy, key: &key };
    assert_no_differences(&samples(), |samples| {
        samples.iter().flat_map(|sample| differences(sample, world)).collect()
    });
}

/// Where a scan stops depends on all that is looked for, so that a detector may live on what another one makes it stop at.
#[test]
fn so_does_every_sample_with_its_detector_alone() {
    let key = HashKey::from_secret(b"samples hold nothing to hide").unwrap();
    assert_no_differences(&samples(), |samples| {
        let mut all = Vec::new();
        for of_one in samples.chunk_by(|one, other| one.detector == other.detector) {
            let Some(Sample { detector, .. }) = of_one.first() else { continue };
            let blob = looking_for(detector);
            let policy = Policy::parse(&blob).unwrap();
            let world = ScanWorld { policy: &policy, key: &key };
            all.extend(of_one.iter().flat_map(|sample| differences(sample, world)));
        }
        all
    });
}

/// Texts of which the pieces once gave something else than the whole.
#[test]
fn so_do_texts_that_fuzzing_found() {
    let late_address =
        format!(r#"{{"phone":{{"a":"{}","b":"a@b.co","c":"3703 0044 0235"}}}}"#, "s".repeat(120));
    // A password with an `@` in it, in front of as many characters of a host as are looked at, and one more `@`.
    let late_host = format!("https://ann:kV8mZt1!@a{}@shop.example/", "b".repeat(62));
    let later_host = format!("https://ann:kV8mZt1!@a{}@shop.example/", "b".repeat(63));
    let texts = ["#+xoxb-5@b.co".to_owned(), late_address, late_host, later_host];
    let samples = texts.map(|text| Sample { detector: "fuzzing".to_owned(), text, is_found: true });
    let blob = everything();
    let policy = Policy::parse(&blob).unwrap();
    let key = HashKey::from_secret(b"samples hold nothing to hide").unwrap();
    let world = ScanWorld { policy: &policy, key: &key };
    for sample in &samples {
        let kind = BodyKind::of(b"application/json").unwrap();
        let text = sample.text.as_bytes();
        let whole = scan(kind, &[text], world);
        for cut in 0..=text.len() {
            let (left, right) = text.split_at(cut);
            assert!(scan(kind, &[left, right], world) == whole, "cut at {cut}: {}", sample.text);
        }
    }
    assert_no_differences(&samples, |samples| {
        samples.iter().flat_map(|sample| differences(sample, world)).collect()
    });
}

#[test]
fn what_begins_with_more_digits_than_are_counted_is_found() {
    let text = "version: 1\ndetectors:\n  serial: { regex: '[0-9]{34}X[0-9]' }\napps:\n  shop:\n    hosts: [shop.example]\n    mode: enforce\n    sensitive: [{ find: [serial], in: /**, do: mask }]\n";
    let blob = compile_text(Path::new("policy.yaml"), text).blob.unwrap();
    let policy = Policy::parse(&blob).unwrap();
    let key = HashKey::from_secret(b"samples hold nothing to hide").unwrap();
    let world = ScanWorld { policy: &policy, key: &key };
    let serial = format!("{}X7", "12".repeat(17));
    let sample =
        Sample { detector: "serial".to_owned(), text: format!("no {serial}, and so on"), is_found: true };
    assert_eq!(differences(&sample, world), [""; 0]);
    let (output, _) = scan(BodyKind::TEXT, &[sample.text.as_bytes()], world);
    assert!(!String::from_utf8(output).unwrap().contains("1212"));
}

/// Looks for differences on all processors.
fn assert_no_differences(samples: &[Sample], find: impl Fn(&[Sample]) -> Vec<String> + Sync) {
    let find = &find;
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let share = samples.len().div_ceil(workers);
    let differences: Vec<String> = std::thread::scope(|scope| {
        let running: Vec<_> =
            samples.chunks(share).map(|samples| scope.spawn(move || find(samples))).collect();
        running.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(differences.is_empty(), "{} bodies differ:\n{}", differences.len(), differences.join("\n"));
}

/// Where the ways to cut a sample's bodies give different results: the first of each body.
fn differences(sample: &Sample, world: ScanWorld<'_, '_>) -> Vec<String> {
    let mut differences = Vec::new();
    for (content_type, body) in bodies(&sample.text) {
        let kind = BodyKind::of(content_type.as_bytes()).unwrap();
        let whole = scan(kind, &[&body], world);
        let is_same_length = whole.0.len() == body.len();
        let bytes: Vec<&[u8]> = body.chunks(1).collect();
        let cut = (0..=body.len()).find(|cut| {
            let (left, right) = body.split_at(*cut);
            scan(kind, &[left, right], world) != whole
        });
        let names = names(world.policy, &whole.1);
        // Inside of a text a document of JSON has no members, and its escapes are escaped.
        let is_document = sample.text.starts_with('{')
            && (sample.text.contains('\\') || sample.detector.ends_with("_field"));
        let place = match cut {
            _ if sample.is_found && !is_document && names.is_empty() => "not found".to_owned(),
            _ if !is_same_length => "masked: the length changes".to_owned(),
            Some(cut) => format!("cut at {cut} of {}", body.len()),
            None if scan(kind, &bytes, world) != whole => "byte by byte".to_owned(),
            None => continue,
        };
        differences.push(format!(
            "{} in {content_type}, {place}, found as a whole {names:?}: {}",
            sample.detector,
            String::from_utf8_lossy(&body)
        ));
    }
    differences
}
