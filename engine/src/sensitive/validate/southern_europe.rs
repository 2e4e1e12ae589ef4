//! Ids of France, Spain and Italy.

use super::characters::{characters, decimal};
use super::dates::is_date;

/// A French social security number with its key (INSEE, numéro d'inscription au répertoire): sex, year and month of birth,
/// département, commune and serial, and 97 less the remainder of all that modulo 97. Months beyond 12 stand for
/// certificates without one; Corsica is written 2A and 2B and counts as 19 and 18.
pub(super) fn fr_nir(matched: &[u8]) -> bool {
    let Some(nir) = characters::<15>(matched, b" -.") else { return false };
    let [sex, y1, y2, m1, m2, d1, d2, rest @ .., k1, k2] = nir;
    let [p1, p2] = match [d1, d2] {
        [b'2', b'A'] => *b"19",
        [b'2', b'B'] => *b"18",
        place => place,
    };
    let [c1, c2, c3, s1, s2, s3] = rest;
    let numbered = [sex, y1, y2, m1, m2, p1, p2, c1, c2, c3, s1, s2, s3];
    let (Some(number), Some(month), Some(place), Some(key)) =
        (decimal(&numbered), decimal(&[m1, m2]), decimal(&[p1, p2]), decimal(&[k1, k2]))
    else {
        return false;
    };
    matches!(sex, b'1' | b'2' | b'3' | b'4' | b'7' | b'8')
        && matches!(month, 1..=12 | 20..=42 | 50..=99)
        && place > 0
        && [c1, c2, c3] != *b"000"
        && [s1, s2, s3] != *b"000"
        && 97_u64.saturating_sub(number % 97) == key
}

/// The letter of a Spanish number by its remainder modulo 23.
const SPANISH_LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";

/// A Spanish national identity number (Ministerio del Interior, Real Decreto 1553/2005): eight digits, of which a leading 0
/// may be missing, not all 0, and a letter for the remainder modulo 23.
pub(super) fn es_dni(matched: &[u8]) -> bool {
    let separators = b" -.";
    let Some([digits @ .., letter]) = characters::<9>(matched, separators).or_else(|| {
        let [a, b, c, d, e, f, g, letter] = characters::<8>(matched, separators)?;
        Some([b'0', a, b, c, d, e, f, g, letter])
    }) else {
        return false;
    };
    decimal(&digits).is_some_and(|number| number > 0 && is_spanish_letter(number, letter))
}

/// A Spanish number for foreigners (Ministerio del Interior, Orden INT/2058/2008): X, Y or Z, which count as 0, 1 and 2,
/// seven digits and the letter.
pub(super) fn es_nie(matched: &[u8]) -> bool {
    let Some([first, digits @ .., letter]) = characters::<9>(matched, b" -.") else { return false };
    let series = match first {
        b'X' => 0,
        b'Y' => 10_000_000,
        b'Z' => 20_000_000,
        _ => return false,
    };
    decimal(&digits).is_some_and(|number| is_spanish_letter(number.saturating_add(series), letter))
}

fn is_spanish_letter(number: u64, letter: u8) -> bool {
    usize::try_from(number % 23).ok().and_then(|place| SPANISH_LETTERS.get(place)) == Some(&letter)
}

/// What digits 0 to 9 and letters A to Z count at odd places of an Italian tax code; digits count as A to J.
const ODD_VALUES: [u32; 26] =
    [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

/// The letters for the digits 0 to 9 where two people would have the same code.
const OMOCODIA: &[u8; 10] = b"LMNPQRSTUV";

/// The letters for the months.
const ITALIAN_MONTHS: &[u8; 12] = b"ABCDEHLMPRST";

/// An Italian tax code of a person (Decreto ministeriale 23/12/1976): six letters of the name, year, month and day of
/// birth (women 40 more), the place's code, and a check letter. Digits may be letters where codes coincide.
pub(super) fn it_codice_fiscale(matched: &[u8]) -> bool {
    let Some(code) = characters::<16>(matched, b" -") else { return false };
    let [name @ .., y1, y2, month, d1, d2, place, p1, p2, p3, check] = code;
    let [year_1, year_2, day_1, day_2, place_1, place_2, place_3] =
        [y1, y2, d1, d2, p1, p2, p3].map(as_digit);
    let Some(month) = ITALIAN_MONTHS.iter().position(|letter| *letter == month) else { return false };
    let month = u64::try_from(month).unwrap_or_default().saturating_add(1);
    let (Some(year), Some(day), Some(town)) =
        (decimal(&[year_1, year_2]), decimal(&[day_1, day_2]), decimal(&[place_1, place_2, place_3]))
    else {
        return false;
    };
    let day = if day > 40 { day.saturating_sub(40) } else { day };
    name.iter().all(u8::is_ascii_alphabetic)
        // 2000 was a leap year, 1900 was none; the other years of both centuries agree.
        && is_date(year.saturating_add(2000), month, day)
        && matches!(place, b'A'..=b'M' | b'Z')
        && town > 0
        && italian_check_letter(&code) == Some(check)
}

/// A digit, or the digit that a letter stands for where codes coincide; any other byte as it is.
fn as_digit(byte: u8) -> u8 {
    OMOCODIA.iter().zip(b'0'..=b'9').find(|(letter, _)| **letter == byte).map_or(byte, |(_, digit)| digit)
}

fn italian_check_letter(code: &[u8; 16]) -> Option<u8> {
    let (_, counted) = code.split_last()?;
    let mut sum = 0_u32;
    for (place, byte) in counted.iter().enumerate() {
        let value = match byte {
            b'0'..=b'9' => byte.wrapping_sub(b'0'),
            _ => byte.wrapping_sub(b'A'),
        };
        let odd = place % 2 == 0;
        let counts = if odd { *ODD_VALUES.get(usize::from(value))? } else { u32::from(value) };
        sum = sum.wrapping_add(counts);
    }
    u8::try_from(sum % 26).ok().map(|letter| letter.wrapping_add(b'A'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sensitive::validate::tests::assert_decides;

    #[test]
    fn french_numbers_have_a_key_also_in_corsica() {
        assert_decides(
            fr_nir,
            &["2 95 10 99 126 111 93", "295109912611193", "2-55-08-14-168-025-38", "253072B07300470"],
            &[
                "295109912611194",
                "595109912611193",
                "295139912611193",
                "253072A07300470",
                "000000000000097",
                "2951099126111",
                "",
            ],
        );
    }

    #[test]
    fn spanish_numbers_have_a_letter() {
        assert_decides(
            es_dni,
            &["12345678Z", "12.345.678-Z", "54362315-k", "1111111-G", "99999999R"],
            &["12345678A", "00000000T", "1234567Z", "123456L", "123456789", "A2345678Z", ""],
        );
        assert_decides(
            es_nie,
            &["X1234567L", "x-2482300-w", "Y1234567X", "Z1234567R"],
            &["X1234567A", "A1234567L", "X123456L", ""],
        );
    }

    #[test]
    fn italian_codes_have_a_date_a_place_and_a_check_letter() {
        assert_decides(
            it_codice_fiscale,
            &[
                "RCCMNL83S18D969H",
                "MRTMTT25D09F205Z",
                "rssmra85t10a562s",
                "RSSMRA 85T10 A562S",
                "MRTMTT25D09F20RU",
            ],
            &[
                "RCCMNL83S18D969",
                "RCCMNL83S18D969A",
                "RCCMNL83F18D969H",
                "RCCMNL83S38D969H",
                "1CCMNL83S18D969H",
                "",
            ],
        );
    }
}
