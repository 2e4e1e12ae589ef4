//! A filter that does what a probe script tells it and logs what it saw.
//!
//! The script is the plugin's configuration: one operation per line, `callback operation arguments`, where the callback
//! can be narrowed to its nth run in a stream (`response_body#2 pause`). Every callback of a stream logs that it ran; every
//! operation logs what it got. Both an emulated and a real host show the log, so their answers can be compared.

#![expect(missing_docs, reason = "the SDK's macro exports a function without documentation")]

mod operations;
mod script;

use std::rc::Rc;

use operations::{Callback, note};
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType, LogLevel};
use script::Script;

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|_| Box::new(Root { script: Rc::new(Script::default()) }));
    if std::env::var_os("PROBE_HOSTCALL_AT_START").is_some() {
        let _ = proxy_wasm::hostcalls::get_shared_data("at-start");
    }
}}

/// The plugin: holds the script.
struct Root {
    script: Rc<Script>,
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, size: usize) -> bool {
        let configuration = self.get_plugin_configuration().unwrap_or_default();
        note(&format!("configure size={size} read={}", configuration.len()));
        self.script = Rc::new(Script::parse(&String::from_utf8_lossy(&configuration)));
        !Callback::run(&self.script, "configure", 1, 0).refused
    }

    fn on_tick(&mut self) {
        Callback::run(&self.script, "tick", 1, 0);
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }

    fn create_http_context(&self, context: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Stream { context, script: Rc::clone(&self.script), runs: [0; 2] }))
    }
}

/// One exchange.
struct Stream {
    context: u32,
    script: Rc<Script>,
    /// How often each body callback ran.
    runs: [usize; 2],
}

impl Stream {
    fn run(&self, callback: &str, nth: usize, what: &str) -> Action {
        note(&format!("{callback}{what}"));
        Callback::run(&self.script, callback, nth, self.context).action
    }
}

impl Context for Stream {
    fn on_done(&mut self) -> bool {
        self.run("done", 1, "");
        true
    }
}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _: usize, end: bool) -> Action {
        self.run("request_headers", 1, &format!(" end={end}"))
    }

    fn on_http_request_body(&mut self, size: usize, end: bool) -> Action {
        self.runs[0] = self.runs[0].wrapping_add(1);
        self.run("request_body", self.runs[0], &format!(" size={size} end={end}"))
    }

    fn on_http_request_trailers(&mut self, count: usize) -> Action {
        self.run("request_trailers", 1, &format!(" count={count}"))
    }

    fn on_http_response_headers(&mut self, _: usize, end: bool) -> Action {
        self.run("response_headers", 1, &format!(" end={end}"))
    }

    fn on_http_response_body(&mut self, size: usize, end: bool) -> Action {
        self.runs[1] = self.runs[1].wrapping_add(1);
        self.run("response_body", self.runs[1], &format!(" size={size} end={end}"))
    }

    fn on_http_response_trailers(&mut self, count: usize) -> Action {
        self.run("response_trailers", 1, &format!(" count={count}"))
    }

    fn on_log(&mut self) {
        self.run("log", 1, "");
    }
}

impl Drop for Stream {
    /// The SDK drops the context in `on_delete`.
    fn drop(&mut self) {
        self.run("delete", 1, "");
    }
}
