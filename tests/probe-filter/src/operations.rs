//! What a script can do. Results go to the log; statuses that the SDK does not expect end in its panic, which is logged too.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use proxy_wasm::hostcalls;
use proxy_wasm::types::{Action, BufferType, MapType, MetricType};

use crate::script::{Line, Script};

/// A run of a callback.
#[derive(Debug)]
pub(crate) struct Callback {
    /// What it returns.
    pub(crate) action: Action,
    /// Whether `on_configure` is to return false.
    pub(crate) refused: bool,
    context: u32,
}

thread_local! {
    static MEMORY: RefCell<Memory> = RefCell::default();
}

/// What operations leave for later ones of the same machine.
#[derive(Debug, Default)]
struct Memory {
    last_write: Option<u32>,
    context: u32,
    metrics: BTreeMap<String, u32>,
}

/// Logs a line that the probe's expectations can name.
pub(crate) fn note(text: &str) {
    log::warn!("probe: {text}");
}

impl Callback {
    /// Does what the script says for a callback.
    pub(crate) fn run(script: &Script, callback: &str, nth: usize, context: u32) -> Self {
        let mut run = Self { action: Action::Continue, refused: false, context };
        for line in script.of(callback, nth) {
            let result = run.operation(line);
            if let Some(result) = result {
                note(&format!("{} -> {result}", line.text));
            }
        }
        run
    }

    /// One operation: what it got, or nothing if there is nothing to say.
    fn operation(&mut self, line: &Line) -> Option<String> {
        let mut words = line.words.iter().map(String::as_str);
        let operation = words.next()?;
        let words: Vec<&str> = words.collect();
        match (operation, words.as_slice()) {
            ("pause", []) => self.action = Action::Pause,
            ("refuse", []) => self.refused = true,
            ("trap", []) => std::process::abort(),
            ("remember", []) => MEMORY.with_borrow_mut(|memory| memory.context = self.context),
            ("pairs", [map]) => {
                let pairs = hostcalls::get_map_bytes(map_type(map)?).ok()?;
                return Some(if pairs.is_empty() { "nothing".to_owned() } else { "pairs".to_owned() });
            }
            ("values", [map, name]) => {
                let pairs = hostcalls::get_map_bytes(map_type(map)?).ok()?;
                let values: Vec<String> =
                    pairs.iter().filter(|(have, _)| have == name).map(|(_, value)| text(value)).collect();
                return Some(values.join(" | "));
            }
            ("names", [map]) => {
                let pairs = hostcalls::get_map_bytes(map_type(map)?).ok()?;
                let ours = pairs.iter().filter(|(name, _)| name.starts_with("p-"));
                return Some(ours.map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(" "));
            }
            ("value", [map, name]) => return shown(&hostcalls::get_map_value_bytes(map_type(map)?, name)),
            ("set", [map, name, value]) => {
                return result(&hostcalls::set_map_value(map_type(map)?, name, Some(value)));
            }
            ("add", [map, name, value]) => {
                return result(&hostcalls::add_map_value(map_type(map)?, name, value));
            }
            ("remove", [map, name]) => return result(&hostcalls::remove_map_value(map_type(map)?, name)),
            ("replace_all", [map, headers @ ..]) => {
                let headers = headers.iter().filter_map(|header| header.split_once('=')).collect();
                return result(&hostcalls::set_map(map_type(map)?, headers));
            }
            ("foreign", [name]) => return shown(&hostcalls::call_foreign_function(name, None)),
            ("log_level", []) => return Some(format!("{:?}", hostcalls::get_log_level())),
            ("read", [buffer, start, length]) => {
                return shown(&hostcalls::get_buffer(buffer_type(buffer)?, number(start)?, number(length)?));
            }
            ("write", [buffer, start, length, data]) => {
                let (start, length) = (number(start)?, number(length)?);
                return result(&hostcalls::set_buffer(buffer_type(buffer)?, start, length, data.as_bytes()));
            }
            ("reply", [status, body, headers @ ..]) => {
                let headers = headers.iter().filter_map(|header| header.split_once('=')).collect();
                let body = Some(body.as_bytes()).filter(|body| !body.is_empty());
                return result(&hostcalls::send_http_response(number(status)?, headers, body));
            }
            ("resume", ["request"]) => return result(&hostcalls::resume_http_request()),
            ("resume", ["response"]) => return result(&hostcalls::resume_http_response()),
            ("close", ["request"]) => return result(&hostcalls::reset_http_request()),
            ("close", ["response"]) => return result(&hostcalls::reset_http_response()),
            ("effective", []) => {
                return result(&hostcalls::set_effective_context(
                    MEMORY.with_borrow(|memory| memory.context),
                ));
            }
            ("effective", [context]) => return result(&hostcalls::set_effective_context(number(context)?)),
            ("property", path) => return shown(&hostcalls::get_property(path.to_vec())),
            ("set_property", [name, value]) => {
                return result(&hostcalls::set_property(vec![name], Some(value.as_bytes())));
            }
            ("environment", [name]) => return Some(format!("{:?}", std::env::var(name).ok())),
            ("tick_every", [milliseconds]) => {
                return result(&hostcalls::set_tick_period(Duration::from_millis(number(milliseconds)?)));
            }
            _ => return shared(operation, &words),
        }
        None
    }
}

/// Operations on what the process shares.
fn shared(operation: &str, words: &[&str]) -> Option<String> {
    match (operation, words) {
        ("get_shared", [key]) => {
            let (value, write) = hostcalls::get_shared_data(key).ok()?;
            MEMORY.with_borrow_mut(|memory| memory.last_write = write);
            Some(format!(
                "{:?} {}",
                value.as_deref().map(text),
                if write.is_some() { "numbered" } else { "unnumbered" }
            ))
        }
        ("set_shared", [key, value, expected]) => {
            let last = MEMORY.with_borrow(|memory| memory.last_write);
            let expected = match *expected {
                "any" => None,
                "last" => last,
                "stale" => last.map(|last| last.wrapping_sub(1).max(1)),
                "impossible" => Some(u32::MAX),
                _ => return None,
            };
            let value = Some(value.as_bytes()).filter(|value| !value.is_empty());
            result(&hostcalls::set_shared_data(key, value, expected))
        }
        ("define", [kind, name]) => {
            let kind = match *kind {
                "counter" => MetricType::Counter,
                "gauge" => MetricType::Gauge,
                _ => MetricType::Histogram,
            };
            let metric = hostcalls::define_metric(kind, name).ok()?;
            MEMORY.with_borrow_mut(|memory| memory.metrics.insert((*name).to_owned(), metric));
            None
        }
        ("increment", [name, step]) => result(&hostcalls::increment_metric(metric(name), step.parse().ok()?)),
        ("record", [name, value]) => result(&hostcalls::record_metric(metric(name), value.parse().ok()?)),
        ("metric", [name]) => Some(format!("{:?}", hostcalls::get_metric(metric(name)))),
        _ => Some("no such operation".to_owned()),
    }
}

/// A metric by its name, or by the number after an `@`.
fn metric(name: &str) -> u32 {
    if let Some(number) = name.strip_prefix('@').and_then(number) {
        return number;
    }
    MEMORY.with_borrow(|memory| memory.metrics.get(name).copied()).unwrap_or(u32::MAX)
}

fn map_type(name: &str) -> Option<MapType> {
    Some(match name {
        "request_headers" => MapType::HttpRequestHeaders,
        "request_trailers" => MapType::HttpRequestTrailers,
        "response_headers" => MapType::HttpResponseHeaders,
        "response_trailers" => MapType::HttpResponseTrailers,
        _ => return None,
    })
}

fn buffer_type(name: &str) -> Option<BufferType> {
    Some(match name {
        "request_body" => BufferType::HttpRequestBody,
        "response_body" => BufferType::HttpResponseBody,
        "plugin_configuration" => BufferType::PluginConfiguration,
        _ => return None,
    })
}

fn number<N: std::str::FromStr>(word: &str) -> Option<N> {
    word.parse().ok()
}

fn result<T, E: Debug>(result: &Result<T, E>) -> Option<String> {
    Some(match result {
        Ok(_) => "ok".to_owned(),
        Err(error) => format!("{error:?}"),
    })
}

fn shown<E: Debug>(result: &Result<Option<Vec<u8>>, E>) -> Option<String> {
    Some(match result {
        Ok(Some(bytes)) => format!("\"{}\"", text(bytes)),
        Ok(None) => "none".to_owned(),
        Err(error) => format!("{error:?}"),
    })
}

fn text(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}
