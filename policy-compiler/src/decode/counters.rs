//! What is counted.

use bartizan_engine::blob::draft::CounterSource;
use bartizan_engine::vocabulary::{CounterKey, Event, Value};

use super::fields::{self, Fields};
use super::texts::{duration, parse_status};
use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::model::{Counter, CounterBody};
use crate::source::Spanned;
use crate::syntax::fields::{CONDITION, COUNTER, NAME};
use crate::syntax::node::shorten;
use crate::syntax::{Entry, suggest};

const EVENTS: [(&str, Event); 5] = [
    ("request", Event::Request),
    ("login.attempt", Event::LoginAttempt),
    ("login.success", Event::LoginSuccess),
    ("login.failure", Event::LoginFailure),
    ("sensitive.found", Event::SensitiveFound),
];
const VALUES: [(&str, Value); 5] = [
    ("login.username", Value::LoginUsername),
    ("login.password", Value::LoginPassword),
    ("client", Value::Client),
    ("address", Value::Address),
    ("path", Value::Path),
];

pub(super) fn decode(policy: &Fields<'_>, findings: &mut Diagnostics) -> Vec<Counter> {
    let mut counters = Vec::new();
    for Entry { key, node } in policy.named("counters", findings) {
        fields::name(key, &NAME, 48, findings);
        if CONDITION.field(&key.value).is_some() {
            findings.push(
                Diagnostic::new(
                    &codes::RESERVED_NAME,
                    key.span,
                    format!("a counter cannot be called `{}`", key.value),
                )
                .help("the word means something else in conditions; choose another name"),
            );
        }
        let body =
            Fields::open(node, key.span, &COUNTER, findings).and_then(|fields| body(&fields, findings));
        counters.push(Counter { name: key.clone(), body });
    }
    counters
}

fn body(fields: &Fields<'_>, findings: &mut Diagnostics) -> Option<CounterBody> {
    let source = fields.exactly_one(["count", "distinct"], findings).and_then(|entry| {
        let text = fields.text(&entry.key.value, findings)?;
        let source = if entry.key.value == "count" { event(&text, findings) } else { value(&text, findings) };
        Some(Spanned::new(source?, text.span))
    });
    let key = fields.word("per", findings).map(|word| {
        let key = match word.value {
            "address" => CounterKey::Address,
            "client" => CounterKey::Client,
            "route" => CounterKey::Route,
            _ => CounterKey::LoginUsername,
        };
        Spanned::new(key, word.span)
    });
    let window = fields.text("window", findings).and_then(|text| duration(&text, findings));
    Some(CounterBody { source: source?, key: key?, window_ms: window? })
}

fn event(text: &Spanned<String>, findings: &mut Diagnostics) -> Option<CounterSource> {
    if let Some((_, event)) = EVENTS.iter().find(|(name, _)| *name == text.value) {
        return Some(CounterSource::Count(*event));
    }
    if let Some(status) = text.value.strip_prefix("response.").and_then(parse_status) {
        return Some(CounterSource::Count(Event::ResponseStatus(status)));
    }
    let known = EVENTS.iter().map(|(name, _)| *name).chain(["response.404", "response.4xx"]);
    let distinct = VALUES.iter().any(|(name, _)| *name == text.value);
    findings.push(
        Diagnostic::new(
            &codes::NOT_COUNTABLE,
            text.span,
            format!("`{}` cannot be counted", shorten(&text.value)),
        )
        .maybe_help(suggest::hint(&text.value, known, "`count` takes"))
        .maybe_help(distinct.then(|| format!("its values can: `distinct: {}`", text.value))),
    );
    None
}

fn value(text: &Spanned<String>, findings: &mut Diagnostics) -> Option<CounterSource> {
    if let Some((_, value)) = VALUES.iter().find(|(name, _)| *name == text.value) {
        return Some(CounterSource::Distinct(*value, None));
    }
    if let Some(parameter) = text.value.strip_prefix("path.").filter(|name| !name.is_empty()) {
        return Some(CounterSource::Distinct(Value::PathParameter, Some(String::from(parameter))));
    }
    let known = VALUES.iter().map(|(name, _)| *name).chain(["path.id"]);
    let event = EVENTS.iter().any(|(name, _)| *name == text.value);
    findings.push(
        Diagnostic::new(
            &codes::NOT_COUNTABLE,
            text.span,
            format!("`{}` has no values that can be told apart", shorten(&text.value)),
        )
        .maybe_help(suggest::hint(&text.value, known, "`distinct` takes"))
        .maybe_help(event.then(|| format!("its occurrences can be counted: `count: {}`", text.value))),
    );
    None
}
