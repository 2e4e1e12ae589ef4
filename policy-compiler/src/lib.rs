//! The policy compiler: policy text in, findings and a draft of the blob out.
//!
//! Text becomes a tree of values with places ([`syntax`]), the tree a model of the policy ([`decode`](compile_text)), the
//! model is checked, and a model without errors is lowered to the draft that the engine writes. All findings of a policy
//! are collected in one run. Nothing here panics for any input, and every input is bounded in size and depth.

mod catalogue;
mod check;
pub mod commands;
mod decode;
pub mod diagnostic;
pub mod leaked;
mod library;
mod lower;
mod model;
mod names;
mod openapi;
pub mod packs;
mod patterns;
mod presets;
mod samples;
pub mod source;
pub mod syntax;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use bartizan_engine::blob::WriteError;
use bartizan_engine::blob::draft::PolicyDraft;

use diagnostic::{Diagnostic, Diagnostics, codes};
use source::{Sources, Span};

/// What became of a policy.
#[derive(Debug)]
pub struct Compiled {
    /// The files that were read.
    pub sources: Sources,
    /// What there is to say.
    pub findings: Diagnostics,
    /// The policy, if it has no errors.
    pub draft: Option<PolicyDraft>,
    /// The blob, if the policy has no errors. Its leaked lists are empty until [`leaked::include`] has read them.
    pub blob: Option<Vec<u8>>,
    /// Where the policy names its leaked lists, in the order of the draft.
    pub leaked_at: Vec<Span>,
}

/// Compiles a policy file.
///
/// # Errors
///
/// When the file cannot be read. A file that can be read and is no policy gives findings.
pub fn compile_file(path: &Path) -> io::Result<Compiled> {
    // One byte more than can be a policy tells that the file is too large, however large it is.
    let limit = syntax::MAX_BYTES as u64 + 1;
    let mut bytes = Vec::new();
    File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    let valid = match std::str::from_utf8(&bytes) {
        Ok(text) => return Ok(compile_text(path, text)),
        Err(error) => error.valid_up_to(),
    };
    let text = String::from_utf8_lossy(bytes.get(..valid).unwrap_or_default());
    let mut sources = Sources::default();
    let file = sources.add(path, text);
    let mut findings = Diagnostics::default();
    let span = Span { file, start: valid, end: valid };
    findings.push(
        Diagnostic::new(&codes::NOT_UTF8, span, "the file is not UTF-8 from here on")
            .help("save it as UTF-8"),
    );
    Ok(Compiled { sources, findings, draft: None, blob: None, leaked_at: Vec::new() })
}

/// Compiles the text of a policy; file names in it are relative to the directory of `path`. Never panics for any text.
#[must_use]
pub fn compile_text(path: &Path, text: &str) -> Compiled {
    let mut sources = Sources::default();
    let mut findings = Diagnostics::default();
    let file = sources.add(path, text);
    let directory = path.parent().map(Path::to_path_buf).unwrap_or_default();
    let mut outcome = (None, None);
    let mut leaked_at = Vec::new();
    if let Some(root) = syntax::read(&sources, file, &mut findings) {
        let mut run = decode::Run { sources: &mut sources, findings: &mut findings, directory };
        if let Some(policy) = decode::policy(&root, &mut run) {
            check::policy(&policy, &mut findings);
            for pack in &policy.packs {
                findings.blame(pack.file, pack.name.span, pack.name.value);
            }
            leaked_at = policy.leaked.iter().map(|list| list.name.span).collect();
            if findings.errors() == 0 {
                outcome = write(
                    &policy,
                    root.entry("counters")
                        .or_else(|| root.entry("use"))
                        .map_or(root.span, |entry| entry.key.span),
                    &mut findings,
                );
            }
        }
    }
    let (draft, blob) = outcome;
    Compiled { sources, findings, draft, blob, leaked_at }
}

fn write(
    policy: &model::Policy,
    counters: Span,
    findings: &mut Diagnostics,
) -> (Option<PolicyDraft>, Option<Vec<u8>>) {
    let Some(draft) = lower::lower(policy) else { return (None, None) };
    match draft.write() {
        Ok(blob) => (Some(draft), Some(blob)),
        Err(error) => {
            let help = match error {
                WriteError::TooManyDetectors(_)
                | WriteError::TooManyContexts(_)
                | WriteError::TooManyLiterals(_) => {
                    "look for less, with `except` or by naming detectors one by one"
                }
                _ => "lower the numbers under `over` of distinct counters, or count less per key",
            };
            findings.push(Diagnostic::new(&codes::DOES_NOT_FIT, counters, error.to_string()).help(help));
            (None, None)
        }
    }
}
