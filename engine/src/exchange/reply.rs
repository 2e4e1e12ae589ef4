//! The filter's own replies.

use super::decoy::{self, LearntReplies};
use super::subject::Subject;
use crate::blob::Policy;
use crate::metrics::Failure;
use crate::verdict::Action;

/// A reply that the filter makes itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Header fields.
    pub headers: Vec<(String, String)>,
    /// The body; empty for HEAD.
    pub body: Vec<u8>,
    /// After how many milliseconds it is to be sent; 0 for at once. At most 30,000.
    pub delay_ms: u32,
}

const HTML_TYPE: &str = "text/html; charset=utf-8";
const JSON_TYPE: &str = "application/json";

impl Reply {
    /// The reply to a request that is refused.
    pub(super) fn refusal(subject: &Subject, policy: &Policy<'_>, learnt: &LearntReplies) -> Self {
        if subject.failed_closed && subject.failure == Some(Failure::Request) {
            return Self::built_in(subject, 400, "bad_request", "This request cannot be understood.");
        }
        if subject.failed_closed {
            return Self::built_in(subject, 503, "unavailable", "This service cannot answer right now.");
        }
        let action = subject.verdict.action;
        if action == Action::Deceive && subject.login.is_some() {
            return Self::decoy(subject, policy, learnt);
        }
        let (status, word, sentence) = match action {
            Action::Throttle => (429, "throttled", "Too many requests. Please wait a moment and try again."),
            Action::Challenge => {
                (403, "challenge", "Please prove that you are not a program, then try again.")
            }
            Action::Deceive => (200, "ok", "Nothing here."),
            _ => (403, "blocked", "This request was refused."),
        };
        let mut reply = Self::built_in(subject, status, word, sentence);
        if let Some(step) = subject.verdict.reply_step(policy) {
            reply.delay_ms = step.delay_ms;
            if step.status != 0 {
                reply.status = step.status;
            }
            let own = if subject.prefers_html { step.html } else { step.json };
            if !own.is_empty() && !subject.is_head {
                reply.body = own.replace("{id}", &format!("{:016x}", subject.id)).into_bytes();
            }
        }
        if matches!(reply.status, 204 | 205 | 304) {
            reply.body.clear();
        }
        if action == Action::Throttle {
            reply.headers.push(("retry-after".to_owned(), subject.retry_after.max(1).to_string()));
        }
        reply
    }

    /// The reply of the app's own failed login. Nothing in it tells that it is ours.
    fn decoy(subject: &Subject, policy: &Policy<'_>, learnt: &LearntReplies) -> Self {
        let look = decoy::of(subject, policy, learnt).unwrap_or_else(decoy::unknown);
        let step_delay = subject.verdict.reply_step(policy).map_or(0, |step| step.delay_ms);
        Self {
            status: look.status,
            headers: look.headers,
            body: if subject.is_head { Vec::new() } else { look.body },
            delay_ms: look.delay_ms.max(step_delay),
        }
    }

    /// The reply in place of one that holds what may not leave.
    pub(crate) fn withheld(subject: &Subject) -> Self {
        Self::built_in(subject, 502, "withheld", "The answer to this request was withheld.")
    }

    fn built_in(subject: &Subject, status: u16, word: &str, sentence: &str) -> Self {
        let id = format!("{:016x}", subject.id);
        let (kind, body) = if subject.prefers_html {
            let page = format!(
                "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{status}</title><p>{sentence}</p><p>Reference: \
                 {id}</p></html>\n"
            );
            (HTML_TYPE, page)
        } else {
            (JSON_TYPE, format!("{{\"error\":\"{word}\",\"id\":\"{id}\"}}\n"))
        };
        Self {
            status,
            headers: vec![
                ("content-type".to_owned(), kind.to_owned()),
                ("cache-control".to_owned(), "no-store".to_owned()),
                ("x-bartizan-id".to_owned(), id),
            ],
            delay_ms: 0,
            body: if subject.is_head { Vec::new() } else { body.into_bytes() },
        }
    }
}
