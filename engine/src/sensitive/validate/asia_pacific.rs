//! Ids of India, Australia, South Korea and Singapore.

use super::characters::{characters, decimal, digits, number, value};
use super::checksums::{verhoeff, weighted};
use super::dates::is_date;

/// An Indian Aadhaar number (Unique Identification Authority of India): twelve digits, the first not 0 or 1, the last
/// Verhoeff's check digit, and not the same read backwards.
pub(super) fn in_aadhaar(matched: &[u8]) -> bool {
    let Some(digits) = digits::<12>(matched, b" -") else { return false };
    let backwards = digits.iter().rev().eq(digits.iter());
    !matches!(digits, [0 | 1, ..]) && !backwards && verhoeff(&digits)
}

/// An Indian permanent account number (Income Tax Department): three letters, one for the kind of holder, one of the name,
/// four digits that are not all 0, and a letter that only the department can check.
pub(super) fn in_pan(matched: &[u8]) -> bool {
    let Some([a, b, c, kind, name, serial @ .., last]) = characters::<10>(matched, b" -") else {
        return false;
    };
    [a, b, c, name, last].iter().all(u8::is_ascii_alphabetic)
        && b"ABCFGHJLPT".contains(&kind)
        && decimal(&serial).is_some_and(|serial| serial > 0)
}

/// An Australian tax file number (Australian Taxation Office): nine digits whose weighted sum is a multiple of 11, or
/// eight for numbers from before 1989; not 0 only.
pub(super) fn au_tfn(matched: &[u8]) -> bool {
    let passes = |digits: &[u8], weights: &[u32]| {
        weighted(digits, weights).is_multiple_of(11) && digits.iter().any(|digit| *digit != 0)
    };
    digits::<9>(matched, b" -.").is_some_and(|digits| passes(&digits, &[1, 4, 3, 7, 5, 8, 6, 9, 10]))
        || digits::<8>(matched, b" -.").is_some_and(|digits| passes(&digits, &[10, 7, 8, 4, 6, 3, 5, 1]))
}

/// An Australian Medicare card (Services Australia): eight digits of which the first is 2 to 6, their check digit, how
/// often the card was issued, and perhaps the person's number on it.
pub(super) fn au_medicare(matched: &[u8]) -> bool {
    let separators = b" -/";
    let Some(ten) = digits::<10>(matched, separators).or_else(|| {
        let [ten @ .., person] = digits::<11>(matched, separators)?;
        (person > 0).then_some(ten)
    }) else {
        return false;
    };
    let [first, .., check, issue] = ten;
    (2..=6).contains(&first)
        && issue > 0
        && weighted(&ten, &[1, 3, 7, 9, 1, 3, 7, 9]) % 10 == u32::from(check)
}

/// A South Korean resident or foreigner registration number (Ministry of the Interior and Safety): the date of birth, a
/// digit for century and sex, five digits and a check digit modulo 11, to which foreigners add 2.
///
/// Numbers given out since October 2020 have six random digits there and no check digit: nine of ten of those are missed,
/// which keeps nine of ten look-alikes out.
pub(super) fn kr_rrn(matched: &[u8]) -> bool {
    let Some(rrn @ [y1, y2, m1, m2, d1, d2, kind, .., check]) = digits::<13>(matched, b" -") else {
        return false;
    };
    let century = match kind {
        9 | 0 => 1800,
        1 | 2 | 5 | 6 => 1900,
        _ => 2000,
    };
    let sum = weighted(&rrn, &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]);
    let completes = 11_u32.wrapping_sub(sum % 11).wrapping_add(if matches!(kind, 5..=8) { 2 } else { 0 });
    is_date(number(&[y1, y2]).saturating_add(century), number(&[m1, m2]), number(&[d1, d2]))
        && completes % 10 == u32::from(check)
}

/// A Singaporean identity card or foreign identification number (Immigration & Checkpoints Authority): S and T for
/// citizens and residents, F, G and M for foreigners, seven digits and a check letter. The authority does not publish the
/// algorithm; this is the one that every implementation uses.
pub(super) fn sg_nric(matched: &[u8]) -> bool {
    let Some([series, serial @ .., letter]) = characters::<9>(matched, b" -") else { return false };
    let (offset, letters): (u32, &[u8; 11]) = match series {
        b'S' => (0, b"JZIHGFEDCBA"),
        b'T' => (4, b"JZIHGFEDCBA"),
        b'F' => (0, b"XWUTRQPNMLK"),
        b'G' => (4, b"XWUTRQPNMLK"),
        b'M' => (3, b"XWUTRQPNJLK"),
        _ => return false,
    };
    if !serial.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let digits = serial.map(|digit| value(digit).unwrap_or_default());
    let sum = weighted(&digits, &[2, 7, 6, 5, 4, 3, 2]).wrapping_add(offset);
    usize::try_from(sum % 11).ok().and_then(|place| letters.get(place)) == Some(&letter)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sensitive::validate::tests::assert_decides;

    #[test]
    fn aadhaar_numbers_have_a_check_digit_and_are_no_palindromes() {
        assert_decides(
            in_aadhaar,
            &["2341 2341 2346", "234123412346", "3675-9834-6016"],
            &["2341 2341 2347", "1234 1234 1234", "022222222222", "222222222222", "23412341234", ""],
        );
    }

    #[test]
    fn permanent_account_numbers_have_a_kind_of_holder() {
        assert_decides(
            in_pan,
            &["ABCPE1234F", "aaapl1234c"],
            &["ABCDE1234F", "ABCPE0000F", "ABCPE12345", "ABCPE1234", ""],
        );
    }

    #[test]
    fn tax_file_numbers_have_a_weighted_sum() {
        assert_decides(
            au_tfn,
            &["123 456 782", "123-456-782", "876543210", "37118629"],
            &["123 456 781", "000000000", "00000000", "37118628", "1234567", ""],
        );
    }

    #[test]
    fn medicare_cards_have_a_check_digit_and_an_issue() {
        assert_decides(
            au_medicare,
            &["2123 45670 1", "2123456701", "2123 45670 1/2", "2123-45670-1"],
            &["2123 45671 1", "2123 45670 0", "1123 45670 1", "7123456701", "2123456701 0", "212345670", ""],
        );
    }

    #[test]
    fn registration_numbers_have_a_date_and_a_check_digit() {
        assert_decides(
            kr_rrn,
            &["971013-9019902", "9710139019902"],
            &["971013-9019903", "971313-9019902", "971013-901990", "000000-0000000", ""],
        );
    }

    #[test]
    fn foreigners_add_two_to_their_check_digit() {
        // 8·2 + 0·3 + 0·4 + 1·5 + 0·6 + 1·7 + 5·8 + 1·9 + 2·2 + 3·3 + 4·4 + 5·5 = 131, 10 more than a multiple of 11.
        assert_decides(kr_rrn, &["800101-5123453"], &["800101-5123451", "800101-5123454"]);
        // The same with a 1 for the kind: 99, a multiple of 11, which a citizen completes to 11 and writes as 1.
        assert_decides(kr_rrn, &["800101-1123451"], &["800101-1123453"]);
    }

    #[test]
    fn identity_cards_have_a_letter_by_their_series() {
        assert_decides(
            sg_nric,
            &["S1234567D", "T1234567J", "F1234567N", "G1234567X", "M1234567K", "s1234567d"],
            &["S1234567E", "A1234567D", "S123456D", "SS234567D", "", "M1234567X"],
        );
    }
}
