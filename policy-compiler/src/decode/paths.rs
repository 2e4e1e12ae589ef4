//! Paths, methods and hosts.

use bartizan_engine::blob::draft::{HostPattern, PathPattern, Segment};
use bartizan_engine::blob::trie::METHODS;
use bartizan_engine::http::path::normalize;

use super::fields;
use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::source::Spanned;
use crate::syntax::node::shorten;
use crate::syntax::{Node, suggest};

/// The most segments of a pattern; the matcher looks at no more.
const MAX_SEGMENTS: usize = 64;

/// A path pattern.
pub(super) fn path(text: &Spanned<String>, findings: &mut Diagnostics) -> Option<Spanned<PathPattern>> {
    match segments(&text.value) {
        Ok(segments) => Some(Spanned::new(PathPattern { segments }, text.span)),
        Err((reason, help)) => {
            let message = format!("`{}` is not a path pattern: {reason}", shorten(&text.value));
            findings.push(Diagnostic::new(&codes::BAD_PATH, text.span, message).help(help));
            None
        }
    }
}

type Refusal = (String, String);

fn refusal<T>(reason: &str, help: impl Into<String>) -> Result<T, Refusal> {
    Err((String::from(reason), help.into()))
}

fn segments(path: &str) -> Result<Vec<Segment>, Refusal> {
    let Some(rest) = path.strip_prefix('/') else {
        return refusal("it does not start with `/`", format!("write `/{}`", shorten(path)));
    };
    if rest.is_empty() {
        return Ok(Vec::new());
    }
    let parts: Vec<&str> = rest.split('/').collect();
    if parts.len() > MAX_SEGMENTS {
        return refusal("it has more than 64 segments", "end it with `**`");
    }
    let mut segments: Vec<Segment> = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let segment = segment(part, at + 1 == parts.len())?;
        if let Segment::Parameter(name) = &segment
            && segments.iter().any(|known| matches!(known, Segment::Parameter(known) if known == name))
        {
            return refusal(
                "it has the same parameter twice",
                format!("give the second `{{{name}}}` another name"),
            );
        }
        segments.push(segment);
    }
    Ok(segments)
}

fn segment(part: &str, last: bool) -> Result<Segment, Refusal> {
    match part {
        "" if last => {
            return refusal("it ends with `/`", "paths are compared without a final slash; leave it out");
        }
        "" => return refusal("it has an empty segment", "requests with `//` are matched as if it were `/`"),
        "." | ".." => {
            return refusal(
                "it has a `.` or `..` segment",
                "these are resolved before matching; write the path that results",
            );
        }
        "*" => return Ok(Segment::Any),
        "**" if last => return Ok(Segment::Rest),
        "**" => {
            return refusal(
                "`**` is not its last segment",
                "use `*` or `{name}` for one segment, `**` at the end only",
            );
        }
        _ => {}
    }
    if let Some(name) = part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if name.is_empty() || name.len() > 32 || !name.bytes().all(fits) {
            return refusal(
                "a parameter's name is not one",
                "names have letters, digits, `-` and `_`, at most 32: `{id}`",
            );
        }
        return Ok(Segment::Parameter(String::from(name)));
    }
    if part.contains(['*', '{', '}']) {
        return refusal(
            "a wildcard or parameter is only a part of a segment",
            "a segment is literal text, `{name}` or `*` as a whole",
        );
    }
    if part.contains('?') {
        return refusal("it has a query", "routes look at the path only; leave out `?` and what follows");
    }
    if part.contains('#') {
        return refusal("it has a fragment", "clients do not send `#` and what follows; leave it out");
    }
    let normal = normalize(format!("/{part}").as_bytes()).path;
    if normal.strip_prefix(b"/") != Some(part.as_bytes()) {
        let normal = shorten(&String::from_utf8_lossy(&normal));
        let help = format!("requests with such a segment are matched as `{normal}`");
        return refusal("it is not how paths look after normalisation", help);
    }
    Ok(Segment::Literal(String::from(part)))
}

/// Request methods; the matcher knows a fixed set.
pub(super) fn method(text: &Spanned<String>, findings: &mut Diagnostics) -> Option<String> {
    if METHODS.contains(&text.value.as_str()) {
        return Some(text.value.clone());
    }
    findings.push(
        Diagnostic::new(&codes::BAD_METHOD, text.span, format!("`{}` is not a method", shorten(&text.value)))
            .maybe_help(suggest::hint(&text.value, METHODS.iter().copied(), "methods are")),
    );
    None
}

/// A host, everything below a domain, or everything.
pub(super) fn host(node: &Node, findings: &mut Diagnostics) -> Option<Spanned<HostPattern>> {
    let text = fields::text(node, "a host", 259, findings)?;
    let lower = text.value.to_ascii_lowercase();
    if lower == "*" {
        return Some(Spanned::new(HostPattern::Any, node.span));
    }
    let (name, below) = lower.strip_prefix("*.").map_or((lower.as_str(), false), |name| (name, true));
    if let Some(help) = host_mistake(name, below) {
        findings.push(
            Diagnostic::new(&codes::BAD_HOST, node.span, format!("`{}` is not a host", shorten(&text.value)))
                .help(help),
        );
        return None;
    }
    let name = String::from(name);
    Some(Spanned::new(if below { HostPattern::Below(name) } else { HostPattern::Exact(name) }, node.span))
}

/// What to do about a host that is none.
fn host_mistake(name: &str, below: bool) -> Option<String> {
    if let Some((_, rest)) = name.split_once("://") {
        return Some(format!("leave out the scheme: `{}`", shorten(rest.split('/').next().unwrap_or(rest))));
    }
    if let Some(inside) = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
        return inside
            .parse::<std::net::Ipv6Addr>()
            .err()
            .map(|_| String::from("write an IPv6 address as `[::1]`"));
    }
    if name.parse::<std::net::Ipv6Addr>().is_ok() {
        return Some(format!("clients name it in brackets: `[{name}]`"));
    }
    if let Some((host, port)) = name.rsplit_once(':')
        && port.bytes().all(|byte| byte.is_ascii_digit())
    {
        return Some(format!("hosts are compared without their port: `{}`", shorten(host)));
    }
    if name.contains('/') {
        return Some(format!(
            "paths belong into `routes`: `{}`",
            shorten(name.split('/').next().unwrap_or(""))
        ));
    }
    if name.contains('*') {
        return Some(String::from("`*` stands alone or as the first label: `*.example.com`"));
    }
    if !name.is_ascii() {
        return Some(String::from("write the ASCII form that clients send: `xn--...`"));
    }
    let label = |label: &str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        !label.is_empty() && label.len() <= 63 && label.bytes().all(fits)
    };
    if name.len() > 253 || !name.split('.').all(label) {
        return Some(String::from(
            "hosts are labels of letters, digits and `-` with dots between: `shop.example.com`",
        ));
    }
    (below && name.parse::<std::net::Ipv4Addr>().is_ok())
        .then(|| String::from("there is nothing below an address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_read_segment_by_segment() {
        let literal = |text: &str| Segment::Literal(String::from(text));
        assert_eq!(segments("/"), Ok(vec![]));
        assert_eq!(segments("/**"), Ok(vec![Segment::Rest]));
        let parameter = Segment::Parameter(String::from("id"));
        assert_eq!(
            segments("/api/{id}/*/x"),
            Ok(vec![literal("api"), parameter, Segment::Any, literal("x")])
        );
    }

    #[test]
    fn patterns_that_could_never_match_are_refused() {
        for wrong in [
            "", "a", "/a/", "//", "/a//b", "/./a", "/../a", "/**/a", "/a*", "/{a}b", "/{}", "/{a}/{a}",
            "/a?b", "/a#b", "/%41", "/a;b", "/a\\b",
        ] {
            assert!(segments(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_literal_is_written_as_paths_look_after_normalisation() {
        for right in ["/größe", "/a b", "/a%2Fb", "/.well-known"] {
            assert!(segments(right).is_ok(), "{right}");
        }
    }

    #[test]
    fn hosts_have_neither_scheme_nor_port_nor_path() {
        for right in ["shop.example.com", "localhost", "127.0.0.1", "[::1]", "a_b.example"] {
            assert_eq!(host_mistake(right, false), None, "{right}");
        }
        for wrong in [
            "",
            "https://a",
            "a:80",
            "::1",
            "[x]",
            "a/b",
            "a.*.b",
            "größe.example",
            "a..b",
            ".a",
            "a.",
            "a b",
            &"a".repeat(64),
        ] {
            assert!(host_mistake(wrong, false).is_some(), "{wrong}");
        }
    }
}
