//! From scores to a verdict: the only place that knows report from enforce.

use crate::blob::Policy;
use crate::blob::counters::CellKind;
use crate::blob::ladders::{Step, StepAction};
use crate::blob::rules::{ConditionCode, Rule};
use crate::vocabulary::{Mode, Threat};

/// What is done with an exchange, weakest first; the strongest one wins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Nothing.
    #[default]
    None,
    /// The upstream and the log are told.
    Tag,
    /// Values in the reply are overwritten.
    Mask,
    /// Refused for now.
    Throttle,
    /// Asked to prove itself.
    Challenge,
    /// Answered as if the app had refused it.
    Deceive,
    /// Refused.
    Block,
}

impl Action {
    /// The name in records, headers and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Tag => "tag",
            Self::Mask => "mask",
            Self::Throttle => "throttle",
            Self::Challenge => "challenge",
            Self::Deceive => "deceive",
            Self::Block => "block",
        }
    }

    /// Whether the request does not reach the upstream.
    #[must_use]
    pub const fn refuses(self) -> bool {
        matches!(self, Self::Throttle | Self::Challenge | Self::Deceive | Self::Block)
    }

    const fn of(step: StepAction) -> Self {
        match step {
            StepAction::Tag => Self::Tag,
            StepAction::Throttle => Self::Throttle,
            StepAction::Challenge => Self::Challenge,
            StepAction::Block => Self::Block,
            StepAction::Deceive => Self::Deceive,
        }
    }
}

/// Why points were given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The rule at this position.
    Rule(u16),
    /// The trap at this position, now.
    Honeypot(u32),
    /// A trap that the client stepped into before.
    Mark(Threat),
    /// The client was refused before, and still is.
    Ban,
}

/// One contribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What gave it.
    pub cause: Cause,
    /// How much.
    pub points: u16,
    /// Whether it counts for what is done, not only for what would be done.
    pub enforced: bool,
}

/// What is known about an exchange when it is judged.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'f> {
    /// What the counters stand at, this exchange included; by their position.
    pub counts: &'f [u32],
    /// The client's address.
    pub address: Option<u128>,
    /// The app.
    pub app: u16,
    /// The route.
    pub route: Option<u32>,
    /// Whether it is a login.
    pub is_login: bool,
    /// What is known about the login and the session beyond counts.
    pub circumstances: &'f Circumstances,
    /// How many different sensitive values the reply holds; 0 before there is a reply.
    pub reply_values: u32,
    /// Threats that do not apply to this client, a bit for each.
    pub exempt: u8,
}

/// What is known about a login and its session beyond counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Circumstances {
    /// Whether it is a stranger's login try.
    pub is_stranger: bool,
    /// Whether the device is known to the account.
    pub is_known_device: bool,
    /// Whether the login's route is under attack.
    pub is_under_attack: bool,
    /// What never came with a success, by the number of [`crate::vocabulary::Newcomer`] less one.
    pub is_new: [bool; 3],
    /// The leaked lists that have the credentials, a bit for each.
    pub leaked: u16,
    /// The flows that hold, a bit for each.
    pub flows: u64,
    /// What the session moved away from, by the number of [`crate::vocabulary::Binding`] less one.
    pub has_moved: [bool; 2],
    /// How long ago the session began, in seconds; 0 where it is not known.
    pub session_age: u32,
}

impl Circumstances {
    fn hold(&self, code: ConditionCode, subject: u16, operand: u32) -> bool {
        let position = (operand as usize).wrapping_sub(1);
        match code {
            ConditionCode::Stranger => self.is_stranger,
            ConditionCode::KnownDevice => self.is_known_device,
            ConditionCode::UnderAttack => self.is_under_attack,
            ConditionCode::New => self.is_new.get(position).copied().unwrap_or(false),
            ConditionCode::Leaked => {
                self.leaked.checked_shr(u32::from(subject)).is_some_and(|bits| bits & 1 == 1)
            }
            ConditionCode::Flow => {
                self.flows.checked_shr(u32::from(subject)).is_some_and(|bits| bits & 1 == 1)
            }
            ConditionCode::SessionMoved => self.has_moved.get(position).copied().unwrap_or(false),
            ConditionCode::SessionOlder => self.session_age > operand,
            _ => false,
        }
    }
}

/// What an exchange deserves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// What is done.
    pub action: Action,
    /// What would be done if everything enforced.
    pub would: Action,
    /// The step behind `action`, by its position.
    pub step: Option<u32>,
    /// The step behind `would`.
    pub would_step: Option<u32>,
    /// The score of each threat, by its number.
    pub scores: [u16; 4],
    /// Every contribution.
    pub reasons: Vec<Reason>,
    /// Whether a score stands at or above a step that refuses: such a client must not be forgotten.
    pub is_hot: bool,
}

/// The rules that hold for some facts.
#[must_use]
pub fn score(policy: &Policy<'_>, facts: Facts<'_>) -> Vec<Reason> {
    let mut reasons = Vec::new();
    for (position, rule) in policy.rules.iter().enumerate() {
        if facts.exempt & (1 << rule.threat as u8) == 0 && holds(policy, rule, facts) {
            let cause = Cause::Rule(u16::try_from(position).unwrap_or(u16::MAX));
            reasons.push(Reason { cause, points: rule.points, enforced: rule.mode == Mode::Enforce });
        }
    }
    reasons
}

/// Whether some reasons reach a step by what the client itself did, without what others did to the same account or route:
/// only that may follow a client to its next requests.
#[must_use]
pub fn is_earned(policy: &Policy<'_>, reasons: &[Reason], step: u32, enforced_only: bool) -> bool {
    let ladder = policy.ladders.iter().find(|ladder| ladder.steps.positions().contains(&(step as usize)));
    let Some((ladder, step)) = ladder.zip(policy.steps.get(step as usize)) else { return false };
    let counts = |reason: &&Reason| {
        (reason.enforced || !enforced_only)
            && match reason.cause {
                Cause::Rule(rule) => policy
                    .rules
                    .get(usize::from(rule))
                    .is_some_and(|rule| rule.threat == ladder.threat && is_personal(policy, rule)),
                Cause::Honeypot(pot) => {
                    policy.honeypots.get(pot as usize).is_some_and(|pot| pot.threat == ladder.threat)
                }
                Cause::Mark(threat) => threat == ladder.threat,
                Cause::Ban => false,
            }
    };
    let points = reasons.iter().filter(counts).map(|reason| u32::from(reason.points));
    points.sum::<u32>() >= u32::from(step.at)
}

/// Whether a rule holds because of what the client itself did: its counters are all kept for the client or its address,
/// and it does not ask what others do to the same route or bring along.
fn is_personal(policy: &Policy<'_>, rule: &Rule<'_>) -> bool {
    let steps = policy.conditions.get(rule.when.positions()).unwrap_or_default();
    let is_own = |counter: usize| {
        let counter = policy.counters.get(counter);
        counter.is_some_and(|counter| CellKind::of(counter.key) == CellKind::Caller)
    };
    steps.iter().all(|step| match step.code {
        ConditionCode::CounterOver => is_own(usize::from(step.subject)),
        ConditionCode::RatioOver => is_own(usize::from(step.subject)) && is_own(step.ratio().0),
        ConditionCode::UnderAttack | ConditionCode::New | ConditionCode::Leaked => false,
        _ => true,
    })
}

/// Runs a condition. Its program was checked at load, so it leaves one bit.
fn holds(policy: &Policy<'_>, rule: &Rule<'_>, facts: Facts<'_>) -> bool {
    let mut stack: u64 = 0;
    for step in policy.conditions.get(rule.when.positions()).unwrap_or_default() {
        let subject = usize::from(step.subject);
        let truth = match step.code {
            ConditionCode::CounterOver => {
                facts.counts.get(subject).is_some_and(|count| *count > step.operand)
            }
            ConditionCode::List => facts
                .address
                .zip(policy.lists.get(subject))
                .is_some_and(|(address, list)| policy.ranges.contain(list.ranges, address)),
            ConditionCode::Route => facts.route == Some(step.operand),
            ConditionCode::App => facts.app == step.subject,
            ConditionCode::Login => facts.is_login,
            ConditionCode::RatioOver => {
                let (whole, percent) = step.ratio();
                let count = |counter: usize| u64::from(facts.counts.get(counter).copied().unwrap_or(0));
                let whole = count(whole);
                whole > 0 && count(subject).saturating_mul(100) > whole.saturating_mul(u64::from(percent))
            }
            ConditionCode::ReplyValues => facts.reply_values > step.operand,
            ConditionCode::Stranger
            | ConditionCode::KnownDevice
            | ConditionCode::UnderAttack
            | ConditionCode::New
            | ConditionCode::Leaked
            | ConditionCode::Flow
            | ConditionCode::SessionMoved
            | ConditionCode::SessionOlder => facts.circumstances.hold(step.code, step.subject, step.operand),
            ConditionCode::All | ConditionCode::Any => {
                let mask =
                    1_u64.checked_shl(u32::from(step.subject)).map_or(u64::MAX, |bit| bit.wrapping_sub(1));
                let taken = stack & mask;
                stack = stack.checked_shr(u32::from(step.subject)).unwrap_or(0);
                if step.code == ConditionCode::All { taken == mask } else { taken != 0 }
            }
            ConditionCode::Not => {
                let taken = stack & 1;
                stack >>= 1;
                taken == 0
            }
        };
        stack = stack << 1 | u64::from(truth);
    }
    stack & 1 == 1
}

/// Adds scores up, finds the steps they reach, and takes the strongest.
///
/// `mode` is the exchange's: the route's, weakened by the host's settings. In report mode `action` is always none.
/// `banned` is an earlier block that still lasts: enforced, and reported.
#[must_use]
pub fn judge(
    policy: &Policy<'_>,
    mode: Mode,
    reasons: Vec<Reason>,
    threat_of: impl Fn(Cause) -> Option<Threat>,
    banned: (bool, bool),
) -> Verdict {
    let mut verdict = Verdict { reasons, ..Verdict::default() };
    let mut enforced = [0_u16; 4];
    for reason in &verdict.reasons {
        let Some(threat) = threat_of(reason.cause) else { continue };
        if let Some(score) = verdict.scores.get_mut(threat as usize) {
            *score = score.saturating_add(reason.points);
        }
        if let Some(score) = enforced.get_mut(threat as usize).filter(|_| reason.enforced) {
            *score = score.saturating_add(reason.points);
        }
    }
    for ladder in &policy.ladders {
        let reached = |scores: [u16; 4]| {
            let score = scores.get(ladder.threat as usize).copied().unwrap_or(0);
            let steps = policy.steps.get(ladder.steps.positions()).unwrap_or_default();
            let position = steps.iter().take_while(|step| step.at <= score).count().checked_sub(1)?;
            let step = steps.get(position)?;
            Some((Action::of(step.action), ladder.steps.first + u32::try_from(position).ok()?))
        };
        if let Some((action, step)) = reached(verdict.scores) {
            verdict.is_hot |= action.refuses();
            if action > verdict.would || verdict.would_step.is_none() {
                (verdict.would, verdict.would_step) = (action, Some(step));
            }
        }
        if let Some((action, step)) = reached(enforced).filter(|_| mode == Mode::Enforce)
            && (action > verdict.action || verdict.step.is_none())
        {
            (verdict.action, verdict.step) = (action, Some(step));
        }
    }
    let (banned_enforced, banned_reported) = banned;
    if banned_enforced || banned_reported {
        verdict.reasons.push(Reason { cause: Cause::Ban, points: 0, enforced: banned_enforced });
        verdict.would = Action::Block;
        verdict.is_hot = true;
    }
    if banned_enforced && mode == Mode::Enforce {
        verdict.action = Action::Block;
    }
    verdict
}

impl Verdict {
    /// The step whose reply a refusal uses. A ban that outlasts its score uses the policy's first blocking step.
    #[must_use]
    pub fn reply_step<'s, 'p>(&self, policy: &'s Policy<'p>) -> Option<&'s Step<'p>> {
        let own = self.step.and_then(|step| policy.steps.get(step as usize));
        own.filter(|step| Action::of(step.action) == self.action)
            .or_else(|| policy.steps.iter().find(|step| Action::of(step.action) == self.action))
    }
}
