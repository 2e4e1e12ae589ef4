//! What the content type says about a multipart body, and what a part's header says about the part.

use super::super::parameters::{Parameter, Parameterized, is_ascii_compatible};
use super::delimiter::LONGEST_BOUNDARY;

/// The boundary of a `multipart/form-data` body (RFC 2046, 5.1.1).
///
/// `content_type` is the value of the header field. Nothing where it names another type, has no boundary or several, one
/// that is empty, longer than 70 characters or made of others than RFC 2046 allows, or where servers are known to read
/// the value differently.
#[must_use]
pub fn boundary(content_type: &[u8]) -> Option<Vec<u8>> {
    let parsed = Parameterized::parse(content_type)?;
    if !parsed.kind.eq_ignore_ascii_case(b"multipart/form-data") {
        return None;
    }
    let found = parsed.only("boundary")??;
    // Some servers look for the word alone, wherever it stands. Boundaries contain it.
    let word = b"boundary";
    let words = |text: &[u8]| text.windows(word.len()).filter(|part| part.eq_ignore_ascii_case(word)).count();
    let charset = parsed.only("charset")?;
    let allowed = if found.is_quoted { is_boundary_byte } else { is_bare_boundary_byte };
    (words(content_type) == words(found.value).saturating_add(1)
        && charset.is_none_or(|charset| is_ascii_compatible(charset.value))
        && (1..=LONGEST_BOUNDARY).contains(&found.value.len())
        && found.value.last() != Some(&b' ')
        && found.value.iter().copied().all(allowed))
    .then(|| found.value.to_vec())
}

const fn is_boundary_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'\'' | b'(' | b')' | b'+' | b'_' | b',' | b'-' | b'.' | b'/' | b':' | b'=' | b'?' | b' '
        )
}

/// Without those that end a bare value for some servers.
const fn is_bare_boundary_byte(byte: u8) -> bool {
    is_boundary_byte(byte) && !matches!(byte, b'(' | b')' | b',' | b' ')
}

/// What a part's header said so far.
#[derive(Debug, Default)]
pub(super) struct PartHead {
    /// The name as it was sent.
    name: Option<Vec<u8>>,
    kind: PartKind,
    /// Its value is written in a way that not every server undoes.
    is_encoded: bool,
    /// Which header fields were met, so that none is met twice.
    has_disposition: bool,
    has_type: bool,
    has_transfer_encoding: bool,
}

/// What a part is to servers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum PartKind {
    /// A field.
    #[default]
    Field,
    /// A file.
    File,
    /// A field to some and a file to others.
    Unclear,
}

/// A header that servers read differently, or refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BrokenHead;

impl PartHead {
    /// Reads one line, without its line break.
    pub(super) fn line(&mut self, line: &[u8]) -> Result<(), BrokenHead> {
        let colon = memchr::memchr(b':', line).ok_or(BrokenHead)?;
        let (name, from_colon) = line.split_at(colon);
        let value = from_colon.get(1..).unwrap_or_default().trim_ascii();
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        // A folded line begins with a blank, and a blank before the colon is part of the name to some.
        if name.is_empty() || !name.iter().all(is_name) {
            return Err(BrokenHead);
        }
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        if is("content-disposition") {
            once(&mut self.has_disposition)?;
            self.disposition(value)
        } else if is("content-type") {
            once(&mut self.has_type)?;
            self.content_type(value);
            Ok(())
        } else if is("content-transfer-encoding") {
            once(&mut self.has_transfer_encoding)?;
            let plain = ["7bit", "8bit", "binary"];
            self.is_encoded |= !plain.into_iter().any(|known| value.eq_ignore_ascii_case(known.as_bytes()));
            Ok(())
        } else {
            Ok(())
        }
    }

    fn disposition(&mut self, value: &[u8]) -> Result<(), BrokenHead> {
        let parsed = Parameterized::parse(value).ok_or(BrokenHead)?;
        let is_odd = |one: &Parameter<'_>| {
            let name = one.name.to_ascii_lowercase();
            // To PHP a bare apostrophe quotes; those around the language of RFC 8187 are a pair and do no harm.
            let apostrophes = memchr::memchr_iter(b'\'', one.value).count();
            let is_paired = apostrophes == 0 || (apostrophes == 2 && name == b"filename*");
            // `name*=` names the part to those who know RFC 8187, and not to others.
            name.starts_with(b"name*") || (!one.is_quoted && !is_paired)
        };
        if !parsed.kind.eq_ignore_ascii_case(b"form-data") || parsed.parameters.iter().any(is_odd) {
            return Err(BrokenHead);
        }
        let name = parsed.only("name").ok_or(BrokenHead)?;
        let filename = parsed.only("filename").ok_or(BrokenHead)?;
        let extended = |one: &Parameter<'_>| one.name.to_ascii_lowercase().starts_with(b"filename*");
        self.kind = match filename {
            Some(filename) if !filename.value.is_empty() => PartKind::File,
            // Browsers send an empty one for a file that was not chosen; Go then takes the part for a field.
            Some(_) => PartKind::Unclear,
            None if parsed.parameters.iter().any(extended) => PartKind::Unclear,
            None => PartKind::Field,
        };
        // To some servers a backslash quotes: they take the character behind it, others keep both.
        if name.is_some_and(|name| name.value.contains(&b'\\')) {
            return Err(BrokenHead);
        }
        self.name = name.map(|name| name.value.to_vec());
        Ok(())
    }

    fn content_type(&mut self, value: &[u8]) {
        let plain = Parameterized::parse(value).is_some_and(|parsed| {
            let charset = parsed.only("charset");
            // Some servers unpack a part that is multipart itself.
            !parsed.kind.to_ascii_lowercase().starts_with(b"multipart/")
                && charset.is_some_and(|one| one.is_none_or(|one| is_ascii_compatible(one.value)))
        });
        self.is_encoded |= !plain;
    }

    /// Whether the part has this name, as it was sent or with what browsers escape in names (WHATWG HTML, 4.10.21.8).
    pub(super) fn is_named(&self, name: &[u8]) -> bool {
        let Some(sent) = &self.name else { return false };
        sent == name || (sent.contains(&b'%') && unescaped(sent) == name)
    }

    pub(super) const fn kind(&self) -> PartKind {
        self.kind
    }

    pub(super) const fn is_encoded(&self) -> bool {
        self.is_encoded
    }
}

fn once(seen: &mut bool) -> Result<(), BrokenHead> {
    if std::mem::replace(seen, true) { Err(BrokenHead) } else { Ok(()) }
}

/// A name without the three escapes that browsers write; any other `%` is itself.
fn unescaped(name: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = match after.get(..2).filter(|_| byte == b'%') {
            Some(b"22") => Some(b'"'),
            Some(b"0D" | b"0d") => Some(b'\r'),
            Some(b"0A" | b"0a") => Some(b'\n'),
            _ => None,
        };
        out.push(escaped.unwrap_or(byte));
        rest = if escaped.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_boundary_is_read() {
        let longest = "b".repeat(LONGEST_BOUNDARY);
        for (text, expected) in [
            ("multipart/form-data; boundary=abc", "abc"),
            ("Multipart/Form-Data;BOUNDARY=abc", "abc"),
            ("multipart/form-data; charset=UTF-8; boundary=abc", "abc"),
            ("multipart/form-data; boundary=\"a b,c(d)\"", "a b,c(d)"),
            ("multipart/form-data; boundary=--=_Part_1:2/3?", "--=_Part_1:2/3?"),
            ("multipart/form-data; boundary=----WebKitFormBoundaryAbC; ", "----WebKitFormBoundaryAbC"),
            (&format!("multipart/form-data; boundary={longest}"), &longest),
        ] {
            assert_eq!(boundary(text.as_bytes()), Some(expected.as_bytes().to_vec()), "{text}");
        }
    }

    #[test]
    fn no_usable_boundary_is_none() {
        let too_long = format!("multipart/form-data; boundary={}", "b".repeat(LONGEST_BOUNDARY + 1));
        for text in [
            "",
            "multipart/form-data",
            "multipart/form-data; boundary",
            "multipart/form-data; boundary=",
            "multipart/form-data; boundary=\"\"",
            "multipart/form-data; boundary=\"a \"",
            "multipart/form-data; boundary=\"a\\b\"",
            "multipart/form-data; boundary=\"a\\\"b\"",
            "multipart/form-data; boundary=a b",
            "multipart/form-data; boundary=a,b",
            "multipart/form-data; boundary=a(b)",
            "multipart/form-data; boundary=a@b",
            "multipart/form-data; boundary = a",
            "multipart/form-data; boundary=a; boundary=b",
            "multipart/form-data; boundary=a; Boundary=a",
            "multipart/form-data; x=\"boundary=b\"; boundary=a",
            "multipart/form-data; boundary*=us-ascii''a",
            "multipart/form-data; boundary*0=a; boundary*1=b",
            "multipart/form-data; charset=ibm037; boundary=a",
            "multipart/form-data; charset=utf-16; boundary=a",
            "multipart/mixed; boundary=a",
            "multipart/form-data, boundary=a",
            "multipart/form-data boundary=a",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=k\u{e4}se",
            &too_long,
        ] {
            assert_eq!(boundary(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn names_are_compared_as_sent_and_unescaped() {
        let mut head = PartHead::default();
        head.line(b"Content-Disposition: form-data; name=\"a%22b%0D%0a%41\"").unwrap();
        assert!(head.is_named(b"a\"b\r\n%41"));
        assert!(head.is_named(b"a%22b%0D%0a%41"));
        assert!(!head.is_named(b"a\"b\r\nA"));
    }
}
