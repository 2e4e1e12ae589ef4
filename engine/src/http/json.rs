//! Reads chosen values of a JSON body while it streams.
//!
//! Values are named by JSON pointers (RFC 6901). The reader is a tokenizer with counters instead of a stack: a document
//! nested ten thousand deep costs what a flat one costs. It is strict where two parsers could disagree about which value
//! stands where (structure, escapes) and lenient where they could not (spelling of numbers, control characters).
//!
//! Limits: a pointer longer than [`DEEPEST`] tokens matches nothing, and below that depth brackets are counted but not
//! checked. After the first value of the body nothing is read. Keys are compared exactly. An object or array is not a
//! value, so a pointer to one reads as [`Field::Absent`].

mod pointer;
#[cfg(test)]
mod tests;
mod text;

use self::pointer::Pointer;
use self::text::{StringStep, TextReader};
use super::field::{Collector, Field, LONGEST_VALUE, Reading};

/// How deep values are looked for.
pub const DEEPEST: usize = 64;

/// A streaming reader of JSON values.
#[derive(Debug)]
pub struct PointerReader {
    pointers: Vec<Pointer>,
    state: State,
    /// The open containers down to [`DEEPEST`], outermost first.
    open: Vec<Container>,
    /// How many containers are open below [`DEEPEST`].
    deeper: u64,
    text: TextReader,
    collector: Collector,
    /// Whether what is being read is kept in the collector.
    collecting: bool,
    /// How many bytes of a byte order mark have been skipped.
    mark: usize,
}

/// What is expected next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The first value, possibly after a byte order mark.
    Start,
    /// A value.
    Value,
    /// A value, or the end of an array that has none.
    ValueOrEnd,
    /// A key.
    Key,
    /// A key, or the end of an object that has none.
    KeyOrEnd,
    /// The rest of a key.
    InKey,
    /// The colon after a key.
    Colon,
    /// The rest of a string.
    InString,
    /// The rest of a number, `true`, `false` or `null`.
    InLiteral,
    /// A comma or the end of the container.
    AfterValue,
    /// Below [`DEEPEST`], outside of strings.
    Deep,
    /// Below [`DEEPEST`], in a string.
    DeepString,
    /// The first value is complete.
    Done,
    /// This is not JSON.
    Broken,
}

/// An open container.
#[derive(Clone, Copy, Debug)]
enum Container {
    Object,
    /// The position of the current element.
    Array(u64),
}

impl PointerReader {
    /// A reader of the values at these pointers. A text that is no pointer matches nothing. The cost grows with the
    /// number of pointers; a policy has at most 16 per body.
    #[must_use]
    pub fn new(pointers: Vec<Vec<u8>>) -> Self {
        let pointers: Vec<Pointer> = pointers.iter().map(|text| Pointer::parse(text)).collect();
        Self {
            pointers,
            state: State::Start,
            open: Vec::new(),
            deeper: 0,
            text: TextReader::default(),
            collector: Collector::new(LONGEST_VALUE),
            collecting: false,
            mark: 0,
        }
    }

    /// Reads on.
    pub fn push(&mut self, chunk: &[u8]) {
        let mut rest = chunk;
        while !rest.is_empty() {
            rest = match self.state {
                State::Done | State::Broken => return,
                State::InKey | State::InString => self.string(rest),
                State::DeepString => self.deep_string(rest),
                State::InLiteral => self.literal(rest),
                _ => {
                    let Some((&byte, after)) = rest.split_first() else { return };
                    self.structure(byte);
                    after
                }
            };
        }
    }

    /// At which pointers an object or array stands that is not empty, in their order. Known for what was read so far.
    #[must_use]
    pub fn with_members(&self) -> Vec<bool> {
        self.pointers.iter().map(Pointer::has_members).collect()
    }

    /// What was found, in the order of the pointers.
    ///
    /// Where the body is not JSON, nothing can be relied on and every field is [`Field::Malformed`]. Where it only broke
    /// off, what was complete stands, and what had not been met is malformed.
    #[must_use]
    pub fn finish(mut self) -> Vec<Reading> {
        if self.state == State::InLiteral && self.open.is_empty() {
            self.end_scalar();
        }
        let state = self.state;
        let reading = |pointer: Pointer| {
            let mut reading = pointer.into_reading();
            if state == State::Broken || (state != State::Done && reading.field == Field::Absent) {
                reading.field = Field::Malformed;
            }
            reading
        };
        self.pointers.into_iter().map(reading).collect()
    }

    /// One byte outside of strings and literals.
    fn structure(&mut self, byte: u8) {
        if self.state == State::Deep {
            self.deep(byte);
            return;
        }
        if matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
            return;
        }
        if self.state == State::Start {
            if BYTE_ORDER_MARK.get(self.mark) == Some(&byte) {
                self.mark = self.mark.saturating_add(1);
                return;
            }
            self.state = if matches!(self.mark, 0 | 3) { State::Value } else { State::Broken };
        }
        match (self.state, byte) {
            (State::Value | State::ValueOrEnd, b'{') => {
                self.open_container(Container::Object, State::KeyOrEnd)
            }
            (State::Value | State::ValueOrEnd, b'[') => {
                self.open_container(Container::Array(0), State::ValueOrEnd);
                self.enter_element(0);
            }
            (State::Value | State::ValueOrEnd, b'"') => {
                self.begin_text(self.at_value());
                self.state = State::InString;
            }
            (State::ValueOrEnd, b']') | (State::KeyOrEnd, b'}') => {
                self.close_container();
                self.note_container(false);
            }
            (State::Value | State::ValueOrEnd, _) if is_literal(byte) => {
                self.begin_text(self.at_value());
                self.collect(&[byte]);
                self.state = State::InLiteral;
            }
            (State::Key | State::KeyOrEnd, b'"') => {
                let depth = self.open.len();
                self.begin_text(self.pointers.iter().any(|pointer| pointer.waits_at(depth)));
                self.state = State::InKey;
            }
            (State::Colon, b':') => self.state = State::Value,
            (State::AfterValue, b',') => self.next_member(),
            (State::AfterValue, b'}') if matches!(self.open.last(), Some(Container::Object)) => {
                self.close_container()
            }
            (State::AfterValue, b']') if matches!(self.open.last(), Some(Container::Array(_))) => {
                self.close_container()
            }
            _ => self.state = State::Broken,
        }
    }

    fn note_container(&mut self, has_members: bool) {
        let depth = self.open.len();
        for pointer in &mut self.pointers {
            pointer.note_container(depth, has_members);
        }
    }

    fn open_container(&mut self, container: Container, next: State) {
        self.note_container(true);
        if self.open.len() < DEEPEST {
            self.open.push(container);
            self.state = next;
        } else {
            self.deeper = 1;
            self.state = State::Deep;
        }
    }

    fn close_container(&mut self) {
        let depth = self.open.len();
        for pointer in &mut self.pointers {
            pointer.leave(depth);
        }
        self.open.pop();
        self.end_value();
    }

    fn next_member(&mut self) {
        let depth = self.open.len();
        for pointer in &mut self.pointers {
            pointer.leave(depth);
        }
        match self.open.last_mut() {
            Some(Container::Object) => self.state = State::Key,
            Some(Container::Array(position)) => {
                *position = position.saturating_add(1);
                let position = *position;
                self.enter_element(position);
                self.state = State::Value;
            }
            None => self.state = State::Broken,
        }
    }

    fn enter_element(&mut self, position: u64) {
        if self.state == State::Deep {
            return;
        }
        let depth = self.open.len();
        for pointer in &mut self.pointers {
            pointer.enter_element(depth, position);
        }
    }

    /// Whether some pointer names the value that begins now.
    fn at_value(&self) -> bool {
        let depth = self.open.len();
        self.pointers.iter().any(|pointer| pointer.is_at(depth))
    }

    fn begin_text(&mut self, collecting: bool) {
        self.collecting = collecting;
        self.collector.clear();
        self.text = TextReader::default();
    }

    fn collect(&mut self, bytes: &[u8]) {
        if self.collecting {
            self.collector.extend(bytes);
        }
    }

    /// The rest of a string or key, as far as this chunk goes.
    fn string<'a>(&mut self, chunk: &'a [u8]) -> &'a [u8] {
        let (step, rest) = self.text.read(chunk, |bytes| {
            if self.collecting {
                self.collector.extend(bytes);
            }
        });
        match step {
            StringStep::More => {}
            StringStep::Broken => self.state = State::Broken,
            StringStep::End if self.state == State::InKey => self.end_key(),
            StringStep::End => self.end_scalar(),
        }
        rest
    }

    fn end_key(&mut self) {
        let depth = self.open.len();
        if self.collecting {
            for pointer in &mut self.pointers {
                pointer.enter_member(depth, &self.collector);
            }
        }
        self.state = State::Colon;
    }

    /// The rest of a number, `true`, `false` or `null`, as far as this chunk goes.
    fn literal<'a>(&mut self, chunk: &'a [u8]) -> &'a [u8] {
        let end = chunk.iter().position(|byte| !is_literal(*byte)).unwrap_or(chunk.len());
        let (part, rest) = chunk.split_at(end);
        self.collect(part);
        match rest.first() {
            None => {}
            Some(b' ' | b'\t' | b'\n' | b'\r' | b',' | b']' | b'}') => self.end_scalar(),
            Some(_) => self.state = State::Broken,
        }
        rest
    }

    fn end_scalar(&mut self) {
        if self.collecting {
            let depth = self.open.len();
            for pointer in self.pointers.iter_mut().filter(|pointer| pointer.is_at(depth)) {
                pointer.set(self.collector.field());
            }
        }
        self.end_value();
    }

    fn end_value(&mut self) {
        self.state = if self.open.is_empty() { State::Done } else { State::AfterValue };
    }

    /// One byte below [`DEEPEST`], outside of strings.
    fn deep(&mut self, byte: u8) {
        match byte {
            b'{' | b'[' => self.deeper = self.deeper.saturating_add(1),
            b'}' | b']' => {
                self.deeper = self.deeper.saturating_sub(1);
                if self.deeper == 0 {
                    self.state = State::AfterValue;
                }
            }
            b'"' => {
                self.begin_text(false);
                self.state = State::DeepString;
            }
            _ => {}
        }
    }

    fn deep_string<'a>(&mut self, chunk: &'a [u8]) -> &'a [u8] {
        let (step, rest) = self.text.read(chunk, |_| {});
        match step {
            StringStep::More => {}
            StringStep::Broken => self.state = State::Broken,
            StringStep::End => self.state = State::Deep,
        }
        rest
    }
}

/// What some programs write in front of UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Bytes of numbers and names; everything that is neither structure, nor white space, nor a quote, nor invisible. A slash
/// would begin a comment, which JSON does not have.
const fn is_literal(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'_')
}
