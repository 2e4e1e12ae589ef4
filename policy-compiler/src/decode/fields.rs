//! Reads a mapping by the table of keys.
//!
//! Unknown and missing keys are reported when a mapping is opened, wrong kinds of values when they are read. What comes
//! back is right by the table, or absent and already reported.

use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::source::{Span, Spanned};
use crate::syntax::fields::{Absent, Form, Kind, Section};
use crate::syntax::node::shorten;
use crate::syntax::{Entry, Node, Value, suggest};

/// The entries of one list or mapping that are read; more are an error.
const MAX_ENTRIES: usize = 4096;

/// An opened mapping.
pub(super) struct Fields<'node> {
    section: &'static Section,
    entries: &'node [Entry],
    /// Where findings about the whole mapping point: its name, or itself.
    pub(super) at: Span,
}

impl<'node> Fields<'node> {
    /// Opens a mapping, `at` being the place that findings about the whole of it point to.
    pub(super) fn open(
        node: &'node Node,
        at: Span,
        section: &'static Section,
        findings: &mut Diagnostics,
    ) -> Option<Self> {
        let opened = Self::open_part(node, at, section, findings)?;
        opened.report_missing(findings);
        Some(opened)
    }

    /// Opens a mapping of which parts may be missing.
    pub(super) fn open_part(
        node: &'node Node,
        at: Span,
        section: &'static Section,
        findings: &mut Diagnostics,
    ) -> Option<Self> {
        let Value::Map(entries) = &node.value else {
            findings.push(expected(node, &format!("{} as a mapping", section.name), None));
            return None;
        };
        let opened = Self { section, entries, at };
        opened.report_unknown(findings);
        Some(opened)
    }

    fn report_unknown(&self, findings: &mut Diagnostics) {
        if self.section.named.is_some() {
            return;
        }
        let known = self.section.fields.iter().map(|field| field.key);
        for entry in self.entries.iter().filter(|entry| self.section.field(&entry.key.value).is_none()) {
            let key = shorten(&entry.key.value);
            findings.push(
                Diagnostic::new(
                    &codes::UNKNOWN_KEY,
                    entry.key.span,
                    format!("{} has no key `{key}`", self.section.name),
                )
                .maybe_help(suggest::hint(&entry.key.value, known.clone(), "its keys are")),
            );
        }
    }

    fn report_missing(&self, findings: &mut Diagnostics) {
        for field in self.section.fields.iter().filter(|field| field.absent == Absent::Required) {
            self.require(field.key, findings);
        }
    }

    /// Reports that a key is missing.
    pub(super) fn require(&self, key: &str, findings: &mut Diagnostics) {
        let Some(field) = self.section.field(key).filter(|_| !self.has(key)) else { return };
        findings.push(
            Diagnostic::new(
                &codes::MISSING_KEY,
                self.at,
                format!("{} needs the key `{key}`", self.section.name),
            )
            .help(format!("for example: {}", one_line(field.example))),
        );
    }

    /// The entry of a key.
    pub(super) fn entry(&self, key: &str) -> Option<&'node Entry> {
        self.entries.iter().find(|entry| entry.key.value == key)
    }

    /// Whether the key is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entry(key).is_some()
    }

    /// All entries, in the order of the text.
    pub(super) fn entries(&self) -> &'node [Entry] {
        self.entries
    }

    /// A text.
    pub(super) fn text(&self, key: &str, findings: &mut Diagnostics) -> Option<Spanned<String>> {
        let entry = self.entry(key)?;
        let (what, limit) = match self.section.field(key).map(|field| &field.kind) {
            Some(Kind::Text(limit)) => ("a text", *limit),
            Some(Kind::Form(form)) => (form.what, 1024),
            _ => ("a text", 1024),
        };
        text(&entry.node, what, limit, findings)
    }

    /// A reason: a text that is not blank.
    pub(super) fn because(&self, findings: &mut Diagnostics) -> Option<String> {
        let text = self.text("because", findings)?;
        if text.value.trim().is_empty() {
            findings.push(
                Diagnostic::new(&codes::EMPTY_BECAUSE, text.span, "the reason is empty")
                    .help("say what this is for, so that a refused customer can be answered"),
            );
            return None;
        }
        Some(text.value)
    }

    /// A whole number within the bounds of the table.
    pub(super) fn integer(&self, key: &str, findings: &mut Diagnostics) -> Option<Spanned<u32>> {
        let entry = self.entry(key)?;
        let Some(Kind::Integer(low, high)) = self.section.field(key).map(|field| &field.kind) else {
            return None;
        };
        let node = &entry.node;
        let Some(scalar) = node.scalar().filter(|scalar| scalar.is_number()) else {
            findings.push(expected(node, &format!("a whole number from {low} to {high}"), None));
            return None;
        };
        let number = scalar.text.parse::<u32>().ok().filter(|number| (low..=high).contains(&number));
        if number.is_none() {
            let message = format!("`{}` is not a whole number from {low} to {high}", shorten(&scalar.text));
            findings.push(Diagnostic::new(&codes::OUT_OF_RANGE, node.span, message));
        }
        Some(Spanned::new(number?, node.span))
    }

    /// One of the table's numbers.
    pub(super) fn choice(&self, key: &str, findings: &mut Diagnostics) -> Option<Spanned<u32>> {
        let entry = self.entry(key)?;
        let Some(Kind::Choice(numbers)) = self.section.field(key).map(|field| &field.kind) else {
            return None;
        };
        let scalar = entry.node.scalar().filter(|scalar| scalar.is_number());
        let number = scalar.and_then(|scalar| scalar.text.parse::<u32>().ok());
        let number = number.filter(|number| numbers.contains(number));
        if number.is_none() {
            let choices: Vec<String> = numbers.iter().map(u32::to_string).collect();
            let message = format!("expected {}, found {}", choices.join(" or "), entry.node.describe());
            findings.push(Diagnostic::new(&codes::OUT_OF_RANGE, entry.node.span, message));
        }
        Some(Spanned::new(number?, entry.node.span))
    }

    /// `true` or `false`.
    pub(super) fn boolean(&self, key: &str, findings: &mut Diagnostics) -> Option<Spanned<bool>> {
        let node = &self.entry(key)?.node;
        let value =
            node.scalar().filter(|scalar| scalar.plain).and_then(|scalar| match scalar.text.as_str() {
                "true" => Some(true),
                "false" => Some(false),
                _ => None,
            });
        if value.is_none() {
            findings.push(expected(node, "`true` or `false`", None));
        }
        Some(Spanned::new(value?, node.span))
    }

    /// One of the table's words.
    pub(super) fn word(&self, key: &str, findings: &mut Diagnostics) -> Option<Spanned<&'static str>> {
        let entry = self.entry(key)?;
        match self.section.field(key).map(|field| &field.kind) {
            Some(Kind::Word(words)) => word(&entry.node, words, findings),
            _ => None,
        }
    }

    /// The entries of a list.
    pub(super) fn items(&self, key: &str, findings: &mut Diagnostics) -> &'node [Node] {
        self.entry(key).map_or(&[], |entry| items(entry, findings))
    }

    /// Names of the author's choice with what stands under them.
    pub(super) fn named(&self, key: &str, findings: &mut Diagnostics) -> &'node [Entry] {
        let Some(entry) = self.entry(key) else { return &[] };
        match &entry.node.value {
            Value::Map(entries) => {
                report_size(entry, entries.len(), findings);
                entries
            }
            Value::List(_) | Value::Scalar(_) => {
                findings.push(expected(&entry.node, "a mapping from names to values", None));
                &[]
            }
        }
    }

    /// Reports more than one, and none, of keys that answer the same question. Which one it is, otherwise.
    pub(super) fn exactly_one(
        &self,
        keys: &[&'static str],
        findings: &mut Diagnostics,
    ) -> Option<&'node Entry> {
        let mut given = keys.iter().filter_map(|key| self.entry(key));
        match (given.next(), given.next()) {
            (Some(entry), None) => Some(entry),
            (Some(one), Some(other)) => {
                let (first, second) = (&one.key.value, &other.key.value);
                findings.push(
                    Diagnostic::new(
                        &codes::KEYS_EXCLUDE,
                        other.key.span,
                        format!("{} cannot have both `{first}` and `{second}`", self.section.name),
                    )
                    .also(one.key.span, "the other one")
                    .help("keep one of them"),
                );
                None
            }
            (None, _) => {
                findings.push(Diagnostic::new(
                    &codes::MISSING_KEY,
                    self.at,
                    format!("{} needs {}", self.section.name, alternatives(keys)),
                ));
                None
            }
        }
    }

    /// Reports keys that say nothing beside what another key says.
    pub(super) fn refuse(&self, keys: &[&str], beside: &str, findings: &mut Diagnostics) {
        for entry in self.entries.iter().filter(|entry| keys.contains(&entry.key.value.as_str())) {
            findings.push(
                Diagnostic::new(
                    &codes::KEY_NOT_HERE,
                    entry.key.span,
                    format!("`{}` says nothing beside `{beside}`", entry.key.value),
                )
                .help("take the key out, or change what is done"),
            );
        }
    }
}

/// "either `a` or `b`", "one of `a`, `b` or `c`".
fn alternatives(keys: &[&str]) -> String {
    match keys {
        [one, other] => format!("either `{one}` or `{other}`"),
        [first @ .., last] => {
            let first: Vec<String> = first.iter().map(|key| format!("`{key}`")).collect();
            format!("one of {} or `{last}`", first.join(", "))
        }
        [] => String::new(),
    }
}

/// The entries of a list; at least one.
pub(super) fn items<'node>(entry: &'node Entry, findings: &mut Diagnostics) -> &'node [Node] {
    match &entry.node.value {
        Value::List(items) => {
            report_size(entry, items.len(), findings);
            items
        }
        Value::Map(_) | Value::Scalar(_) => {
            findings.push(expected(
                &entry.node,
                "a list",
                Some(format!("write `{}: [...]`", entry.key.value)),
            ));
            &[]
        }
    }
}

fn report_size(entry: &Entry, length: usize, findings: &mut Diagnostics) {
    let key = shorten(&entry.key.value);
    if length == 0 {
        findings.push(
            Diagnostic::new(&codes::NOTHING_GIVEN, entry.node.span, format!("`{key}` is empty"))
                .help("add an entry, or take the key out"),
        );
    }
    if length > MAX_ENTRIES {
        let message = format!("`{key}` has {length} entries, at most {MAX_ENTRIES} are possible");
        findings.push(Diagnostic::new(&codes::TOO_MUCH, entry.key.span, message));
    }
}

/// One of these words.
pub(super) fn word(
    node: &Node,
    words: &'static [&'static str],
    findings: &mut Diagnostics,
) -> Option<Spanned<&'static str>> {
    let text = text(node, "a word", 1024, findings)?;
    let known = words.iter().copied().find(|word| *word == text.value);
    if known.is_none() {
        let choices: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
        let mut help = format!("possible here: {}", choices.join(", "));
        if let Some(nearest) = suggest::nearest(&text.value, words.iter().copied()) {
            help = format!("did you mean `{nearest}`? {help}");
        }
        let message = format!("`{}` is not possible here", shorten(&text.value));
        findings.push(Diagnostic::new(&codes::UNKNOWN_WORD, node.span, message).help(help));
    }
    Some(Spanned::new(known?, node.span))
}

/// A text of at most so many bytes. What YAML reads as a number or boolean is no text.
pub(super) fn text(
    node: &Node,
    what: &str,
    limit: usize,
    findings: &mut Diagnostics,
) -> Option<Spanned<String>> {
    let scalar =
        node.scalar().filter(|scalar| !scalar.is_nothing() && !scalar.is_boolean() && !scalar.is_number());
    let Some(scalar) = scalar else {
        let help = node.scalar().filter(|scalar| !scalar.is_nothing());
        let help = help.map(|scalar| match what {
            "a duration" => format!("add a unit: `{}s`", scalar.text),
            "a delay" => format!("add a unit: `{}ms`", scalar.text),
            _ => format!("quote it if it is meant as text: \"{}\"", scalar.text),
        });
        findings.push(expected(node, what, help));
        return None;
    };
    if scalar.text.len() > limit {
        let message = format!("the text has {} bytes, at most {limit} are possible", scalar.text.len());
        findings.push(Diagnostic::new(&codes::TOO_MUCH, node.span, message));
        return None;
    }
    Some(Spanned::new(scalar.text.clone(), node.span))
}

/// A name of the form that the table gives.
pub(super) fn name(key: &Spanned<String>, form: &Form, longest: usize, findings: &mut Diagnostics) -> bool {
    let underscore = form.pattern.contains('_');
    let dash = form.pattern.contains("-]");
    let fits = |character: char| {
        character.is_ascii_lowercase()
            || character.is_ascii_digit()
            || (dash && character == '-')
            || (underscore && character == '_')
    };
    let text = &key.value;
    let first = text.chars().next();
    if text.chars().all(fits)
        && first.is_some_and(|first| first.is_ascii_alphanumeric())
        && text.len() <= longest
    {
        return true;
    }
    let characters = match (underscore, dash) {
        (true, true) => "lower-case letters, digits, `-` and `_`",
        (true, false) => "lower-case letters, digits and `_`",
        _ => "lower-case letters, digits and `-`",
    };
    let gap = if dash { '-' } else { '_' };
    let suggestion: String = text
        .to_ascii_lowercase()
        .chars()
        .map(|character| if fits(character) { character } else { gap })
        .take(longest)
        .collect();
    let suggestion = suggestion.trim_matches(['-', '_']);
    let mut help = format!("{characters}, at most {longest}, starting with a letter or digit");
    if !suggestion.is_empty() && text.is_ascii() {
        help = format!("{help}; for example `{suggestion}`");
    }
    findings.push(
        Diagnostic::new(&codes::BAD_NAME, key.span, format!("`{}` is not {}", shorten(text), form.what))
            .help(help),
    );
    false
}

/// The finding that something else was expected.
pub(super) fn expected(node: &Node, what: &str, help: Option<String>) -> Diagnostic {
    Diagnostic::new(&codes::WRONG_TYPE, node.span, format!("expected {what}, found {}", node.describe()))
        .maybe_help(help)
}

fn one_line(example: &str) -> String {
    example.split_whitespace().collect::<Vec<_>>().join(" ")
}
