//! Rules that refuse customers who did nothing wrong.
//!
//! For each kind of harmless cause (an ordinary request, other clients on the same route, somebody else's wrong
//! passwords, a mistyped password) all rules that this cause alone can satisfy are added up. Where their points reach a
//! refusal, the author is told.

use bartizan_engine::blob::draft::{ActionDraft, CounterSource, PathPattern, Segment, SensitiveAction};
use bartizan_engine::vocabulary::{CounterKey, Detector, Event, Mode};

use crate::diagnostic::{Code, Diagnostic, Diagnostics, codes};
use crate::model::{Condition, ConditionKind, CounterBody, Policy, Rule, ThreatPart};
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
}

static CAUSES: [Cause; 4] = [
    Cause {
        code: &codes::ALWAYS_TRUE,
        message: "ordinary requests meet this rule and are refused",
        help: "add a counter or a list to the condition, or give fewer points",
        lifts: |_, _| false,
    },
    Cause {
        code: &codes::HUMAN_MISTAKE,
        message: "a customer who mistypes a password is refused",
        help: "allow at least three wrong passwords, or give fewer points",
        lifts: |body, over| {
            let failures = CounterSource::Count(Event::LoginFailure);
            let attempts = CounterSource::Count(Event::LoginAttempt);
            over < HONEST_MISTAKES && [failures, attempts].contains(&body.source.value)
        },
    },
    Cause {
        code: &codes::SHARED_COUNTER,
        message: "the traffic of other clients leads to a refusal",
        help: "combine it with a counter per `client` or `address`, or give fewer points",
        lifts: |body, _| body.key.value == CounterKey::Route,
    },
    Cause {
        code: &codes::LOCKOUT,
        message: "whoever knows a user name can have its owner refused",
        help: "combine it with a counter per `client` or `address`, or give fewer points",
        lifts: |body, _| body.key.value == CounterKey::LoginUsername,
    },
];

pub(super) fn advise(policy: &Policy, names: &Names<'_>, findings: &mut Diagnostics) {
    for part in &policy.threats {
        for cause in &CAUSES {
            refused_by(part, cause, policy, names, findings);
        }
    }
    ordinary_replies(policy, findings);
}

fn refused_by(
    part: &ThreatPart,
    cause: &Cause,
    policy: &Policy,
    names: &Names<'_>,
    findings: &mut Diagnostics,
) {
    let world = World { policy, names, lifts: cause.lifts };
    let ordinary = World { policy, names, lifts: |_, _| false };
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
    matches!(action, ActionDraft::Challenge { .. } | ActionDraft::Block { .. })
}

/// What can be true when only one cause is at work: requests go where they like, no address is on a list, and only those
/// counters rise that the cause lifts.
struct World<'a> {
    policy: &'a Policy,
    names: &'a Names<'a>,
    lifts: fn(&CounterBody, u32) -> bool,
}

impl World<'_> {
    /// Conditions have at most eight levels.
    fn can_be(&self, condition: &Condition, wanted: bool) -> bool {
        match &condition.kind {
            ConditionKind::Route(_) | ConditionKind::App(_) | ConditionKind::Login => true,
            ConditionKind::List(_) => !wanted,
            ConditionKind::Counter(name, over) => !wanted || self.is_lifted(&name.value, over.value),
            ConditionKind::Not(part) => self.can_be(part, !wanted),
            ConditionKind::All(parts) if wanted => parts.iter().all(|part| self.can_be(part, true)),
            ConditionKind::All(parts) => parts.iter().any(|part| self.can_be(part, false)),
            ConditionKind::Any(parts) if wanted => parts.iter().any(|part| self.can_be(part, true)),
            ConditionKind::Any(parts) => parts.iter().all(|part| self.can_be(part, false)),
        }
    }

    fn is_lifted(&self, name: &str, over: u32) -> bool {
        let counter = self.names.counter(name).and_then(|position| self.policy.counters.get(position));
        counter.and_then(|counter| counter.body.as_ref()).is_some_and(|body| (self.lifts)(body, over))
    }
}

fn ordinary_replies(policy: &Policy, findings: &mut Diagnostics) {
    for search in policy.apps.iter().flat_map(|app| &app.sensitive) {
        let everywhere = search.paths.value == PathPattern { segments: vec![Segment::Rest] };
        let email = search.find.iter().find(|detector| detector.value == Detector::Email);
        if let (SensitiveAction::Block, true, Some(email)) = (search.action.value, everywhere, email) {
            findings.push(
                Diagnostic::new(
                    &codes::BLOCKS_ORDINARY_REPLIES,
                    email.span,
                    "every page with an e-mail address is refused",
                )
                .also(search.action.span, "on all paths")
                .help("use `mask`, or name the paths that must not carry one"),
            );
        }
    }
}
