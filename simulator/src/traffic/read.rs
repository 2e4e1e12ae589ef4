//! Reads labelled traffic, line by line, with a limit on everything.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::row::{Fields, Row};
use crate::failure::Failure;

/// The longest line, in bytes.
const LONGEST_LINE: u64 = 64 * 1024;
/// The most header fields of a try.
const MOST_HEADERS: usize = 128;
/// The most named sets of header fields.
const MOST_NAMED: usize = 10_000;
/// Added to times that count from a start of their own: engines have clocks, not stop watches.
const OWN_START: f64 = 1_790_000_000.0;
/// Seconds below this are no time of this century.
const EARLIEST: f64 = 946_684_800.0;
/// Seconds above this do not fit the engine's clock.
const LATEST: f64 = 4_000_000_000.0;

#[derive(Deserialize)]
struct Line {
    t: Time,
    ip: IpAddr,
    user: String,
    password_ok: bool,
    label: String,
    #[serde(default)]
    ua: Option<String>,
    #[serde(default)]
    device: Option<Name>,
    #[serde(default)]
    visit: Option<Name>,
    #[serde(default)]
    password: Option<String>,
    #[serde(default)]
    route: u8,
    #[serde(default)]
    headers: Option<Pairs>,
    #[serde(default)]
    headers_name: Option<Name>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Time {
    Seconds(f64),
    Text(String),
}

/// A text, or a number that is taken for its text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Name {
    Text(String),
    Number(u64),
}

impl Name {
    fn text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
        }
    }
}

struct Pairs(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PairsVisitor;

        impl<'de> Visitor<'de> for PairsVisitor {
            type Value = Pairs;

            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(
                    out,
                    "at most {MOST_HEADERS} header fields, as an object or as pairs of name and value"
                )
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    push(&mut pairs, pair)?;
                }
                Ok(Pairs(pairs))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = sequence.next_element()? {
                    push(&mut pairs, pair)?;
                }
                Ok(Pairs(pairs))
            }
        }

        fn push<E: de::Error>(pairs: &mut Vec<(String, String)>, pair: (String, String)) -> Result<(), E> {
            if pairs.len() >= MOST_HEADERS {
                return Err(E::custom(format!("more than {MOST_HEADERS} header fields")));
            }
            pairs.push((pair.0.to_ascii_lowercase(), pair.1));
            Ok(())
        }

        deserializer.deserialize_any(PairsVisitor)
    }
}

/// Reads a file of labelled traffic.
pub struct Reader {
    file: BufReader<File>,
    name: String,
    line: u64,
    last: u64,
    named: HashMap<String, Fields>,
    buffer: Vec<u8>,
}

impl Reader {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let file = File::open(path).map_err(|error| Failure::file(path, &error))?;
        Ok(Self {
            file: BufReader::new(file),
            name: path.display().to_string(),
            line: 0,
            last: 0,
            named: HashMap::new(),
            buffer: Vec::new(),
        })
    }

    /// The next try; nothing at the end. Empty lines are skipped.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or a line is no try; it says which line and what is wrong.
    pub fn next_row(&mut self) -> Result<Option<Row>, Failure> {
        loop {
            self.buffer.clear();
            self.line += 1;
            let mut limited = (&mut self.file).take(LONGEST_LINE + 1);
            let read = limited
                .read_until(b'\n', &mut self.buffer)
                .map_err(|error| Failure::File(self.name.clone(), error.to_string()))?;
            if read == 0 {
                return Ok(None);
            }
            if read as u64 > LONGEST_LINE {
                return Err(self.problem(format!("the line is longer than {LONGEST_LINE} bytes")));
            }
            let text = self.buffer.trim_ascii();
            if !text.is_empty() {
                let line: Line =
                    serde_json::from_slice(text).map_err(|error| self.problem(in_words(&error)))?;
                return self.row(line).map(Some);
            }
        }
    }

    fn row(&mut self, line: Line) -> Result<Row, Failure> {
        let at = milliseconds(&line.t).map_err(|problem| self.problem(problem))?;
        if at < self.last {
            return Err(
                self.problem("`t` is earlier than in the line before; sort the file by time".to_owned())
            );
        }
        self.last = at;
        let given = line.headers.map(|Pairs(pairs)| Fields::from(pairs));
        let headers = match (given, line.headers_name.map(Name::text)) {
            (Some(fields), Some(name)) => {
                if self.named.len() >= MOST_NAMED && !self.named.contains_key(&name) {
                    return Err(self.problem(format!("more than {MOST_NAMED} different `headers_name`")));
                }
                self.named.insert(name, Arc::clone(&fields));
                Some(fields)
            }
            (None, Some(name)) => match self.named.get(&name) {
                Some(fields) => Some(Arc::clone(fields)),
                None => {
                    return Err(self.problem(format!(
                        "no line before has `headers` with the `headers_name` `{}`",
                        name.chars().take(60).collect::<String>()
                    )));
                }
            },
            (fields, None) => fields,
        };
        let address = match line.ip {
            IpAddr::V4(address) => address.to_ipv6_mapped().into(),
            IpAddr::V6(address) => address.into(),
        };
        Ok(Row {
            line: self.line,
            at,
            address,
            user: line.user,
            password: line.password,
            password_ok: line.password_ok,
            is_attack: line.label != "good",
            device: line.device.map(Name::text),
            visit: line.visit.map(Name::text),
            route: line.route,
            user_agent: line.ua,
            headers,
        })
    }

    fn problem(&self, problem: String) -> Failure {
        Failure::Traffic { file: self.name.clone(), line: self.line, problem }
    }
}

fn milliseconds(time: &Time) -> Result<u64, String> {
    let seconds = match time {
        Time::Seconds(seconds) if *seconds >= 0.0 && *seconds < EARLIEST => *seconds + OWN_START,
        Time::Seconds(seconds) => *seconds,
        Time::Text(text) => {
            let parsed = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| {
                "`t` is neither a number of seconds nor a time like 2026-01-31T12:00:00Z".to_owned()
            })?;
            parsed.unix_timestamp_nanos() as f64 / 1e9
        }
    };
    if !(EARLIEST..LATEST).contains(&seconds) {
        return Err("`t` is before the year 2000 or too far in the future".to_owned());
    }
    Ok((seconds * 1000.0).round() as u64)
}

/// What serde says, without the line that it counts itself and without the names of its types.
fn in_words(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    if text.contains("untagged") {
        return "`t` must be a number or a text; `device`, `visit` and `headers_name` a text or a whole number".to_owned();
    }
    format!("{text} (column {})", error.column())
}
