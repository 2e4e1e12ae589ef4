//! The one table of every key of the policy language.
//!
//! Decoder, "did you mean", JSON Schema and reference page all come from it, so that none can say what the others do
//! not. A [`Section`] is a mapping with its keys; a [`Kind`] is what a value may be.

mod accounts;
mod applications;
mod conditions;
mod detection;
mod detectors;
mod general;
mod logins;
mod sensitive;

pub use accounts::{DEVICES, FLOW, LEAKED};
pub use applications::{APP, HONEYPOT, ROUTE};
pub use conditions::{COMPARISON, CONDITION, RATIO, REPLY_VALUES};
pub use detection::{COUNTER, RULE, STEP, THREAT};
pub use detectors::{
    BUILT_IN, DETECTOR, DETECTOR_NAME, DETECTOR_OR_PACK, MEMBER, SAMPLE_BYTES, SAMPLES, VALIDATORS,
    WORD_BYTES,
};
pub use general::{ALLOW, CLIENT, HOPS, LIST, POLICY, USE};
pub use logins::{DECOY, HEADER, LOGIN, OUTCOME};
pub use sensitive::SENSITIVE;

/// A mapping and the keys that it can have.
#[derive(Debug)]
pub struct Section {
    /// What it is called in messages and in the reference, with its article: `a counter`.
    pub name: &'static str,
    /// A short name for links and schema definitions.
    pub id: &'static str,
    /// What it is for.
    pub doc: &'static str,
    /// Its keys, in the order in which they are explained.
    pub fields: &'static [Field],
    /// Keys of the author's choice beside the fixed ones.
    pub named: Option<Named>,
}

/// Keys of the author's choice.
#[derive(Debug)]
pub struct Named {
    /// What such a key is: `the name of a counter`.
    pub what: &'static str,
    /// What stands under it.
    pub kind: Kind,
}

/// A key.
#[derive(Debug)]
pub struct Field {
    /// The key as written.
    pub key: &'static str,
    /// What may stand under it.
    pub kind: Kind,
    /// What its absence means.
    pub absent: Absent,
    /// What it does, in sentences.
    pub doc: &'static str,
    /// A line or two of policy.
    pub example: &'static str,
}

/// What the absence of a key means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// It cannot be absent.
    Required,
    /// The same as this.
    Default(&'static str),
    /// Nothing happens.
    Nothing,
}

/// What a value may be.
#[derive(Debug)]
pub enum Kind {
    /// A text of at most so many bytes.
    Text(usize),
    /// A text of a certain form.
    Form(Form),
    /// A whole number, bounds included.
    Integer(u32, u32),
    /// One of these numbers.
    Choice(&'static [u32]),
    /// `true` or `false`.
    Boolean,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A mapping.
    Map(&'static Section),
    /// A list, at least one entry.
    List(&'static Kind),
    /// Names of the author's choice, each with a value.
    Names(Form, &'static Kind),
    /// These words, each with a value.
    Words(&'static [&'static str], &'static Kind),
    /// One of these.
    Either(&'static [Kind]),
}

/// The form of a text.
#[derive(Debug)]
pub struct Form {
    /// What it is, with its article: `a duration`.
    pub what: &'static str,
    /// A regular expression (ECMA 262) that all texts of this form meet, for editors.
    pub pattern: &'static str,
}

/// A whole number and `s`, `m` or `h`.
pub const DURATION: Form = Form { what: "a duration", pattern: "^[1-9][0-9]*(s|m|h)$" };
/// A whole number and `s`, `m`, `h` or `d`, for what need not end with the day.
pub const LONG_DURATION: Form = Form { what: "a duration", pattern: "^[1-9][0-9]*(s|m|h|d)$" };
/// A whole number and `ms` or `s`.
pub const DELAY: Form = Form { what: "a delay", pattern: "^[1-9][0-9]*(ms|s)$" };
/// A whole number per `s`, `m` or `h`.
pub const RATE: Form = Form { what: "a rate", pattern: "^[1-9][0-9]*/(s|m|h)$" };
/// Names that appear in metrics and headers, at most 32 bytes.
pub const LABEL: Form = Form { what: "a name", pattern: "^[a-z0-9][a-z0-9-]{0,31}$" };
/// Names that appear in the policy only, at most 48 bytes.
pub const NAME: Form = Form { what: "a name", pattern: "^[a-z0-9][a-z0-9_-]{0,47}$" };
/// Ids of rules, at most 48 bytes.
pub const RULE_ID: Form = Form { what: "an id", pattern: "^[a-z0-9][a-z0-9-]{0,47}$" };
/// An address or a range of addresses.
pub const ADDRESS: Form = Form { what: "an address or range", pattern: "^[0-9a-fA-F:.]+(/[0-9]{1,3})?$" };
/// A host, everything below a domain, or everything.
pub const HOST: Form =
    Form { what: "a host", pattern: "^(\\*|(\\*\\.)?[A-Za-z0-9._-]+|\\[[0-9a-fA-F:.]+\\])$" };
/// A path pattern.
pub const PATH: Form = Form { what: "a path pattern", pattern: "^/[^?#;]*$" };
/// A request method.
pub const METHOD: Form = Form { what: "a method", pattern: "^[A-Z][A-Z-]*$" };
/// The longest reason, in bytes.
pub const BECAUSE_BYTES: usize = 200;
/// The longest body of a reply of the filter's own, in bytes.
pub const REPLY_BYTES: usize = 16 * 1024;
/// Threats by name.
pub const THREATS: &[&str] = &["account-takeover", "scraping", "leakage", "injection"];

impl Section {
    /// The key's entry in the table.
    #[must_use]
    pub fn field(&self, key: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.key == key)
    }
}

/// Every section, in the order of the reference page.
pub static SECTIONS: &[&Section] = &[
    &POLICY,
    &USE,
    &CLIENT,
    &HOPS,
    &DEVICES,
    &ALLOW,
    &LIST,
    &LEAKED,
    &FLOW,
    &COUNTER,
    &THREAT,
    &RULE,
    &CONDITION,
    &COMPARISON,
    &RATIO,
    &REPLY_VALUES,
    &STEP,
    &APP,
    &ROUTE,
    &LOGIN,
    &DECOY,
    &OUTCOME,
    &HEADER,
    &HONEYPOT,
    &SENSITIVE,
    &DETECTOR,
    &SAMPLES,
];

#[cfg(test)]
mod tests {
    use bartizan_engine::vocabulary::Threat;

    use super::*;

    #[test]
    fn the_words_are_those_of_the_engine() {
        assert_eq!(THREATS, Threat::ALL.map(Threat::name));
    }

    #[test]
    fn every_key_is_explained_and_shown() {
        for section in SECTIONS {
            for field in section.fields {
                let place = format!("{} in {}", field.key, section.name);
                assert!(field.doc.ends_with('.'), "{place}: explained in sentences");
                assert!(field.example.contains(field.key), "{place}: the example shows the key");
            }
        }
    }
}
