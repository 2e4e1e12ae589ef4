//! The bodies to measure with, as files: natively, for Hyperscan and behind Envoy they are the same.

use std::fs;
use std::path::{Path, PathBuf};

use bartizan_corpus::{Kind, html_bodies, json_bodies};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::files;

/// How many bodies a generated corpus has: more than the caches next to a processor hold.
const BODIES: usize = 8;

/// The list of corpora in their directory.
const LIST: &str = "corpora.json";

/// Bodies of one type.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Corpus {
    /// What the reports call it.
    pub(crate) name: String,
    /// The content type that they are sent with.
    pub(crate) content_type: String,
    /// Their files.
    pub(crate) bodies: Vec<PathBuf>,
}

/// Writes the generated corpora and those of files, and their list.
pub(crate) fn write(directory: &Path, seed: u64, files: &[PathBuf]) -> Result<(), Failure> {
    if directory.exists() {
        fs::remove_dir_all(directory).map_err(|error| Failure::of(directory, error))?;
    }
    fs::create_dir_all(directory).map_err(|error| Failure::of(directory, error))?;
    let mut corpora = vec![
        put(directory, "json", "application/json", json_bodies(Kind::Mixed, seed).take(BODIES))?,
        put(directory, "html", "text/html; charset=utf-8", html_bodies(seed).take(BODIES))?,
    ];
    for file in files {
        let (content_type, bodies) = files::read(file)?;
        let stem = file.file_name().unwrap_or_default().to_string_lossy();
        let taken = corpora.iter().any(|corpus| corpus.name == stem);
        let name = if taken { format!("{stem}-{}", corpora.len()) } else { stem.into_owned() };
        corpora.push(put(directory, &name, content_type, bodies.into_iter())?);
    }
    let list = directory.join(LIST);
    fs::write(&list, serde_json::to_vec_pretty(&corpora)?).map_err(|error| Failure::of(&list, error))
}

/// The corpora of a directory.
pub(crate) fn list(directory: &Path) -> Result<Vec<Corpus>, Failure> {
    let list = directory.join(LIST);
    let text = fs::read(&list).map_err(|error| Failure::of(&list, error))?;
    Ok(serde_json::from_slice(&text)?)
}

fn put(
    directory: &Path,
    name: &str,
    content_type: &str,
    bodies: impl Iterator<Item = Vec<u8>>,
) -> Result<Corpus, Failure> {
    let own = std::path::absolute(directory.join(name))?;
    fs::create_dir_all(&own).map_err(|error| Failure::of(&own, error))?;
    let mut files = Vec::new();
    for (number, body) in bodies.enumerate() {
        let file = own.join(format!("{number}.body"));
        fs::write(&file, body).map_err(|error| Failure::of(&file, error))?;
        files.push(file);
    }
    Ok(Corpus { name: name.to_owned(), content_type: content_type.to_owned(), bodies: files })
}
