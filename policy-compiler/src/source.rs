//! The files that a policy is made of, and places in them.
//!
//! Places are byte ranges. The YAML scanner counts characters, people count lines and columns; both are translated here
//! and nowhere else.

use std::path::{Path, PathBuf};

/// Which file; a position in [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(usize);

/// A range of bytes in a file, on character borders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Which file.
    pub file: FileId,
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// The value at this place.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

/// Line and column for people; both start at 1, columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The character in the line.
    pub column: usize,
}

/// One file.
#[derive(Debug)]
pub struct SourceFile {
    path: PathBuf,
    text: String,
    line_starts: Vec<usize>,
}

impl SourceFile {
    fn new(path: PathBuf, text: String) -> Self {
        let newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let line_starts = std::iter::once(0).chain(newlines.map(|(at, _)| at + 1)).collect();
        Self { path, text, line_starts }
    }

    /// The path as the user gave it.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Line and column of a byte.
    #[must_use]
    pub fn position(&self, byte: usize) -> Position {
        let line = self.line_of(byte);
        let before = self.text.get(self.line_start(line)..byte).unwrap_or("");
        Position { line: line + 1, column: before.chars().count() + 1 }
    }

    /// The range of bytes of the lines that a span touches, without the last line's end, and the number of the first
    /// line, starting at 1.
    #[must_use]
    pub fn lines_around(&self, start: usize, end: usize) -> (std::ops::Range<usize>, usize) {
        let first = self.line_of(start);
        let last = self.line_of(end.max(start));
        let stop = self.line_starts.get(last + 1).map_or(self.text.len(), |next| next.saturating_sub(1));
        (self.line_start(first)..stop, first + 1)
    }

    fn line_of(&self, byte: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= byte).saturating_sub(1)
    }

    fn line_start(&self, line: usize) -> usize {
        self.line_starts.get(line).copied().unwrap_or(0)
    }
}

/// Every file read in one run.
#[derive(Debug, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Sources {
    /// Adds a file.
    pub fn add(&mut self, path: impl Into<PathBuf>, text: impl Into<String>) -> FileId {
        self.files.push(SourceFile::new(path.into(), text.into()));
        FileId(self.files.len() - 1)
    }

    /// The file, if it is one of these sources.
    #[must_use]
    pub fn file(&self, id: FileId) -> Option<&SourceFile> {
        self.files.get(id.0)
    }

    /// The text of a file; empty for a file of other sources.
    #[must_use]
    pub fn text(&self, id: FileId) -> &str {
        self.file(id).map_or("", SourceFile::text)
    }
}

/// Translates positions counted in characters into bytes.
#[derive(Debug)]
pub struct CharacterIndex {
    /// Byte offset of each character; empty where all characters are one byte long.
    offsets: Vec<usize>,
    length: usize,
}

impl CharacterIndex {
    /// The index of a text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let offsets =
            if text.is_ascii() { Vec::new() } else { text.char_indices().map(|(byte, _)| byte).collect() };
        Self { offsets, length: text.len() }
    }

    /// The byte at which this character starts; the length of the text beyond its end.
    #[must_use]
    pub fn byte(&self, character: usize) -> usize {
        if self.offsets.is_empty() {
            character.min(self.length)
        } else {
            self.offsets.get(character).copied().unwrap_or(self.length)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_spans_count_bytes() {
        let mut sources = Sources::default();
        let text = "über: ä\nzwei: b\n";
        let id = sources.add("p.yaml", text);
        let file = sources.file(id).unwrap();
        let index = CharacterIndex::new(text);
        assert_eq!(index.byte(6), 7, "the second umlaut follows five characters, one of which has two bytes");
        assert_eq!(file.position(7), Position { line: 1, column: 7 });
        assert_eq!(file.position(text.find("b\n").unwrap()), Position { line: 2, column: 7 });
        assert_eq!(index.byte(1000), text.len());
    }

    #[test]
    fn the_lines_around_a_span_are_whole_lines() {
        let mut sources = Sources::default();
        let id = sources.add("p.yaml", "one\ntwo\nthree");
        let file = sources.file(id).unwrap();
        let (range, first) = file.lines_around(5, 9);
        assert_eq!((file.text().get(range), first), (Some("two\nthree"), 2));
    }
}
