//! What the host gives at start: the policy, and settings beside it.
//!
//! The policy comes raw, with the settings in the VM's configuration, or as base64 in a JSON object that holds the
//! settings too, which is all that Istio can carry. Leaked lists behind a raw policy are left where they are: they are
//! too large for a worker's memory. In base64 they cannot be left, so the whole is decoded: text, text without its JSON
//! and bytes together need almost four times the file while the configuration is read.

use crate::host;
use crate::leaked_pages::Part;
use bartizan_engine::clock::Millis;
use bartizan_engine::http::address::parse_address;
use bartizan_engine::leaked::container;
use bartizan_engine::leaked::policy_length;
use bartizan_engine::settings::{Forget, MOST_GATHERED_LOGINS, Settings};
use bartizan_engine::state::pool::{MAX_PAGES, MIN_PAGES};
use bartizan_engine::vocabulary::AddressRange;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

/// How much of the plugin's configuration tells which of its forms it has.
const HEAD_LEN: usize = 1024;

/// Which exchanges write filter state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Records {
    /// None.
    None,
    /// Those with something to tell.
    #[default]
    Findings,
    /// All that belong to an app.
    All,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ModeOverride {
    Report,
}

/// The settings as they are written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    policy: Option<String>,
    instance: String,
    hold_headers: bool,
    buffer_limit: u64,
    mode_override: Option<ModeOverride>,
    kill_switch: bool,
    state_pages: u32,
    gather_logins: u32,
    finding_records_per_minute: u32,
    records: Records,
    hash_key_env: String,
    forget: Vec<WrittenForget>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenForget {
    before: u64,
    address: Option<String>,
}

impl Default for Written {
    fn default() -> Self {
        let settings = Settings::default();
        Self {
            policy: None,
            instance: "default".to_owned(),
            hold_headers: settings.hold_headers,
            buffer_limit: settings.buffer_limit,
            mode_override: None,
            kill_switch: settings.kill_switch,
            state_pages: settings.state_pages,
            gather_logins: settings.gather_logins,
            finding_records_per_minute: settings.finding_records_per_minute,
            records: Records::default(),
            hash_key_env: "BARTIZAN_HASH_KEY".to_owned(),
            forget: Vec::new(),
        }
    }
}

/// Everything that was configured.
#[derive(Clone, Debug)]
pub(crate) struct Configuration {
    pub(crate) blob: Vec<u8>,
    /// The pages of its leaked lists.
    pub(crate) leaked: Part,
    pub(crate) settings: Settings,
    /// Names the state.
    pub(crate) instance: String,
    pub(crate) records: Records,
    /// The environment variable with the hash key.
    pub(crate) hash_key_env: String,
}

impl Configuration {
    /// Reads both configurations, the plugin's of so many bytes.
    ///
    /// # Errors
    ///
    /// A sentence that says what is wrong with them.
    pub(crate) fn read(length: usize, vm: &[u8]) -> Result<Self, String> {
        let head = host::plugin_configuration(0, HEAD_LEN);
        if head.is_empty() {
            return Err(
                "there is no plugin configuration: give the compiled policy as BytesValue, or as JSON with \
                        `policy` in base64"
                    .to_owned(),
            );
        }
        if head.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{') {
            return Self::from_json(&host::plugin_configuration(0, length));
        }
        let vm = vm.trim_ascii();
        let written =
            if vm.is_empty() { Written::default() } else { settings(vm, "vm_config.configuration")? };
        if written.policy.is_some() {
            return Err("`policy` stands in vm_config.configuration and in the plugin's too".to_owned());
        }
        let start = policy_length(&head)
            .filter(|start| host::plugin_configuration(*start, container::MAGIC.len()) == container::MAGIC);
        let leaked = match start {
            Some(start) => Part::Configured { start, length: length.saturating_sub(start) },
            None => Part::None,
        };
        Self::of(written, host::plugin_configuration(0, start.unwrap_or(length)), leaked)
    }

    fn from_json(json: &[u8]) -> Result<Self, String> {
        let mut written = settings(json, "the plugin's configuration")?;
        let policy = written.policy.take();
        let policy =
            policy.ok_or("the plugin's configuration has no `policy`: the compiled policy in base64")?;
        let mut blob =
            STANDARD.decode(policy.trim()).map_err(|error| format!("`policy` is not base64: {error}"))?;
        drop(policy);
        let is_leaked =
            |start: &usize| blob.get(*start..).is_some_and(|rest| rest.starts_with(&container::MAGIC));
        let leaked = match policy_length(&blob).filter(is_leaked) {
            Some(start) => Part::Decoded(blob.split_off(start)),
            None => Part::None,
        };
        blob.shrink_to_fit();
        Self::of(written, blob, leaked)
    }

    fn of(written: Written, blob: Vec<u8>, leaked: Part) -> Result<Self, String> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !(1..=32).contains(&written.instance.len()) || !written.instance.bytes().all(plain) {
            return Err("`instance` needs 1 to 32 of a-z, 0-9 and -".to_owned());
        }
        if !(MIN_PAGES..=MAX_PAGES).contains(&written.state_pages) {
            return Err(format!("`state_pages` must be {MIN_PAGES} to {MAX_PAGES}"));
        }
        if !(1..=MOST_GATHERED_LOGINS).contains(&written.gather_logins) {
            return Err(format!("`gather_logins` must be 1 to {MOST_GATHERED_LOGINS}"));
        }
        let forget = written.forget.iter().map(forget).collect::<Result<_, _>>()?;
        Ok(Self {
            blob,
            leaked,
            settings: Settings {
                report_only: written.mode_override.is_some(),
                kill_switch: written.kill_switch,
                hold_headers: written.hold_headers,
                buffer_limit: written.buffer_limit,
                state_pages: written.state_pages,
                gather_logins: written.gather_logins,
                finding_records_per_minute: written.finding_records_per_minute,
                forget,
            },
            instance: written.instance,
            records: written.records,
            hash_key_env: written.hash_key_env,
        })
    }
}

fn settings(json: &[u8], place: &str) -> Result<Written, String> {
    // No setting is a secret: the hash key itself comes from the environment.
    serde_json::from_slice(json).map_err(|error| format!("{place} cannot be read: {error}"))
}

fn forget(written: &WrittenForget) -> Result<Forget, String> {
    let wrong = || "`forget` needs an address such as 192.0.2.7 or 192.0.2.0/24".to_owned();
    let addresses = match &written.address {
        None => None,
        Some(text) => Some(range(text).ok_or_else(wrong)?),
    };
    Ok(Forget { before: Millis(written.before.saturating_mul(1000)), addresses })
}

fn range(text: &str) -> Option<AddressRange> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix.parse::<u32>().ok()?)),
        None => (text, None),
    };
    let is_ipv6 = address.contains(':');
    let address = parse_address(address.as_bytes())?;
    let longest = if is_ipv6 { 128 } else { 32 };
    let free = longest - prefix.unwrap_or(longest).min(longest);
    let mask = if free == 128 { u128::MAX } else { (1_u128 << free) - 1 };
    Some(AddressRange { first: address & !mask, last: address | mask })
}
