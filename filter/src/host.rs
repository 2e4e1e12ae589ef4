//! Every hostcall, and every status that it may return.
//!
//! The SDK returns the statuses listed here and traps on any other. Each function says which ones are possible where we
//! call it, and why the rest is not. Only `_bytes` variants are used: one byte of no UTF-8 in a header would trap others.

use bartizan_engine::clock::Millis;
use bartizan_engine::state::store::Written;
use proxy_wasm::hostcalls;
use proxy_wasm::types::{BufferType, MapType, MetricType, Status};
use std::time::{Duration, UNIX_EPOCH};

/// A header map as the host gives it.
pub(crate) type HeaderMap = Vec<(String, Vec<u8>)>;

/// The request's head. Ok in the request-headers callback; a map that is closed would be BadArgument, so this is called
/// nowhere else.
pub(crate) fn request_headers() -> HeaderMap {
    hostcalls::get_map_bytes(MapType::HttpRequestHeaders).unwrap_or_default()
}

/// The reply's head. Ok in the response-headers callback, called nowhere else.
pub(crate) fn response_headers() -> HeaderMap {
    hostcalls::get_map_bytes(MapType::HttpResponseHeaders).unwrap_or_default()
}

/// Sets a field of the request's head while that is ours: in its callback, or while it is held. Ok.
pub(crate) fn set_request_header(name: &str, value: &str) {
    let _ = hostcalls::set_map_value_bytes(MapType::HttpRequestHeaders, name, Some(value.as_bytes()));
}

/// Removes a field of the request's head; Ok also where there is none.
pub(crate) fn remove_request_header(name: &str) {
    let _ = hostcalls::remove_map_value(MapType::HttpRequestHeaders, name);
}

/// Removes a field of the reply's head, in its callback; Ok also where there is none.
pub(crate) fn remove_response_header(name: &str) {
    let _ = hostcalls::remove_map_value(MapType::HttpResponseHeaders, name);
}

/// Adds a value to the reply's head and leaves those of the same name, in its callback or while it is held. Ok.
pub(crate) fn add_response_value(name: &str, value: &[u8]) {
    let _ = hostcalls::add_map_value_bytes(MapType::HttpResponseHeaders, name, value);
}

/// Puts a value in the place of all of this name in the reply's head, in its callback. Ok.
pub(crate) fn set_response_header(name: &str, value: &[u8]) {
    let _ = hostcalls::set_map_value_bytes(MapType::HttpResponseHeaders, name, Some(value));
}

/// The reply's trailers. Ok in the response-trailers callback, called nowhere else.
pub(crate) fn response_trailers() -> HeaderMap {
    hostcalls::get_map_bytes(MapType::HttpResponseTrailers).unwrap_or_default()
}

/// Puts a value in the place of all of this name in the reply's trailers, in their callback. Ok.
pub(crate) fn set_response_trailer(name: &str, value: &[u8]) {
    let _ = hostcalls::set_map_value_bytes(MapType::HttpResponseTrailers, name, Some(value));
}

/// Adds a value to the reply's trailers, in their callback. Ok.
pub(crate) fn add_response_trailer(name: &str, value: &[u8]) {
    let _ = hostcalls::add_map_value_bytes(MapType::HttpResponseTrailers, name, value);
}

/// The address of the peer with its port. NotFound where the connection has none, as for internal listeners.
pub(crate) fn source_address() -> Option<Vec<u8>> {
    hostcalls::get_property(vec!["source", "address"]).ok().flatten()
}

/// A claim of a token that `jwt_authn` verified, from the payload that it keeps under its `payload_in_metadata`. Texts come
/// raw. NotFound where there is no such claim; SerializationFailure for what has no bytes, a null.
///
/// A client cannot write there: the host's filters do, and only after the signature was checked.
pub(crate) fn verified_claim(payload: &str, claim: &str) -> Option<Vec<u8>> {
    let path = vec!["metadata", "filter_metadata", "envoy.filters.http.jwt_authn", payload, claim];
    hostcalls::get_property(path).ok().flatten()
}

/// The wall clock. Ok.
pub(crate) fn now() -> Millis {
    let since = hostcalls::get_current_time().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    Millis(since.and_then(|since| u64::try_from(since.as_millis()).ok()).unwrap_or(0))
}

/// The wall clock in microseconds, to tell how long something took. Ok.
pub(crate) fn now_in_microseconds() -> u64 {
    let since = hostcalls::get_current_time().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    since.and_then(|since| u64::try_from(since.as_micros()).ok()).unwrap_or(0)
}

/// Bytes of a request's body in its callback; NotFound or nothing where there are none.
pub(crate) fn request_body(start: usize, length: usize) -> Vec<u8> {
    body(BufferType::HttpRequestBody, start, length)
}

/// Bytes of a reply's body in its callback; NotFound or nothing where there are none.
pub(crate) fn response_body(start: usize, length: usize) -> Vec<u8> {
    body(BufferType::HttpResponseBody, start, length)
}

/// Throws away what the host has of a request's body, in its callback. Ok: it starts at 0, which is the one place where
/// Envoy allows a replacement.
pub(crate) fn drop_request_body(length: usize) {
    let _ = hostcalls::set_buffer(BufferType::HttpRequestBody, 0, length, &[]);
}

fn body(buffer: BufferType, start: usize, length: usize) -> Vec<u8> {
    if length == 0 {
        return Vec::new();
    }
    hostcalls::get_buffer(buffer, start, length).ok().flatten().unwrap_or_default()
}

/// Puts bytes in the place of the first `length` of a reply's body, in its callback. Ok: it starts at 0, which is the one
/// place where Envoy allows a replacement.
pub(crate) fn replace_response_body(length: usize, bytes: &[u8]) {
    let _ = hostcalls::set_buffer(BufferType::HttpResponseBody, 0, length, bytes);
}

/// A part of the plugin's configuration, in `on_configure`; cut off at its end, absent where there is none.
pub(crate) fn plugin_configuration(start: usize, length: usize) -> Vec<u8> {
    body(BufferType::PluginConfiguration, start, length)
}

/// The VM's configuration, in `on_vm_start`; absent where there is none.
pub(crate) fn vm_configuration(length: usize) -> Vec<u8> {
    body(BufferType::VmConfiguration, 0, length)
}

/// Answers in place of the upstream. Ok.
pub(crate) fn send_reply(status: u16, headers: &[(&str, &str)], body: &[u8]) {
    let _ = hostcalls::send_http_response(u32::from(status), headers.to_vec(), Some(body));
}

/// Resets the stream: the client must not take what it got for a whole reply. Ok.
pub(crate) fn reset_response() {
    let _ = hostcalls::reset_http_response();
}

/// Publishes the record as filter state. NotFound outside of a stream.
pub(crate) fn publish_record(record: &[u8]) {
    let _ = hostcalls::set_property(vec!["bartizan"], Some(record));
}

/// Answers a held request in place of the upstream, from a tick. BadArgument where its context is gone: then nothing is
/// sent, because a reply of the root context would go nowhere.
pub(crate) fn send_reply_to(context: u32, status: u16, headers: &[(&str, &str)], body: &[u8]) {
    if hostcalls::set_effective_context(context).is_ok() {
        send_reply(status, headers, body);
    }
}

/// Lets a held request or reply go, from a tick. BadArgument where its context is gone.
pub(crate) fn resume(context: u32, is_response: bool) {
    if hostcalls::set_effective_context(context).is_err() {
        return;
    }
    let _ = if is_response { hostcalls::resume_http_response() } else { hostcalls::resume_http_request() };
}

/// Asks for a tick. Ok.
pub(crate) fn tick_every(period: Duration) {
    let _ = hostcalls::set_tick_period(period);
}

/// A value of shared data with its version. NotFound where it was never written.
pub(crate) fn shared_value(key: &str) -> Option<(Vec<u8>, u32)> {
    let (value, version) = hostcalls::get_shared_data(key).ok()?;
    // A value without a version does not exist; one without bytes is empty.
    version.map(|version| (value.unwrap_or_default(), version))
}

/// Versions are counted from 1, so this one matches nothing: a missing key is created, an existing one is left alone.
const IMPOSSIBLE_VERSION: u32 = u32::MAX;

/// Writes shared data if it still has the expected version, or does not exist. Ok or CasMismatch.
pub(crate) fn set_shared_value(key: &str, value: &[u8], expected: Option<u32>) -> Result<Written, Status> {
    match hostcalls::set_shared_data(key, Some(value), Some(expected.unwrap_or(IMPOSSIBLE_VERSION))) {
        Ok(()) => Ok(Written::Yes),
        Err(Status::CasMismatch) => Ok(Written::Conflict),
        Err(status) => Err(status),
    }
}

/// Writes shared data whatever is there. Ok: without a version nothing is compared.
pub(crate) fn overwrite_shared_value(key: &str, value: &[u8]) {
    let _ = hostcalls::set_shared_data(key, Some(value), None);
}

/// A counter's id. Ok: names come from the policy's closed alphabet.
pub(crate) fn define_counter(name: &str) -> Option<u32> {
    hostcalls::define_metric(MetricType::Counter, name).ok()
}

/// Adds to a counter. Ok; NotFound for an id that was not defined.
pub(crate) fn count(id: u32, events: u64) {
    let _ = hostcalls::increment_metric(id, i64::try_from(events).unwrap_or(i64::MAX));
}
