//! How the pages of the state are shared out among the tables that a policy uses, and what a login has to look up.

use super::counters::{CellKind, Source};
use super::policy::Policy;
use super::rules::ConditionCode;
use crate::vocabulary::{Binding, CounterKey, Newcomer, Value, Whose};
use std::ops::Range;

/// Shares of the pool in 32nds; the callers get what is left. A table that the policy does not use gets nothing.
const SHARES: [(CellKind, u32); 6] = [
    (CellKind::Route, 1),
    (CellKind::Fingerprint, 1),
    (CellKind::Password, 2),
    (CellKind::Network, 3),
    (CellKind::Seen, 6),
    (CellKind::Account, 10),
];

/// What follows from a policy for its state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tables {
    used: [bool; CellKind::ALL.len()],
    /// Whether it matters who is a stranger.
    pub asks_strangers: bool,
    /// Whether a rule asks for newcomers of this kind, by the number of [`Newcomer`] less one.
    pub asks_new: [bool; 3],
    /// Whether a login's fingerprint matters.
    pub asks_fingerprint: bool,
    /// Whether it matters for every request.
    pub asks_fingerprint_always: bool,
    /// Whether sessions are bound to what they began with, or their steps are kept.
    pub asks_session: bool,
}

impl Tables {
    pub(crate) fn of(policy: &Policy<'_>) -> Self {
        let asks = |code: ConditionCode| policy.conditions.iter().any(|step| step.code == code);
        let asks_with = |code: ConditionCode, operand: u32| {
            policy.conditions.iter().any(|step| step.code == code && step.operand == operand)
        };
        let counts = |key: CounterKey| policy.counters.iter().any(|counter| counter.key == key);
        let by_strangers = policy.counters.iter().any(|counter| counter.whose == Whose::Strangers);
        let asks_strangers =
            by_strangers || asks(ConditionCode::Stranger) || asks(ConditionCode::UnderAttack);
        let asks_new = [Newcomer::Account, Newcomer::Network, Newcomer::Fingerprint]
            .map(|newcomer| asks_with(ConditionCode::New, newcomer as u32));
        let asks_session = !policy.flows.is_empty()
            || asks(ConditionCode::SessionMoved)
            || asks(ConditionCode::SessionOlder);
        let tells_apart =
            |value| policy.counters.iter().any(|counter| counter.source == Source::Distinct(value));
        let asks_fingerprint = counts(CounterKey::Fingerprint)
            || tells_apart(Value::Fingerprint)
            || asks_with(ConditionCode::New, Newcomer::Fingerprint as u32)
            || asks_with(ConditionCode::SessionMoved, Binding::Fingerprint as u32);
        let by_requests = policy.counters.iter().any(|counter| {
            let is_fingerprint = counter.source == Source::Distinct(Value::Fingerprint);
            (counter.key == CounterKey::Fingerprint || is_fingerprint) && !counter.is_of_logins()
        });
        let asks_fingerprint_always =
            by_requests || asks_with(ConditionCode::SessionMoved, Binding::Fingerprint as u32);
        let asks_usual = policy.counters.iter().any(|counter| counter.source.asks_usual());
        let is_used = |kind| match kind {
            CellKind::Caller => true,
            CellKind::Account => counts(CounterKey::LoginUsername),
            CellKind::Route => counts(CounterKey::Route) || asks(ConditionCode::UnderAttack) || asks_usual,
            CellKind::Network => counts(CounterKey::Network),
            CellKind::Fingerprint => counts(CounterKey::Fingerprint),
            CellKind::Seen => asks_strangers || asks_new.contains(&true),
            CellKind::Password => counts(CounterKey::LoginPassword),
        };
        Self {
            used: CellKind::ALL.map(is_used),
            asks_strangers,
            asks_new,
            asks_fingerprint,
            asks_fingerprint_always,
            asks_session,
        }
    }

    /// Whether the policy keeps anything in this table.
    #[must_use]
    pub fn uses(&self, kind: CellKind) -> bool {
        self.used.get(kind as usize).copied().unwrap_or(false)
    }

    /// The pages of a table in a pool of so many. Empty where the policy does not use it.
    #[must_use]
    pub fn pages_of(&self, kind: CellKind, total: u32) -> Range<u32> {
        let mut next = 0;
        for (table, share) in SHARES {
            let pages = if self.uses(table) { (total / 32).saturating_mul(share).max(1) } else { 0 };
            if table == kind {
                return next..next + pages;
            }
            next += pages;
        }
        next..total.max(next + 1)
    }

    /// Which tables there are, as a number: state is started over where it changes, because keys lie elsewhere then.
    #[must_use]
    pub(crate) fn layout(&self) -> u64 {
        self.used.iter().fold(0, |bits, used| bits << 1 | u64::from(*used))
    }
}
