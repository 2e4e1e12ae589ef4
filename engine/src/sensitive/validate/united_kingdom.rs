//! Ids of the United Kingdom.

use super::characters::{characters, digits, is_repeated};
use super::checksums::weighted;

/// Prefixes that are never given out although their letters could be.
const NOT_GIVEN_OUT: [[u8; 2]; 7] = [*b"BG", *b"GB", *b"KN", *b"NK", *b"NT", *b"TN", *b"ZZ"];

/// A British national insurance number (HM Revenue and Customs, National Insurance Manual NIM39110): two letters that are
/// given out, six digits, a suffix A to D. There is no check digit.
pub(super) fn uk_nino(matched: &[u8]) -> bool {
    let Some([first, second, number @ .., suffix]) = characters::<9>(matched, b" -.") else { return false };
    first.is_ascii_alphabetic()
        && second.is_ascii_alphabetic()
        && !b"DFIQUV".contains(&first)
        && !b"DFIOQUV".contains(&second)
        && !NOT_GIVEN_OUT.contains(&[first, second])
        && number.iter().all(u8::is_ascii_digit)
        && matches!(suffix, b'A'..=b'D')
}

/// A British National Health Service number (NHS Data Dictionary): nine digits and a check digit modulo 11 with weights
/// from 10 to 2; numbers whose check digit would be 10 are not given out. Not one digit ten times.
pub(super) fn uk_nhs(matched: &[u8]) -> bool {
    let Some(digits) = digits::<10>(matched, b" -") else { return false };
    // With the check digit's own weight of 1 the sum is a multiple of 11, and a check digit of 10 cannot be written.
    weighted(&digits, &[10, 9, 8, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11) && !is_repeated(&digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sensitive::validate::tests::assert_decides;

    #[test]
    fn insurance_numbers_have_letters_that_are_given_out() {
        assert_decides(
            uk_nino,
            &["AB123456C", "ab 12 34 56 c", "AA-12-34-56-D", "JG103759A"],
            &[
                "DA123456C",
                "FQ123456C",
                "AO123456C",
                "GB123456C",
                "ZZ123456C",
                "AB123456E",
                "AB12345C",
                "AB1234567",
                "A1123456C",
                "",
            ],
        );
    }

    #[test]
    fn health_service_numbers_have_a_check_digit() {
        assert_decides(
            uk_nhs,
            &["943 476 5919", "9434765919", "943-476-5870", "401 023 2137"],
            &["943 476 5918", "0000000000", "1111111111", "401-023-2130", "943476591", "94347659190", ""],
        );
    }
}
