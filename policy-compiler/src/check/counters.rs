//! Counters that cannot count, and thresholds that they cannot reach.

use std::collections::HashSet;

use bartizan_engine::blob::draft::CounterSource;
use bartizan_engine::vocabulary::{CounterKey, Event, Moment, Value};

use super::conditions;
use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::model::{Condition, ConditionKind, Counter, CounterBody, Policy};

/// The most distinct values that a counter tells apart.
const MAX_DISTINCT: u32 = 512;
/// The most accounts that are told apart per password: a sketch has small counters.
const MAX_PER_PASSWORD: u32 = 250;
/// The highest percentage that something can be over.
const MAX_REGULARITY: u32 = 99;

pub(super) fn check(policy: &Policy, findings: &mut Diagnostics) {
    for counter in &policy.counters {
        let Some(body) = &counter.body else { continue };
        if body.key.value == CounterKey::LoginPassword {
            per_password(body, findings);
        } else if let CounterSource::Regularity(_) = body.source.value {
            rhythm(body, findings);
        } else if body.key.value == CounterKey::LoginUsername && !is_about_logins(&body.source.value) {
            no_account(body, findings);
        }
        if is_always_one(body) {
            findings.push(
                Diagnostic::new(&codes::ALWAYS_ONE, body.source.span, "this is always one")
                    .also(body.key.span, "kept for each of the same")
                    .help("count it per something else"),
            );
        }
    }
    one_per_password(policy, findings);
    thresholds(policy, findings);
}

/// Counters that nothing looks at take no room.
fn one_per_password(policy: &Policy, findings: &mut Diagnostics) {
    let used: HashSet<&str> =
        conditions(policy).flat_map(Condition::counters).map(|name| name.value.as_str()).collect();
    let mut sketches = policy.counters.iter().filter(|counter| {
        let body = counter.body.as_ref();
        used.contains(counter.name.value.as_str())
            && body.is_some_and(|body| body.key.value == CounterKey::LoginPassword)
    });
    let Some(first) = sketches.next() else { return };
    for second in sketches {
        findings.push(
            Diagnostic::new(
                &codes::ONE_PER_PASSWORD,
                second.name.span,
                "there is already a counter per password",
            )
            .also(first.name.span, "the first one")
            .help("keep one of them, and compare it with several numbers"),
        );
    }
}

fn no_account(body: &CounterBody, findings: &mut Diagnostics) {
    findings.push(
        Diagnostic::new(&codes::NO_ACCOUNT, body.source.span, "only logins name an account")
            .also(body.key.span, "kept for each account")
            .help("count it per `client` or `address`, or count something that logins do"),
    );
}

fn per_password(body: &CounterBody, findings: &mut Diagnostics) {
    if body.source.value == CounterSource::Distinct(Value::LoginUsername, None) {
        if body.moment != Moment::Failure {
            let message = "a password is counted only where it failed";
            findings.push(
                Diagnostic::new(&codes::PER_PASSWORD, body.source.span, message)
                    .also(body.key.span, "kept for each password")
                    .help("write `of: failure`"),
            );
        }
        return;
    }
    findings.push(
        Diagnostic::new(
            &codes::PER_PASSWORD,
            body.source.span,
            "only `distinct: login.username` can be kept per password",
        )
        .also(body.key.span, "kept for each password")
        .help("count it per `login.username`, `client` or `address`"),
    );
}

fn rhythm(body: &CounterBody, findings: &mut Diagnostics) {
    let of_requests = body.source.value == CounterSource::Regularity(Event::Request);
    match body.key.value {
        CounterKey::Address | CounterKey::Client => {}
        CounterKey::LoginUsername if !of_requests => {}
        CounterKey::LoginUsername => no_account(body, findings),
        _ => findings.push(
            Diagnostic::new(&codes::NOT_COUNTABLE, body.key.span, "many clients together have no rhythm")
                .help("keep it per `address`, `client` or `login.username`"),
        ),
    }
}

fn is_about_logins(source: &CounterSource) -> bool {
    match source {
        CounterSource::Count(
            Event::LoginAttempt | Event::LoginSuccess | Event::LoginNewDevice | Event::LoginFailure,
        ) => true,
        CounterSource::Count(_) => false,
        CounterSource::Slow(event) | CounterSource::Regularity(event) => *event != Event::Request,
        // Whom a login comes from is known at each login.
        CounterSource::Distinct(value, _) => {
            !matches!(value, Value::Path | Value::PathParameter | Value::SensitiveValue)
        }
    }
}

fn is_always_one(body: &CounterBody) -> bool {
    matches!(
        (&body.source.value, body.key.value),
        (CounterSource::Distinct(Value::Client, _), CounterKey::Client)
            | (CounterSource::Distinct(Value::Address | Value::Network, _), CounterKey::Address)
            | (CounterSource::Distinct(Value::Network, _), CounterKey::Network)
            | (CounterSource::Distinct(Value::Fingerprint, _), CounterKey::Fingerprint)
            | (CounterSource::Distinct(Value::LoginUsername, _), CounterKey::LoginUsername)
    )
}

fn thresholds(policy: &Policy, findings: &mut Diagnostics) {
    for condition in conditions(policy) {
        let ConditionKind::Counter(name, over) = &condition.kind else { continue };
        let counter = policy.counters.iter().find(|counter| counter.name.value == name.value);
        let Some(Counter { body: Some(body), .. }) = counter else { continue };
        let (highest, message, source) = match (&body.source.value, body.key.value) {
            (CounterSource::Regularity(_), _) => {
                (MAX_REGULARITY, String::from("is never over 100 percent"), "a regularity")
            }
            (CounterSource::Distinct(..), CounterKey::LoginPassword) => {
                let message = format!("tells at most {MAX_PER_PASSWORD} accounts apart");
                (MAX_PER_PASSWORD, message, "kept in a sketch")
            }
            (CounterSource::Distinct(..), _) => {
                (MAX_DISTINCT, format!("tells at most {MAX_DISTINCT} values apart"), "counts distinct values")
            }
            _ => continue,
        };
        if over.value > highest {
            let message = format!("`{}` {message}", name.value);
            findings.push(
                Diagnostic::new(&codes::THRESHOLD_RANGE, over.span, message)
                    .also(body.source.span, source)
                    .help(format!("compare it with {highest} at most")),
            );
        }
    }
}
