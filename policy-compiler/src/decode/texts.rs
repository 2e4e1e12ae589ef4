//! Texts with a form of their own: durations, rates, statuses, names of headers and cookies, JSON pointers.

use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::source::Spanned;
use crate::syntax::Node;
use crate::syntax::node::shorten;

/// What a length of time may be in one place.
struct Lengths {
    /// Units with their milliseconds.
    units: &'static [(&'static str, u64)],
    /// The shortest and the longest, in milliseconds.
    bounds: (u64, u64),
    /// What it is called.
    name: &'static str,
    /// How it is written.
    forms: &'static str,
    /// The bounds as they are written.
    range: &'static str,
    /// Why they are what they are.
    reason: &'static str,
}

const SECOND: u64 = 1000;
const HOUR: u64 = 3600 * SECOND;
const DAY: u64 = 24 * HOUR;
const SHORT: &[(&str, u64)] = &[("s", SECOND), ("m", 60 * SECOND), ("h", HOUR)];
const LONG: &[(&str, u64)] = &[("s", SECOND), ("m", 60 * SECOND), ("h", HOUR), ("d", DAY)];

/// State does not outlast the proxy, so longer promises could not be kept.
static WINDOW: Lengths = Lengths {
    units: SHORT,
    bounds: (SECOND, DAY),
    name: "a duration",
    forms: "`30s`, `10m` or `24h`",
    range: "1s and 24h",
    reason: "state lives in the proxy's memory; a day is the longest that it promises to keep",
};
static HALF_LIFE: Lengths = Lengths {
    units: LONG,
    bounds: (60 * SECOND, 7 * DAY),
    name: "a duration",
    forms: "`30m`, `12h` or `7d`",
    range: "1m and 7d",
    reason: "what is counted over less than a minute has a `window`; more than a week is longer than proxies run",
};
static DEVICE: Lengths = Lengths {
    units: LONG,
    bounds: (HOUR, 400 * DAY),
    name: "a duration",
    forms: "`24h` or `180d`",
    range: "1h and 400d",
    reason: "browsers keep no cookie longer than 400 days",
};
static DELAY: Lengths = Lengths {
    units: &[("ms", 1), ("s", SECOND)],
    bounds: (1, 30 * SECOND),
    name: "a delay",
    forms: "`250ms` or `2s`",
    range: "1ms and 30s",
    reason: "a reply that is held back takes memory, and clients give up; leave the key out to answer at once",
};

/// Milliseconds from `30s`, `10m`, `24h`.
pub(super) fn duration(text: &Spanned<String>, findings: &mut Diagnostics) -> Option<u32> {
    length(text, &WINDOW, findings).and_then(|length| u32::try_from(length).ok())
}

/// Milliseconds from `30m`, `12h`, `7d`.
pub(super) fn half_life(text: &Spanned<String>, findings: &mut Diagnostics) -> Option<u32> {
    length(text, &HALF_LIFE, findings).and_then(|length| u32::try_from(length).ok())
}

/// Seconds from `24h`, `180d`.
pub(super) fn device_time(text: &Spanned<String>, findings: &mut Diagnostics) -> Option<u32> {
    length(text, &DEVICE, findings).and_then(|length| u32::try_from(length / SECOND).ok())
}

/// Milliseconds from `250ms`, `2s`.
pub(super) fn delay(text: &Spanned<String>, findings: &mut Diagnostics) -> Option<u32> {
    length(text, &DELAY, findings).and_then(|length| u32::try_from(length).ok())
}

fn length(text: &Spanned<String>, lengths: &Lengths, findings: &mut Diagnostics) -> Option<u64> {
    let unit_at = text.value.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.value.len());
    let (number, unit) = text.value.split_at(unit_at);
    let unit = lengths.units.iter().find(|(name, _)| *name == unit).filter(|_| is_plain_number(number));
    let Some((_, unit)) = unit else {
        findings.push(
            Diagnostic::new(
                &codes::BAD_DURATION,
                text.span,
                format!("`{}` is not {}", shorten(&text.value), lengths.name),
            )
            .help(format!("write a whole number and a unit: {}", lengths.forms)),
        );
        return None;
    };
    let (low, high) = lengths.bounds;
    let length = number.parse::<u64>().ok().and_then(|number| number.checked_mul(*unit));
    let length = length.filter(|length| (low..=high).contains(length));
    if length.is_none() {
        findings.push(
            Diagnostic::new(
                &codes::BAD_DURATION,
                text.span,
                format!("`{}` is not between {}", shorten(&text.value), lengths.range),
            )
            .help(lengths.reason),
        );
    }
    length
}

/// Requests per minute from `2/s`, `5/m`, `100/h`.
pub(super) fn rate(text: &Spanned<String>, findings: &mut Diagnostics) -> Option<u32> {
    let parts = text.value.split_once('/').filter(|(number, _)| is_plain_number(number));
    let per_minute = parts.and_then(|(number, unit)| {
        let number = number.parse::<u64>().ok()?;
        match unit {
            "s" => number.checked_mul(60),
            "m" => Some(number),
            "h" => number.checked_add(30).map(|number| number / 60),
            _ => None,
        }
    });
    let Some(per_minute) = per_minute else {
        findings.push(
            Diagnostic::new(&codes::BAD_RATE, text.span, format!("`{}` is not a rate", shorten(&text.value)))
                .help("write a whole number per second, minute or hour: `2/s`, `5/m` or `100/h`"),
        );
        return None;
    };
    let fits = u32::try_from(per_minute).ok().filter(|rate| (1..=60_000).contains(rate));
    if fits.is_none() {
        findings.push(
            Diagnostic::new(
                &codes::BAD_RATE,
                text.span,
                format!("`{}` is not between one and 60000 requests a minute", shorten(&text.value)),
            )
            .help("use `block` to let nothing through"),
        );
    }
    fits
}

fn is_plain_number(text: &str) -> bool {
    !text.is_empty() && !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A status, or its first digit for a class such as `4xx`.
pub(super) fn status(node: &Node, findings: &mut Diagnostics) -> Option<u16> {
    let text = node.scalar().map_or("", |scalar| scalar.text.as_str());
    let status = parse_status(text);
    if status.is_none() {
        findings.push(
            Diagnostic::new(&codes::BAD_STATUS, node.span, format!("{} is not a status", node.describe()))
                .help("write a status from 100 to 599, or a class such as `4xx`"),
        );
    }
    status
}

/// A status from 100 to 599, or 1 to 5 for `1xx` to `5xx`.
pub(super) fn parse_status(text: &str) -> Option<u16> {
    let class = text.strip_suffix("xx").and_then(|class| class.parse::<u16>().ok());
    if let Some(class) = class {
        return (1..=5).contains(&class).then_some(class);
    }
    text.parse::<u16>().ok().filter(|status| text.len() == 3 && (100..=599).contains(status))
}

/// The name of a header or cookie: a token of RFC 9110.
pub(super) fn token(text: &Spanned<String>, what: &str, findings: &mut Diagnostics) -> Option<String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if !text.value.is_empty() && text.value.bytes().all(fits) {
        return Some(text.value.clone());
    }
    findings.push(
        Diagnostic::new(
            &codes::BAD_FIELD_NAME,
            text.span,
            format!("`{}` is not the name of a {what}", shorten(&text.value)),
        )
        .help("names have letters, digits, `-` and `_`; they contain no blanks, `:` or `=`"),
    );
    None
}

/// Whether the text is a JSON pointer (RFC 6901).
pub(super) fn pointer(text: &Spanned<String>, findings: &mut Diagnostics) -> bool {
    let starts = text.value.is_empty() || text.value.starts_with('/');
    let escapes = text.value.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    if starts && escapes {
        return true;
    }
    let help = if starts {
        String::from("write `~0` for a `~` in a key")
    } else {
        format!("start it with a slash: `/{}`", shorten(&text.value).replace('.', "/"))
    };
    findings.push(
        Diagnostic::new(
            &codes::BAD_POINTER,
            text.span,
            format!("`{}` is not a JSON pointer", shorten(&text.value)),
        )
        .help(help),
    );
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Sources, Span};

    fn spanned(text: &str) -> Spanned<String> {
        let file = Sources::default().add("p", "");
        Spanned::new(String::from(text), Span { file, start: 0, end: 0 })
    }

    #[test]
    fn durations_are_whole_numbers_with_a_unit_up_to_a_day() {
        let read = |text| duration(&spanned(text), &mut Diagnostics::default());
        assert_eq!(read("30s"), Some(30_000));
        assert_eq!(read("24h"), Some(86_400_000));
        for wrong in
            ["", "s", "0s", "10", "1.5h", "10 m", "25h", "1d", "007s", "-1s", "9999999999h", "10m5s", "1é"]
        {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn other_lengths_of_time_have_bounds_of_their_own() {
        let findings = &mut Diagnostics::default();
        assert_eq!(half_life(&spanned("7d"), findings), Some(604_800_000));
        assert_eq!(half_life(&spanned("1m"), findings), Some(60_000));
        assert_eq!(device_time(&spanned("400d"), findings), Some(34_560_000));
        assert_eq!(delay(&spanned("250ms"), findings), Some(250));
        assert_eq!(delay(&spanned("30s"), findings), Some(30_000));
        for wrong in ["59s", "8d", "169h", "ms"] {
            assert_eq!(half_life(&spanned(wrong), findings), None, "{wrong}");
        }
        for wrong in ["401d", "59m", "180", "d"] {
            assert_eq!(device_time(&spanned(wrong), findings), None, "{wrong}");
        }
        for wrong in ["31s", "1m", "0ms", "30001ms", "1.5s", ""] {
            assert_eq!(delay(&spanned(wrong), findings), None, "{wrong}");
        }
    }

    #[test]
    fn rates_become_whole_requests_per_minute() {
        let read = |text| rate(&spanned(text), &mut Diagnostics::default());
        assert_eq!(read("2/s"), Some(120));
        assert_eq!(read("100/h"), Some(2));
        assert_eq!(read("60000/m"), Some(60_000));
        for wrong in ["", "5", "/m", "0/m", "5/d", "29/h", "1001/s", "5/m/m", "18446744073709551615/s"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn statuses_are_three_digits_or_a_class() {
        assert_eq!(parse_status("404"), Some(404));
        assert_eq!(parse_status("4xx"), Some(4));
        for wrong in ["99", "600", "6xx", "0xx", "4XX", "+404", "xx", ""] {
            assert_eq!(parse_status(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn pointers_start_with_a_slash_and_escape_tildes() {
        let read = |text| pointer(&spanned(text), &mut Diagnostics::default());
        assert!(read("") && read("/a/0") && read("/a~1b/~0"));
        assert!(!read("a") && !read("/a~2") && !read("/a~"));
    }
}
