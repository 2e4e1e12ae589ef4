//! Bodies as APIs and sites send them, made from a seed: what the scanner's speed and its false alarms are measured with.
//!
//! There is nothing sensitive in them, but everything that looks like it: ids of every kind, of sixteen digits above all,
//! timestamps in four units, digests, order and tracking numbers, article numbers with check digits, telephone-like digits
//! in URLs, prices, coordinates, versions of four parts, base64 of images, random strings with dots, colours. Whatever a
//! detector of *high* confidence finds here is a false alarm. E-mail addresses and telephone numbers are in the bodies of
//! [`Kind::Contacts`] only.
//!
//! The same seed gives the same bytes on every machine: there is no floating point in it.

mod html;
mod ids;
mod random;
mod records;
mod text;
mod times;
mod writer;

pub use html::html;
pub use records::{Kind, json};

/// The length of the bodies that are measured, in bytes.
pub const BODY: usize = 1 << 20;

/// Endless JSON bodies of at most [`BODY`] bytes, each different.
pub fn json_bodies(kind: Kind, seed: u64) -> impl Iterator<Item = Vec<u8>> {
    (0..).map(move |number: u64| json(kind, random::mix(seed ^ random::mix(number)), BODY))
}

/// Endless HTML bodies of at most [`BODY`] bytes, each different.
pub fn html_bodies(seed: u64) -> impl Iterator<Item = Vec<u8>> {
    let seed = random::mix(seed);
    (0..).map(move |number: u64| html(random::mix(seed ^ random::mix(number)), BODY))
}
