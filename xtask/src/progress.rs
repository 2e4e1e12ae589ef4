//! Saying what is going on: a spinner on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// A step that takes a while.
pub(crate) struct Step {
    what: String,
    start: Instant,
    spinner: Option<ProgressBar>,
}

impl Step {
    /// Says that this begins.
    pub(crate) fn begin(what: impl Into<String>) -> Self {
        let what = what.into();
        let spinner = std::io::stderr().is_terminal().then(|| {
            let spinner = ProgressBar::new_spinner().with_message(what.clone());
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
                spinner.set_style(style);
            }
            spinner.enable_steady_tick(Duration::from_millis(100));
            spinner
        });
        if spinner.is_none() {
            eprintln!("{what} ...");
        }
        Self { what, start: Instant::now(), spinner }
    }

    /// Says that it is done and how long it took.
    pub(crate) fn done(self) {
        let took = self.start.elapsed().as_secs_f32();
        if let Some(spinner) = &self.spinner {
            spinner.finish_and_clear();
        }
        eprintln!("{}: done ({took:.1} s)", self.what);
    }

    /// Makes room for a command that prints for itself.
    pub(crate) fn aside(self) {
        if let Some(spinner) = &self.spinner {
            spinner.finish_and_clear();
            eprintln!("{} ...", self.what);
        }
    }
}
