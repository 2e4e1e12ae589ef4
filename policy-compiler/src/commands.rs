//! The commands, one per file, and what they have in common.

mod check;
mod compile;
mod explain;
mod inspect;
mod leaked_lists;
mod packs;
mod schema;
mod state_tables;

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::Compiled;
use crate::diagnostic::render::{Format, render};

/// Compiles and checks policies of Bartizan.
#[derive(Debug, Parser)]
#[command(name = "bartizan", version, propagate_version = true, after_help = EXIT_CODES)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 nothing to say, 1 findings, 2 could not do it.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Reports everything that is wrong with a policy, in one run
    #[command(after_help = check::EXAMPLES)]
    Check(check::Check),
    /// Compiles a policy into the blob that the filter loads
    #[command(after_help = compile::EXAMPLES)]
    Compile(compile::Compile),
    /// Shows what is in a blob, without trusting it
    #[command(after_help = inspect::EXAMPLES)]
    Inspect(inspect::Inspect),
    /// Prints the JSON Schema of policies, for editors
    #[command(after_help = schema::EXAMPLES)]
    Schema(schema::Schema),
    /// Lists the rule packs, or prints one
    #[command(after_help = packs::EXAMPLES)]
    Packs(packs::Packs),
    /// Explains the code of a finding
    #[command(after_help = explain::EXAMPLES)]
    Explain(explain::Explain),
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing to say.
    Clean,
    /// There were findings.
    Findings,
    /// It could not be done.
    Failed,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(match outcome {
            Outcome::Clean => 0,
            Outcome::Findings => 1,
            Outcome::Failed => 2,
        })
    }
}

/// Why a command could not do its work: a sentence for people, with what to do.
#[derive(Debug)]
struct Failure(String);

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self(format!("cannot write the result: {error}"))
    }
}

impl Arguments {
    /// Runs the command.
    #[must_use]
    pub fn run(&self) -> Outcome {
        let outcome = match &self.command {
            Command::Check(check) => check.run(),
            Command::Compile(compile) => compile.run(),
            Command::Inspect(inspect) => inspect.run(),
            Command::Schema(schema) => schema.run(),
            Command::Packs(packs) => packs.run(),
            Command::Explain(explain) => explain.run(),
        };
        outcome.unwrap_or_else(|Failure(reason)| {
            // Where not even this can be written, the exit code still says it.
            let _ = writeln!(io::stderr(), "bartizan: {reason}");
            Outcome::Failed
        })
    }
}

/// How findings are reported.
#[derive(Debug, Args)]
struct Reporting {
    /// How findings are written
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Treats warnings like errors
    #[arg(long)]
    deny_warnings: bool,
}

impl Reporting {
    /// Writes the findings to standard error and says whether they stop the command.
    fn report(&self, compiled: &Compiled) -> Result<Outcome, Failure> {
        let text = render(&compiled.sources, &compiled.findings, self.format);
        // Leaves colours out where the output is no terminal, or NO_COLOR is set.
        let mut out = anstream::AutoStream::auto(io::stderr());
        unless_closed(out.write_all(text.as_bytes()).and_then(|()| out.flush()))?;
        let warnings = if self.deny_warnings { compiled.findings.warnings() } else { 0 };
        let stops = compiled.findings.errors() + warnings > 0;
        Ok(if stops { Outcome::Findings } else { Outcome::Clean })
    }
}

/// Compiles a file, or says why it cannot be read.
fn read_policy(path: &Path) -> Result<Compiled, Failure> {
    crate::compile_file(path)
        .map_err(|error| Failure(format!("cannot read the policy `{}`: {error}", path.display())))
}

/// Writes a result to standard output.
fn print(text: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    unless_closed(out.write_all(text).and_then(|()| out.flush()))
}

/// A reader that has seen enough, as `head` has, is no failure.
fn unless_closed(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.map_err(Failure::from),
    }
}
