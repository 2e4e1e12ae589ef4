//! Phone numbers: international ones, which begin with `+` and a country code (ITU-T E.164), and national ones beside a word
//! such as `phone`.
//!
//! Digits may be grouped by single spaces, hyphens and dots, and area codes stand in parentheses, as ITU-T E.123 and custom
//! have it. Not taken: signs and sums (`1+1`, `+10px`), time zones (`+02:00`), what stands in the path of a URL or in base64,
//! and beside a word dates, moments in time and amounts.

mod plans;

use super::examined::Examined;
use super::text::{Text, is_digit, is_word};

/// The most digits of a number with its country code (E.164, 6.2.1).
const MOST_DIGITS: usize = 15;

/// The least digits of a number. Shorter ones are services' and no one's.
const LEAST_DIGITS: usize = 7;

/// The most groups of digits; ten single pairs are not seen.
const MOST_GROUPS: usize = 8;

/// Examines a `+`; in context also the first digit of a number.
pub(super) fn examine(text: &Text<'_>, start: usize, in_context: bool) -> Examined {
    if text.at(start) == Some(b'+') {
        international(text, start)
    } else if in_context && text.at(start).is_some_and(is_digit) {
        national(text, start)
    } else {
        Examined::None
    }
}

fn international(text: &Text<'_>, start: usize) -> Examined {
    // `1+1`, `e+10`, base64, `/+1...` in a path, `)+1`.
    let joined = |byte: u8| is_word(byte) || byte >= 0x80 || matches!(byte, b'+' | b'/' | b'-' | b'.' | b')');
    if text.behind(start, 1).is_some_and(joined) {
        return Examined::None;
    }
    let number = Number::read(text, start.saturating_add(1));
    if number.open {
        return Examined::Open;
    }
    let Some((code, plan)) = plans::plan(number.digits()) else { return Examined::None };
    // An area code of North America, and an exchange, begin with 2 to 9.
    let valid = |place| number.digits().get(place).is_some_and(|digit: &u8| *digit >= 2);
    if number.digits().first() == Some(&1) && !(valid(1) && valid(4)) {
        return Examined::None;
    }
    let least = code.saturating_add(usize::from(plan.least)).max(LEAST_DIGITS);
    let most = code.saturating_add(usize::from(plan.most));
    // What follows may be another number: the longest beginning that can be a number counts.
    number.end_within(least, most, text)
}

fn national(text: &Text<'_>, start: usize) -> Examined {
    let further = text.behind(start, 2);
    let joined = match text.behind(start, 1) {
        None => false,
        Some(b'.') => further.is_some_and(is_digit),
        Some(b'-') => further.is_some_and(is_word),
        Some(b'+' | b'/' | b'$') => true,
        Some(byte) => is_word(byte) || byte >= 0x80,
    };
    if joined {
        return Examined::None;
    }
    let number = Number::read(text, start);
    if number.open {
        return Examined::Open;
    }
    if number.is_something_else() {
        return Examined::None;
    }
    number.end_within(LEAST_DIGITS, MOST_DIGITS, text)
}

/// Digits in groups.
struct Number {
    digits: [u8; MOST_DIGITS],
    /// How many digits there are; there may be more than are kept.
    count: usize,
    /// For each group that has ended: how many digits there are up to its end, and where that is.
    groups: [(usize, usize); MOST_GROUPS],
    group_count: usize,
    /// The separators that were met, of a kind each: space, hyphen, dot, parentheses.
    separators: [usize; 4],
    /// It may go on behind what is there.
    open: bool,
}

impl Number {
    /// Reads groups of digits until something else comes, or more than a number has.
    fn read(text: &Text<'_>, start: usize) -> Self {
        let mut number = Self {
            digits: [0; MOST_DIGITS],
            count: 0,
            groups: [(0, 0); MOST_GROUPS],
            group_count: 0,
            separators: [0; 4],
            open: false,
        };
        let mut position = start;
        while number.count <= MOST_DIGITS && number.group_count < MOST_GROUPS {
            let before = number.count;
            while let Some(digit) = text.at(position).filter(u8::is_ascii_digit) {
                number.push(digit.wrapping_sub(b'0'));
                position = position.saturating_add(1);
                if number.count > MOST_DIGITS {
                    return number;
                }
            }
            if text.is_open(position) {
                number.open = true;
                return number;
            }
            if number.count > before
                && let Some(group) = number.groups.get_mut(number.group_count)
            {
                *group = (number.count, position);
                number.group_count = number.group_count.saturating_add(1);
            }
            match number.skip_separators(text, position) {
                Some(next) => position = next,
                None => return number,
            }
        }
        number
    }

    fn push(&mut self, digit: u8) {
        if let Some(slot) = self.digits.get_mut(self.count) {
            *slot = digit;
        }
        self.count = self.count.saturating_add(1);
    }

    /// Goes over what stands between two groups to the next digit: a separator, or two of them where one is a parenthesis.
    /// The `(0)` that is dialled inside a country only is left out. Nothing where no group follows.
    fn skip_separators(&mut self, text: &Text<'_>, position: usize) -> Option<usize> {
        let mut next = position;
        let mut parenthesis = false;
        for skipped in 0..4 {
            if text.is_open(next) {
                self.open = true;
                return None;
            }
            let byte = text.at(next)?;
            if byte.is_ascii_digit() {
                return (skipped > 0).then_some(next);
            }
            let kind = match byte {
                b' ' => 0,
                b'-' => 1,
                b'.' => 2,
                b'(' | b')' => 3,
                _ => return None,
            };
            if skipped > 0 && kind != 3 && !parenthesis {
                return None;
            }
            parenthesis |= kind == 3;
            if let Some(met) = self.separators.get_mut(kind) {
                *met = met.saturating_add(1);
            }
            next = next.saturating_add(1);
            if byte == b'(' {
                let ahead = [text.at(next), text.at(next.saturating_add(1))];
                match ahead {
                    [None, _] | [Some(b'0'), None] if !text.end => {
                        self.open = true;
                        return None;
                    }
                    [Some(b'0'), Some(b')')] => next = next.saturating_add(2),
                    _ => {}
                }
            }
        }
        None
    }

    fn digits(&self) -> &[u8] {
        self.digits.get(..self.count.min(MOST_DIGITS)).unwrap_or_default()
    }

    fn groups(&self) -> &[(usize, usize)] {
        self.groups.get(..self.group_count).unwrap_or_default()
    }

    fn lengths(&self) -> impl Iterator<Item = usize> {
        let ends = self.groups().iter().map(|(count, _)| *count);
        let starts = std::iter::once(0).chain(ends.clone());
        ends.zip(starts).map(|(end, start)| end.saturating_sub(start))
    }

    /// The last group up to whose end there are at least `least` and at most `most` digits.
    fn end_within(&self, least: usize, most: usize, text: &Text<'_>) -> Examined {
        let fits = |(count, _): &&(usize, usize)| (least..=most).contains(count);
        let Some((count, end)) = self.groups().iter().rev().find(fits) else { return Examined::None };
        // More groups of one digit than the first are a row of something.
        let singles = self.lengths().skip(1).take(self.group_count).filter(|length| *length == 1).count();
        if singles > 1 {
            return Examined::None;
        }
        let last = *count == self.count && self.group_count < MOST_GROUPS;
        if !last {
            // Another number may follow behind a space, but not behind what joins.
            return if text.at(*end) == Some(b' ') { Examined::Until(*end) } else { Examined::None };
        }
        if text.is_open(*end) {
            return Examined::Open;
        }
        match text.at(*end) {
            // An extension: `x12`.
            Some(b'x' | b'X') => match text.at(end.saturating_add(1)) {
                Some(digit) if digit.is_ascii_digit() => Examined::Until(*end),
                None if !text.end => Examined::Open,
                _ => Examined::None,
            },
            Some(byte) if is_word(byte) || byte >= 0x80 || matches!(byte, b'%' | b'+') => Examined::None,
            _ => Examined::Until(*end),
        }
    }

    /// Whether digits without a country code are a date, a moment in time, an amount or an address.
    fn is_something_else(&self) -> bool {
        let [spaces, hyphens, dots, parentheses] = self.separators;
        let mut lengths = [0; MOST_GROUPS];
        for (slot, length) in lengths.iter_mut().zip(self.lengths()) {
            *slot = length;
        }
        let lengths = lengths.get(..self.group_count).unwrap_or_default();
        let year = |place: usize| matches!(self.digits().get(place..), Some([1, 9, ..] | [2, 0, ..]));
        match lengths {
            // Seconds or milliseconds since 1970: no number inside a country begins with 1 and has ten digits or thirteen.
            [10 | 13] => self.digits().first() == Some(&1),
            [4, 2, 2, ..] => year(0),
            [2, 2, 4, ..] => year(4) && parentheses == 0,
            // A decimal number, thousands, a version or an IP address.
            [_, others @ ..] if dots > 0 && spaces == 0 && hyphens == 0 => {
                let pairs = others.len() >= 3 && others.iter().all(|length| *length == 2);
                let ends_long = others.len() >= 2 && others.last().is_some_and(|length| *length >= 4);
                !(pairs || ends_long)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::examined::found_at_mark;
    use super::*;

    fn found(marked: &str, in_context: bool) -> Option<String> {
        found_at_mark(marked, |text, start| examine(text, start, in_context))
    }

    #[test]
    fn international_numbers_are_found() {
        for (marked, number) in [
            ("|+14155552671", "+14155552671"),
            ("\"|+1 415-555-2671\"", "+1 415-555-2671"),
            ("tel:|+1-415-555-2671;ext=2", "+1-415-555-2671"),
            ("|+1 (415) 555-2671", "+1 (415) 555-2671"),
            ("|+1(415)5552671", "+1(415)5552671"),
            ("|+44 (0)20 7946 0958", "+44 (0)20 7946 0958"),
            ("call |+44 20 7946 0958.", "+44 20 7946 0958"),
            ("|+49 30 901820", "+49 30 901820"),
            ("|+33.1.23.45.67.89", "+33.1.23.45.67.89"),
            ("|+33 1 23 45 67 89, or", "+33 1 23 45 67 89"),
            ("|+86 138 1234 5678", "+86 138 1234 5678"),
            ("|+1 415 555 2671 10:30", "+1 415 555 2671"),
            ("|+1 415 555 2671 x12", "+1 415 555 2671"),
            ("|+1 415 555 2671x12", "+1 415 555 2671"),
        ] {
            assert_eq!(found(marked, false).as_deref(), Some(number), "{marked}");
        }
    }

    #[test]
    fn what_is_no_international_number_is_not_taken() {
        for marked in [
            "|+1px",
            "1|+1",
            "1|+14155552671",
            "12:00:00|+02:00",
            "|+02:00",
            "|+0200",
            "|+020012345678",
            "|+1",
            "|+1 234",
            "|+1234567890",
            "|+1 015 555 2671",
            "|+1 415 155 2671",
            "|+141555526710",
            "|+20,000,000",
            "QUJD|+14155552671",
            "/|+14155552671",
            "|+14155552671AbC",
            "|+2100123456789",
            "|+99912345678",
            "|+",
            "|++14155552671",
            "|+1 4 1 5 5 5 5 2 6 7 1",
            "|+1  415  555  2671",
            "|+100%",
        ] {
            assert_eq!(found(marked, false), None, "{marked}");
        }
        assert_eq!(found("|4155552671", false), None);
    }

    #[test]
    fn national_numbers_are_found_beside_a_word() {
        for (marked, number) in [
            ("|4155552671", "4155552671"),
            ("(|415) 555-2671", "415) 555-2671"),
            ("|415.555.2671", "415.555.2671"),
            ("|030 901820", "030 901820"),
            ("|01 23 45 67 89", "01 23 45 67 89"),
            ("|0170-1234567", "0170-1234567"),
            ("|1-800-555-2671", "1-800-555-2671"),
            ("|13812345678", "13812345678"),
        ] {
            assert_eq!(found(marked, true).as_deref(), Some(number), "{marked}");
        }
    }

    #[test]
    fn beside_a_word_dates_and_the_like_are_not_taken() {
        for marked in [
            "|2023-11-14 10:00",
            "|2023-11-14T10:00:00Z",
            "|14.11.2023",
            "|14-11-2023",
            "|1699999999",
            "|1699999999123",
            "|12345.678901",
            "|123.456.789",
            "|192.168.100.200",
            "|192.168.0",
            "$|1234567",
            "a|1234567",
            "|1234567a",
            "|123456",
            "1.|2345678",
            "x-|1234567",
            "/|12345678",
            "|1234567890123456",
            "|12345678-1234-1234-1234-123456789abc",
        ] {
            assert_eq!(found(marked, true), None, "{marked}");
        }
    }

    #[test]
    fn it_stays_open_until_it_ends() {
        for whole in ["+44 (0)20 7946 0958,", "+1 (415) 555-2671,", "+49 30 901820,"] {
            let number = whole.trim_end_matches(',');
            for cut in 1..whole.len() {
                let text = Text { bytes: &whole.as_bytes()[..cut], before: b"", end: false, json: false };
                assert_eq!(examine(&text, 0, false), Examined::Open, "{whole} {cut}");
            }
            let text = Text { bytes: whole.as_bytes(), before: b"", end: false, json: false };
            assert_eq!(examine(&text, 0, false), Examined::Until(number.len()));
        }
    }

    #[test]
    fn long_runs_are_given_up() {
        let digits = [&b"+"[..], &[b'4'; 1000]].concat();
        let separators = [&b"+4"[..], &[b'-'; 1000]].concat();
        let pairs = [&b"+"[..], &b"4-".repeat(1000)].concat();
        for run in [digits, separators, pairs] {
            let text = Text { bytes: &run, before: b"", end: false, json: false };
            assert_eq!(examine(&text, 0, false), Examined::None);
        }
    }
}
