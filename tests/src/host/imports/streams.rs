//! Replies, resuming, closing, properties and the choice of a context.

use wasmtime::Linker;

use super::imports;
use crate::host::exchange::{Direction, LocalReply};
use crate::host::maps::HeaderMap;
use crate::host::properties;
use crate::host::status::Status;
use crate::host::vm::{AfterCall, VmState};

/// Adds the calls that steer an exchange.
pub(super) fn link(linker: &mut Linker<VmState>) -> wasmtime::Result<()> {
    imports! { linker, "env";
        fn proxy_send_local_response(
            guest, status: u32, details_at: u32, details_size: u32, body_at: u32, body_size: u32, headers_at: u32,
            headers_size: u32, _grpc_status: u32,
        ) {
            let details = guest.read_text(details_at, details_size)?.replace(' ', "_");
            let body = guest.read(body_at, body_size)?;
            let headers = HeaderMap::deserialize(&guest.read(headers_at, headers_size)?);
            let state = guest.state();
            let context = state.context();
            if state.exchange().is_some() {
                state.after_call.push(AfterCall::Reply(context, LocalReply { status, details, body, headers }));
            }
            state.stop_iteration = true;
            Ok(Status::Ok)
        }
        fn proxy_continue_stream(guest, stream: u32) {
            let direction = direction(stream).ok_or(Status::BadArgument)?;
            let state = guest.state();
            let context = state.context();
            if state.exchange().is_some() {
                state.after_call.push(AfterCall::Resume(context, direction));
            }
            Ok(Status::Ok)
        }
        fn proxy_close_stream(guest, stream: u32) {
            direction(stream).ok_or(Status::BadArgument)?;
            let state = guest.state();
            let context = state.context();
            if state.exchange().is_some() {
                state.after_call.push(AfterCall::Close(context));
            }
            Ok(Status::Ok)
        }
        fn proxy_set_effective_context(guest, context: u32) {
            let state = guest.state();
            if !state.roots.contains(&context) && state.exchanges.get(&context).is_none_or(|exchange| exchange.finished) {
                return Ok(Status::BadArgument);
            }
            state.effective = Some(context);
            Ok(Status::Ok)
        }
        fn proxy_done(guest) {
            guest.state();
            Ok(Status::Ok)
        }
        fn proxy_get_property(guest, path_at: u32, path_size: u32, pointer_at: u32, size_at: u32) {
            let path = guest.read(path_at, path_size)?;
            let state = guest.state();
            let (names, now) = (state.names.clone(), state.process.borrow().now);
            let value = properties::property(&path, state.exchange().as_deref(), &names, now);
            guest.give(pointer_at, size_at, &value.ok_or(Status::NotFound)?)
        }
        fn proxy_set_property(guest, path_at: u32, path_size: u32, value_at: u32, value_size: u32) {
            let (name, value) = (guest.read_text(path_at, path_size)?, guest.read(value_at, value_size)?);
            let exchange = guest.state().exchange().ok_or(Status::NotFound)?;
            exchange.filter_state.insert(format!("wasm.{name}"), value);
            Ok(Status::Ok)
        }
    }
    Ok(())
}

fn direction(stream: u32) -> Option<Direction> {
    match stream {
        0 => Some(Direction::Request),
        1 => Some(Direction::Response),
        _ => None,
    }
}
