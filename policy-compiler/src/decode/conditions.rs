//! When a rule scores.

use bartizan_engine::vocabulary::{Binding, Newcomer};

use super::fields::{Fields, expected, items};
use super::texts::duration;
use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::model::{Condition, ConditionKind, Ratio, RatioLimit};
use crate::source::Spanned;
use crate::syntax::fields::{COMPARISON, CONDITION, RATIO, REPLY_VALUES};
use crate::syntax::node::shorten;
use crate::syntax::{Entry, Node, Value};

/// The most parts of a condition and its deepest nesting: it is evaluated on every request.
const MAX_PARTS: usize = 64;
const MAX_DEPTH: usize = 8;
/// As how many parts a ratio counts.
const RATIO_PARTS: usize = 4;

/// A rule's condition. Its size is checked first, so that decoding goes no deeper than it may.
pub(super) fn decode(entry: &Entry, findings: &mut Diagnostics) -> Option<Condition> {
    let (parts, depth) = size(&entry.node);
    if parts > MAX_PARTS || depth > MAX_DEPTH {
        findings.push(
            Diagnostic::new(
                &codes::CONDITION_SIZE,
                entry.key.span,
                format!("the condition has {parts} parts in {depth} levels, at most {MAX_PARTS} in {MAX_DEPTH} are possible"),
            )
            .help("split it into several rules: their points add up"),
        );
        return None;
    }
    condition(&entry.node, findings)
}

/// How many conditions, and how deep. The tree is at most as deep as the reader allows.
fn size(node: &Node) -> (usize, usize) {
    let inner: Vec<(usize, usize)> = ["all", "any", "not"]
        .iter()
        .filter_map(|key| node.entry(key))
        .flat_map(|entry| match &entry.node.value {
            Value::List(items) => items.iter().map(size).collect::<Vec<_>>(),
            Value::Map(_) | Value::Scalar(_) => vec![size(&entry.node)],
        })
        .collect();
    // "Under" is lowered to: there is a whole, and the part is not over.
    let own = if node.entry("ratio").is_some() { RATIO_PARTS } else { 1 };
    let parts = inner.iter().map(|(parts, _)| parts).sum::<usize>();
    let depth = inner.iter().map(|(_, depth)| *depth).max().unwrap_or(0);
    (parts + own, depth + 1)
}

fn condition(node: &Node, findings: &mut Diagnostics) -> Option<Condition> {
    let fields = Fields::open(node, node.span, &CONDITION, findings)?;
    let entry = match fields.entries() {
        [] => {
            findings
                .push(Diagnostic::new(&codes::NOTHING_GIVEN, node.span, "the condition is empty").help(
                    "a condition looks like `{ users_tried: { over: 5 } }` or `{ list: bulletproof }`",
                ));
            return None;
        }
        [entry] => entry,
        [first, second, ..] => {
            findings.push(
                Diagnostic::new(&codes::KEYS_EXCLUDE, second.key.span, "a condition has one key")
                    .also(first.key.span, "the first one")
                    .help(format!(
                        "write `all: [{{ {}: … }}, {{ {}: … }}]` where both must hold, `any:` where one is enough",
                        shorten(&first.key.value),
                        shorten(&second.key.value)
                    )),
            );
            return None;
        }
    };
    let kind = match entry.key.value.as_str() {
        "list" => ConditionKind::List(fields.text("list", findings)?),
        "route" => ConditionKind::Route(fields.text("route", findings)?),
        "app" => ConditionKind::App(fields.text("app", findings)?),
        "login" => fact("login", ConditionKind::Login, &fields, node, findings)?,
        "stranger" => fact("stranger", ConditionKind::Stranger, &fields, node, findings)?,
        "known_device" => fact("known_device", ConditionKind::KnownDevice, &fields, node, findings)?,
        "under_attack" => fact("under_attack", ConditionKind::UnderAttack, &fields, node, findings)?,
        "new" => ConditionKind::New(match fields.word("new", findings)?.value {
            "account" => Newcomer::Account,
            "network" => Newcomer::Network,
            _ => Newcomer::Fingerprint,
        }),
        "leaked" => ConditionKind::Leaked(fields.text("leaked", findings)?),
        "ratio" => ConditionKind::Ratio(ratio(entry, findings)?),
        "flow" => ConditionKind::Flow(fields.text("flow", findings)?),
        "session_moved" => ConditionKind::SessionMoved(match fields.word("session_moved", findings)?.value {
            "network" => Binding::Network,
            _ => Binding::Fingerprint,
        }),
        "session_older" => {
            let age = fields.text("session_older", findings)?;
            ConditionKind::SessionOlder(duration(&age, findings)? / 1000)
        }
        "reply_values" => {
            let entry = fields.entry("reply_values")?;
            let fields = Fields::open(&entry.node, entry.key.span, &REPLY_VALUES, findings)?;
            ConditionKind::ReplyValues(fields.integer("over", findings)?.value)
        }
        "all" => ConditionKind::All(several(entry, findings)?),
        "any" => ConditionKind::Any(several(entry, findings)?),
        "not" => ConditionKind::Not(Box::new(condition(&entry.node, findings)?)),
        _ => counter(entry, findings)?,
    };
    Some(Condition { span: node.span, kind })
}

/// A condition that is `true` or `false`.
fn fact(
    key: &str,
    kind: ConditionKind,
    fields: &Fields<'_>,
    node: &Node,
    findings: &mut Diagnostics,
) -> Option<ConditionKind> {
    let wanted = fields.boolean(key, findings)?.value;
    Some(if wanted { kind } else { ConditionKind::Not(Box::new(Condition { span: node.span, kind })) })
}

fn ratio(entry: &Entry, findings: &mut Diagnostics) -> Option<Ratio> {
    let fields = Fields::open(&entry.node, entry.key.span, &RATIO, findings)?;
    let (part, whole) = (fields.text("of", findings), fields.text("to", findings));
    let limit = fields.exactly_one(&["over", "under"], findings).and_then(|entry| {
        let percent = fields.integer(&entry.key.value, findings)?.value;
        let percent = u8::try_from(percent).ok()?;
        Some(if entry.key.value == "over" { RatioLimit::Over(percent) } else { RatioLimit::Under(percent) })
    });
    Some(Ratio { part: part?, whole: whole?, limit: limit? })
}

fn several(entry: &Entry, findings: &mut Diagnostics) -> Option<Vec<Condition>> {
    let nodes = items(entry, findings);
    let conditions: Vec<Condition> = nodes.iter().filter_map(|node| condition(node, findings)).collect();
    (!nodes.is_empty() && conditions.len() == nodes.len()).then_some(conditions)
}

fn counter(entry: &Entry, findings: &mut Diagnostics) -> Option<ConditionKind> {
    if let Some(scalar) = entry.node.scalar() {
        let number = scalar.text.trim_start_matches(['>', ' ']);
        let help = format!("write `{}: {{ over: {number} }}`", shorten(&entry.key.value));
        let help = number.parse::<u32>().is_ok().then_some(help);
        findings.push(expected(&entry.node, "a comparison such as `{ over: 5 }`", help));
        return None;
    }
    let fields = Fields::open(&entry.node, entry.key.span, &COMPARISON, findings)?;
    let over = fields.integer("over", findings)?;
    Some(ConditionKind::Counter(Spanned::new(entry.key.value.clone(), entry.key.span), over))
}
