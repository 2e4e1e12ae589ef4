//! A strict subset of YAML 1.2, read into a tree.
//!
//! Refused, with a place and a reason: anchors, aliases, tags, directives, several documents, duplicate keys, unquoted
//! values that YAML 1.1 reads differently, hidden characters. Size, depth and number of values are bounded, so every
//! text is read in bounded time and memory; reading never panics for any input.

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError};

use super::node::shorten;
use super::{Entry, Node, Scalar, Value, characters, scalars};
use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::source::{CharacterIndex, FileId, Sources, Span, Spanned};

/// The largest policy file in bytes.
pub const MAX_BYTES: usize = 1024 * 1024;
/// The most values in a file, keys included.
const MAX_NODES: usize = 100_000;
/// The deepest nesting of lists and mappings.
const MAX_DEPTH: usize = 32;

/// Reads a file that is already among the sources. `None` where nothing of it could be read; the findings say why.
pub fn read(sources: &Sources, file: FileId, findings: &mut Diagnostics) -> Option<Node> {
    let text = sources.text(file);
    if text.len() > MAX_BYTES {
        let message = format!("the file has {} bytes, a policy can have {MAX_BYTES}", text.len());
        findings.push(Diagnostic::new(&codes::TOO_LARGE, Span { file, start: 0, end: 0 }, message));
        return None;
    }
    refuse_hidden_characters(text, file, findings);
    let mut reader = Reader {
        text,
        file,
        index: CharacterIndex::new(text),
        findings,
        open: Vec::new(),
        root: None,
        nodes: 0,
    };
    reader.run()?;
    let root = reader.root.take();
    if root.is_none() {
        let span = Span { file, start: 0, end: 0 };
        findings.push(
            Diagnostic::new(&codes::NOTHING_GIVEN, span, "the file has no policy in it")
                .help("start with `version: 1` and an app under `apps:`"),
        );
    }
    root
}

fn refuse_hidden_characters(text: &str, file: FileId, findings: &mut Diagnostics) {
    for (start, character, reason) in characters::hidden(text) {
        let span = Span { file, start, end: start + character.len_utf8() };
        let code_point = u32::from(character);
        findings.push(
            Diagnostic::new(
                &codes::HIDDEN_CHARACTER,
                span,
                format!("the character U+{code_point:04X} {reason}"),
            )
            .help("delete it; it may have come with text copied from elsewhere"),
        );
    }
}

struct Reader<'text, 'run> {
    text: &'text str,
    file: FileId,
    index: CharacterIndex,
    findings: &'run mut Diagnostics,
    open: Vec<Open>,
    root: Option<Node>,
    nodes: usize,
}

/// A list or mapping whose end has not been seen.
struct Open {
    span: Span,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, seen: HashMap<String, Span>, key: Option<PendingKey> },
}

/// A key whose value has not been seen. Repeated keys and keys that are no text lose their value.
enum PendingKey {
    Kept(Spanned<String>),
    Refused,
}

impl Reader<'_, '_> {
    /// Reads to the end, or to the first thing after which nothing can be trusted.
    fn run(&mut self) -> Option<()> {
        let mut parser = Parser::new_from_str(self.text);
        let mut documents = 0_usize;
        while let Some(next) = parser.next_event() {
            let (event, span) = match next {
                Ok(event) => event,
                Err(error) => {
                    self.refuse_text(&error);
                    return None;
                }
            };
            let span = self.span(span.start, span.end);
            match event {
                Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
                Event::DocumentStart(_) => {
                    documents += 1;
                    if documents > 1 {
                        self.refuse_feature(
                            span,
                            "a second document starts here",
                            "keep one policy in one file",
                        );
                        return None;
                    }
                }
                Event::Alias(_) => {
                    self.refuse_feature(span, "aliases are not part of policies", ALIAS_HELP);
                    return None;
                }
                Event::Scalar(text, style, anchor, tag) => {
                    self.refuse_decorations(span, anchor, tag.is_some());
                    self.count(span)?;
                    self.scalar(text.into_owned(), style, span);
                }
                Event::SequenceStart(anchor, tag) => {
                    self.refuse_decorations(span, anchor, tag.is_some());
                    self.enter(span, Content::List(Vec::new()))?;
                }
                Event::MappingStart(anchor, tag) => {
                    self.refuse_decorations(span, anchor, tag.is_some());
                    let content = Content::Map { entries: Vec::new(), seen: HashMap::new(), key: None };
                    self.enter(span, content)?;
                }
                Event::SequenceEnd | Event::MappingEnd => self.leave(span),
            }
        }
        Some(())
    }

    fn enter(&mut self, span: Span, content: Content) -> Option<()> {
        self.count(span)?;
        if self.open.len() >= MAX_DEPTH {
            let message = format!("more than {MAX_DEPTH} levels of nesting");
            self.findings.push(Diagnostic::new(&codes::TOO_LARGE, span, message));
            return None;
        }
        self.open.push(Open { span, content });
        Some(())
    }

    fn leave(&mut self, end: Span) {
        let Some(open) = self.open.pop() else { return };
        let opener = self.text.get(open.span.start..).unwrap_or("");
        let last = match &open.content {
            Content::List(items) => items.last().map(|item| item.span.end),
            Content::Map { entries, .. } => entries.last().map(|entry| entry.node.span.end),
        };
        // A block ends where its last value does: what the scanner calls its end is the start of what follows.
        let stop = if opener.starts_with(['{', '[']) { end.end } else { last.unwrap_or(open.span.end) };
        let span = Span { end: stop.max(open.span.start), ..open.span };
        let value = match open.content {
            Content::List(items) => Value::List(items),
            Content::Map { entries, .. } => Value::Map(entries),
        };
        self.place(Node { span, value });
    }

    fn scalar(&mut self, text: String, style: ScalarStyle, span: Span) {
        let plain = style == ScalarStyle::Plain;
        if let Some(reason) = plain.then(|| scalars::ambiguity(&text)).flatten() {
            self.findings.push(
                Diagnostic::new(
                    &codes::AMBIGUOUS_SCALAR,
                    span,
                    format!("`{text}` is not the same for all readers"),
                )
                .label(reason)
                .help(unambiguous(&text)),
            );
        }
        if !plain && characters::hidden(&text).next().is_some() {
            self.findings.push(
                Diagnostic::new(
                    &codes::HIDDEN_CHARACTER,
                    span,
                    "an escape stands for a character that cannot be seen",
                )
                .help("take it out"),
            );
        }
        if let Some((_, word)) = characters::mixed_word(&text) {
            self.findings.push(
                Diagnostic::new(
                    &codes::MIXED_SCRIPTS,
                    span,
                    format!("`{word}` mixes letters of two scripts"),
                )
                .help("type the word again in one script"),
            );
        }
        self.place(Node { span, value: Value::Scalar(Scalar { text, plain }) });
    }

    /// Puts a finished value where it belongs.
    fn place(&mut self, node: Node) {
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.root = Some(node),
            Some(Content::List(items)) => items.push(node),
            Some(Content::Map { entries, seen, key }) => match key.take() {
                Some(PendingKey::Kept(key)) => entries.push(Entry { key, node }),
                Some(PendingKey::Refused) => {}
                None => *key = Some(key_from(node, seen, self.findings)),
            },
        }
    }

    fn count(&mut self, span: Span) -> Option<()> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            let message = format!("more than {MAX_NODES} values");
            self.findings.push(Diagnostic::new(&codes::TOO_LARGE, span, message));
            return None;
        }
        Some(())
    }

    fn refuse_decorations(&mut self, span: Span, anchor: usize, tagged: bool) {
        if anchor != 0 {
            self.refuse_feature(
                span,
                "anchors are not part of policies",
                "write the value out; quote a text that starts with `&`",
            );
        }
        if tagged {
            self.refuse_feature(
                span,
                "tags are not part of policies",
                "leave the tag out; quote a text that starts with `!`",
            );
        }
    }

    fn refuse_feature(&mut self, span: Span, message: &str, help: &str) {
        self.findings.push(Diagnostic::new(&codes::UNSUPPORTED_YAML, span, message).help(help));
    }

    fn refuse_text(&mut self, error: &ScanError) {
        let start = self.index.byte(error.marker().index());
        let next = self.text.get(start..).and_then(|rest| rest.chars().next());
        let width = next.filter(|character| *character != '\n').map_or(0, char::len_utf8);
        let span = Span { file: self.file, start, end: start + width };
        let info = error.info();
        if info.contains("anchor") {
            return self.refuse_feature(span, "anchors and aliases are not part of policies", ALIAS_HELP);
        }
        if info.contains("tag")
            || info.contains("TAG")
            || info.contains("the handle")
            || info.contains("directive")
        {
            let help = "leave tags and directives out; quote a text that starts with `!` or `%`";
            return self.refuse_feature(span, "tags and directives are not part of policies", help);
        }
        let (message, help) = explain(info);
        self.findings.push(Diagnostic::new(&codes::INVALID_YAML, span, message).help(help));
    }

    /// Characters to bytes, without the blanks that the scanner counts to an unquoted value.
    fn span(&self, start: Marker, end: Marker) -> Span {
        let start = self.index.byte(start.index());
        let end = self.index.byte(end.index()).max(start);
        let covered = self.text.get(start..end).unwrap_or("");
        Span { file: self.file, start, end: start + covered.trim_end().len() }
    }
}

fn key_from(node: Node, seen: &mut HashMap<String, Span>, findings: &mut Diagnostics) -> PendingKey {
    let span = node.span;
    let text = match node.value {
        Value::Scalar(scalar) if !scalar.is_nothing() => scalar.text,
        Value::Scalar(_) | Value::List(_) | Value::Map(_) => {
            findings.push(
                Diagnostic::new(&codes::WRONG_TYPE, span, "a key has to be a text")
                    .help("quote values that contain `{`, `[` or `?`"),
            );
            return PendingKey::Refused;
        }
    };
    if let Some(first) = seen.get(&text) {
        findings.push(
            Diagnostic::new(
                &codes::DUPLICATE_KEY,
                span,
                format!("the key `{}` stands here twice", shorten(&text)),
            )
            .also(*first, "first here")
            .help("keep one of them"),
        );
        return PendingKey::Refused;
    }
    seen.insert(text.clone(), span);
    PendingKey::Kept(Spanned::new(text, span))
}

const ALIAS_HELP: &str =
    "quote a text that starts with `*` or `&`, as in '*.example.com'; write out what an alias stood for";

fn unambiguous(text: &str) -> String {
    match text.to_ascii_lowercase().as_str() {
        "y" | "yes" | "on" => format!("write `true`, or quote the text: \"{text}\""),
        "n" | "no" | "off" => format!("write `false`, or quote the text: \"{text}\""),
        "<<" => String::from("write the values out"),
        _ => format!("write a plain decimal number, or quote the text: \"{text}\""),
    }
}

/// The scanner's words in ours.
fn explain(info: &str) -> (String, &'static str) {
    const QUOTE: &str =
        "quote values that contain `{`, `}`, `[`, `]`, `,`, `#` or `: `, as in path: '/api/items/{id}'";
    if info.contains("tab") {
        return (String::from("a tab where only blanks can stand"), "indent with blanks");
    }
    if info.contains("flow mapping") {
        return (String::from("expected `,` or `}` here"), QUOTE);
    }
    if info.contains("flow sequence") {
        return (String::from("expected `,` or `]` here"), QUOTE);
    }
    if info.contains("mapping values are not allowed") || info.contains("placement of ':'") {
        return (
            String::from("a `:` where no key can stand"),
            "check the indentation; quote values that contain `: `",
        );
    }
    if info.contains("block collection") || info.contains("block mapping") || info.contains("indentation") {
        return (
            String::from("the indentation does not fit the lines above"),
            "align it with the lines that it belongs to",
        );
    }
    if info.contains("block sequence entries") {
        return (String::from("a `-` where no list can stand"), "start the list on a line of its own");
    }
    if info.contains("simple key") || info.contains("expected key") {
        return (String::from("expected a key and `:` here"), "write `key: value`");
    }
    if info.contains("end of stream") || info.contains("eof") {
        return (
            String::from("the file ends inside a value"),
            "close the quote or bracket that is still open",
        );
    }
    if info.contains("escape") || info.contains("hexadecimal") {
        return (
            String::from("an escape that does not exist"),
            "use single quotes, in which `\\` is an ordinary character",
        );
    }
    if info.contains("node content") || info.contains("unexpected character") {
        return (String::from("a character that cannot start a value"), QUOTE);
    }
    (format!("the text cannot be read: {info}"), QUOTE)
}
