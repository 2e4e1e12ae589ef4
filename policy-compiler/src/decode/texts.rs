//! Texts with a form of their own: durations, rates, statuses, names of headers and cookies, JSON pointers.

use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::source::Spanned;
use crate::syntax::Node;
use crate::syntax::node::shorten;

/// The longest duration: state does not outlast the proxy, so longer promises could not be kept.
const MAX_DURATION_MS: u32 = 24 * 60 * 60 * 1000;

/// Milliseconds from `30s`, `10m`, `24h`.
pub(super) fn duration(text: &Spanned<String>, findings: &mut Diagnostics) -> Option<u32> {
    let unit = match text.value.chars().last() {
        Some('s') => Some(1000_u32),
        Some('m') => Some(60_000),
        Some('h') => Some(3_600_000),
        _ => None,
    };
    let digits = text.value.get(..text.value.len().saturating_sub(1)).unwrap_or("");
    let number = is_plain_number(digits).then_some(digits);
    let (Some(unit), Some(number)) = (unit, number) else {
        findings.push(
            Diagnostic::new(
                &codes::BAD_DURATION,
                text.span,
                format!("`{}` is not a duration", shorten(&text.value)),
            )
            .help("write a whole number and a unit: `30s`, `10m` or `24h`"),
        );
        return None;
    };
    let duration = number.parse::<u32>().ok().and_then(|number| number.checked_mul(unit));
    let duration = duration.filter(|duration| (1000..=MAX_DURATION_MS).contains(duration));
    if duration.is_none() {
        findings.push(
            Diagnostic::new(
                &codes::BAD_DURATION,
                text.span,
                format!("`{}` is not between 1s and 24h", shorten(&text.value)),
            )
            .help("state lives in the proxy's memory; a day is the longest that it promises to keep"),
        );
    }
    duration
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
