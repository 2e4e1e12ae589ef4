//! Tells a random value from what people and programs write: names, paths, sentences, counters.
//!
//! Two measures, which a random value fails less than once in a thousand times, both together:
//!
//! - **Variety.** The Shannon entropy of its bytes is at least what one in a million random values of the same length and
//!   alphabet falls short of. (Drawn a million times for each cell of [`LEAST_ENTROPY`].)
//! - **No words.** How much more likely its pairs of neighbouring letters are in words than in random text. A likelihood
//!   ratio of 2^10 is reached by chance in less than one of 2^10 values whatever their length (Markov's inequality), and
//!   in practice in one of ten thousand; a phrase of twelve letters reaches it nearly always.
//!
//! All arithmetic is on integers, so that it is the same in the proxy and on the host.

use super::placeholder::is_placeholder;

/// The most bytes that are looked at.
const LOOKED_AT: usize = 512;

/// Below this, chance and intent look alike.
pub(super) const SHORTEST: usize = 12;

/// Below this, letters alone or digits alone prove nothing.
const SHORT: usize = 16;

/// A run of letters and digits that is so long is judged by itself.
const RUN: usize = 16;

/// Of a run of at least three times this length so many bytes are left out: a vendor's prefix is not random.
const PREFIX: usize = 8;

/// The evidence of words, in bits, from which on a value is not random; the second holds for short values.
const WORDS: i32 = 10;
const WORDS_IN_SHORT: i32 = 4;

/// The lengths of the columns of [`LEAST_ENTROPY`].
const LENGTHS: [u32; 13] = [8, 12, 16, 20, 24, 32, 40, 48, 64, 96, 128, 256, 512];

/// The least entropy in hundredths of a bit per byte, by alphabet and length.
const LEAST_ENTROPY: [(Alphabet, [u32; 13]); 4] = [
    (Alphabet::Hexadecimal, [81, 140, 163, 220, 242, 277, 290, 312, 336, 352, 367, 384, 393]),
    (Alphabet::Letters, [106, 173, 231, 252, 275, 319, 343, 364, 387, 410, 428, 449, 460]),
    (Alphabet::OneCase, [106, 200, 248, 283, 293, 336, 371, 389, 415, 444, 464, 492, 505]),
    (Alphabet::Mixed, [130, 196, 275, 307, 335, 376, 403, 426, 456, 494, 522, 559, 576]),
];

/// The digit for a pair of letters is five more than the logarithm to base two of how much more often the pair occurs in
/// words (of programs and their documentation) than in random letters. The row is the first letter, the column the second.
const PAIRS: [&[u8; 26]; 26] = [
    b"25652351503756050767442341", // a
    b"74536322652733630564610151", // b
    b"72437316506532731547521030", // c
    b"64458432722533642554532130", // d
    b"53664442302557353776243530", // e
    b"63446631800633720645611140", // f
    b"52438346601546530664522022", // g
    b"72338212702443730546411140", // h
    b"54655450102658641566140304", // i
    b"72348411534233740262735030", // j
    b"63448342722534541465434020", // k
    b"62358331702623740355531050", // l
    b"75348221602453671254511130", // m
    b"62666572513324531267442020", // n
    b"44552441414667450755645311", // o
    b"72337324503622651756512050", // p
    b"32231320200644223454931011", // q
    b"72548341703454730566432040", // r
    b"52537325603543552367523140", // s
    b"62437316701432640655422151", // t
    b"55545440500667360767110201", // u
    b"73429321700233520333102220", // v
    b"72447326703436631654213220", // w
    b"54648523600453472347222441", // x
    b"54545443522666581566244133", // y
    b"72229222701342530333310044", // z
];

/// What a value is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Alphabet {
    /// Digits and `a` to `f` in either case.
    Hexadecimal,
    /// Letters of one case.
    Letters,
    /// Letters of one case, and digits.
    OneCase,
    /// Anything more.
    Mixed,
}

/// Whether a value was drawn at random, as keys are. Placeholders, numbers, UUIDs and times are not, and neither is what
/// has less than twelve bytes. Looks at the first 512 bytes; never panics for any bytes.
pub(crate) fn looks_random(matched: &[u8]) -> bool {
    let value = matched.get(..LOOKED_AT).unwrap_or(matched);
    let part = varying_part(value);
    let short = part.len() < SHORT;
    if part.len() < SHORTEST || !has_letters(part) || is_uuid(value) || is_placeholder(value) {
        return false;
    }
    if short && !part.iter().any(u8::is_ascii_digit) {
        return false;
    }
    let alphabet = Alphabet::of(part);
    let words = if short { WORDS_IN_SHORT } else { WORDS };
    entropy(part) >= least_entropy(alphabet, part.len())
        && (alphabet == Alphabet::Hexadecimal || evidence_of_words(value) < words)
}

/// The longest run of letters and digits without what may be its prefix, or all where no run is long.
fn varying_part(value: &[u8]) -> &[u8] {
    let run =
        value.split(|byte| !byte.is_ascii_alphanumeric()).max_by_key(|run| run.len()).unwrap_or_default();
    match run.len() {
        0..RUN => value,
        length if length >= PREFIX.saturating_mul(3) => run.get(PREFIX..).unwrap_or_default(),
        _ => run,
    }
}

/// Whether it is more than a number or a time such as `20240131T235959Z`.
fn has_letters(part: &[u8]) -> bool {
    part.iter().any(|byte| byte.is_ascii_alphabetic() && !matches!(byte, b'T' | b'Z'))
}

/// Whether this is a UUID (RFC 9562), which names things and opens none.
fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value.iter().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

impl Alphabet {
    fn of(part: &[u8]) -> Self {
        let has = |kind: fn(&u8) -> bool| part.iter().any(kind);
        let one_case = !(has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase));
        if part.iter().all(u8::is_ascii_hexdigit) {
            Self::Hexadecimal
        } else if one_case && part.iter().all(u8::is_ascii_alphabetic) {
            Self::Letters
        } else if one_case && part.iter().all(u8::is_ascii_alphanumeric) {
            Self::OneCase
        } else {
            Self::Mixed
        }
    }
}

/// The Shannon entropy of the bytes in hundredths of a bit per byte.
fn entropy(part: &[u8]) -> u32 {
    let mut counts = [0_u32; 256];
    for byte in part {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count = count.saturating_add(1);
        }
    }
    let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
    let repeated: u32 = counts.iter().map(|count| count.saturating_mul(logarithm(*count))).sum();
    let bits = logarithm(length).saturating_sub(repeated.checked_div(length).unwrap_or(0));
    bits.saturating_mul(100) >> FRACTION
}

/// How many bits of a [`logarithm`] are behind the point.
const FRACTION: u32 = 10;

/// The logarithm to base two, of zero zero, in 1/1024. At most 512 is asked for.
fn logarithm(number: u32) -> u32 {
    let Some(whole) = number.checked_ilog2() else { return 0 };
    // The mantissa, between one and two, with 30 bits behind the point; each squaring yields a bit of the logarithm.
    let mut mantissa = (u64::from(number) << 30) >> whole;
    let mut fraction = 0;
    for _ in 0..FRACTION {
        mantissa = mantissa.saturating_mul(mantissa) >> 30;
        let bit = u32::from(mantissa >= 2 << 30);
        mantissa >>= bit;
        fraction = fraction << 1 | bit;
    }
    whole << FRACTION | fraction
}

/// Between two lengths on a straight line, which lies below the curve.
fn least_entropy(alphabet: Alphabet, length: usize) -> u32 {
    let Some((_, row)) = LEAST_ENTROPY.iter().find(|(of, _)| *of == alphabet) else { return 0 };
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    let columns = LENGTHS.iter().zip(row);
    for ((shorter, lower), (longer, higher)) in columns.clone().zip(columns.skip(1)) {
        if length <= *longer {
            let share = length.saturating_sub(*shorter).saturating_mul(higher.saturating_sub(*lower));
            return lower.saturating_add(share.checked_div(longer.saturating_sub(*shorter)).unwrap_or(0));
        }
    }
    row.last().copied().unwrap_or(0)
}

/// How much likelier the pairs of letters are in words than in random text, in bits.
fn evidence_of_words(value: &[u8]) -> i32 {
    value.iter().zip(value.iter().skip(1)).filter_map(|(first, second)| evidence(*first, *second)).sum()
}

fn evidence(first: u8, second: u8) -> Option<i32> {
    let row = PAIRS.get(letter(first)?)?;
    let digit = row.get(letter(second)?)?;
    Some(i32::from(digit.saturating_sub(b'0')).saturating_sub(5))
}

fn letter(byte: u8) -> Option<usize> {
    byte.is_ascii_alphabetic().then(|| usize::from(byte.to_ascii_lowercase().saturating_sub(b'a')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_generated_passwords_look_random() {
        for value in [
            "9f86d081884c7d659a2feaa0c55ad015",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzQ8vLk2TpN",
            "Zf3D0LXCM3EIMbgJpUNnkRtOfOueHznB",
            "hx24ij0yjlrnnvx4ygecm",
            "dapi5b9d2c7e81f4a6035b9e2d7c81f4a603",
            "V7#kq2!Zr9@p",
            "xT5-9bQz_mW2",
            "q8Zt-4Lmv_0XwP-s3Kd",
            "kfjqwzxvbnmplrtgh",
        ] {
            assert!(looks_random(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn names_paths_numbers_and_ids_do_not() {
        for value in [
            "AcceptanceTimeoutSeconds",
            "user-profile-settings-page",
            "com.example.app.MainActivity",
            "/api/v1/users/current/session",
            "expires_in_3600_seconds",
            "invalid_credentials",
            "correct-horse-battery-staple",
            "LONDON-WESTMINSTER",
            "4111111111111111",
            "1732752000000",
            "20240131T235959Z",
            "2024-01-31T23:59:59Z",
            "c4b7e0d2-5d1a-4f0e-9b3c-7a2f6e8d1c05",
            "aaaaaaaaaaaaaaaabbbbbbbb",
            "sk_live_xxxxxxxxxxxxxxxx",
            "SHA256withRSA",
            "XMLHttpRequest",
            "us-east-1",
            "password123",
            "short1",
            "",
        ] {
            assert!(!looks_random(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn random_values_of_every_usual_alphabet_are_hardly_ever_missed() {
        let lower = "abcdefghijklmnopqrstuvwxyz0123456789";
        let mixed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let mut state = 0x2545_F491_4F6C_DD1D_u64;
        for (alphabet, length) in [
            ("0123456789abcdef", 32),
            ("0123456789ABCDEF", 64),
            (lower, 20),
            (lower, 40),
            (mixed, 20),
            (mixed, 40),
        ] {
            let mut missed = 0;
            for _ in 0..10_000 {
                let value: Vec<u8> = (0..length)
                    .map(|_| {
                        state ^= state << 13;
                        state ^= state >> 7;
                        state ^= state << 17;
                        alphabet.as_bytes()[(state >> 33) as usize % alphabet.len()]
                    })
                    .collect();
                missed += u32::from(!looks_random(&value));
            }
            assert!(missed <= 6, "{alphabet} {length}: {missed}");
        }
    }

    #[test]
    fn the_logarithm_is_exact_to_a_thousandth() {
        for number in 1..=512_u32 {
            let exact = f64::from(number).log2() * 1024.0;
            assert!((exact - f64::from(logarithm(number))).abs() <= 1.0, "{number}");
        }
        assert_eq!(logarithm(0), 0);
    }

    #[test]
    fn any_bytes_are_judged() {
        for byte in 0..=255 {
            assert!(!looks_random(&[byte; 4096]));
        }
        let all: Vec<u8> = (0..=255).cycle().take(4096).collect();
        looks_random(&all);
    }
}
