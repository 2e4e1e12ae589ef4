//! Findings with their source lines, underlined.

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};

use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::source::{FileId, Sources, Span};

/// Lines longer than this are not shown: a page of one line helps nobody.
const MAX_SHOWN_BYTES: usize = 8 * 1024;

pub(super) fn write(out: &mut String, sources: &Sources, finding: &Diagnostic) {
    let level = match finding.code.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let mut group = Group::with_title(level.primary_title(&finding.message).id(finding.code.id));
    for snippet in snippets(sources, finding) {
        group = group.element(snippet);
    }
    if let Some(help) = &finding.help {
        group = group.element(Level::HELP.message(help));
    }
    out.push_str(&Renderer::styled().render(&[group]));
    out.push_str("\n\n");
}

/// One snippet per file; the primary label's file first.
fn snippets<'a>(sources: &'a Sources, finding: &'a Diagnostic) -> Vec<Snippet<'a, Annotation<'a>>> {
    let labels: Vec<(bool, &Label)> = std::iter::once((true, &finding.primary))
        .chain(finding.secondary.iter().map(|label| (false, label)))
        .collect();
    let mut files: Vec<FileId> = Vec::new();
    for (_, label) in &labels {
        if !files.contains(&label.span.file) {
            files.push(label.span.file);
        }
    }
    files.into_iter().filter_map(|file| snippet(sources, file, &labels)).collect()
}

fn snippet<'a>(
    sources: &'a Sources,
    file: FileId,
    labels: &[(bool, &'a Label)],
) -> Option<Snippet<'a, Annotation<'a>>> {
    let source = sources.file(file)?;
    let here: Vec<&(bool, &Label)> = labels.iter().filter(|(_, label)| label.span.file == file).collect();
    let start = here.iter().map(|(_, label)| label.span.start).min()?;
    let end = here.iter().map(|(_, label)| first_line_end(source.text(), label.span)).max()?;
    let (range, first_line) = source.lines_around(start, end);
    let shown = source.text().get(range.clone()).filter(|text| longest_line(text) <= MAX_SHOWN_BYTES)?;
    let mut snippet = Snippet::source(shown).line_start(first_line).path(source.path().display().to_string());
    for (primary, label) in here {
        let kind = if *primary { AnnotationKind::Primary } else { AnnotationKind::Context };
        let stop = first_line_end(source.text(), label.span).min(range.end);
        let begin = label.span.start.min(stop);
        let annotation = kind.span(begin - range.start..stop - range.start);
        let text = Some(label.text.as_str()).filter(|text| !text.is_empty());
        snippet = snippet.annotation(annotation.label(text));
    }
    Some(snippet)
}

/// Underlining stops at the end of the first line: a block of many lines is recognised by its first.
fn first_line_end(text: &str, span: Span) -> usize {
    let spanned = text.get(span.start..span.end).unwrap_or("");
    span.start + spanned.find(['\n', '\r']).unwrap_or(spanned.len())
}

fn longest_line(text: &str) -> usize {
    text.lines().map(str::len).max().unwrap_or(0)
}
