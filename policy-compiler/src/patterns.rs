//! From a regular expression to an automaton that the filter runs, and to where the filter has to try it.

mod beginnings;
mod tails;
#[cfg(test)]
mod tests;

use bartizan_engine::blob::detectors::{AT_LITERALS, LONGEST_MATCH};
use bartizan_engine::blob::draft::PatternDraft;
use regex_automata::MatchKind;
use regex_automata::dfa::{StartKind, dense};
use regex_automata::nfa::thompson;
use regex_syntax::hir::Hir;

/// The largest automaton that the filter gets, in bytes.
const MAX_AUTOMATON: usize = 64 * 1024;
/// What the compiler may use on the way to it, in bytes.
const MAX_NFA: usize = 1024 * 1024;
const MAX_DENSE: usize = 4 * 1024 * 1024;
const MAX_SUBSETS: usize = 16 * 1024 * 1024;
/// The deepest nesting of groups.
const MAX_NESTING: u32 = 32;

/// Why a regular expression cannot be used, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) reason: String,
    pub(crate) help: String,
}

impl Refusal {
    fn new(reason: impl Into<String>, help: impl Into<String>) -> Self {
        Self { reason: reason.into(), help: help.into() }
    }
}

/// Compiles a regular expression. `behind_context` says that it is tried behind context words only, so that it may begin
/// with anything.
pub(crate) fn compile(regex: &str, behind_context: bool) -> Result<PatternDraft, Refusal> {
    let (hir, tail) = tails::split(parse(regex)?);
    let longest = longest(&hir)?;
    let nfa = thompson::Compiler::new()
        .configure(thompson::Config::new().utf8(false).nfa_size_limit(Some(MAX_NFA)))
        .build_from_hir(&hir)
        .map_err(|_| too_large())?;
    let (literals, triggers) = if behind_context {
        (Vec::new(), 0)
    } else {
        let literals = beginnings::literals(&hir);
        let triggers = if literals.is_empty() { beginnings::triggers(&nfa) } else { AT_LITERALS };
        if triggers == 0 {
            return Err(Refusal::new(
                "it could begin anywhere, so the filter would have to try it everywhere",
                "begin every alternative with at least three fixed characters, or name words that stand before it: \
                 `context: [...]` with `alone: never`",
            ));
        }
        (literals, triggers)
    };
    let automaton = automaton(&nfa)?;
    Ok(PatternDraft {
        automaton,
        longest,
        follows: beginnings::behind_digits(&nfa),
        tail: tail.characters,
        tail_most: tail.most,
        literals,
        triggers,
    })
}

fn parse(regex: &str) -> Result<Hir, Refusal> {
    if !regex.is_ascii() {
        return Err(Refusal::new("it is not ASCII", "look for other letters with `words`"));
    }
    let parsed = regex_syntax::ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .nest_limit(MAX_NESTING)
        .build()
        .parse(regex);
    let hir = parsed.map_err(|error| {
        let reason = match &error {
            regex_syntax::Error::Parse(error) => error.kind().to_string(),
            regex_syntax::Error::Translate(error) => error.kind().to_string(),
            _ => String::from("it is no regular expression"),
        };
        Refusal::new(lower_case(&reason), "the syntax is that of the Rust crate `regex`, without Unicode")
    })?;
    if !hir.properties().look_set().is_empty() {
        return Err(Refusal::new(
            "`^`, `$` and `\\b` are not possible",
            "leave them out: a match always begins where a word begins, and no letter or digit follows it",
        ));
    }
    Ok(hir)
}

/// The longest match in bytes.
fn longest(hir: &Hir) -> Result<u16, Refusal> {
    let properties = hir.properties();
    if properties.minimum_len().is_none_or(|shortest| shortest == 0) {
        return Err(Refusal::new("it matches nothing at all", "say what there has to be at least"));
    }
    let longest = properties.maximum_len().and_then(|longest| u16::try_from(longest).ok());
    longest.filter(|longest| *longest <= LONGEST_MATCH).ok_or_else(|| {
        Refusal::new(
            format!("its matches can be longer than {LONGEST_MATCH} bytes"),
            "write how often at most, as in `{20,200}` for `+` and `{0,200}` for `*`; only its last part may be repeated without limit",
        )
    })
}

fn automaton(nfa: &thompson::NFA) -> Result<Vec<u8>, Refusal> {
    let dense = dense::Builder::new()
        .configure(
            dense::Config::new()
                .start_kind(StartKind::Anchored)
                .match_kind(MatchKind::All)
                .accelerate(false)
                .minimize(true)
                .dfa_size_limit(Some(MAX_DENSE))
                .determinize_size_limit(Some(MAX_SUBSETS)),
        )
        .build_from_nfa(nfa)
        .map_err(|_| too_large())?;
    let bytes = dense.to_sparse().map_err(|_| too_large())?.to_bytes_little_endian();
    if bytes.len() > MAX_AUTOMATON { Err(too_large()) } else { Ok(bytes) }
}

fn too_large() -> Refusal {
    Refusal::new(
        format!("its automaton is larger than {MAX_AUTOMATON} bytes"),
        "count less, above all inside of other counts, or make several detectors of it",
    )
}

fn lower_case(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(characters).collect()
}
