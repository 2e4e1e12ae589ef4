//! Why something could not be measured, in words for the person who started it.

use std::fmt;
use std::path::Path;

/// A step that could not be done.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    /// A failure with this text: lower case, no final period.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// A file with which something could not be done.
    pub(crate) fn of(file: &Path, error: impl fmt::Display) -> Self {
        Self(format!("{}: {error}", file.display()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}
