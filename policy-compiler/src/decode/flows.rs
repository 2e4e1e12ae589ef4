//! Orders of steps.

use bartizan_engine::blob::draft::Milestone;

use super::fields::{self, Fields};
use super::texts::duration;
use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::model::{Flow, FlowBody, FlowRule};
use crate::source::Spanned;
use crate::syntax::Entry;
use crate::syntax::fields::{FLOW, NAME};

/// The most flows; the engine looks at no more.
const MAX_FLOWS: usize = 64;
/// The most steps before the last one.
const MAX_STEPS: usize = 4;

/// The policy's `flows`.
pub(super) fn decode(policy: &Fields<'_>, findings: &mut Diagnostics) -> Vec<Flow> {
    let mut flows = Vec::new();
    let entries = policy.named("flows", findings);
    if let Some(beyond) = entries.get(MAX_FLOWS) {
        let message = format!("{} flows, at most {MAX_FLOWS} are possible", entries.len());
        findings.push(Diagnostic::new(&codes::TOO_MUCH, beyond.key.span, message));
    }
    for Entry { key, node } in entries {
        fields::name(key, &NAME, 48, findings);
        let fields = Fields::open(node, key.span, &FLOW, findings);
        flows.push(Flow { name: key.clone(), body: fields.and_then(|fields| body(&fields, findings)) });
    }
    flows
}

fn body(fields: &Fields<'_>, findings: &mut Diagnostics) -> Option<FlowBody> {
    let app = fields.text("app", findings);
    let at = fields.text("at", findings);
    let within = fields.text("within", findings).and_then(|text| duration(&text, findings));
    let rule = fields.exactly_one(&["of", "needs"], findings).and_then(|entry| {
        if entry.key.value == "of" {
            let word = fields.word("of", findings)?;
            let milestone = if word.value == "login" { Milestone::Login } else { Milestone::NewDevice };
            return Some(FlowRule::SoonAfter(Spanned::new(milestone, word.span)));
        }
        steps(entry, findings).map(FlowRule::Without)
    });
    let because = if fields.has("because") { fields.because(findings)? } else { String::new() };
    Some(FlowBody { app: app?, at: at?, rule: rule?, within_seconds: within? / 1000, because })
}

fn steps(entry: &Entry, findings: &mut Diagnostics) -> Option<Vec<Spanned<String>>> {
    let nodes = fields::items(entry, findings);
    if let Some(beyond) = nodes.get(MAX_STEPS) {
        let message = format!("{} steps, at most {MAX_STEPS} are possible", nodes.len());
        findings.push(
            Diagnostic::new(&codes::TOO_MUCH, beyond.span, message)
                .help("name the steps that nobody can leave out"),
        );
        return None;
    }
    let steps = nodes.iter().map(|node| fields::text(node, "the name of a route", 32, findings));
    let steps = steps.collect::<Vec<_>>().into_iter().collect::<Option<Vec<_>>>()?;
    (!steps.is_empty()).then_some(steps)
}
