//! Ids of vehicles, which lead to their owners.

use super::characters::characters;
use super::checksums::weighted;

/// A vehicle identification number (ISO 3779, ISO 3780): seventeen characters without I, O and Q, the last four digits.
/// Where the first says North America (1 to 5) or China (L), whose laws ask for it (49 CFR 565.15, GB 16735), the ninth
/// is the check digit; elsewhere it is anything.
pub(super) fn vin(matched: &[u8]) -> bool {
    let Some(vin) = characters::<17>(matched, b" -") else { return false };
    let [first, _, _, _, _, _, _, _, check, .., a, b, c, d] = vin;
    let weights = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let values = vin.map(|character| match character {
        b'0'..=b'9' => character.wrapping_sub(b'0'),
        b'A'..=b'H' => character.wrapping_sub(b'A').wrapping_add(1),
        b'J'..=b'N' => character.wrapping_sub(b'J').wrapping_add(1),
        b'P' => 7,
        b'R' => 9,
        b'S'..=b'Z' => character.wrapping_sub(b'S').wrapping_add(2),
        _ => u8::MAX,
    });
    let written = match weighted(&values, &weights) % 11 {
        10 => u32::from(b'X'),
        digit => u32::from(b'0').wrapping_add(digit),
    };
    values.iter().all(|value| *value <= 9)
        && [a, b, c, d].iter().all(u8::is_ascii_digit)
        && vin.iter().any(u8::is_ascii_alphabetic)
        && (!matches!(first, b'1'..=b'5' | b'L') || written == u32::from(check))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sensitive::validate::tests::assert_decides;

    #[test]
    fn vehicles_of_america_and_china_need_the_check_digit_and_others_the_serial() {
        assert_decides(
            vin,
            &[
                "1M8GDM9AXKP042788",
                "1hgcm82633a004352",
                "5GZCZ43D13S812715",
                "WVWZZZ1JZXW000001",
                "LSGPC52U6AF102554",
            ],
            &[
                "1M8GDM9A1KP042788",
                "LSGPC52U7AF102554",
                "WVWZZZ1JZXW00000A",
                "WVWZZZ1JZXO000001",
                "WVWZZZ1JZXW00001",
                "00000000000000000",
                "",
            ],
        );
    }
}
