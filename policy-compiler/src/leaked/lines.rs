//! The lines of a file of any size, one at a time.

use std::io::{self, BufRead, Read as _};

/// Longer lines are nobody's password.
pub(super) const MAX_LINE_BYTES: u64 = 1024;

/// A line.
pub(super) struct Line<'a> {
    /// Counted from 1.
    pub(super) number: u64,
    /// How many bytes of the file were read with it.
    pub(super) end: u64,
    /// Its bytes without its end; `None` for a line of more than [`MAX_LINE_BYTES`].
    pub(super) content: Option<&'a [u8]>,
}

/// Reads lines that end with a line feed, or a carriage return and a line feed, or with the file.
pub(super) struct Lines<R> {
    reader: R,
    line: Vec<u8>,
    number: u64,
    end: u64,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, line: Vec::new(), number: 0, end: 0 }
    }

    /// The next line; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.line.clear();
        // Two bytes for the line's end.
        let read = self.reader.by_ref().take(MAX_LINE_BYTES + 2).read_until(b'\n', &mut self.line)?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        self.end += read as u64;
        if !self.line.ends_with(b"\n") {
            self.end += self.reader.skip_until(b'\n')? as u64;
        }
        let (number, end) = (self.number, self.end);
        let content = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        let content = content.strip_suffix(b"\r").unwrap_or(content);
        // Some editors start a file with this mark.
        let content =
            if number == 1 { content.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(content) } else { content };
        let fits = content.len() as u64 <= MAX_LINE_BYTES;
        Ok(Some(Line { number, end, content: fits.then_some(content) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8]) -> Vec<Option<Vec<u8>>> {
        // A small buffer, so that lines lie across its borders.
        let mut lines = Lines::new(io::BufReader::with_capacity(3, text));
        let mut all = Vec::new();
        let mut end = 0;
        while let Some(line) = lines.next().unwrap() {
            assert_eq!(line.number, all.len() as u64 + 1);
            end = line.end;
            all.push(line.content.map(<[u8]>::to_vec));
        }
        assert_eq!(end, text.len() as u64);
        all
    }

    #[test]
    fn lines_end_in_either_way_and_keep_everything_else() {
        let lines = all(b"one\r\n two \n\n\rx\r\r\nlast");
        let expected: [&[u8]; 5] = [b"one", b" two ", b"", b"\rx\r", b"last"];
        assert_eq!(lines, expected.map(|line| Some(line.to_vec())));
        assert_eq!(all(b""), []);
        assert_eq!(all(b"\xEF\xBB\xBFone\n\xEF\xBB\xBFtwo\n")[0], Some(b"one".to_vec()));
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over_whole() {
        for excess in [0, 1, 2, 3, 100_000] {
            for ending in ["", "\r"] {
                let long = "x".repeat(usize::try_from(MAX_LINE_BYTES).unwrap() + excess);
                let lines = all(format!("a\n{long}{ending}\nb\n").as_bytes());
                assert_eq!((lines.len(), lines[1].is_some()), (3, excess == 0), "{excess} {ending:?}");
                assert_eq!(lines[2].as_deref(), Some(&b"b"[..]));
            }
        }
    }
}
