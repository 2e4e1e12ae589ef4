//! A real Envoy, a sample shop behind it and clients in front of it.
//!
//! [`envoy`] starts an Envoy on loopback from the reference configuration in `envoy/envoy.yaml` and gives it listeners
//! while it runs. [`shop`] is the upstream: it counts what reached it, and it replies exactly as a test tells it to.
//! [`client`] speaks HTTP/1.1 and HTTP/2, well and badly.
//! [`suite`] has the cases, [`demo`] the demonstration, [`bench`] and [`scan_bench`]
//! the measurements.

pub mod bench;
pub mod client;
pub mod demo;
pub mod envoy;
pub mod failure;
pub mod scan_bench;
pub mod shop;
pub mod suite;
