//! What a policy means: the draft that it becomes.

#![expect(clippy::panic, reason = "tests may fail loudly")]

use std::path::Path;

use bartizan_engine::blob::draft::{
    ActionDraft, AddressFrom, AddressRange, ClientKey, Condition, CounterSource, FieldSource, HostPattern,
    OutcomeCondition, PolicyDraft, ReplyDraft, Segment, SensitiveAction,
};
use bartizan_engine::vocabulary::{CounterKey, Event, Mode, OnError, Threat, Value};
use bartizan_policy_compiler::compile_text;
use bartizan_policy_compiler::diagnostic::render::{Format, render};

fn draft(text: &str) -> PolicyDraft {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/examples/every-key/inline.yaml");
    let compiled = compile_text(&path, text);
    let findings = render(&compiled.sources, &compiled.findings, Format::Plain);
    compiled.draft.unwrap_or_else(|| panic!("{findings}"))
}

fn with_counters(counters: &str, conditions: &str) -> PolicyDraft {
    draft(&format!(
        "version: 1\ncounters:\n{counters}\nthreats:\n  scraping:\n    score:\n{conditions}\n    steps: [{{ at: 1, do: tag }}]\n\
         apps:\n  shop: {{ hosts: [a.example] }}\n"
    ))
}

#[test]
fn the_smallest_policy_watches_and_does_nothing() {
    let draft = draft("version: 1\napps: { shop: { hosts: [Shop.Example.COM, '*.example.com', '*'] } }\n");
    assert_eq!(draft.on_error, OnError::Allow);
    assert_eq!(draft.client.address_from, AddressFrom::Envoy);
    assert_eq!(draft.client.ipv6_prefix, 64);
    assert!(draft.client.keys.is_empty());
    assert_eq!(draft.apps[0].mode, Mode::Report);
    let hosts = [
        HostPattern::Exact("shop.example.com".into()),
        HostPattern::Below("example.com".into()),
        HostPattern::Any,
    ];
    assert_eq!(draft.apps[0].hosts, hosts);
}

#[test]
fn modes_are_inherited_and_only_weakened() {
    let draft = draft(
        "version: 1\nmode: enforce\ncounters: { pages: { count: request, per: client, window: 1m } }\n\
         threats: { scraping: { score: [{ when: { pages: { over: 9 } }, add: 9, because: fast }], steps: [{ at: 9, do: block }] } }\n\
         apps:\n  a:\n    hosts: [a.example]\n    routes: { one: { path: /x, mode: report }, two: { path: /y, mode: enforce }, three: { path: /z } }\n  \
         b: { hosts: [b.example], mode: report, routes: { x: { path: /x } } }\n",
    );
    assert_eq!(draft.apps[0].mode, Mode::Enforce);
    let modes: Vec<Mode> = draft.apps[0].routes.iter().map(|route| route.mode).collect();
    assert_eq!(modes, [Mode::Report, Mode::Enforce, Mode::Enforce]);
    assert_eq!((draft.apps[1].mode, draft.apps[1].routes[0].mode), (Mode::Report, Mode::Report));
}

#[test]
fn counters_know_their_highest_threshold_and_flush_by_their_lowest() {
    let draft = with_counters(
        "  pages: { count: request, per: client, window: 1m }\n  users: { distinct: login.username, per: address, window: 10m }",
        "      - { when: { pages: { over: 320 } }, add: 1, because: a }\n      \
         - { when: { any: [{ pages: { over: 64 } }, { users: { over: 7 } }] }, add: 1, because: b }\n      \
         - { when: { not: { pages: { over: 6500 } } }, add: 1, because: c }",
    );
    let pages = &draft.counters[0];
    assert_eq!((pages.highest_threshold, pages.flush_at), (6500, 2));
    assert_eq!((pages.key, pages.window_ms), (CounterKey::Client, 60_000));
    let users = &draft.counters[1];
    assert_eq!((users.highest_threshold, users.flush_at), (7, 1));
    assert_eq!(users.source, CounterSource::Distinct(Value::LoginUsername, None));
}

#[test]
fn request_counters_flush_between_one_and_64_requests() {
    let flush_at = |over: u32| {
        let rule = format!("      - {{ when: {{ pages: {{ over: {over} }} }}, add: 1, because: a }}");
        with_counters("  pages: { count: request, per: route, window: 1h }", &rule).counters[0].flush_at
    };
    assert_eq!([flush_at(1), flush_at(31), flush_at(120), flush_at(65_000)], [1, 1, 3, 64]);
}

#[test]
fn a_counter_that_nothing_uses_takes_no_room() {
    let draft = with_counters(
        "  unused: { count: request, per: client, window: 1m }\n  missing: { count: response.4xx, per: client, window: 1m }",
        "      - { when: { missing: { over: 3 } }, add: 1, because: a }",
    );
    assert_eq!(draft.counters.len(), 1);
    assert_eq!(draft.counters[0].source, CounterSource::Count(Event::ResponseStatus(4)));
    assert_eq!(draft.rules[0].when, Condition::CounterOver { counter: 0, over: 3 });
}

#[test]
fn rules_get_ids_by_threat_and_position() {
    let draft = with_counters(
        "  pages: { count: request, per: client, window: 1m }",
        "      - { when: { pages: { over: 3 } }, add: 1, because: a }\n      \
         - { id: own, when: { pages: { over: 4 } }, add: 2, because: b, mode: report }\n      \
         - { when: { pages: { over: 5 } }, add: 3, because: c }",
    );
    let ids: Vec<&str> = draft.rules.iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(ids, ["scraping-1", "own", "scraping-3"]);
    assert_eq!(draft.rules[1].mode, Mode::Report);
    assert_eq!(draft.rules[2].mode, Mode::Enforce);
}

#[test]
fn every_key_of_the_language_arrives_in_the_draft() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/examples/every-key/every-key.policy.yaml");
    let draft = draft(&std::fs::read_to_string(path).unwrap());
    assert_eq!(draft.client.ipv6_prefix, 56);
    let claim = |payload: &str, claim: &str| ClientKey::VerifiedClaim {
        payload: payload.into(),
        claim: claim.into(),
    };
    let keys = [
        claim("payload", "sub"),
        claim("partner", "client_id"),
        ClientKey::IssuedCookie("sid".into()),
        ClientKey::AcceptedHeader("x-api-key".into()),
    ];
    assert_eq!(draft.client.keys, keys);
    assert_eq!(draft.allow[0].skip, [Threat::Scraping, Threat::Injection]);
    assert_eq!(draft.allow[1].skip, Threat::ALL);
    assert_eq!(draft.allow[1].ranges, draft.lists[0].ranges);
    // Both halves of the IPv4 network are one range, IPv4 sorts before IPv6.
    let first = 0xffff_cb00_7100;
    assert_eq!(draft.lists[1].ranges[0], AddressRange { first, last: first + 255 });
    assert_eq!(draft.lists[1].ranges.len(), 2);

    let takeover = &draft.ladders[0];
    assert_eq!((takeover.threat, takeover.steps[0].at), (Threat::AccountTakeover, 30));
    let challenge = ReplyDraft {
        status: Some(403),
        json: Some(r#"{"error":"captcha"}"#.into()),
        html: Some("<h1>Please solve the puzzle</h1>".into()),
        delay_ms: 0,
    };
    assert_eq!(takeover.steps[1].action, ActionDraft::Challenge { reply: challenge });
    let scraping = &draft.ladders[1].steps;
    assert_eq!(scraping[0].action, ActionDraft::Throttle { per_minute: 60, reply: ReplyDraft::default() });
    let reply = ReplyDraft { status: Some(404), ..ReplyDraft::default() };
    assert_eq!(scraping[1].action, ActionDraft::Block { for_ms: 600_000, reply });

    let app = &draft.apps[0];
    assert_eq!(app.owner, "shop-team");
    let path =
        [Segment::Literal("api".into()), Segment::Literal("items".into()), Segment::Parameter("id".into())];
    assert_eq!(app.routes[0].path.segments, path);
    assert_eq!(app.routes[0].methods, ["GET", "HEAD"]);
    assert!(app.routes[1].authenticated);
    assert_eq!(app.routes[2].path.segments.last(), Some(&Segment::Any));
    assert_eq!(app.logins[0].name, "login");
    assert_eq!(
        (app.logins[0].method.as_str(), &app.logins[0].username),
        ("POST", &FieldSource::Form("email".into()))
    );
    assert_eq!((app.logins[1].name.as_str(), app.logins[1].mode), ("basic", Mode::Report));
    assert_eq!(app.logins[1].password, Some(FieldSource::BasicPassword));
    let success = OutcomeCondition::All(vec![
        OutcomeCondition::Status(302),
        OutcomeCondition::SetsCookie("sid".into()),
        OutcomeCondition::Header { name: "location".into(), contains: Some("/account".into()) },
    ]);
    assert_eq!(app.logins[0].success, success);
    assert_eq!((app.honeypots[0].points, app.honeypots[0].for_ms), (60, 3_600_000));
    let names = |of: &[usize]| of.iter().map(|at| draft.detectors[*at].name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&app.sensitive[0].find), ["payment_card", "iban"]);
    assert_eq!((app.sensitive[0].action, app.sensitive[0].keep_last), (SensitiveAction::Mask, 4));
}

#[test]
fn json_values_are_compared_as_json_writes_them() {
    let draft = draft(
        "version: 1\napps:\n  a:\n    hosts: [a.example]\n    logins:\n      - request: POST /login\n        username: json./u\n        \
         success: { json: { /ok: true } }\n        failure: { json: { /ok: false, /code: 17, /reason: ~, /text: \"17\" } }\n",
    );
    let equals = |pointer: &str, equals: &str| OutcomeCondition::Json {
        pointer: pointer.into(),
        equals: equals.into(),
    };
    let failure =
        vec![equals("/ok", "false"), equals("/code", "17"), equals("/reason", "null"), equals("/text", "17")];
    assert_eq!(draft.apps[0].logins[0].success, equals("/ok", "true"));
    assert_eq!(draft.apps[0].logins[0].failure, OutcomeCondition::All(failure));
}
