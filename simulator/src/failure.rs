//! Why a run could not be done, in words for the person who started it.

use std::io;
use std::path::Path;

/// A run that could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A file cannot be read or written.
    #[error("{0}: {1}")]
    File(String, String),
    /// The policy has errors; the text holds every finding.
    #[error("the policy has errors\n{0}")]
    Policy(String),
    /// The blob cannot be read.
    #[error("the compiled policy cannot be read: {0}")]
    Blob(String),
    /// The policy does not see logins where the traffic has them.
    #[error(
        "the policy does not take `POST {path}` at the host `{host}` for a login; give the app that host and a login with \
         that path, or name others with --host and --path"
    )]
    NoLogin {
        /// The host.
        host: String,
        /// The path.
        path: String,
    },
    /// A line of labelled traffic that is none.
    #[error("{file}:{line}: {problem}")]
    Traffic {
        /// The file.
        file: String,
        /// The line, starting at 1.
        line: u64,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// Something that the command line asks for makes no sense.
    #[error("{0}")]
    Options(String),
    /// Output cannot be written.
    #[error("cannot write: {0}")]
    Output(#[from] io::Error),
}

impl Failure {
    /// A file that cannot be read or written.
    #[must_use]
    pub fn file(path: &Path, error: &io::Error) -> Self {
        Self::File(path.display().to_string(), error.to_string())
    }
}
