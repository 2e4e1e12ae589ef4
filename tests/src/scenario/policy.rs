//! Policies of scenarios: compiled by the real command, once per file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::artefacts;

/// A compiled policy, or why there is none.
type Blob = Result<Vec<u8>, String>;

/// The compiled policy of a file.
///
/// # Errors
///
/// When the command is not built or refuses the policy; its diagnostics are in the text.
pub fn compiled(path: &Path) -> Result<Vec<u8>, String> {
    static BLOBS: OnceLock<Mutex<BTreeMap<PathBuf, Blob>>> = OnceLock::new();
    let mut blobs = BLOBS.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    blobs.entry(path.to_owned()).or_insert_with(|| compile(path)).clone()
}

fn compile(path: &Path) -> Result<Vec<u8>, String> {
    let command = artefacts::command()?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let blob = std::env::temp_dir().join(format!("bartizan-{}-{name}.blob", std::process::id()));
    let output = Command::new(&command)
        .args(["compile", "--format", "plain"])
        .arg(path)
        .arg("-o")
        .arg(&blob)
        .output()
        .map_err(|error| format!("cannot run {}: {error}", command.display()))?;
    if !output.status.success() {
        return Err(format!("{} is refused:\n{}", path.display(), String::from_utf8_lossy(&output.stderr)));
    }
    let bytes = std::fs::read(&blob).map_err(|error| format!("{}: {error}", blob.display()));
    let _ = std::fs::remove_file(&blob);
    bytes
}
