//! How far the compilation of lists is, for whoever waits.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar on standard error where that is a terminal, and nothing anywhere else.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
}

/// One step of the work.
pub(super) struct Step<'p> {
    bar: &'p ProgressBar,
}

impl Default for Progress {
    fn default() -> Self {
        // Hides itself where standard error is no terminal.
        Self { bar: ProgressBar::new(0) }
    }
}

impl Progress {
    /// Shows nothing.
    #[must_use]
    pub fn silent() -> Self {
        Self { bar: ProgressBar::hidden() }
    }

    pub(super) fn reading(&self, list: &str, bytes: u64) -> Step<'_> {
        self.start(format!("reading {list}"), bytes, "{msg} {wide_bar} {bytes}/{total_bytes} {eta}")
    }

    pub(super) fn building(&self, list: &str) -> Step<'_> {
        self.start(format!("building {list}"), 0, "{msg} {wide_bar} {pos}/{len} pages {eta}")
    }

    fn start(&self, message: String, length: u64, template: &str) -> Step<'_> {
        // The templates above are right; a wrong one would be shown plainly.
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
        self.bar.reset();
        self.bar.set_length(length);
        self.bar.set_message(message);
        Step { bar: &self.bar }
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Step<'_> {
    /// So many bytes of all were read.
    pub(super) fn read(&self, bytes: u64) {
        self.bar.set_position(bytes);
    }

    /// So many pages of all are built.
    pub(super) fn built(&self, pages: u32, of: u32) {
        self.bar.set_length(u64::from(of));
        self.bar.set_position(u64::from(pages));
    }
}
