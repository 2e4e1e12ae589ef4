//! One JSON pointer, and how far the reader's place in the document agrees with it.

use super::DEEPEST;
use crate::http::field::{Collector, Field, Reading};

/// One JSON pointer, and how far the reader's place in the document agrees with it.
#[derive(Debug)]
pub(super) struct Pointer {
    /// Nothing where the text was no pointer or was longer than [`DEEPEST`].
    tokens: Option<Vec<Token>>,
    /// How many tokens agree with the containers around the reader's place, from the outermost on.
    agreed: usize,
    /// Bit `n`: token `n` has been met in the present container of that depth.
    met: u64,
    reading: Reading,
    /// Whether an object or array that is not empty stands there.
    has_members: bool,
}

#[derive(Debug)]
struct Token {
    key: Vec<u8>,
    /// The token as the position of an array element.
    position: Option<u64>,
}

impl Pointer {
    pub(super) fn parse(text: &[u8]) -> Self {
        let tokens = match text.split_first() {
            None => Some(Vec::new()),
            Some((b'/', rest)) => {
                let tokens: Vec<Token> = rest.split(|byte| *byte == b'/').map(Token::parse).collect();
                (tokens.len() <= DEEPEST).then_some(tokens)
            }
            Some(_) => None,
        };
        Self { tokens, agreed: 0, met: 0, reading: Reading::default(), has_members: false }
    }

    /// Whether the next key of the container at this depth decides about this pointer.
    pub(super) fn waits_at(&self, depth: usize) -> bool {
        self.agreed.saturating_add(1) == depth
            && self.tokens.as_ref().is_some_and(|tokens| tokens.len() >= depth)
    }

    /// Whether it names the value that stands directly in the container at this depth.
    pub(super) fn is_at(&self, depth: usize) -> bool {
        self.agreed == depth && self.tokens.as_ref().is_some_and(|tokens| tokens.len() == depth)
    }

    pub(super) fn enter_member(&mut self, depth: usize, key: &Collector) {
        if self.waits_at(depth) && self.token(depth).is_some_and(|token| key.equals(&token.key)) {
            self.enter(depth);
        }
    }

    pub(super) fn enter_element(&mut self, depth: usize, position: u64) {
        if self.waits_at(depth) && self.token(depth).is_some_and(|token| token.position == Some(position)) {
            self.enter(depth);
        }
    }

    /// The present member or element of the container at this depth is over.
    pub(super) fn leave(&mut self, depth: usize) {
        if self.agreed == depth {
            self.agreed = depth.saturating_sub(1);
        }
    }

    pub(super) fn set(&mut self, field: Field) {
        self.reading.field = field;
    }

    /// An object or array stands in the container at this depth; whether it has members shows when it is closed at once.
    pub(super) fn note_container(&mut self, depth: usize, has_members: bool) {
        if self.is_at(depth) {
            self.has_members = has_members;
        }
    }

    pub(super) const fn has_members(&self) -> bool {
        self.has_members
    }

    pub(super) fn into_reading(self) -> Reading {
        self.reading
    }

    /// The last token of the first `depth` ones.
    fn token(&self, depth: usize) -> Option<&Token> {
        self.tokens.as_ref()?.get(depth.checked_sub(1)?)
    }

    fn enter(&mut self, depth: usize) {
        self.agreed = depth;
        let bit = 1_u64.checked_shl(u32::try_from(depth.saturating_sub(1)).unwrap_or(u32::MAX)).unwrap_or(0);
        if self.met & bit != 0 {
            // The same key again: parsers keep the last member, so what stood in the earlier one is void.
            self.reading = Reading { field: Field::Absent, repeated: true };
            self.has_members = false;
        }
        // What is below this member has not been met in it yet.
        self.met = (self.met & bit.wrapping_sub(1)) | bit;
    }
}

impl Token {
    fn parse(escaped: &[u8]) -> Self {
        let mut key = Vec::with_capacity(escaped.len());
        let mut rest = escaped;
        while let Some((&byte, after)) = rest.split_first() {
            let (decoded, length) = match (byte, after.first()) {
                (b'~', Some(b'0')) => (b'~', 2),
                (b'~', Some(b'1')) => (b'/', 2),
                _ => (byte, 1),
            };
            key.push(decoded);
            rest = rest.get(length..).unwrap_or_default();
        }
        let leading_zero = key.len() > 1 && key.first() == Some(&b'0');
        let digits = !key.is_empty() && key.iter().all(u8::is_ascii_digit) && !leading_zero;
        let position = std::str::from_utf8(&key).ok().filter(|_| digits).and_then(|text| text.parse().ok());
        Self { key, position }
    }
}
