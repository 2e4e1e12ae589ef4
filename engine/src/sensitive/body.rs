//! What a body is, by its type and its first bytes: how its characters are spelt and what separates its values.

use super::view::Spelling;
use crate::metrics::Uninspected;

/// What separates the values of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Structure {
    /// Objects, arrays, members.
    Json,
    /// JSON in events: as before, and an empty line ends everything.
    Events,
    /// Lines of fields, separated by this byte.
    Columns(u8),
    /// Pairs, separated by `&`.
    Form,
    /// Nothing that can be relied on.
    Text,
}

/// How a body is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyKind {
    pub(super) structure: Structure,
    pub(super) spelling: Spelling,
    /// Whether the first bytes may still say otherwise.
    pub(super) sniff: Sniff,
    /// Whether lengths stand in the body itself, so that nothing can be taken out of it.
    pub(super) is_framed: bool,
}

/// What the first bytes may still say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sniff {
    /// Nothing.
    Nothing,
    /// Whether it is UTF-16, by a byte order mark.
    Mark,
    /// The same, and whether it is JSON.
    Form,
    /// Which byte of UTF-16 comes first.
    Order,
}

/// Types whose bytes are no text.
const BINARY: [&str; 16] = [
    "image/",
    "audio/",
    "video/",
    "font/",
    "model/",
    "application/octet-stream",
    "application/zip",
    "application/gzip",
    "application/x-tar",
    "application/x-7z-compressed",
    "application/pdf",
    "application/wasm",
    "application/vnd.openxmlformats",
    "application/vnd.ms-",
    "application/msword",
    "application/java-archive",
];

impl BodyKind {
    /// How a body of this `Content-Type` is read.
    ///
    /// # Errors
    ///
    /// It is not read, for this reason.
    pub fn of(content_type: &[u8]) -> Result<Self, Uninspected> {
        let (essence, parameters) = split(content_type);
        let is = |prefix: &str| essence.starts_with(prefix);
        let ends = |suffix: &str| essence.ends_with(suffix);
        let json = (Structure::Json, Spelling::Json, Sniff::Mark);
        let (structure, spelling, sniff) = if is("text/event-stream") {
            (Structure::Events, Spelling::Json, Sniff::Nothing)
        } else if is("application/grpc") && ends("+json") {
            (Structure::Json, Spelling::Json, Sniff::Nothing)
        } else if is("application/grpc") || is("multipart/x-mixed-replace") || essence.contains("protobuf") {
            return Err(Uninspected::Streamed);
        } else if ends("json") || essence.contains("json-seq") || ends("jsonl") || ends("ndjson") {
            json
        } else if is("text/csv") {
            (Structure::Columns(b','), Spelling::Plain, Sniff::Mark)
        } else if is("text/tab-separated-values") {
            (Structure::Columns(b'\t'), Spelling::Plain, Sniff::Mark)
        } else if is("application/x-www-form-urlencoded") {
            (Structure::Form, Spelling::Form, Sniff::Nothing)
        } else if is("text/html") || ends("xml") {
            (Structure::Text, Spelling::Markup, Sniff::Form)
        } else if BINARY.into_iter().any(is) {
            return Err(Uninspected::Binary);
        } else {
            (Structure::Text, Spelling::Plain, Sniff::Form)
        };
        let (spelling, sniff) = match charset(parameters).as_deref() {
            Some("utf-16le") => (Spelling::Utf16Little, Sniff::Nothing),
            Some("utf-16be") => (Spelling::Utf16Big, Sniff::Nothing),
            Some(other) if is_utf16(other) => (Spelling::Utf16Big, Sniff::Order),
            Some(other) if !is_ascii_compatible(other) => return Err(Uninspected::Charset),
            _ => (spelling, sniff),
        };
        let is_framed = is("application/grpc") || is("application/connect+");
        Ok(Self { structure, spelling, sniff, is_framed })
    }

    /// A text of which only the first bytes can tell more.
    pub const TEXT: Self =
        Self { structure: Structure::Text, spelling: Spelling::Plain, sniff: Sniff::Form, is_framed: false };

    /// The value of a header field.
    pub(crate) const FIELD: Self = Self { sniff: Sniff::Nothing, ..Self::TEXT };

    /// A path with its query.
    pub(crate) const URL: Self = Self { structure: Structure::Form, spelling: Spelling::Form, ..Self::FIELD };

    /// Looks at the first bytes. Nothing where they do not tell yet.
    pub(super) fn sniffed(self, first: &[u8], end: bool) -> Option<Self> {
        let known = Self { sniff: Sniff::Nothing, ..self };
        if self.sniff == Sniff::Nothing {
            return Some(known);
        }
        let wide = |spelling| Some(Self { spelling, ..known });
        match first {
            [] => return None,
            [0xff, 0xfe, ..] => return wide(Spelling::Utf16Little),
            [0xfe, 0xff, ..] => return wide(Spelling::Utf16Big),
            [0xfe | 0xff] if !end => return None,
            [low, 0, ..] if self.sniff == Sniff::Order && *low != 0 => return wide(Spelling::Utf16Little),
            [_] if self.sniff == Sniff::Order && !end => return None,
            _ => {}
        }
        if self.sniff != Sniff::Form {
            return Some(known);
        }
        // A byte order mark of UTF-8 counts as white space.
        let blank = |byte: &&u8| byte.is_ascii_whitespace() || matches!(byte, 0xef | 0xbb | 0xbf);
        match first.iter().find(|byte| !blank(byte)) {
            Some(b'{' | b'[') => Some(Self { structure: Structure::Json, spelling: Spelling::Json, ..known }),
            Some(_) => Some(known),
            None => None,
        }
    }
}

fn split(content_type: &[u8]) -> (String, &[u8]) {
    let end = content_type.iter().position(|byte| *byte == b';').unwrap_or(content_type.len());
    let (essence, parameters) = content_type.split_at(end);
    let essence = essence.trim_ascii().get(..96).unwrap_or(essence.trim_ascii());
    (String::from_utf8_lossy(essence).to_ascii_lowercase(), parameters)
}

/// The value of the parameter `charset`, in lower case.
fn charset(parameters: &[u8]) -> Option<String> {
    parameters.split(|byte| *byte == b';').find_map(|parameter| {
        let (name, value) = parameter.split_at(parameter.iter().position(|byte| *byte == b'=')?);
        if !name.trim_ascii().eq_ignore_ascii_case(b"charset") {
            return None;
        }
        let value = value.get(1..)?.trim_ascii();
        let value = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value);
        Some(String::from_utf8_lossy(value.get(..32).unwrap_or(value)).to_ascii_lowercase())
    })
}

/// The letters and digits of a charset's name: `x-UTF_16` and `utf16` are told apart by nobody.
fn bare(charset: &str) -> String {
    charset.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// Whether it is UTF-16 in an order that its mark tells: the names of the IANA registry and those that platforms have.
fn is_utf16(charset: &str) -> bool {
    let name = bare(charset);
    let is_named = ["utf16", "csutf16", "xutf16", "unicode", "csunicode", "iso10646ucs2", "ucs2"]
        .into_iter()
        .any(|other| name.starts_with(other));
    is_named && !name.contains("utf7") && !name.contains("utf8")
}

/// Whether ASCII is ASCII there. The names are those of the IANA registry; what is not known is taken to be.
fn is_ascii_compatible(charset: &str) -> bool {
    /// The numbers of IBM's code pages that are a kind of EBCDIC.
    const EBCDIC: [&str; 33] = [
        "37", "273", "275", "277", "278", "280", "281", "284", "285", "290", "297", "420", "423", "424",
        "500", "870", "871", "880", "905", "918", "924", "1025", "1026", "1047", "1140", "1141", "1142",
        "1143", "1144", "1145", "1146", "1147", "1148",
    ];
    let name = bare(charset);
    let others = ["utf32", "utf7", "ucs4", "ebcdic", "scsu", "bocu"];
    let digits = |prefix: &str| name.strip_prefix(prefix).map(|digits| digits.trim_start_matches('0'));
    let page = ["xibm", "csibm", "ibm", "cp"].into_iter().find_map(digits);
    let is_ebcdic = page.is_some_and(|page| EBCDIC.contains(&page));
    !is_ebcdic && !others.into_iter().any(|other| name.contains(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(content_type: &str) -> (Structure, Spelling) {
        let kind = BodyKind::of(content_type.as_bytes()).unwrap();
        (kind.structure, kind.spelling)
    }

    #[test]
    fn types_say_how_a_body_is_read() {
        let json = (Structure::Json, Spelling::Json);
        for name in [
            "application/json",
            "Application/Problem+JSON; charset=utf-8",
            "application/x-ndjson",
            "application/grpc+json",
        ] {
            assert_eq!(kind(name), json, "{name}");
        }
        assert_eq!(kind("text/event-stream"), (Structure::Events, Spelling::Json));
        assert_eq!(kind("text/csv; header=present"), (Structure::Columns(b','), Spelling::Plain));
        assert_eq!(kind("image/svg+xml"), (Structure::Text, Spelling::Markup));
        assert_eq!(kind("text/html; charset=\"UTF-16LE\""), (Structure::Text, Spelling::Utf16Little));
        assert_eq!(kind(""), (Structure::Text, Spelling::Plain));
        for (name, reason) in [
            ("image/png", Uninspected::Binary),
            ("application/octet-stream", Uninspected::Binary),
            ("application/grpc", Uninspected::Streamed),
            ("application/x-protobuf", Uninspected::Streamed),
            ("text/plain; charset=utf-32", Uninspected::Charset),
        ] {
            assert_eq!(BodyKind::of(name.as_bytes()), Err(reason), "{name}");
        }
    }

    #[test]
    fn first_bytes_say_what_types_do_not() {
        let sniffed = |content_type: &str, first: &[u8]| {
            BodyKind::of(content_type.as_bytes())
                .unwrap()
                .sniffed(first, false)
                .map(|kind| (kind.structure, kind.spelling))
        };
        assert_eq!(sniffed("text/plain", b"  "), None);
        assert_eq!(sniffed("text/plain", b" [1"), Some((Structure::Json, Spelling::Json)));
        assert_eq!(sniffed("text/plain", b"a"), Some((Structure::Text, Spelling::Plain)));
        assert_eq!(sniffed("application/json", b"\xff"), None);
        assert_eq!(sniffed("application/json", b"\xff\xfe"), Some((Structure::Json, Spelling::Utf16Little)));
        assert_eq!(
            sniffed("text/plain; charset=utf-16", b"a\0"),
            Some((Structure::Text, Spelling::Utf16Little))
        );
        assert_eq!(
            sniffed("text/plain; charset=utf-16", b"\0a"),
            Some((Structure::Text, Spelling::Utf16Big))
        );
    }
}
