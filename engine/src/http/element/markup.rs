//! What stands between texts: tags, comments, sections, instructions, declarations.

use super::super::field::Field;
use super::super::parameters::is_ascii_compatible;

/// What is being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Text, wanted or not.
    Text,
    /// `<`
    Less,
    /// `<` that begins nothing.
    Stray,
    /// `</`
    LessSlash,
    /// The name of a tag.
    Name { is_end: bool },
    /// A start tag behind its name. A quote may only follow `=`.
    StartTag { is_behind_equals: bool },
    /// An attribute's value in these quotes.
    Quoted(u8),
    /// A slash in a start tag.
    StartTagSlash,
    /// An end tag behind its name.
    EndTag,
    /// A processing instruction.
    Instruction { is_behind_question: bool },
    /// `<!`
    Bang,
    /// `<!-`
    BangDash,
    /// The beginning of a comment, behind so many dashes. Some readers end it at `<!-->` and `<!--->`.
    CommentStart { dashes: u8 },
    /// A comment, behind so many dashes.
    Comment { dashes: u8 },
    /// `<![` and so much of what introduces a CDATA section.
    Section(usize),
    /// A CDATA section, behind so many brackets.
    Data { brackets: u8 },
    /// A declaration such as a document type.
    Declaration { is_behind_dash: bool },
    /// A literal in a declaration.
    DeclarationQuoted(u8),
    /// Not all readers would agree on what this says.
    Broken,
}

/// What begins a CDATA section behind `<![`.
const DATA: &[u8] = b"CDATA[";

impl State {
    /// What is being read behind this byte, as far as that does not depend on names or texts.
    pub(super) fn next(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Less, b'/') => Self::LessSlash,
            (Self::Less, b'!') => Self::Bang,
            (Self::Less, b'<') => Self::Less,
            (Self::Less, _) => Self::Stray,

            (Self::StartTag { .. } | Self::EndTag, b'>') => Self::Text,
            (Self::StartTag { .. } | Self::EndTag, b' ' | b'\t' | b'\r' | b'\n') => self,
            (Self::StartTag { .. }, b'/') => Self::StartTagSlash,
            (Self::StartTag { .. }, b'=') => Self::StartTag { is_behind_equals: true },
            (Self::StartTag { is_behind_equals: true }, b'"' | b'\'') => Self::Quoted(byte),
            (Self::StartTag { .. }, b'<' | b'"' | b'\'') => Self::Broken,
            (Self::StartTag { .. }, _) => Self::StartTag { is_behind_equals: false },
            (Self::Quoted(quote), _) if byte == quote => Self::StartTag { is_behind_equals: false },
            (Self::Quoted(_), _) if byte != b'<' => self,

            (Self::Instruction { .. }, _) if byte != b'>' => {
                Self::Instruction { is_behind_question: byte == b'?' }
            }

            (Self::Bang, b'-') => Self::BangDash,
            (Self::Bang, b'[') => Self::Section(0),
            (Self::Bang, b'A'..=b'Z' | b'a'..=b'z') => Self::Declaration { is_behind_dash: false },
            (Self::BangDash, b'-') => Self::CommentStart { dashes: 0 },
            (Self::CommentStart { dashes: 0 }, b'-') => Self::CommentStart { dashes: 1 },
            (Self::CommentStart { .. }, b'-') => Self::Comment { dashes: 2 },
            (Self::CommentStart { .. }, b'>') => Self::Broken,
            (Self::Comment { dashes: 2 }, b'>') => Self::Text,
            (Self::Comment { dashes: 2 }, _) => Self::Broken,
            (Self::Comment { dashes }, b'-') => Self::Comment { dashes: dashes.saturating_add(1) },
            (Self::CommentStart { .. } | Self::Comment { .. }, _) => Self::Comment { dashes: 0 },

            (Self::Section(read), _) if DATA.get(read) == Some(&byte) => {
                let read = read.saturating_add(1);
                if read == DATA.len() { Self::Data { brackets: 0 } } else { Self::Section(read) }
            }
            (Self::Data { brackets: 2 }, b'>') => Self::Text,
            (Self::Data { brackets }, b']') => Self::Data { brackets: brackets.saturating_add(1).min(2) },
            (Self::Data { .. }, _) => Self::Data { brackets: 0 },

            (Self::Declaration { .. }, b'>') => Self::Text,
            (Self::Declaration { .. }, b'"' | b'\'') => Self::DeclarationQuoted(byte),
            // Definitions of its own, another declaration, or a comment inside of it.
            (Self::Declaration { .. }, b'[' | b'<') | (Self::Declaration { is_behind_dash: true }, b'-') => {
                Self::Broken
            }
            (Self::Declaration { .. }, _) => Self::Declaration { is_behind_dash: byte == b'-' },
            (Self::DeclarationQuoted(quote), _) if byte == quote => {
                Self::Declaration { is_behind_dash: false }
            }
            (Self::DeclarationQuoted(_), _) if !matches!(byte, b'<' | b'>') => self,

            _ => Self::Broken,
        }
    }
}

/// Whether a byte begins a name.
pub(super) const fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte >= 0x80 || matches!(byte, b'_' | b':')
}

/// Whether a byte belongs to a name.
pub(super) const fn is_name(byte: u8) -> bool {
    is_name_start(byte) || byte.is_ascii_digit() || matches!(byte, b'-' | b'.')
}

/// Whether a body with this processing instruction can be read: it is none that declares an encoding, or one in which
/// ASCII is ASCII.
pub(super) fn is_readable(instruction: &Field) -> bool {
    let Some(text) = instruction.value() else { return false };
    let is_declaration = text.get(..3).is_some_and(|target| target.eq_ignore_ascii_case(b"xml"))
        && text.get(3).is_some_and(|byte| byte.is_ascii_whitespace() || *byte == b'?');
    if !is_declaration {
        return true;
    }
    let word = b"encoding";
    let Some(at) = text.windows(word.len()).position(|part| part.eq_ignore_ascii_case(word)) else {
        return true;
    };
    let behind = text.get(at.saturating_add(word.len())..).unwrap_or_default().trim_ascii_start();
    let Some(quoted) = behind.strip_prefix(b"=").map(<[u8]>::trim_ascii_start) else { return false };
    let Some((quote, rest)) = quoted.split_first().filter(|(quote, _)| matches!(quote, b'"' | b'\'')) else {
        return false;
    };
    let end = memchr::memchr(*quote, rest);
    let name = end.and_then(|end| rest.get(..end));
    name.is_some_and(is_ascii_compatible)
}
