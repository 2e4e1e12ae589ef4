//! A scanner that knows the whole text, skips nothing and takes its time; what the real one must agree with.

use super::super::card::is_card;
use super::DetectorBits;
use crate::vocabulary::Detector;

/// Every value of the text: what it is, where it begins and ends.
pub(super) fn values(text: &[u8]) -> Vec<(Detector, usize, usize)> {
    let addresses: Vec<_> = (0..text.len()).filter_map(|at| email(text, at)).collect();
    // What a domain looks like besides is not asked.
    let is_in_domain = |place: usize| {
        addresses
            .iter()
            .any(|(_, start, end)| text[*start..place.clamp(*start, *end)].contains(&b'@') && place < *end)
    };
    let mut found = Vec::new();
    let mut start = 0;
    while start < text.len() {
        if is_in_domain(start) {
            start += 1;
            continue;
        }
        let number = iban(text, start).or_else(|| ssn(text, start)).or_else(|| card(text, start));
        start = match number {
            Some((detector, end)) => {
                found.push((detector, start, end));
                end
            }
            None => start + 1,
        };
    }
    found.extend(addresses);
    found
}

/// How many values of each detector there are.
pub(super) fn counts(text: &[u8]) -> [u32; 4] {
    let mut counts = [0; 4];
    for (detector, _, _) in values(text) {
        counts[detector as usize] += 1;
    }
    counts
}

/// The text with every value of these detectors starred, but for the last `keep` letters and digits.
pub(super) fn mask(text: &[u8], detectors: DetectorBits, keep: usize) -> Vec<u8> {
    let mut output = text.to_vec();
    for (detector, start, end) in values(text) {
        if !detectors.contains(detector as usize) {
            continue;
        }
        let domain = text[start..end].iter().position(|byte| *byte == b'@').map_or(start, |at| start + at);
        let significant: Vec<usize> = (start..end).filter(|at| text[*at].is_ascii_alphanumeric()).collect();
        // A local part of signs alone, `_`, would stay readable.
        if significant.iter().all(|at| *at >= domain) {
            output[start..domain].fill(b'*');
        }
        let kept_from = significant.len().saturating_sub(keep);
        let kept = significant[kept_from..].iter().filter(|at| **at >= domain);
        let kept: Vec<usize> = kept.copied().collect();
        for at in significant.into_iter().filter(|at| !kept.contains(at)) {
            output[at] = b'*';
        }
    }
    output
}

fn at(text: &[u8], position: Option<usize>) -> u8 {
    position.and_then(|position| text.get(position)).copied().unwrap_or(b' ')
}

fn word(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric()
}

fn begins(text: &[u8], start: usize) -> bool {
    let one = at(text, start.checked_sub(1));
    let two = at(text, start.checked_sub(2));
    !word(one) || (b"nrt".contains(&one) && two == b'\\')
}

fn stands_alone(text: &[u8], start: usize, end: usize, hyphen_joins: fn(u8) -> bool) -> bool {
    let (left, further_left) = (at(text, start.checked_sub(1)), at(text, start.checked_sub(2)));
    let (right, further_right) = (at(text, Some(end)), at(text, Some(end + 1)));
    begins(text, start)
        && left != b'+'
        && !(left == b'.' && further_left.is_ascii_digit())
        && !(left == b'-' && hyphen_joins(further_left))
        && !word(right)
        && !(right == b'.' && further_right.is_ascii_digit())
        && !(right == b'-' && hyphen_joins(further_right))
}

fn card(text: &[u8], start: usize) -> Option<(Detector, usize)> {
    let shapes = [
        "0000 0000 0000 0000",
        "0000 000000 00000",
        "0000 000000 0000",
        "0000 0000 0000 0000 000",
        "000000 0000000000000",
        "0000 0000 0000 000",
        "0000 0000 0000 00",
        "0000 0000 0000 0",
        "0000 000 000 000",
        "0000 0000 00000",
        "0000 00000 000000",
        "0000 0000 0000 0000 0",
        "0000 0000 0000 0000 00",
        "00000000 00000000",
        "0000000000000000000",
        "000000000000000000",
        "00000000000000000",
        "0000000000000000",
        "000000000000000",
        "00000000000000",
        "0000000000000",
    ];
    for shape in shapes {
        for separator in *b" -." {
            // Two groups with a dot are a number and its fraction.
            if separator == b'.' && shape.matches(' ').count() == 1 {
                continue;
            }
            let Some(candidate) = text.get(start..start + shape.len()) else { continue };
            let fits = candidate.iter().zip(shape.bytes()).all(|(byte, expected)| match expected {
                b'0' => byte.is_ascii_digit(),
                _ => *byte == separator,
            });
            let digits: Vec<u8> = candidate.iter().filter(|b| b.is_ascii_digit()).map(|b| b - b'0').collect();
            let end = start + shape.len();
            if fits && is_card(&digits) && stands_alone(text, start, end, |byte| byte.is_ascii_digit()) {
                return Some((Detector::PaymentCard, end));
            }
        }
    }
    None
}

fn ssn(text: &[u8], start: usize) -> Option<(Detector, usize)> {
    let end = start + 11;
    let number = std::str::from_utf8(text.get(start..end)?).ok()?;
    let separator = number.chars().nth(3).filter(|separator| "- ".contains(*separator))?;
    let parts: Vec<&str> = number.split(separator).collect();
    let [area, group, serial] = parts.as_slice() else { return None };
    let shaped = (area.len(), group.len(), serial.len()) == (3, 2, 4)
        && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    if !shaped || ["078-05-1120", "219-09-9999"].contains(&number.replace(' ', "-").as_str()) {
        return None;
    }
    let (area, group, serial): (u16, u16, u16) =
        (area.parse().ok()?, group.parse().ok()?, serial.parse().ok()?);
    let issued = area != 0 && area != 666 && area < 900 && group != 0 && serial != 0;
    let in_row = separator == ' '
        && (at(text, start.checked_sub(1)) == b' ' && at(text, start.checked_sub(2)).is_ascii_digit()
            || at(text, Some(end)) == b' ' && at(text, Some(end + 1)).is_ascii_digit());
    (issued && !in_row && stands_alone(text, start, end, word)).then_some((Detector::UsSsn, end))
}

fn iban(text: &[u8], start: usize) -> Option<(Detector, usize)> {
    // Lengths of the countries that the random texts use.
    let lengths = [("DE", 22), ("GB", 22), ("NO", 15), ("FR", 27), ("MT", 31), ("BE", 16)];
    let (_, length) =
        lengths.iter().find(|(country, _)| text.get(start..start + 2) == Some(country.as_bytes()))?;
    for separator in [Some(b' '), Some(b'-'), None] {
        let width = if separator.is_some() { length + (length - 1) / 4 } else { *length };
        let Some(candidate) = text.get(start..start + width) else { continue };
        let characters: Vec<u8> = candidate
            .iter()
            .enumerate()
            .filter(|(place, byte)| !(place % 5 == 4 && Some(**byte) == separator))
            .map(|(_, byte)| *byte)
            .collect();
        let fits = characters.len() == *length
            && characters.iter().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
            && characters[2..4].iter().all(u8::is_ascii_digit);
        let decimal: String = characters
            .iter()
            .cycle()
            .skip(4)
            .take(characters.len())
            .map(|byte| char::from(*byte).to_digit(36).unwrap_or(0).to_string())
            .collect();
        let remainder =
            decimal.bytes().fold(0_u32, |remainder, digit| (remainder * 10 + u32::from(digit - b'0')) % 97);
        if fits && remainder == 1 && begins(text, start) && !word(at(text, Some(start + width))) {
            return Some((Detector::Iban, start + width));
        }
    }
    None
}

fn email(text: &[u8], at_sign: usize) -> Option<(Detector, usize, usize)> {
    if text[at_sign] != b'@' {
        return None;
    }
    let local_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"._+-'".contains(&byte);
    let mut start = at_sign;
    while start > 0 && local_byte(text[start - 1]) {
        start -= 1;
    }
    if at_sign - start > 64 {
        return None;
    }
    let left = at(text, start.checked_sub(1));
    if left == b'/' && at(text, start.checked_sub(2)) == b'/' {
        return None;
    }
    if left == b'\\' {
        start += if text[start] == b'u' { 5 } else { 1 };
    }
    while start < at_sign && !word(text[start]) {
        start += 1;
    }
    if start >= at_sign || text[at_sign - 1] == b'.' {
        return None;
    }
    let rest = &text[at_sign + 1..];
    let run = rest
        .iter()
        .position(|byte| !byte.is_ascii_alphanumeric() && !b".-".contains(byte))
        .unwrap_or(rest.len());
    if run > 255 {
        return None;
    }
    let run = std::str::from_utf8(&rest[..run]).ok()?;
    let domain = run.split("..").next()?.trim_end_matches(['.', '-']);
    let labels: Vec<&str> = domain.split('.').collect();
    let (top, others) = labels.split_last()?;
    let label_fits = |label: &&str| {
        !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-')
    };
    let alphabetic = (2..=24).contains(&top.len()) && top.bytes().all(|byte| byte.is_ascii_alphabetic());
    let international = top.to_ascii_lowercase().starts_with("xn--") && top.len() <= 63;
    let fits = !others.is_empty() && others.iter().all(label_fits) && (alphabetic || international);
    (fits && !top.eq_ignore_ascii_case("png")).then(|| (Detector::Email, start, at_sign + 1 + domain.len()))
}
