//! Writes what is sent.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use bartizan_engine::exchange::Headers;
use serde_json::{Map, Value, json};

use crate::failure::Failure;
use crate::world::fingerprints::INVENTED;
use crate::world::networks::text;

/// Who sends.
#[derive(Clone, Copy, Debug)]
pub enum Label {
    /// A customer.
    Customer {
        /// The device.
        device: u32,
        /// The visit's slot, which later visits get again.
        visit: u32,
        /// When the visit began, in milliseconds.
        began: u64,
    },
    /// An attacker.
    Attack,
}

/// One try on its way.
#[derive(Debug)]
pub struct Sending<'s> {
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// From where.
    pub address: u128,
    /// To which route.
    pub route: u8,
    /// With which program.
    pub fingerprint: u16,
    /// The head.
    pub headers: &'s Headers,
    /// The user name.
    pub user: &'s str,
    /// The password.
    pub password: &'s str,
    /// Whether the app lets it in.
    pub is_right: bool,
    /// Who sends.
    pub label: Label,
}

/// Writes tries to a file.
#[derive(Debug)]
pub struct Recorder {
    file: BufWriter<File>,
    name: String,
    named: HashSet<String>,
}

impl Recorder {
    /// A file that is written anew.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn create(path: &Path) -> Result<Self, Failure> {
        let file = File::create(path).map_err(|error| Failure::file(path, &error))?;
        Ok(Self { file: BufWriter::new(file), name: path.display().to_string(), named: HashSet::new() })
    }

    /// Writes a try.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn record(&mut self, sending: &Sending<'_>) -> Result<(), Failure> {
        let mut row = Map::new();
        let mut put = |name: &str, value: Value| row.insert(name.to_owned(), value);
        put("t", json!(sending.at as f64 / 1000.0));
        put("ip", json!(text(sending.address).trim_matches(['[', ']'])));
        put("user", json!(sending.user));
        put("password_ok", json!(sending.is_right));
        put("password", json!(sending.password));
        put("route", json!(sending.route));
        match sending.label {
            Label::Customer { device, visit, began } => {
                put("label", json!("good"));
                put("device", json!(format!("d{device}")));
                put("visit", json!(format!("v{visit}-{began}")));
            }
            Label::Attack => {
                put("label", json!("attack"));
            }
        }
        let is_customer = matches!(sending.label, Label::Customer { .. });
        let has_cookie = sending.headers.iter().any(|(name, _)| name == "cookie");
        let headers_name = format!("f{}{}", sending.fingerprint, if has_cookie { "c" } else { "" });
        let own = sending.fingerprint == INVENTED;
        if own || self.named.insert(headers_name.clone()) {
            put("headers", headers(sending.headers, is_customer));
        }
        if !own {
            put("headers_name", json!(headers_name));
        }
        let outcome = serde_json::to_writer(&mut self.file, &row).map_err(std::io::Error::from);
        outcome
            .and_then(|()| self.file.write_all(b"\n"))
            .map_err(|error| Failure::File(self.name.clone(), error.to_string()))
    }

    /// Writes what is left.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn finish(mut self) -> Result<(), Failure> {
        self.file.flush().map_err(|error| Failure::File(self.name.clone(), error.to_string()))
    }
}

/// Names and values in their order. What a jar or the body gives is left out; its place is kept.
fn headers(headers: &Headers, has_jar: bool) -> Value {
    let shown = headers.iter().filter(|(name, _)| !name.starts_with(':'));
    let pair = |(name, value): &(String, Vec<u8>)| {
        let from_elsewhere = name == "content-length" || (name == "cookie" && has_jar);
        let value = if from_elsewhere { String::new() } else { String::from_utf8_lossy(value).into_owned() };
        json!([name, value])
    };
    Value::Array(shown.map(pair).collect())
}
