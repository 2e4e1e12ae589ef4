//! What the keys about logins, accounts and sessions become.

#![expect(clippy::panic, reason = "tests may fail loudly")]

use std::path::Path;

use bartizan_engine::blob::draft::{
    ActionDraft, Condition, CounterSource, DecoyDraft, DevicesDraft, FieldSource, FingerprintPart, FlowKind,
    Milestone, OutcomeCondition, PolicyDraft, ReplyDraft,
};
use bartizan_engine::vocabulary::{Binding, CounterKey, Event, LeakedKind, Moment, Newcomer, Value, Whose};
use bartizan_policy_compiler::compile_text;
use bartizan_policy_compiler::diagnostic::render::{Format, render};

/// A policy with more at its top level, and these rules for account takeover.
fn draft(more: &str, rules: &[&str]) -> PolicyDraft {
    let rules: Vec<String> =
        rules.iter().map(|when| format!("      - {{ when: {when}, add: 1, because: test }}\n")).collect();
    let text = format!(
        "version: 1\n{more}threats:\n  account-takeover:\n    score:\n{}    steps: [{{ at: 1, do: tag }}]\n\
         apps:\n  bank:\n    hosts: [a.example]\n    routes: {{ one: {{ path: /one }}, two: {{ path: /two }}, three: {{ path: /three }} }}\n    \
         logins: [{{ request: POST /login, username: form.u, password: form.p, success: {{ status: 302 }}, failure: {{ status: 401 }} }}]\n",
        rules.concat()
    );
    compile(&text)
}

fn compile(text: &str) -> PolicyDraft {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/examples/every-key/inline.yaml");
    let compiled = compile_text(&path, text);
    let findings = render(&compiled.sources, &compiled.findings, Format::Plain);
    assert_eq!(compiled.findings.errors() + compiled.findings.warnings(), 0, "{findings}");
    compiled.draft.unwrap_or_else(|| panic!("{findings}"))
}

#[test]
fn facts_about_a_login_are_conditions() {
    let draft = draft(
        "client: { key: [issued_cookie.sid, address] }\ndevices: { for: 24h }\n",
        &[
            "{ stranger: true }",
            "{ known_device: false }",
            "{ under_attack: true }",
            "{ new: account }",
            "{ new: network }",
            "{ session_moved: network }",
            "{ session_older: 6h }",
        ],
    );
    let conditions: Vec<Condition> = draft.rules.iter().map(|rule| rule.when.clone()).collect();
    let expected = [
        Condition::Stranger,
        Condition::Not(Box::new(Condition::KnownDevice)),
        Condition::UnderAttack,
        Condition::New(Newcomer::Account),
        Condition::New(Newcomer::Network),
        Condition::SessionMoved(Binding::Network),
        Condition::SessionOlder(21_600),
    ];
    assert_eq!(conditions, expected);
    assert!(draft.client.fingerprint.is_empty(), "nothing asks for one");
    let devices = DevicesDraft { cookie: "bartizan-device".into(), for_seconds: 86_400 };
    assert_eq!(draft.devices, Some(devices));
}

#[test]
fn whoever_asks_for_fingerprints_gets_them() {
    let default = [
        FingerprintPart::HeaderOrder,
        FingerprintPart::Header("user-agent".into()),
        FingerprintPart::Header("accept-language".into()),
    ];
    let counter = "counters: { tries: { count: login.attempt, per: fingerprint, window: 1h } }\n";
    for (more, rule) in [
        ("", "{ new: fingerprint }"),
        ("client: { key: [issued_cookie.sid, address] }\n", "{ session_moved: fingerprint }"),
        (counter, "{ tries: { over: 5 } }"),
    ] {
        assert_eq!(draft(more, &[rule]).client.fingerprint, default, "{rule}");
    }
    let own = draft("client: { fingerprint: [X-JA4, header_order] }\n", &["{ new: fingerprint }"]);
    let parts = [FingerprintPart::Header("x-ja4".into()), FingerprintPart::HeaderOrder];
    assert_eq!(own.client.fingerprint, parts);
}

#[test]
fn counters_say_whose_logins_and_when() {
    let draft = draft(
        "counters:\n  a: { distinct: login.username, of: failure, from: strangers, per: login.password, window: 1h }\n  \
         b: { count: login.failure, per: address, half_life: 7d }\n  c: { regularity: login.attempt, per: client }\n  \
         d: { count: login.success, from: strangers, per: network, window: 6h }\n  e: { distinct: client, of: success, per: login.username, window: 24h }\n",
        &[
            "{ any: [{ a: { over: 9 } }, { b: { over: 9 } }, { c: { over: 80 } }, { d: { over: 9 } }, { e: { over: 9 } }] }",
        ],
    );
    let [a, b, c, d, e] = draft.counters.as_slice() else { panic!("{:?}", draft.counters) };
    assert_eq!((a.key, a.whose, a.moment), (CounterKey::LoginPassword, Whose::Strangers, Moment::Failure));
    assert_eq!(a.source, CounterSource::Distinct(Value::LoginUsername, None));
    assert_eq!((&b.source, b.window_ms), (&CounterSource::Slow(Event::LoginFailure), 604_800_000));
    assert_eq!((b.whose, b.moment, b.flush_at), (Whose::Anybody, Moment::Request, 1));
    assert_eq!(c.source, CounterSource::Regularity(Event::LoginAttempt));
    assert_eq!((d.key, d.whose, d.window_ms), (CounterKey::Network, Whose::Strangers, 21_600_000));
    assert_eq!((e.source.clone(), e.moment), (CounterSource::Distinct(Value::Client, None), Moment::Success));
}

#[test]
fn a_ratio_under_a_number_needs_a_whole() {
    let draft = draft(
        "counters:\n  tries: { count: login.attempt, per: fingerprint, window: 6h }\n  good: { count: login.success, per: fingerprint, window: 6h }\n",
        &[
            "{ all: [{ tries: { over: 50 } }, { ratio: { of: good, to: tries, under: 70 } }] }",
            "{ all: [{ tries: { over: 60 } }, { ratio: { of: good, to: tries, over: 30 } }] }",
        ],
    );
    let over = |part, percent| Condition::RatioOver { part, whole: 0, percent };
    let under = Condition::All(vec![
        Condition::CounterOver { counter: 0, over: 50 },
        Condition::All(vec![over(0, 0), Condition::Not(Box::new(over(1, 69)))]),
    ]);
    assert_eq!(draft.rules[0].when, under);
    let above = Condition::All(vec![Condition::CounterOver { counter: 0, over: 60 }, over(1, 30)]);
    assert_eq!(draft.rules[1].when, above);
}

#[test]
fn flows_know_their_steps_by_position() {
    let draft = draft(
        "client: { key: [verified_jwt.sub, address] }\ndevices: { for: 400d }\nflows:\n  \
         hasty: { app: bank, at: three, within: 1m, of: login.new_device, because: at once }\n  soon: { app: bank, at: two, within: 5s, of: login }\n  \
         blind: { app: bank, at: one, needs: [three, two], within: 24h }\n",
        &["{ any: [{ flow: blind }, { flow: hasty }, { flow: soon }] }"],
    );
    let [hasty, soon, blind] = draft.flows.as_slice() else { panic!("{:?}", draft.flows) };
    assert_eq!((hasty.route, hasty.within_seconds, hasty.because.as_str()), (2, 60, "at once"));
    assert_eq!(hasty.kind, FlowKind::TooSoonAfter(Milestone::NewDevice));
    assert_eq!((soon.route, &soon.kind), (1, &FlowKind::TooSoonAfter(Milestone::Login)));
    assert_eq!((blind.route, &blind.kind), (0, &FlowKind::Without(vec![2, 1])));
    assert_eq!(blind.within_seconds, 86_400);
    let conditions = [2, 0, 1].map(Condition::Flow).to_vec();
    assert_eq!(draft.rules[0].when, Condition::Any(conditions));
}

#[test]
fn leaked_lists_keep_their_path_for_whoever_reads_them() {
    let draft = draft(
        "leaked:\n  breached: { passwords_sha1_from: breached.txt }\n  combos: { pairs_from: combos.txt, bits: 16 }\n",
        &["{ leaked: combos }", "{ leaked: breached }"],
    );
    let lists: Vec<_> =
        draft.leaked.iter().map(|list| (list.kind, list.path.as_str(), list.bits, list.pages)).collect();
    let expected =
        [(LeakedKind::PasswordsSha1, "breached.txt", 8, 0), (LeakedKind::Pairs, "combos.txt", 16, 0)];
    assert_eq!(lists, expected);
    assert_eq!(draft.rules[0].when, Condition::Leaked(1));
}

#[test]
fn presets_are_logins_written_out() {
    let preset = |name: &str| {
        let text = format!(
            "version: 1\napps: {{ a: {{ hosts: [a.example], logins: [{{ request: POST /x, preset: {name} }}] }} }}\n"
        );
        compile(&text).apps.remove(0).logins.remove(0)
    };
    let written = compile(
        "version: 1\napps:\n  a:\n    hosts: [a.example]\n    logins:\n      - request: POST /x\n        username: form.username\n        \
         password: form.password\n        only_if: { form.grant_type: password }\n        success: { status: 200, json_has: /access_token }\n        \
         failure: { status: 4xx, json: { /error: invalid_grant } }\n",
    );
    assert_eq!(preset("oauth2-password"), written.apps[0].logins[0]);
    let codes = |codes: &[&str]| {
        let parts: Vec<String> = codes.iter().map(|code| format!("{{ body_contains: <{code} }}")).collect();
        format!("{{ any: [{}] }}", parts.join(", "))
    };
    let accepted = codes(&["CODE>0", "CODE>15000"]);
    let not_yet = codes(&["MFACHALLENGERS>", "CODE>3000", "CODE>15501"]);
    let wrong = codes(&["CODE>15500", "CODE>15502", "CODE>3001", "CODE>15513"]);
    let otherwise = [2000, 3000, 1350, 15501, 15506, 15507, 15510, 15511, 15512, 15514, 15515, 15516];
    let otherwise = otherwise.map(|code| format!("CODE>{code}"));
    let otherwise = codes(&otherwise.each_ref().map(String::as_str));
    let written = compile(&format!(
        "version: 1\napps:\n  a:\n    hosts: [a.example]\n    logins:\n      - request: POST /x\n        username: element.USERID\n        \
         password: element.USERPASS\n        \
         success: {{ all: [{{ body_contains: <SONRS> }}, {accepted}] }}\n        \
         failure: {{ any: [{{ all: [{{ body_contains: <SONRS> }}, {wrong}, {{ not: {otherwise} }}] }}, {{ all: [{accepted}, {not_yet}] }}] }}\n",
    ));
    assert_eq!(preset("ofx"), written.apps[0].logins[0]);
}

#[test]
fn logins_have_more_places_and_outcomes() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/examples/every-key/every-key.policy.yaml");
    let draft = compile(&std::fs::read_to_string(path).unwrap_or_default());
    let logins = &draft.apps[0].logins;
    let login = |name: &str| {
        logins.iter().find(|login| login.name == name).unwrap_or_else(|| panic!("there is no {name}"))
    };
    let first = login("login");
    assert!(first.plus_address && first.only_if.is_none() && !login("basic").plus_address);
    let decoy = DecoyDraft {
        status: 401,
        headers: vec![("content-type".into(), "text/html".into())],
        body: "<h1>Invalid password</h1>".into(),
        delay_ms: 250,
    };
    assert_eq!(first.decoy, Some(decoy));
    let app = login("app");
    assert_eq!(app.username, FieldSource::Json("/variables/email".into()));
    assert_eq!(app.only_if, Some((FieldSource::Json("/operationName".into()), "logIn".into())));
    assert_eq!(app.success, OutcomeCondition::JsonHas("/data/logIn/token".into()));
    let upload = login("upload");
    assert_eq!(upload.username, FieldSource::Multipart("user".into()));
    assert_eq!(upload.success, OutcomeCondition::RedirectsTo("/partner/home/**".into()));
    assert_eq!(login("soap").password, Some(FieldSource::Element("Password".into())));
    let steps = &draft.ladders[0].steps;
    let reply = ReplyDraft { delay_ms: 2000, ..ReplyDraft::default() };
    assert_eq!(steps.last().map(|step| &step.action), Some(&ActionDraft::Deceive { reply }));
}

#[test]
fn every_blob_of_these_can_be_read_again() {
    let draft = draft(
        "counters: { sprayed: { distinct: login.username, of: failure, per: login.password, window: 1h } }\n",
        &["{ sprayed: { over: 250 } }"],
    );
    let blob = draft.write().unwrap_or_else(|error| panic!("{error}"));
    assert!(bartizan_engine::blob::Policy::parse(&blob).is_ok());
}
