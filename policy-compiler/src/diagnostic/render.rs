//! Findings as text: for people, for editors and grep, for programs.

mod human;
mod json;
mod plain;

use super::Diagnostics;
use crate::source::Sources;

/// How findings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// With the source lines, underlined.
    Human,
    /// One line per finding: `path:line:column: severity[code]: message; help`.
    Plain,
    /// One JSON object per line.
    Json,
}

/// Writes all findings in the order of the text. Human output carries ANSI styles; whoever prints it strips them where
/// they are not wanted.
#[must_use]
pub fn render(sources: &Sources, diagnostics: &Diagnostics, format: Format) -> String {
    let mut out = String::new();
    for finding in diagnostics.sorted() {
        match format {
            Format::Human => human::write(&mut out, sources, finding),
            Format::Plain => plain::write(&mut out, sources, finding),
            Format::Json => json::write(&mut out, sources, finding),
        }
    }
    let dropped = diagnostics.dropped();
    if dropped > 0 && format != Format::Json {
        out.push_str(&format!("{dropped} more findings are not shown\n"));
    }
    out
}
