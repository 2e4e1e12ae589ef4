//! What a threat's score leads to.

use super::field::{Span, record, word_field};
use crate::vocabulary::Threat;

record! {
    /// The ladder of a threat.
    Ladder in "ladders" as 11 {
        /// Whose score.
        threat: Threat,
        /// Its steps, by rising score.
        steps: Span,
    }
}

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum StepAction {
    /// Tell the upstream and the log.
    Tag = 1,
    /// Let `value` requests a minute through.
    Throttle = 3,
    /// Ask the client to prove itself.
    Challenge = 4,
    /// Refuse, for `value` milliseconds.
    Block = 5,
    /// Answer like the app's own failed login.
    Deceive = 6,
}
word_field!(
    StepAction,
    "a known action",
    StepAction::Tag,
    StepAction::Throttle,
    StepAction::Challenge,
    StepAction::Block,
    StepAction::Deceive
);

record! {
    /// A step of a ladder.
    Step in "steps" as 12 {
        /// The score from which it applies.
        at: u16,
        /// What it does.
        action: StepAction,
        /// Requests per minute of a throttle; milliseconds of a block.
        value: u32,
        /// The status of the filter's own reply; 0 for the action's default.
        status: u16,
        /// The reply's body as JSON; empty for the built-in one.
        json: &'p str,
        /// The reply's body as HTML; empty for the built-in one.
        html: &'p str,
        /// After how many milliseconds the reply is sent.
        delay_ms: u32,
    }
}
