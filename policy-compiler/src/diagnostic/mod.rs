//! What the compiler has to say about a policy.
//!
//! Every finding has a code from [`codes`], a message, the place it is about, and mostly a way out. Messages are lower
//! case, put what the author wrote in backticks and never name a type of this program.

pub mod codes;
pub mod render;

pub use codes::{Code, Severity};

use crate::source::{FileId, Span};

/// How many findings one run keeps. A generated file with a mistake on every line must not fill memory or a terminal.
pub const MAX_KEPT: usize = 200;

/// A place with a word about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What about it; may be empty.
    pub text: String,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What kind of finding.
    pub code: &'static Code,
    /// What is wrong.
    pub message: String,
    /// Where it is wrong.
    pub primary: Label,
    /// Other places that explain it.
    pub secondary: Vec<Label>,
    /// What to do.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A finding at a place.
    pub fn new(code: &'static Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            primary: Label { span, text: String::new() },
            secondary: Vec::new(),
            help: None,
        }
    }

    /// Adds a word beside the underlined place.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.primary.text = text.into();
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.secondary.push(Label { span, text: text.into() });
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// Adds what to do, if there is something.
    #[must_use]
    pub fn maybe_help(mut self, text: Option<String>) -> Self {
        self.help = text.or(self.help);
        self
    }
}

/// The findings of one run.
#[derive(Debug, Default)]
pub struct Diagnostics {
    kept: Vec<Diagnostic>,
    errors: usize,
    warnings: usize,
    notes: usize,
}

impl Diagnostics {
    /// Adds a finding. Beyond [`MAX_KEPT`] it is only counted.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        // A value that readers do not agree on needs no second opinion on what else it is not.
        let settled = |known: &Diagnostic| {
            known.code == &codes::AMBIGUOUS_SCALAR && known.primary.span == diagnostic.primary.span
        };
        if self.kept.iter().any(|known| *known == diagnostic || settled(known)) {
            return;
        }
        match diagnostic.code.severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
            Severity::Note => self.notes += 1,
        }
        if self.kept.len() < MAX_KEPT {
            self.kept.push(diagnostic);
        }
    }

    /// Moves findings about a rule pack, which the author did not write, to the place that uses it; where they stood
    /// becomes another label.
    pub(crate) fn blame(&mut self, file: FileId, span: Span, pack: &str) {
        for finding in self.kept.iter_mut().filter(|finding| finding.primary.span.file == file) {
            let mut inside = std::mem::replace(&mut finding.primary, Label { span, text: String::new() });
            if inside.text.is_empty() {
                inside.text = format!("in the pack `{pack}`");
            }
            finding.secondary.insert(0, inside);
            finding.help = Some(format!(
                "`bartizan packs {pack}` prints it; leave a rule out with `without`, or replace it by one of the same name"
            ));
        }
    }

    /// How many errors there were.
    #[must_use]
    pub fn errors(&self) -> usize {
        self.errors
    }

    /// How many warnings there were.
    #[must_use]
    pub fn warnings(&self) -> usize {
        self.warnings
    }

    /// How many findings were counted but not kept.
    #[must_use]
    pub fn dropped(&self) -> usize {
        (self.errors + self.warnings + self.notes).saturating_sub(self.kept.len())
    }

    /// Whether there was nothing to say.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.errors + self.warnings + self.notes == 0
    }

    /// The kept findings in the order of the text.
    #[must_use]
    pub fn sorted(&self) -> Vec<&Diagnostic> {
        let mut sorted: Vec<&Diagnostic> = self.kept.iter().collect();
        sorted.sort_by_key(|finding| (finding.primary.span, finding.code.id));
        sorted
    }
}
