//! Devices, sessions, orders of steps, and what they need.

use std::collections::{HashMap, HashSet};

use bartizan_engine::blob::draft::{ActionDraft, ClientKey, CounterSource, Milestone};
use bartizan_engine::vocabulary::Event;

use super::conditions;
use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::model::{ConditionKind, FlowRule, Policy};
use crate::source::{Span, Spanned};
use crate::syntax::node::shorten;

/// The most routes whose last visit is kept for a client, in all flows.
const MAX_MILESTONES: usize = 16;

pub(super) fn check(policy: &Policy, findings: &mut Diagnostics) {
    if policy.devices.is_none() {
        without_devices(policy, findings);
    }
    cookie(policy, findings);
    let mut milestones: HashSet<(&str, &str)> = HashSet::new();
    for body in policy.flows.iter().filter_map(|flow| flow.body.as_ref()) {
        let FlowRule::Without(steps) = &body.rule else { continue };
        repeats(steps, &body.at, findings);
        milestones.extend(steps.iter().map(|step| (body.app.value.as_str(), step.value.as_str())));
        if let (true, Some(last)) = (milestones.len() > MAX_MILESTONES, steps.last()) {
            let message = format!("more than {MAX_MILESTONES} different steps in all flows");
            findings.push(
                Diagnostic::new(&codes::TOO_MUCH, last.span, message)
                    .help("name the steps that nobody can leave out"),
            );
            break;
        }
    }
}

fn without_devices(policy: &Policy, findings: &mut Diagnostics) {
    let in_counters = policy.counters.iter().filter_map(|counter| counter.body.as_ref());
    let in_counters = in_counters.filter(|body| {
        matches!(
            body.source.value,
            CounterSource::Count(Event::LoginNewDevice) | CounterSource::Slow(Event::LoginNewDevice)
        )
    });
    let in_flows = policy.flows.iter().filter_map(|flow| match &flow.body.as_ref()?.rule {
        FlowRule::SoonAfter(milestone) if milestone.value == Milestone::NewDevice => Some(milestone.span),
        _ => None,
    });
    let in_conditions =
        conditions(policy).filter(|condition| matches!(condition.kind, ConditionKind::KnownDevice));
    let places: Vec<Span> = in_counters
        .map(|body| body.source.span)
        .chain(in_flows)
        .chain(in_conditions.map(|condition| condition.span))
        .collect();
    for span in places {
        findings.push(
            Diagnostic::new(
                &codes::NEEDS_DEVICES,
                span,
                "no device is ever known: the policy has no `devices`",
            )
            .help("add `devices: { for: 180d }`"),
        );
    }
}

fn cookie(policy: &Policy, findings: &mut Diagnostics) {
    let Some(devices) = &policy.devices else { return };
    let name = &devices.cookie.value;
    let taken = policy
        .client
        .keys
        .iter()
        .find(|key| matches!(&key.value, ClientKey::IssuedCookie(cookie) if cookie == name));
    if let Some(taken) = taken {
        findings.push(
            Diagnostic::new(
                &codes::COOKIE_TAKEN,
                devices.cookie.span,
                format!("the cookie `{}` is already the app's", shorten(name)),
            )
            .also(taken.span, "names clients")
            .help("choose another name: `cookie: bartizan-device`"),
        );
    }
}

fn repeats(steps: &[Spanned<String>], last: &Spanned<String>, findings: &mut Diagnostics) {
    let mut seen: HashMap<&str, Span> = HashMap::from([(last.value.as_str(), last.span)]);
    for step in steps {
        if let Some(first) = seen.insert(&step.value, step.span) {
            let message = format!("the step `{}` stands in the flow twice", shorten(&step.value));
            findings.push(
                Diagnostic::new(&codes::FLOW_REPEATS, step.span, message)
                    .also(first, "also here")
                    .help("keep one of them"),
            );
        }
    }
}

pub(super) fn advise(policy: &Policy, findings: &mut Diagnostics) {
    if policy.client.keys.is_empty() {
        without_names(policy, findings);
    }
    decoys(policy, findings);
}

fn without_names(policy: &Policy, findings: &mut Diagnostics) {
    let flows = policy.flows.iter().map(|flow| (flow.name.span, "a flow follows a session"));
    let conditions = conditions(policy).filter_map(|condition| match condition.kind {
        ConditionKind::SessionMoved(_) | ConditionKind::SessionOlder(_) => {
            Some((condition.span, "this asks for a session"))
        }
        _ => None,
    });
    for (span, what) in flows.chain(conditions) {
        let message = format!("{what}, and clients that only their address names have none");
        findings.push(
            Diagnostic::new(&codes::NO_SESSION, span, message)
                .help("name them: `client: { key: [issued_cookie.<name>, address] }`"),
        );
    }
}

/// Only for steps that the author wrote: what a pack does is said there.
fn decoys(policy: &Policy, findings: &mut Diagnostics) {
    let steps = policy.threats.iter().flat_map(|part| &part.steps);
    let mut deceiving = steps.filter(|step| matches!(step.action.value, ActionDraft::Deceive { .. }));
    let Some(step) = deceiving.find(|step| policy.pack_of(step.action.span).is_none()) else { return };
    let logins = policy.apps.iter().flat_map(|app| &app.logins).filter(|login| login.decoy.is_none());
    let places: Vec<Span> = logins.map(|login| login.path.span).collect();
    if places.is_empty() {
        return;
    }
    let message = "what a failed login looks like is learnt from the app's replies";
    let mut finding = Diagnostic::new(&codes::LEARNT_DECOY, step.action.span, message).help(
        "until then the answer is a plain 401; say it under `decoy` of the login to have it from the start",
    );
    for place in places {
        finding = finding.also(place, "this login has no `decoy`");
    }
    findings.push(finding);
}
