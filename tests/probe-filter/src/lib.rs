//! Placeholder that the next commits replace.
