//! The decision record: the one shape that access logs, tests and explanations share.
//!
//! Bounded, and free of anything that a client sent: names come from the policy, clients are keyed hashes.

use super::search::Place;
use super::subject::Subject;
use crate::blob::Policy;
use crate::metrics::mode_name;
use crate::verdict::{Action, Cause};
use crate::vocabulary::Threat;
use serde::Serialize;
use std::collections::BTreeMap;

/// What was decided about an exchange, and why.
#[derive(Clone, Debug, Serialize)]
pub struct Record<'r> {
    /// The decision's id: also in the reply and in the request to the upstream. 16 hexadecimal digits.
    pub id: String,
    /// The policy's hash. 16 hexadecimal digits.
    pub policy: String,
    /// The app's name.
    pub app: &'r str,
    /// The route's name; absent where none matched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<&'r str>,
    /// `report` or `enforce`.
    pub mode: &'static str,
    /// What was done.
    #[serde(rename = "do")]
    pub action: &'static str,
    /// What would have been done if everything enforced.
    pub would_do: &'static str,
    /// Scores above zero, by threat.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub scores: BTreeMap<&'static str, u16>,
    /// What they are made of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<ReasonEntry<'r>>,
    /// How the login ended, where it was one and the upstream answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<&'static str>,
    /// From where the login came: `known_device`, `known_network` or `stranger`; absent where it does not matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<&'static str>,
    /// Whether the login's route was under attack.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub under_attack: bool,
    /// The client's keyed hash. 16 hexadecimal digits.
    pub client: String,
    /// The keyed hash of its network, where something was found. 16 hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// Its country, where something was found and the operator has a header that says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// What was found, in the reply and in the request's address.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub found: Vec<FoundEntry<'r>>,
    /// Why a body was not inspected, or not all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uninspected: Option<&'static str>,
    /// What went wrong inside the filter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'static str>,
}

/// One contribution to a score.
#[derive(Clone, Debug, Serialize)]
pub struct ReasonEntry<'r> {
    /// The rule's id, `honeypot` or `banned`.
    pub rule: &'r str,
    /// How much.
    pub points: u16,
    /// Why, in the author's words.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub because: &'r str,
}

/// What one detector found at one place. Several entries of an exchange are events of their own.
#[derive(Clone, Debug, Serialize)]
pub struct FoundEntry<'r> {
    /// What.
    pub detector: &'r str,
    /// What the detector belongs to: the name of a rule pack; empty for the author's own.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub class: &'r str,
    /// Where: `body`, `headers` (trailers too) or `url`.
    pub at: &'static str,
    /// How often, whatever the confidence.
    pub count: u32,
    /// How many of them are likely only.
    #[serde(skip_serializing_if = "is_zero")]
    pub likely: u32,
    /// How many were overwritten or taken out.
    pub masked: u32,
    /// What the first one looks like: digits are `9`, letters `a` and `A`.
    pub shape: String,
    /// Since when this worker has known that the route carries it, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<u64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// What was found, by place and detector.
fn found<'r>(subject: &Subject, policy: &'r Policy<'_>) -> Vec<FoundEntry<'r>> {
    let places = [(Place::Body, "body"), (Place::Headers, "headers"), (Place::Url, "url")];
    let mut entries = Vec::new();
    for (place, at) in places {
        for found in subject.found_in(place).found().iter().filter(|found| found.total() > 0) {
            let Some(detector) = policy.detectors.get(usize::from(found.detector)) else { continue };
            let since = subject.known_since.iter().find(|(known, _)| *known == found.detector);
            entries.push(FoundEntry {
                detector: detector.name,
                class: detector.class,
                at,
                count: found.total(),
                likely: found.likely,
                masked: found.masked,
                shape: found.shape.clone(),
                first_seen: since.filter(|_| place != Place::Url).map(|(_, since)| *since),
            });
        }
    }
    entries
}

/// From where a login came, where the policy tells strangers from others.
fn origin(subject: &Subject, policy: &Policy<'_>) -> Option<&'static str> {
    let circumstances = &subject.circumstances;
    let asked = subject.login.is_some() && policy.tables.asks_strangers && subject.is_credited;
    asked.then_some(if circumstances.is_known_device {
        "known_device"
    } else if circumstances.is_stranger {
        "stranger"
    } else {
        "known_network"
    })
}

impl<'r> Record<'r> {
    pub(crate) fn of(subject: &Subject, policy: &'r Policy<'_>) -> Self {
        let verdict = &subject.verdict;
        let scores = Threat::ALL.into_iter().zip(verdict.scores).filter(|(_, score)| *score > 0);
        let reasons = verdict.reasons.iter().map(|reason| {
            let (rule, because) = match reason.cause {
                Cause::Rule(rule) => {
                    policy.rules.get(usize::from(rule)).map_or(("", ""), |rule| (rule.id, rule.because))
                }
                Cause::Honeypot(pot) => {
                    ("honeypot", policy.honeypots.get(pot as usize).map_or("", |pot| pot.because))
                }
                Cause::Mark(_) => ("honeypot", "stepped into a trap before"),
                Cause::Ban => ("banned", "blocked earlier, and the block still lasts"),
            };
            ReasonEntry { rule, points: reason.points, because }
        });
        let entries = found(subject, policy);
        let entries_have_recipients = !entries.is_empty();
        let (mut action, mut would) = (verdict.action, verdict.would);
        if subject.failed_closed {
            (action, would) = (Action::Block, Action::Block);
        }
        Self {
            id: format!("{:016x}", subject.id),
            policy: format!("{:016x}", policy.header.policy_hash),
            app: policy.apps.get(usize::from(subject.app)).map_or("", |app| app.name),
            route: subject.route.and_then(|route| policy.routes.get(route as usize)).map(|route| route.name),
            mode: mode_name(subject.mode),
            action: action.name(),
            would_do: would.name(),
            scores: scores.map(|(threat, score)| (threat.name(), score)).collect(),
            reasons: reasons.collect(),
            login: subject.outcome.map(crate::metrics::LoginOutcome::name),
            from: origin(subject, policy),
            under_attack: subject.circumstances.is_under_attack,
            client: format!("{:016x}", subject.client),
            network: entries_have_recipients
                .then(|| subject.network.map(|network| format!("{network:016x}")))
                .flatten(),
            country: entries_have_recipients
                .then(|| subject.recipient().country_name().to_owned())
                .filter(|name| !name.is_empty()),
            found: entries,
            uninspected: subject.uninspected.map(crate::metrics::Uninspected::name),
            error: subject.failure.map(crate::metrics::Failure::name),
        }
    }

    /// What goes to the upstream about a request that is forwarded; empty where there is nothing to tell.
    pub(crate) fn upstream_headers(subject: &Subject, policy: &'r Policy<'_>) -> Vec<(&'static str, String)> {
        let verdict = &subject.verdict;
        if verdict.would == Action::None && verdict.scores.iter().all(|score| *score == 0) {
            return Vec::new();
        }
        let scores: Vec<_> = Threat::ALL
            .into_iter()
            .zip(verdict.scores)
            .filter(|(_, score)| *score > 0)
            .map(|(threat, score)| format!("{}={score}", threat.name()))
            .collect();
        let record = Record::of(subject, policy);
        let reasons: Vec<&str> = record.reasons.iter().map(|reason| reason.rule).collect();
        let mut headers = vec![
            ("x-bartizan-id", format!("{:016x}", subject.id)),
            ("x-bartizan-action", verdict.action.name().to_owned()),
        ];
        if verdict.would != verdict.action {
            headers.push(("x-bartizan-would", verdict.would.name().to_owned()));
        }
        if !scores.is_empty() {
            headers.push(("x-bartizan-score", scores.join(", ")));
        }
        if !reasons.is_empty() {
            headers.push(("x-bartizan-reasons", reasons.join(", ")));
        }
        headers
    }

    /// The rules that scored, for the operator's counters.
    pub(crate) fn scored_rules(subject: &Subject) -> impl Iterator<Item = (u16, bool)> + '_ {
        subject.verdict.reasons.iter().filter_map(|reason| match reason.cause {
            Cause::Rule(rule) => Some((rule, reason.enforced)),
            _ => None,
        })
    }
}
