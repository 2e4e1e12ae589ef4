//! Why a task could not be done, in words for the person who started it.

use std::fmt;

/// A step that could not be done.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    /// A failure with this text: lower case, no final period.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
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
