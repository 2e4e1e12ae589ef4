//! Ids of Germany, the Netherlands and Poland.

use super::characters::{characters, digits, is_repeated, number, value};
use super::checksums::{mod_11_10, to_ten, weighted};
use super::dates::is_date;

/// A German tax identification number (Bundeszentralamt für Steuern, section 139b of the Abgabenordnung): eleven digits,
/// the first not 0, the last a check digit (ISO/IEC 7064 MOD 11,10). Of the first ten, one digit occurs twice (numbers
/// until 2015) or one occurs two or three times (since 2016), three times not in a row, and all others at most once.
pub(super) fn de_tax_id(matched: &[u8]) -> bool {
    let Some(digits) = digits::<11>(matched, b" -/.") else { return false };
    let Some((_, ten)) = digits.split_last() else { return false };
    let times = |digit: u8| ten.iter().filter(|other| **other == digit).count();
    let mut several = (0..=9).map(times).filter(|times| *times > 1);
    let repeats = matches!((several.next(), several.next()), (Some(2 | 3), None));
    let in_a_row = ten.windows(3).any(is_repeated);
    !matches!(digits, [0, ..]) && repeats && !in_a_row && mod_11_10(&digits)
}

/// A German health insurance number, the part that stays for life (GKV-Spitzenverband, section 290 of the Fünftes Buch
/// Sozialgesetzbuch): a letter, eight digits and a check digit: the letter as two digits, weights 1 and 2 in turn, the
/// products' own digits added up.
pub(super) fn de_kvnr(matched: &[u8]) -> bool {
    let Some([letter, rest @ ..]) = characters::<10>(matched, b" -") else { return false };
    if !letter.is_ascii_alphabetic() || !rest.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let place = letter.wrapping_sub(b'A').wrapping_add(1);
    let [a, b, c, d, e, f, g, h, check] = rest.map(|digit| value(digit).unwrap_or_default());
    // As in Luhn's sum, but the check digit is the sum's last digit, and does not complete it.
    let sum = [place / 10, place % 10, a, b, c, d, e, f, g, h].iter().enumerate().fold(
        0_u32,
        |sum, (at, digit)| {
            let product = u32::from(*digit).wrapping_mul(if at % 2 == 0 { 1 } else { 2 });
            sum.wrapping_add(product / 10).wrapping_add(product % 10)
        },
    );
    sum % 10 == u32::from(check)
}

/// A Dutch citizen service number (Burgerservicenummer; Rijksdienst voor Identiteitsgegevens): nine digits that pass the
/// eleven test, in which the last weighs minus one.
pub(super) fn nl_bsn(matched: &[u8]) -> bool {
    let Some(digits) = digits::<9>(matched, b" .-") else { return false };
    let [.., last] = digits;
    let sum = weighted(&digits, &[9, 8, 7, 6, 5, 4, 3, 2]);
    sum % 11 == u32::from(last) && !is_repeated(&digits)
}

/// A Polish PESEL number (Ministerstwo Cyfryzacji): the date of birth with the century added to the month, a serial, and a
/// check digit with weights 1, 3, 7, 9.
pub(super) fn pl_pesel(matched: &[u8]) -> bool {
    let Some(pesel @ [a, b, c, d, e, f, .., check]) = digits::<11>(matched, b" -") else { return false };
    let month = number(&[c, d]);
    let century = match month / 20 {
        0 => 1900,
        1 => 2000,
        2 => 2100,
        3 => 2200,
        _ => 1800,
    };
    let year = number(&[a, b]).saturating_add(century);
    is_date(year, month % 20, number(&[e, f]))
        && to_ten(weighted(&pesel, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3])) == u32::from(check)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sensitive::validate::tests::assert_decides;

    #[test]
    fn tax_ids_repeat_one_digit_and_have_a_check_digit() {
        assert_decides(
            de_tax_id,
            // The examples of the Bundeszentralamt für Steuern: one digit twice, one three times.
            &["86095742719", "47036892816", "65929970489", "57549285017", "25768131411", "86 095 742 719"],
            &["86095742718", "12345678901", "11111111111", "01234567890", "8609574271", "86095742719a", ""],
        );
    }

    #[test]
    fn tax_ids_with_three_of_a_digit_in_a_row_are_refused() {
        let with_check = |ten: &str| {
            (0..10).map(|check| format!("{ten}{check}")).filter(|id| de_tax_id(id.as_bytes())).count()
        };
        assert_eq!(with_check("1112345678"), 0);
        assert_eq!(with_check("1121345678"), 1);
        assert_eq!(with_check("1122345678"), 0);
        assert_eq!(with_check("1234567890"), 0);
    }

    #[test]
    fn health_insurance_numbers_have_a_letter_and_a_check_digit() {
        assert_decides(
            de_kvnr,
            &["A123456780", "T555558879", "a123 456 780"],
            &["A123456781", "1123456780", "AB23456780", "A12345678", ""],
        );
    }

    #[test]
    fn citizen_service_numbers_pass_the_eleven_test() {
        assert_decides(
            nl_bsn,
            &["111222333", "123456782", "1112.22.333", "1234 56 782"],
            &["111222334", "123456789", "000000000", "11122233", ""],
        );
    }

    #[test]
    fn pesel_numbers_have_a_date_and_a_check_digit() {
        assert_decides(
            pl_pesel,
            &["44051401359", "02070803628", "11041301490", "92071314764"],
            &["44051401358", "44131401352", "00000000000", "4405140135", "99999999999", ""],
        );
    }
}
