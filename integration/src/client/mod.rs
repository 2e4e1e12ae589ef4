//! Clients, well-behaved and not.
//!
//! A [`Connection`] speaks HTTP/1.1 or HTTP/2 from any address in 127.0.0.0/8, with bodies cut into chunks as the test
//! wants. [`rude`] has clients that send bytes no library would, hang up in the middle, or never open their window.

mod connection;
mod reply;
mod request;
pub mod rude;

pub use connection::{Connection, Protocol, send};
pub use reply::{End, Reply, Started};
pub use request::Request;
