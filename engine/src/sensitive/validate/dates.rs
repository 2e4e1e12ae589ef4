//! Dates as ids contain them and as people write the day they were born.

use super::characters::decimal;

/// The years in which somebody may have been born who is in today's records.
const BIRTH_YEARS: std::ops::RangeInclusive<u64> = 1900..=2030;

/// Longer texts are no date.
const LONGEST: usize = 40;

const MONTHS: [&[u8]; 12] = [
    b"january",
    b"february",
    b"march",
    b"april",
    b"may",
    b"june",
    b"july",
    b"august",
    b"september",
    b"october",
    b"november",
    b"december",
];

/// Whether there is such a day in the Gregorian calendar.
pub(super) fn is_date(year: u64, month: u64, day: u64) -> bool {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    (1..=days).contains(&day)
}

/// A date of birth: a day from 1900 to 2030 in one of the usual orders: the year first (ISO 8601, with or without
/// hyphens), the day first or the month first, with `-`, `.`, `/` or spaces, the month as an English word as well, a year
/// of two digits where it stands last. A time behind the day is left aside.
pub(super) fn date_of_birth(matched: &[u8]) -> bool {
    if matched.len() > LONGEST {
        return false;
    }
    let mut parts = matched
        .split(|byte| matches!(byte, b'-' | b'.' | b'/' | b' ' | b','))
        .filter(|part| !part.is_empty());
    let (Some(first), second, third) = (parts.next(), parts.next(), parts.next()) else { return false };
    let Some(second) = second.filter(|_| !is_joined_to_time(first)) else {
        return in_one_piece(without_time(first));
    };
    match third.map(without_time) {
        Some(third) => in_three(first, second, third),
        // A day in one piece, and a time of day.
        None => second.contains(&b':') && in_one_piece(first),
    }
}

/// `19850312T0930`: what follows is part of the time.
fn is_joined_to_time(part: &[u8]) -> bool {
    part.len() > 8 && part.get(8) == Some(&b'T')
}

fn without_time(part: &[u8]) -> &[u8] {
    let starts_with_digit = part.first().is_some_and(u8::is_ascii_digit);
    part.split(|byte| *byte == b'T').next().filter(|_| starts_with_digit).unwrap_or(part)
}

/// Eight digits: the year first or last.
fn in_one_piece(part: &[u8]) -> bool {
    let (Some((year, month_day)), Some((day_month, last_year)), 8) =
        (part.split_at_checked(4), part.split_at_checked(4), part.len())
    else {
        return false;
    };
    let (month, day) = month_day.split_at(2);
    let (first, second) = day_month.split_at(2);
    is_birthday(year, month, day)
        || is_birthday(last_year, second, first)
        || is_birthday(last_year, first, second)
}

fn in_three(first: &[u8], second: &[u8], third: &[u8]) -> bool {
    if first.len() == 4 && decimal(first).is_some() {
        return is_birthday(first, second, third);
    }
    is_birthday(third, second, first) || is_birthday(third, first, second)
}

fn is_birthday(year: &[u8], month: &[u8], day: &[u8]) -> bool {
    let (Some(month), Some(day)) = (month_number(month), decimal(day).filter(|_| day.len() <= 2)) else {
        return false;
    };
    match (decimal(year), year.len()) {
        (Some(year), 4) => BIRTH_YEARS.contains(&year) && is_date(year, month, day),
        // 2000 was a leap year, 1900 was none; the other years of both centuries agree.
        (Some(year), 2) => is_date(year.saturating_add(2000), month, day),
        _ => false,
    }
}

fn month_number(month: &[u8]) -> Option<u64> {
    if let Some(number) = decimal(month) {
        return Some(number).filter(|_| month.len() <= 2);
    }
    let named = |name: &&[u8]| {
        let written = name.get(..month.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(month));
        written && (month.len() == name.len() || matches!(month.len(), 3 | 4))
    };
    let place = MONTHS.iter().position(named)?;
    u64::try_from(place).ok().map(|place| place.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sensitive::validate::tests::assert_decides;

    #[test]
    fn leap_days_exist_every_fourth_year_but_not_every_century() {
        assert!(
            is_date(2000, 2, 29) && is_date(2024, 2, 29) && !is_date(1900, 2, 29) && !is_date(2023, 2, 29)
        );
        assert!(
            !is_date(2024, 0, 1) && !is_date(2024, 13, 1) && !is_date(2024, 4, 31) && !is_date(2024, 1, 0)
        );
    }

    #[test]
    fn days_of_birth_are_read_in_the_usual_orders() {
        assert_decides(
            date_of_birth,
            &[
                "1985-03-12",
                "1985/3/12",
                "12.03.1985",
                "12/3/1985",
                "03/12/1985",
                "12-03-1985",
                "19850312",
                "12031985",
                "12 March 1985",
                "12-Mar-1985",
                "March 12, 1985",
                "Sept 3 1985",
                "12.03.85",
                "1985-03-12T00:00:00Z",
                "1985-03-12T00:00:00.000+01:00",
                "1985-03-12 00:00:00",
                "29.02.2000",
                "29.02.00",
                "19850312T093000Z",
            ],
            &[],
        );
    }

    #[test]
    fn other_numbers_are_no_day_of_birth() {
        assert_decides(
            date_of_birth,
            &[],
            &[
                "1985-13-12",
                "1985-02-30",
                "31.04.1985",
                "1885-03-12",
                "2085-03-12",
                "13/13/1985",
                "19851312",
                "1985031",
                "12 Marsh 1985",
                "12 Ma 1985",
                "192.168.1.1",
                "85-03-12",
                "1-2-3",
                "",
                "-",
                "12 03",
                "29.02.1900",
                "1985-3",
            ],
        );
    }
}
