//! People who log in at the sample shop, half of the time or so with a wrong password.
//!
//! None of them is suspicious: what the load wants is measured only where every login goes all the way to the shop and
//! back, so any other answer than the shop's ends the bench.

use super::load::{CONNECTIONS, Requests};
use crate::failure::{Failure, ensure};
use crate::shop::password_of;

/// Customers that one connection logs in, each with a device that was here before.
const CUSTOMERS: u32 = 256;

/// Of this many strangers the first [`STRANGERS_THAT_FAIL`] have a wrong password: where half of a login's strangers fail it
/// is under attack.
const STRANGERS: u32 = 8;
const STRANGERS_THAT_FAIL: u32 = 3;

/// The cookie that the rule pack gives to devices.
const DEVICE: &str = "bartizan-device";

/// Customers whose devices are known: a wrong password, then the right one.
#[derive(Debug)]
pub(super) struct Customers {
    connection: u32,
    /// Whether there is a filter that gives cookies to devices.
    is_guarded: bool,
    /// The device cookie of each.
    devices: Vec<Option<String>>,
    position: usize,
    /// Whether all were here before. The first logins are right.
    is_acquainted: bool,
    /// Whether the password of this try is wrong.
    slips: bool,
}

impl Customers {
    /// The customers of a connection, none of whom was here before.
    pub(super) fn new(connection: u32, is_guarded: bool) -> Self {
        let devices = vec![None; CUSTOMERS as usize];
        Self { connection, is_guarded, devices, position: 0, is_acquainted: false, slips: false }
    }
}

impl Requests for Customers {
    fn next(&mut self) -> String {
        let number = self.connection + CONNECTIONS * u32::try_from(self.position).unwrap_or(0);
        let [_, _, high, low] = number.to_be_bytes();
        let device = self.devices.get(self.position).and_then(Option::as_deref);
        login(&format!("198.18.{high}.{low}"), number, self.slips, device)
    }

    fn answered(&mut self, head: &str) -> Result<(), Failure> {
        ensure_answer(head, self.slips)?;
        if self.slips {
            self.slips = false;
            return Ok(());
        }
        if let Some(device) = self.devices.get_mut(self.position) {
            if let Some(cookie) = device_cookie(head) {
                *device = Some(cookie.to_owned());
            }
            ensure(device.is_some() || !self.is_guarded, || format!("no cookie for the device:\n{head}"))?;
        }
        self.position += 1;
        if self.position == self.devices.len() {
            self.position = 0;
            self.is_acquainted = true;
        }
        self.slips = self.is_acquainted;
        Ok(())
    }
}

/// Strangers: a new account from a new network every time.
#[derive(Debug)]
pub(super) struct Strangers {
    number: u32,
}

impl Strangers {
    /// The strangers of a connection.
    pub(super) const fn new(connection: u32) -> Self {
        // Their accounts are none of the customers'.
        Self { number: CUSTOMERS * CONNECTIONS + connection }
    }

    const fn fails(&self) -> bool {
        (self.number / CONNECTIONS) % STRANGERS < STRANGERS_THAT_FAIL
    }
}

impl Requests for Strangers {
    fn next(&mut self) -> String {
        let (high, low) = (self.number >> 16, self.number & 0xffff);
        // 2001:db8::/32 is set aside for documentation; here it names nobody, and nothing goes there.
        login(&format!("2001:db8:{low:x}:{high:x}::1"), self.number, self.fails(), None)
    }

    fn answered(&mut self, head: &str) -> Result<(), Failure> {
        ensure_answer(head, self.fails())?;
        self.number = self.number.wrapping_add(CONNECTIONS);
        Ok(())
    }
}

/// A browser's login: a form with user name and password.
fn login(address: &str, customer: u32, is_wrong: bool, device: Option<&str>) -> String {
    let user = format!("customer{customer}@example.org");
    let password = password_of(&user).filter(|_| !is_wrong).unwrap_or_else(|| format!("mistyped-{customer}"));
    let body = format!("email={}&password={password}&remember=on", user.replace('@', "%40"));
    let cookies = match device {
        Some(device) => format!("theme=dark; {DEVICE}={device}"),
        None => "theme=dark".to_owned(),
    };
    format!(
        "POST /login HTTP/1.1\r\n\
         host: shop.localhost\r\n\
         user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n\
         accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n\
         accept-language: en-GB,en;q=0.7,de;q=0.3\r\n\
         accept-encoding: gzip, deflate, br, zstd\r\n\
         content-type: application/x-www-form-urlencoded\r\n\
         content-length: {}\r\n\
         origin: http://shop.localhost\r\n\
         referer: http://shop.localhost/login\r\n\
         cookie: {cookies}\r\n\
         sec-fetch-mode: navigate\r\n\
         sec-fetch-site: same-origin\r\n\
         x-forwarded-for: {address}\r\n\r\n{body}",
        body.len(),
    )
}

fn ensure_answer(head: &str, is_wrong: bool) -> Result<(), Failure> {
    let expected = if is_wrong { "HTTP/1.1 401" } else { "HTTP/1.1 302" };
    ensure(head.starts_with(expected), || format!("expected the shop's {expected}, got:\n{head}"))
}

/// The device cookie's value in the head of a reply.
fn device_cookie(head: &str) -> Option<&str> {
    let cookies = head.lines().filter_map(|line| line.strip_prefix("set-cookie: "));
    let value = cookies.filter_map(|cookie| cookie.strip_prefix(DEVICE)?.strip_prefix('=')).next_back()?;
    value.split(';').next()
}
