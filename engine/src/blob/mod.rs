//! The compiled policy: one file of fixed-size little-endian records, read in place.

#[cfg(feature = "write")]
pub mod draft;
