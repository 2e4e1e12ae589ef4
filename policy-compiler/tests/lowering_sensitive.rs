//! What policies say about sensitive data, as the filter gets it.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may fail loudly")]

use std::path::Path;

use bartizan_engine::blob::Policy;
use bartizan_engine::blob::detectors::{IN_BODY, IN_HEADERS, IN_URL};
use bartizan_engine::blob::draft::{
    Compression, Condition, Confidence, CounterSource, Finder, MaskStyle, PolicyDraft, SensitiveAction,
};
use bartizan_engine::vocabulary::{Event, Value};
use bartizan_policy_compiler::diagnostic::render::{Format, render};
use bartizan_policy_compiler::{compile_text, packs};

fn draft(more: &str, app: &str) -> PolicyDraft {
    let text =
        format!("version: 1\n{more}apps:\n  shop:\n    hosts: [shop.example]\n    mode: report\n{app}");
    let compiled = compile_text(Path::new("policy.yaml"), &text);
    assert_eq!(render(&compiled.sources, &compiled.findings, Format::Plain), "");
    assert!(Policy::parse(&compiled.blob.unwrap()).is_ok());
    compiled.draft.unwrap()
}

fn names<'d>(draft: &'d PolicyDraft, positions: &[usize]) -> Vec<&'d str> {
    positions.iter().map(|at| draft.detectors[*at].name.as_str()).collect()
}

#[test]
fn detectors_of_packs_are_known_without_the_pack_and_only_used_ones_are_there() {
    let draft = draft("", "    sensitive: [{ find: [iban, payment_card], in: /**, do: mask }]\n");
    let found = names(&draft, &draft.apps[0].sensitive[0].find);
    assert_eq!(found, ["payment_card", "iban"]);
    assert_eq!(draft.detectors.len(), 2);
    assert_eq!(draft.detectors[1].class, "payment-data");
}

#[test]
fn a_pack_stands_for_all_its_detectors_but_those_that_are_left_out() {
    let app = "    sensitive: [{ find: [payment-data], except: [iban], in: /**, do: tag }]\n";
    let draft = draft("", app);
    let found = names(&draft, &draft.apps[0].sensitive[0].find);
    assert!(found.len() > 2 && found.contains(&"payment_card") && !found.contains(&"iban"), "{found:?}");
    assert!(draft.detectors.iter().all(|detector| detector.class == "payment-data"));
}

#[test]
fn all_packs_together_fit_into_a_policy() {
    let packs: Vec<&str> = packs::NAMES
        .iter()
        .copied()
        .filter(|name| !["account-takeover", "data-leakage"].contains(name))
        .collect();
    let draft =
        draft("", &format!("    sensitive: [{{ find: [{}], in: /**, do: mask }}]\n", packs.join(", ")));
    assert!(draft.detectors.len() > 100);
}

#[test]
fn what_is_done_with_a_finding_is_lowered_with_its_defaults() {
    let draft = draft(
        "detectors: { salary: { fields: [/**/Salary, base_pay] } }\n",
        "    sensitive:\n      - { find: [email], in: /a/**, do: mask }\n      \
         - { find: [email], in: /b/**, at: [url, headers], do: block, keep_first: 2, keep_last: 4, confidence: likely }\n      \
         - { find: [email], in: /c/**, do: mask, mask_with: hash }\n      \
         - { find: [salary], in: /d/**, do: remove }\n",
    );
    let [first, second, third, fourth] = draft.apps[0].sensitive.as_slice() else { panic!("four entries") };
    assert_eq!((first.places, first.confidence), (IN_BODY | IN_HEADERS | IN_URL, Confidence::High));
    assert_eq!((first.keep_first, first.keep_last, first.style), (0, 0, MaskStyle::Stars));
    assert_eq!((second.places, second.confidence), (IN_HEADERS | IN_URL, Confidence::Likely));
    assert_eq!((second.keep_first, second.keep_last, second.action), (2, 4, SensitiveAction::Block));
    assert_eq!((third.style, fourth.action), (MaskStyle::Hash, SensitiveAction::Remove));
    let salary = draft.detectors.iter().find(|detector| detector.name == "salary").unwrap();
    assert_eq!((salary.finder, salary.class.as_str()), (Finder::Fields, ""));
    assert_eq!(salary.fields, ["salary", "base_pay"]);
}

#[test]
fn words_and_context_are_in_lower_case_with_one_space_for_each_gap() {
    let draft = draft(
        "detectors: { project: { words: [Blue-Heron, 'x17  project'] }, member: { regex: '[0-9]{10}', context: [Member_ID], alone: never } }\n",
        "    sensitive: [{ find: [project, member], in: /**, do: tag }]\n",
    );
    assert_eq!(draft.detectors[0].words, ["blue heron", "x17 project"]);
    assert_eq!(draft.detectors[1].context, ["member id"]);
    assert_eq!(draft.detectors[1].pattern.as_ref().map(|pattern| pattern.triggers), Some(0));
}

#[test]
fn what_is_expected_and_what_is_counted_names_detectors() {
    let draft = draft(
        "client: { country_header: X-Country }\n\
         counters:\n  mails: { distinct: sensitive.value, data: [email], per: client, window: 1h }\n  \
         unusual: { count: sensitive.unusual, per: route, window: 1h }\n\
         threats:\n  leakage:\n    score:\n      \
         - { when: { any: [{ mails: { over: 100 } }, { unusual: { over: 3 } }, { reply_values: { over: 200 } }] }, add: 20, because: too much }\n    \
         steps: [{ at: 20, do: tag }]\n",
        "    compression: decode\n    routes: { me: { path: /me, expects: [personal-data] } }\n    \
         sensitive: [{ find: [email, phone, iban], in: /**, do: tag }]\n",
    );
    assert_eq!(draft.client.country_header, "x-country");
    assert_eq!(draft.apps[0].compression, Compression::Decode);
    let mut expected = names(&draft, &draft.apps[0].routes[0].expects);
    expected.sort_unstable();
    assert_eq!(expected, ["email", "phone"], "only what is looked for makes a difference");
    assert_eq!(draft.counters[0].source, CounterSource::Distinct(Value::SensitiveValue, None));
    assert_eq!(names(&draft, &draft.counters[0].finds), ["email"]);
    assert_eq!(draft.counters[1].source, CounterSource::Count(Event::SensitiveUnusual));
    let Condition::Any(parts) = &draft.rules[0].when else { panic!("any") };
    assert_eq!(parts[2], Condition::ReplyValuesOver(200));
}

#[test]
fn both_packs_that_count_fit_into_one_cell_beside_counters_of_the_author() {
    let login = "    logins:\n      \
         - { request: POST /login, username: form.user, password: form.password, success: { status: 302 }, failure: { status: 401 } }\n    \
         sensitive: [{ find: [email], in: /**, do: tag }]\n";
    let more = "use: [account-takeover, data-leakage]\nclient: { key: [issued_cookie.sid, address] }\n\
         counters: { pages: { count: request, per: client, window: 1m }, items: { distinct: path, per: client, window: 10m } }\n\
         threats: { scraping: { score: [{ when: { any: [{ pages: { over: 120 } }, { items: { over: 60 } }] }, add: 40, because: read at machine speed }] } }\n";
    draft(more, login);
}
