//! What scores: rules, and their conditions as programs in reverse Polish notation.

use super::error::BlobError;
use super::field::{Span, record, word_field};
use crate::vocabulary::{Mode, Threat};

record! {
    /// A contribution to a threat's score.
    Rule in "rules" as 9 {
        /// Its stable id.
        id: &'p str,
        /// What it scores for.
        threat: Threat,
        /// `Report`: it scores in `would_do` only.
        mode: Mode,
        /// How much.
        points: u16,
        /// Why.
        because: &'p str,
        /// Its condition.
        when: Span,
    }
}

/// What an operation does with the stack of truth values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ConditionCode {
    /// Push: counter `subject` stands above `operand`.
    CounterOver = 1,
    /// Push: the address is in list `subject`.
    List = 2,
    /// Push: the exchange matched route `operand` of the blob.
    Route = 3,
    /// Push: the exchange belongs to app `subject`.
    App = 4,
    /// Push: the exchange is a login.
    Login = 5,
    /// Pop `subject` values, push whether all hold.
    All = 6,
    /// Pop `subject` values, push whether any holds.
    Any = 7,
    /// Pop one, push its opposite.
    Not = 8,
    /// Push: the exchange is a stranger's login try.
    Stranger = 9,
    /// Push: the device is known to the account.
    KnownDevice = 10,
    /// Push: the login's route is under attack.
    UnderAttack = 11,
    /// Push: nobody logged in with this before; `operand` is a [`crate::vocabulary::Newcomer`].
    New = 12,
    /// Push: the credentials are in leaked list `subject`.
    Leaked = 13,
    /// Push: counter `subject` in percent of the counter in the upper half of `operand` is above its lower half.
    RatioOver = 14,
    /// Push: flow `subject` holds.
    Flow = 15,
    /// Push: the session moved; `operand` is a [`crate::vocabulary::Binding`].
    SessionMoved = 16,
    /// Push: the session is older than `operand` seconds.
    SessionOlder = 17,
    /// Push: the reply holds more than `operand` different sensitive values.
    ReplyValues = 18,
}
word_field!(
    ConditionCode,
    "a known operation",
    ConditionCode::CounterOver,
    ConditionCode::List,
    ConditionCode::Route,
    ConditionCode::App,
    ConditionCode::Login,
    ConditionCode::All,
    ConditionCode::Any,
    ConditionCode::Not,
    ConditionCode::Stranger,
    ConditionCode::KnownDevice,
    ConditionCode::UnderAttack,
    ConditionCode::New,
    ConditionCode::Leaked,
    ConditionCode::RatioOver,
    ConditionCode::Flow,
    ConditionCode::SessionMoved,
    ConditionCode::SessionOlder,
    ConditionCode::ReplyValues
);

record! {
    /// One operation of a condition.
    ConditionStep in "conditions" as 10 {
        /// What it does.
        code: ConditionCode,
        /// Position of a counter, list or app, or how many values it takes.
        subject: u16,
        /// The number compared with, or the position of a route.
        operand: u32,
    }
}

/// The deepest stack that a condition may need; a `u64` holds it.
pub(crate) const MAX_STACK: u32 = 64;

/// Checks that a program leaves exactly one value and never takes from an empty stack.
pub(crate) fn check_program(
    codes: impl Iterator<Item = (u32, u32)>,
    section: &'static str,
) -> Result<(), BlobError> {
    let mut depth: u32 = 0;
    for (takes, pushes) in codes {
        depth = depth.checked_sub(takes).ok_or(BlobError::expected(section, "values on the stack"))? + pushes;
        if depth > MAX_STACK {
            return Err(BlobError::expected(section, "at most 64 values on the stack"));
        }
    }
    if depth == 1 { Ok(()) } else { Err(BlobError::expected(section, "programs that leave one value")) }
}

impl ConditionStep<'_> {
    /// The other counter and the percentage of [`ConditionCode::RatioOver`].
    #[must_use]
    pub const fn ratio(&self) -> (usize, u32) {
        ((self.operand >> 16) as usize, self.operand & 0xFFFF)
    }

    /// How many values it takes from the stack and leaves on it.
    pub(crate) fn stack_effect(&self) -> (u32, u32) {
        match self.code {
            ConditionCode::All | ConditionCode::Any => (u32::from(self.subject), 1),
            ConditionCode::Not => (1, 1),
            _ => (0, 1),
        }
    }
}

#[cfg(feature = "write")]
pub(crate) fn flatten(
    condition: &super::draft::Condition,
    route_position: &dyn Fn(usize, usize) -> u32,
    out: &mut Vec<ConditionStep<'static>>,
) {
    use super::draft::Condition;
    let position = |index: &usize| u16::try_from(*index).unwrap_or(u16::MAX);
    let mut push = |code, subject, operand| {
        out.push(ConditionStep { code, subject, operand, blob: std::marker::PhantomData });
    };
    match condition {
        Condition::CounterOver { counter, over } => {
            push(ConditionCode::CounterOver, position(counter), *over)
        }
        Condition::List(list) => push(ConditionCode::List, position(list), 0),
        Condition::Route { app, route } => push(ConditionCode::Route, 0, route_position(*app, *route)),
        Condition::App(app) => push(ConditionCode::App, position(app), 0),
        Condition::Login => push(ConditionCode::Login, 0, 0),
        Condition::Stranger => push(ConditionCode::Stranger, 0, 0),
        Condition::KnownDevice => push(ConditionCode::KnownDevice, 0, 0),
        Condition::UnderAttack => push(ConditionCode::UnderAttack, 0, 0),
        Condition::New(newcomer) => push(ConditionCode::New, 0, *newcomer as u32),
        Condition::Leaked(list) => push(ConditionCode::Leaked, position(list), 0),
        Condition::RatioOver { part, whole, percent } => {
            let whole = u32::from(position(whole));
            push(ConditionCode::RatioOver, position(part), whole << 16 | u32::from(*percent));
        }
        Condition::Flow(flow) => push(ConditionCode::Flow, position(flow), 0),
        Condition::SessionMoved(binding) => push(ConditionCode::SessionMoved, 0, *binding as u32),
        Condition::ReplyValuesOver(values) => push(ConditionCode::ReplyValues, 0, *values),
        Condition::SessionOlder(seconds) => push(ConditionCode::SessionOlder, 0, *seconds),
        Condition::All(parts) | Condition::Any(parts) => {
            for part in parts {
                flatten(part, route_position, out);
            }
            let code =
                if matches!(condition, Condition::All(_)) { ConditionCode::All } else { ConditionCode::Any };
            let subject = position(&parts.len());
            out.push(ConditionStep { code, subject, operand: 0, blob: std::marker::PhantomData });
        }
        Condition::Not(part) => {
            flatten(part, route_position, out);
            out.push(ConditionStep {
                code: ConditionCode::Not,
                subject: 1,
                operand: 0,
                blob: std::marker::PhantomData,
            });
        }
    }
}
