//! One line per place, as editors and grep like it.

use crate::diagnostic::{Diagnostic, Label};
use crate::source::Sources;

pub(super) fn write(out: &mut String, sources: &Sources, finding: &Diagnostic) {
    let severity = finding.code.severity.name();
    let place = place(sources, &finding.primary);
    out.push_str(&format!("{place}: {severity}[{}]: {}", finding.code.id, finding.message));
    if let Some(help) = &finding.help {
        out.push_str(&format!("; {help}"));
    }
    out.push('\n');
    for label in &finding.secondary {
        out.push_str(&format!("{}: note: {}\n", self::place(sources, label), label.text));
    }
}

fn place(sources: &Sources, label: &Label) -> String {
    let Some(file) = sources.file(label.span.file) else { return String::from("?") };
    let position = file.position(label.span.start);
    format!("{}:{}:{}", file.path().display(), position.line, position.column)
}
