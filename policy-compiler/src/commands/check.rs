//! `bartizan check`: everything that is wrong with a policy.

use std::path::PathBuf;

use clap::Args;

use super::{Failure, Outcome, Reporting, print, read_policy};
use crate::diagnostic::render::Format;

pub(super) const EXAMPLES: &str = "Examples:\n  bartizan check shop.policy.yaml\n  \
    bartizan check --deny-warnings --format plain shop.policy.yaml";

#[derive(Debug, Args)]
pub(super) struct Check {
    /// The policy
    policy: PathBuf,
    #[command(flatten)]
    reporting: Reporting,
}

impl Check {
    pub(super) fn run(&self) -> Result<Outcome, Failure> {
        let compiled = read_policy(&self.policy)?;
        let outcome = self.reporting.report(&compiled)?;
        if self.reporting.format == Format::Human {
            let (errors, warnings) = (compiled.findings.errors(), compiled.findings.warnings());
            let path = self.policy.display();
            print(
                format!("{path}: {}, {}\n", count(errors, "error"), count(warnings, "warning")).as_bytes(),
            )?;
        }
        Ok(outcome)
    }
}

fn count(number: usize, what: &str) -> String {
    match number {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}
