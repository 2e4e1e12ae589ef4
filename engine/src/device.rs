//! Known devices: a signed cookie that a device gets with a login that succeeded, and that only counts for that account.
//!
//! `v1.KEY.SINCE.ACCOUNT[-ACCOUNT...].MAC`, all in hexadecimal: the key's public number, the second of the last login, up to
//! four account tags, and the first 128 bits of HMAC-SHA-256 (RFC 2104) over everything before it. An account's tag is a
//! truncated HMAC of its app and name, so the cookie tells nobody who logged in. Nothing about devices is kept in the proxy.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// How many accounts one device is known to; the one that logged in longest ago is forgotten.
pub const MAX_ACCOUNTS: usize = 4;
/// The shortest secret, in bytes.
pub const SHORTEST_SECRET: usize = 16;
/// The longest cookie value that is looked at, in bytes.
const LONGEST_COOKIE: usize = 160;
const MAC_LEN: usize = 16;

/// The keys that sign device cookies: the current one, and one that is being replaced.
#[derive(Clone)]
pub struct DeviceKeys {
    keys: Vec<(u32, Hmac<Sha256>)>,
}

impl std::fmt::Debug for DeviceKeys {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_list().entries(self.keys.iter().map(|(id, _)| format!("{id:08x}"))).finish()
    }
}

/// A genuine cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Which key signed it, by its position.
    key: usize,
    /// The second of its last login.
    since: u32,
    accounts: Vec<u64>,
}

impl Device {
    /// The second of its last login.
    #[must_use]
    pub const fn since(&self) -> u32 {
        self.since
    }
}

impl DeviceKeys {
    /// Keys made of secrets of at least [`SHORTEST_SECRET`] bytes; `None` where one is shorter. Cookies that the previous
    /// key signed stay good, new ones are signed with the current one.
    #[must_use]
    pub fn new(current: &[u8], previous: Option<&[u8]>) -> Option<Self> {
        let mut keys = Vec::new();
        for secret in std::iter::once(current).chain(previous) {
            if secret.len() < SHORTEST_SECRET {
                return None;
            }
            let mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
            let id = first_word(&mac.clone().chain_update(b"bartizan device key").finalize().into_bytes());
            keys.push((id, mac));
        }
        Some(Self { keys })
    }

    /// What stands for an account in cookies that the key at this position signed.
    fn tag(&self, key: usize, app: &str, account: &[u8]) -> Option<u64> {
        let (_, mac) = self.keys.get(key)?;
        let mac = mac.clone().chain_update(b"account").chain_update((app.len() as u64).to_le_bytes());
        let bytes = mac.chain_update(app).chain_update(account).finalize().into_bytes();
        bytes.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
    }

    /// What stands for an account in cookies that are issued now.
    #[must_use]
    pub fn account(&self, app: &str, account: &[u8]) -> Option<u64> {
        self.tag(0, app, account)
    }

    /// Reads a cookie. `None` where it is not genuine, from the future, or its last login is longer ago than
    /// `for_seconds`.
    #[must_use]
    pub fn read(&self, value: &[u8], now: u32, for_seconds: u32) -> Option<Device> {
        let text = std::str::from_utf8(value).ok().filter(|text| text.len() <= LONGEST_COOKIE)?;
        let (signed, mac) = text.rsplit_once('.')?;
        let mut parts = signed.split('.');
        let (version, id, since, accounts) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        if version != "v1" || parts.next().is_some() {
            return None;
        }
        let id = hex_word(id)?;
        let key = self.keys.iter().position(|(known, _)| *known == id)?;
        let is_code = mac.len() == 2 * MAC_LEN && mac.bytes().all(|byte| byte.is_ascii_hexdigit());
        let given = is_code.then(|| u128::from_str_radix(mac, 16).ok()).flatten()?;
        let (_, expected) = self.keys.get(key)?;
        // Constant time; only the first half of the code is carried.
        expected.clone().chain_update(signed).verify_truncated_left(&given.to_be_bytes()).ok()?;
        let since = hex_word(since)?;
        // A minute for clocks of other replicas that are ahead.
        if since > now.saturating_add(60) || now.saturating_sub(since) > for_seconds {
            return None;
        }
        let accounts: Option<Vec<u64>> =
            accounts.split('-').take(MAX_ACCOUNTS).map(|tag| u64::from_str_radix(tag, 16).ok()).collect();
        Some(Device { key, since, accounts: accounts? })
    }

    /// Whether a device logged in to this account before. `tag` is what [`DeviceKeys::account`] gave for the account; it need
    /// not be worked out again where the device's cookie is of the same key.
    #[must_use]
    pub fn knows(&self, device: &Device, tag: Option<u64>, app: &str, account: &[u8]) -> bool {
        let tag = if device.key == 0 { tag } else { self.tag(device.key, app, account) };
        tag.is_some_and(|tag| device.accounts.contains(&tag))
    }

    /// The value of the cookie that a device gets with a login to the account of this tag, see [`DeviceKeys::account`].
    #[must_use]
    pub fn issue(&self, device: Option<&Device>, account: u64, now: u32) -> String {
        // Tags of another key mean nothing under this one.
        let before = device.filter(|device| device.key == 0).map(|device| device.accounts.as_slice());
        let before = before.unwrap_or_default().iter().copied().filter(|known| *known != account);
        let accounts: Vec<String> = std::iter::once(account)
            .chain(before)
            .take(MAX_ACCOUNTS)
            .map(|tag| format!("{tag:016x}"))
            .collect();
        let Some((id, mac)) = self.keys.first() else { return String::new() };
        let signed = format!("v1.{id:08x}.{now:08x}.{}", accounts.join("-"));
        let code = mac.clone().chain_update(&signed).finalize().into_bytes();
        let code = code.first_chunk::<MAC_LEN>().map_or(0, |bytes| u128::from_be_bytes(*bytes));
        format!("{signed}.{code:032x}")
    }
}

fn hex_word(text: &str) -> Option<u32> {
    (text.len() == 8).then(|| u32::from_str_radix(text, 16).ok()).flatten()
}

fn first_word(bytes: &[u8]) -> u32 {
    bytes.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::{Device, DeviceKeys, MAX_ACCOUNTS};

    const NOW: u32 = 1_790_000_000;
    const DAY: u32 = 86_400;

    fn keys() -> DeviceKeys {
        DeviceKeys::new(b"a secret of some length", None).unwrap()
    }

    fn knows(keys: &DeviceKeys, device: &Device, app: &str, account: &str) -> bool {
        let account = account.as_bytes();
        keys.knows(device, keys.account(app, account), app, account)
    }

    fn issue(keys: &DeviceKeys, account: &str) -> String {
        keys.issue(None, keys.account("shop", account.as_bytes()).unwrap(), NOW)
    }

    #[test]
    fn a_cookie_counts_for_the_account_that_logged_in_and_for_no_other() {
        let keys = keys();
        let device = keys.read(issue(&keys, "ann").as_bytes(), NOW + 5, DAY).unwrap();
        assert!(knows(&keys, &device, "shop", "ann"));
        assert!(!knows(&keys, &device, "shop", "bob"));
        assert!(!knows(&keys, &device, "bank", "ann"));
    }

    #[test]
    fn every_changed_character_makes_it_void() {
        let keys = keys();
        let cookie = issue(&keys, "ann").into_bytes();
        for position in 0..cookie.len() {
            for replacement in *b"0fA.-+ \xff" {
                let mut forged = cookie.clone();
                if forged[position].eq_ignore_ascii_case(&replacement) {
                    continue;
                }
                forged[position] = replacement;
                assert_eq!(keys.read(&forged, NOW, DAY), None, "position {position}");
            }
            assert_eq!(keys.read(&cookie[..position], NOW, DAY), None);
        }
    }

    #[test]
    fn it_expires_and_does_not_come_from_the_future() {
        let keys = keys();
        let cookie = issue(&keys, "ann");
        assert!(keys.read(cookie.as_bytes(), NOW + DAY, DAY).is_some());
        assert!(keys.read(cookie.as_bytes(), NOW + DAY + 1, DAY).is_none());
        assert!(keys.read(cookie.as_bytes(), NOW - 61, DAY).is_none());
    }

    #[test]
    fn a_device_is_known_to_the_accounts_that_logged_in_last() {
        let keys = keys();
        let names = ["a", "b", "c", "d", "e"];
        let mut cookie = issue(&keys, names[0]);
        for name in &names[1..] {
            let device = keys.read(cookie.as_bytes(), NOW, DAY);
            cookie = keys.issue(device.as_ref(), keys.account("shop", name.as_bytes()).unwrap(), NOW);
        }
        let device = keys.read(cookie.as_bytes(), NOW, DAY).unwrap();
        let known = names.iter().filter(|name| knows(&keys, &device, "shop", name)).count();
        assert_eq!(known, MAX_ACCOUNTS);
        assert!(!knows(&keys, &device, "shop", "a"));
    }

    #[test]
    fn a_key_that_is_replaced_stays_good_until_it_is_gone() {
        let old = keys();
        let cookie = issue(&old, "ann");
        let both = DeviceKeys::new(b"another secret, newer", Some(b"a secret of some length")).unwrap();
        let device = both.read(cookie.as_bytes(), NOW, DAY).unwrap();
        assert!(knows(&both, &device, "shop", "ann"));
        let renewed = both.issue(Some(&device), both.account("shop", b"ann").unwrap(), NOW);
        let new = DeviceKeys::new(b"another secret, newer", None).unwrap();
        assert!(new.read(cookie.as_bytes(), NOW, DAY).is_none());
        assert!(knows(&new, &new.read(renewed.as_bytes(), NOW, DAY).unwrap(), "shop", "ann"));
    }

    #[test]
    fn a_short_secret_makes_no_keys() {
        assert!(DeviceKeys::new(b"short", None).is_none());
        assert!(DeviceKeys::new(b"a secret of some length", Some(b"short")).is_none());
    }
}
