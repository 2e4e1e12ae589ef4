//! Reads chosen fields of a `multipart/form-data` body (RFC 7578) while it streams.
//!
//! Servers disagree a lot about bodies that are almost multipart: bare line feeds, blanks behind a boundary, folded or
//! repeated header fields, a boundary in the middle of a line, text without a header. A client has no reason to send any
//! of them, and an attacker has one: the filter reads one name and the application another. So the reader is strict: what
//! well-behaved clients write is read, and at the first other thing the whole body is [`Field::Malformed`].
//!
//! Where only one field is in doubt, only that field is: a transfer encoding that has to be undone, a charset that does
//! not write ASCII as ASCII, an empty file name (a field to some servers, a file to others). A part with a file name is
//! not a field. Names are compared with case.

mod delimiter;
mod head;
#[cfg(test)]
mod tests;

use self::delimiter::{DelimiterSearch, Found};
use self::head::{PartHead, PartKind};
use super::field::{Field, LONGEST_VALUE, Reading};

pub use self::head::boundary;

/// How many bytes a line of a part's header may have. Browsers send names and file names there, nothing else.
const LONGEST_LINE: usize = 2048;

/// How many header lines a part may have.
const MOST_LINES: usize = 16;

/// A streaming reader of the fields of a `multipart/form-data` body.
#[derive(Debug)]
pub struct MultipartReader {
    names: Vec<Vec<u8>>,
    readings: Vec<Reading>,
    state: State,
    search: DelimiterSearch,
    /// The header line that is being read.
    line: Vec<u8>,
    lines: usize,
    head: PartHead,
    /// The value that is being read, as far as it may be kept, and the beginning of the delimiter behind it.
    value: Vec<u8>,
    /// How long the value is with what may be the delimiter behind it.
    value_length: usize,
}

/// What is being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before the first delimiter.
    Preamble,
    /// Behind a delimiter.
    Delimiter,
    /// Behind a delimiter and one dash.
    Dash,
    /// Behind a delimiter and a carriage return.
    DelimiterReturn,
    /// In a part's header.
    Head,
    /// In a part's header, behind a carriage return.
    HeadReturn,
    /// In the value of a part that somebody asked for.
    Value,
    /// In another part.
    Skipped,
    /// Behind the last part.
    Epilogue,
    /// This is not `multipart/form-data`, or not all servers would agree on what it says.
    Broken,
}

impl MultipartReader {
    /// A reader of these fields, by their names. `boundary` is what [`boundary()`] found in the content type; without
    /// one, every field is malformed. Values longer than [`LONGEST_VALUE`] are reported as too long.
    #[must_use]
    pub fn new(names: Vec<Vec<u8>>, boundary: Option<Vec<u8>>) -> Self {
        let readings = names.iter().map(|_| Reading::default()).collect();
        Self {
            names,
            readings,
            state: if boundary.is_some() { State::Preamble } else { State::Broken },
            search: DelimiterSearch::new(&boundary.unwrap_or_default()),
            line: Vec::new(),
            lines: 0,
            head: PartHead::default(),
            value: Vec::new(),
            value_length: 0,
        }
    }

    /// Reads on.
    pub fn push(&mut self, chunk: &[u8]) {
        let mut rest = chunk;
        while let Some((&byte, after)) = rest.split_first() {
            if self.state == State::Broken {
                return;
            }
            // Most bytes of most bodies belong to files, and most of those begin no delimiter.
            let skips = matches!(self.state, State::Skipped | State::Preamble | State::Epilogue);
            if skips && self.search.is_idle() {
                let Some(at) = memchr::memchr2(b'\r', b'-', rest) else { return };
                if at > 0 {
                    rest = rest.get(at..).unwrap_or_default();
                    continue;
                }
            }
            rest = after;
            self.byte(byte);
        }
    }

    /// What was found, in the order of the names.
    ///
    /// Where the body only broke off, what was complete stands, and what was not is malformed.
    #[must_use]
    pub fn finish(mut self) -> Vec<Reading> {
        if self.state == State::Value {
            self.end_value(Field::Malformed);
        }
        for reading in &mut self.readings {
            let is_unknown = self.state != State::Epilogue && reading.field == Field::Absent;
            if self.state == State::Broken || is_unknown {
                reading.field = Field::Malformed;
            }
        }
        self.readings
    }

    fn byte(&mut self, byte: u8) {
        let found = self.search.step(byte);
        if found == Found::Misplaced {
            self.state = State::Broken;
            return;
        }
        let is_delimiter = found == Found::Delimiter;
        self.state = match (self.state, byte) {
            (State::Preamble | State::Skipped, _) if is_delimiter => State::Delimiter,
            (State::Value, _) => {
                self.store(byte);
                if is_delimiter {
                    let field = self.collected();
                    self.end_value(field);
                    State::Delimiter
                } else {
                    State::Value
                }
            }
            // A header without the empty line behind it, or a part behind the last one.
            _ if is_delimiter => State::Broken,
            (State::Delimiter, b'-') => State::Dash,
            (State::Delimiter, b'\r') => State::DelimiterReturn,
            (State::Dash, b'-') => State::Epilogue,
            (State::DelimiterReturn, b'\n') => {
                self.head = PartHead::default();
                self.lines = 0;
                State::Head
            }
            (State::Delimiter | State::Dash | State::DelimiterReturn, _) => State::Broken,
            (State::Head, b'\r') => State::HeadReturn,
            (State::Head, b'\t' | b' '..) if byte != 0x7f && self.line.len() < LONGEST_LINE => {
                self.line.push(byte);
                State::Head
            }
            (State::HeadReturn, b'\n') => self.end_line(),
            (State::Head | State::HeadReturn, _) => State::Broken,
            (state, _) => state,
        };
    }

    /// A line of a part's header is over.
    fn end_line(&mut self) -> State {
        if self.line.is_empty() {
            return self.begin_value();
        }
        self.lines = self.lines.saturating_add(1);
        let read = self.head.line(&self.line);
        self.line.clear();
        if read.is_err() || self.lines > MOST_LINES { State::Broken } else { State::Head }
    }

    fn begin_value(&mut self) -> State {
        // The line break behind the header is not the one in front of a delimiter: such a part would have no value at
        // all, which servers read differently.
        self.search.start_over();
        self.value.clear();
        self.value_length = 0;
        let is_wanted = self.names.iter().any(|name| self.head.is_named(name));
        if is_wanted && self.head.kind() != PartKind::File { State::Value } else { State::Skipped }
    }

    fn store(&mut self, byte: u8) {
        self.value_length = self.value_length.saturating_add(1);
        if self.value.len() < LONGEST_VALUE {
            self.value.push(byte);
        }
    }

    /// The value, now that the delimiter behind it was read.
    fn collected(&self) -> Field {
        let length = self.value_length.saturating_sub(self.search.length());
        if self.head.is_encoded() || self.head.kind() == PartKind::Unclear {
            return Field::Malformed;
        }
        match self.value.get(..length) {
            Some(value) => Field::Value(value.to_vec()),
            None => Field::TooLong,
        }
    }

    fn end_value(&mut self, copy: Field) {
        for (name, reading) in self.names.iter().zip(&mut self.readings) {
            if self.head.is_named(name) {
                reading.repeated |= reading.field != Field::Absent && reading.field != copy;
                reading.field = copy.clone();
            }
        }
    }
}
