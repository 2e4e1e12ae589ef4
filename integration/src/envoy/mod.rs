//! A real Envoy that tests can reconfigure while it runs.
//!
//! [`Process`] starts the binary; [`Envoy`] talks to one that runs, be it such a process or one in a container: through
//! its admin interface and through a directory that both sides see. That directory holds the listeners
//! (`listeners.json`, which Envoy watches), one access log per listener and Envoy's own log.

mod admin;
mod control;
mod listener;
mod process;
mod reference;

pub use admin::Admin;
pub use control::{Envoy, Listener, Update};
pub use listener::{Configuration, DirectResponse, Filter, ListenerSpec, validate};
pub use process::{FLAGS, Options, Process, free_port, locate, prepare};
pub use reference::Reference;
