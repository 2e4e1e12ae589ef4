//! What is counted.

use bartizan_engine::blob::draft::CounterSource;
use bartizan_engine::vocabulary::{CounterKey, Event, Moment, Value, Whose};

use super::fields::{self, Fields};
use super::sensitive::names;
use super::texts::{duration, half_life, parse_status};
use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::model::{Counter, CounterBody};
use crate::source::Spanned;
use crate::syntax::fields::{CONDITION, COUNTER, NAME};
use crate::syntax::node::shorten;
use crate::syntax::{Entry, suggest};

/// An interval that is longer starts a rhythm over.
const LONGEST_GAP_MS: u32 = 3_600_000;

const KEYS: [(&str, CounterKey); 7] = [
    ("address", CounterKey::Address),
    ("client", CounterKey::Client),
    ("network", CounterKey::Network),
    ("fingerprint", CounterKey::Fingerprint),
    ("login.username", CounterKey::LoginUsername),
    ("login.password", CounterKey::LoginPassword),
    ("route", CounterKey::Route),
];
const EVENTS: [(&str, Event); 7] = [
    ("request", Event::Request),
    ("login.attempt", Event::LoginAttempt),
    ("login.success", Event::LoginSuccess),
    ("login.new_device", Event::LoginNewDevice),
    ("login.failure", Event::LoginFailure),
    ("sensitive.found", Event::SensitiveFound),
    ("sensitive.unusual", Event::SensitiveUnusual),
];
const VALUES: [(&str, Value); 8] = [
    ("login.username", Value::LoginUsername),
    ("login.password", Value::LoginPassword),
    ("client", Value::Client),
    ("address", Value::Address),
    ("network", Value::Network),
    ("fingerprint", Value::Fingerprint),
    ("path", Value::Path),
    ("sensitive.value", Value::SensitiveValue),
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
    let what = fields.exactly_one(&["count", "distinct", "regularity"], findings);
    let source = what.and_then(|entry| {
        let text = fields.text(&entry.key.value, findings)?;
        let source = match entry.key.value.as_str() {
            "count" if fields.has("half_life") => fading(&text, findings),
            "count" => event(&text, findings),
            "regularity" => rhythm(&text, findings),
            _ => value(&text, findings),
        };
        Some(Spanned::new(source?, text.span))
    });
    let key = fields.word("per", findings).and_then(|word| {
        let (_, key) = KEYS.iter().find(|(name, _)| *name == word.value)?;
        Some(Spanned::new(*key, word.span))
    });
    let moment = fields.word("of", findings).map_or(Moment::Request, |word| match word.value {
        "failure" => Moment::Failure,
        "success" => Moment::Success,
        _ => Moment::Request,
    });
    let strangers = fields.word("from", findings).is_some_and(|word| word.value == "strangers");
    let whose = if strangers { Whose::Strangers } else { Whose::Anybody };
    let window_ms = time(fields, what.map(|entry| entry.key.value.as_str()), findings);
    // `from` and `of` choose among logins, so there have to be some.
    let of_logins = source.as_ref().zip(key.as_ref());
    let of_logins = of_logins.is_none_or(|(source, key)| concerns_logins(&source.value, key.value));
    if let Some(entry) = what.filter(|_| !of_logins) {
        let beside =
            format!("{}: {}", entry.key.value, entry.node.scalar().map_or("", |scalar| &scalar.text));
        fields.refuse(&["of", "from"], &beside, findings);
    }
    if let Some(entry) = what.filter(|entry| entry.key.value != "distinct" && of_logins) {
        fields.refuse(&["of"], &entry.key.value, findings);
    }
    let data = names(fields, "data", findings);
    let of_values = source.as_ref().is_none_or(|source| {
        concerns_sensitive_values(&source.value)
            && source.value != CounterSource::Count(Event::SensitiveUnusual)
    });
    if let Some(entry) = what.filter(|_| !of_values) {
        let beside =
            format!("{}: {}", entry.key.value, entry.node.scalar().map_or("", |scalar| &scalar.text));
        fields.refuse(&["data"], &beside, findings);
    }
    Some(CounterBody { source: source?, key: key?, whose, moment, window_ms: window_ms?, data })
}

/// Whether it counts sensitive values in replies.
pub(crate) fn concerns_sensitive_values(source: &CounterSource) -> bool {
    matches!(
        source,
        CounterSource::Count(Event::SensitiveFound | Event::SensitiveUnusual)
            | CounterSource::Distinct(Value::SensitiveValue, _)
    )
}

/// Whether what is counted is something that logins have, or can be taken of logins only.
fn concerns_logins(source: &CounterSource, key: CounterKey) -> bool {
    match source {
        CounterSource::Count(event) | CounterSource::Slow(event) | CounterSource::Regularity(event) => {
            !matches!(
                event,
                Event::Request | Event::ResponseStatus(_) | Event::SensitiveFound | Event::SensitiveUnusual
            )
        }
        CounterSource::Distinct(Value::Path | Value::PathParameter, _) => {
            matches!(key, CounterKey::LoginUsername | CounterKey::LoginPassword)
        }
        CounterSource::Distinct(Value::SensitiveValue, _) => false,
        CounterSource::Distinct(..) => true,
    }
}

/// The window, or the half-life.
fn time(fields: &Fields<'_>, what: Option<&str>, findings: &mut Diagnostics) -> Option<u32> {
    match what {
        Some("regularity") => {
            fields.refuse(&["window", "half_life"], "regularity", findings);
            return Some(LONGEST_GAP_MS);
        }
        Some("distinct") if fields.has("half_life") => {
            fields.refuse(&["half_life"], "distinct", findings);
            return fields.text("window", findings).and_then(|text| duration(&text, findings));
        }
        Some("distinct") => fields.require("window", findings),
        _ => {}
    }
    if what == Some("distinct") && !fields.has("window") {
        return None;
    }
    let entry = fields.exactly_one(&["window", "half_life"], findings)?;
    let text = fields.text(&entry.key.value, findings)?;
    if entry.key.value == "window" { duration(&text, findings) } else { half_life(&text, findings) }
}

/// What fades is written at each event, so it is for what happens seldom.
fn fading(text: &Spanned<String>, findings: &mut Diagnostics) -> Option<CounterSource> {
    let CounterSource::Count(event) = event(text, findings)? else { return None };
    if concerns_logins(&CounterSource::Slow(event), CounterKey::Address) {
        return Some(CounterSource::Slow(event));
    }
    findings.push(
        Diagnostic::new(
            &codes::NOT_COUNTABLE,
            text.span,
            format!("`{}` cannot fade with a half-life", shorten(&text.value)),
        )
        .help("a `half_life` is for what logins do; use a `window`"),
    );
    None
}

fn rhythm(text: &Spanned<String>, findings: &mut Diagnostics) -> Option<CounterSource> {
    let known = [("request", Event::Request), ("login.attempt", Event::LoginAttempt)];
    if let Some((_, event)) = known.iter().find(|(name, _)| *name == text.value) {
        return Some(CounterSource::Regularity(*event));
    }
    findings.push(
        Diagnostic::new(
            &codes::NOT_COUNTABLE,
            text.span,
            format!("`{}` has no rhythm", shorten(&text.value)),
        )
        .maybe_help(suggest::hint(&text.value, known.map(|(name, _)| name), "`regularity` takes")),
    );
    None
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
