//! The engine at a desk, with the keys of the Envoy under test: what the filter should say about a try.

use std::collections::HashMap;

use bartizan_engine::blob::Policy;
use bartizan_engine::device::DeviceKeys;
use bartizan_engine::keyed_hash::HashKey;
use bartizan_engine::settings::Settings;
use bartizan_simulator::proxy::{AppAnswer, Judgement, Proxy, Sent};
use bartizan_simulator::traffic::Row;
use bartizan_simulator::wire::LoginShape;
use bartizan_simulator::world::jar::{CookieNames, Jar};

use super::cases::{DEVICE_KEY, HASH_KEY};
use crate::failure::{Context, Failure};

/// What was said about a try.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Verdict {
    /// What was done.
    pub(super) action: String,
    /// The account-takeover score.
    pub(super) score: u64,
    /// The rules that scored.
    pub(super) rules: Vec<String>,
    /// From where the login came.
    pub(super) from: String,
}

impl From<Judgement<'_>> for Verdict {
    fn from(judgement: Judgement<'_>) -> Self {
        Self {
            action: judgement.action.to_owned(),
            score: judgement.score.into(),
            rules: judgement.rules.iter().map(|rule| (*rule).to_owned()).collect(),
            from: judgement.from.unwrap_or_default().to_owned(),
        }
    }
}

/// The cookies of all devices on one side. Each side has its own: a device keeps what that side's filter gave it.
#[derive(Debug, Default)]
pub(super) struct Jars {
    jars: HashMap<String, Jar>,
    names: CookieNames,
}

impl Jars {
    /// The cookies that come with a try, at a time in milliseconds.
    pub(super) fn of(&self, row: &Row, now: u64) -> Vec<u8> {
        let mut cookie = Vec::new();
        if let Some(jar) = row.device.as_ref().and_then(|device| self.jars.get(device)) {
            jar.write(seconds(now), &self.names, &mut cookie);
        }
        cookie
    }

    /// Keeps a cookie that came with the reply to a try.
    pub(super) fn keep(&mut self, row: &Row, set_cookie: &[u8], now: u64) {
        if let Some(device) = &row.device {
            let jar = self.jars.entry(device.clone()).or_default();
            jar.take(set_cookie, seconds(now), &mut self.names);
        }
    }
}

fn seconds(milliseconds: u64) -> u32 {
    u32::try_from(milliseconds / 1000).unwrap_or(u32::MAX)
}

/// The head of a try. Without the JA4 that its sender claims: Envoy computes that itself, and here there is no TLS.
pub(super) fn head(row: &Row, shape: &LoginShape, cookie: &[u8], length: usize) -> Vec<(String, Vec<u8>)> {
    let mut head = row.head(shape, cookie, length);
    head.retain(|(name, _)| name != "x-ja4");
    head
}

/// What the app answers to a try.
pub(super) fn answer(row: &Row) -> AppAnswer {
    if row.password_ok { AppAnswer::In { session: row.line } } else { AppAnswer::Out }
}

/// The engine at a desk.
pub(super) struct Desk<'p> {
    proxy: Proxy<'p>,
    shape: LoginShape,
    jars: Jars,
}

impl<'p> Desk<'p> {
    /// A desk that has seen nothing, with so many pages of state.
    ///
    /// # Errors
    ///
    /// The keys of the suite are too short.
    pub(super) fn new(policy: &'p Policy<'p>, state_pages: u32) -> Result<Self, Failure> {
        let key = HashKey::from_secret(HASH_KEY.as_bytes()).context("the suite's hash key is too short")?;
        let device_keys = DeviceKeys::new(DEVICE_KEY.as_bytes(), None);
        // As at the gateway: what workers gather would be seen at another moment here than there.
        let settings = Settings { state_pages, hold_headers: true, gather_logins: 1, ..Settings::default() };
        let mut proxy = Proxy::with_keys(policy, settings, 4, key, device_keys);
        proxy.judges_all = true;
        Ok(Self { proxy, shape: LoginShape::default(), jars: Jars::default() })
    }

    /// Judges a try that is sent and answered at these times, in milliseconds since 1970.
    ///
    /// # Errors
    ///
    /// The policy does not take it for a login.
    pub(super) fn judge(&mut self, row: &Row, sent: u64, answered: u64) -> Result<Verdict, Failure> {
        let body = row.body(&self.shape);
        let head = head(row, &self.shape, &self.jars.of(row, sent), body.len());
        let judgement = match self.proxy.send(sent, &head, row.address, body.as_bytes()) {
            Sent::Refused(judgement) => judgement,
            Sent::Forwarded(forwarded) => {
                let jars = &mut self.jars;
                self.proxy.answer(answered, forwarded, answer(row), |cookie| jars.keep(row, cookie, answered))
            }
            Sent::NoLogin => {
                return Err(Failure::new(format!("line {} is no login for the policy", row.line)));
            }
        };
        Ok(judgement.into())
    }
}
