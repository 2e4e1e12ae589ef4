//! When a rule scores.

use super::fields::{Fields, expected, items};
use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::model::{Condition, ConditionKind};
use crate::source::Spanned;
use crate::syntax::fields::{COMPARISON, CONDITION};
use crate::syntax::node::shorten;
use crate::syntax::{Entry, Node, Value};

/// The most parts of a condition and its deepest nesting: it is evaluated on every request.
const MAX_PARTS: usize = 64;
const MAX_DEPTH: usize = 8;

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
    let parts = inner.iter().map(|(parts, _)| parts).sum::<usize>();
    let depth = inner.iter().map(|(_, depth)| *depth).max().unwrap_or(0);
    (parts + 1, depth + 1)
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
        "login" => {
            let login = fields.boolean("login", findings)?;
            let kind = ConditionKind::Login;
            if login.value { kind } else { ConditionKind::Not(Box::new(Condition { span: node.span, kind })) }
        }
        "all" => ConditionKind::All(several(entry, findings)?),
        "any" => ConditionKind::Any(several(entry, findings)?),
        "not" => ConditionKind::Not(Box::new(condition(&entry.node, findings)?)),
        _ => counter(entry, findings)?,
    };
    Some(Condition { span: node.span, kind })
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
