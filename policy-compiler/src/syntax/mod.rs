//! From text to a tree of values that remember where they stand.

pub mod fields;
pub mod node;
mod read;
pub mod reference;
pub mod schema;
pub mod suggest;
mod characters;
mod scalars;

pub use node::{Entry, Node, Scalar, Value};
pub use read::{MAX_BYTES, read};
