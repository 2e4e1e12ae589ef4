//! Orders of steps, and the lists of leaked credentials that conditions refer to.

use super::field::{Span, record, word_field};
use crate::vocabulary::LeakedKind;

/// What makes a flow hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum FlowCode {
    /// The step comes sooner than that after the session's login.
    SoonAfterLogin = 1,
    /// The step comes sooner than that after the session's login, whose device was new.
    SoonAfterNewDevice = 2,
    /// One of the steps was not taken within that time, or they were taken in another order.
    Without = 3,
}
word_field!(
    FlowCode,
    "a known kind of flow",
    FlowCode::SoonAfterLogin,
    FlowCode::SoonAfterNewDevice,
    FlowCode::Without
);

record! {
    /// An order of steps.
    Flow in "flows" as 27 {
        /// Its name in the policy.
        name: &'p str,
        /// The route that is looked at.
        route: u32,
        /// What makes it hold.
        code: FlowCode,
        /// Within which time, in seconds.
        within_seconds: u32,
        /// Why; may be empty.
        because: &'p str,
        /// The steps before it.
        steps: Span,
    }
}

record! {
    /// A step that a flow needs.
    FlowStep in "flow steps" as 28 {
        /// The position of its milestone.
        milestone: u16,
    }
}

record! {
    /// A route whose last visit is kept in each session.
    Milestone in "milestones" as 29 {
        /// The route.
        route: u32,
    }
}

record! {
    /// A list of leaked credentials.
    LeakedList in "leaked" as 26 {
        /// Its name in the policy.
        name: &'p str,
        /// What its entries are.
        kind: LeakedKind,
        /// Bits of an entry, 8 or 16.
        bits: u8,
        /// Its first page among those of all lists.
        first_page: u32,
        /// How many pages it has.
        pages: u32,
        /// How many entries it has.
        entries: u64,
        /// What its entries hash to; each of its pages repeats it.
        digest: u64,
    }
}
