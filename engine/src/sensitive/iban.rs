//! International bank account numbers (ISO 13616): a country, its length, and a remainder of 1 modulo 97.
//!
//! Accepted in upper case, in one piece or in groups of four joined by single spaces, as the standard writes them on
//! screen and on paper, or by single hyphens, as people do.

use super::examined::Examined;
use super::text::{Known, Text};

/// Countries and the lengths of their numbers, from the IBAN registry (SWIFT, release 99), with the territories that it
/// lists under Finland, France and the United Kingdom.
const COUNTRIES: &[(&[u8; 2], usize)] = &[
    (b"AD", 24),
    (b"AE", 23),
    (b"AL", 28),
    (b"AT", 20),
    (b"AX", 18),
    (b"AZ", 28),
    (b"BA", 20),
    (b"BE", 16),
    (b"BG", 22),
    (b"BH", 22),
    (b"BI", 27),
    (b"BL", 27),
    (b"BR", 29),
    (b"BY", 28),
    (b"CH", 21),
    (b"CR", 22),
    (b"CY", 28),
    (b"CZ", 24),
    (b"DE", 22),
    (b"DJ", 27),
    (b"DK", 18),
    (b"DO", 28),
    (b"EE", 20),
    (b"EG", 29),
    (b"ES", 24),
    (b"FI", 18),
    (b"FK", 18),
    (b"FO", 18),
    (b"FR", 27),
    (b"GB", 22),
    (b"GE", 22),
    (b"GF", 27),
    (b"GG", 22),
    (b"GI", 23),
    (b"GL", 18),
    (b"GP", 27),
    (b"GR", 27),
    (b"GT", 28),
    (b"HN", 28),
    (b"HR", 21),
    (b"HU", 28),
    (b"IE", 22),
    (b"IL", 23),
    (b"IM", 22),
    (b"IQ", 23),
    (b"IS", 26),
    (b"IT", 27),
    (b"JE", 22),
    (b"JO", 30),
    (b"KW", 30),
    (b"KZ", 20),
    (b"LB", 28),
    (b"LC", 32),
    (b"LI", 21),
    (b"LT", 20),
    (b"LU", 20),
    (b"LV", 21),
    (b"LY", 25),
    (b"MC", 27),
    (b"MD", 24),
    (b"ME", 22),
    (b"MF", 27),
    (b"MK", 19),
    (b"MN", 20),
    (b"MQ", 27),
    (b"MR", 27),
    (b"MT", 31),
    (b"MU", 30),
    (b"NC", 27),
    (b"NI", 28),
    (b"NL", 18),
    (b"NO", 15),
    (b"OM", 23),
    (b"PF", 27),
    (b"PK", 24),
    (b"PL", 28),
    (b"PM", 27),
    (b"PS", 29),
    (b"PT", 25),
    (b"QA", 29),
    (b"RE", 27),
    (b"RO", 24),
    (b"RS", 22),
    (b"RU", 33),
    (b"SA", 24),
    (b"SC", 31),
    (b"SD", 18),
    (b"SE", 24),
    (b"SI", 19),
    (b"SK", 24),
    (b"SM", 27),
    (b"SO", 23),
    (b"ST", 25),
    (b"SV", 28),
    (b"TF", 27),
    (b"TL", 23),
    (b"TN", 24),
    (b"TR", 26),
    (b"UA", 29),
    (b"VA", 22),
    (b"VG", 24),
    (b"WF", 27),
    (b"XK", 20),
    (b"YE", 30),
    (b"YT", 27),
];

/// Examines a place where a capital letter stands.
pub(super) fn examine(text: &Text<'_>, start: usize) -> Examined {
    if !text.begins_word(start) {
        return Examined::None;
    }
    let mut country = [0; 2];
    for (place, letter) in country.iter_mut().enumerate() {
        let position = start.saturating_add(place);
        match text.at(position) {
            Some(byte) if byte.is_ascii_uppercase() => *letter = byte,
            None if text.is_open(position) => return Examined::Open,
            _ => return Examined::None,
        }
    }
    let Ok(known) = COUNTRIES.binary_search_by_key(&&country, |(country, _)| country) else {
        return Examined::None;
    };
    let Some((_, length)) = COUNTRIES.get(known) else { return Examined::None };
    account(text, start, *length)
}

/// Reads a number of this many characters, with or without a separator behind every fourth.
fn account(text: &Text<'_>, start: usize, length: usize) -> Examined {
    let mut characters = [0_u8; 34];
    let mut position = start;
    let mut separator = None;
    for (place, slot) in characters.iter_mut().take(length).enumerate() {
        if place == 4 {
            separator = text.at(position).filter(|byte| matches!(byte, b' ' | b'-'));
        }
        if separator.is_some() && place % 4 == 0 {
            match text.at(position) {
                there @ Some(_) if there == separator => position = position.saturating_add(1),
                None if text.is_open(position) => return Examined::Open,
                _ => return Examined::None,
            }
        }
        match text.at(position) {
            Some(byte) if byte.is_ascii_digit() || (byte.is_ascii_uppercase() && !matches!(place, 2 | 3)) => {
                *slot = byte
            }
            None if text.is_open(position) => return Examined::Open,
            _ => return Examined::None,
        }
        position = position.saturating_add(1);
    }
    let valid = characters.get(..length).is_some_and(is_valid);
    match (valid, text.ends_word(position)) {
        (false, _) | (true, Known::No) => Examined::None,
        (true, Known::Yes) => Examined::Until(position),
        (true, Known::Open) => Examined::Open,
    }
}

/// Whether these letters and digits are an account number: a country, its length, and the remainder.
pub(super) fn is_account(characters: &[u8]) -> bool {
    let Some((country, [check_1, check_2, ..])) = characters.split_first_chunk::<2>() else { return false };
    check_1.is_ascii_digit()
        && check_2.is_ascii_digit()
        && COUNTRIES.iter().any(|(known, length)| *known == country && *length == characters.len())
        && is_valid(characters)
}

/// ISO 7064 MOD 97-10: the first four characters moved to the end, letters read as 10 to 35.
fn is_valid(characters: &[u8]) -> bool {
    let (head, account) = characters.split_at(characters.len().min(4));
    let remainder = account.iter().chain(head).fold(0_u32, |remainder, byte| {
        let (shift, value) = match byte {
            b'0'..=b'9' => (10, byte.wrapping_sub(b'0')),
            _ => (100, byte.wrapping_sub(b'A').wrapping_add(10)),
        };
        remainder.wrapping_mul(shift).wrapping_add(u32::from(value)) % 97
    });
    remainder == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_sorted_and_fit() {
        assert!(COUNTRIES.is_sorted_by(|left, right| left.0 < right.0));
        assert!(COUNTRIES.iter().all(|(_, length)| (15..=34).contains(length)));
    }
}
