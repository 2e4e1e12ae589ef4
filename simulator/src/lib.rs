//! Labelled login traffic through the real engine and the real page store, with simulated time.
//!
//! The [`world`] holds customers with their lines, devices and passwords; [`visits`] is what they do, [`attack`] what
//! attackers do, [`profile`] what happens when. The [`simulation`] sends everything through the [`proxy`], which is the
//! engine as the filter drives it, and [`counts`] knows who was who. The engine never does. [`capacity`] asks what the state
//! takes when millions come.
//!
//! Deterministic by seed.

pub mod attack;
pub mod capacity;
pub mod counts;
pub mod curve;
pub mod failure;
pub mod options;
pub mod policy;
pub mod profile;
pub mod proxy;
pub mod random;
pub mod report;
pub mod run;
pub mod simulation;
pub mod traffic;
pub mod visits;
pub mod wire;
pub mod world;
