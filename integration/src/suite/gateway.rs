//! A listener under test, and what its access log says.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::time::sleep;

use crate::client::{Connection, Protocol, Reply, Request};
use crate::envoy::Listener;
use crate::failure::{Context, Failure, ensure};

/// How long the access log may take to show a request that has ended.
const PATIENCE: Duration = Duration::from_secs(5);

/// A listener under test.
#[derive(Debug, Clone)]
pub struct Gateway {
    listener: Listener,
}

/// One line of the access log.
#[derive(Debug, Clone)]
pub struct LogLine {
    /// The whole line.
    pub line: Value,
    /// The decision record in it, or null.
    pub record: Value,
    /// The record as it was written.
    pub written: String,
}

impl LogLine {
    /// A field of the record, as text; empty where it is absent.
    #[must_use]
    pub fn text(&self, key: &str) -> &str {
        self.record.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    /// A field of the line, as text; empty where it is absent.
    #[must_use]
    pub fn field(&self, key: &str) -> &str {
        self.line.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    /// The score of a threat in the record; 0 where there is none.
    #[must_use]
    pub fn score(&self, threat: &str) -> u64 {
        self.record.pointer(&format!("/scores/{threat}")).and_then(Value::as_u64).unwrap_or(0)
    }
}

impl Gateway {
    /// The gateway at a listener.
    #[must_use]
    pub const fn new(listener: Listener) -> Self {
        Self { listener }
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.listener.address
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.listener.name
    }

    /// One request over an HTTP/1.1 connection of its own, from 127.0.0.`host`.
    ///
    /// # Errors
    ///
    /// No reply.
    pub async fn send(&self, host: u8, request: Request) -> Result<Reply, Failure> {
        self.send_from(Ipv4Addr::new(127, 0, 0, host), request).await
    }

    /// One request over an HTTP/1.1 connection of its own.
    ///
    /// # Errors
    ///
    /// No reply.
    pub async fn send_from(&self, from: Ipv4Addr, request: Request) -> Result<Reply, Failure> {
        crate::client::send(from, self.address(), request).await
    }

    /// A connection from 127.0.0.`host`.
    ///
    /// # Errors
    ///
    /// Nobody listens.
    pub async fn connect(&self, protocol: Protocol, host: u8) -> Result<Connection, Failure> {
        Connection::open(protocol, Ipv4Addr::new(127, 0, 0, host), self.address()).await
    }

    /// The access log so far.
    ///
    /// # Errors
    ///
    /// It cannot be read, or a line is not JSON.
    pub fn log(&self) -> Result<Vec<LogLine>, Failure> {
        let text = self.log_text()?;
        // The last line may be half written.
        let whole = text.rfind('\n').and_then(|end| text.get(..end)).unwrap_or_default();
        whole.lines().map(parse).collect()
    }

    /// The access log as text.
    ///
    /// # Errors
    ///
    /// It is there and cannot be read.
    pub fn log_text(&self) -> Result<String, Failure> {
        let path = &self.listener.access_log;
        if !path.exists() {
            return Ok(String::new());
        }
        Ok(String::from_utf8_lossy(&fs::read(path).context(path.display())?).into_owned())
    }

    /// The access log once it has at least this many lines.
    ///
    /// # Errors
    ///
    /// It has fewer after five seconds.
    pub async fn log_of(&self, lines: usize) -> Result<Vec<LogLine>, Failure> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let log = self.log()?;
            if log.len() >= lines {
                return Ok(log);
            }
            ensure(Instant::now() < deadline, || {
                format!("the access log has {} lines instead of {lines}", log.len())
            })?;
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// The line of the one request with this path.
    ///
    /// # Errors
    ///
    /// There is none after five seconds, or the log cannot be read.
    pub async fn line_of(&self, path: &str) -> Result<LogLine, Failure> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(line) = self.log()?.into_iter().rev().find(|line| line.field("path") == path) {
                return Ok(line);
            }
            ensure(Instant::now() < deadline, || format!("the access log has no line for {path}"))?;
            sleep(Duration::from_millis(20)).await;
        }
    }
}

fn parse(line: &str) -> Result<LogLine, Failure> {
    let line: Value = serde_json::from_str(line).context(format_args!("line of the access log: {line}"))?;
    // Envoy writes filter state as a string; the string is the record.
    let written = line.get("bartizan").and_then(Value::as_str).unwrap_or("null").to_owned();
    let record =
        serde_json::from_str(&written).context(format_args!("record in the access log: {written}"))?;
    Ok(LogLine { line, record, written })
}
