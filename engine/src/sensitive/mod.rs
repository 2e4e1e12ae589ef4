//! Finds sensitive values in a stream of bytes and overwrites them in place.
//!
//! What is found, counted and written does not depend on how the stream was cut into chunks: a value that may go on in
//! the next chunk stays open until it is decided, in bounded memory. The path of a body:
//!
//! ```text
//! bytes ─► view      a byte for each character: escapes, references, UTF-16 are seen through          (view)
//!       ─► places    where something may begin, 64 bytes at a time                        (classes, triggers)
//!       ─► detectors what stands there: literals, patterns, numbers with check digits     (table, examine, ...)
//!       ─► findings  counted; what is to be hidden is overwritten in the original's spelling   (scanner, mask)
//! ```
//!
//! Words such as `ssn` or "card number" open a [`context`] in which detectors look closer.

mod basic_auth;
mod beginnings;
mod body;
mod card;
mod classes;
mod context;
mod email;
mod entropy;
mod events;
mod examine;
mod examined;
mod findings;
mod high_entropy;
mod iban;
mod ip;
mod jwt;
mod mask;
mod member;
mod phone;
mod placeholder;
mod private_key;
mod run;
mod scanner;
mod settings;
mod ssn;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod triggers;
mod url_credentials;
mod validate;
mod view;

pub use body::BodyKind;
pub use findings::{Findings, Found, MOST_VALUES};
pub use scanner::{LONGEST_OPEN, OPEN_LIMIT, ScanWorld, Scanned, Scanner};
pub use settings::{Change, Overwriting, ScanSettings};
pub use table::DetectorTable;
pub use validate::Validator;
