//! Bartizan in the proxy: callbacks in, hostcalls out.
//!
//! Nothing is decided here. The engine decides; this crate gives it what the host knows (header maps, the address, the
//! time, pages of shared data) and carries out what it says. Every hostcall is in [`host`].
#![expect(missing_docs, reason = "the SDK's macro makes the entry point, which is the only public item")]

mod carry_out;
mod configuration;
mod host;
mod leaked_pages;
mod policy;
mod root;
mod secrets;
mod shared_pages;
mod slow_replies;
mod stream;
mod telemetry;
mod warm_up;
mod watchdog;

/// Header maps and pages come in many small allocations; this allocator is faster and smaller than the standard one for wasm.
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

proxy_wasm::main! {{
    proxy_wasm::set_log_level(proxy_wasm::types::LogLevel::Info);
    proxy_wasm::set_root_context(|_| Box::new(root::Root::default()));
}}
