//! Stand-in.
use crate::clock::Millis;
/// Bytes.
pub const PULSE_LEN: usize = 96;
/// Event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PulseEvent {
    /// Offered.
    Offered,
    /// Failed.
    Failed,
    /// Succeeded.
    Succeeded,
}
/// Note.
pub fn note(_: &mut [u8], _: PulseEvent, _: Millis) {}
/// Attack.
#[must_use]
pub fn is_under_attack(_: &[u8], _: Millis) -> bool {
    false
}
