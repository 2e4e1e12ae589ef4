//! What is looked for in replies and URLs.

use bartizan_engine::blob::detectors::{IN_BODY, IN_HEADERS, IN_URL};
use bartizan_engine::blob::draft::{Confidence, MaskStyle, SensitiveAction};

use super::fields::{self, Fields};
use super::paths;
use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::model::Sensitive;
use crate::source::Spanned;
use crate::syntax::Node;
use crate::syntax::fields::SENSITIVE;

/// The most characters of a value that may stay readable: shorter values would be as good as not masked.
const MOST_KEPT: u32 = 10;

pub(super) fn search(node: &Node, findings: &mut Diagnostics) -> Option<Sensitive> {
    let fields = Fields::open(node, node.span, &SENSITIVE, findings)?;
    let find = names(&fields, "find", findings);
    let except = names(&fields, "except", findings);
    let paths = fields.text("in", findings).and_then(|text| paths::path(&text, findings));
    let places = places(&fields, findings);
    let action = fields.word("do", findings).map(|word| {
        let action = match word.value {
            "tag" => SensitiveAction::Tag,
            "mask" => SensitiveAction::Mask,
            "remove" => SensitiveAction::Remove,
            _ => SensitiveAction::Block,
        };
        Spanned::new(action, word.span)
    });
    match action.as_ref().map(|action| action.value) {
        Some(SensitiveAction::Tag) => unmasked(&fields, "do: tag", findings),
        Some(SensitiveAction::Remove) => unmasked(&fields, "do: remove", findings),
        _ => {}
    }
    let mut kept =
        |key| fields.integer(key, findings).map_or(0, |number| u8::try_from(number.value).unwrap_or(0));
    let (keep_first, keep_last) = (kept("keep_first"), kept("keep_last"));
    if u32::from(keep_first) + u32::from(keep_last) > MOST_KEPT
        && let Some(entry) = fields.entry("keep_last")
    {
        let message =
            format!("{keep_first} and {keep_last} characters stay readable, at most {MOST_KEPT} may");
        findings.push(
            Diagnostic::new(&codes::STAYS_READABLE, entry.node.span, message)
                .help("keep fewer: a value of twelve characters must not be told by what is left of it"),
        );
    }
    let hashes = fields.word("mask_with", findings).is_some_and(|word| word.value == "hash");
    if hashes {
        fields.refuse(&["keep_first", "keep_last"], "mask_with: hash", findings);
    }
    let likely = fields.word("confidence", findings).is_some_and(|word| word.value == "likely");
    Some(Sensitive {
        find,
        except,
        paths: paths?,
        places,
        action: action?,
        keep_first,
        keep_last,
        style: if hashes { MaskStyle::Hash } else { MaskStyle::Stars },
        confidence: if likely { Confidence::Likely } else { Confidence::High },
    })
}

/// Names of detectors or packs; whether there are such is looked up later.
pub(super) fn names(fields: &Fields<'_>, key: &str, findings: &mut Diagnostics) -> Vec<Spanned<String>> {
    let nodes = fields.items(key, findings).iter();
    nodes.filter_map(|node| fields::text(node, "the name of a detector or of a pack", 64, findings)).collect()
}

fn places(fields: &Fields<'_>, findings: &mut Diagnostics) -> u8 {
    const PLACES: [(&str, u8); 3] = [("body", IN_BODY), ("headers", IN_HEADERS), ("url", IN_URL)];
    let nodes = fields.items("at", findings).iter();
    let words = nodes.filter_map(|node| fields::word(node, &["body", "headers", "url"], findings));
    let chosen = words.fold(0, |bits, word| {
        let place = PLACES.iter().find(|(name, _)| *name == word.value);
        bits | place.map_or(0, |(_, bit)| *bit)
    });
    if chosen == 0 { IN_BODY | IN_HEADERS | IN_URL } else { chosen }
}

fn unmasked(fields: &Fields<'_>, beside: &str, findings: &mut Diagnostics) {
    for key in ["keep_first", "keep_last", "mask_with"] {
        let Some(entry) = fields.entry(key) else { continue };
        let message = format!("`{key}` says nothing beside `{beside}`");
        findings.push(
            Diagnostic::new(&codes::KEY_NOT_HERE, entry.key.span, message)
                .help(format!("nothing is masked; use `do: mask`, or take `{key}` out")),
        );
    }
}
