//! The compiled policy: one file of fixed-size little-endian records, read in place.
//!
//! A blob is a header, a directory, a string pool and sections of records; `docs/blob-format.md` has every byte. Each
//! section's records are declared once ([`field`]), which makes both their reader and, behind the feature `write`, their
//! writer. Reading checks everything once: any bytes give a [`Policy`] or a [`BlobError`], never a panic, and never more
//! memory than a small multiple of their length.

pub mod addresses;
pub mod apps;
#[cfg(feature = "write")]
mod cell_layout;
mod check;
mod check_detectors;
pub mod client;
pub mod counters;
pub mod detectors;
mod error;
pub(crate) mod field;
pub mod flows;
mod header;
pub mod ladders;
pub mod logins;
mod policy;
pub mod rules;
pub mod tables;
pub mod trie;

#[cfg(feature = "write")]
pub mod draft;
#[cfg(feature = "write")]
mod write;
#[cfg(feature = "write")]
mod write_detectors;
#[cfg(feature = "write")]
pub(crate) mod writer;

pub use error::BlobError;
pub use field::Span;
pub use header::{FORMAT_VERSION, Header, MAGIC, READER_VERSION, SectionEntry};
pub use policy::{Policy, section_name};
#[cfg(feature = "write")]
pub use write::WriteError;
