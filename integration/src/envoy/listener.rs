//! A listener for one test, made from the reference's.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::reference::{Reference, at, set, socket_address};
use crate::failure::{Context, Failure};

/// What a listener is to be.
#[derive(Debug, Clone)]
pub struct ListenerSpec {
    /// Its name: unique in one Envoy, and the stem of its access log.
    pub name: String,
    /// The wasm filter in front of the router; `None` is a plain Envoy.
    pub filter: Option<Filter>,
    /// HTTP filters in front of it, in Envoy's words.
    pub in_front: Vec<Value>,
    /// Envoy's `per_connection_buffer_limit_bytes`, in bytes.
    pub buffer_limit: u32,
    /// Envoy answers by itself and asks no upstream.
    pub direct_response: Option<DirectResponse>,
    /// Whether a request's end is written to the access log.
    pub access_log: bool,
    /// How many proxies in front of Envoy name the client in `x-forwarded-for`; 0 in the reference.
    pub trusted_hops: u32,
}

/// A reply that Envoy gives without an upstream.
#[derive(Debug, Clone)]
pub struct DirectResponse {
    /// The body, up to Envoy's limit for such bodies (4 KiB by default).
    pub body: String,
    /// Its content type.
    pub content_type: String,
}

/// A wasm filter in a listener.
#[derive(Debug, Clone)]
pub struct Filter {
    /// The module as Envoy sees it.
    pub module: PathBuf,
    /// The plugin's configuration.
    pub configuration: Configuration,
    /// The VM's configuration, as text; empty for none.
    pub vm_configuration: String,
    /// Envoy's `vm_id`, the name space of shared data.
    pub vm_id: String,
    /// Envoy's `root_id`.
    pub root_id: String,
    /// Whether a Pause in the headers callback lets body callbacks run.
    pub allow_on_headers_stop_iteration: bool,
    /// `FAIL_RELOAD`, `FAIL_CLOSED` or `FAIL_OPEN`.
    pub failure_policy: String,
}

/// A plugin configuration.
#[derive(Debug, Clone)]
pub enum Configuration {
    /// None at all.
    Absent,
    /// `google.protobuf.BytesValue`: raw bytes in the filter.
    Bytes(Vec<u8>),
    /// `google.protobuf.StringValue`: what Istio makes of a plugin's JSON.
    Text(String),
}

impl ListenerSpec {
    /// A listener without a filter and with the reference's buffer limit of 32 KiB.
    pub fn plain(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            filter: None,
            in_front: Vec::new(),
            buffer_limit: 32_768,
            direct_response: None,
            access_log: true,
            trusted_hops: 0,
        }
    }

    /// A listener with this filter.
    pub fn filtered(name: impl Into<String>, filter: Filter) -> Self {
        Self { filter: Some(filter), ..Self::plain(name) }
    }

    /// The listener in Envoy's words.
    ///
    /// Beside the reference's route there are two for tests: requests with the header `x-harness-upstream: h2` go
    /// upstream over HTTP/2, and CONNECT is let through.
    pub(super) fn render(
        &self,
        reference: &Reference,
        address: SocketAddr,
        access_log: &Path,
    ) -> Result<Value, Failure> {
        let mut listener = reference.listener();
        set(&mut listener, "@type", json!("type.googleapis.com/envoy.config.listener.v3.Listener"))?;
        set(&mut listener, "name", json!(self.name))?;
        set(&mut listener, "per_connection_buffer_limit_bytes", json!(self.buffer_limit))?;
        *at(&mut listener, "/address/socket_address")? = socket_address(address);
        let manager = at(&mut listener, "/filter_chains/0/filters/0/typed_config")?;
        if self.access_log {
            *at(manager, "/access_log/0/typed_config/path")? = json!(access_log);
        } else {
            set(manager, "access_log", json!([]))?;
        }
        if self.trusted_hops > 0 {
            set(manager, "xff_num_trusted_hops", json!(self.trusted_hops))?;
        }
        set(manager, "drain_timeout", json!("0.5s"))?;
        set(manager, "http_protocol_options", json!({ "enable_trailers": true }))?;
        set(
            manager,
            "upgrade_configs",
            json!([{ "upgrade_type": "websocket" }, { "upgrade_type": "CONNECT" }]),
        )?;
        self.render_filters(at(manager, "/http_filters")?)?;
        self.render_routes(at(manager, "/route_config/virtual_hosts/0/routes")?)?;
        Ok(listener)
    }

    fn render_filters(&self, filters: &mut Value) -> Result<(), Failure> {
        let filters = filters.as_array_mut().context("http_filters is not a list")?;
        match &self.filter {
            None => filters.retain(|filter| filter.get("name") != Some(&json!("bartizan"))),
            Some(filter) => {
                let slot = filters
                    .iter_mut()
                    .find(|filter| filter.get("name") == Some(&json!("bartizan")))
                    .context("envoy/envoy.yaml has no filter named bartizan")?;
                filter.render(at(slot, "/typed_config/config")?)?;
            }
        }
        filters.splice(0..0, self.in_front.clone());
        Ok(())
    }

    fn render_routes(&self, routes: &mut Value) -> Result<(), Failure> {
        let routes = routes.as_array_mut().context("routes is not a list")?;
        if let Some(direct) = &self.direct_response {
            *routes = vec![json!({
                "match": { "prefix": "/" },
                "direct_response": { "status": 200, "body": { "inline_string": direct.body } },
                "response_headers_to_add": [{
                    "header": { "key": "content-type", "value": direct.content_type },
                    "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
                }],
            })];
            return Ok(());
        }
        let over_http2 = json!({
            "match": { "prefix": "/", "headers": [{ "name": "x-harness-upstream", "string_match": { "exact": "h2" } }] },
            "route": { "cluster": "shop_h2", "timeout": "30s" },
        });
        let connect = json!({
            "match": { "connect_matcher": {} },
            "route": { "cluster": "shop", "upgrade_configs": [{ "upgrade_type": "CONNECT", "connect_config": {} }] },
        });
        routes.splice(0..0, [connect, over_http2]);
        Ok(())
    }
}

/// The reference with this listener, as `envoy --mode validate` reads it.
///
/// # Errors
///
/// The reference lacks a part that is replaced.
pub fn validate(spec: &ListenerSpec) -> Result<Value, Failure> {
    let reference = Reference::load()?;
    let address = SocketAddr::from(([127, 0, 0, 1], 8080));
    let mut listener = spec.render(&reference, address, Path::new("/dev/stdout"))?;
    listener.as_object_mut().context("the listener is not an object")?.remove("@type");
    reference.validation(listener)
}

impl Filter {
    /// A filter that takes no configuration, with the reference's settings otherwise.
    pub fn unconfigured(module: impl Into<PathBuf>) -> Self {
        Self {
            module: module.into(),
            configuration: Configuration::Absent,
            vm_configuration: String::new(),
            vm_id: "bartizan".to_owned(),
            root_id: String::new(),
            allow_on_headers_stop_iteration: true,
            failure_policy: "FAIL_RELOAD".to_owned(),
        }
    }

    /// Writes this filter over the reference's `config`, keeping what it does not speak of.
    fn render(&self, config: &mut Value) -> Result<(), Failure> {
        set(config, "root_id", json!(self.root_id))?;
        set(config, "failure_policy", json!(self.failure_policy))?;
        set(config, "allow_on_headers_stop_iteration", json!(self.allow_on_headers_stop_iteration))?;
        *at(config, "/vm_config/vm_id")? = json!(self.vm_id);
        *at(config, "/vm_config/code/local/filename")? = json!(self.module);
        *at(config, "/vm_config/configuration/value")? = json!(self.vm_configuration);
        match &self.configuration {
            Configuration::Absent => {
                config
                    .as_object_mut()
                    .context("the filter's config is not an object")?
                    .remove("configuration");
            }
            Configuration::Bytes(bytes) => {
                *at(config, "/configuration/value")? = json!(STANDARD.encode(bytes));
            }
            Configuration::Text(text) => {
                *at(config, "/configuration")? = json!({
                    "@type": "type.googleapis.com/google.protobuf.StringValue",
                    "value": text,
                });
            }
        }
        Ok(())
    }
}
