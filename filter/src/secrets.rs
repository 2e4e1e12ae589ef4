//! Keys: the hash key, from the environment or random and shared by all workers; the keys of device cookies, from the
//! environment only, because cookies outlive the process and go from replica to replica.

use crate::host;
use bartizan_engine::device::{DeviceKeys, SHORTEST_SECRET};
use bartizan_engine::keyed_hash::HashKey;
use bartizan_engine::state::store::Written;
use std::ffi::OsString;
use std::hash::{BuildHasher as _, RandomState};

/// How often a race for the shared key is run again.
const TRIES: u32 = 8;

/// The key of this instance.
///
/// # Errors
///
/// A sentence that says what is wrong with the key, without saying what it is.
pub(crate) fn hash_key(instance: &str, variable: &str) -> Result<HashKey, String> {
    if let Some(secret) = std::env::var_os(variable) {
        let secret = secret.into_encoded_bytes();
        return HashKey::from_secret(&secret).ok_or_else(|| {
            format!("the environment variable {variable} holds fewer than 16 bytes: too easy to guess")
        });
    }
    let name = format!("bartizan/v1/{instance}/key");
    for _ in 0..TRIES {
        if let Some((value, version)) = host::shared_value(&name) {
            if let Ok(key) = <[u8; 16]>::try_from(value.as_slice()) {
                return Ok(HashKey::from_bytes(key));
            }
            // Something else wrote here; the key is made anew, and what was kept under an older one is started over.
            let _ = host::set_shared_value(&name, &random_key(), Some(version));
        } else if host::set_shared_value(&name, &random_key(), None) != Ok(Written::Conflict) {
            continue;
        }
    }
    Err(format!(
        "the shared key cannot be kept: set the environment variable {variable} through host_env_keys"
    ))
}

/// The environment variable with the secret that signs device cookies.
const DEVICE_KEY: &str = "BARTIZAN_DEVICE_KEY";
/// The one with the secret that signed them before, while it is being replaced.
const PREVIOUS_DEVICE_KEY: &str = "BARTIZAN_DEVICE_KEY_PREVIOUS";

/// The keys of device cookies; without them no cookie is handed out or believed, and the log says why.
///
/// A missing key never refuses the configuration: the rest of the policy protects without it.
pub(crate) fn device_keys() -> Option<DeviceKeys> {
    let Some(current) = std::env::var_os(DEVICE_KEY) else {
        log::error!(
            "the policy hands out device cookies, but {DEVICE_KEY} is not set: no device is known. Name it under \
             host_env_keys"
        );
        return None;
    };
    let current = current.into_encoded_bytes();
    let previous = std::env::var_os(PREVIOUS_DEVICE_KEY).map(OsString::into_encoded_bytes);
    let previous = previous.filter(|secret| !secret.is_empty());
    if let Some(keys) = DeviceKeys::new(&current, previous.as_deref()) {
        return Some(keys);
    }
    let keys = DeviceKeys::new(&current, None);
    let (short, so) = match keys {
        None => (DEVICE_KEY, "no device is known"),
        Some(_) => (PREVIOUS_DEVICE_KEY, "the cookies that it signed count no more"),
    };
    log::error!("{short} holds fewer than {SHORTEST_SECRET} bytes, too easy to guess: {so}");
    keys
}

fn random_key() -> [u8; 16] {
    let mut key = [0; 16];
    let (low, high) = key.split_at_mut(8);
    low.copy_from_slice(&random().to_le_bytes());
    high.copy_from_slice(&random().to_le_bytes());
    key
}

/// 64 random bits: `RandomState` is keyed by the host's random source, and its hash is a pseudo-random function.
pub(crate) fn random() -> u64 {
    RandomState::new().hash_one(0x_6261_7274_697a_616e_u64)
}

/// Which number this configuration has among those that shared the state: one more than the last one whose cells meant
/// something else. All workers of one configuration get the same.
pub(crate) fn epoch(instance: &str, definitions: u64) -> u32 {
    let name = format!("bartizan/v1/{instance}/epoch");
    for _ in 0..TRIES {
        let known = host::shared_value(&name);
        let last = known.as_ref().and_then(|(value, _)| {
            let (epoch, rest) = value.split_first_chunk::<4>()?;
            Some((u32::from_le_bytes(*epoch), u64::from_le_bytes(rest.try_into().ok()?)))
        });
        let epoch = match last {
            Some((epoch, of)) if of == definitions => return epoch,
            Some((epoch, _)) => epoch.wrapping_add(1),
            None => 1,
        };
        let mut value = epoch.to_le_bytes().to_vec();
        value.extend(definitions.to_le_bytes());
        if host::set_shared_value(&name, &value, known.map(|(_, version)| version)) == Ok(Written::Yes) {
            return epoch;
        }
    }
    1
}
