//! Replies that do not come from the upstream: the filter's own, and Envoy's when a buffer overflows or a machine failed.

use super::exchange::{Delivered, Direction, LocalReply};
use super::maps::HeaderMap;
use super::stream::StreamRules;
use super::vm::Vm;

impl Vm {
    /// The chain's buffer overflows: 413 for a request, 500 for a reply whose head is still here, otherwise a cut.
    pub(super) fn too_large(&mut self, rules: &StreamRules, context: u32, direction: Direction) {
        let reply = match direction {
            Direction::Request => {
                plain_reply(413, "request_payload_too_large", b"Payload Too Large".to_vec())
            }
            Direction::Response => {
                plain_reply(500, "response_payload_too_large", b"Internal Server Error".to_vec())
            }
        };
        self.reply(rules, context, reply);
    }

    /// A failed machine under a policy that refuses: 503, once.
    pub(super) fn fail(&mut self, rules: &StreamRules, context: u32) {
        self.reply(rules, context, plain_reply(503, "wasm_fail_stream", Vec::new()));
    }

    /// Sends a local reply: through the response callbacks if no reply has begun, directly if its head is still here,
    /// otherwise as a cut.
    pub(super) fn reply(&mut self, rules: &StreamRules, context: u32, reply: LocalReply) {
        let failed = self.failure().is_some();
        let exchange = self.exchange(context);
        // One reply is on its way already, unless its head is here: then this one takes its place.
        if exchange.finished || (exchange.replied && exchange.response.head.is_none()) {
            return;
        }
        exchange.replied = true;
        exchange.request.aborted = true;
        exchange.details = Some(reply.details.clone());
        let without_body =
            exchange.request.head.as_ref().and_then(|head| head.text(":method")).as_deref() == Some("HEAD");
        let (head, body) = (reply_head(&reply), reply.body);
        let end = body.is_empty() || without_body;
        if exchange.response.head.is_none() {
            exchange.bypassed |= failed;
            self.head(rules, context, Direction::Response, head, end);
            if !end {
                self.data(rules, context, Direction::Response, &body, true);
            }
            return;
        }
        exchange.response.aborted = true;
        if exchange.response.head_passed {
            exchange.client.reset = true;
        } else {
            let chunks = if end { Vec::new() } else { vec![body] };
            exchange.client = Delivered { head: Some(head), chunks, complete: true, ..Delivered::default() };
        }
        self.finish(rules, context);
    }
}

fn reply_head(reply: &LocalReply) -> HeaderMap {
    let mut head = HeaderMap::of([(":status", reply.status.to_string())]);
    for (name, value) in reply.headers.pairs() {
        head.add(name, value);
    }
    if reply.body.is_empty() {
        head.remove(b"content-length");
        head.remove(b"content-type");
        return head;
    }
    head.replace(b"content-length", reply.body.len().to_string().as_bytes());
    if head.first(b"content-type").is_none() {
        head.add(b"content-type", b"text/plain");
    }
    head
}

pub(super) fn plain_reply(status: u32, details: &str, body: Vec<u8>) -> LocalReply {
    LocalReply { status, details: details.to_owned(), body, headers: HeaderMap::new() }
}
