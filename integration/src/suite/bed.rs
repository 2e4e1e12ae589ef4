//! What every case stands on: an Envoy, a shop, the built modules and the compiler.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::gateway::Gateway;
use crate::envoy::{Configuration, Envoy, Filter, ListenerSpec};
use crate::failure::{Context, Failure, ensure};
use crate::shop::ShopControl;

/// Where the parts are, as the suite and Envoy see them.
#[derive(Debug, Clone)]
pub struct Paths {
    /// Bartizan's module.
    pub filter: PathBuf,
    /// The module that does nothing.
    pub noop: PathBuf,
    /// The `bartizan` command.
    pub compiler: PathBuf,
    /// The directory of the suite's policies.
    pub policies: PathBuf,
    /// The sample policy that the demo runs.
    pub sample: PathBuf,
    /// The Envoy binary, where the suite can start one itself.
    pub envoy: Option<PathBuf>,
}

/// What every case stands on.
#[derive(Debug)]
pub struct Bed {
    /// The Envoy under test.
    pub envoy: Envoy,
    /// The upstream's ledger.
    pub shop: ShopControl,
    /// Where the parts are.
    pub paths: Paths,
}

/// The buffer limit of the reference configuration, in bytes.
pub(super) const REFERENCE_BUFFER: u32 = 32_768;

/// The sample policy's name among the suite's own.
pub(super) const SAMPLE: &str = "sample";

impl Bed {
    /// A policy of the suite, compiled.
    ///
    /// # Errors
    ///
    /// The compiler finds fault with it or is missing; then with what it said.
    pub fn compile(&self, policy: &str) -> Result<Vec<u8>, Failure> {
        let source = match policy {
            SAMPLE => self.paths.sample.clone(),
            name => self.paths.policies.join(name).with_extension("policy.yaml"),
        };
        let blob = self.envoy.directory().join("policy.blob");
        compile(&self.paths.compiler, &source, &blob)?;
        fs::read(&blob).context(blob.display())
    }

    /// A policy of the suite, compiled, in base64.
    ///
    /// # Errors
    ///
    /// As [`Bed::compile`].
    pub fn base64(&self, policy: &str) -> Result<String, Failure> {
        Ok(STANDARD.encode(self.compile(policy)?))
    }

    /// A listener with Bartizan and this policy, set up as in the reference configuration.
    ///
    /// The shop forgets what it saw before.
    ///
    /// # Errors
    ///
    /// The policy does not compile, or Envoy refuses the listener.
    pub fn gateway(&self, case: &str, policy: &str) -> Result<Gateway, Failure> {
        let blob = self.compile(policy)?;
        self.open(&self.spec(case, blob, &json!({})))
    }

    /// Like [`Bed::gateway`], with these host settings over the reference's.
    ///
    /// # Errors
    ///
    /// As [`Bed::gateway`].
    pub fn gateway_with(&self, case: &str, policy: &str, settings: &Value) -> Result<Gateway, Failure> {
        let blob = self.compile(policy)?;
        self.open(&self.spec(case, blob, settings))
    }

    /// Opens (or changes in place) a listener and lets the shop forget what it saw.
    ///
    /// # Errors
    ///
    /// Envoy refuses it.
    pub fn open(&self, spec: &ListenerSpec) -> Result<Gateway, Failure> {
        let listener = self.envoy.listen(spec)?;
        self.shop.reset()?;
        Ok(Gateway::new(listener))
    }

    /// A listener with Bartizan as the reference has it, under an instance name of its own, with settings changed.
    #[must_use]
    pub fn spec(&self, case: &str, blob: Vec<u8>, settings: &Value) -> ListenerSpec {
        let settings = merged(case, settings);
        let buffer_limit =
            settings.get("buffer_limit").and_then(Value::as_u64).unwrap_or(REFERENCE_BUFFER.into());
        let hold = settings.get("hold_headers").and_then(Value::as_bool).unwrap_or(false);
        let filter = Filter {
            configuration: Configuration::Bytes(blob),
            vm_configuration: settings.to_string(),
            allow_on_headers_stop_iteration: hold,
            ..Filter::unconfigured(&self.paths.filter)
        };
        ListenerSpec {
            buffer_limit: u32::try_from(buffer_limit).unwrap_or(REFERENCE_BUFFER),
            ..ListenerSpec::filtered(case, filter)
        }
    }
}

/// The reference's settings with these over them.
pub(super) fn merged(case: &str, settings: &Value) -> Value {
    let mut merged = json!({
        "instance": instance(case),
        "hold_headers": true,
        "buffer_limit": REFERENCE_BUFFER,
        "state_pages": 256,
        "records": "all",
    });
    if let (Some(merged), Some(settings)) = (merged.as_object_mut(), settings.as_object()) {
        merged.extend(settings.clone());
    }
    merged
}

/// Runs `bartizan compile`.
///
/// # Errors
///
/// The command is missing, or it finds fault with the policy; then with what it said.
pub fn compile(compiler: &Path, source: &Path, blob: &Path) -> Result<(), Failure> {
    let output = Command::new(compiler)
        .arg("compile")
        .arg(source)
        .arg("-o")
        .arg(blob)
        .output()
        .context(format_args!("cannot run {}", compiler.display()))?;
    ensure(output.status.success(), || {
        format!("{} does not compile:\n{}", source.display(), String::from_utf8_lossy(&output.stderr).trim())
    })
}

/// A case's name as an instance name: at most 32 of `a-z`, `0-9` and `-`.
fn instance(case: &str) -> String {
    case.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .take(32)
        .collect()
}
