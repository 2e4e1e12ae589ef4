//! `bartizan packs`: the rule packs that ship with the compiler.

use clap::Args;

use super::{Failure, Outcome, print};
use crate::packs;
use crate::syntax::suggest;

pub(super) const EXAMPLES: &str = "Examples:\n  bartizan packs\n  bartizan packs account-takeover\n\n\
    A policy takes a pack in with `use: [account-takeover]`.";

#[derive(Debug, Args)]
pub(super) struct Packs {
    /// Prints the text of this pack
    name: Option<String>,
}

impl Packs {
    pub(super) fn run(&self) -> Result<Outcome, Failure> {
        let Some(name) = &self.name else {
            let lines = packs::ALL.iter().map(|pack| format!("{:<20} {}\n", pack.name, pack.about()));
            print(lines.collect::<String>().as_bytes())?;
            return Ok(Outcome::Clean);
        };
        let Some(pack) = packs::find(name) else {
            let hint = suggest::hint(name, packs::NAMES.iter().copied(), "packs are").unwrap_or_default();
            return Err(Failure(format!("there is no pack `{name}`; {hint}")));
        };
        print(pack.text.as_bytes())?;
        Ok(Outcome::Clean)
    }
}
