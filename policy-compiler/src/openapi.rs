//! What replies are meant to contain, by an OpenAPI document (3.0 or 3.1) in YAML or JSON.
//!
//! Read are the schemas of all responses of all operations: their `format`, and the extension `x-data-class`. Documents
//! come from generators and other teams, so they are read with more patience than policies: what is not understood is
//! passed over. Size, depth and the number of values are bounded.

mod document;
mod operations;
mod paths;
mod schemas;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::Read as _;

use crate::decode::Run;
use crate::diagnostic::{Diagnostic, codes};
use crate::model::Expectation;
use crate::source::{Span, Spanned};
use crate::syntax::Node;
use crate::syntax::node::shorten;

/// The largest document, in bytes.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Reads the document that a policy names. What is wrong with it is added to the findings.
pub(crate) fn read(path: &Spanned<String>, run: &mut Run<'_>) -> Vec<Expectation> {
    let full = run.directory.join(&path.value);
    let text = match text_of(&full) {
        Ok(text) => text,
        Err(reason) => {
            let message = format!("`{}` cannot be read: {reason}", shorten(&path.value));
            run.findings.push(
                Diagnostic::new(&codes::BAD_DOCUMENT, path.span, message)
                    .help("the name is relative to the policy file; the document is OpenAPI 3.0 or 3.1"),
            );
            return Vec::new();
        }
    };
    let file = run.sources.add(full, text);
    let root = match document::read(run.sources.text(file), file) {
        Ok(root) => root,
        Err((span, reason)) => {
            let finding = Diagnostic::new(&codes::BAD_DOCUMENT, span, reason);
            run.findings.push(finding.also(path.span, "named here"));
            return Vec::new();
        }
    };
    if let Some((span, reason, help)) = foreign(&root) {
        let finding = Diagnostic::new(&codes::BAD_DOCUMENT, span, reason).help(help);
        run.findings.push(finding.also(path.span, "named here"));
        return Vec::new();
    }
    operations::expectations(&root)
}

fn text_of(path: &std::path::Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| error.kind().to_string())?;
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| error.kind().to_string())?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(format!("it is larger than {MAX_BYTES} bytes"));
    }
    String::from_utf8(bytes).map_err(|_| String::from("it is not UTF-8"))
}

/// Why it is no OpenAPI document of a version that is understood.
fn foreign(root: &Node) -> Option<(Span, &'static str, &'static str)> {
    let version = root.entry("openapi").and_then(|entry| entry.node.scalar());
    if version.is_some_and(|version| version.text.starts_with("3.")) {
        return None;
    }
    if let Some(old) = root.entry("swagger") {
        return Some((old.key.span, "this is Swagger 2", "convert it to OpenAPI 3"));
    }
    let span =
        root.entry("openapi").map_or(Span { end: root.span.start, ..root.span }, |entry| entry.node.span);
    Some((
        span,
        "this is no OpenAPI 3 document",
        "it says `openapi: 3.0.3` or `openapi: 3.1.0` at its beginning",
    ))
}
