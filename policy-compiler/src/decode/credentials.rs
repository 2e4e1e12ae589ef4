//! Where the fields of a login are.

use bartizan_engine::blob::draft::FieldSource;

use super::fields;
use super::texts;
use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::source::Spanned;
use crate::syntax::Entry;
use crate::syntax::node::shorten;

/// Where the user name is.
pub(super) fn username(text: &Spanned<String>, findings: &mut Diagnostics) -> Option<FieldSource> {
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

/// Where a field is.
pub(super) fn field(text: &Spanned<String>, findings: &mut Diagnostics) -> Option<FieldSource> {
    let (place, name) = text.value.split_once('.').unwrap_or((&text.value, ""));
    let named = !name.is_empty();
    let name = String::from(name);
    let source = match place {
        "form" if named => Some(FieldSource::Form(name)),
        "query" if named => Some(FieldSource::Query(name)),
        "multipart" if named => Some(FieldSource::Multipart(name)),
        "element" if is_element(&name) => Some(FieldSource::Element(name)),
        "graphql" => variable(&name).map(FieldSource::Json),
        "basic" if name == "user" => Some(FieldSource::BasicUser),
        "basic" if name == "password" => Some(FieldSource::BasicPassword),
        "json" if named => {
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
            .help(
                "use `form.<field>`, `json./<key>`, `query.<parameter>`, `multipart.<field>`, `graphql.variables.<name>`, \
                 `element.<name>`, `basic.user` or `basic.password`",
            ),
        );
    }
    source
}

/// Names of elements, as XML and SGML have them in common.
fn is_element(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:".contains(&byte);
    name.starts_with(|first: char| first.is_ascii_alphabetic()) && name.bytes().all(fits)
}

/// GraphQL over HTTP sends variables beside the query, in the same JSON body.
fn variable(name: &str) -> Option<String> {
    let path = name.strip_prefix("variables.").filter(|path| path.split('.').all(|key| !key.is_empty()))?;
    let keys = path.split('.').map(|key| key.replace('~', "~0").replace('/', "~1"));
    Some(keys.fold(String::from("/variables"), |pointer, key| pointer + "/" + &key))
}

/// The field and its text without which a request is no login.
pub(super) fn only_if(
    entry: &Entry,
    fields: &fields::Fields<'_>,
    findings: &mut Diagnostics,
) -> Option<(FieldSource, String)> {
    let entries = fields.named(&entry.key.value, findings);
    if let Some(second) = entries.get(1) {
        findings.push(
            Diagnostic::new(&codes::TOO_MUCH, second.key.span, "`only_if` looks at one field")
                .help("keep the field that tells logins from other requests"),
        );
        return None;
    }
    let entry = entries.first()?;
    let source = field(&entry.key, findings);
    let text = fields::text(&entry.node, "a text", 256, findings);
    Some((source?, text?.value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn graphql_variables_are_pointers() {
        assert_eq!(variable("variables.email").as_deref(), Some("/variables/email"));
        assert_eq!(variable("variables.input.e/~mail").as_deref(), Some("/variables/input/e~1~0mail"));
        for wrong in ["", "variables", "variables.", "variables..a", "email", "query.email"] {
            assert_eq!(variable(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn elements_have_names_without_brackets() {
        assert!(["USERID", "wsse:Username", "a-b.c_1"].into_iter().all(is_element));
        assert!(!["", "<USERID>", "1a", "a b"].into_iter().any(is_element));
    }
}
