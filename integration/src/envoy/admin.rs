//! Envoy's admin interface.
//!
//! A blocking client of a few lines: the admin interface is asked a handful of small questions, also by tests that
//! have no asynchronous runtime.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use crate::failure::{Context, Failure, ensure};

/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// No answer of the admin interface is read beyond this many bytes.
const LONGEST_ANSWER: u64 = 64 << 20;

/// Where an Envoy's admin interface listens.
#[derive(Debug, Clone, Copy)]
pub struct Admin {
    address: SocketAddr,
}

impl Admin {
    /// The admin interface at this address.
    #[must_use]
    pub const fn new(address: SocketAddr) -> Self {
        Self { address }
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The body of a GET.
    ///
    /// # Errors
    ///
    /// No connection, no answer within ten seconds, or a status other than 200.
    pub fn get(&self, path: &str) -> Result<String, Failure> {
        self.ask("GET", path)
    }

    /// The body of a POST, which is how the admin interface is told to do something.
    ///
    /// # Errors
    ///
    /// As [`Admin::get`].
    pub fn post(&self, path: &str) -> Result<String, Failure> {
        self.ask("POST", path)
    }

    /// A JSON answer.
    ///
    /// # Errors
    ///
    /// As [`Admin::get`], or the answer is not JSON.
    pub fn json(&self, path: &str) -> Result<Value, Failure> {
        serde_json::from_str(&self.get(path)?).context(format_args!("answer of the admin page {path}"))
    }

    /// Counters and gauges whose names match the regular expression.
    ///
    /// # Errors
    ///
    /// As [`Admin::get`].
    pub fn stats(&self, filter: &str) -> Result<BTreeMap<String, u64>, Failure> {
        let text = self.get(&format!("/stats?filter={filter}"))?;
        Ok(text
            .lines()
            .filter_map(|line| {
                let (name, value) = line.rsplit_once(": ")?;
                Some((name.to_owned(), value.parse().ok()?))
            })
            .collect())
    }

    fn ask(&self, method: &str, path: &str) -> Result<String, Failure> {
        let what = format!("admin page {path} of {}", self.address);
        let mut stream = TcpStream::connect_timeout(&self.address, PATIENCE).context(&what)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: admin\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        )
        .context(&what)?;
        let mut reader = BufReader::new(stream.take(LONGEST_ANSWER));
        let mut status = String::new();
        reader.read_line(&mut status).context(&what)?;
        let chunked = read_head(&mut reader).context(&what)?;
        let mut body = Vec::new();
        if chunked {
            read_chunks(&mut reader, &mut body).context(&what)?;
        } else {
            reader.read_to_end(&mut body).context(&what)?;
        }
        let body = String::from_utf8_lossy(&body).into_owned();
        ensure(status.split(' ').nth(1) == Some("200"), || {
            format!("{what}: {} {}", status.trim(), body.trim())
        })?;
        Ok(body)
    }
}

/// Skips the header lines; says whether the body comes in chunks.
fn read_head(reader: &mut impl BufRead) -> std::io::Result<bool> {
    let mut chunked = false;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line == "\r\n" {
            return Ok(chunked);
        }
        let line = line.to_ascii_lowercase();
        chunked |= line.starts_with("transfer-encoding:") && line.contains("chunked");
    }
}

fn read_chunks(reader: &mut impl BufRead, body: &mut Vec<u8>) -> std::io::Result<()> {
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let length = u64::from_str_radix(line.trim(), 16).map_err(std::io::Error::other)?;
        if length == 0 {
            return Ok(());
        }
        reader.by_ref().take(length).read_to_end(body)?;
        reader.read_line(&mut String::new())?;
    }
}
