//! Rules that refuse customers who did nothing wrong.
//!
//! For each kind of harmless cause (an ordinary request, other clients on the same route, somebody else's wrong
//! passwords, a mistyped password) all rules that this cause alone can satisfy are added up. Where their points reach a
//! refusal, the author is told.

use bartizan_engine::blob::draft::{ActionDraft, CounterSource};
use bartizan_engine::vocabulary::{CounterKey, Event, Mode};

use super::world::{Victim, World};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, codes};
use crate::model::{Condition, ConditionKind, CounterBody, LeakedBody, Policy, Rule, ThreatPart};
use crate::names::Names;

/// Fewer wrong passwords than this are a customer's.
const HONEST_MISTAKES: u32 = 3;

/// A cause that is no attack, or not the refused client's.
struct Cause {
    code: &'static Code,
    message: &'static str,
    help: &'static str,
    /// Whether this cause alone can lift a counter over a number.
    lifts: fn(&CounterBody, u32) -> bool,
    /// Whom it hits.
    victim: Victim,
}

static CAUSES: [Cause; 4] = [
    Cause {
        code: &codes::ALWAYS_TRUE,
        message: "ordinary requests meet this rule and are refused",
        help: "add a counter, a list or `under_attack: true` to the condition, or give fewer points",
        lifts: |_, _| false,
        victim: Victim::Anybody,
    },
    Cause {
        code: &codes::HUMAN_MISTAKE,
        message: "a customer who mistypes a password is refused",
        help: "allow at least three wrong passwords, or give fewer points",
        lifts: |body, over| {
            let of_mistakes = matches!(
                body.source.value,
                CounterSource::Count(Event::LoginFailure | Event::LoginAttempt)
                    | CounterSource::Slow(Event::LoginFailure | Event::LoginAttempt)
            );
            over < HONEST_MISTAKES && of_mistakes
        },
        victim: Victim::Anybody,
    },
    Cause {
        code: &codes::SHARED_COUNTER,
        message: "the traffic of other clients leads to a refusal",
        help: "combine it with a counter per `client` or `address`, or with `stranger: true`, or give fewer points",
        lifts: |body, _| body.key.value.is_aggregate(),
        victim: Victim::OfAttackOnOthers,
    },
    Cause {
        code: &codes::LOCKOUT,
        message: "whoever knows a user name can have its owner refused",
        help: "combine it with a counter per `client` or `address`, or with `stranger: true`, or give fewer points",
        lifts: |body, _| body.key.value == CounterKey::LoginUsername,
        victim: Victim::KnownCustomer,
    },
];

/// Refuses to refuse on a list that is wrong once in 256 times.
pub(super) fn check(policy: &Policy, names: &Names<'_>, findings: &mut Diagnostics) {
    let leaks = World { victim: Victim::OfEightBits, ..World::ordinary(policy, names) };
    let ordinary = World::ordinary(policy, names);
    for part in &policy.threats {
        let refusing = part.steps.iter().filter(|step| refuses(&step.action.value));
        let Some(step) = refusing.min_by_key(|step| step.at.value) else { continue };
        let rules = part.rules.iter().filter(|rule| rule.mode == Mode::Enforce);
        for rule in rules.filter(|rule| rule.points.value >= step.at.value) {
            if !leaks.can_be(&rule.when, true) || ordinary.can_be(&rule.when, true) {
                continue;
            }
            let Some((condition, body)) = eight_bits(&rule.when, policy, names) else { continue };
            findings.push(
                Diagnostic::new(&codes::EIGHT_BITS, condition.span, "eight bits may only add to a score")
                    .also(body.bits.span, "this list has eight bits an entry")
                    .also(rule.points.span, "reaches a refusal alone")
                    .help(format!("use `bits: 16`, or give fewer than {} points", step.at.value)),
            );
        }
    }
}

fn eight_bits<'policy>(
    condition: &'policy Condition,
    policy: &'policy Policy,
    names: &Names<'_>,
) -> Option<(&'policy Condition, &'policy LeakedBody)> {
    if let ConditionKind::Leaked(name) = &condition.kind {
        let list = names.leaked_list(&name.value).and_then(|position| policy.leaked.get(position));
        let body = list.and_then(|list| list.body.as_ref()).filter(|body| body.bits.value == 8);
        return body.map(|body| (condition, body));
    }
    condition.parts().iter().find_map(|part| eight_bits(part, policy, names))
}

pub(super) fn advise(policy: &Policy, names: &Names<'_>, findings: &mut Diagnostics) {
    for part in &policy.threats {
        for cause in &CAUSES {
            refused_by(part, cause, policy, names, findings);
        }
    }
}

fn refused_by(
    part: &ThreatPart,
    cause: &Cause,
    policy: &Policy,
    names: &Names<'_>,
    findings: &mut Diagnostics,
) {
    let world = World { policy, names, lifts: cause.lifts, victim: cause.victim };
    let ordinary = World::ordinary(policy, names);
    let acting = || part.rules.iter().filter(|rule| rule.mode == Mode::Enforce);
    let met: Vec<&Rule> = acting().filter(|rule| world.can_be(&rule.when, true)).collect();
    // What ordinary requests meet anyway has been reported as such.
    let new: Vec<&Rule> = if cause.code == &codes::ALWAYS_TRUE {
        met.clone()
    } else {
        met.iter().copied().filter(|rule| !ordinary.can_be(&rule.when, true)).collect()
    };
    let points = met.iter().map(|rule| rule.points.value).fold(0, u32::saturating_add);
    let reached = part.steps.iter().rfind(|step| step.at.value <= points && refuses(&step.action.value));
    let (Some(step), Some((first, others))) = (reached, new.split_first()) else { return };
    let mut finding = Diagnostic::new(cause.code, first.when.span, cause.message)
        .also(step.at.span, format!("reached with {points} points"))
        .help(cause.help);
    for other in others {
        finding = finding.also(other.when.span, "together with this rule");
    }
    findings.push(finding);
}

fn refuses(action: &ActionDraft) -> bool {
    matches!(action, ActionDraft::Challenge { .. } | ActionDraft::Deceive { .. } | ActionDraft::Block { .. })
}
