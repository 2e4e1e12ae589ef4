//! Reads one character that is spelt in more than one byte.

/// Stands for `\"` in JSON.
pub(in crate::sensitive) const INNER_QUOTE: u8 = 0x02;
/// Stands for half a character.
pub(super) const BEYOND: u8 = 0xff;
/// What spaces and hyphens beyond ASCII begin with in UTF-8: U+0080 to U+00BF, and U+2000 to U+2FFF.
pub(super) const BEYOND_MARKS: [u8; 2] = [0xc2, 0xe2];

/// What a mark stands for.
pub(super) enum Character {
    /// Itself: nothing is spelt here.
    Itself,
    /// The bytes that decide are still to come.
    Unfinished,
    /// This byte, and how long it is spelt.
    Is(u8, usize),
}

fn unfinished(end: bool) -> Character {
    if end { Character::Itself } else { Character::Unfinished }
}

pub(super) fn json(window: &[u8], end: bool) -> Character {
    let byte = match window.get(1) {
        None => return unfinished(end),
        Some(b'"') => INNER_QUOTE,
        Some(b'n') => b'\n',
        Some(b'r') => b'\r',
        Some(b't') => b'\t',
        Some(b'b') => 0x08,
        Some(b'f') => 0x0c,
        Some(b'/') => b'/',
        Some(b'\\') => b'\\',
        Some(b'u') => return unit(window.get(2..6), window.len(), end),
        Some(_) => return Character::Itself,
    };
    Character::Is(byte, 2)
}

/// A UTF-16 unit in four hexadecimal digits.
fn unit(digits: Option<&[u8]>, there: usize, end: bool) -> Character {
    let Some(digits) = digits else {
        return if there < 6 { unfinished(end) } else { Character::Itself };
    };
    let Some(unit) = number(digits, 16) else { return Character::Itself };
    let byte = shown(unit);
    Character::Is(if byte == b'"' { INNER_QUOTE } else { byte }, 6)
}

pub(super) fn form(window: &[u8], end: bool) -> Character {
    if window.first() == Some(&b'+') {
        return Character::Is(b' ', 1);
    }
    // A space or hyphen beyond ASCII is at most three bytes.
    let mut decoded = [0; 3];
    let mut count = 0_usize;
    for (slot, spelt) in decoded.iter_mut().zip(window.chunks_exact(3)) {
        let [b'%', high, low] = spelt else { break };
        let byte = number(&[*high, *low], 16).and_then(|number| u8::try_from(number).ok());
        let Some(byte) = byte else { break };
        *slot = byte;
        count = count.saturating_add(1);
    }
    let next = window.get(count.saturating_mul(3)..).unwrap_or_default();
    let may_go_on = !end && next.len() < 3 && next.first().is_none_or(|byte| *byte == b'%');
    let Some(first) = decoded.first().filter(|_| count > 0) else {
        return if may_go_on { Character::Unfinished } else { Character::Itself };
    };
    match beyond(decoded.get(..count).unwrap_or_default(), !may_go_on) {
        Character::Itself => Character::Is(*first, 3),
        Character::Is(byte, len) => Character::Is(byte, len.saturating_mul(3)),
        Character::Unfinished => Character::Unfinished,
    }
}

/// A space or hyphen beyond ASCII, in UTF-8.
pub(super) fn beyond(bytes: &[u8], end: bool) -> Character {
    let bits = |byte: u8| u32::from(byte & 0x3f);
    let (unit, len) = match bytes {
        [0xc2, second, ..] => (0x80 | bits(*second), 2),
        [0xe2, second, third, ..] => (0x2000 | bits(*second) << 6 | bits(*third), 3),
        [0xc2] | [0xe2] | [0xe2, _] => return unfinished(end),
        _ => return Character::Itself,
    };
    match shown(unit) {
        byte @ (b' ' | b'-') => Character::Is(byte, len),
        _ => Character::Itself,
    }
}

/// A character as detectors see it. Spaces are those that do not break a line and those of a width (Unicode, general category
/// Zs), hyphens the soft one, those of U+2010 to U+2015, and the minus sign.
pub(super) const fn shown(unit: u32) -> u8 {
    match unit {
        0..0x80 => unit.to_le_bytes()[0],
        0xa0 | 0x2000..=0x200a | 0x202f | 0x205f => b' ',
        0xad | 0x2010..=0x2015 | 0x2212 => b'-',
        // Seven bits of it, so that different names stay different.
        _ => 0x80 | (unit ^ unit >> 7).to_le_bytes()[0],
    }
}

/// The references by name that texts use for ASCII characters.
const NAMED: [(&[u8], u8); 11] = [
    (b"amp;", b'&'),
    (b"lt;", b'<'),
    (b"gt;", b'>'),
    (b"quot;", b'"'),
    (b"apos;", b'\''),
    (b"nbsp;", b' '),
    (b"thinsp;", b' '),
    (b"ensp;", b' '),
    (b"ndash;", b'-'),
    (b"commat;", b'@'),
    (b"shy;", b'-'),
];

pub(super) fn markup(window: &[u8], end: bool) -> Character {
    let Some(body) = window.get(1..).filter(|body| !body.is_empty()) else { return unfinished(end) };
    if let Some(number_text) = body.strip_prefix(b"#") {
        let Some(length) = number_text.iter().position(|byte| !byte.is_ascii_alphanumeric()) else {
            return unfinished(end);
        };
        if number_text.get(length) != Some(&b';') {
            return Character::Itself;
        }
        let digits = number_text.get(..length).unwrap_or_default();
        let value = match digits {
            [b'x' | b'X', digits @ ..] => number(digits, 16),
            digits => number(digits, 10),
        };
        let Some(value) = value else { return Character::Itself };
        return Character::Is(shown(value), length.saturating_add(3));
    }
    for (name, byte) in NAMED {
        if body.starts_with(name) {
            return Character::Is(byte, name.len().saturating_add(1));
        }
        if name.starts_with(body) && !end {
            return Character::Unfinished;
        }
    }
    Character::Itself
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u32, |value, byte| {
        char::from(*byte).to_digit(radix).and_then(|digit| value.checked_mul(radix)?.checked_add(digit))
    })
}
