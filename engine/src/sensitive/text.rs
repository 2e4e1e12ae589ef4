//! The part of a stream that a detector can see.

/// How many bytes in front of a place a detector may look at. More would make the answer depend on the chunks.
pub(super) const CONTEXT: usize = 128;

/// The part of a stream that a detector can see.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    /// What is being scanned.
    pub(super) bytes: &'a [u8],
    /// What stood directly in front of it; [`CONTEXT`] bytes, or fewer where the stream began there.
    pub(super) before: &'a [u8],
    /// Nothing follows.
    pub(super) end: bool,
    /// The stream looks like JSON.
    pub(super) json: bool,
}

/// Whether a condition on bytes holds, as far as they are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Yes,
    No,
    /// The bytes that decide are still to come.
    Open,
}

impl Text<'_> {
    pub(super) fn at(&self, position: usize) -> Option<u8> {
        self.bytes.get(position).copied()
    }

    /// The byte `distance` in front of a position, at most [`CONTEXT`].
    pub(super) fn behind(&self, position: usize, distance: usize) -> Option<u8> {
        match position.checked_sub(distance) {
            Some(inside) => self.at(inside),
            None => {
                let outside = distance.saturating_sub(position);
                self.before.get(self.before.len().checked_sub(outside)?).copied()
            }
        }
    }

    /// What stands in front of a position, at most [`CONTEXT`] bytes, in one piece.
    pub(super) fn with_behind<T>(&self, position: usize, read: impl FnOnce(&[u8]) -> T) -> T {
        let inside = self.bytes.get(position.saturating_sub(CONTEXT)..position).unwrap_or_default();
        if inside.len() == CONTEXT || self.before.is_empty() {
            return read(inside);
        }
        let mut joined = [0; CONTEXT];
        let outside =
            self.before.get(self.before.len().saturating_sub(CONTEXT.saturating_sub(inside.len()))..);
        let outside = outside.unwrap_or_default();
        let length = outside.len().saturating_add(inside.len());
        for (slot, byte) in joined.iter_mut().zip(outside.iter().chain(inside)) {
            *slot = *byte;
        }
        read(joined.get(..length).unwrap_or_default())
    }

    /// Whether the byte at this position is still to come.
    pub(super) fn is_open(&self, position: usize) -> bool {
        position >= self.bytes.len() && !self.end
    }

    /// Whether a word can begin here: in front stands neither a letter, a digit nor an underscore, unless that letter
    /// is the end of an escape such as `\n`.
    pub(super) fn begins_word(&self, position: usize) -> bool {
        let Some(last) = self.behind(position, 1) else { return true };
        !is_word(last) || (matches!(last, b'n' | b'r' | b't') && self.behind(position, 2) == Some(b'\\'))
    }

    /// Whether a number can begin here: a word can, and it is neither the fraction of a decimal number, nor a phone
    /// number, nor joined by a hyphen to what `joins` accepts.
    pub(super) fn begins_number(&self, position: usize, joins: fn(u8) -> bool) -> bool {
        let further = self.behind(position, 2);
        self.begins_word(position)
            && match self.behind(position, 1) {
                Some(b'.') => !further.is_some_and(|byte| byte.is_ascii_digit()),
                Some(b'-') => !further.is_some_and(joins),
                Some(b'+') => false,
                _ => true,
            }
    }

    /// Whether a word ends in front of this position.
    pub(super) fn ends_word(&self, position: usize) -> Known {
        match self.at(position) {
            Some(byte) => Known::from(!is_word(byte)),
            None => Known::from_end(self.end),
        }
    }

    /// Whether a number ends in front of this position; the opposite of [`begins_number`](Self::begins_number).
    pub(super) fn ends_number(&self, position: usize, joins: fn(u8) -> bool) -> Known {
        let next = position.saturating_add(1);
        match (self.at(position), self.at(next)) {
            (Some(b'.' | b'-'), None) => Known::from_end(self.end),
            (Some(b'.'), Some(further)) => Known::from(!further.is_ascii_digit()),
            (Some(b'-'), Some(further)) => Known::from(!joins(further)),
            _ => self.ends_word(position),
        }
    }
}

impl Known {
    /// At the end of what is there, a value is over where the stream is.
    pub(super) fn from_end(end: bool) -> Self {
        if end { Self::Yes } else { Self::Open }
    }
}

impl From<bool> for Known {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

pub(super) const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

pub(super) const fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit()
}
