//! The simulator's command.

use std::io::{self, BufWriter, Write as _};
use std::process::ExitCode;

use bartizan_simulator::options::Options;
use bartizan_simulator::run::run;
use clap::Parser as _;

/// Every simulated login copies several pages of state; the system's allocator would take a third of the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let options = Options::parse();
    let mut out = BufWriter::new(io::stdout());
    let outcome = run(&options, &mut out).and_then(|()| Ok(out.flush()?));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::from(2)
        }
    }
}
