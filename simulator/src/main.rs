//! The simulator's command.

use std::io::{self, BufWriter, Write as _};
use std::process::ExitCode;

use bartizan_simulator::options::Options;
use bartizan_simulator::run::run;
use clap::Parser as _;

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
