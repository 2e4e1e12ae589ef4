//! Paths of a document as path patterns.

use bartizan_engine::blob::draft::{PathPattern, Segment};
use bartizan_engine::http::path::normalize;

use crate::syntax::{Node, Value};

/// The most segments of a pattern; the matcher looks at no more.
const MAX_SEGMENTS: usize = 64;
/// The most servers whose paths are told apart.
const MAX_SERVERS: usize = 16;
/// The longest name of a parameter.
const LONGEST_NAME: usize = 32;

/// The paths of the servers, each once; the root where there are none.
pub(super) fn base_paths(servers: Option<&Node>) -> Vec<String> {
    let mut bases: Vec<String> = Vec::new();
    if let Some(Value::List(servers)) = servers.map(|node| &node.value) {
        for server in servers.iter().take(MAX_SERVERS) {
            let url = server.entry("url").and_then(|entry| entry.node.scalar());
            let Some(url) = url.map(|scalar| with_defaults(&scalar.text, server)) else { continue };
            let base = path_of(&url);
            if !bases.contains(&base) {
                bases.push(base);
            }
        }
    }
    if bases.is_empty() {
        bases.push(String::new());
    }
    bases
}

/// The URL with its variables' defaults.
fn with_defaults(url: &str, server: &Node) -> String {
    let mut url = String::from(url);
    let Some(Value::Map(variables)) = server.entry("variables").map(|entry| &entry.node.value) else {
        return url;
    };
    for variable in variables {
        let default = variable.node.entry("default").and_then(|entry| entry.node.scalar());
        if let Some(default) = default.filter(|default| default.text.len() <= 256 && url.len() <= 4096) {
            url = url.replace(&format!("{{{}}}", variable.key.value), &default.text);
        }
    }
    url
}

/// The path of a URL, which may be without scheme and host.
fn path_of(url: &str) -> String {
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').and_then(|at| rest.get(at..)).unwrap_or_default(),
        None => url,
    };
    let path = path.split(['?', '#']).next().unwrap_or_default();
    String::from(path.trim_matches('/'))
}

/// The pattern of a path below a base. `None` where no request can look like that.
pub(super) fn pattern(base: &str, path: &str) -> Option<PathPattern> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let parts = base.split('/').chain(path.split('/')).filter(|part| !part.is_empty());
    let mut segments: Vec<Segment> = Vec::new();
    for part in parts {
        if segments.len() == MAX_SEGMENTS {
            return None;
        }
        segments.push(segment(part, &segments)?);
    }
    Some(PathPattern { segments })
}

fn segment(part: &str, before: &[Segment]) -> Option<Segment> {
    if !part.contains(['{', '}']) {
        let normal = normalize(format!("/{part}").as_bytes()).path;
        let normal = normal.strip_prefix(b"/")?;
        if normal.is_empty() || normal.contains(&b'/') {
            return None;
        }
        return Some(Segment::Literal(String::from_utf8(normal.to_vec()).ok()?));
    }
    let name = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    let name = name.filter(|name| {
        let is_known = before.iter().any(|known| matches!(known, Segment::Parameter(known) if known == name));
        (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(fits) && !is_known
    });
    Some(name.map_or(Segment::Any, |name| Segment::Parameter(String::from(name))))
}
