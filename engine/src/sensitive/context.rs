//! Words that say what comes: a key `ssn`, a label "Steuer-ID".
//!
//! A context word opens a window behind it, in which the detectors that know the word look closer: at every beginning of a
//! word or number, and with more confidence. The window ends after a number of bytes, or earlier where the structure says
//! that something else begins: in JSON at the next member of the same object, in a form at `&`, in a path at `/`. In a table of columns a word
//! in the first line speaks for its column.

use super::body::Structure;
use super::view::INNER_QUOTE;

/// How far a word speaks in a text, in characters.
const WINDOW: usize = 64;
/// The same in JSON, where the structure ends it sooner: what stands in an object or array under the key.
const JSON_WINDOW: usize = 128;
/// Columns of a table whose heading is remembered; later ones have none.
const MOST_COLUMNS: usize = 64;

/// The context at one place of a stream.
#[derive(Clone, Debug)]
pub(super) struct Context {
    structure: Structure,
    /// Which words speak, a bit for each context of the policy.
    bits: u64,
    /// Up to which position.
    until: usize,
    /// How many brackets were opened in the window and not closed.
    depth: u32,
    /// Whether the last byte was a letter or digit.
    after_word: bool,
    columns: Option<Box<Columns>>,
}

#[derive(Clone, Debug)]
struct Columns {
    headings: [u64; MOST_COLUMNS],
    column: usize,
    in_first_line: bool,
    in_quotes: bool,
    /// Where a quotation mark would begin a quoted value: at the beginning of one, and directly behind another mark.
    opens_at: Option<usize>,
    any: bool,
}

impl Context {
    pub(super) fn new(structure: Structure) -> Self {
        let columns = matches!(structure, Structure::Columns(_)).then(|| {
            Box::new(Columns {
                headings: [0; MOST_COLUMNS],
                column: 0,
                in_first_line: true,
                in_quotes: false,
                opens_at: Some(0),
                any: false,
            })
        });
        Self { structure, bits: 0, until: 0, depth: 0, after_word: false, columns }
    }

    /// Which words speak at this position.
    pub(super) fn bits(&self, position: usize) -> u64 {
        let heading = self.columns.as_ref().map_or(0, |columns| {
            let heading = columns.headings.get(columns.column).copied().unwrap_or(0);
            if columns.in_first_line { 0 } else { heading }
        });
        heading | if position < self.until { self.bits } else { 0 }
    }

    /// Whether every byte from this position on must be looked at.
    pub(super) fn needs_every_byte(&self, position: usize) -> bool {
        position < self.until
            || self.columns.as_ref().is_some_and(|columns| columns.in_first_line || columns.any)
    }

    /// Notes that a word of these contexts ends here.
    pub(super) fn open(&mut self, bits: u64, end: usize) {
        if let Some(columns) = self.columns.as_mut().filter(|columns| columns.in_first_line) {
            if let Some(heading) = columns.headings.get_mut(columns.column) {
                *heading |= bits;
                columns.any = true;
            }
            return;
        }
        if end > self.until {
            self.bits = 0;
        }
        self.bits |= bits;
        self.depth = 0;
        self.after_word = true;
        self.until = end.saturating_add(self.window());
    }

    /// Notes that a value was found up to here: more of the same may follow in a list.
    pub(super) fn value_ends(&mut self, end: usize) {
        if self.depth > 0 {
            self.until = self.until.max(end.saturating_add(self.window()));
        }
    }

    const fn window(&self) -> usize {
        match self.structure {
            Structure::Json | Structure::Events => JSON_WINDOW,
            Structure::Columns(_) | Structure::Form | Structure::Text => WINDOW,
        }
    }

    /// Passes over a byte. Only needed where every byte is looked at.
    #[inline]
    pub(super) fn pass(&mut self, byte: u8, position: usize) {
        if byte.is_ascii_alphanumeric() {
            self.after_word = true;
        } else {
            let after_word = std::mem::take(&mut self.after_word);
            self.pass_between(byte, position, after_word);
        }
    }

    /// Passes over what is neither a letter nor a digit.
    fn pass_between(&mut self, byte: u8, position: usize, after_word: bool) {
        match (self.structure, byte) {
            (Structure::Json | Structure::Events, b'{' | b'[') => self.depth = self.depth.saturating_add(1),
            (Structure::Json | Structure::Events, b'}' | b']') => match self.depth.checked_sub(1) {
                Some(outer) => self.depth = outer,
                None => self.until = self.until.min(position),
            },
            (Structure::Json | Structure::Events, b',') if self.depth == 0 => {
                self.until = self.until.min(position)
            }
            (Structure::Form, b'&') => self.until = self.until.min(position),
            (Structure::Columns(separator), _) => self.pass_column(byte, separator, position),
            // The next segment of a path, or its query: `/phone-case/9407119475841?id=4488844178`.
            (_, b'/' | b'?' | b'&') if after_word => self.until = self.until.min(position),
            _ => {}
        }
    }

    fn pass_column(&mut self, byte: u8, separator: u8, position: usize) {
        let Some(columns) = &mut self.columns else { return };
        let next = position.checked_add(1);
        if byte == b'"' || byte == INNER_QUOTE {
            if columns.in_quotes {
                columns.in_quotes = false;
                columns.opens_at = next;
            } else if separator != b'\t' && columns.opens_at == Some(position) {
                // Elsewhere a mark is text (RFC 4180, section 2.5): `5" pipe`. Between tabs it always is.
                columns.in_quotes = true;
            }
        } else if columns.in_quotes {
            // A separator inside of quotes is text.
        } else if byte == separator {
            columns.column = columns.column.saturating_add(1);
            columns.opens_at = next;
            self.until = self.until.min(position);
        } else if byte == b'\n' {
            columns.column = 0;
            columns.in_first_line = false;
            columns.opens_at = next;
            self.until = self.until.min(position);
        }
    }

    /// The stream goes on, with positions counted from `origin`.
    pub(super) fn rebase(&mut self, origin: usize) {
        self.until = self.until.saturating_sub(origin);
        if let Some(columns) = &mut self.columns {
            columns.opens_at = columns.opens_at.and_then(|place| place.checked_sub(origin));
        }
    }

    /// Forgets the window: something else begins.
    pub(super) const fn close(&mut self) {
        self.until = 0;
        self.depth = 0;
    }
}
