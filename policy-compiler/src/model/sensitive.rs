//! What sensitive values look like, and where they are looked for.

use std::sync::OnceLock;

use bartizan_engine::blob::draft::{
    Confidence, Finder, MaskStyle, Methods, PathPattern, PatternDraft, SensitiveAction,
};
use bartizan_engine::sensitive::Validator;

use crate::patterns::{self, Refusal};
use crate::source::Spanned;

/// A kind of sensitive value.
#[derive(Debug)]
pub(crate) struct Detector {
    /// Its name.
    pub(crate) name: Spanned<String>,
    /// The pack that it comes from; empty for the author's own.
    pub(crate) class: &'static str,
    /// What it looks like, if that could be decoded.
    pub(crate) body: Option<DetectorBody>,
}

/// What a kind of sensitive value looks like.
#[derive(Debug)]
pub(crate) struct DetectorBody {
    /// How it is found.
    pub(crate) shape: Shape,
    /// What a match has to pass.
    pub(crate) validator: Option<Validator>,
    /// How sure a finding is without a context word.
    pub(crate) alone: Confidence,
    /// How sure it is with one.
    pub(crate) near: Confidence,
    /// Context words, lower case.
    pub(crate) context: Vec<String>,
    /// Texts in which it finds something.
    pub(crate) found: Vec<Spanned<String>>,
    /// Texts in which it finds nothing.
    pub(crate) silent: Vec<Spanned<String>>,
}

/// How a kind of sensitive value is found.
#[derive(Debug)]
pub(crate) enum Shape {
    /// By a regular expression.
    Pattern(Pattern),
    /// By whole words, lower case.
    Words(Vec<String>),
    /// By the names of JSON fields.
    Fields(Vec<String>),
    /// By a scanner of the filter.
    BuiltIn(Finder),
}

/// A regular expression, compiled when it is needed.
#[derive(Debug)]
pub(crate) struct Pattern {
    pub(crate) regex: Spanned<String>,
    /// Whether it is tried behind context words only.
    pub(crate) behind_context: bool,
    compiled: OnceLock<Result<PatternDraft, Refusal>>,
}

impl Pattern {
    pub(crate) const fn new(regex: Spanned<String>, behind_context: bool) -> Self {
        Self { regex, behind_context, compiled: OnceLock::new() }
    }

    /// The automaton, or why there is none.
    pub(crate) fn compiled(&self) -> Result<&PatternDraft, &Refusal> {
        let compile = || patterns::compile(&self.regex.value, self.behind_context);
        self.compiled.get_or_init(compile).as_ref()
    }
}

/// What is looked for in replies and URLs.
#[derive(Debug)]
pub(crate) struct Sensitive {
    /// Names of detectors or packs.
    pub(crate) find: Vec<Spanned<String>>,
    /// Those that are left out.
    pub(crate) except: Vec<Spanned<String>>,
    /// On which paths.
    pub(crate) paths: Spanned<PathPattern>,
    /// Where: bits as in [`bartizan_engine::blob::detectors`].
    pub(crate) places: u8,
    /// What then.
    pub(crate) action: Spanned<SensitiveAction>,
    /// How much of a value's beginning stays readable.
    pub(crate) keep_first: u8,
    /// How much of its end.
    pub(crate) keep_last: u8,
    /// What stands in place of a value.
    pub(crate) style: MaskStyle,
    /// The lowest confidence that is acted on.
    pub(crate) confidence: Confidence,
}

/// What the replies of some paths are meant to contain, by an OpenAPI document.
#[derive(Debug)]
pub(crate) struct Expectation {
    /// Which methods.
    pub(crate) methods: Methods,
    /// Which paths.
    pub(crate) path: PathPattern,
    /// Names of detectors or packs.
    pub(crate) names: Vec<Spanned<String>>,
    /// Names of detectors, as far as there are such.
    pub(crate) formats: Vec<String>,
}
