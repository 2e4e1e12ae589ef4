//! What a failed login looks like.

use bartizan_engine::blob::draft::DecoyDraft;

use super::fields::{self, Fields};
use super::texts::{delay, token};
use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::syntax::Entry;
use crate::syntax::fields::DECOY;

/// The most header fields.
const MAX_HEADERS: usize = 16;
/// Header fields that the proxy writes.
const OF_THE_PROXY: [&str; 9] = [
    "connection",
    "content-length",
    "date",
    "keep-alive",
    "server",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// `decoy`.
pub(super) fn decode(entry: &Entry, findings: &mut Diagnostics) -> Option<DecoyDraft> {
    let fields = Fields::open(&entry.node, entry.key.span, &DECOY, findings)?;
    let status = fields.integer("status", findings).and_then(|status| u16::try_from(status.value).ok());
    let headers = headers(&fields, findings);
    let body = fields.text("body", findings).map(|text| text.value).unwrap_or_default();
    let delay_ms = fields.text("delay", findings).and_then(|text| delay(&text, findings)).unwrap_or(0);
    Some(DecoyDraft { status: status?, headers, body, delay_ms })
}

fn headers(decoy: &Fields<'_>, findings: &mut Diagnostics) -> Vec<(String, String)> {
    let entries = decoy.named("headers", findings);
    if let Some(beyond) = entries.get(MAX_HEADERS) {
        let message = format!("{} header fields, at most {MAX_HEADERS} are possible", entries.len());
        findings.push(Diagnostic::new(&codes::TOO_MUCH, beyond.key.span, message));
    }
    entries.iter().filter_map(|entry| header(entry, findings)).collect()
}

fn header(entry: &Entry, findings: &mut Diagnostics) -> Option<(String, String)> {
    let name = token(&entry.key, "header", findings)?.to_ascii_lowercase();
    let value = fields::text(&entry.node, "a text", 1024, findings)?;
    if OF_THE_PROXY.contains(&name.as_str()) {
        findings.push(
            Diagnostic::new(
                &codes::BAD_REPLY_HEADER,
                entry.key.span,
                format!("the proxy writes `{name}` itself"),
            )
            .help("take it out"),
        );
        return None;
    }
    if value.value.chars().any(char::is_control) {
        findings.push(
            Diagnostic::new(
                &codes::BAD_REPLY_HEADER,
                value.span,
                "the value of a header has one line of text",
            )
            .help("take out line ends, tabs and other characters that cannot be seen"),
        );
        return None;
    }
    Some((name, value.value))
}
