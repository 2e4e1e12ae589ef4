//! Where customers log in.

use bartizan_engine::blob::draft::{FieldSource, OutcomeCondition, PathPattern};

use super::credentials::{field, only_if, username};
use super::fields::{self, Fields};
use super::{decoys, outcomes, paths};
use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::model::Login;
use crate::presets;
use crate::source::Spanned;
use crate::syntax::Node;
use crate::syntax::fields::{LABEL, LOGIN};
use crate::syntax::node::shorten;

/// The keys that a preset gives.
const OF_PRESETS: [&str; 5] = ["username", "password", "only_if", "success", "failure"];

/// An entry of `logins`.
pub(super) fn decode(node: &Node, findings: &mut Diagnostics) -> Option<Login> {
    let fields = Fields::open(node, node.span, &LOGIN, findings)?;
    let name = fields.text("name", findings).filter(|name| fields::name(name, &LABEL, 32, findings));
    let request = fields.text("request", findings).and_then(|text| request(&text, findings));
    let meaning = if fields.has("preset") { preset(&fields, findings) } else { own(&fields, findings) };
    let forms = fields.items("username_form", findings);
    let forms: Vec<_> =
        forms.iter().filter_map(|node| fields::word(node, &["plus_address"], findings)).collect();
    let decoy = fields.entry("decoy").and_then(|entry| decoys::decode(entry, findings));
    let mode = fields.mode("mode", findings);
    let ((method, path), meaning) = (request?, meaning?);
    Some(Login {
        name,
        method,
        path,
        mode,
        username: meaning.username,
        password: meaning.password,
        success: meaning.success,
        failure: meaning.failure,
        only_if: meaning.only_if,
        plus_address: !forms.is_empty(),
        decoy,
    })
}

/// What a login's requests and replies mean.
struct Meaning {
    username: FieldSource,
    password: Option<FieldSource>,
    only_if: Option<(FieldSource, String)>,
    success: Spanned<OutcomeCondition>,
    failure: Spanned<OutcomeCondition>,
}

fn own(fields: &Fields<'_>, findings: &mut Diagnostics) -> Option<Meaning> {
    for key in ["username", "success", "failure"] {
        fields.require(key, findings);
    }
    let username = fields.text("username", findings).and_then(|text| username(&text, findings));
    let password = fields.text("password", findings).and_then(|text| field(&text, findings));
    let only_if = fields.entry("only_if").and_then(|entry| only_if(entry, fields, findings));
    let success = fields.entry("success").and_then(|entry| outcomes::decode(entry, findings));
    let failure = fields.entry("failure").and_then(|entry| outcomes::decode(entry, findings));
    Some(Meaning { username: username?, password, only_if, success: success?, failure: failure? })
}

fn preset(fields: &Fields<'_>, findings: &mut Diagnostics) -> Option<Meaning> {
    let word = fields.word("preset", findings)?;
    for key in OF_PRESETS {
        let Some(entry) = fields.entry(key) else { continue };
        findings.push(
            Diagnostic::new(
                &codes::KEYS_EXCLUDE,
                entry.key.span,
                format!("`{key}` is already given by the preset `{}`", word.value),
            )
            .also(word.span, "the preset")
            .help("keep one of them: a login that differs from the preset is written out"),
        );
    }
    let preset = presets::find(word.value)?;
    Some(Meaning {
        username: preset.username,
        password: Some(preset.password),
        only_if: preset.only_if,
        success: Spanned::new(preset.success, word.span),
        failure: Spanned::new(preset.failure, word.span),
    })
}

fn request(text: &Spanned<String>, findings: &mut Diagnostics) -> Option<(String, Spanned<PathPattern>)> {
    let Some((method, path)) = text.value.split_once(' ') else {
        findings.push(
            Diagnostic::new(
                &codes::BAD_LOGIN_REQUEST,
                text.span,
                format!("`{}` is not a method and a path", shorten(&text.value)),
            )
            .help("write both with a blank between: `POST /login`"),
        );
        return None;
    };
    let method = paths::method(&Spanned::new(String::from(method), text.span), findings);
    let path = paths::path(&Spanned::new(String::from(path.trim_start()), text.span), findings);
    Some((method?, path?))
}
