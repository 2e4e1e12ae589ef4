//! `bartizan compile`: a policy becomes a blob.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use super::{Failure, Outcome, Reporting, inspect, print, read_policy};
use crate::diagnostic::render::Format;
use crate::leaked::{self, Progress};

pub(super) const EXAMPLES: &str = "Examples:\n  bartizan compile shop.policy.yaml -o shop.policy.blob\n  \
    bartizan compile shop.policy.yaml -o - | base64";

#[derive(Debug, Args)]
pub(super) struct Compile {
    /// The policy
    policy: PathBuf,
    /// Where the blob goes; `-` for standard output
    #[arg(short, long, value_name = "BLOB")]
    output: PathBuf,
    #[command(flatten)]
    reporting: Reporting,
}

impl Compile {
    pub(super) fn run(&self) -> Result<Outcome, Failure> {
        let mut compiled = read_policy(&self.policy)?;
        leaked::include(&mut compiled, &self.policy, &Progress::default());
        let outcome = self.reporting.report(&compiled)?;
        let (Outcome::Clean, Some(blob)) = (outcome, &compiled.blob) else { return Ok(Outcome::Findings) };
        if self.output.as_os_str() == "-" {
            print(blob)?;
            return Ok(outcome);
        }
        replace(&self.output, blob).map_err(|error| {
            Failure(format!("cannot write the blob `{}`: {error}", self.output.display()))
        })?;
        if self.reporting.format == Format::Human {
            let summary = inspect::summary(blob).map_err(|error| Failure(error.to_string()))?;
            print(format!("{}: {summary}", self.output.display()).as_bytes())?;
        }
        Ok(outcome)
    }
}

/// Writes beside the target and renames, so that whoever reads the target sees the old blob or the new one, whole.
fn replace(target: &Path, blob: &[u8]) -> std::io::Result<()> {
    let mut name = target.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.part", std::process::id()));
    let part = target.with_file_name(name);
    let written = fs::File::create(&part).and_then(|mut file| {
        file.write_all(blob)?;
        file.sync_all()?;
        fs::rename(&part, target)
    });
    if written.is_err() {
        // The reason that matters is the one above.
        let _ = fs::remove_file(&part);
    }
    written
}
