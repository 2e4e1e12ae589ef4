//! What sensitive values look like.

use bartizan_engine::blob::detectors::is_phrase;
use bartizan_engine::blob::draft::{Confidence, Finder};
use bartizan_engine::sensitive::Validator;

use super::fields::{self, Fields};
use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::model::{Detector, DetectorBody, Pattern, Shape};
use crate::source::Spanned;
use crate::syntax::fields::{DETECTOR, DETECTOR_NAME, SAMPLE_BYTES, SAMPLES, WORD_BYTES};
use crate::syntax::node::shorten;
use crate::syntax::{Entry, Node};

/// The longest name of a field.
const FIELD_BYTES: usize = 64;
/// The shortest word that is looked for.
const SHORTEST_WORD: usize = 3;

/// The `detectors` of a policy, or of the pack of this name.
pub(super) fn decode(part: &Fields<'_>, class: &'static str, findings: &mut Diagnostics) -> Vec<Detector> {
    let mut detectors = Vec::new();
    for Entry { key, node } in part.named("detectors", findings) {
        fields::name(key, &DETECTOR_NAME, 48, findings);
        let body =
            Fields::open(node, key.span, &DETECTOR, findings).and_then(|fields| body(&fields, findings));
        detectors.push(Detector { name: key.clone(), class, body });
    }
    detectors
}

fn body(fields: &Fields<'_>, findings: &mut Diagnostics) -> Option<DetectorBody> {
    let what = fields.exactly_one(&["regex", "words", "fields", "builtin"], findings);
    let context = words(fields, "context", findings);
    let alone = fields.word("alone", findings).map_or(Confidence::High, |word| confidence(word.value));
    let near = fields.word("near", findings).map_or(Confidence::High, |word| confidence(word.value));
    if alone == Confidence::Never {
        fields.require("context", findings);
    }
    if let Some(entry) = fields.entry("near").filter(|_| !fields.has("context")) {
        findings.push(
            Diagnostic::new(&codes::KEY_NOT_HERE, entry.key.span, "`near` says nothing without `context`")
                .help("add `context`, or say with `alone` how sure a finding is"),
        );
    }
    let validator = fields.word("validate", findings).and_then(|word| Validator::from_name(word.value));
    if fields.has("because") {
        fields.because(findings);
    }
    let (found, silent) = samples(fields, findings);
    let shape = match what?.key.value.as_str() {
        "regex" => Shape::Pattern(Pattern::new(fields.text("regex", findings)?, alone == Confidence::Never)),
        "words" => {
            fields.refuse(&["validate"], "words", findings);
            Shape::Words(words(fields, "words", findings))
        }
        "fields" => {
            fields.refuse(&["context", "near"], "fields", findings);
            Shape::Fields(members(fields, findings))
        }
        _ => Shape::BuiltIn(Finder::built_in(fields.word("builtin", findings)?.value)?),
    };
    Some(DetectorBody { shape, validator, alone, near, context, found, silent })
}

fn confidence(word: &str) -> Confidence {
    match word {
        "never" => Confidence::Never,
        "likely" => Confidence::Likely,
        _ => Confidence::High,
    }
}

/// Words and phrases as the filter looks for them: in lower case, with one space for each gap.
fn words(fields: &Fields<'_>, key: &str, findings: &mut Diagnostics) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for node in fields.items(key, findings) {
        let Some(text) = fields::text(node, "a word", WORD_BYTES, findings) else { continue };
        let gap = |character: char| matches!(character, ' ' | '_' | '-');
        let parts: Vec<&str> = text.value.split(gap).filter(|part| !part.is_empty()).collect();
        let word = parts.join(" ").to_ascii_lowercase();
        let starts = text.value.starts_with(char::is_alphanumeric);
        let is_short = parts.concat().len() < SHORTEST_WORD;
        if !starts || is_short || !is_phrase(&word) || word.chars().any(char::is_control) {
            let message = format!("`{}` cannot be looked for", shorten(&text.value));
            findings.push(Diagnostic::new(&codes::BAD_WORD, text.span, message).help(
                "a word or phrase begins with a letter or digit, has at least three, and at most three spaces among the \
                 first eight; for anything else use `regex`",
            ));
            continue;
        }
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words
}

/// The names of JSON fields, without the `/**/` before them.
fn members(fields: &Fields<'_>, findings: &mut Diagnostics) -> Vec<String> {
    let mut members: Vec<String> = Vec::new();
    for node in fields.items("fields", findings) {
        let Some(text) = fields::text(node, "the name of a JSON field", FIELD_BYTES + 4, findings) else {
            continue;
        };
        let name = text.value.strip_prefix("/**/").unwrap_or(&text.value);
        let name = Some(name).filter(|name| {
            !name.is_empty() && name.len() <= FIELD_BYTES && !name.contains(['/', '*', '"', '\\'])
        });
        let Some(name) = name else {
            let last = text.value.rsplit('/').find(|part| !part.trim_matches('*').is_empty());
            let message = format!("`{}` is not the name of a JSON field", shorten(&text.value));
            findings.push(Diagnostic::new(&codes::BAD_WORD, text.span, message).help(match last {
                Some(last) => format!(
                    "a field is named by its own name, wherever it stands: `/**/{}`",
                    shorten(last.trim_matches('*'))
                ),
                None => "a field is named by its own name, wherever it stands: `/**/name`".to_owned(),
            }));
            continue;
        };
        let name = name.to_ascii_lowercase();
        if !members.contains(&name) {
            members.push(name);
        }
    }
    members
}

type Texts = Vec<Spanned<String>>;

fn samples(detector: &Fields<'_>, findings: &mut Diagnostics) -> (Texts, Texts) {
    let opened = detector
        .entry("samples")
        .and_then(|entry| Fields::open(&entry.node, entry.key.span, &SAMPLES, findings));
    let Some(fields) = opened else { return (Vec::new(), Vec::new()) };
    let text = |node: &Node, findings: &mut Diagnostics| fields::text(node, "a text", SAMPLE_BYTES, findings);
    let found = fields.items("true", findings).iter().filter_map(|node| text(node, findings)).collect();
    let silent = fields.items("false", findings).iter().filter_map(|node| text(node, findings)).collect();
    (found, silent)
}
