//! Reads YAML and JSON as generators write them: with anchors, tags and any unquoted values, unlike policies.

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle};

use crate::source::{CharacterIndex, FileId, Span, Spanned};
use crate::syntax::{Entry, Node, Scalar, Value};

/// The most values of a document, those that aliases repeat included.
const MAX_NODES: usize = 1_000_000;
/// The deepest nesting.
const MAX_DEPTH: usize = 100;

/// Where a document is wrong, and why.
pub(super) type Fault = (Span, String);

/// Reads a document.
pub(super) fn read(text: &str, file: FileId) -> Result<Node, Fault> {
    match yaml(text, file) {
        Ok(root) => Ok(root),
        // JSON is YAML but for tabs and very long keys.
        Err(fault) if text.trim_start().starts_with(['{', '[']) => {
            json(text, file).map_err(|own| own.unwrap_or(fault))
        }
        Err(fault) => Err(fault),
    }
}

struct Open {
    span: Span,
    anchor: usize,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, key: Option<Spanned<String>> },
}

struct Reader {
    open: Vec<Open>,
    root: Option<Node>,
    /// Values with an anchor, and how many values they have.
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
}

fn yaml(text: &str, file: FileId) -> Result<Node, Fault> {
    let index = CharacterIndex::new(text);
    let place = |start: Marker, end: Marker| {
        let start = index.byte(start.index());
        Span { file, start, end: index.byte(end.index()).max(start) }
    };
    let mut reader = Reader { open: Vec::new(), root: None, anchors: HashMap::new(), nodes: 0 };
    for next in Parser::new_from_str(text) {
        let (event, span) = next.map_err(|error| {
            let start = index.byte(error.marker().index());
            (Span { file, start, end: start }, format!("the text cannot be read: {}", error.info()))
        })?;
        let span = place(span.start, span.end);
        reader.take(event, span).map_err(|reason| (span, String::from(reason)))?;
    }
    let nothing = Span { file, start: 0, end: 0 };
    reader.root.ok_or((nothing, String::from("the document is empty")))
}

impl Reader {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), &'static str> {
        match event {
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => {}
            Event::Alias(anchor) => {
                let (node, size) =
                    self.anchors.get(&anchor).ok_or("an alias of something that is not over")?;
                let (node, size) = (node.clone(), *size);
                self.count(size)?;
                self.place(node);
            }
            Event::Scalar(text, style, anchor, _) => {
                self.count(1)?;
                let scalar = Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain };
                let node = Node { span, value: Value::Scalar(scalar) };
                self.remember(anchor, &node, 1);
                self.place(node);
            }
            Event::SequenceStart(anchor, _) => self.enter(span, anchor, Content::List(Vec::new()))?,
            Event::MappingStart(anchor, _) => {
                self.enter(span, anchor, Content::Map { entries: Vec::new(), key: None })?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.leave(span),
        }
        Ok(())
    }

    fn count(&mut self, values: usize) -> Result<(), &'static str> {
        self.nodes = self.nodes.saturating_add(values);
        if self.nodes > MAX_NODES { Err("the document has more than a million values") } else { Ok(()) }
    }

    fn enter(&mut self, span: Span, anchor: usize, content: Content) -> Result<(), &'static str> {
        self.count(1)?;
        if self.open.len() >= MAX_DEPTH {
            return Err("the document is nested more than a hundred levels deep");
        }
        self.open.push(Open { span, anchor, content });
        Ok(())
    }

    fn leave(&mut self, end: Span) {
        let Some(open) = self.open.pop() else { return };
        let value = match open.content {
            Content::List(items) => Value::List(items),
            Content::Map { entries, .. } => Value::Map(entries),
        };
        let node = Node { span: Span { end: end.end.max(open.span.start), ..open.span }, value };
        if open.anchor != 0 {
            let size = size(&node);
            self.remember(open.anchor, &node, size);
        }
        self.place(node);
    }

    fn remember(&mut self, anchor: usize, node: &Node, size: usize) {
        // A copy for each anchor costs as much as an alias does.
        if anchor != 0 && self.count(size).is_ok() {
            self.anchors.insert(anchor, (node.clone(), size));
        }
    }

    fn place(&mut self, node: Node) {
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.root = self.root.take().or(Some(node)),
            Some(Content::List(items)) => items.push(node),
            Some(Content::Map { entries, key }) => match key.take() {
                None => {
                    let text = node.scalar().map(|scalar| scalar.text.clone()).unwrap_or_default();
                    *key = Some(Spanned::new(text, node.span));
                }
                Some(key) if key.value == "<<" => merge(entries, node),
                Some(key) => entries.push(Entry { key, node }),
            },
        }
    }
}

/// The merge key of YAML 1.1: what stands in the mapping itself wins, because it is found first.
fn merge(entries: &mut Vec<Entry>, node: Node) {
    match node.value {
        Value::Map(more) => entries.extend(more),
        Value::List(items) => {
            for item in items {
                if let Value::Map(more) = item.value {
                    entries.extend(more);
                }
            }
        }
        Value::Scalar(_) => {}
    }
}

fn size(node: &Node) -> usize {
    let mut open = vec![node];
    let mut size: usize = 0;
    while let Some(node) = open.pop() {
        size = size.saturating_add(1);
        match &node.value {
            Value::List(items) => open.extend(items),
            Value::Map(entries) => open.extend(entries.iter().map(|entry| &entry.node)),
            Value::Scalar(_) => {}
        }
    }
    size
}

/// Values of JSON know no places, so all of them stand at the beginning. The fault is absent where it is no JSON either.
fn json(text: &str, file: FileId) -> Result<Node, Option<Fault>> {
    let value: serde_json::Value = serde_json::from_str(text).map_err(|error| {
        let before: usize =
            text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
        let line = text.get(before..).unwrap_or_default();
        let column = line.char_indices().nth(error.column().saturating_sub(1));
        let start = before + column.map_or(0, |(at, _)| at);
        Some((Span { file, start, end: start }, String::from("the text is not valid JSON")))
    })?;
    Ok(from_json(value, Span { file, start: 0, end: 0 }))
}

/// The reader of JSON allows at most 128 levels, so this recursion ends.
fn from_json(value: serde_json::Value, span: Span) -> Node {
    use serde_json::Value as Json;
    let value = match value {
        Json::Object(members) => {
            let entries = members
                .into_iter()
                .map(|(key, value)| Entry { key: Spanned::new(key, span), node: from_json(value, span) });
            Value::Map(entries.collect())
        }
        Json::Array(items) => Value::List(items.into_iter().map(|item| from_json(item, span)).collect()),
        Json::String(text) => Value::Scalar(Scalar { text, plain: false }),
        other => Value::Scalar(Scalar { text: other.to_string(), plain: true }),
    };
    Node { span, value }
}
