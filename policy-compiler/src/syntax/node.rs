//! The tree of values of a policy file.

use crate::source::{Span, Spanned};

/// A value. Trees are at most as deep as the reader allows, so walking them may recurse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Where it stands, from its first to its last byte.
    pub span: Span,
    /// What it is.
    pub value: Value,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A single value.
    Scalar(Scalar),
    /// A list.
    List(Vec<Node>),
    /// A mapping, in the order of the text; keys are unique.
    Map(Vec<Entry>),
}

/// A single value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar {
    /// Its text, without quotes and escapes.
    pub text: String,
    /// Whether it was written without quotes; only then can it be a number, a boolean or nothing.
    pub plain: bool,
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: Spanned<String>,
    /// The value.
    pub node: Node,
}

impl Node {
    /// What it is, in words for a message.
    #[must_use]
    pub fn describe(&self) -> String {
        match &self.value {
            Value::List(_) => String::from("a list"),
            Value::Map(_) => String::from("a mapping"),
            Value::Scalar(scalar) if scalar.is_nothing() => String::from("nothing"),
            Value::Scalar(scalar) if scalar.is_boolean() => format!("the boolean `{}`", scalar.text),
            Value::Scalar(scalar) if scalar.is_number() => format!("the number `{}`", scalar.text),
            Value::Scalar(scalar) => format!("the text `{}`", shorten(&scalar.text)),
        }
    }

    /// The single value, if it is one.
    #[must_use]
    pub fn scalar(&self) -> Option<&Scalar> {
        match &self.value {
            Value::Scalar(scalar) => Some(scalar),
            Value::List(_) | Value::Map(_) => None,
        }
    }

    /// The entry with this key, if it is a mapping that has one.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|entry| entry.key.value == key),
            Value::Scalar(_) | Value::List(_) => None,
        }
    }
}

impl Scalar {
    /// Whether YAML reads it as nothing.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.plain && matches!(self.text.as_str(), "" | "~" | "null" | "Null" | "NULL")
    }

    /// Whether YAML reads it as a boolean.
    #[must_use]
    pub fn is_boolean(&self) -> bool {
        self.plain && matches!(self.text.as_str(), "true" | "True" | "TRUE" | "false" | "False" | "FALSE")
    }

    /// Whether YAML reads it as a number.
    #[must_use]
    pub fn is_number(&self) -> bool {
        let unsigned = self.text.strip_prefix(['-', '+']).unwrap_or(&self.text);
        let hexadecimal = unsigned
            .strip_prefix("0x")
            .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let decimal = unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.')
            && unsigned.bytes().any(|byte| byte.is_ascii_digit())
            && unsigned.parse::<f64>().is_ok();
        let special = matches!(unsigned.to_ascii_lowercase().as_str(), ".inf" | ".nan");
        self.plain && (hexadecimal || decimal || special)
    }
}

/// The text, cut to what fits a message, with characters that would break the line shown as escapes.
#[must_use]
pub fn shorten(text: &str) -> String {
    const SHOWN: usize = 60;
    let mut short = String::new();
    for character in text.chars().take(SHOWN) {
        if character.is_control() {
            short.extend(character.escape_default());
        } else {
            short.push(character);
        }
    }
    if text.chars().nth(SHOWN).is_some() {
        short.push('…');
    }
    short
}
