//! From text to a tree of values that remember where they stand.

mod characters;
pub mod fields;
pub mod node;
mod read;
pub mod reference;
mod scalars;
pub mod schema;
pub mod suggest;

pub use node::{Entry, Node, Scalar, Value};
pub use read::{MAX_BYTES, read};
