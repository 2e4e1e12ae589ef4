//! What a schema says about the data that it describes.

use std::collections::HashSet;

use crate::source::Spanned;
use crate::syntax::{Node, Value};

/// The most parts of the schemas of one operation, and how deep they are followed.
const MAX_PARTS: usize = 10_000;
const MAX_DEPTH: usize = 32;
/// The longest chain of references.
const MAX_REFERENCES: usize = 32;

/// The whole document, which references point into.
#[derive(Clone, Copy)]
pub(super) struct Root<'d>(pub(super) &'d Node);

impl<'d> Root<'d> {
    /// What a node refers to, or itself. References into other documents are not followed.
    pub(super) fn resolve(self, mut node: &'d Node) -> &'d Node {
        for _ in 0..MAX_REFERENCES {
            let reference = node.entry("$ref").and_then(|entry| entry.node.scalar());
            let Some(target) = reference.and_then(|reference| self.find(&reference.text)) else { break };
            node = target;
        }
        node
    }

    fn find(self, reference: &str) -> Option<&'d Node> {
        let pointer = reference.strip_prefix('#')?;
        let mut node = self.0;
        for part in pointer.split('/').skip(1) {
            let part = percent_decoded(part).replace("~1", "/").replace("~0", "~");
            node = match &node.value {
                Value::Map(_) => &node.entry(&part)?.node,
                Value::List(items) => items.get(part.parse::<usize>().ok()?)?,
                Value::Scalar(_) => return None,
            };
        }
        Some(node)
    }
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let code = behind.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match code.filter(|_| *first == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = behind.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What was found in schemas.
#[derive(Default)]
pub(super) struct Found {
    /// What `x-data-class` names.
    pub(super) names: Vec<Spanned<String>>,
    /// The detectors that formats stand for, where there are such.
    pub(super) formats: Vec<String>,
    parts: usize,
}

impl Found {
    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty() && self.formats.is_empty()
    }

    /// Reads the extension `x-data-class: name` or `x-data-class: [name, ...]` of a part.
    pub(super) fn classes_of(&mut self, node: &Node) {
        let Some(entry) = node.entry("x-data-class") else { return };
        let nodes = match &entry.node.value {
            Value::List(items) => items.as_slice(),
            Value::Scalar(_) | Value::Map(_) => std::slice::from_ref(&entry.node),
        };
        for node in nodes {
            let Some(scalar) = node.scalar().filter(|scalar| !scalar.is_nothing()) else { continue };
            if self.names.iter().all(|known| known.value != scalar.text) {
                self.names.push(Spanned::new(scalar.text.clone(), node.span));
            }
        }
    }

    /// Reads a schema and all that it is made of, each part once.
    pub(super) fn schema(&mut self, root: Root<'_>, schema: &Node) {
        let mut seen: HashSet<*const Node> = HashSet::new();
        let mut open = vec![(schema, 0_usize)];
        while let Some((node, depth)) = open.pop() {
            self.classes_of(node);
            let node = root.resolve(node);
            if !seen.insert(std::ptr::from_ref(node)) {
                continue;
            }
            self.parts += 1;
            if self.parts > MAX_PARTS {
                return;
            }
            self.classes_of(node);
            self.format_of(node);
            if depth < MAX_DEPTH {
                open.extend(parts(node).into_iter().map(|part| (part, depth + 1)));
            }
        }
    }

    fn format_of(&mut self, schema: &Node) {
        let Some(format) = schema.entry("format").and_then(|entry| entry.node.scalar()) else { return };
        let detector = detector_of(&format.text);
        if !self.formats.contains(&detector) {
            self.formats.push(detector);
        }
    }
}

/// The schemas that a schema is made of.
fn parts(schema: &Node) -> Vec<&Node> {
    let mut parts = Vec::new();
    for key in ["properties", "patternProperties", "dependentSchemas"] {
        if let Some(Value::Map(entries)) = schema.entry(key).map(|entry| &entry.node.value) {
            parts.extend(entries.iter().map(|entry| &entry.node));
        }
    }
    for key in ["allOf", "anyOf", "oneOf", "prefixItems"] {
        if let Some(Value::List(items)) = schema.entry(key).map(|entry| &entry.node.value) {
            parts.extend(items);
        }
    }
    for key in ["items", "additionalProperties", "unevaluatedProperties", "contains", "if", "then", "else"] {
        parts.extend(schema.entry(key).map(|entry| &entry.node));
    }
    parts
}

/// The detector that a format stands for: one of the usual words, or its own name.
fn detector_of(format: &str) -> String {
    let format = format.to_ascii_lowercase().replace('-', "_");
    let known = match format.as_str() {
        "email" | "idn_email" => "email",
        "ip" | "ipv4" | "ipv6" => "ip_address",
        "phone" | "phone_number" | "tel" | "telephone" => "phone",
        "credit_card" | "creditcard" | "card_number" => "payment_card",
        "ssn" => "us_ssn",
        "password" => "generic_secret",
        own => own,
    };
    String::from(known)
}
