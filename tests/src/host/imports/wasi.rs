//! The part of WASI preview 1 that Envoy offers: output, environment, clock and random numbers; the rest fails.

use wasmtime::Linker;

use super::imports;
use crate::host::process::LogLine;
use crate::host::status::Status;
use crate::host::vm::VmState;

/// Adds the WASI calls. An answer of 0 is success there too; the other numbers are WASI's own.
pub(super) fn link(linker: &mut Linker<VmState>) -> wasmtime::Result<()> {
    imports! { linker, "wasi_snapshot_preview1";
        fn fd_write(guest, file: u32, parts_at: u32, parts: u32, written_at: u32) {
            let mut text = Vec::new();
            for part in 0..parts.min(MAX_PARTS) {
                let at = parts_at.wrapping_add(part.wrapping_mul(8));
                let (start, length) = (number(&guest.read(at, 4)?), number(&guest.read(at.wrapping_add(4), 4)?));
                text.extend(guest.read(start, length)?);
            }
            let state = guest.state();
            let (thread, level) = (state.thread, if file == 1 { 2 } else { 4 });
            let line = LogLine { level, thread, text: String::from_utf8_lossy(&text).trim_end().to_owned() };
            state.process.borrow_mut().log.push(line);
            guest.write_number(written_at, u32::try_from(text.len()).unwrap_or(u32::MAX))?;
            Ok(Status::Ok)
        }
        fn environ_sizes_get(guest, count_at: u32, bytes_at: u32) {
            let environment = guest.state().process.borrow().environment.clone();
            let bytes: usize = environment.iter().map(|(name, value)| name.len().saturating_add(value.len()).saturating_add(2)).sum();
            guest.write_number(count_at, u32::try_from(environment.len()).unwrap_or(0))?;
            guest.write_number(bytes_at, u32::try_from(bytes).unwrap_or(0))?;
            Ok(Status::Ok)
        }
        fn environ_get(guest, pointers_at: u32, bytes_at: u32) {
            let environment = guest.state().process.borrow().environment.clone();
            let (mut pointer, mut at) = (pointers_at, bytes_at);
            for (name, value) in environment {
                let entry = format!("{name}={value}\0").into_bytes();
                guest.write_number(pointer, at)?;
                guest.write(at, &entry)?;
                pointer = pointer.wrapping_add(4);
                at = at.wrapping_add(u32::try_from(entry.len()).unwrap_or(0));
            }
            Ok(Status::Ok)
        }
        fn args_sizes_get(guest, count_at: u32, bytes_at: u32) {
            guest.write_number(count_at, 0)?;
            guest.write_number(bytes_at, 0)?;
            Ok(Status::Ok)
        }
        fn args_get(guest, _pointers_at: u32, _bytes_at: u32) {
            guest.state();
            Ok(Status::Ok)
        }
        fn clock_time_get(guest, _clock: u32, _precision: u64, time_at: u32) {
            let now = guest.state().process.borrow().now;
            guest.write(time_at, &now.to_le_bytes())?;
            Ok(Status::Ok)
        }
        fn random_get(guest, at: u32, size: u32) {
            let mut bytes = Vec::new();
            while bytes.len() < size as usize {
                bytes.extend(guest.state().process.borrow_mut().random().to_le_bytes());
            }
            bytes.truncate(size as usize);
            guest.write(at, &bytes)?;
            Ok(Status::Ok)
        }
        fn sched_yield(guest) {
            guest.state();
            Ok(Status::Ok)
        }
        fn poll_oneoff(guest, _in: u32, _out: u32, _count: u32, _events_at: u32) { guest.state(); Ok(Status::Unimplemented) }
        fn fd_close(guest, _file: u32) { guest.state(); Ok(Status::Unimplemented) }
        fn fd_seek(guest, _file: u32, _offset: i64, _whence: u32, _result_at: u32) { guest.state(); Ok(Status::Unimplemented) }
        fn fd_fdstat_get(guest, _file: u32, _result_at: u32) { guest.state(); Ok(Status::Ok) }
        fn fd_read(guest, _file: u32, _parts_at: u32, _parts: u32, _read_at: u32) { guest.state(); Ok(Status::Unimplemented) }
    }
    // As in Envoy, it returns.
    linker.func_wrap(
        "wasi_snapshot_preview1",
        "proc_exit",
        |_: wasmtime::Caller<'_, VmState>, _code: u32| {},
    )?;
    Ok(())
}

fn number(bytes: &[u8]) -> u32 {
    bytes.try_into().map_or(0, u32::from_le_bytes)
}

/// More parts than any library writes at once.
const MAX_PARTS: u32 = 64;
