//! The filter's module and the policy's blob: what they ask for and how large they are.

use emulated_host::{artefacts, scenario};

/// What the stock SDK and the standard library import; Envoy offers all of it. A module with an import that its host
/// does not know does not load at all.
const ALLOWED: &[&str] = &[
    "env.proxy_add_header_map_value",
    "env.proxy_call_foreign_function",
    "env.proxy_close_stream",
    "env.proxy_continue_stream",
    "env.proxy_define_metric",
    "env.proxy_dequeue_shared_queue",
    "env.proxy_done",
    "env.proxy_enqueue_shared_queue",
    "env.proxy_get_buffer_bytes",
    "env.proxy_get_current_time_nanoseconds",
    "env.proxy_get_header_map_pairs",
    "env.proxy_get_header_map_value",
    "env.proxy_get_log_level",
    "env.proxy_get_metric",
    "env.proxy_get_property",
    "env.proxy_get_shared_data",
    "env.proxy_get_status",
    "env.proxy_grpc_call",
    "env.proxy_grpc_cancel",
    "env.proxy_grpc_close",
    "env.proxy_grpc_send",
    "env.proxy_grpc_stream",
    "env.proxy_http_call",
    "env.proxy_increment_metric",
    "env.proxy_log",
    "env.proxy_record_metric",
    "env.proxy_register_shared_queue",
    "env.proxy_remove_header_map_value",
    "env.proxy_replace_header_map_value",
    "env.proxy_resolve_shared_queue",
    "env.proxy_send_local_response",
    "env.proxy_set_buffer_bytes",
    "env.proxy_set_effective_context",
    "env.proxy_set_header_map_pairs",
    "env.proxy_set_property",
    "env.proxy_set_shared_data",
    "env.proxy_set_tick_period_milliseconds",
    "wasi_snapshot_preview1.clock_time_get",
    "wasi_snapshot_preview1.environ_get",
    "wasi_snapshot_preview1.environ_sizes_get",
    "wasi_snapshot_preview1.fd_write",
    "wasi_snapshot_preview1.proc_exit",
    "wasi_snapshot_preview1.random_get",
];

/// The filter is loaded once for each process; this holds what grows it in check. What makes it larger than the code that
/// decides: the dictionary that brotli's format prescribes (123 KB), the decoders of gzip, deflate and brotli, the scanners of
/// sensitive values with their tables, and the reader of the patterns' automata.
const MAX_MODULE_BYTES: u64 = 1152 * 1024;
const MAX_BLOB_BYTES: usize = 64 * 1024;

#[test]
fn the_module_imports_nothing_that_envoy_does_not_offer() {
    let module = artefacts::load(&artefacts::filter().unwrap()).unwrap();
    let strange: Vec<String> =
        module.imports().into_iter().filter(|import| !ALLOWED.contains(&import.as_str())).collect();
    assert!(strange.is_empty(), "{strange:?}");
}

#[test]
fn the_module_exports_its_abi_version_its_memory_and_an_allocator() {
    let exports = artefacts::load(&artefacts::filter().unwrap()).unwrap().exports();
    for name in ["memory", "_initialize", "proxy_abi_version_0_2_1", "proxy_on_memory_allocate"] {
        assert!(exports.iter().any(|export| export == name), "{name} is missing in {exports:?}");
    }
}

#[test]
fn the_module_is_smaller_than_1152_kib() {
    let path = artefacts::filter().unwrap();
    let size = std::fs::metadata(&path).unwrap().len();
    println!("{}: {size} bytes", path.display());
    assert!(size < MAX_MODULE_BYTES, "{size} bytes");
}

#[test]
fn the_blob_of_the_sample_policy_is_smaller_than_64_kib() {
    let policy = artefacts::package().join("examples/shop/shop.policy.yaml");
    let blob = scenario::policy::compiled(&policy).unwrap();
    println!("{}: {} bytes", policy.display(), blob.len());
    assert!(blob.len() < MAX_BLOB_BYTES, "{} bytes", blob.len());
}
