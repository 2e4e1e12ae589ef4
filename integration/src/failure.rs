//! Why a step did not work, in words for the person who reads the report.

use std::fmt;

/// A failed expectation or a step that could not be done.
///
/// Made from any error, so that cases can use `?` throughout; it is not an [`std::error::Error`] itself because of that.
#[derive(Debug, Clone)]
pub struct Failure(String);

impl Failure {
    /// A failure with this text: lower case, no final period.
    pub fn new(text: impl Into<String>) -> Self {
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
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            source = cause.source();
        }
        Self(text)
    }
}

/// Says what was being done when something failed.
pub trait Context<T> {
    /// Puts `what` in front of the error's text.
    ///
    /// # Errors
    ///
    /// The same as before, with more words.
    fn context(self, what: impl fmt::Display) -> Result<T, Failure>;
}

impl<T, E: Into<Failure>> Context<T> for Result<T, E> {
    fn context(self, what: impl fmt::Display) -> Result<T, Failure> {
        self.map_err(|error| Failure(format!("{what}: {}", error.into())))
    }
}

impl<T> Context<T> for Option<T> {
    fn context(self, what: impl fmt::Display) -> Result<T, Failure> {
        self.ok_or_else(|| Failure(what.to_string()))
    }
}

/// Fails with the text unless the condition holds.
///
/// # Errors
///
/// The text, where the condition is false.
pub fn ensure(condition: bool, text: impl FnOnce() -> String) -> Result<(), Failure> {
    if condition { Ok(()) } else { Err(Failure(text())) }
}

/// Fails, showing both values, unless they are equal.
///
/// # Errors
///
/// The name of what was compared with both values.
pub fn ensure_equal<A: PartialEq<B> + fmt::Debug, B: fmt::Debug>(
    what: &str,
    found: A,
    expected: B,
) -> Result<(), Failure> {
    ensure(found == expected, || format!("{what}: expected {expected:?}, found {found:?}"))
}
