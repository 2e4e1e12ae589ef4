//! `bartizan schema`: the keys of policies, for editors and for people.

use clap::Args;

use super::{Failure, Outcome, print};
use crate::syntax;

pub(super) const EXAMPLES: &str = "Examples:\n  bartizan schema > policy.schema.json\n  \
    bartizan schema --reference > policy-reference.md\n\n\
    In an editor with a YAML language server, as the first line of a policy:\n  \
    # yaml-language-server: $schema=policy.schema.json";

#[derive(Debug, Args)]
pub(super) struct Schema {
    /// Prints the reference page instead
    #[arg(long)]
    reference: bool,
}

impl Schema {
    pub(super) fn run(&self) -> Result<Outcome, Failure> {
        let text = if self.reference { syntax::reference::reference() } else { syntax::schema::schema() };
        print(text.as_bytes())?;
        Ok(Outcome::Clean)
    }
}
