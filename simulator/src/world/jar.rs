//! Cookie jars, as browsers and apps keep them.
//!
//! Compact, because there are millions: nothing is allocated for an empty jar, names are kept once for all jars.

use bartizan_engine::http::cookie::set_cookie;

/// The most cookies that one jar keeps; the oldest gives way.
const MOST_COOKIES: usize = 8;
/// How long a cookie without `Max-Age` lives, in seconds: until the program is closed.
const SESSION: u32 = 4 * 3600;

/// The names of cookies.
#[derive(Clone, Debug, Default)]
pub struct CookieNames(Vec<Box<[u8]>>);

impl CookieNames {
    fn number(&mut self, name: &[u8]) -> Option<u8> {
        let known = self.0.iter().position(|known| **known == *name);
        let number = u8::try_from(known.unwrap_or(self.0.len())).ok()?;
        if known.is_none() {
            self.0.push(name.into());
        }
        Some(number)
    }
}

#[derive(Clone, Debug)]
struct Cookie {
    value: Box<[u8]>,
    /// The second in which it ends.
    expires: u32,
    name: u8,
}

/// One jar.
#[derive(Clone, Debug, Default)]
pub struct Jar(Box<[Cookie]>);

impl Jar {
    /// Takes a `set-cookie` header's value: keeps the cookie, replaces it, or removes it.
    pub fn take(&mut self, header: &[u8], now: u32, names: &mut CookieNames) {
        let removed = removed_name(header);
        let (name, value) = match (set_cookie(header), removed) {
            (Some((name, value)), _) => (name, Some(value)),
            (None, Some(name)) => (name, None),
            (None, None) => return,
        };
        let Some(name) = names.number(name) else { return };
        let mut cookies = std::mem::take(&mut self.0).into_vec();
        cookies.retain(|cookie| cookie.name != name && cookie.expires > now);
        if let Some(value) = value {
            if cookies.len() >= MOST_COOKIES {
                cookies.remove(0);
            }
            let expires = now.saturating_add(max_age(header).unwrap_or(SESSION));
            cookies.push(Cookie { value: value.into(), expires, name });
        }
        self.0 = cookies.into_boxed_slice();
    }

    /// Writes the `cookie` header's value; nothing where no cookie is alive.
    pub fn write(&self, now: u32, names: &CookieNames, out: &mut Vec<u8>) {
        out.clear();
        for cookie in self.0.iter().filter(|cookie| cookie.expires > now) {
            let Some(name) = names.0.get(usize::from(cookie.name)) else { continue };
            if !out.is_empty() {
                out.extend_from_slice(b"; ");
            }
            out.extend_from_slice(name);
            out.push(b'=');
            out.extend_from_slice(&cookie.value);
        }
    }
}

/// The name of a cookie that the header may remove: whatever [`set_cookie`] does not give.
fn removed_name(header: &[u8]) -> Option<&[u8]> {
    let pair = header.split(|byte| *byte == b';').next()?;
    let equals = pair.iter().position(|byte| *byte == b'=')?;
    pair.get(..equals).map(<[u8]>::trim_ascii).filter(|name| !name.is_empty())
}

fn max_age(header: &[u8]) -> Option<u32> {
    let mut parts = header.split(|byte| *byte == b';').skip(1).map(<[u8]>::trim_ascii);
    let text = parts.find_map(|part| {
        let (name, value) = part.split_at_checked("max-age=".len())?;
        name.eq_ignore_ascii_case(b"max-age=").then_some(value)
    })?;
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{CookieNames, Jar};

    fn sent(jar: &Jar, now: u32, names: &CookieNames) -> String {
        let mut out = Vec::new();
        jar.write(now, names, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn cookies_are_kept_replaced_removed_and_forgotten() {
        let (mut jar, mut names) = (Jar::default(), CookieNames::default());
        jar.take(b"sid=1; Path=/; HttpOnly; Max-Age=100", 1000, &mut names);
        jar.take(b"device=v1.abc; Max-Age=15552000; Secure; SameSite=Lax", 1000, &mut names);
        assert_eq!(sent(&jar, 1000, &names), "sid=1; device=v1.abc");
        jar.take(b"sid=2; max-age=50", 1010, &mut names);
        assert_eq!(sent(&jar, 1011, &names), "device=v1.abc; sid=2");
        assert_eq!(sent(&jar, 1060, &names), "device=v1.abc", "the session is over");
        jar.take(b"device=; Max-Age=0", 1061, &mut names);
        assert_eq!(sent(&jar, 1062, &names), "");
        jar.take(b"plain=x", 2000, &mut names);
        assert_eq!(sent(&jar, 2000 + 3 * 3600, &names), "plain=x");
        assert_eq!(sent(&jar, 2000 + 5 * 3600, &names), "");
    }

    #[test]
    fn what_is_no_cookie_changes_nothing_and_a_jar_is_bounded() {
        let (mut jar, mut names) = (Jar::default(), CookieNames::default());
        for header in [&b""[..], b"novalue", b"=x", b"; Max-Age=5"] {
            jar.take(header, 5, &mut names);
        }
        assert_eq!(sent(&jar, 5, &names), "");
        for number in 0..100 {
            jar.take(format!("c{number}=x; Max-Age=60").as_bytes(), 5, &mut names);
        }
        assert_eq!(sent(&jar, 6, &names).matches("=x").count(), 8);
        assert!(sent(&jar, 6, &names).ends_with("c99=x"));
    }

    #[test]
    fn an_empty_jar_is_small() {
        assert_eq!(size_of::<Jar>(), 16);
    }
}
