//! Payment cards and bank accounts.

use super::characters::{digits, number, value};
use super::checksums::{luhn, weighted};
use crate::sensitive::{card, iban};

/// The most digits of a card number (ISO/IEC 7812-1).
const LONGEST_CARD: usize = 19;

/// More digits with a Luhn check digit than this are no identification number of anybody.
const LONGEST_LUHN: usize = 64;

/// Countries of the world (ISO 3166-1 alpha-2), and Kosovo, in alphabetical order.
const COUNTRIES: &[u8] = b"ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICK\
CLCMCNCOCRCUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEIL\
IMINIOIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANC\
NENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJ\
TKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZVAVCVEVGVIVNVUWFWSXKYEYTZAZMZW";

/// Any number of 2 to 64 digits with a Luhn check digit (ISO/IEC 7812-1), single spaces, `-`, `.` or `/` between them;
/// not zeros only, which would pass.
pub(super) fn has_luhn_digit(matched: &[u8]) -> bool {
    let mut digits = [0; LONGEST_LUHN];
    let digits = collect(matched, b" -./", &mut digits);
    digits.len() >= 2 && digits.iter().any(|digit| *digit != 0) && luhn(digits)
}

/// A payment card: an issuer's prefix and length, and the Luhn check digit, with single spaces or hyphens.
pub(super) fn payment_card(matched: &[u8]) -> bool {
    let mut digits = [0; LONGEST_CARD];
    card::is_card(collect(matched, b" -", &mut digits))
}

/// The magnetic stripe of a payment card (ISO/IEC 7813): track 1, `%B` number `^` name `^` expiry and more, or track 2,
/// `;` number `=` expiry and more; the sentinels may be missing. Of the expiry the month must exist.
pub(super) fn track_data(matched: &[u8]) -> bool {
    let unframed = match matched {
        [b'%' | b';', rest @ ..] => rest,
        all => all,
    };
    let (number, behind) = match unframed {
        [b'B' | b'b', track_1 @ ..] => {
            let mut fields = track_1.splitn(3, |byte| *byte == b'^');
            let (Some(number), Some(name), Some(behind)) = (fields.next(), fields.next(), fields.next())
            else {
                return false;
            };
            // ISO/IEC 7813 gives a name 2 to 26 characters.
            if !(2..=26).contains(&name.len()) {
                return false;
            }
            (number, behind)
        }
        track_2 => {
            let mut fields = track_2.splitn(2, |byte| matches!(byte, b'=' | b'D'));
            let (Some(number), Some(behind)) = (fields.next(), fields.next()) else { return false };
            (number, behind)
        }
    };
    let [year_tens, year_units, b'0' | b'1', month, ..] = behind else { return false };
    let tens = behind.get(2).copied().unwrap_or_default();
    let exists = if tens == b'0' { (b'1'..=b'9').contains(month) } else { (b'0'..=b'2').contains(month) };
    exists && year_tens.is_ascii_digit() && year_units.is_ascii_digit() && payment_card(number)
}

/// An international bank account number (ISO 13616): country, its length, remainder 1 modulo 97, with single spaces or
/// hyphens between any two characters.
pub(super) fn is_iban(matched: &[u8]) -> bool {
    let mut account = [0; 34];
    let mut length = 0_usize;
    for byte in matched.iter().filter(|byte| !matches!(byte, b' ' | b'-')) {
        let Some(place) = account.get_mut(length).filter(|_| byte.is_ascii_alphanumeric()) else {
            return false;
        };
        *place = byte.to_ascii_uppercase();
        length = length.saturating_add(1);
    }
    account.get(..length).is_some_and(iban::is_account)
}

/// A business identifier code (ISO 9362): four letters for the party, a country, two characters for the place, which are
/// not those of a test code, and three for a branch or none.
pub(super) fn bic(matched: &[u8]) -> bool {
    let [party @ .., country_1, country_2, place_1, place_2] = matched.get(..8).unwrap_or_default() else {
        return false;
    };
    let branch = matched.get(8..).unwrap_or_default();
    let country = [country_1.to_ascii_uppercase(), country_2.to_ascii_uppercase()];
    let (countries, _) = COUNTRIES.as_chunks::<2>();
    party.iter().all(u8::is_ascii_alphabetic)
        && countries.binary_search(&country).is_ok()
        && place_1.is_ascii_alphanumeric()
        && !matches!(place_1, b'0' | b'1')
        && place_2.is_ascii_alphanumeric()
        // A 0 here marks a code for tests, and the letter O is not given out so that it is not mistaken for one.
        && !matches!(place_2, b'0' | b'O' | b'o')
        && (branch.is_empty() || branch.len() == 3 && branch.iter().all(u8::is_ascii_alphanumeric))
}

/// A routing number of the American Bankers Association: a Federal Reserve prefix and the check digit with weights 3, 7,
/// 1, with hyphens as on cheques or spaces.
pub(super) fn aba_routing(matched: &[u8]) -> bool {
    let Some(digits) = digits::<9>(matched, b" -") else { return false };
    let [tens, units, ..] = digits;
    let prefix = number(&[tens, units]);
    // 01 to 12 the Federal Reserve districts, 21 to 32 thrift institutions, 61 to 72 electronic, 80 traveller's cheques.
    // 00 (the United States Government) would let counters with leading zeros in.
    matches!(prefix, 1..=12 | 21..=32 | 61..=72 | 80)
        && weighted(&digits, &[3, 7, 1, 3, 7, 1, 3, 7, 1]).is_multiple_of(10)
}

/// The digits of a value with single separators between them; none where there is anything else, or more of them.
fn collect<'a>(matched: &[u8], separators: &[u8], into: &'a mut [u8]) -> &'a [u8] {
    let mut length = 0_usize;
    let mut may_separate = false;
    for byte in matched {
        if may_separate && separators.contains(byte) {
            may_separate = false;
            continue;
        }
        let (Some(digit), Some(place)) = (value(*byte), into.get_mut(length)) else { return &[] };
        *place = digit;
        length = length.saturating_add(1);
        may_separate = true;
    }
    into.get(..length).filter(|_| may_separate).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sensitive::validate::tests::assert_decides;

    #[test]
    fn any_number_with_a_luhn_digit_is_accepted() {
        assert_decides(
            has_luhn_digit,
            &["79927398713", "18", "4111-1111-1111-1111", "046 454 286", "80/840 1234.567893"],
            &[
                "79927398710",
                "0",
                "0000",
                "",
                "4111--1111",
                "4111111111111111a",
                "-18",
                "18-",
                &"0".repeat(65),
            ],
        );
    }

    #[test]
    fn cards_need_an_issuer_a_length_and_a_check_digit() {
        assert_decides(
            payment_card,
            &["4111111111111111", "5555 5555 5555 4444", "3782-822463-10005", "6011000990139424"],
            &[
                "4111111111111112",
                "9999999999999995",
                "411111111111111",
                "41111111111111111111",
                "",
                "4111_1111",
            ],
        );
    }

    #[test]
    fn both_tracks_of_a_stripe_are_accepted() {
        assert_decides(
            track_data,
            &[
                "%B4111111111111111^DOE/JOHN^25121010000000000?",
                "B5555555555554444^DOE/JANE Q.^2801101",
                ";4111111111111111=25121010000012300000?",
                "4111111111111111=2512101",
                "4111111111111111D25121010000012300000F",
            ],
            &[
                "%B4111111111111112^DOE/JOHN^2512101?",
                "%B4111111111111111^DOE/JOHN^2513101?",
                "%B4111111111111111^DOE/JOHN^2500101?",
                "%B4111111111111111^D^2512101?",
                "%B4111111111111111^DOE/JOHN",
                ";4111111111111111=2520101?",
                "4111111111111111=25",
                "4111111111111111",
                "=2512101",
                "%B^^",
                "",
            ],
        );
    }

    #[test]
    fn account_numbers_need_a_country_its_length_and_the_remainder() {
        assert_decides(
            is_iban,
            &["DE89370400440532013000", "gb29 nwbk 6016 1331 9268 19", "NO93-8601-1117-947"],
            &[
                "DE88370400440532013000",
                "DE8937040044053201300",
                "XX89370400440532013000",
                "DE",
                "",
                "DEAA370400440532013000",
            ],
        );
    }

    #[test]
    fn bank_codes_need_a_country_and_a_place_of_their_own() {
        assert_decides(
            bic,
            &["DEUTDEFF", "DEUTDEFF500", "NEDSZAJJXXX", "CHASUS33", "barcgb22", "PRCBXKPR"],
            &[
                "DEUTXXFF",
                "DEUTDEF0",
                "DEUTDE0F",
                "DEUTDEFF50",
                "DEUTDEFF50-",
                "D1UTDEFF",
                "DEUTDEF",
                "",
                "DEUTDEFFF5000",
            ],
        );
    }

    #[test]
    fn countries_are_sorted_and_all_there() {
        let (countries, rest) = COUNTRIES.as_chunks::<2>();
        assert!(countries.is_sorted() && rest.is_empty());
        // ISO 3166-1 has 249, Kosovo comes on top.
        assert_eq!(countries.len(), 250);
    }

    #[test]
    fn routing_numbers_need_a_federal_prefix_and_a_check_digit() {
        assert_decides(
            aba_routing,
            &["111000025", "121000358", "3222-7162-7", "021000021", "061000104"],
            &["111000026", "421042111", "000000000", "133000008", "12100035", "1210003580", ""],
        );
    }
}
