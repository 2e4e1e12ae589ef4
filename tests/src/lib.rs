//! The built filter under an emulated Envoy.
//!
//! [`host`] is the emulation, [`probe`] compares it with a real Envoy, [`scenario`] plays scenarios that are data.

pub mod artefacts;
pub mod host;
pub mod probe;
pub mod scenario;
pub mod shop;
