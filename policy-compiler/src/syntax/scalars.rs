//! Unquoted values that readers of YAML 1.1 and of YAML 1.2 take for different things.
//!
//! Sources: yaml.org/type (bool, int, float, timestamp, merge, value) for 1.1, the core schema of YAML 1.2.2 for 1.2.

/// Why readers differ on this unquoted value, if they do.
pub(super) fn ambiguity(text: &str) -> Option<&'static str> {
    if is_old_boolean(text) {
        return Some("older YAML readers take it for a boolean");
    }
    if matches!(text, "<<" | "=") {
        return Some("older YAML readers give it a meaning of its own");
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return None;
    }
    if is_sexagesimal(unsigned) {
        return Some("older YAML readers take it for a number to the base of 60");
    }
    if is_date(unsigned) {
        return Some("older YAML readers take it for a date");
    }
    if has_separators(unsigned) {
        return Some("older YAML readers skip the underscores and take it for a number");
    }
    if is_octal_or_binary(unsigned) {
        return Some("YAML readers do not agree on its base");
    }
    if is_exponent(unsigned) {
        return Some("older YAML readers take it for a text, newer ones for a number");
    }
    let signed = text != unsigned;
    (signed && (unsigned.starts_with("0x") || is_fraction(unsigned)))
        .then_some("YAML readers do not agree whether it is a number")
}

fn is_old_boolean(text: &str) -> bool {
    matches!(text, "y" | "Y" | "n" | "N")
        || [["yes", "Yes", "YES"], ["no", "No", "NO"], ["on", "On", "ON"], ["off", "Off", "OFF"]]
            .iter()
            .any(|spellings| spellings.contains(&text))
}

/// `1:30`, `190:20:30.15`.
fn is_sexagesimal(text: &str) -> bool {
    let mut parts = text.split(':');
    let first = parts.next().unwrap_or("");
    let rest: Vec<&str> = parts.collect();
    let digits =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    !rest.is_empty()
        && digits(first)
        && rest.iter().enumerate().all(|(at, part)| {
            let whole = if at + 1 == rest.len() { part.split('.').next().unwrap_or("") } else { part };
            whole.len() <= 2 && digits(whole)
        })
}

/// `2024-05-01`, with or without a time.
fn is_date(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let year = parts.next().unwrap_or("");
    let month = parts.next().unwrap_or("");
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    year.len() == 4
        && digits(year)
        && (1..=2).contains(&month.len())
        && digits(month)
        && parts.next().is_some_and(|day| day.starts_with(|first: char| first.is_ascii_digit()))
}

/// `1_000`, `0x_ff`, `0b1_0`, `1_0.5e+3`.
fn has_separators(text: &str) -> bool {
    if !text.contains('_') {
        return false;
    }
    let plain = text.replace('_', "");
    let prefixed = |prefix| {
        plain.strip_prefix(prefix).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
    };
    let digits = plain.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    prefixed("0x").or(prefixed("0b")).is_some() || digits || plain.parse::<f64>().is_ok()
}

/// `.5`: with a sign in front, older readers want a digit before the point.
fn is_fraction(text: &str) -> bool {
    text.strip_prefix('.').is_some_and(|digits| digits.starts_with(|first: char| first.is_ascii_digit()))
}

/// `010`, `08`, `0o17`, `0b11`.
fn is_octal_or_binary(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('0').filter(|rest| !rest.is_empty()) else { return false };
    let digits = rest.strip_prefix(['o', 'b']).unwrap_or(rest);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// `1e3`, `1.5e3`: YAML 1.1 wants a point and a sign.
fn is_exponent(text: &str) -> bool {
    text.contains(['e', 'E']) && text.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_on_which_readers_differ_are_found() {
        for text in [
            "+.5",
            "0b1_0",
            "0b_",
            "1.1_0e+5",
            "on",
            "Off",
            "YES",
            "no",
            "y",
            "N",
            "1:30",
            "190:20:30.15",
            "1_000",
            "0x_f",
            "010",
            "08",
            "0o17",
            "0b11",
            "1e3",
            "1.5E3",
            "2024-05-01",
            "2024-5-1 10:00:00",
            "<<",
            "=",
            "+010",
            "-0x1f",
        ] {
            assert!(ambiguity(text).is_some(), "{text}");
        }
    }

    #[test]
    fn values_on_which_readers_agree_are_left_alone() {
        for text in [
            "0",
            "10",
            "-3",
            "1.5",
            "0x1f",
            "true",
            "null",
            "~",
            "",
            "10m",
            "5/m",
            "192.0.2.0/24",
            "2001:db8::/32",
            "::1",
            "oN",
            "yES",
            "a:30",
            "1_000_users",
            "0.5",
            "POST /login",
            "form.email",
            "v1_2",
            "2024-05",
        ] {
            assert_eq!(ambiguity(text), None, "{text}");
        }
    }
}
