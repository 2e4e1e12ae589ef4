//! Splits a header value of the form `kind; name=value; name="value"`, as in Content-Type and Content-Disposition.
//!
//! Strict where readers of such values are known to disagree (escaped quotes, blanks around `=`, text after a closing
//! quote, bare values with separators): such a value is none. Nobody sends those by accident.

/// A value's parts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parameterized<'a> {
    /// What stands before the first `;`, without outer blanks.
    pub(super) kind: &'a [u8],
    /// The parameters in their order.
    pub(super) parameters: Vec<Parameter<'a>>,
}

/// One parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parameter<'a> {
    /// As it was written: compare without case.
    pub(super) name: &'a [u8],
    /// Without its quotes, and not decoded.
    pub(super) value: &'a [u8],
    /// Whether it had quotes.
    pub(super) is_quoted: bool,
}

impl<'a> Parameterized<'a> {
    /// Splits a value; nothing where it breaks the rules above.
    pub(super) fn parse(text: &'a [u8]) -> Option<Self> {
        let end = memchr::memchr(b';', text).unwrap_or(text.len());
        let (kind, mut rest) = text.split_at(end);
        let mut parameters = Vec::new();
        while let Some((b';', after)) = rest.split_first() {
            rest = trim_start(after);
            if rest.is_empty() {
                break;
            }
            let (parameter, behind) = Parameter::parse(rest)?;
            parameters.push(parameter);
            rest = trim_start(behind);
        }
        rest.is_empty().then_some(Self { kind: kind.trim_ascii(), parameters })
    }

    /// The one parameter by this name: `Some(None)` where there is none, nothing where there are several.
    #[expect(clippy::option_option, reason = "two is another answer than none, and callers tell them apart")]
    pub(super) fn only(&self, name: &str) -> Option<Option<Parameter<'a>>> {
        let mut found = self.parameters.iter().filter(|parameter| parameter.is(name));
        let first = found.next().copied();
        found.next().is_none().then_some(first)
    }
}

impl<'a> Parameter<'a> {
    /// The first parameter, and what follows it.
    fn parse(text: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let equals = memchr::memchr(b'=', text)?;
        let (name, from_equals) = text.split_at(equals);
        let rest = from_equals.get(1..)?;
        if name.is_empty() || !name.iter().copied().all(is_plain) {
            return None;
        }
        if let Some((b'"', quoted)) = rest.split_first() {
            let end = memchr::memchr(b'"', quoted)?;
            let (value, from_quote) = quoted.split_at(end);
            // To some readers an escaped quote does not end the value.
            let is_escaped = value.last() == Some(&b'\\');
            return (!is_escaped).then_some((Self { name, value, is_quoted: true }, from_quote.get(1..)?));
        }
        let end = rest.iter().position(|byte| !is_plain(*byte) && *byte != b'=').unwrap_or(rest.len());
        let (value, behind) = rest.split_at(end);
        (!value.is_empty()).then_some((Self { name, value, is_quoted: false }, behind))
    }

    /// Whether it has this name.
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }
}

/// Whether a declared charset writes ASCII as ASCII, so that its fields can be read as bytes. No declaration is as good.
pub(super) fn is_ascii_compatible(charset: &[u8]) -> bool {
    let starts = |family: &&str| {
        charset.get(..family.len()).is_some_and(|start| start.eq_ignore_ascii_case(family.as_bytes()))
    };
    ASCII_COMPATIBLE_FAMILIES.iter().any(starts)
        || ASCII_COMPATIBLE.iter().any(|name| charset.eq_ignore_ascii_case(name.as_bytes()))
}

const ASCII_COMPATIBLE_FAMILIES: [&str; 3] = ["iso-8859-", "windows-125", "koi8-"];

const ASCII_COMPATIBLE: [&str; 12] = [
    "utf-8",
    "utf8",
    "us-ascii",
    "usascii",
    "ascii",
    "latin1",
    "gb2312",
    "gbk",
    "big5",
    "shift_jis",
    "euc-jp",
    "euc-kr",
];

/// Bytes of names and bare values. More than a token of RFC 9110 has, because boundaries are sent bare with `/`, `:` or
/// `?` in them; nothing that any reader takes for a separator.
const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || byte >= 0x80
        || matches!(byte, b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'/' | b':')
        || matches!(byte, b'?' | b'@' | b'[' | b']' | b'^' | b'_' | b'`' | b'{' | b'|' | b'}' | b'~')
}

fn trim_start(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    text.get(blanks..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Option<Vec<(String, String, bool)>> {
        let owned = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let parsed = Parameterized::parse(text.as_bytes())?;
        let pair = |one: &Parameter<'_>| (owned(one.name), owned(one.value), one.is_quoted);
        Some(parsed.parameters.iter().map(pair).collect())
    }

    #[test]
    fn parameters_are_split() {
        for (text, expected) in [
            ("form-data", vec![]),
            ("form-data;", vec![]),
            ("form-data; ", vec![]),
            ("form-data; name=a", vec![("name", "a", false)]),
            ("form-data;name=\"a\"", vec![("name", "a", true)]),
            ("form-data ; NAME=\"a; b=c\" ;\tx=[1]", vec![("NAME", "a; b=c", true), ("x", "[1]", false)]),
            ("f; n=\"\"", vec![("n", "", true)]),
            ("f; n=a=b", vec![("n", "a=b", false)]),
            ("f; filename=\"C:\\dir\\x.txt\"", vec![("filename", "C:\\dir\\x.txt", true)]),
        ] {
            let expected: Vec<(&str, &str, bool)> = expected;
            let expected =
                expected.into_iter().map(|(name, value, quoted)| (name.into(), value.into(), quoted));
            assert_eq!(pairs(text), Some(expected.collect()), "{text}");
        }
    }

    #[test]
    fn what_readers_disagree_about_is_nothing() {
        for text in [
            "f; name",
            "f; name=",
            "f; =a",
            "f; name =a",
            "f; name= a",
            "f; name=\"a",
            "f; name=\"a\\\"; x=\"b\"",
            "f; name=\"a\"b",
            "f; name=\"a\" b",
            "f; name=a b",
            "f; name=a, b=c",
            "f; name=a\"b\"",
            "f; name=a(comment)",
            "f;; name=a",
            "f; name=a;;",
            "f; name=\"a\"\"b\"",
        ] {
            assert_eq!(pairs(text), None, "{text}");
        }
    }

    #[test]
    fn a_parameter_is_asked_for_without_case_and_only_if_alone() {
        let parsed = Parameterized::parse(b"f; a=1; A=2; b=3").unwrap();
        assert_eq!(parsed.only("a"), None);
        assert_eq!(parsed.only("B").unwrap().unwrap().value, b"3");
        assert_eq!(parsed.only("c"), Some(None));
    }
}
