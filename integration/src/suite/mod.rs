//! The cases that run against a real Envoy, local or in a container.

mod bed;
mod cases;
mod desk;
mod gateway;
mod run;

pub use bed::{Bed, Paths, compile};
pub use cases::{DEVICE_KEY, HASH_KEY};
pub use gateway::{Gateway, LogLine};
pub use run::{Tally, run};
