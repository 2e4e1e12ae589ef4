//! Steps that contradict each other or never happen.

use bartizan_engine::blob::draft::ActionDraft;
use bartizan_engine::vocabulary::Threat;

use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::model::{Policy, ThreatPart};

pub(super) fn check(policy: &Policy, findings: &mut Diagnostics) {
    for part in &policy.threats {
        for (lower, higher) in part.steps.iter().zip(part.steps.iter().skip(1)) {
            if higher.at.value <= lower.at.value {
                let message = format!(
                    "the step at {} does not rise above the one at {}",
                    higher.at.value, lower.at.value
                );
                findings.push(
                    Diagnostic::new(&codes::STEPS_NOT_RISING, higher.at.span, message)
                        .also(lower.at.span, "the step before")
                        .help("order the steps by `at`, each higher than the one before"),
                );
            }
        }
    }
}

pub(super) fn advise(policy: &Policy, findings: &mut Diagnostics) {
    for part in &policy.threats {
        reachable(policy, part, findings);
        weakening(part, findings);
        let threat = part.threat.value.name();
        if part.steps.is_empty() && !part.rules.is_empty() {
            findings.push(
                Diagnostic::new(
                    &codes::LEADS_NOWHERE,
                    part.threat.span,
                    format!("`{threat}` has a score and no steps"),
                )
                .help("add `steps: [{ at: 30, do: tag }]` with a score that the rules reach"),
            );
        }
    }
    for trap in policy.apps.iter().flat_map(|app| &app.honeypots) {
        if !policy.threats.iter().any(|part| part.threat.value == trap.threat.value) {
            let threat = trap.threat.value.name();
            findings.push(
                Diagnostic::new(
                    &codes::LEADS_NOWHERE,
                    trap.threat.span,
                    format!("`{threat}` has a trap and no steps"),
                )
                .help(format!("add steps under `threats: {{ {threat}: … }}`, or score for another threat")),
            );
        }
    }
}

fn reachable(policy: &Policy, part: &ThreatPart, findings: &mut Diagnostics) {
    let rules: u32 = part.rules.iter().map(|rule| rule.points.value).fold(0, u32::saturating_add);
    let highest = rules.saturating_add(trap_points(policy, part.threat.value));
    for step in part.steps.iter().filter(|step| step.at.value > highest) {
        findings.push(
            Diagnostic::new(
                &codes::STEP_UNREACHABLE,
                step.at.span,
                format!("no score of `{}` reaches {}", part.threat.value.name(), step.at.value),
            )
            .label(format!("the highest possible score is {highest}"))
            .help("lower the step, or give rules more points"),
        );
    }
}

/// The points of all traps for a threat together.
fn trap_points(policy: &Policy, threat: Threat) -> u32 {
    let traps = policy.apps.iter().flat_map(|app| &app.honeypots).filter(|trap| trap.threat.value == threat);
    traps.map(|trap| trap.points).fold(0, u32::saturating_add)
}

fn weakening(part: &ThreatPart, findings: &mut Diagnostics) {
    for (lower, higher) in part.steps.iter().zip(part.steps.iter().skip(1)) {
        let (low, high) = (strength(&lower.action.value), strength(&higher.action.value));
        if high < low {
            findings.push(
                Diagnostic::new(
                    &codes::STEP_WEAKENS,
                    higher.action.span,
                    "a higher score leads to a weaker action",
                )
                .also(lower.action.span, "stronger, at a lower score")
                .help("order the actions `tag`, `throttle`, `challenge`, `deceive`, `block`"),
            );
        }
    }
}

fn strength(action: &ActionDraft) -> u8 {
    match action {
        ActionDraft::Tag => 0,
        ActionDraft::Throttle { .. } => 1,
        ActionDraft::Challenge { .. } => 2,
        ActionDraft::Deceive { .. } => 3,
        ActionDraft::Block { .. } => 4,
    }
}
