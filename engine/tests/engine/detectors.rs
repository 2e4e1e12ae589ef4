//! What a policy says about sensitive values, written and read.

use crate::world::{path, shop};
use bartizan_engine::blob::Policy;
use bartizan_engine::blob::detectors::{
    AT_LITERALS, Confidence, DetectorBits, Finder, LiteralKind, MAX_CONTEXTS, NO_CONTEXT, NO_PATTERN,
};
use bartizan_engine::blob::draft::{DetectorDraft, PatternDraft, PolicyDraft, SensitiveAction};
use bartizan_engine::http::path::segments;
use bartizan_engine::vocabulary::Mode;
use regex_automata::Anchored;
use regex_automata::dfa::{Automaton as _, dense};
use regex_automata::util::syntax;

const V1_SHOP: &[u8] = include_bytes!("../../../tests/blobs/v1/shop.blob");

fn pattern(regex: &str, literals: &[&str]) -> PatternDraft {
    let dense = dense::Builder::new()
        .configure(dense::Config::new().start_kind(regex_automata::dfa::StartKind::Anchored))
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .build(regex)
        .unwrap();
    PatternDraft {
        follows: [0; 8],
        tail: [0; 8],
        tail_most: 0,
        automaton: dense.to_sparse().unwrap().to_bytes_little_endian(),
        longest: 40,
        literals: literals.iter().map(|text| (*text).to_owned()).collect(),
        triggers: AT_LITERALS,
    }
}

fn with_context(name: &str, context: &[&str]) -> DetectorDraft {
    let mut detector = DetectorDraft::built_in(name, Finder::Words);
    detector.words = vec![format!("word of {name}")];
    detector.context = context.iter().map(|word| (*word).to_owned()).collect();
    detector
}

/// The shop, looking for everything that the detectors find.
fn looking_for(detectors: Vec<DetectorDraft>) -> PolicyDraft {
    let mut draft = shop(Mode::Enforce);
    draft.apps[0].sensitive[0].find = (0..detectors.len()).collect();
    draft.detectors = detectors;
    draft
}

#[test]
fn patterns_words_fields_and_contexts_are_read_as_they_were_written() {
    let mut key = DetectorDraft::built_in("key", Finder::Pattern);
    key.pattern = Some(pattern("AKIA[A-Z0-9]{16}", &["akia"]));
    key.class = "secrets".to_owned();
    key.alone = Confidence::Likely;
    let mut field = DetectorDraft::built_in("diagnosis", Finder::Fields);
    field.fields = vec!["diagnosis".to_owned()];
    let drafts = vec![key, with_context("one", &["card"]), field, with_context("same", &["card"])];
    let blob = looking_for(drafts).write().unwrap();
    let policy = Policy::parse(&blob).unwrap();
    let names: Vec<_> = policy.detectors.iter().map(|detector| (detector.name, detector.class)).collect();
    assert_eq!(names, [("key", "secrets"), ("one", ""), ("diagnosis", ""), ("same", "")]);
    assert_eq!((policy.detectors[0].pattern, policy.detectors[0].alone), (0, Confidence::Likely));
    assert_eq!((policy.detectors[1].context, policy.detectors[3].context), (0, 0));
    assert_eq!((policy.detectors[2].context, policy.detectors[2].pattern), (NO_CONTEXT, NO_PATTERN));
    let literals: Vec<_> =
        policy.literals.iter().map(|literal| (literal.text, literal.kind, literal.target)).collect();
    assert_eq!(
        literals,
        [
            ("akia", LiteralKind::Pattern, 0),
            ("card", LiteralKind::Context, 0),
            ("diagnosis", LiteralKind::Field, 2),
            ("word of one", LiteralKind::Words, 1),
            ("word of same", LiteralKind::Words, 3),
        ]
    );
    let input = regex_automata::Input::new("AKIAIOSFODNN7EXAMPLQ").anchored(Anchored::Yes);
    let found = policy.automata_parsed[0].try_search_fwd(&input).unwrap();
    assert_eq!(found.map(|found| found.offset()), Some(20));
}

#[test]
fn detectors_that_nothing_looks_for_are_not_written() {
    let mut draft = looking_for(vec![with_context("one", &[]), with_context("two", &["card"])]);
    draft.apps[0].sensitive[0].find = vec![1];
    draft.apps[0].routes[0].expects = vec![0, 1];
    let blob = draft.write().unwrap();
    let policy = Policy::parse(&blob).unwrap();
    assert_eq!(policy.detectors.len(), 1);
    let only: DetectorBits = [0].into_iter().collect();
    assert_eq!((policy.sensitive[0].finds, policy.expectations[0].detectors), (only, only));
}

#[test]
fn what_a_route_expects_is_found_by_its_path_and_method() {
    let mut draft = looking_for(vec![with_context("one", &[])]);
    draft.apps[0].expectations = vec![(vec!["GET".to_owned()], path("/me/{id}"), vec![0])];
    let blob = draft.write().unwrap();
    let policy = Policy::parse(&blob).unwrap();
    let find = |method: &str| {
        let found = policy.trie().find(policy.apps[0].root, segments(b"/me/7"), method.as_bytes());
        found.expectations
    };
    assert_eq!((find("GET"), find("POST")), (vec![0], vec![]));
}

#[test]
fn old_blobs_look_for_the_four_detectors_of_their_time() {
    let policy = Policy::parse(V1_SHOP).unwrap();
    let names: Vec<_> = policy.detectors.iter().map(|detector| detector.name).collect();
    assert_eq!(names, ["payment_card", "iban", "us_ssn", "email"]);
    for search in &policy.sensitive {
        let found = search.finds.iter().fold(0, |bits, detector| bits | 1 << detector);
        assert_eq!(found, search.detectors);
        assert_eq!((search.confidence, search.places), (Confidence::Never, 0));
    }
}

#[test]
fn more_than_the_tables_hold_is_refused() {
    let many = |count: usize| -> Vec<_> {
        (0..count).map(|number| with_context(&format!("d{number}"), &[&format!("word{number}")])).collect()
    };
    assert!(looking_for(many(MAX_CONTEXTS)).write().is_ok());
    assert!(looking_for(many(MAX_CONTEXTS + 1)).write().is_err());
    let mut draft = looking_for(many(1));
    draft.detectors = vec![with_context("same", &[]); 257];
    draft.apps[0].sensitive[0].find = (0..257).collect();
    assert!(draft.write().is_err());
    draft.apps[0].sensitive[0].find = (0..256).collect();
    assert!(Policy::parse(&draft.write().unwrap()).is_ok());
}

#[test]
fn an_automaton_that_was_damaged_is_refused_or_still_an_automaton() {
    let mut key = DetectorDraft::built_in("key", Finder::Pattern);
    let whole = pattern("AKIA[A-Z0-9]{16}", &["akia"]);
    for at in 0..whole.automaton.len() {
        for value in [0, 1, 127, 255] {
            let mut damaged = whole.clone();
            damaged.automaton[at] = value;
            key.pattern = Some(damaged);
            let mut draft = looking_for(vec![key.clone()]);
            draft.apps[0].sensitive[0].action = SensitiveAction::Mask;
            let blob = draft.write().unwrap();
            if let Ok(policy) = Policy::parse(&blob) {
                let input = regex_automata::Input::new("AKIAIOSFODNN7EXAMPLQ").anchored(Anchored::Yes);
                let _ = policy.automata_parsed[0].try_search_fwd(&input);
            }
        }
    }
}
