//! Rule packs: each is without fault, and joins with a policy as the reference says.

#![expect(clippy::unwrap_used, reason = "tests may fail loudly")]

use std::path::Path;

use bartizan_engine::blob::draft::{FingerprintPart, PolicyDraft};
use bartizan_policy_compiler::diagnostic::render::{Format, render};
use bartizan_policy_compiler::{Compiled, compile_text, packs};

/// A policy that uses a pack, with one login.
fn policy(pack: &str, more: &str) -> Compiled {
    let text = format!(
        "version: 1\nuse: [{pack}]\n{more}apps:\n  bank:\n    hosts: [bank.example]\n    mode: enforce\n    logins:\n      \
         - {{ request: POST /login, username: form.user, password: form.password, success: {{ status: 302 }}, failure: {{ status: 401 }} }}\n    \
         sensitive:\n      - {{ find: [payment_card], in: /**, do: mask }}\n"
    );
    compile_text(Path::new("policy.yaml"), &text)
}

fn findings(compiled: &Compiled) -> String {
    render(&compiled.sources, &compiled.findings, Format::Plain)
}

fn draft(pack: &str, more: &str) -> PolicyDraft {
    let compiled = policy(pack, more);
    assert_eq!(findings(&compiled), "");
    compiled.draft.unwrap()
}

#[test]
fn every_pack_alone_gives_a_policy_without_a_finding() {
    for pack in packs::ALL {
        let draft = draft(pack.name, "");
        assert_eq!(draft.rules.is_empty(), draft.ladders.is_empty(), "{}", pack.name);
        for rule in &draft.rules {
            let numbered = rule.id.rsplit('-').next().is_some_and(|end| end.parse::<u32>().is_ok());
            assert!(!numbered, "{}: the rule {} has no id of its own", pack.name, rule.id);
        }
    }
}

#[test]
fn the_authors_rules_join_the_packs_and_replace_those_of_the_same_id() {
    let alone = draft("account-takeover", "");
    let replaced = alone.rules[1].id.clone();
    let more = format!(
        "counters: {{ pages: {{ count: request, per: client, window: 1m }} }}\n\
         threats:\n  account-takeover:\n    score:\n      \
         - {{ when: {{ pages: {{ over: 900 }} }}, add: 7, because: own }}\n      \
         - {{ id: {replaced}, when: {{ pages: {{ over: 800 }} }}, add: 9, because: replaced }}\n"
    );
    let joined = draft("account-takeover", &more);
    assert_eq!(joined.ladders, alone.ladders, "the pack's steps stay");
    let ids = |draft: &PolicyDraft| draft.rules.iter().map(|rule| rule.id.clone()).collect::<Vec<_>>();
    let mut expected = ids(&alone);
    expected.retain(|id| *id != replaced);
    expected.extend([String::from("account-takeover-1"), replaced]);
    assert_eq!(ids(&joined), expected);
    assert_eq!(joined.rules.last().map(|rule| rule.points), Some(9));
}

#[test]
fn the_authors_counters_replace_those_of_the_same_name() {
    let alone = draft("account-takeover", "");
    let first = &alone.counters[0];
    let more =
        format!("counters: {{ {}: {{ count: login.attempt, per: address, window: 77s }} }}\n", first.name);
    let joined = draft("account-takeover", &more);
    assert_eq!((joined.counters.len(), &joined.counters[0].name), (alone.counters.len(), &first.name));
    assert_eq!(joined.counters[0].window_ms, 77_000);
}

#[test]
fn the_authors_steps_replace_the_packs() {
    let joined = draft(
        "account-takeover",
        "threats: { account-takeover: { steps: [{ at: 25, do: throttle, to: 5/m }] } }\n",
    );
    assert_eq!(joined.ladders.len(), 1);
    assert_eq!(joined.ladders[0].steps.iter().map(|step| step.at).collect::<Vec<_>>(), [25]);
}

#[test]
fn the_authors_devices_and_fingerprint_replace_the_packs() {
    let alone = draft("account-takeover", "");
    assert!(alone.devices.is_some(), "the pack knows devices");
    let more = "devices: { cookie: own, for: 24h }\nclient: { fingerprint: [user-agent] }\n";
    let own = draft("account-takeover", more);
    assert_eq!(
        own.devices.map(|devices| (devices.cookie, devices.for_seconds)),
        Some(("own".into(), 86_400))
    );
    assert_eq!(own.client.fingerprint, [FingerprintPart::Header("user-agent".into())]);
}

#[test]
fn rules_can_be_left_out() {
    let alone = draft("account-takeover", "");
    let gone = &alone.rules[0];
    let less = draft(&format!("{{ pack: account-takeover, without: [{}] }}", gone.id), "");
    assert_eq!(less.rules.len() + 1, alone.rules.len());
    assert!(less.rules.iter().all(|rule| rule.id != gone.id));
}

#[test]
fn findings_point_into_the_policy_that_uses_the_pack() {
    // A ratio of the pack has counters of two kinds then.
    let more = "counters: { ato-program-tries: { count: login.attempt, per: address, window: 6h } }\n";
    let compiled = policy("account-takeover", more);
    let findings = compiled.findings.sorted();
    assert!(!findings.is_empty());
    for finding in findings {
        let file = compiled.sources.file(finding.primary.span.file).unwrap();
        assert_eq!(file.path(), Path::new("policy.yaml"), "{}", finding.message);
    }
}
