//! Ids of the United States and Canada.

use super::characters::{characters, digits, number, value};
use super::checksums::{luhn, weighted};
use crate::sensitive::ssn;

/// A US social security number as the Social Security Administration issues them: the area is not 000, 666 or 900 to 999,
/// the group not 00, the serial not 0000. There is no check digit.
pub(super) fn us_ssn(matched: &[u8]) -> bool {
    let Some([a, b, c, d, e, f, g, h, i]) = characters::<9>(matched, b" -.") else { return false };
    let written = [a, b, c, b'-', d, e, b'-', f, g, h, i];
    matched.iter().all(|byte| !byte.is_ascii_alphabetic()) && ssn::is_issued(&written)
}

/// A US individual taxpayer identification number (Internal Revenue Service, Internal Revenue Manual 3.21.263): begins
/// with 9, the fourth and fifth digit are 50 to 65, 70 to 88, 90 to 92 or 94 to 99. There is no check digit.
pub(super) fn us_itin(matched: &[u8]) -> bool {
    let Some([9, _, _, tens, units, ..]) = digits::<9>(matched, b" -.") else { return false };
    matches!(number(&[tens, units]), 50..=65 | 70..=88 | 90..=92 | 94..=99)
}

/// A Canadian social insurance number (Employment and Social Development Canada): a Luhn check digit, and a first digit
/// that is given out: 1 to 7 by province, 9 to temporary residents.
pub(super) fn ca_sin(matched: &[u8]) -> bool {
    digits::<9>(matched, b" -").is_some_and(|digits| !matches!(digits, [0 | 8, ..]) && luhn(&digits))
}

/// A US national provider identifier (Centers for Medicare and Medicaid Services, 45 CFR 162.406): begins with 1 or 2, and
/// has a Luhn check digit over the number behind 80840, the prefix of US health care in ISO/IEC 7812.
pub(super) fn us_npi(matched: &[u8]) -> bool {
    let Some(npi @ [a, b, c, d, e, f, g, h, i, j]) = digits::<10>(matched, b" -") else { return false };
    matches!(npi, [1 | 2, ..]) && luhn(&[8, 0, 8, 4, 0, a, b, c, d, e, f, g, h, i, j])
}

/// A registration number of the US Drug Enforcement Administration: the kind of registrant, the first letter of the name or
/// 9 for a business, six digits and the check digit: the first, third and fifth and twice the second, fourth and sixth.
pub(super) fn us_dea(matched: &[u8]) -> bool {
    let Some([kind, name, number @ ..]) = characters::<9>(matched, b" -") else { return false };
    let digits = number.map(|digit| value(digit).unwrap_or(u8::MAX));
    let [.., check] = digits;
    let kinds = b"ABCDEFGHJKLMPRSTUX";
    kinds.contains(&kind)
        && (name.is_ascii_alphabetic() || name == b'9')
        && digits.iter().all(|digit| *digit <= 9)
        && digits.iter().any(|digit| *digit != 0)
        && weighted(&digits, &[1, 2, 1, 2, 1, 2]) % 10 == u32::from(check)
}

/// A US Medicare beneficiary identifier (Centers for Medicare and Medicaid Services, Understanding the MBI): eleven
/// characters, each of a fixed kind, letters without S, L, O, I, B, Z. There is no check digit.
pub(super) fn us_mbi(matched: &[u8]) -> bool {
    let Some(characters) = characters::<11>(matched, b" -") else { return false };
    let letter = |byte: u8| byte.is_ascii_uppercase() && !b"SLOIBZ".contains(&byte);
    characters.iter().zip(b"CAXNAXNAANN").all(|(byte, kind)| match kind {
        b'C' => matches!(byte, b'1'..=b'9'),
        b'N' => byte.is_ascii_digit(),
        b'A' => letter(*byte),
        _ => byte.is_ascii_digit() || letter(*byte),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sensitive::validate::tests::assert_decides;

    #[test]
    fn social_security_numbers_have_an_area_a_group_and_a_serial_that_are_given_out() {
        assert_decides(
            us_ssn,
            &["536-90-4399", "536904399", "536 90 4399", "001-01-0001"],
            &[
                "000-12-3456",
                "666-12-3456",
                "900-12-3456",
                "536-00-4399",
                "536-90-0000",
                "078-05-1120",
                "53690439",
                "a36-90-4399",
                "",
            ],
        );
    }

    #[test]
    fn taxpayer_numbers_begin_with_nine_and_have_a_group_that_is_given_out() {
        assert_decides(
            us_itin,
            &["911-50-1234", "911701234", "999 88 9999", "912-92-1234"],
            &["911-66-1234", "911-89-1234", "911-93-1234", "811-70-1234", "911-49-1234", "91170123", ""],
        );
    }

    #[test]
    fn social_insurance_numbers_need_the_check_digit_and_a_province() {
        assert_decides(
            ca_sin,
            &["130 692 544", "130-692-544", "130692544", "935 538 827"],
            &["046 454 286", "130692545", "800000002", "000000000", "13069254", ""],
        );
    }

    #[test]
    fn providers_need_the_check_digit_behind_the_prefix_of_health_care() {
        assert_decides(
            us_npi,
            &["1234567893", "1234-5678-93"],
            &["1234567894", "3234567893", "123456789", "0000000000", ""],
        );
    }

    #[test]
    fn prescribers_need_a_kind_a_name_and_the_check_digit() {
        assert_decides(
            us_dea,
            &["AP5836727", "f91234563", "BB1388568"],
            &["AP5836728", "NP5836727", "A-", "AA0000000", "A85836727", "AP583672", ""],
        );
    }

    #[test]
    fn beneficiaries_have_their_kinds_of_characters_in_order() {
        assert_decides(
            us_mbi,
            &["1EG4-TE5-MK73", "1EG4TE5MK73", "1eg4-te5-mk72"],
            &["0EG4-TE5-MK73", "1SG4-TE5-MK73", "1EG4-TE5-MKA3", "1EGATE5MK73", "1EG4-TE5-MK7", ""],
        );
    }
}
