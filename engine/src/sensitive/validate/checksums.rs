//! Check digits that several authorities share. Digits are numbers from 0 to 9, most significant first.

/// ISO/IEC 7812-1, annex B: every second digit from the right doubled, its own digits added up, a multiple of 10.
pub(super) use crate::sensitive::card::luhn;

/// The sum of products with these weights, as far as both go.
pub(super) fn weighted(digits: &[u8], weights: &[u32]) -> u32 {
    digits
        .iter()
        .zip(weights)
        .fold(0, |sum: u32, (digit, weight)| sum.wrapping_add(u32::from(*digit).wrapping_mul(*weight)))
}

/// The check digit that makes a sum a multiple of 10.
pub(super) fn to_ten(sum: u32) -> u32 {
    10_u32.wrapping_sub(sum % 10) % 10
}

/// ISO/IEC 7064 MOD 11,10: whether the last digit is the check digit of those before it.
pub(super) fn mod_11_10(digits: &[u8]) -> bool {
    let Some((check, digits)) = digits.split_last() else { return false };
    let product = digits.iter().fold(10_u32, |product, digit| {
        let sum = match product.wrapping_add(u32::from(*digit)) % 10 {
            0 => 10,
            sum => sum,
        };
        sum.wrapping_mul(2) % 11
    });
    11_u32.wrapping_sub(product) % 10 == u32::from(*check)
}

/// Multiplication in the dihedral group of order ten.
const MULTIPLIED: [[u8; 10]; 10] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    [1, 2, 3, 4, 0, 6, 7, 8, 9, 5],
    [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
    [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
    [4, 0, 1, 2, 3, 9, 5, 6, 7, 8],
    [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
    [6, 5, 9, 8, 7, 1, 0, 4, 3, 2],
    [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
    [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
    [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
];

/// What becomes of a digit at each place from the right; repeats after eight places.
const PERMUTED: [[u8; 10]; 8] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    [1, 5, 7, 6, 2, 8, 3, 0, 9, 4],
    [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
    [8, 9, 1, 6, 0, 4, 3, 5, 2, 7],
    [9, 4, 5, 3, 1, 2, 6, 8, 7, 0],
    [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
    [2, 7, 9, 3, 8, 0, 6, 4, 1, 5],
    [7, 0, 4, 6, 9, 1, 3, 2, 5, 8],
];

/// J. Verhoeff, Error Detecting Decimal Codes (1969): whether the last digit is the check digit of those before it.
pub(super) fn verhoeff(digits: &[u8]) -> bool {
    let product = digits.iter().rev().zip(PERMUTED.iter().cycle()).try_fold(0_u8, |product, (digit, row)| {
        let permuted = row.get(usize::from(*digit))?;
        MULTIPLIED.get(usize::from(product))?.get(usize::from(*permuted)).copied()
    });
    product == Some(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn luhn_catches_every_wrong_digit() {
        assert!(luhn(&[7, 9, 9, 2, 7, 3, 9, 8, 7, 1, 3]));
        assert_one_digit_decides(luhn, &[7, 9, 9, 2, 7, 3, 9, 8, 7, 1, 3]);
    }

    #[test]
    fn mod_11_10_agrees_with_the_standard() {
        // The example of ISO/IEC 7064, 0794 with check digit 5.
        assert!(mod_11_10(&[0, 7, 9, 4, 5]));
        assert_one_digit_decides(mod_11_10, &[0, 7, 9, 4, 5]);
        assert!(!mod_11_10(&[]));
    }

    #[test]
    fn verhoeff_catches_wrong_digits_and_swapped_neighbours() {
        assert!(verhoeff(&[2, 3, 6, 3]));
        assert_one_digit_decides(verhoeff, &[2, 3, 6, 3]);
        assert!(!verhoeff(&[3, 2, 6, 3]));
    }

    #[test]
    fn sums_are_completed_to_ten() {
        assert_eq!((to_ten(0), to_ten(13), to_ten(29)), (0, 7, 1));
        assert_eq!(weighted(&[1, 2, 3], &[1, 10, 100]), 321);
    }

    fn assert_one_digit_decides(accepts: fn(&[u8]) -> bool, valid: &[u8]) {
        for place in 0..valid.len() {
            for digit in (0..10).filter(|digit| *digit != valid[place]) {
                let mut wrong = valid.to_vec();
                wrong[place] = digit;
                assert!(!accepts(&wrong), "{wrong:?}");
            }
        }
    }
}
