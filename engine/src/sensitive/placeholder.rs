//! Tells what stands in for a secret from a secret: `sk_live_xxxxxxxx`, `your-api-key`, `1234567890abcdef`, `${TOKEN}`.
//!
//! Every rule is one that a random value of 16 to 64 characters breaks less than once in ten thousand times, so that no
//! secret gets away for its looks.

/// The most bytes that are looked at. A placeholder shows itself early.
const LOOKED_AT: usize = 512;

/// A run or repetition stands for the whole only where it is at least this part of it: a key may hold a few zeros, or end
/// with the digits of a test.
const PART: usize = 4;

/// So many equal bytes in a row were typed, not drawn.
const EQUAL_RUN: usize = 8;

/// The same for bytes with which people mask.
const MASKING_RUN: usize = 5;

/// So many bytes that each follow the one before (`abcdefgh`, `12345678`), or the last but one (`a1b2c3d4`).
const ASCENDING_RUN: usize = 8;

/// The longest piece whose repetition is noticed, and how many bytes must repeat what stood before.
const LONGEST_PERIOD: usize = 12;
const REPEATED: usize = 12;

/// From this length on a value has at least five different bytes.
const VARIED_LENGTH: usize = 16;
const LEAST_VARIETY: u32 = 5;

/// What people write in place of a secret, in lower case; `_` stands for one of `_`, `-`, a space, or nothing.
const WORDS: &[&[u8]] = &[
    b"example",
    b"placeholder",
    b"redacted",
    b"changeme",
    b"change_me",
    b"replace_me",
    b"replace_with",
    b"removed_for",
    b"insert_your",
    b"your_",
    b"enter_your",
    b"dummy_",
    b"sample_",
    b"secret_here",
    b"token_here",
    b"key_here",
    b"goes_here",
    b"not_a_real",
    b"notreal",
    b"my_secret",
    b"my_token",
    b"my_api",
    b"my_password",
    b"xxxxx",
    b"foobar",
    b"deadbeef",
];

/// How values are left open in templates and shells.
const TEMPLATES: &[&[u8]] = &[b"${", b"{{", b"<", b"%(", b"$(", b"...", b"#{"];

/// Whether this stands in for a secret. Looks at the first 512 bytes; never panics for any bytes.
pub(crate) fn is_placeholder(matched: &[u8]) -> bool {
    let value = matched.get(..LOOKED_AT).unwrap_or(matched);
    TEMPLATES.iter().any(|template| memchr::memmem::find(value, template).is_some())
        || has_equal_run(value)
        || is_ascending(value)
        || repeats_itself(value)
        || (value.len() >= VARIED_LENGTH && variety(value) < LEAST_VARIETY)
        || (0..value.len()).any(|start| WORDS.iter().any(|word| stands_at(value, start, word)))
}

fn has_equal_run(value: &[u8]) -> bool {
    let mut run = 0_usize;
    let mut last = None;
    value.iter().any(|byte| {
        run = if last == Some(byte) { run.saturating_add(1) } else { 1 };
        last = Some(byte);
        match byte {
            b'x' | b'X' | b'*' | b'.' | b'#' => run >= MASKING_RUN,
            _ => run >= EQUAL_RUN && is_large_part(run, value),
        }
    })
}

/// Whether bytes count up, one by one or every second one.
fn is_ascending(value: &[u8]) -> bool {
    [1_usize, 2].into_iter().any(|distance| {
        let mut run = distance;
        value.iter().zip(value.iter().skip(distance)).any(|(earlier, later)| {
            run = if *later == successor(*earlier) { run.saturating_add(1) } else { distance };
            run >= ASCENDING_RUN && is_large_part(run, value)
        })
    })
}

/// What comes next where people count; after `9` comes a zero.
fn successor(byte: u8) -> u8 {
    match byte {
        b'9' => b'0',
        other => other.wrapping_add(1),
    }
}

/// Whether a piece comes again and again, such as `123123123123123`.
fn repeats_itself(value: &[u8]) -> bool {
    (1..=LONGEST_PERIOD).any(|period| {
        let mut repeated = 0_usize;
        value.iter().zip(value.iter().skip(period)).any(|(earlier, later)| {
            repeated = if earlier == later { repeated.saturating_add(1) } else { 0 };
            repeated >= REPEATED && is_large_part(repeated, value)
        })
    })
}

fn is_large_part(run: usize, value: &[u8]) -> bool {
    run.saturating_mul(PART) >= value.len()
}

/// How many different bytes there are.
fn variety(value: &[u8]) -> u32 {
    let mut seen = [0_u64; 4];
    for byte in value {
        if let Some(word) = seen.get_mut(usize::from(byte >> 6)) {
            *word |= 1 << (byte & 63);
        }
    }
    seen.iter().map(|word| word.count_ones()).sum()
}

/// Whether the word stands at this place, whatever the case and the separators.
fn stands_at(value: &[u8], start: usize, word: &[u8]) -> bool {
    let mut rest = value.get(start..).unwrap_or_default().iter();
    word.iter().all(|expected| match expected {
        b'_' => {
            if matches!(rest.as_slice().first(), Some(b'_' | b'-' | b' ')) {
                rest.next();
            }
            true
        }
        letter => rest.next().is_some_and(|byte| byte.to_ascii_lowercase() == *letter),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_in_place_of_a_secret_is_a_placeholder() {
        for value in [
            "sk_live_xxxxxxxxxxxxxxxxxxxxxxxx",
            "AKIAXXXXXXXXXXXXXXXX",
            "AKIAIOSFODNN7EXAMPLE",
            "ghp_000000000000000000000000000000000000",
            "your-api-key-goes-here",
            "YOUR_SECRET_TOKEN",
            "changeme",
            "Change-Me-2024",
            "**************",
            "hunter...",
            "[REDACTED]",
            "${DATABASE_PASSWORD}",
            "{{ .Values.password }}",
            "<password>",
            "1234567890123456",
            "0123456789abcdef0123456789abcdef",
            "abcdefghijklmnopqrstuvwxyz",
            "a1b2c3d4e5f6g7h8",
            "12312312312312312312",
            "deadbeefdeadbeefdeadbeefdeadbeef",
            "aaaabbbbaaaabbbbccaa",
        ] {
            assert!(is_placeholder(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn random_values_are_none() {
        for value in [
            "sk_live_Q3rV8sXk1ZpLw0YtNbG7hJd2",
            "AKIAQ7PZL3RVWK2MTXDN",
            "9f86d081884c7d659a2feaa0c55ad015",
            "fm2_lJPECAAAAAAAB1dQxBBJ5kQ0pYwvTz",
            "correct horse battery",
            "P@ssw0rd!",
            "",
        ] {
            assert!(!is_placeholder(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn random_bytes_of_every_usual_alphabet_are_hardly_ever_placeholders() {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        for alphabet in
            ["0123456789abcdef", "abcdefghijklmnopqrstuvwxyz0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"]
        {
            let mut refused = 0;
            for _ in 0..10_000 {
                let value: Vec<u8> = (0..40)
                    .map(|_| {
                        state ^= state << 13;
                        state ^= state >> 7;
                        state ^= state << 17;
                        alphabet.as_bytes()[(state >> 33) as usize % alphabet.len()]
                    })
                    .collect();
                refused += u32::from(is_placeholder(&value));
            }
            assert!(refused <= 4, "{alphabet}: {refused}");
        }
    }

    #[test]
    fn any_bytes_are_judged() {
        for byte in 0..=255 {
            assert!(is_placeholder(&[byte; 4096]));
            is_placeholder(&[byte]);
        }
    }
}
