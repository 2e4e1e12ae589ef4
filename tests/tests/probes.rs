//! Every rule of the emulated host has a probe, and every probe sees the same here and in a real Envoy.

use emulated_host::artefacts;
use emulated_host::host::rules::RULES;
use emulated_host::probe::emulated::Outcome;
use emulated_host::probe::{self, Probe, emulated, envoy};

#[test]
fn every_rule_has_a_probe_and_every_probe_a_rule() {
    let probes = probes();
    let probed: Vec<&str> = probes.iter().map(|probe| probe.name.as_str()).collect();
    let mut rules: Vec<&str> = RULES.iter().map(|(name, _)| *name).collect();
    rules.sort_unstable();
    assert_eq!(rules, probed, "left: rules of the emulation; right: files in tests/probes");
    for ((name, says), probe) in sorted_rules().iter().zip(&probes) {
        assert_eq!(*says, probe.says, "the rule {name} and its probe say different things");
    }
}

#[test]
fn every_probe_sees_in_the_emulated_host_what_it_expects() {
    let wasm = artefacts::probe_filter().unwrap();
    let module = artefacts::load(&wasm).unwrap();
    let probes = probes();
    let outcomes: Vec<Outcome> = probes.iter().map(|probe| emulated::play(&module, probe).unwrap()).collect();
    report("the emulated host", &differences(&probes, &outcomes));
}

#[test]
fn every_probe_sees_in_a_real_envoy_what_it_expects() {
    let Some(binary) = artefacts::envoy() else {
        eprintln!("skipped: $BARTIZAN_ENVOY names no Envoy");
        return;
    };
    let wasm = artefacts::probe_filter().unwrap();
    // On a busy machine parts that were sent apart can arrive together: what differs is played again, twice at most.
    let mut probes = probes();
    let mut differing = Vec::new();
    for _ in 0..3 {
        let directory = tempfile::tempdir().unwrap();
        let outcomes = envoy::play(&binary, &wasm, &probes, directory.path()).unwrap();
        differing = differences(&probes, &outcomes);
        if differing.is_empty() {
            break;
        }
        probes.retain(|probe| differing.iter().any(|(name, _)| *name == probe.name));
    }
    report("a real Envoy", &differing);
}

/// What differs, by the probe's name.
fn differences(probes: &[Probe], outcomes: &[Outcome]) -> Vec<(String, String)> {
    let mut differing = Vec::new();
    for (probe, outcome) in probes.iter().zip(outcomes) {
        let mut differences = Vec::new();
        if outcome.refused != probe.refused {
            differences.push(format!("refused: expected {}, saw {}", probe.refused, outcome.refused));
        }
        for line in &probe.start_log {
            if !outcome.start_log.contains(line) {
                differences.push(format!("not logged at the start: {line}; but: {:?}", outcome.start_log));
            }
        }
        if !probe.refused && probe.exchanges.len() != outcome.exchanges.len() {
            differences.push(format!("only {} exchanges were played", outcome.exchanges.len()));
        }
        for (index, (exchange, seen)) in probe.exchanges.iter().zip(&outcome.exchanges).enumerate() {
            let found = exchange.expect.differences(seen);
            differences
                .extend(found.into_iter().map(|difference| format!("exchange {}: {difference}", index + 1)));
        }
        if !differences.is_empty() {
            differing.push((probe.name.clone(), differences.join("\n  ")));
        }
    }
    differing
}

fn report(host: &str, differing: &[(String, String)]) {
    let texts: Vec<String> = differing.iter().map(|(name, text)| format!("{name}:\n  {text}")).collect();
    assert!(texts.is_empty(), "{} probes differ in {host}:\n{}", texts.len(), texts.join("\n"));
}

#[cfg(test)]
fn probes() -> Vec<Probe> {
    probe::read_all(&artefacts::package().join("probes")).unwrap()
}

fn sorted_rules() -> Vec<(&'static str, &'static str)> {
    let mut rules = RULES.to_vec();
    rules.sort_unstable();
    rules
}
