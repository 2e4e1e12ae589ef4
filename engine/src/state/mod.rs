//! Bounded state: a fixed pool of fixed-size pages.
//!
//! The pool's size is a setting of the host and never depends on the policy or the traffic. Every kind of key (caller,
//! account, route) has a table of its own in it; a keyed hash picks the page, a tag the cell. A cell holds everything
//! that is counted for its key, so that an exchange touches one page for each key.
//!
//! Pages are changed by compare-and-swap on the whole page, so any number of workers can share them.

mod bloom;
mod bytes;
pub mod cell;
pub mod crowd;
pub mod decay;
pub mod delta;
mod distinct;
pub mod intervals;
pub mod page;
pub mod pool;
pub mod pulse;
pub mod seen;
pub mod session;
pub mod sketch;
mod small;
pub mod store;
pub mod usual;
mod window;
