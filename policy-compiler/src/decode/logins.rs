//! Where customers log in.

use bartizan_engine::blob::draft::FieldSource;

use super::fields::{self, Fields};
use super::{outcomes, paths, texts};
use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::model::Login;
use crate::source::Spanned;
use crate::syntax::Node;
use crate::syntax::fields::{LABEL, LOGIN};
use crate::syntax::node::shorten;

pub(super) fn decode(node: &Node, findings: &mut Diagnostics) -> Option<Login> {
    let fields = Fields::open(node, node.span, &LOGIN, findings)?;
    let name = fields.text("name", findings).filter(|name| fields::name(name, &LABEL, 32, findings));
    let request = fields.text("request", findings).and_then(|text| request(&text, findings));
    let username = fields.text("username", findings).and_then(|text| username(&text, findings));
    let password = fields.text("password", findings).and_then(|text| field(&text, findings));
    let success = fields.entry("success").and_then(|entry| outcomes::decode(entry, findings));
    let failure = fields.entry("failure").and_then(|entry| outcomes::decode(entry, findings));
    let mode = fields.mode("mode", findings);
    let (method, path) = request?;
    Some(Login {
        name,
        method,
        path,
        mode,
        username: username?,
        password,
        success: success?,
        failure: failure?,
    })
}

fn request(
    text: &Spanned<String>,
    findings: &mut Diagnostics,
) -> Option<(String, Spanned<bartizan_engine::blob::draft::PathPattern>)> {
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

fn username(text: &Spanned<String>, findings: &mut Diagnostics) -> Option<FieldSource> {
    let source = field(text, findings)?;
    if source == FieldSource::BasicPassword {
        findings.push(
            Diagnostic::new(&codes::BAD_FIELD_SOURCE, text.span, "a password does not name an account")
                .help("use `basic.user`"),
        );
        return None;
    }
    Some(source)
}

fn field(text: &Spanned<String>, findings: &mut Diagnostics) -> Option<FieldSource> {
    let (place, name) = text.value.split_once('.').unwrap_or((&text.value, ""));
    let name = String::from(name);
    let source = match place {
        "form" if !name.is_empty() => Some(FieldSource::Form(name)),
        "query" if !name.is_empty() => Some(FieldSource::Query(name)),
        "basic" if name == "user" => Some(FieldSource::BasicUser),
        "basic" if name == "password" => Some(FieldSource::BasicPassword),
        "json" if !name.is_empty() => {
            let pointer = Spanned::new(name.clone(), text.span);
            return texts::pointer(&pointer, findings).then_some(FieldSource::Json(name));
        }
        _ => None,
    };
    if source.is_none() {
        findings.push(
            Diagnostic::new(
                &codes::BAD_FIELD_SOURCE,
                text.span,
                format!("`{}` is not a place for a login's field", shorten(&text.value)),
            )
            .help("use `form.<field>`, `json./<key>`, `query.<parameter>`, `basic.user` or `basic.password`"),
        );
    }
    source
}
