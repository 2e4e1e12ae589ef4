//! Decides between the two forms of the filter's own replies.

/// Whether the client would rather read HTML than JSON (RFC 9110, 12.5.1).
///
/// Programs say `*/*` or `application/json`, browsers name `text/html`. HTML wins where it has the higher weight, or the
/// same weight by a more specific name; in every other case, and without the header, JSON.
#[must_use]
pub fn prefers_html(accept: Option<&[u8]>) -> bool {
    let Some(accept) = accept else { return false };
    let mut html = Preference::default();
    let mut json = Preference::default();
    for range in accept.split(|byte| *byte == b',') {
        let mut parameters = range.split(|byte| *byte == b';');
        let name = parameters.next().unwrap_or_default().trim_ascii();
        let weight = weight(parameters);
        html.consider(specificity(name, &[b"text/html", b"application/xhtml+xml"], b"text/*"), weight);
        json.consider(
            specificity(name, &[b"application/json", b"application/problem+json"], b"application/*"),
            weight,
        );
    }
    html.weight > 0 && (html.weight, html.specificity) > (json.weight, json.specificity)
}

/// How well a format is liked: the weight of the most specific range that names it.
#[derive(Default)]
struct Preference {
    specificity: u8,
    weight: u16,
}

impl Preference {
    fn consider(&mut self, specificity: u8, weight: u16) {
        if specificity == 0 || specificity < self.specificity {
            return;
        }
        let better = specificity > self.specificity || weight > self.weight;
        if better {
            *self = Self { specificity, weight };
        }
    }
}

/// 3 for the type itself, 2 for its group, 1 for anything, 0 for another type.
fn specificity(name: &[u8], types: &[&[u8]], group: &[u8]) -> u8 {
    if types.iter().any(|known| name.eq_ignore_ascii_case(known)) {
        3
    } else if name.eq_ignore_ascii_case(group) {
        2
    } else if matches!(name, b"*/*" | b"*") {
        1
    } else {
        0
    }
}

/// The weight in thousandths; 1000 where none is given, 0 where it cannot be read.
fn weight<'a>(parameters: impl Iterator<Item = &'a [u8]>) -> u16 {
    for parameter in parameters {
        let parameter = parameter.trim_ascii();
        if let Some(value) = parameter.strip_prefix(b"q=").or_else(|| parameter.strip_prefix(b"Q=")) {
            return thousandths(value).unwrap_or(0);
        }
    }
    1000
}

fn thousandths(value: &[u8]) -> Option<u16> {
    let dot = memchr::memchr(b'.', value).unwrap_or(value.len());
    let (whole, fraction) = value.split_at_checked(dot)?;
    let one = match whole {
        b"1" => 1000_u16,
        b"0" | b"" => 0,
        _ => return None,
    };
    let mut place = 100_u16;
    let mut sum = one;
    for digit in fraction.iter().skip(1).take(3) {
        let digit = char::from(*digit).to_digit(10).and_then(|digit| u16::try_from(digit).ok())?;
        sum = sum.saturating_add(digit.saturating_mul(place));
        place /= 10;
    }
    Some(sum.min(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_get_html() {
        for accept in [
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
            "text/html",
            "TEXT/HTML",
            "text/html, */*",
            "text/html, */*; q=0.01",
            "text/*",
            "application/json;q=0.5, text/html;q=0.6",
            "application/xhtml+xml, application/json;q=0",
            "*/*, text/html",
        ] {
            assert!(prefers_html(Some(accept.as_bytes())), "{accept}");
        }
    }

    #[test]
    fn programs_get_json() {
        assert!(!prefers_html(None));
        for accept in [
            "",
            "*/*",
            "application/json",
            "application/json, text/plain, */*",
            "application/json, text/html",
            "text/html, application/json",
            "text/html;q=0",
            "text/html;q=0.4, application/json;q=0.5",
            "text/html;q=0.4, */*",
            "text/html;q=abc",
            "image/png",
            ";;;,,,q=",
        ] {
            assert!(!prefers_html(Some(accept.as_bytes())), "{accept}");
        }
        assert!(!prefers_html(Some(b"\xff\xfe;q=\x80")));
    }
}
