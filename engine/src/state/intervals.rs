//! Stand-in.
/// Bytes.
pub const INTERVALS_LEN: usize = 16;
