//! Logging, time, ticks, shared data and metrics; and the calls that no filter of ours makes, which trap.

use wasmtime::Linker;

use super::imports;
use crate::host::faults::Effect;
use crate::host::metrics::{MetricKey, MetricKind};
use crate::host::process::LogLine;
use crate::host::status::Status;
use crate::host::vm::{Timer, VmState};

/// Adds the calls that concern the process rather than an exchange.
pub(super) fn link(linker: &mut Linker<VmState>) -> wasmtime::Result<()> {
    imports! { linker, "env";
        fn proxy_log(guest, level: u32, at: u32, size: u32) {
            let text = guest.read_text(at, size)?;
            let state = guest.state();
            let thread = state.thread;
            let mut process = state.process.borrow_mut();
            if level >= process.log_level {
                process.log.push(LogLine { level, thread, text });
            }
            Ok(Status::Ok)
        }
        fn proxy_get_log_level(guest, level_at: u32) {
            let level = guest.state().process.borrow().log_level;
            guest.write_number(level_at, level)?;
            Ok(Status::Ok)
        }
        fn proxy_get_current_time_nanoseconds(guest, time_at: u32) {
            let now = guest.state().process.borrow().now;
            guest.write(time_at, &now.to_le_bytes())?;
            Ok(Status::Ok)
        }
        fn proxy_set_tick_period_milliseconds(guest, period: u32) {
            let state = guest.state();
            let current = state.current;
            let root = state.exchange().map_or(current, |exchange| exchange.root);
            let since = state.process.borrow().now;
            state.timers.insert(root, Timer { period, since });
            Ok(Status::Ok)
        }
        fn proxy_get_shared_data(guest, key_at: u32, key_size: u32, pointer_at: u32, size_at: u32, write_at: u32) {
            let key = guest.read(key_at, key_size)?;
            disturb(&mut guest, &key);
            let state = guest.state();
            let found = state.process.borrow().shared_data.get(&state.names.vm_id, &key).map(|(value, write)| (value.to_vec(), write));
            let (value, write) = found.ok_or(Status::NotFound)?;
            let status = guest.give(pointer_at, size_at, &value)?;
            guest.write_number(write_at, write)?;
            Ok(status)
        }
        fn proxy_set_shared_data(guest, key_at: u32, key_size: u32, value_at: u32, value_size: u32, expected: u32) {
            let (key, value) = (guest.read(key_at, key_size)?, guest.read(value_at, value_size)?);
            disturb(&mut guest, &key);
            let state = guest.state();
            Ok(state.process.borrow_mut().shared_data.set(&state.names.vm_id, &key, &value, expected))
        }
        fn proxy_define_metric(guest, kind: u32, name_at: u32, name_size: u32, number_at: u32) {
            let kind = MetricKind::of(kind).ok_or(Status::BadArgument)?;
            let key = (kind, guest.read_text(name_at, name_size)?);
            let state = guest.state();
            state.process.borrow_mut().metrics.define(&key);
            state.metrics.push(key);
            let number = metric_number(state.metrics.len(), kind);
            guest.write_number(number_at, number)?;
            Ok(Status::Ok)
        }
        fn proxy_increment_metric(guest, number: u32, step: i64) {
            let key = metric(guest.state(), number)?;
            Ok(guest.state().process.borrow_mut().metrics.increment(&key, step))
        }
        fn proxy_record_metric(guest, number: u32, value: u64) {
            let key = metric(guest.state(), number)?;
            Ok(guest.state().process.borrow_mut().metrics.record(&key, value))
        }
        fn proxy_get_metric(guest, number: u32, value_at: u32) {
            let key = metric(guest.state(), number)?;
            let value = guest.state().process.borrow().metrics.value(&key).ok_or(Status::BadArgument)?;
            guest.write(value_at, &value.to_le_bytes())?;
            Ok(Status::Ok)
        }
        fn proxy_call_foreign_function(guest, name_at: u32, name_size: u32, _at: u32, _size: u32, pointer_at: u32, size_at: u32) {
            let name = guest.read_text(name_at, name_size)?;
            if name != "clear_route_cache" {
                return Ok(Status::NotFound);
            }
            guest.give(pointer_at, size_at, &[])
        }
        fn proxy_register_shared_queue(guest, _name_at: u32, _name_size: u32, _number_at: u32) { guest.state(); Err(guest.not_emulated()) }
        fn proxy_resolve_shared_queue(guest, _vm: u32, _vm_size: u32, _name: u32, _name_size: u32, _number_at: u32) { guest.state(); Err(guest.not_emulated()) }
        fn proxy_dequeue_shared_queue(guest, _queue: u32, _pointer_at: u32, _size_at: u32) { guest.state(); Err(guest.not_emulated()) }
        fn proxy_enqueue_shared_queue(guest, _queue: u32, _at: u32, _size: u32) { guest.state(); Err(guest.not_emulated()) }
        fn proxy_get_status(guest, _code_at: u32, _pointer_at: u32, _size_at: u32) { guest.state(); Err(guest.not_emulated()) }
        fn proxy_http_call(
            guest, _upstream: u32, _upstream_size: u32, _headers: u32, _headers_size: u32, _body: u32, _body_size: u32,
            _trailers: u32, _trailers_size: u32, _timeout: u32, _token_at: u32,
        ) { guest.state(); Err(guest.not_emulated()) }
        fn proxy_grpc_call(
            guest, _upstream: u32, _upstream_size: u32, _service: u32, _service_size: u32, _method: u32, _method_size: u32,
            _metadata: u32, _metadata_size: u32, _message: u32, _message_size: u32, _timeout: u32, _token_at: u32,
        ) { guest.state(); Err(guest.not_emulated()) }
        fn proxy_grpc_stream(
            guest, _upstream: u32, _upstream_size: u32, _service: u32, _service_size: u32, _method: u32, _method_size: u32,
            _metadata: u32, _metadata_size: u32, _token_at: u32,
        ) { guest.state(); Err(guest.not_emulated()) }
        fn proxy_grpc_send(guest, _token: u32, _message: u32, _message_size: u32, _end: u32) { guest.state(); Err(guest.not_emulated()) }
        fn proxy_grpc_cancel(guest, _token: u32) { guest.state(); Err(guest.not_emulated()) }
        fn proxy_grpc_close(guest, _token: u32) { guest.state(); Err(guest.not_emulated()) }
    }
    Ok(())
}

/// Lets another writer in before the call, if a test planned it.
fn disturb(guest: &mut super::Guest<'_>, key: &[u8]) {
    let effect = guest.effect().cloned();
    let state = guest.state();
    let namespace = state.names.vm_id.clone();
    let mut process = state.process.borrow_mut();
    let value = match effect {
        Some(Effect::AnotherWriter) => {
            process.shared_data.get(&namespace, key).map(|(value, _)| value.to_vec())
        }
        Some(Effect::Stranger(value)) => Some(value),
        _ => None,
    };
    let Some(value) = value else { return };
    process.shared_data.set(&namespace, key, &value, 0);
}

/// The number of the metric defined as the nth: the lowest two bits say its kind.
fn metric_number(nth: usize, kind: MetricKind) -> u32 {
    let kind = match kind {
        MetricKind::Counter => 0,
        MetricKind::Gauge => 1,
        MetricKind::Histogram => 2,
    };
    u32::try_from(nth).unwrap_or(0).wrapping_mul(4) | kind
}

fn metric(state: &VmState, number: u32) -> Result<MetricKey, Status> {
    MetricKind::of(number & 3).ok_or(Status::BadArgument)?;
    let index = (number as usize / 4).checked_sub(1).ok_or(Status::NotFound)?;
    let key = state.metrics.get(index).cloned().ok_or(Status::NotFound)?;
    if metric_number(index.saturating_add(1), key.0) == number { Ok(key) } else { Err(Status::NotFound) }
}
