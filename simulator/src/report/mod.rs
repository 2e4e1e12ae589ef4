//! What a run prints.

mod explain;
pub mod progress;
mod roc;
mod row;

use std::io::Write;
use std::time::Duration;

use crate::counts::Counts;
use crate::failure::Failure;
use crate::options::{Format, Options};

pub use row::Row;

/// What one profile came to.
#[derive(Debug)]
pub struct Outcome {
    /// The profile.
    pub name: &'static str,
    /// The seed.
    pub seed: u64,
    /// What `tries_to_detect` is counted for.
    pub unit: &'static str,
    /// What was counted.
    pub counts: Counts,
    /// Bytes of the state at the end.
    pub state_bytes: usize,
    /// How long it took, without the clean days.
    pub elapsed: Duration,
    /// How many exchanges there were before.
    pub began: u64,
}

/// Writes outcomes as they come.
pub struct Report<'r, W> {
    options: &'r Options,
    out: &'r mut W,
    written: usize,
    has_header: bool,
    curves: Vec<roc::Curve>,
}

impl<'r, W: Write> Report<'r, W> {
    /// A report to this output.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn new(options: &'r Options, out: &'r mut W) -> Result<Self, Failure> {
        Ok(Self { options, out, written: 0, has_header: false, curves: Vec::new() })
    }

    /// How many outcomes of the seed at hand were written.
    #[must_use]
    pub const fn written(&self) -> usize {
        self.written
    }

    /// The next outcomes are of another seed.
    pub const fn next_seed(&mut self) {
        self.written = 0;
    }

    /// Writes an outcome.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn add(&mut self, outcome: Outcome) -> Result<(), Failure> {
        self.written += 1;
        let row = Row::of(&outcome);
        match self.options.format {
            Format::Json => {
                let text = serde_json::to_string(&row).map_err(std::io::Error::from)?;
                writeln!(self.out, "{text}")?;
            }
            Format::Human => {
                if !self.has_header {
                    row::write_header(self.out)?;
                    self.has_header = true;
                }
                row.write(self.out)?;
            }
        }
        if self.options.explain {
            match self.options.format {
                Format::Json => explain::write_json(&outcome, self.out)?,
                Format::Human => explain::write(&outcome, self.out)?,
            }
        }
        if self.options.roc {
            self.curves.push(roc::Curve::of(&outcome));
        }
        self.out.flush()?;
        Ok(())
    }

    /// Writes what comes after all outcomes.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn finish(self) -> Result<(), Failure> {
        if self.options.roc && self.options.format == Format::Human {
            roc::write_table(&self.curves, self.out)?;
        }
        if self.options.roc && self.options.format == Format::Json {
            for curve in &self.curves {
                let text = serde_json::to_string(curve).map_err(std::io::Error::from)?;
                writeln!(self.out, "{text}")?;
            }
        }
        if let Some(path) = &self.options.svg {
            let drawn = roc::draw(&self.curves);
            std::fs::write(path, drawn).map_err(|error| Failure::file(path, &error))?;
        }
        self.out.flush()?;
        Ok(())
    }
}
