//! Ids of Sweden and Finland.

use super::characters::{decimal, value};
use super::checksums::luhn;
use super::dates::is_date;

/// A Swedish personal number or coordination number (Skatteverket, SKV 704 and 707): the date of birth with or without its
/// century, `-`, `+` from the hundredth birthday on or nothing, a serial and a Luhn check digit over the last ten digits.
/// Coordination numbers add 60 to the day.
pub(super) fn se_personnummer(matched: &[u8]) -> bool {
    let Some((date, serial)) = matched.len().checked_sub(4).and_then(|at| matched.split_at_checked(at))
    else {
        return false;
    };
    let date = match date {
        [date @ .., b'-' | b'+'] => date,
        date => date,
    };
    let (century, short) = match date {
        [b'1', b'8' | b'9', short @ ..] | [b'2', b'0', short @ ..] if short.len() == 6 => {
            (date.get(..2), short)
        }
        short => (None, short),
    };
    let ([y1, y2, m1, m2, d1, d2], [s1, s2, s3, check]) = (short, serial) else { return false };
    let ten = [*y1, *y2, *m1, *m2, *d1, *d2, *s1, *s2, *s3, *check];
    if !ten.iter().all(u8::is_ascii_digit) || serial.starts_with(b"000") {
        return false;
    }
    // Without a century, 29 February exists in a year of two digits where it does in 2000 to 2099.
    let hundreds = century.and_then(decimal).unwrap_or(20).saturating_mul(100);
    let year = decimal(&[*y1, *y2]).unwrap_or_default().saturating_add(hundreds);
    let day = decimal(&[*d1, *d2]).unwrap_or_default();
    let day = if day > 60 { day.saturating_sub(60) } else { day };
    is_date(year, decimal(&[*m1, *m2]).unwrap_or_default(), day)
        && luhn(&ten.map(|digit| value(digit).unwrap_or_default()))
}

/// The check characters of a Finnish code by its remainder modulo 31.
const FINNISH_CHECKS: &[u8; 31] = b"0123456789ABCDEFHJKLMNPRSTUVWXY";

/// A Finnish personal identity code (Digi- ja väestötietovirasto): the date of birth, a sign for the century, also those
/// that were added in 2023, a serial from 002 on and a check character modulo 31.
pub(super) fn fi_hetu(matched: &[u8]) -> bool {
    let [d1, d2, m1, m2, y1, y2, sign, s1, s2, s3, check] = matched else { return false };
    let century = match sign.to_ascii_uppercase() {
        b'+' => 1800,
        b'-' | b'Y' | b'X' | b'W' | b'V' | b'U' => 1900,
        b'A' | b'B' | b'C' | b'D' | b'E' | b'F' => 2000,
        _ => return false,
    };
    let (Some(day), Some(month), Some(year), Some(serial), Some(number)) = (
        decimal(&[*d1, *d2]),
        decimal(&[*m1, *m2]),
        decimal(&[*y1, *y2]),
        decimal(&[*s1, *s2, *s3]),
        decimal(&[*d1, *d2, *m1, *m2, *y1, *y2, *s1, *s2, *s3]),
    ) else {
        return false;
    };
    let wanted = usize::try_from(number % 31).ok().and_then(|place| FINNISH_CHECKS.get(place));
    is_date(year.saturating_add(century), month, day)
        && serial >= 2
        && wanted == Some(&check.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sensitive::validate::tests::assert_decides;

    #[test]
    fn swedish_numbers_have_a_date_and_a_check_digit() {
        assert_decides(
            se_personnummer,
            &[
                "811228-9874",
                "19811228-9874",
                "198112289874",
                "8112289874",
                "640823+3234",
                "701063-2391",
                "19701063-2391",
            ],
            &[
                "811228-9873",
                "811328-9874",
                "21811228-9874",
                "811228--9874",
                "811228-987",
                "9874",
                "",
                "000000-0000",
                "18640823a3234",
            ],
        );
    }

    #[test]
    fn finnish_codes_have_a_date_a_century_and_a_check_character() {
        assert_decides(
            fi_hetu,
            &["131052-308T", "131052A308T", "131052X308T", "131052b308t", "131052+308T", "010594Y9021"],
            &["131052-308U", "131352-308T", "131052G308T", "131052308T", "131052-3081", "131052--308T", ""],
        );
    }
}
