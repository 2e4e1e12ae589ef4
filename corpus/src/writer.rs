//! Writes JSON piece by piece, in the order in which an API would.

use std::fmt::{Display, Write as _};

/// A JSON value that is being written. Numbers are given as text, so that they look as they should.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    text: String,
}

impl Writer {
    /// What was written.
    pub(crate) fn finish(self) -> String {
        self.text
    }

    /// An object, as a member or, without a name, as a value.
    pub(crate) fn object(&mut self, name: &str, write: impl FnOnce(&mut Self)) {
        self.name(name);
        self.text.push('{');
        write(self);
        self.text.push('}');
    }

    /// An array, as a member or, without a name, as a value.
    pub(crate) fn array(&mut self, name: &str, write: impl FnOnce(&mut Self)) {
        self.name(name);
        self.text.push('[');
        write(self);
        self.text.push(']');
    }

    /// A string.
    pub(crate) fn string(&mut self, name: &str, value: impl Display) {
        self.name(name);
        self.text.push('"');
        for character in value.to_string().chars() {
            self.character(character);
        }
        self.text.push('"');
    }

    /// A number, `true`, `false`, `null` or JSON that was written before.
    pub(crate) fn plain(&mut self, name: &str, value: impl Display) {
        self.name(name);
        // Writing to a string does not fail.
        let _ = write!(self.text, "{value}");
    }

    /// `null`.
    pub(crate) fn null(&mut self, name: &str) {
        self.plain(name, "null");
    }

    fn name(&mut self, name: &str) {
        if !self.text.is_empty() && !self.text.ends_with(['{', '[']) {
            self.text.push(',');
        }
        if !name.is_empty() {
            let _ = write!(self.text, "\"{name}\":");
        }
    }

    fn character(&mut self, character: char) {
        match character {
            '"' => self.text.push_str("\\\""),
            '\\' => self.text.push_str("\\\\"),
            '\n' => self.text.push_str("\\n"),
            '\t' => self.text.push_str("\\t"),
            // As many frameworks write what could be markup.
            '<' | '>' | '&' => {
                let _ = write!(self.text, "\\u{:04x}", u32::from(character));
            }
            _ => self.text.push(character),
        }
    }
}
