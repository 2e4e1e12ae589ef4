//! Reads the text of chosen elements of an XML or SGML body while it streams.
//!
//! Two dialects of one family are read alike: XML, as OFX 2 and SOAP use it, and SGML as OFX 1 uses it, where an element
//! with text has no end tag and its text ends with the line or at the next tag. Names are compared without case (SGML
//! has none) and without a namespace prefix, unless the name that is asked for has one. References are decoded (those of
//! XML and numbers), CDATA sections are text, comments and processing instructions are not there, attributes are skipped.
//! Outer blanks of a text are not part of it.
//!
//! The *first* element of a name is read, because in OFX the sign-on comes first; it is marked as repeated where a later
//! one differs. Whatever one reader could take for an element and another not makes the whole body
//! [`Field::Malformed`]: document types with definitions of their own, marked sections other than CDATA, comments with
//! `--` in them, processing instructions with `>` in them, tags in tags, NUL (UTF-16), a declared encoding that does not
//! write ASCII as ASCII. An element with elements in it has no text.

mod markup;
#[cfg(test)]
mod tests;
mod text;

use self::markup::{State, is_name, is_name_start, is_readable};
use self::text::ElementText;
use super::field::{Collector, Field, Reading};

/// How many bytes of a name are told apart.
const LONGEST_NAME: usize = 128;

/// How much of a processing instruction is kept; an XML declaration is shorter.
const LONGEST_INSTRUCTION: usize = 256;

/// A streaming reader of the text of elements.
#[derive(Debug)]
pub struct ElementReader {
    wanted: Vec<Wanted>,
    state: State,
    /// The tag's name in lower case, whole and without its prefix.
    name: Collector,
    local_name: Collector,
    instruction: Collector,
    /// The name of the outermost element, once it began.
    root: Option<Vec<u8>>,
    is_root_tag: bool,
    is_root_closed: bool,
    /// The text of the wanted elements that are open.
    text: ElementText,
    is_open: bool,
}

/// An element that is asked for.
#[derive(Debug)]
struct Wanted {
    /// In lower case.
    name: Vec<u8>,
    reading: Reading,
    /// The tag that is being read begins it, or its text is being read.
    is_open: bool,
    /// One ended without an end tag of its own. If that comes later, the element had others in it.
    was_left_open: bool,
}

impl ElementReader {
    /// A reader of the elements of these names. Texts longer than [`super::LONGEST_VALUE`] are reported as too long.
    #[must_use]
    pub fn new(names: Vec<Vec<u8>>) -> Self {
        let wanted = |name: Vec<u8>| Wanted {
            name: name.to_ascii_lowercase(),
            reading: Reading::default(),
            is_open: false,
            was_left_open: false,
        };
        Self {
            wanted: names.into_iter().map(wanted).collect(),
            state: State::Text,
            name: Collector::new(LONGEST_NAME),
            local_name: Collector::new(LONGEST_NAME),
            instruction: Collector::new(LONGEST_INSTRUCTION),
            root: None,
            is_root_tag: false,
            is_root_closed: false,
            text: ElementText::default(),
            is_open: false,
        }
    }

    /// Reads on.
    pub fn push(&mut self, chunk: &[u8]) {
        let mut rest = chunk;
        while !rest.is_empty() && self.state != State::Broken {
            if self.state == State::Text && !self.is_open {
                let Some(at) = memchr::memchr2(b'<', 0, rest) else { return };
                rest = rest.get(at..).unwrap_or_default();
            }
            let Some((&byte, after)) = rest.split_first() else { return };
            rest = after;
            self.byte(byte);
        }
    }

    /// What was found, in the order of the names.
    ///
    /// Where the outermost element was not closed, the body broke off: what was complete stands, and what was not is
    /// malformed.
    #[must_use]
    pub fn finish(mut self) -> Vec<Reading> {
        if self.is_open {
            self.text.spoil();
            self.end_text();
        }
        let is_broken = self.state == State::Broken;
        let is_whole = self.is_root_closed && self.state == State::Text;
        let reading = |wanted: Wanted| {
            let mut reading = wanted.reading;
            if is_broken || (!is_whole && reading.field == Field::Absent) {
                reading.field = Field::Malformed;
            }
            reading
        };
        self.wanted.into_iter().map(reading).collect()
    }

    fn byte(&mut self, byte: u8) {
        self.state = match (self.state, byte) {
            (_, 0) => State::Broken,
            (State::Text, b'<') => {
                self.text.end_reference();
                State::Less
            }
            (State::Text, _) => {
                if self.is_open {
                    self.text.push(byte);
                }
                State::Text
            }
            (State::Less, b'?') => {
                self.instruction.clear();
                State::Instruction { is_behind_question: false }
            }
            (State::Less, _) if is_name_start(byte) => self.begin_name(byte, false),
            (State::LessSlash, _) if is_name_start(byte) => self.begin_name(byte, true),
            (State::Name { .. }, _) if is_name(byte) => {
                self.name_byte(byte);
                self.state
            }
            (State::Name { is_end: false }, _) => {
                self.start_tag_name();
                self.start_tag(byte, false)
            }
            (State::Name { is_end: true }, _) => {
                self.end_tag_name();
                State::EndTag.next(byte)
            }
            (State::StartTag { is_behind_equals }, _) => self.start_tag(byte, is_behind_equals),
            (State::StartTagSlash, b'>') => {
                self.begin_text();
                self.end_element(true);
                self.is_root_closed |= self.is_root_tag;
                State::Text
            }
            (State::Data { brackets }, _) => self.data(byte, brackets),
            (State::Instruction { is_behind_question: true }, b'>') => {
                if is_readable(&self.instruction.field()) { State::Text } else { State::Broken }
            }
            (State::Instruction { .. }, _) => {
                self.instruction.push(byte);
                self.state.next(byte)
            }
            (state, _) => state.next(byte),
        };
        if matches!(self.state, State::Stray | State::Declaration { .. }) {
            // What a text with such a thing in it says is not the same to everybody.
            self.text.spoil();
        }
        if self.state == State::Stray {
            self.state = State::Text;
        }
    }

    fn begin_name(&mut self, byte: u8, is_end: bool) -> State {
        self.name.clear();
        self.local_name.clear();
        self.name_byte(byte);
        State::Name { is_end }
    }

    fn name_byte(&mut self, byte: u8) {
        let byte = byte.to_ascii_lowercase();
        self.name.push(byte);
        if byte == b':' {
            self.local_name.clear();
        } else {
            self.local_name.push(byte);
        }
    }

    /// The name of a start tag is complete: what was open has no more text.
    fn start_tag_name(&mut self) {
        self.end_element(false);
        for wanted in &mut self.wanted {
            wanted.is_open = is_named(&wanted.name, &self.name, &self.local_name);
        }
        self.is_root_tag = self.root.is_none();
        if self.is_root_tag {
            // A name that is too long is never met again, and such a body never ends.
            self.root = Some(self.name.field().value().unwrap_or_default().to_vec());
        }
    }

    /// A byte of a start tag behind its name.
    fn start_tag(&mut self, byte: u8, is_behind_equals: bool) -> State {
        if byte == b'>' {
            self.begin_text();
        }
        State::StartTag { is_behind_equals }.next(byte)
    }

    fn end_tag_name(&mut self) {
        for wanted in &mut self.wanted {
            let is_named = is_named(&wanted.name, &self.name, &self.local_name);
            if is_named && !wanted.is_open && wanted.was_left_open {
                wanted.reading.field = Field::Malformed;
            }
            wanted.was_left_open |= wanted.is_open && !is_named;
        }
        self.end_element(true);
        self.is_root_closed |= self.root.as_ref().is_some_and(|root| self.name.equals(root));
    }

    fn begin_text(&mut self) {
        self.is_open = self.wanted.iter().any(|wanted| wanted.is_open);
        self.text = ElementText::default();
    }

    /// Ends what is open, with an end tag or without one.
    fn end_element(&mut self, has_end_tag: bool) {
        if self.is_open {
            for wanted in &mut self.wanted {
                wanted.was_left_open |= wanted.is_open && !has_end_tag;
            }
            self.end_text();
        }
    }

    fn end_text(&mut self) {
        let copy = self.text.take();
        for wanted in self.wanted.iter_mut().filter(|wanted| wanted.is_open) {
            wanted.is_open = false;
            if wanted.reading.field == Field::Absent {
                wanted.reading.field = copy.clone();
            } else {
                wanted.reading.repeated |= wanted.reading.field != copy;
            }
        }
        self.is_open = false;
    }

    /// A byte of a CDATA section, behind so many brackets.
    fn data(&mut self, byte: u8, brackets: u8) -> State {
        let next = State::Data { brackets }.next(byte);
        if self.is_open {
            // Brackets are text once it is known that they do not end the section.
            let (pending, is_text) = match next {
                State::Data { brackets: 0 } => (brackets, true),
                State::Data { .. } => (u8::from(brackets == 2), false),
                _ => (0, false),
            };
            (0..pending).for_each(|_| self.text.push_plain(b']'));
            if is_text {
                self.text.push_plain(byte);
            }
        }
        next
    }
}

/// Whether a tag has this name.
fn is_named(wanted: &[u8], name: &Collector, local_name: &Collector) -> bool {
    let compared = if wanted.contains(&b':') { name } else { local_name };
    compared.equals(wanted)
}
