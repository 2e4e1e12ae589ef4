//! The reference configuration `envoy/envoy.yaml`, taken apart.
//!
//! Everything that the harness runs comes from that file: the bootstrap with its admin address, stats tags and cluster,
//! and the one listener, which becomes the template of every test's listener. So the file that users copy is what the
//! suite tests. Only addresses, paths and the policy differ.

use std::net::SocketAddr;
use std::path::Path;

use serde_json::{Value, json};

use crate::failure::{Context, Failure};

/// The reference configuration as Envoy reads it.
#[derive(Debug, Clone)]
pub struct Reference {
    bootstrap: Value,
    listener: Value,
    cluster: Value,
}

/// The text of the reference configuration at build time.
const REFERENCE: &str = include_str!("../../../envoy/envoy.yaml");

impl Reference {
    /// Reads the reference configuration.
    ///
    /// # Errors
    ///
    /// The file is not YAML, or one of the parts that the harness replaces is missing from it.
    pub fn load() -> Result<Self, Failure> {
        let mut bootstrap: Value =
            serde_saphyr::from_str(REFERENCE).context("envoy/envoy.yaml is not readable YAML")?;
        let listener = take(&mut bootstrap, "/static_resources/listeners/0")?;
        let cluster = take(&mut bootstrap, "/static_resources/clusters/0")?;
        let resources = at(&mut bootstrap, "/static_resources")?;
        *resources = json!({});
        Ok(Self { bootstrap, listener, cluster })
    }

    /// The listener of the reference, to be changed for a test.
    #[must_use]
    pub fn listener(&self) -> Value {
        self.listener.clone()
    }

    /// A bootstrap whose listeners come from `listeners` and whose clusters point to `upstream`.
    ///
    /// Beside the reference's cluster there is `shop_h2`: the same upstream over HTTP/2, which tests of trailers and
    /// gRPC ask for. `buffer_limit` is what a connection to the upstream may buffer, in bytes; without it, what the
    /// reference says. `admin` with port 0 lets Envoy choose and write the address down.
    ///
    /// # Errors
    ///
    /// The reference lacks a part that is replaced here.
    pub fn bootstrap(
        &self,
        admin: SocketAddr,
        upstream: SocketAddr,
        buffer_limit: Option<u32>,
        listeners: &Path,
    ) -> Result<Value, Failure> {
        let mut bootstrap = self.bootstrap.clone();
        *at(&mut bootstrap, "/admin/address/socket_address")? = socket_address(admin);
        let mut cluster = self.cluster.clone();
        *at(&mut cluster, "/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address/socket_address")? =
            socket_address(upstream);
        if let Some(limit) = buffer_limit {
            set(&mut cluster, "per_connection_buffer_limit_bytes", json!(limit))?;
        }
        let mut over_http2 = cluster.clone();
        set(&mut cluster, "typed_extension_protocol_options", protocol("http_protocol_options"))?;
        set(&mut over_http2, "typed_extension_protocol_options", protocol("http2_protocol_options"))?;
        set(&mut over_http2, "name", json!("shop_h2"))?;
        *at(&mut over_http2, "/load_assignment/cluster_name")? = json!("shop_h2");
        set(at(&mut bootstrap, "/static_resources")?, "clusters", json!([cluster, over_http2]))?;
        set(&mut bootstrap, "node", json!({ "id": "harness", "cluster": "harness" }))?;
        set(
            &mut bootstrap,
            "dynamic_resources",
            json!({ "lds_config": { "resource_api_version": "V3", "path_config_source": { "path": listeners } } }),
        )?;
        Ok(bootstrap)
    }

    /// The reference as it stands, with everything static: what `envoy --mode validate` is shown.
    ///
    /// # Errors
    ///
    /// The reference lacks a part that is replaced here.
    pub fn validation(&self, listener: Value) -> Result<Value, Failure> {
        let mut bootstrap = self.bootstrap.clone();
        // The harness's route for trailers names a cluster of its own.
        let mut over_http2 = self.cluster.clone();
        set(&mut over_http2, "name", json!("shop_h2"))?;
        *at(&mut over_http2, "/load_assignment/cluster_name")? = json!("shop_h2");
        let clusters = [&self.cluster, &over_http2];
        *at(&mut bootstrap, "/static_resources")? = json!({ "listeners": [listener], "clusters": clusters });
        Ok(bootstrap)
    }
}

/// The part of a document at a JSON pointer, to be changed.
pub(super) fn at<'a>(document: &'a mut Value, pointer: &str) -> Result<&'a mut Value, Failure> {
    document
        .pointer_mut(pointer)
        .context(format_args!("envoy/envoy.yaml has no {pointer}, which the harness has to replace"))
}

/// Sets a key of an object.
pub(super) fn set(object: &mut Value, key: &str, value: Value) -> Result<(), Failure> {
    object
        .as_object_mut()
        .context(format_args!("{key} belongs into an object"))?
        .insert(key.to_owned(), value);
    Ok(())
}

/// An address in Envoy's words.
pub(super) fn socket_address(address: SocketAddr) -> Value {
    json!({ "address": address.ip().to_string(), "port_value": address.port() })
}

fn take(document: &mut Value, pointer: &str) -> Result<Value, Failure> {
    Ok(at(document, pointer)?.take())
}

/// Upstream protocol options. Trailers of HTTP/1.1 are switched on because tests send them.
fn protocol(kind: &str) -> Value {
    let options =
        if kind == "http_protocol_options" { json!({ "enable_trailers": true }) } else { json!({}) };
    json!({
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
            "explicit_http_config": { kind: options },
        }
    })
}
