//! Addresses of machines and telephones.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::characters::value;

/// The longest written IPv6 address, with an IPv4 address at its end.
const LONGEST_ADDRESS: usize = 45;

/// The most digits of a telephone number with its country code, and the fewest that any country has.
const TELEPHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// An IPv4 address: four numbers from 0 to 255 without leading zeros, joined by dots (RFC 6943, section 3.1.1, strict).
pub(super) fn ipv4(matched: &[u8]) -> bool {
    address(matched).is_some_and(|text| text.parse::<Ipv4Addr>().is_ok())
}

/// An IPv6 address in any form of RFC 4291, section 2.2, without a zone.
pub(super) fn ipv6(matched: &[u8]) -> bool {
    address(matched).is_some_and(|text| text.parse::<Ipv6Addr>().is_ok())
}

fn address(matched: &[u8]) -> Option<&str> {
    std::str::from_utf8(matched.get(..matched.len().min(LONGEST_ADDRESS.saturating_add(1)))?).ok()
}

/// An international telephone number (ITU-T E.164): `+`, `00` or nothing, a country code that is assigned, 7 to 15 digits
/// in all. In North America (1) eleven, with an area and an exchange that do not begin with 0 or 1, in Russia and
/// Kazakhstan (7) eleven. Spaces, `-`, `.`, `/` and brackets may stand between them.
pub(super) fn phone_e164(matched: &[u8]) -> bool {
    let international = match matched {
        [b'+', rest @ ..] | [b'0', b'0', rest @ ..] => rest,
        all => all,
    };
    let mut digits = [0; 15];
    let mut length = 0_usize;
    let mut separators_in_a_row = 0_usize;
    for byte in international {
        if let Some(digit) = value(*byte) {
            let Some(place) = digits.get_mut(length) else { return false };
            *place = digit;
            length = length.saturating_add(1);
            separators_in_a_row = 0;
        } else {
            separators_in_a_row = separators_in_a_row.saturating_add(1);
            // The longest run is that of `+49 (0) 30`.
            if !b" -./()".contains(byte) || separators_in_a_row > 2 {
                return false;
            }
        }
    }
    let digits = digits.get(..length).unwrap_or_default();
    TELEPHONE_DIGITS.contains(&length) && has_country_code(digits)
}

/// Whether a number begins with a country code of ITU-T E.164 (list of assigned codes), and has the length it fixes.
fn has_country_code(digits: &[u8]) -> bool {
    match digits {
        [1, area, _, _, exchange, ..] => digits.len() == 11 && *area >= 2 && *exchange >= 2,
        [7, area, ..] => digits.len() == 11 && *area >= 3,
        [a, b, c, ..] => {
            let two = u32::from(*a).wrapping_mul(10).wrapping_add(u32::from(*b));
            let three = two.wrapping_mul(10).wrapping_add(u32::from(*c));
            matches!(
                two,
                20 | 27 | 30..=34 | 36 | 39 | 40 | 41 | 43..=49 | 51..=58 | 60..=66 | 81 | 82 | 84 | 86 | 90..=95 | 98
            ) || matches!(
                three,
                211..=213 | 216 | 218 | 220..=258 | 260..=269 | 290 | 291 | 297..=299 | 350..=359 | 370..=383
                    | 385..=387 | 389 | 420 | 421 | 423 | 500..=509 | 590..=599 | 670 | 672..=683 | 685..=692
                    | 800 | 808 | 850 | 852 | 853 | 855 | 856 | 870 | 878 | 880..=883 | 886 | 888 | 960..=968
                    | 970..=977 | 979 | 992..=996 | 998
            )
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sensitive::validate::tests::assert_decides;

    #[test]
    fn four_numbers_up_to_255_are_an_address() {
        assert_decides(
            ipv4,
            &["192.0.2.1", "255.255.255.255", "8.8.8.8"],
            &["256.0.0.1", "192.0.2", "192.0.2.01", "1.2.3.4.5", "192.0.2.1 ", ""],
        );
    }

    #[test]
    fn every_form_of_the_newer_address_is_accepted() {
        assert_decides(
            ipv6,
            &["2001:db8::1", "2001:0DB8:0000:0000:0008:0800:200C:417A", "::1", "::ffff:192.0.2.1"],
            &["2001:db8", "2001::db8::1", "12:34:56", "fe80::1%eth0", "2001:db8::g", "", &"1".repeat(100)],
        );
    }

    #[test]
    fn telephone_numbers_begin_with_a_country_that_exists() {
        assert_decides(
            phone_e164,
            &[
                "+1 212-555-0123",
                "+49 30 123456",
                "+44 (0)20 7946 0958",
                "0033 1 23 45 67 89",
                "+6834002",
                "351912345678",
                "+7 912 345-67-89",
            ],
            &[
                "+1 112 555 0123",
                "+1 212-555-012",
                "+999123456789",
                "+210123456789",
                "+49",
                "+4930a123456",
                "+4912345678901234",
                "+49   30 123456",
                "",
            ],
        );
    }
}
