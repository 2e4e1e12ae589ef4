//! The scanner without a proxy, for `cargo xtask bench scan` and `cargo xtask bench false-alarms`, which build this
//! command to be fast and start it.

mod corpora;
mod engine;
mod failure;
mod false_alarms;
mod files;
mod patterns;
mod regex_set;
mod speed;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use failure::Failure;

#[derive(Parser)]
#[command(version, about, name = "scan-native")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Write the bodies to measure with, and `corpora.json`, which lists them.
    Corpora {
        /// The directory; what is in it is overwritten.
        #[arg(long)]
        directory: PathBuf,
        /// What the bodies are made from.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Files to measure with beside the generated ones. Of lines of JSON (`.jsonl`, `.jsonl.gz`) the members `body` are
        /// the bodies.
        files: Vec<PathBuf>,
    },
    /// Print the patterns of the policy's detectors, a name and an expression in each line with a tab between them.
    Patterns {
        #[command(flatten)]
        sources: Sources,
    },
    /// Measure the engine and RegexSet; print an object in each line.
    Speed {
        #[command(flatten)]
        sources: Sources,
        /// What `corpora` wrote.
        #[arg(long)]
        corpora: PathBuf,
        /// Seconds for each corpus and engine; what counts is the fastest round in them.
        #[arg(long, default_value_t = 2)]
        seconds: u64,
    },
    /// Scan generated JSON without anything sensitive in it, and print what was found.
    FalseAlarms(FalseAlarms),
}

/// Where detectors come from.
#[derive(Args)]
struct Sources {
    /// The policy that looks for everything.
    #[arg(long)]
    policy: PathBuf,
    /// Expressions that stand for the engine's built-in scanners.
    #[arg(long)]
    builtins: PathBuf,
}

#[derive(Args)]
struct FalseAlarms {
    /// The policy that looks for everything.
    #[arg(long)]
    policy: PathBuf,
    /// How much is scanned, in units of 10^6 bytes.
    #[arg(long, default_value_t = 200)]
    megabytes: u64,
    /// What the bodies are made from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How the result is written.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
}

fn main() -> ExitCode {
    match perform(Cli::parse().task) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::from(2)
        }
    }
}

fn perform(task: Task) -> Result<ExitCode, Failure> {
    match task {
        Task::Corpora { directory, seed, files } => corpora::write(&directory, seed, &files)?,
        Task::Patterns { sources } => {
            for pattern in patterns::all(&sources.builtins)? {
                println!("{}\t{}", pattern.name, pattern.expression);
            }
        }
        Task::Speed { sources, corpora, seconds } => {
            let patterns = patterns::all(&sources.builtins)?;
            speed::measure(&engine::Engine::compile(&sources.policy)?, &patterns, &corpora, seconds)?;
        }
        Task::FalseAlarms(args) => {
            let engine = engine::Engine::compile(&args.policy)?;
            let json = args.format == Format::Json;
            let kept = false_alarms::run(&engine, args.megabytes, args.seed, json)?;
            return Ok(if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
    }
    Ok(ExitCode::SUCCESS)
}
