//! The bodies that are measured with, as `scan-native` wrote them.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::failure::{Context, Failure};

/// Bodies of one type.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Corpus {
    /// What the report calls it.
    pub(super) name: String,
    /// The content type that they are sent with.
    pub(super) content_type: String,
    /// Their files.
    pub(super) bodies: Vec<PathBuf>,
}

/// The corpora of a directory.
pub(super) fn list(directory: &Path) -> Result<Vec<Corpus>, Failure> {
    let list = directory.join("corpora.json");
    let text = fs::read(&list).context(list.display())?;
    serde_json::from_slice(&text).context(list.display())
}
