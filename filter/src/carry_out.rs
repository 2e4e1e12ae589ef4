//! What the engine says, in hostcalls.

use crate::host;
use bartizan_engine::exchange::{FieldChange, HeadChanges, Reply};

/// Changes a request's head that is still here: in its callback, or while it is held.
pub(crate) fn change_request(changes: &HeadChanges) {
    for name in &changes.remove {
        host::remove_request_header(name);
    }
    for (name, value) in &changes.set {
        host::set_request_header(name, value);
    }
}

/// Appends to a reply's head that is still here: in its callback, or while it is held.
pub(crate) fn add_to_reply(fields: &[(&'static str, String)]) {
    for (name, value) in fields {
        host::add_response_value(name, value.as_bytes());
    }
}

/// Overwrites values of a reply's head in its callback.
pub(crate) fn change_reply(changes: &[FieldChange]) {
    change(changes, host::set_response_header, host::add_response_value);
}

/// Overwrites values of a reply's trailers in their callback.
pub(crate) fn change_trailers(changes: &[FieldChange]) {
    change(changes, host::set_response_trailer, host::add_response_trailer);
}

fn change(changes: &[FieldChange], set: impl Fn(&str, &[u8]), add: impl Fn(&str, &[u8])) {
    for change in changes {
        // One value takes the place of all; the others are appended behind it.
        let mut values = change.values.iter();
        if let Some(first) = values.next() {
            set(&change.name, first);
        }
        for value in values {
            add(&change.name, value);
        }
    }
}

/// Replies in place of the upstream, or of what it replied.
pub(crate) fn send(reply: &Reply) {
    host::send_reply(reply.status, &fields(reply), &reply.body);
}

/// Replies to the request of another context, from a tick.
pub(crate) fn send_to(context: u32, reply: &Reply) {
    host::send_reply_to(context, reply.status, &fields(reply), &reply.body);
}

fn fields(reply: &Reply) -> Vec<(&str, &str)> {
    reply.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}
