//! Stand-in.
/// Bytes.
pub const PULSE_LEN: usize = 96;
