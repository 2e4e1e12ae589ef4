//! `get_property`: the paths that a filter needs, in the byte forms that Envoy uses.
//!
//! Texts come raw, whole numbers as eight bytes in little-endian order, truth values as one byte. Paths under `request`
//! and `response` that read a header map find nothing while that map is closed.

use super::exchange::Exchange;
use super::maps::HeaderMap;

/// Names that the plugin itself has.
#[derive(Clone, Debug)]
pub(super) struct PluginNames {
    /// `plugin_name`.
    pub plugin: String,
    /// `plugin_root_id`.
    pub root_id: String,
    /// `plugin_vm_id`.
    pub vm_id: String,
}

/// The value at `path` (segments separated by zero bytes); `exchange` is absent in root callbacks.
pub(super) fn property(
    path: &[u8],
    exchange: Option<&Exchange>,
    names: &PluginNames,
    now: u64,
) -> Option<Vec<u8>> {
    let segments: Vec<String> =
        path.split(|byte| *byte == 0).map(|segment| String::from_utf8_lossy(segment).into_owned()).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match segments.as_slice() {
        ["plugin_name"] => Some(names.plugin.clone().into_bytes()),
        ["plugin_root_id"] => Some(names.root_id.clone().into_bytes()),
        ["plugin_vm_id"] => Some(names.vm_id.clone().into_bytes()),
        _ => of_exchange(&segments, exchange?, now),
    }
}

fn of_exchange(segments: &[&str], exchange: &Exchange, now: u64) -> Option<Vec<u8>> {
    let around = &exchange.surroundings;
    if let Some(value) = around.further.get(&segments.join(".")) {
        return Some(value.clone());
    }
    let text = |text: &str| Some(text.as_bytes().to_vec());
    match segments {
        ["source", "address"] => text(&with_port(&around.source_address, around.source_port)),
        ["source", "port"] => Some(number(i64::from(around.source_port))),
        ["destination", "address"] => text(&around.destination_address),
        ["connection_id" | "connection.id"] | ["connection", "id"] => {
            Some(around.connection_id.to_le_bytes().to_vec())
        }
        ["connection", "mtls"] => Some(vec![u8::from(around.mtls)]),
        ["connection", "requested_server_name"] => text(&around.server_name),
        ["connection", "tls_version"] => text(around.tls_version.as_deref()?),
        ["request", "protocol"] => text(&around.protocol),
        ["request", "time"] => Some(number(i64::try_from(now).unwrap_or(i64::MAX))),
        ["request", "headers", name] => request_head(exchange)?.joined(name.as_bytes()),
        ["request", name] => request(name, request_head(exchange)?),
        ["response", "code"] => {
            exchange.client.status().or_else(|| upstream_status(exchange)).map(|code| number(i64::from(code)))
        }
        ["response", "code_details"] => text(exchange.details.as_deref()?),
        ["response", "headers", name] => {
            let open = exchange.response.head_open || exchange.logging;
            exchange.response.head.as_ref().filter(|_| open)?.joined(name.as_bytes())
        }
        ["filter_state", name] => exchange.filter_state.get(*name).cloned(),
        [name] => exchange.filter_state.get(&format!("wasm.{name}")).cloned(),
        _ => None,
    }
}

fn request(name: &str, head: &HeaderMap) -> Option<Vec<u8>> {
    let value = |name: &str| head.first(name.as_bytes()).map(<[u8]>::to_vec);
    let path = head.text(":path").unwrap_or_default();
    match name {
        "path" => value(":path"),
        "url_path" => Some(path.split('?').next().unwrap_or_default().as_bytes().to_vec()),
        "query" => Some(path.split_once('?').map(|(_, query)| query).unwrap_or_default().as_bytes().to_vec()),
        "host" => value(":authority"),
        "scheme" => value(":scheme"),
        "method" => value(":method"),
        "referer" => value("referer"),
        "useragent" => value("user-agent"),
        "id" => value("x-request-id"),
        _ => None,
    }
}

fn request_head(exchange: &Exchange) -> Option<&HeaderMap> {
    exchange.request.head.as_ref().filter(|_| exchange.request.head_open || exchange.logging)
}

fn upstream_status(exchange: &Exchange) -> Option<u16> {
    exchange.response.head.as_ref()?.text(":status")?.parse().ok()
}

fn with_port(address: &str, port: u16) -> String {
    if address.contains(':') { format!("[{address}]:{port}") } else { format!("{address}:{port}") }
}

fn number(number: i64) -> Vec<u8> {
    number.to_le_bytes().to_vec()
}
