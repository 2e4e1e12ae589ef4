//! Header maps: which are open in which phase, and what the calls do to them.

use wasmtime::Linker;

use super::imports;
use crate::host::exchange::Exchange;
use crate::host::maps::HeaderMap;
use crate::host::status::Status;
use crate::host::vm::VmState;

/// Adds the header map calls.
pub(super) fn link(linker: &mut Linker<VmState>) -> wasmtime::Result<()> {
    imports! { linker, "env";
        fn proxy_get_header_map_pairs(guest, map: u32, pointer_at: u32, size_at: u32) {
            let pairs = guest.state().exchange().and_then(|exchange| readable(exchange, map)).cloned().unwrap_or_default();
            let bytes = if pairs.is_empty() { Vec::new() } else { pairs.serialize() };
            guest.give(pointer_at, size_at, &bytes)
        }
        fn proxy_set_header_map_pairs(guest, map: u32, at: u32, size: u32) {
            let pairs = HeaderMap::deserialize(&guest.read(at, size)?);
            change(guest.state(), map, |map| *map = pairs)
        }
        fn proxy_get_header_map_value(guest, map: u32, name_at: u32, name_size: u32, pointer_at: u32, size_at: u32) {
            let name = guest.read(name_at, name_size)?;
            let state = guest.state();
            let logging = state.exchange().is_some_and(|exchange| exchange.logging);
            let Some(map) = state.exchange().and_then(|exchange| readable(exchange, map)) else {
                return Ok(if logging { Status::NotFound } else { Status::BadArgument });
            };
            match map.first(&name).map(<[u8]>::to_vec) {
                Some(value) => guest.give(pointer_at, size_at, &value),
                None => Ok(Status::NotFound),
            }
        }
        fn proxy_add_header_map_value(guest, map: u32, name_at: u32, name_size: u32, value_at: u32, value_size: u32) {
            let (name, value) = (guest.read(name_at, name_size)?, guest.read(value_at, value_size)?);
            change(guest.state(), map, |map| map.add(&name, &value))
        }
        fn proxy_replace_header_map_value(guest, map: u32, name_at: u32, name_size: u32, value_at: u32, value_size: u32) {
            let (name, value) = (guest.read(name_at, name_size)?, guest.read(value_at, value_size)?);
            change(guest.state(), map, |map| map.replace(&name, &value))
        }
        fn proxy_remove_header_map_value(guest, map: u32, name_at: u32, name_size: u32) {
            let name = guest.read(name_at, name_size)?;
            change(guest.state(), map, |map| map.remove(&name))
        }
    }
    Ok(())
}

/// The map of this number, if it can be read now.
fn readable(exchange: &Exchange, map: u32) -> Option<&HeaderMap> {
    let logging = exchange.logging;
    match map {
        REQUEST_HEADERS => exchange.request.head.as_ref().filter(|_| logging || exchange.request.head_open),
        REQUEST_TRAILERS => {
            exchange.request.trailers.as_ref().filter(|_| !logging && exchange.request.trailers_open)
        }
        RESPONSE_HEADERS => {
            exchange.response.head.as_ref().filter(|_| logging || exchange.response.head_open)
        }
        RESPONSE_TRAILERS => {
            exchange.response.trailers.as_ref().filter(|_| logging || exchange.response.trailers_open)
        }
        _ => None,
    }
}

/// Changes a map if it can be changed now.
fn change(state: &mut VmState, map: u32, change: impl FnOnce(&mut HeaderMap)) -> super::Outcome {
    let Some(exchange) = state.exchange().filter(|exchange| !exchange.logging) else {
        return Ok(Status::BadArgument);
    };
    let flow = if map < RESPONSE_HEADERS { &mut exchange.request } else { &mut exchange.response };
    let map = match map {
        REQUEST_HEADERS | RESPONSE_HEADERS => flow.head.as_mut().filter(|_| flow.head_open),
        REQUEST_TRAILERS | RESPONSE_TRAILERS => {
            // At the end of a body without trailers, Envoy makes some.
            if flow.trailers.is_none() && flow.end_of_stream && flow.open_body().is_some() {
                flow.trailers = Some(HeaderMap::new());
                flow.trailers_open = true;
            }
            flow.trailers.as_mut().filter(|_| flow.trailers_open)
        }
        _ => None,
    };
    match map {
        Some(map) => {
            change(map);
            Ok(Status::Ok)
        }
        None => Ok(Status::BadArgument),
    }
}

const REQUEST_HEADERS: u32 = 0;
const REQUEST_TRAILERS: u32 = 1;
const RESPONSE_HEADERS: u32 = 2;
const RESPONSE_TRAILERS: u32 = 3;
