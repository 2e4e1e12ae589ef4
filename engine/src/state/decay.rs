//! Stand-in.
/// Bytes.
pub const DECAY_LEN: usize = 8;
