//! What can be true of a customer who did nothing wrong, when only one cause is at work.

use bartizan_engine::vocabulary::{Binding, Newcomer};

use crate::model::{Condition, ConditionKind, CounterBody, Policy, Ratio};
use crate::names::Names;
use crate::source::Spanned;

/// Who is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Victim {
    /// Anybody, also somebody who is new, has a new device or is somewhere else than usual.
    Anybody,
    /// Somebody who logs in from a device and a place that the account knows.
    KnownCustomer,
    /// The same, while somebody attacks the route.
    OfAttackOnOthers,
    /// Anybody whose password a list of eight bits takes for a leaked one.
    OfEightBits,
}

/// Requests go where they like, no address is on a list, and only those counters rise that the cause lifts.
pub(super) struct World<'a> {
    pub(super) policy: &'a Policy,
    pub(super) names: &'a Names<'a>,
    /// Whether the cause alone can lift a counter over a number.
    pub(super) lifts: fn(&CounterBody, u32) -> bool,
    pub(super) victim: Victim,
}

impl<'a> World<'a> {
    /// Nothing is at work.
    pub(super) fn ordinary(policy: &'a Policy, names: &'a Names<'a>) -> Self {
        Self { policy, names, lifts: |_, _| false, victim: Victim::Anybody }
    }

    /// Whether the condition can be this. Conditions have at most eight levels.
    pub(super) fn can_be(&self, condition: &Condition, wanted: bool) -> bool {
        let is_known = matches!(self.victim, Victim::KnownCustomer | Victim::OfAttackOnOthers);
        match &condition.kind {
            ConditionKind::Route(_)
            | ConditionKind::App(_)
            | ConditionKind::Login
            | ConditionKind::SessionOlder(_)
            // Mobile networks move their customers.
            | ConditionKind::SessionMoved(Binding::Network)
            | ConditionKind::New(Newcomer::Network | Newcomer::Fingerprint) => true,
            ConditionKind::Stranger | ConditionKind::New(Newcomer::Account) => !is_known || !wanted,
            ConditionKind::KnownDevice => !is_known || wanted,
            ConditionKind::UnderAttack => self.victim == Victim::OfAttackOnOthers || !wanted,
            ConditionKind::Leaked(name) => {
                !wanted || (self.victim == Victim::OfEightBits && self.has_eight_bits(&name.value))
            }
            ConditionKind::List(_)
            | ConditionKind::Flow(_)
            | ConditionKind::ReplyValues(_)
            | ConditionKind::SessionMoved(Binding::Fingerprint) => !wanted,
            ConditionKind::Counter(name, over) => !wanted || self.is_lifted(name, over.value),
            ConditionKind::Ratio(Ratio { part, whole, .. }) => {
                !wanted || [part, whole].into_iter().any(|name| self.is_lifted(name, u32::MAX))
            }
            ConditionKind::Not(part) => self.can_be(part, !wanted),
            ConditionKind::All(parts) if wanted => parts.iter().all(|part| self.can_be(part, true)),
            ConditionKind::All(parts) => parts.iter().any(|part| self.can_be(part, false)),
            ConditionKind::Any(parts) if wanted => parts.iter().any(|part| self.can_be(part, true)),
            ConditionKind::Any(parts) => parts.iter().all(|part| self.can_be(part, false)),
        }
    }

    fn is_lifted(&self, name: &Spanned<String>, over: u32) -> bool {
        let counter = self.names.counter(&name.value).and_then(|position| self.policy.counters.get(position));
        counter.and_then(|counter| counter.body.as_ref()).is_some_and(|body| (self.lifts)(body, over))
    }

    fn has_eight_bits(&self, name: &str) -> bool {
        let list = self.names.leaked_list(name).and_then(|position| self.policy.leaked.get(position));
        list.and_then(|list| list.body.as_ref()).is_some_and(|body| body.bits.value == 8)
    }
}
