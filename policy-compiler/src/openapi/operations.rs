//! The operations of a document, each with what its replies are meant to contain.

use super::paths::{base_paths, pattern};
use super::schemas::{Found, Root};
use crate::model::Expectation;
use crate::syntax::{Entry, Node, Value};

/// The most operations that are read.
const MAX_OPERATIONS: usize = 4096;
/// The methods that a path item can have.
const METHODS: [&str; 9] = ["get", "head", "post", "put", "delete", "options", "trace", "patch", "query"];

/// What the operations of a document expect. Those that expect nothing are left out.
pub(super) fn expectations(root: &Node) -> Vec<Expectation> {
    let root = Root(root);
    let mut expectations = Vec::new();
    let mut read = 0_usize;
    for Entry { key: path, node } in members(root.0, "paths") {
        let item = root.resolve(node);
        for method in METHODS {
            let Some(operation) = item.entry(method).map(|entry| root.resolve(&entry.node)) else { continue };
            read += 1;
            if read > MAX_OPERATIONS {
                return expectations;
            }
            let found = replies(root, operation);
            if found.is_empty() {
                continue;
            }
            let servers = [operation, item, root.0].into_iter().find_map(|node| node.entry("servers"));
            for base in base_paths(servers.map(|entry| &entry.node)) {
                let Some(path) = pattern(&base, &path.value) else { continue };
                expectations.push(Expectation {
                    methods: vec![method.to_ascii_uppercase()],
                    path,
                    names: found.names.clone(),
                    formats: found.formats.clone(),
                });
            }
        }
    }
    expectations
}

fn replies(root: Root<'_>, operation: &Node) -> Found {
    let mut found = Found::default();
    found.classes_of(operation);
    for Entry { node, .. } in members(operation, "responses") {
        let response = root.resolve(node);
        found.classes_of(response);
        content(root, response, &mut found);
        for Entry { node, .. } in members(response, "headers") {
            let header = root.resolve(node);
            found.classes_of(header);
            schema(root, header, &mut found);
            content(root, header, &mut found);
        }
    }
    found
}

fn content(root: Root<'_>, node: &Node, found: &mut Found) {
    for Entry { node: media, .. } in members(node, "content") {
        found.classes_of(media);
        schema(root, media, found);
    }
}

fn schema(root: Root<'_>, node: &Node, found: &mut Found) {
    if let Some(entry) = node.entry("schema") {
        found.schema(root, &entry.node);
    }
}

/// The members of a mapping under a key.
fn members<'n>(node: &'n Node, key: &str) -> &'n [Entry] {
    match node.entry(key).map(|entry| &entry.node.value) {
        Some(Value::Map(entries)) => entries,
        _ => &[],
    }
}
