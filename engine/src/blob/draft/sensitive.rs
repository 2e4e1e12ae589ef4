//! What sensitive values look like, and what is done about them.

use super::PathPattern;
use crate::blob::apps::{FindingAction, MaskStyle};
use crate::blob::detectors::{Confidence, Finder};

/// What a kind of sensitive value looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetectorDraft {
    /// Its name, `[a-z0-9_-]`, at most 48 bytes.
    pub name: String,
    /// The name of the rule pack that it comes from; empty for the author's own.
    pub class: String,
    /// How it finds.
    pub finder: Finder,
    /// The number of the validator that decides on what was found; 0 for none.
    pub validator: u8,
    /// How sure a finding is without a context word.
    pub alone: Confidence,
    /// How sure it is behind a context word.
    pub near: Confidence,
    /// Its context words: lower case, 1 to 96 bytes; a space stands for a space, `_`, `-` or nothing.
    pub context: Vec<String>,
    /// Of [`Finder::Pattern`]: the pattern.
    pub pattern: Option<PatternDraft>,
    /// Of [`Finder::Words`]: the words, written like context words.
    pub words: Vec<String>,
    /// Of [`Finder::Fields`]: the names of the members.
    pub fields: Vec<String>,
}

impl DetectorDraft {
    /// A detector that is written in code, sure of what it finds.
    #[must_use]
    pub fn built_in(name: &str, finder: Finder) -> Self {
        Self {
            name: name.to_owned(),
            class: String::new(),
            finder,
            validator: 0,
            alone: Confidence::High,
            near: Confidence::High,
            context: Vec::new(),
            pattern: None,
            words: Vec::new(),
            fields: Vec::new(),
        }
    }
}

/// A pattern, compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternDraft {
    /// A sparse automaton of the `regex-automata` crate, little-endian: anchored, reporting every match end.
    pub automaton: Vec<u8>,
    /// The longest match, 1 to 400 bytes.
    pub longest: u16,
    /// What may follow a match and belongs to it, a bit for each ASCII character: `c % 16` of word `c / 16`.
    pub tail: [u16; 8],
    /// Of patterns that are tried at digits: what may follow the digits that they begin with, in the same form.
    pub follows: [u16; 8],
    /// How much of it at most; [`crate::blob::detectors::ENDLESS`] for any amount.
    pub tail_most: u16,
    /// What every match begins with: one of these, ASCII letters in lower case, 1 to 96 bytes each. Empty where the
    /// pattern is tried elsewhere.
    pub literals: Vec<String>,
    /// Where the pattern is tried: the bits of [`crate::blob::detectors::AT_LITERALS`] and its neighbours; 0 where it is tried behind
    /// context words only.
    pub triggers: u8,
}

/// What is looked for in replies, and what then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SensitiveDraft {
    /// What is looked for: positions of detectors.
    pub find: Vec<usize>,
    /// In the replies of which paths.
    pub paths: PathPattern,
    /// What then.
    pub action: FindingAction,
    /// How many characters at the beginning of a value stay readable when it is masked, 0 to 8.
    pub keep_first: u8,
    /// How many characters at the end of a value stay readable when it is masked, 0 to 8.
    pub keep_last: u8,
    /// What stands in place of a masked value.
    pub style: MaskStyle,
    /// The lowest confidence that is acted on; findings below it are recorded.
    pub confidence: Confidence,
    /// Where it is looked for: the bits of [`crate::blob::detectors::IN_BODY`] and its neighbours.
    pub places: u8,
}
