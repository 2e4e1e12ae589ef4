//! Counters that cannot count, and counters that nobody looks at.

use std::collections::HashSet;

use bartizan_engine::blob::draft::CounterSource;
use bartizan_engine::vocabulary::{CounterKey, Event, Value};

use super::conditions;
use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::model::{ConditionKind, Counter, CounterBody, Policy};

/// The most distinct values that a counter tells apart.
const MAX_DISTINCT: u32 = 512;

pub(super) fn check(policy: &Policy, findings: &mut Diagnostics) {
    for counter in &policy.counters {
        let Some(body) = &counter.body else { continue };
        if body.key.value == CounterKey::LoginUsername && !is_about_logins(&body.source.value) {
            findings.push(
                Diagnostic::new(&codes::NO_ACCOUNT, body.source.span, "only logins name an account")
                    .also(body.key.span, "kept for each account")
                    .help("count it per `client` or `address`, or count something that logins do"),
            );
        }
        if is_always_one(body) {
            findings.push(
                Diagnostic::new(&codes::ALWAYS_ONE, body.source.span, "this is always one")
                    .also(body.key.span, "kept for each of the same")
                    .help("count it per something else"),
            );
        }
    }
    thresholds(policy, findings);
}

fn is_about_logins(source: &CounterSource) -> bool {
    match source {
        CounterSource::Count(Event::LoginAttempt | Event::LoginSuccess | Event::LoginFailure) => true,
        CounterSource::Count(_) => false,
        CounterSource::Slow(event) | CounterSource::Regularity(event) => *event != Event::Request,
        // Whom a login comes from is known at each login.
        CounterSource::Distinct(value, _) => !matches!(value, Value::Path | Value::PathParameter),
    }
}

fn is_always_one(body: &CounterBody) -> bool {
    matches!(
        (&body.source.value, body.key.value),
        (CounterSource::Distinct(Value::Client, _), CounterKey::Client)
            | (CounterSource::Distinct(Value::Address, _), CounterKey::Address)
            | (CounterSource::Distinct(Value::LoginUsername, _), CounterKey::LoginUsername)
    )
}

fn thresholds(policy: &Policy, findings: &mut Diagnostics) {
    for condition in conditions(policy) {
        let ConditionKind::Counter(name, over) = &condition.kind else { continue };
        let counter = policy.counters.iter().find(|counter| counter.name.value == name.value);
        let Some(Counter { body: Some(body), .. }) = counter else { continue };
        if matches!(body.source.value, CounterSource::Distinct(..)) && over.value > MAX_DISTINCT {
            findings.push(
                Diagnostic::new(
                    &codes::THRESHOLD_RANGE,
                    over.span,
                    format!("`{}` tells at most {MAX_DISTINCT} values apart", name.value),
                )
                .also(body.source.span, "counts distinct values")
                .help("take a shorter window and a smaller number"),
            );
        }
    }
}

pub(super) fn advise(policy: &Policy, findings: &mut Diagnostics) {
    let used: HashSet<&str> = conditions(policy)
        .filter_map(|condition| match &condition.kind {
            ConditionKind::Counter(name, _) => Some(name.value.as_str()),
            _ => None,
        })
        .collect();
    let has_logins = policy.apps.iter().any(|app| !app.logins.is_empty());
    if !has_logins {
        idle_packs(policy, findings);
    }
    let has_searches = policy.apps.iter().any(|app| !app.sensitive.is_empty());
    for counter in &policy.counters {
        let Some(body) = &counter.body else { continue };
        let name = &counter.name;
        // A pack counts what its rules need; some of them may be left out or replaced.
        if policy.pack_of(name.span).is_some() {
            continue;
        }
        if !used.contains(name.value.as_str()) {
            findings.push(
                Diagnostic::new(
                    &codes::UNUSED_COUNTER,
                    name.span,
                    format!("nothing uses the counter `{}`", name.value),
                )
                .help("use it in a condition, or take it out"),
            );
        }
        let needs_logins = needs_logins(&body.source.value) || body.key.value == CounterKey::LoginUsername;
        if needs_logins && !has_logins {
            findings.push(
                Diagnostic::new(
                    &codes::COUNTS_NOTHING,
                    name.span,
                    format!("`{}` counts logins, and no app has any", name.value),
                )
                .help("describe the login under `logins` of its app"),
            );
        }
        if body.source.value == CounterSource::Count(Event::SensitiveFound) && !has_searches {
            findings.push(
                Diagnostic::new(
                    &codes::COUNTS_NOTHING,
                    name.span,
                    format!("`{}` counts findings in replies, and no app looks for any", name.value),
                )
                .help("say what is looked for under `sensitive` of an app"),
            );
        }
    }
}

/// A pack that counts logins is of no use where there are none.
fn idle_packs(policy: &Policy, findings: &mut Diagnostics) {
    for pack in &policy.packs {
        let mut counters = policy.counters.iter().filter(|counter| counter.name.span.file == pack.file);
        if counters.any(|counter| counter.body.as_ref().is_some_and(|body| needs_logins(&body.source.value)))
        {
            let message = format!("the pack `{}` counts logins, and no app has any", pack.name.value);
            findings.push(
                Diagnostic::new(&codes::COUNTS_NOTHING, pack.name.span, message)
                    .help("describe the login under `logins` of its app"),
            );
        }
    }
}

fn needs_logins(source: &CounterSource) -> bool {
    matches!(
        source,
        CounterSource::Count(Event::LoginAttempt | Event::LoginSuccess | Event::LoginFailure)
            | CounterSource::Distinct(Value::LoginUsername | Value::LoginPassword, _)
    )
}
