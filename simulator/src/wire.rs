//! How a login looks on the wire: host, path, body and the fields' names.

use bartizan_engine::exchange::Headers;

use crate::attack::Target;
use crate::curve::SECOND;
use crate::failure::Failure;
use crate::policy::HOST;
use crate::random::mix;
use crate::world::World;
use crate::world::fingerprints::Fingerprints;
use crate::world::passwords::Password;

/// In what shape the credentials are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Body {
    /// `application/x-www-form-urlencoded`.
    Form,
    /// A JSON object.
    Json,
}

/// How logins look, as the policy expects them.
#[derive(Clone, Debug)]
pub struct LoginShape {
    /// The app's host.
    pub host: String,
    /// The path; `{}` stands for the route's two digits.
    pub path: String,
    /// The shape of the body.
    pub body: Body,
    /// The field with the user name.
    pub username: String,
    /// The field with the password.
    pub password: String,
}

impl Default for LoginShape {
    fn default() -> Self {
        Self {
            host: HOST.to_owned(),
            path: "/login/{}".to_owned(),
            body: Body::Form,
            username: "username".to_owned(),
            password: "password".to_owned(),
        }
    }
}

impl LoginShape {
    /// The media type of the body.
    #[must_use]
    pub const fn content_type(&self) -> &'static str {
        match self.body {
            Body::Form => "application/x-www-form-urlencoded",
            Body::Json => "application/json",
        }
    }

    /// The path of a route.
    #[must_use]
    pub fn path(&self, route: u8) -> String {
        self.path.replace("{}", &format!("{route:02}"))
    }

    /// Writes the body.
    pub fn write_body(&self, user: &str, password: &str, out: &mut String) {
        out.clear();
        match self.body {
            Body::Form => {
                for (name, value, separator) in [(&self.username, user, "="), (&self.password, password, "=")]
                {
                    if !out.is_empty() {
                        out.push('&');
                    }
                    out.push_str(name);
                    out.push_str(separator);
                    percent_encode(value, out);
                }
            }
            Body::Json => {
                let object = serde_json::json!({ &self.username: user, &self.password: password });
                out.push_str(&object.to_string());
            }
        }
    }
}

fn percent_encode(text: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.*".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let digit = |nibble: u8| HEX.get(usize::from(nibble)).copied().map_or('0', char::from);
            out.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}

/// Cookies that nobody issued, of the right shape.
#[must_use]
pub fn forged_cookies(bits: u64) -> String {
    format!(
        "sid={bits:016x}; bartizan-device=v1.{:08x}.{:08x}.{:016x}.{:032x}",
        bits >> 32,
        bits & 0xffff_ffff,
        mix(bits),
        u128::from(mix(bits ^ 1)) << 64 | u128::from(mix(bits ^ 2)),
    )
}

/// The next request, put together without allocating.
#[derive(Clone, Debug)]
pub struct Wire {
    shape: LoginShape,
    paths: Vec<String>,
    cookies: Vec<u8>,
    user: String,
    password: String,
    body: String,
}

impl Wire {
    /// Requests of this shape.
    #[must_use]
    pub fn new(shape: LoginShape) -> Self {
        let paths = (0..=u8::MAX).map(|route| shape.path(route)).collect();
        Self {
            shape,
            paths,
            cookies: Vec::new(),
            user: String::new(),
            password: String::new(),
            body: String::new(),
        }
    }

    /// Takes the cookies of a device.
    pub fn set_cookies(&mut self, world: &World, device: u32, now: u64) {
        self.cookies.clear();
        if let Some(device) = world.devices.get(device as usize) {
            let seconds = u32::try_from(now / SECOND).unwrap_or(u32::MAX);
            device.jar.write(seconds, &world.cookie_names, &mut self.cookies);
        }
    }

    /// No cookies.
    pub fn clear_cookies(&mut self) {
        self.cookies.clear();
    }

    /// Cookies that nobody issued, of the right shape.
    pub fn forge_cookies(&mut self, bits: u64) {
        let text = forged_cookies(bits);
        self.cookies.clear();
        self.cookies.extend_from_slice(text.as_bytes());
    }

    /// Takes user name and password, and makes the body.
    pub fn set_credentials(&mut self, world: &World, target: Target, password: Password) {
        use std::fmt::Write as _;
        self.user.clear();
        self.password.clear();
        // Writing to a string cannot fail.
        let account = match target {
            Target::Account(account) => {
                let _ = write!(self.user, "customer.{account:07}@mail.example");
                account
            }
            Target::Invented(number) => {
                let _ = write!(self.user, "user.{number:016x}@mail.example");
                u32::MAX
            }
        };
        world.passwords.write(account, password, &mut self.password);
        self.shape.write_body(&self.user, &self.password, &mut self.body);
    }

    /// The request's head.
    pub fn head<'f>(&self, fingerprints: &'f mut Fingerprints, route: u8, fingerprint: u16) -> &'f Headers {
        let path = self.paths.get(usize::from(route)).map_or("/", String::as_str);
        fingerprints.head(fingerprint, path, &self.cookies, self.body.len())
    }

    /// The request's body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.body.as_bytes()
    }

    /// The user name.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The password.
    #[must_use]
    pub fn password(&self) -> &str {
        &self.password
    }

    /// What is wrong where the policy sees no login.
    #[must_use]
    pub fn no_login(&self) -> Failure {
        Failure::NoLogin { host: self.shape.host.clone(), path: self.shape.path(0) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Body, LoginShape};

    #[test]
    fn bodies_are_what_their_type_says() {
        let mut out = String::new();
        LoginShape::default().write_body("a b@c.example", "p&=%é\"", &mut out);
        assert_eq!(out, "username=a%20b%40c.example&password=p%26%3D%25%C3%A9%22");
        let json = LoginShape { body: Body::Json, ..LoginShape::default() };
        json.write_body("a", "p\"", &mut out);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&out).unwrap()["password"], "p\"");
        assert_eq!(json.path(7), "/login/07");
    }
}
