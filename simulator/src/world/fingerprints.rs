//! What programs send along: header names in their order, and the values that tell one program from another.
//!
//! Customers have some 3,000 different fingerprints, the most popular one 12 % of them (Zipf with exponent 1). Attack tools
//! have their own, or borrow those of customers.

use bartizan_engine::exchange::Headers;

use crate::random::{Random, Weighted, mix};

/// How many different fingerprints customers have.
pub const OF_CUSTOMERS: u32 = 3000;
/// How many different fingerprints attack tools have.
pub const OF_TOOLS: u32 = 20;
/// The one that changes with every use.
pub const INVENTED: u16 = 3020;

/// A request's head that only lacks what differs from try to try.
#[derive(Clone, Debug, Default)]
struct Head {
    headers: Vec<(String, Vec<u8>)>,
    path_at: usize,
    length_at: usize,
    cookie_at: Option<usize>,
}

impl Head {
    fn new(host: &str, names: &[&str], value: impl Fn(&str) -> String, has_cookie: bool) -> Self {
        let mut headers: Vec<(String, Vec<u8>)> = [(":authority", host), (":path", "/"), (":method", "POST")]
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
            .collect();
        for name in names.iter().filter(|name| has_cookie || **name != "cookie") {
            headers.push(((*name).to_owned(), value(name).into_bytes()));
        }
        let at = |wanted: &str| headers.iter().position(|(name, _)| name == wanted);
        let (path_at, length_at) =
            (at(":path").unwrap_or(usize::MAX), at("content-length").unwrap_or(usize::MAX));
        let cookie_at = at("cookie");
        Self { headers, path_at, length_at, cookie_at }
    }

    fn set(&mut self, position: usize, value: &[u8]) {
        if let Some((_, slot)) = self.headers.get_mut(position) {
            slot.clear();
            slot.extend_from_slice(value);
        }
    }
}

/// A program, with and without cookies.
#[derive(Clone, Debug, Default)]
struct Program {
    bare: Head,
    with_cookie: Head,
}

/// A kind of program: which header fields it sends, in which order.
struct Family {
    user_agent: &'static str,
    names: &'static [&'static str],
}

const CHROME: &[&str] = &[
    "content-length",
    "cache-control",
    "sec-ch-ua",
    "sec-ch-ua-mobile",
    "sec-ch-ua-platform",
    "origin",
    "content-type",
    "upgrade-insecure-requests",
    "user-agent",
    "accept",
    "sec-fetch-site",
    "sec-fetch-mode",
    "sec-fetch-user",
    "sec-fetch-dest",
    "referer",
    "accept-encoding",
    "accept-language",
    "cookie",
    "x-ja4",
];
const SAFARI: &[&str] = &[
    "accept",
    "content-type",
    "sec-fetch-site",
    "accept-language",
    "accept-encoding",
    "sec-fetch-mode",
    "origin",
    "user-agent",
    "referer",
    "content-length",
    "sec-fetch-dest",
    "cookie",
    "x-ja4",
];
const FIREFOX: &[&str] = &[
    "user-agent",
    "accept",
    "accept-language",
    "accept-encoding",
    "content-type",
    "content-length",
    "origin",
    "referer",
    "cookie",
    "upgrade-insecure-requests",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "sec-fetch-user",
    "x-ja4",
];
const APP: &[&str] = &[
    "content-type",
    "accept",
    "x-app-version",
    "user-agent",
    "accept-language",
    "content-length",
    "accept-encoding",
    "cookie",
    "x-ja4",
];
const ANDROID_APP: &[&str] = &[
    "accept-language",
    "x-app-version",
    "accept",
    "content-type",
    "content-length",
    "accept-encoding",
    "cookie",
    "user-agent",
    "x-ja4",
];

/// Popular programs come first; positions in the list of customers' fingerprints cycle through them.
const FAMILIES: [Family; 8] = [
    Family {
        user_agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/",
        names: CHROME,
    },
    Family { user_agent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Version/", names: SAFARI },
    Family { user_agent: "BankApp/iOS CFNetwork/", names: APP },
    Family { user_agent: "BankApp/Android okhttp/4.", names: ANDROID_APP },
    Family { user_agent: "Mozilla/5.0 (Linux; Android 15; K) AppleWebKit/537.36 Chrome/", names: CHROME },
    Family { user_agent: "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Firefox/", names: FIREFOX },
    Family { user_agent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/", names: SAFARI },
    Family { user_agent: "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Edg/", names: CHROME },
];

/// Orders of header fields of HTTP libraries and of checkers built on them.
const TOOLS: [Family; 5] = [
    Family {
        user_agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/",
        names: &["user-agent", "accept", "accept-language", "content-type", "content-length", "x-ja4"],
    },
    Family {
        user_agent: "python-requests/2.",
        names: &["user-agent", "accept-encoding", "accept", "content-length", "content-type", "x-ja4"],
    },
    Family {
        user_agent: "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 Version/",
        names: &[
            "content-type",
            "user-agent",
            "accept",
            "accept-language",
            "referer",
            "content-length",
            "accept-encoding",
            "x-ja4",
        ],
    },
    Family {
        user_agent: "Go-http-client/2.",
        names: &["user-agent", "content-length", "content-type", "accept-encoding", "x-ja4"],
    },
    Family {
        user_agent: "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/",
        names: &[
            "content-length",
            "accept-language",
            "upgrade-insecure-requests",
            "user-agent",
            "content-type",
            "accept",
            "referer",
            "accept-encoding",
            "x-ja4",
        ],
    },
];

const LANGUAGES: [&str; 10] = [
    "en-US,en;q=0.9",
    "en-GB,en;q=0.8",
    "de-DE,de;q=0.9,en;q=0.8",
    "fr-FR,fr;q=0.9,en;q=0.7",
    "en-US,en;q=0.9,es;q=0.8",
    "pl-PL,pl;q=0.9",
    "tr-TR,tr;q=0.9,en;q=0.8",
    "it-IT,it;q=0.9,en;q=0.8",
    "es-ES,es;q=0.9",
    "nl-NL,nl;q=0.9,en;q=0.8",
];

/// All programs there are.
#[derive(Clone, Debug)]
pub struct Fingerprints {
    host: String,
    programs: Vec<Program>,
    popularity: Weighted,
}

impl Fingerprints {
    /// Those of customers, then those of tools, then the one that changes.
    #[must_use]
    pub fn new(host: &str, content_type: &str) -> Self {
        let customers = (0..OF_CUSTOMERS).map(|number| (number, &FAMILIES[..]));
        let tools = (0..=OF_TOOLS).map(|number| (OF_CUSTOMERS + number, &TOOLS[..]));
        let programs =
            customers.chain(tools).map(|(number, families)| program(number, families, host, content_type));
        Self {
            host: host.to_owned(),
            programs: programs.collect(),
            popularity: Weighted::zipf(OF_CUSTOMERS, 1.0),
        }
    }

    /// A customer's fingerprint.
    pub fn of_customer(&self, random: &mut Random) -> u16 {
        u16::try_from(self.popularity.draw(random)).unwrap_or(0)
    }

    /// The head of a login try. `cookie` is the whole header's value; nothing is sent where it is empty.
    pub fn head(&mut self, fingerprint: u16, path: &str, cookie: &[u8], length: usize) -> &Headers {
        let Some(program) = self.programs.get_mut(usize::from(fingerprint)) else { return &[] };
        let head = if cookie.is_empty() { &mut program.bare } else { &mut program.with_cookie };
        head.set(head.path_at, path.as_bytes());
        head.set(head.length_at, length.to_string().as_bytes());
        if let Some(position) = head.cookie_at {
            head.set(position, cookie);
        }
        &head.headers
    }

    /// Makes the fingerprint [`INVENTED`] one that nobody had before.
    pub fn invent(&mut self, random: &mut Random) {
        let number = random.bits();
        let mut names =
            vec!["user-agent", "accept", "accept-language", "referer", "accept-encoding", "x-ja4"];
        random.shuffle(&mut names);
        names.extend(["content-type", "content-length", "cookie"]);
        let value = |name: &str| match name {
            "user-agent" => format!("agent-{number:016x}"),
            "x-ja4" => ja4(number),
            _ => value(name, "application/x-www-form-urlencoded", number, ""),
        };
        let (bare, with_cookie) =
            (Head::new(&self.host, &names, value, false), Head::new(&self.host, &names, value, true));
        if let Some(program) = self.programs.get_mut(usize::from(INVENTED)) {
            *program = Program { bare, with_cookie };
        }
    }
}

fn program(number: u32, families: &[Family], host: &str, content_type: &str) -> Program {
    let count = u32::try_from(families.len()).unwrap_or(1);
    let Some(family) = families.get((number % count) as usize) else { return Program::default() };
    // The number itself is in the version, so that no two are alike; languages repeat.
    let version = format!("{}{}.{}", family.user_agent, 90 + number % 50, number / count);
    let value = |name: &str| value(name, content_type, u64::from(number), &version);
    Program {
        bare: Head::new(host, family.names, value, false),
        with_cookie: Head::new(host, family.names, value, true),
    }
}

fn value(name: &str, content_type: &str, number: u64, user_agent: &str) -> String {
    let random = mix(number);
    match name {
        "user-agent" => user_agent.to_owned(),
        "x-ja4" => ja4(number / 7),
        "accept-language" => {
            LANGUAGES.get((random % LANGUAGES.len() as u64) as usize).copied().unwrap_or("en").to_owned()
        }
        "content-type" => content_type.to_owned(),
        "accept" => "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8".to_owned(),
        "accept-encoding" => "gzip, deflate, br".to_owned(),
        "origin" => "https://bank.example".to_owned(),
        "referer" => "https://bank.example/".to_owned(),
        "x-app-version" => format!("7.{}", random % 5),
        "content-length" | "cookie" => String::new(),
        "cache-control" => "max-age=0".to_owned(),
        "sec-ch-ua" => format!("\"Chromium\";v=\"{}\"", 90 + number % 50),
        "sec-ch-ua-mobile" => "?0".to_owned(),
        "sec-ch-ua-platform" => "\"Windows\"".to_owned(),
        "sec-fetch-site" => "same-origin".to_owned(),
        "sec-fetch-mode" => "navigate".to_owned(),
        "sec-fetch-dest" => "document".to_owned(),
        _ => "1".to_owned(),
    }
}

/// A text of the shape of a JA4 fingerprint. Several programs share a TLS library, so seven numbers share one.
fn ja4(number: u64) -> String {
    let (first, second) = (mix(number) >> 16, mix(number ^ 1 << 40) >> 16);
    format!("t13d15{:02}h2_{first:012x}_{second:012x}", number % 20)
}

#[cfg(test)]
mod tests {
    use super::{Fingerprints, INVENTED, OF_CUSTOMERS, OF_TOOLS};
    use crate::random::Random;
    use std::collections::HashSet;

    fn signature(fingerprints: &mut Fingerprints, number: u16) -> Vec<u8> {
        let head = fingerprints.head(number, "/login/00", b"", 10);
        let mut text = Vec::new();
        for (name, value) in head {
            text.extend_from_slice(name.as_bytes());
            if ["user-agent", "accept-language", "x-ja4"].contains(&name.as_str()) {
                text.extend_from_slice(value);
            }
        }
        text
    }

    #[test]
    fn every_fingerprint_differs_from_every_other_and_invented_ones_never_repeat() {
        let mut fingerprints = Fingerprints::new("bank.example", "application/x-www-form-urlencoded");
        let mut seen = HashSet::new();
        for number in 0..u16::try_from(OF_CUSTOMERS + OF_TOOLS).unwrap() {
            assert!(seen.insert(signature(&mut fingerprints, number)), "{number}");
        }
        let mut random = Random::new(4, 0);
        for _ in 0..100 {
            fingerprints.invent(&mut random);
            assert!(seen.insert(signature(&mut fingerprints, INVENTED)));
        }
    }

    #[test]
    fn a_head_carries_what_it_is_told_and_a_cookie_only_where_there_is_one() {
        let mut fingerprints = Fingerprints::new("bank.example", "application/x-www-form-urlencoded");
        for number in [0, 1, 2, 3, 5] {
            let value = |head: &[(String, Vec<u8>)], wanted: &str| {
                let found: Vec<_> = head.iter().filter(|(name, _)| name == wanted).cloned().collect();
                assert!(found.len() < 2, "{wanted}");
                found.first().map(|(_, value)| String::from_utf8(value.clone()).unwrap())
            };
            let head = fingerprints.head(number, "/login/07", b"a=1; b=2", 33).to_vec();
            assert_eq!(value(&head, ":path").as_deref(), Some("/login/07"));
            assert_eq!(value(&head, "content-length").as_deref(), Some("33"));
            assert_eq!(value(&head, "cookie").as_deref(), Some("a=1; b=2"));
            let bare = fingerprints.head(number, "/login/08", b"", 34).to_vec();
            assert_eq!(value(&bare, ":path").as_deref(), Some("/login/08"));
            assert_eq!(value(&bare, "cookie"), None);
        }
    }
}
