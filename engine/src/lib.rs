//! Decides what an exchange deserves.
//!
//! This crate is the part of Bartizan that does not know where it runs: it reads a compiled policy in place, matches a
//! request to its route, names its client, keeps bounded state, scores, and says what to do. Time, randomness, keys and
//! storage are arguments. The proxy filter, the command line and the fuzzers all use it unchanged, so that what an
//! author is shown at a desk is what the proxy does.

pub mod blob;
pub mod clock;
pub mod device;
pub mod exchange;
pub mod exposure;
pub mod http;
pub mod keyed_hash;
pub mod leaked;
pub mod metrics;
pub mod sensitive;
pub mod settings;
pub mod state;
pub mod verdict;
pub mod vocabulary;
