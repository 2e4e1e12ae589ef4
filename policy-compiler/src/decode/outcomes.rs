//! What a reply looks like that proves or refuses a login.

use bartizan_engine::blob::draft::{OutcomeCondition, Segment};

use super::fields::{self, Fields, expected, items};
use super::paths;
use super::texts::{pointer, status, token};
use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::source::Spanned;
use crate::syntax::fields::{HEADER, OUTCOME};
use crate::syntax::node::shorten;
use crate::syntax::{Entry, Node, Value};

/// The most parts of an outcome and its deepest nesting.
const MAX_PARTS: usize = 32;
const MAX_DEPTH: usize = 8;

/// `success` or `failure`.
pub(super) fn decode(entry: &Entry, findings: &mut Diagnostics) -> Option<Spanned<OutcomeCondition>> {
    let condition = outcome(&entry.node, findings)?;
    let (parts, depth) = size(&condition);
    if parts > MAX_PARTS || depth > MAX_DEPTH {
        findings.push(
            Diagnostic::new(
                &codes::CONDITION_SIZE,
                entry.key.span,
                format!("the outcome has {parts} parts in {depth} levels, at most {MAX_PARTS} in {MAX_DEPTH} are possible"),
            )
            .help("leave out what tells nothing new"),
        );
        return None;
    }
    Some(Spanned::new(condition, entry.node.span))
}

fn size(condition: &OutcomeCondition) -> (usize, usize) {
    let inner: Vec<(usize, usize)> = match condition {
        OutcomeCondition::All(parts) | OutcomeCondition::Any(parts) => parts.iter().map(size).collect(),
        OutcomeCondition::Not(part) => vec![size(part)],
        _ => Vec::new(),
    };
    let depth = inner.iter().map(|(_, depth)| *depth).max().unwrap_or(0);
    (inner.iter().map(|(parts, _)| parts).sum::<usize>() + 1, depth + 1)
}

/// Several keys in one mapping mean that all hold. The tree is at most as deep as the reader allows.
fn outcome(node: &Node, findings: &mut Diagnostics) -> Option<OutcomeCondition> {
    let fields = Fields::open(node, node.span, &OUTCOME, findings)?;
    if fields.entries().is_empty() {
        findings.push(
            Diagnostic::new(&codes::NOTHING_GIVEN, node.span, "the outcome is empty")
                .help("say what the reply looks like: `{ status: 401 }`"),
        );
        return None;
    }
    let mut parts: Vec<Option<OutcomeCondition>> = Vec::new();
    for entry in fields.entries() {
        match entry.key.value.as_str() {
            "status" => {
                let statuses = statuses(entry, findings);
                if let (Some(statuses), Some(redirect)) = (&statuses, fields.entry("redirects_to")) {
                    redirecting(statuses, entry, redirect, findings);
                }
                parts.push(statuses);
            }
            "header" => parts.push(header(entry, findings)),
            "sets_cookie" => {
                let name = fields.text("sets_cookie", findings);
                parts.push(
                    name.and_then(|name| token(&name, "cookie", findings)).map(OutcomeCondition::SetsCookie),
                );
            }
            "redirects_to" => {
                let text = fields.text("redirects_to", findings);
                parts
                    .push(text.and_then(|text| redirect(&text, findings)).map(OutcomeCondition::RedirectsTo));
            }
            "json_has" => {
                let text = fields.text("json_has", findings);
                let text = text.filter(|text| pointer(text, findings));
                parts.push(text.map(|text| OutcomeCondition::JsonHas(text.value)));
            }
            "body_contains" => parts.push(body_contains(&fields, findings)),
            "json" => parts.extend(json(entry, findings)),
            "all" => parts.push(several(entry, findings).map(OutcomeCondition::All)),
            "any" => parts.push(several(entry, findings).map(OutcomeCondition::Any)),
            "not" => {
                parts.push(outcome(&entry.node, findings).map(|part| OutcomeCondition::Not(Box::new(part))))
            }
            // Unknown keys are already reported.
            _ => parts.push(None),
        }
    }
    let mut parts = parts.into_iter().collect::<Option<Vec<_>>>()?;
    if parts.len() == 1 { parts.pop() } else { Some(OutcomeCondition::All(parts)) }
}

fn statuses(entry: &Entry, findings: &mut Diagnostics) -> Option<OutcomeCondition> {
    let Value::List(_) = &entry.node.value else {
        return status(&entry.node, findings).map(OutcomeCondition::Status);
    };
    let nodes = items(entry, findings);
    let statuses = nodes.iter().map(|node| status(node, findings).map(OutcomeCondition::Status));
    let statuses = statuses.collect::<Vec<_>>().into_iter().collect::<Option<Vec<_>>>()?;
    (!statuses.is_empty()).then_some(OutcomeCondition::Any(statuses))
}

fn header(entry: &Entry, findings: &mut Diagnostics) -> Option<OutcomeCondition> {
    let (name, contains) = if entry.node.scalar().is_some() {
        (fields::text(&entry.node, "the name of a header", 256, findings)?, None)
    } else {
        let fields = Fields::open(&entry.node, entry.key.span, &HEADER, findings)?;
        let contains = fields.text("contains", findings);
        if fields.has("contains") && contains.is_none() {
            return None;
        }
        (fields.text("name", findings)?, contains.map(|text| text.value))
    };
    let name = token(&name, "header", findings)?.to_ascii_lowercase();
    Some(OutcomeCondition::Header { name, contains })
}

/// Reports a redirect beside statuses of which none redirects: such an outcome never holds.
fn redirecting(statuses: &OutcomeCondition, status: &Entry, redirect: &Entry, findings: &mut Diagnostics) {
    let can_redirect = match statuses {
        OutcomeCondition::Status(status) => matches!(status, 3 | 300..=399),
        OutcomeCondition::Any(parts) => {
            parts.iter().any(|part| matches!(part, OutcomeCondition::Status(3 | 300..=399)))
        }
        _ => true,
    };
    if !can_redirect {
        findings.push(
            Diagnostic::new(&codes::KEY_NOT_HERE, redirect.key.span, "only replies of 3xx redirect")
                .also(status.node.span, "another status")
                .help("leave the status out, or look at `header: { name: location, contains: … }`"),
        );
    }
}

/// A path as patterns have it, of literal text and `**`.
fn redirect(text: &Spanned<String>, findings: &mut Diagnostics) -> Option<String> {
    if let Some((_, rest)) = text.value.split_once("://") {
        let path = rest.find('/').and_then(|slash| rest.get(slash..)).unwrap_or("/");
        findings.push(
            Diagnostic::new(&codes::BAD_PATH, text.span, format!("`{}` is not a path", shorten(&text.value)))
                .help(format!("redirects are compared without scheme and host: `{}`", shorten(path))),
        );
        return None;
    }
    let path = paths::path(text, findings)?;
    let literal = |segment: &Segment| matches!(segment, Segment::Literal(_) | Segment::Rest);
    if path.value.segments.iter().all(literal) {
        return Some(text.value.clone());
    }
    findings.push(
        Diagnostic::new(
            &codes::BAD_PATH,
            text.span,
            format!("`{}` is not a path that a reply can redirect to", shorten(&text.value)),
        )
        .help("write the path out; `/**` at its end stands for everything below"),
    );
    None
}

fn body_contains(fields: &Fields<'_>, findings: &mut Diagnostics) -> Option<OutcomeCondition> {
    let text = fields.text("body_contains", findings)?;
    if text.value.is_empty() {
        findings.push(
            Diagnostic::new(&codes::NOTHING_GIVEN, text.span, "every body contains an empty text")
                .help("give a text that only this outcome has"),
        );
        return None;
    }
    Some(OutcomeCondition::BodyContains(text.value))
}

/// One condition per pointer.
fn json(entry: &Entry, findings: &mut Diagnostics) -> Vec<Option<OutcomeCondition>> {
    let Value::Map(entries) = &entry.node.value else {
        findings.push(expected(&entry.node, "a mapping from JSON pointers to values", None));
        return vec![None];
    };
    if entries.is_empty() {
        findings.push(
            Diagnostic::new(&codes::NOTHING_GIVEN, entry.node.span, "no JSON pointer is given")
                .help("write `json: { /error: bad_credentials }`"),
        );
        return vec![None];
    }
    entries
        .iter()
        .map(|entry| {
            let right = pointer(&entry.key, findings);
            let Some(scalar) = entry.node.scalar() else {
                findings.push(expected(&entry.node, "a single value", None));
                return None;
            };
            if scalar.text.len() > 256 {
                let message = format!("the value of `{}` has more than 256 bytes", shorten(&entry.key.value));
                findings.push(Diagnostic::new(&codes::TOO_MUCH, entry.node.span, message));
                return None;
            }
            let pointer = entry.key.value.clone();
            right.then(|| OutcomeCondition::Json { pointer, equals: json_text(scalar) })
        })
        .collect()
}

/// The text that the engine compares: `null`, `true` and numbers as JSON writes them.
fn json_text(scalar: &crate::syntax::Scalar) -> String {
    if scalar.is_nothing() {
        return String::from("null");
    }
    if scalar.is_boolean() {
        return scalar.text.to_ascii_lowercase();
    }
    scalar.text.clone()
}

fn several(entry: &Entry, findings: &mut Diagnostics) -> Option<Vec<OutcomeCondition>> {
    let nodes = items(entry, findings);
    let parts: Vec<_> = nodes.iter().map(|node| outcome(node, findings)).collect();
    let parts = parts.into_iter().collect::<Option<Vec<_>>>()?;
    (!parts.is_empty()).then_some(parts)
}
