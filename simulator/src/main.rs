//! The simulator's command.

use std::io::{self, BufWriter, Write as _};
use std::process::ExitCode;

use bartizan_simulator::options::Options;
use bartizan_simulator::{capacity, run};
use clap::{Parser, Subcommand};

/// Every simulated login copies several pages of state; the system's allocator would take a third of the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(name = "bartizan-simulator", version, about, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    task: Option<Task>,
    #[command(flatten)]
    options: Options,
}

#[derive(Subcommand)]
enum Task {
    /// Measures what the state takes when millions come, and who is still known after them.
    Capacity(capacity::Options),
}

fn main() -> ExitCode {
    let Cli { task, options } = Cli::parse();
    let mut out = BufWriter::new(io::stdout());
    let outcome = match task {
        Some(Task::Capacity(options)) => capacity::run(&options, &mut out),
        None => run::run(&options, &mut out),
    };
    let outcome = outcome.and_then(|()| Ok(out.flush()?));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::from(2)
        }
    }
}
