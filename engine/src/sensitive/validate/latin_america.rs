//! Ids of Brazil.

use super::characters::{characters, digits, is_repeated};

/// A Brazilian number of a person (Receita Federal, Cadastro de Pessoas Físicas): nine digits and two check digits modulo
/// 11, not one digit eleven times.
pub(super) fn br_cpf(matched: &[u8]) -> bool {
    let Some(digits) = digits::<11>(matched, b" .-/") else { return false };
    let [body @ .., first, second] = digits;
    let [nine @ .., _] = digits;
    !is_repeated(&digits)
        && brazilian_digit(&body, u32::MAX) == u32::from(first)
        && brazilian_digit(&nine, u32::MAX) == u32::from(second)
}

/// A Brazilian number of a business (Receita Federal, Cadastro Nacional da Pessoa Jurídica): twelve digits, or from July
/// 2026 on letters and digits (Instrução Normativa RFB 2229/2024), and two check digits modulo 11.
pub(super) fn br_cnpj(matched: &[u8]) -> bool {
    let Some(characters) = characters::<14>(matched, b" .-/") else { return false };
    // The character's code less 48, so that digits are themselves and A is 17.
    let values = characters.map(|character| character.wrapping_sub(b'0'));
    let [body @ .., first, second] = values;
    let [thirteen @ .., _] = values;
    !is_repeated(&values)
        && brazilian_digit(&body, 9) == u32::from(first)
        && brazilian_digit(&thirteen, 9) == u32::from(second)
}

/// The weights go up from 2 at the right, and begin again behind `highest`.
fn brazilian_digit(values: &[u8], highest: u32) -> u32 {
    let mut weight = 1_u32;
    let mut sum = 0_u32;
    for value in values.iter().rev() {
        weight = if weight >= highest { 2 } else { weight.wrapping_add(1) };
        sum = sum.wrapping_add(u32::from(*value).wrapping_mul(weight));
    }
    match sum % 11 {
        0 | 1 => 0,
        rest => 11_u32.wrapping_sub(rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sensitive::validate::tests::assert_decides;

    #[test]
    fn persons_have_two_check_digits() {
        assert_decides(
            br_cpf,
            &["390.533.447-05", "39053344705", "231.002.999-81"],
            &[
                "390.533.447-06",
                "390.533.447-15",
                "111.111.111-11",
                "000.000.000-00",
                "390.533.447",
                "39053344705a",
                "",
            ],
        );
    }

    #[test]
    fn businesses_have_two_check_digits_with_and_without_letters() {
        assert_decides(
            br_cnpj,
            &["16.727.230/0001-97", "16727230000197", "12.ABC.345/01DE-35", "12abc34501de35"],
            &["16.727.230/0001-98", "12.ABC.345/01DE-36", "00.000.000/0000-00", "16.727.230/0001", ""],
        );
    }
}
