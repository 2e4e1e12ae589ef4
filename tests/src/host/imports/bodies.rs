//! Buffers: bodies and configurations.

use wasmtime::Linker;

use super::imports;
use crate::host::body;
use crate::host::status::Status;
use crate::host::vm::VmState;

/// Adds the buffer calls.
pub(super) fn link(linker: &mut Linker<VmState>) -> wasmtime::Result<()> {
    imports! { linker, "env";
        fn proxy_get_buffer_bytes(guest, buffer: u32, start: u32, length: u32, pointer_at: u32, size_at: u32) {
            let bytes = open(guest.state(), buffer).ok_or(Status::NotFound)?;
            let part = body::slice(bytes, start, length)?.to_vec();
            guest.give(pointer_at, size_at, &part)
        }
        fn proxy_set_buffer_bytes(guest, buffer: u32, start: u32, length: u32, at: u32, size: u32) {
            let data = guest.read(at, size)?;
            if buffer > RESPONSE_BODY {
                return Ok(Status::BadArgument);
            }
            let bytes = open(guest.state(), buffer).ok_or(Status::BadArgument)?;
            Ok(body::write(bytes, start, length, &data))
        }
    }
    Ok(())
}

fn open(state: &mut VmState, buffer: u32) -> Option<&mut Vec<u8>> {
    match buffer {
        REQUEST_BODY => state.exchange()?.request.open_body(),
        RESPONSE_BODY => state.exchange()?.response.open_body(),
        VM_CONFIGURATION => state.vm_configuration.as_mut(),
        PLUGIN_CONFIGURATION => state.plugin_configuration.as_mut(),
        _ => None,
    }
}

const REQUEST_BODY: u32 = 0;
const RESPONSE_BODY: u32 = 1;
const VM_CONFIGURATION: u32 = 6;
const PLUGIN_CONFIGURATION: u32 = 7;
