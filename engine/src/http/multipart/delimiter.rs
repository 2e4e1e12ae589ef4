//! Finds where a part ends, and notices what only looks like it.

/// The most characters that a boundary has (RFC 2046, 5.1.1).
pub(super) const LONGEST_BOUNDARY: usize = 70;

/// What a byte completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing.
    Nothing,
    /// A delimiter: the line break in front of it and its dashes included.
    Delimiter,
    /// The text of a delimiter that does not begin a line. Some servers split there, some do not.
    Misplaced,
}

/// A search for `--boundary` at the beginning of a line and anywhere else, byte by byte (Knuth, Morris and Pratt, 1977).
#[derive(Debug)]
pub(super) struct DelimiterSearch {
    /// A line break, two dashes and the boundary.
    delimiter: Vec<u8>,
    /// For each length, how long the longest proper prefix is that ends there, of `delimiter` and of it without its line
    /// break.
    with_break: Vec<usize>,
    without_break: Vec<usize>,
    /// How much of either has been read.
    matched_with: usize,
    matched_without: usize,
}

/// How long the line break in front of the dashes is.
const LINE_BREAK: usize = 2;

impl DelimiterSearch {
    /// A search that stands at the beginning of a body, where a line begins without a line break.
    pub(super) fn new(boundary: &[u8]) -> Self {
        let delimiter = [b"\r\n--", boundary].concat();
        Self {
            with_break: prefixes(&delimiter),
            without_break: prefixes(delimiter.get(LINE_BREAK..).unwrap_or_default()),
            delimiter,
            matched_with: LINE_BREAK,
            matched_without: 0,
        }
    }

    /// How many bytes the delimiter has, its line break included.
    pub(super) const fn length(&self) -> usize {
        self.delimiter.len()
    }

    /// Whether nothing that was read so far can belong to a delimiter.
    pub(super) const fn is_idle(&self) -> bool {
        self.matched_with == 0 && self.matched_without == 0
    }

    /// Forgets what was read: no delimiter may begin before here.
    pub(super) const fn start_over(&mut self) {
        self.matched_with = 0;
        self.matched_without = 0;
    }

    /// Reads one byte.
    pub(super) fn step(&mut self, byte: u8) -> Found {
        let text = self.delimiter.get(LINE_BREAK..).unwrap_or_default();
        self.matched_with = advance(&self.delimiter, &self.with_break, self.matched_with, byte);
        self.matched_without = advance(text, &self.without_break, self.matched_without, byte);
        if self.matched_with == self.delimiter.len() {
            self.start_over();
            Found::Delimiter
        } else if self.matched_without == text.len() {
            Found::Misplaced
        } else {
            Found::Nothing
        }
    }
}

/// How much of the text is matched once this byte was read.
fn advance(text: &[u8], prefixes: &[usize], matched: usize, byte: u8) -> usize {
    let mut matched = matched;
    loop {
        if text.get(matched) == Some(&byte) {
            return matched.saturating_add(1);
        }
        // Each turn makes it shorter, and each byte makes it longer by one at most.
        match matched.checked_sub(1) {
            None => return 0,
            Some(last) => matched = prefixes.get(last).copied().unwrap_or(0),
        }
    }
}

/// For each position, the length of the longest proper prefix of the text that ends there.
fn prefixes(text: &[u8]) -> Vec<usize> {
    let mut prefixes: Vec<usize> = Vec::with_capacity(text.len());
    let mut matched = 0;
    for (position, byte) in text.iter().enumerate() {
        if position > 0 {
            matched = advance(text, &prefixes, matched, *byte);
        }
        prefixes.push(matched);
    }
    prefixes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the first delimiter-like text is, and behind which byte.
    fn first(boundary: &[u8], body: &[u8]) -> (Found, usize) {
        let mut search = DelimiterSearch::new(boundary);
        for (position, byte) in body.iter().enumerate() {
            let found = search.step(*byte);
            if found != Found::Nothing {
                return (found, position + 1);
            }
        }
        (Found::Nothing, body.len())
    }

    #[test]
    fn delimiters_begin_lines() {
        assert_eq!(first(b"x", b"--x"), (Found::Delimiter, 3));
        assert_eq!(first(b"x", b"pre\r\n--x"), (Found::Delimiter, 8));
        assert_eq!(first(b"x", b"pre\r\r\n---x--x"), (Found::Misplaced, 10));
        assert_eq!(first(b"x", b"pre\n--x"), (Found::Misplaced, 7));
        assert_eq!(first(b"x", b"\r\n-\r\n--x"), (Found::Delimiter, 8));
        assert_eq!(first(b"x", b"-x -\r-x"), (Found::Nothing, 7));
    }

    proptest! {
        #[test]
        fn it_agrees_with_a_plain_search(
            boundary in "[-a]{1,6}",
            body in proptest::collection::vec(proptest::sample::select(b"-a\r\n".to_vec()), 0..80),
        ) {
            let text = [b"--", boundary.as_bytes()].concat();
            let ends = (0..=body.len()).filter(|end| body[..*end].ends_with(&text));
            let expected = ends.map(|end| {
                let before = &body[..end - text.len()];
                let begins_line = before.is_empty() || before.ends_with(b"\r\n");
                (if begins_line { Found::Delimiter } else { Found::Misplaced }, end)
            });
            let expected = expected.into_iter().next().unwrap_or((Found::Nothing, body.len()));
            prop_assert_eq!(first(boundary.as_bytes(), &body), expected);
        }
    }
}
