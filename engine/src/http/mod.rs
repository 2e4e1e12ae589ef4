//! Readers of the untrusted parts of an exchange: paths, addresses, cookies, forms, JSON.
//!
//! Every reader takes any bytes, never panics, runs in linear time without recursion and keeps bounded memory. Those
//! that read bodies are streaming: they give the same answer for every way of cutting the body into chunks.

pub mod accept;
pub mod address;
pub mod basic;
pub mod coding;
pub mod cookie;
pub mod element;
mod field;
pub mod form;
pub mod host;
pub mod json;
pub mod literal;
pub mod location;
pub mod multipart;
mod parameters;
pub mod path;
pub mod query;
pub mod username;

pub use field::{Field, LONGEST_VALUE, Reading};
