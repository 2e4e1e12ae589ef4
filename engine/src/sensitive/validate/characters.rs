//! What a matched value consists of once its separators are left out.

/// The letters and digits of a value that has exactly `COUNT` of them, letters in upper case. Between two of them may
/// stand one of `separators`; nothing else is allowed.
pub(super) fn characters<const COUNT: usize>(matched: &[u8], separators: &[u8]) -> Option<[u8; COUNT]> {
    let mut characters = [0; COUNT];
    let mut places = characters.iter_mut();
    let mut may_separate = false;
    for byte in matched {
        if separators.contains(byte) {
            if !may_separate {
                return None;
            }
            may_separate = false;
        } else {
            if !byte.is_ascii_alphanumeric() {
                return None;
            }
            *places.next()? = byte.to_ascii_uppercase();
            may_separate = true;
        }
    }
    (places.next().is_none() && may_separate).then_some(characters)
}

/// The same for a value of digits only, as numbers from 0 to 9.
pub(super) fn digits<const COUNT: usize>(matched: &[u8], separators: &[u8]) -> Option<[u8; COUNT]> {
    let mut digits = characters::<COUNT>(matched, separators)?;
    for digit in &mut digits {
        *digit = value(*digit)?;
    }
    Some(digits)
}

/// The value of a digit's character.
pub(super) fn value(digit: u8) -> Option<u8> {
    digit.is_ascii_digit().then(|| digit.wrapping_sub(b'0'))
}

/// The number that at most 19 digits (as numbers) stand for.
pub(super) fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |number: u64, digit| number.wrapping_mul(10).wrapping_add(u64::from(*digit)))
}

/// The number that at most 19 digits (as characters) stand for.
pub(super) fn decimal(characters: &[u8]) -> Option<u64> {
    characters.iter().try_fold(0, |number: u64, character| {
        Some(number.wrapping_mul(10).wrapping_add(u64::from(value(*character)?)))
    })
}

/// Whether a value is one character over and over, as placeholders are.
pub(super) fn is_repeated(characters: &[u8]) -> bool {
    characters.first().is_none_or(|first| characters.iter().all(|other| other == first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_separators_between_characters_are_left_out() {
        assert_eq!(characters::<4>(b"a1-b 2", b" -"), Some(*b"A1B2"));
        assert_eq!(digits::<4>(b"12.34", b"."), Some([1, 2, 3, 4]));
    }

    #[test]
    fn separators_at_the_ends_or_side_by_side_are_refused() {
        for wrong in ["-1234", "1234-", "12--34", "", "12:34", "123", "12345"] {
            assert_eq!(digits::<4>(wrong.as_bytes(), b"-"), None, "{wrong}");
        }
    }

    #[test]
    fn numbers_are_read_from_digits_and_from_characters() {
        assert_eq!(number(&[1, 2, 3]), 123);
        assert_eq!(decimal(b"0123"), Some(123));
        assert_eq!(decimal(b"12a"), None);
    }

    #[test]
    fn placeholders_are_one_character_over_and_over() {
        assert!(is_repeated(b"0000") && is_repeated(b""));
        assert!(!is_repeated(b"0001"));
    }
}
