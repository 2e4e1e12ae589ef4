//! Says how far a run is: a bar on a terminal, nothing elsewhere.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A run that takes a while. Its length is simulated time, in milliseconds.
pub struct Progress {
    bar: Option<ProgressBar>,
}

impl Progress {
    /// A run begins.
    #[must_use]
    pub fn begin(what: &str, length: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(length).with_message(what.to_owned());
            if let Ok(style) =
                ProgressStyle::with_template("{msg:40} {wide_bar} {percent:>3} % {prefix} {eta}")
            {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(250));
            bar
        });
        Self { bar }
    }

    /// It came so far, with so many exchanges in all.
    pub fn reached(&self, position: u64, exchanges: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(position);
            bar.set_prefix(format!("{exchanges} logins"));
        }
    }

    /// It is over.
    pub fn done(self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
