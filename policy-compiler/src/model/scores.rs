//! What adds to scores, and what scores lead to.

use bartizan_engine::blob::draft::ActionDraft;
use bartizan_engine::vocabulary::{Binding, Mode, Newcomer, Threat};

use crate::source::{Span, Spanned};

/// What the policy says about a threat.
#[derive(Debug)]
pub(crate) struct ThreatPart {
    /// Which.
    pub(crate) threat: Spanned<Threat>,
    /// Its rules.
    pub(crate) rules: Vec<Rule>,
    /// Its ladder.
    pub(crate) steps: Vec<Step>,
}

/// A rule.
#[derive(Debug)]
pub(crate) struct Rule {
    /// Its id: the author's, or one made from its position.
    pub(crate) id: Spanned<String>,
    /// When it scores.
    pub(crate) when: Condition,
    /// How much.
    pub(crate) points: Spanned<u32>,
    /// Why.
    pub(crate) because: String,
    /// Whether it only reports.
    pub(crate) mode: Mode,
}

/// A condition.
#[derive(Debug)]
pub(crate) struct Condition {
    /// Where it stands.
    pub(crate) span: Span,
    /// What it is.
    pub(crate) kind: ConditionKind,
}

/// What a condition is.
#[derive(Debug)]
pub(crate) enum ConditionKind {
    /// The counter of this name is over the number.
    Counter(Spanned<String>, Spanned<u32>),
    /// The address is in the list of this name.
    List(Spanned<String>),
    /// The request matched the route of this name.
    Route(Spanned<String>),
    /// The request belongs to the app of this name.
    App(Spanned<String>),
    /// The request is a login.
    Login,
    /// The request is a stranger's login try.
    Stranger,
    /// The device is known to the account.
    KnownDevice,
    /// The login's route is under attack.
    UnderAttack,
    /// Nobody logged in with this before.
    New(Newcomer),
    /// The credentials are in the leaked list of this name.
    Leaked(Spanned<String>),
    /// One counter in percent of another.
    Ratio(Ratio),
    /// The flow of this name holds.
    Flow(Spanned<String>),
    /// The session moved.
    SessionMoved(Binding),
    /// The session is older than so many seconds.
    SessionOlder(u32),
    /// The reply holds more different sensitive values than this.
    ReplyValues(u32),
    /// All.
    All(Vec<Condition>),
    /// At least one.
    Any(Vec<Condition>),
    /// Not this.
    Not(Box<Condition>),
}

impl Condition {
    /// The names of the counters that it looks at itself, without those of its parts.
    pub(crate) fn counters(&self) -> Vec<&Spanned<String>> {
        match &self.kind {
            ConditionKind::Counter(name, _) => vec![name],
            ConditionKind::Ratio(ratio) => vec![&ratio.part, &ratio.whole],
            _ => Vec::new(),
        }
    }

    /// The conditions that it is made of.
    pub(crate) fn parts(&self) -> &[Self] {
        match &self.kind {
            ConditionKind::All(parts) | ConditionKind::Any(parts) => parts,
            ConditionKind::Not(part) => std::slice::from_ref(part),
            _ => &[],
        }
    }
}

/// One counter in percent of another.
#[derive(Debug)]
pub(crate) struct Ratio {
    /// The counter that is the part.
    pub(crate) part: Spanned<String>,
    /// The counter that is the whole.
    pub(crate) whole: Spanned<String>,
    /// Where it holds.
    pub(crate) limit: RatioLimit,
}

/// Where a ratio holds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RatioLimit {
    /// Above so many percent.
    Over(u8),
    /// Below so many percent.
    Under(u8),
}

/// A step.
#[derive(Debug)]
pub(crate) struct Step {
    /// From which score.
    pub(crate) at: Spanned<u32>,
    /// What it does.
    pub(crate) action: Spanned<ActionDraft>,
}
