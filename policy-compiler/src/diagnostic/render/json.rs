//! One JSON object per line, for programs.

use serde::Serialize;

use crate::diagnostic::{Diagnostic, Label};
use crate::source::Sources;

pub(super) fn write(out: &mut String, sources: &Sources, finding: &Diagnostic) {
    let line = Line {
        severity: finding.code.severity.name(),
        code: finding.code.id,
        message: &finding.message,
        help: finding.help.as_deref(),
        place: place(sources, &finding.primary),
        labels: finding.secondary.iter().map(|label| place(sources, label)).collect(),
    };
    // Strings and numbers always serialise.
    if let Ok(text) = serde_json::to_string(&line) {
        out.push_str(&text);
        out.push('\n');
    }
}

#[derive(Serialize)]
struct Line<'a> {
    severity: &'static str,
    code: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    #[serde(flatten)]
    place: Place<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    labels: Vec<Place<'a>>,
}

#[derive(Serialize)]
struct Place<'a> {
    file: String,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    #[serde(skip_serializing_if = "str::is_empty")]
    label: &'a str,
}

fn place<'a>(sources: &Sources, label: &'a Label) -> Place<'a> {
    let file = sources.file(label.span.file);
    let position = |byte| file.map_or((0, 0), |file| (file.position(byte).line, file.position(byte).column));
    let (line, column) = position(label.span.start);
    let (end_line, end_column) = position(label.span.end);
    let path = file.map_or_else(String::new, |file| file.path().display().to_string());
    Place { file: path, line, column, end_line, end_column, label: &label.text }
}
