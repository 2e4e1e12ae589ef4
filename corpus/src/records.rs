//! JSON bodies: records of several kinds, in the envelopes that APIs put them into.

mod charges;
mod orders;
mod repositories;
mod telemetry;
mod users;

use crate::random::Random;
use crate::writer::Writer;

/// What a body is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Orders and charges of a shop.
    Orders,
    /// Accounts and what belongs to them, without e-mail addresses and telephone numbers.
    Users,
    /// Accounts with an e-mail address and a telephone number each: what a detector has to find.
    Contacts,
    /// Spans, events, devices, releases.
    Telemetry,
    /// Of everything but contacts.
    Mixed,
}

impl Kind {
    /// All kinds without true findings.
    pub const HARMLESS: [Self; 4] = [Self::Orders, Self::Users, Self::Telemetry, Self::Mixed];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Users => "users",
            Self::Contacts => "contacts",
            Self::Telemetry => "telemetry",
            Self::Mixed => "mixed",
        }
    }

    fn record(self, random: &mut Random, writer: &mut Writer) {
        match (self, random.below(6)) {
            (Self::Orders, 0) => charges::charge(random, writer),
            (Self::Orders, _) => orders::order(random, writer),
            (Self::Users, 0 | 1) => repositories::repository(random, writer),
            (Self::Users, _) => users::user(random, writer, false),
            (Self::Contacts, _) => users::user(random, writer, true),
            (Self::Telemetry, 0) => telemetry::device(random, writer),
            (Self::Telemetry, 1) => telemetry::event(random, writer),
            (Self::Telemetry, 2) => telemetry::deployment(random, writer),
            (Self::Telemetry, _) => telemetry::span(random, writer),
            (Self::Mixed, 0 | 1) => Self::Orders.record(random, writer),
            (Self::Mixed, 2 | 3) => Self::Users.record(random, writer),
            (Self::Mixed, _) => Self::Telemetry.record(random, writer),
        }
    }
}

/// No record is longer, and none of what is around them.
const LONGEST_RECORD: usize = 16 * 1024;

/// A JSON document of at most so many bytes, and of little less: no further record would have fitted. Below 16 KiB it may
/// be an empty list, and longer than was asked for.
#[must_use]
pub fn json(kind: Kind, seed: u64, bytes: usize) -> Vec<u8> {
    let mut random = Random::new(seed);
    let (head, tail) = envelope(kind, &mut random);
    let mut body = head.into_bytes();
    // How members are set apart is a habit of the server, the same in the whole body.
    let between: &[u8] = if random.once_in(4) { b",\n" } else { b"," };
    let mut first = true;
    loop {
        let mut writer = Writer::default();
        kind.record(&mut random, &mut writer);
        let record = writer.finish();
        debug_assert!(record.len() < LONGEST_RECORD, "a record of {} bytes", record.len());
        let needed = record.len().saturating_add(tail.len()).saturating_add(between.len());
        if body.len().saturating_add(needed) > bytes {
            break;
        }
        if !first {
            body.extend_from_slice(between);
        }
        first = false;
        body.extend_from_slice(record.as_bytes());
    }
    body.extend_from_slice(tail.as_bytes());
    body
}

/// What stands in front of the records and behind them.
fn envelope(kind: Kind, random: &mut Random) -> (String, String) {
    let (page, total) = (random.below(40), random.between(1000, 90_000));
    match random.below(4) {
        0 => ("[".to_owned(), "]".to_owned()),
        1 => (
            format!("{{\"object\":\"list\",\"url\":\"/v1/{}\",\"has_more\":true,\"data\":[", kind.name()),
            format!("],\"next_cursor\":\"{}\"}}", random.cursor()),
        ),
        2 => (
            format!("{{\"data\":{{\"{}\":[", kind.name()),
            format!("]}},\"pageInfo\":{{\"hasNextPage\":true,\"endCursor\":\"{}\"}}}}", random.cursor()),
        ),
        _ => (
            format!("{{\"page\":{page},\"per_page\":250,\"total\":{total},\"{}\":[", kind.name()),
            format!("],\"request_id\":\"{}\"}}", random.uuid()),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, json};

    const MEBIBYTE: usize = 1 << 20;

    #[test]
    fn a_body_is_json_that_fills_what_was_asked_for() {
        for kind in Kind::HARMLESS.into_iter().chain([Kind::Contacts]) {
            for seed in 0..6 {
                let body = json(kind, seed, MEBIBYTE);
                assert!(
                    body.len() <= MEBIBYTE && body.len() + super::LONGEST_RECORD > MEBIBYTE,
                    "{kind:?} {seed}"
                );
                let parsed = serde_json::from_slice::<serde_json::Value>(&body);
                assert!(parsed.is_ok(), "{kind:?} {seed}: {parsed:?}");
            }
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_body_and_another_one_another() {
        assert_eq!(json(Kind::Mixed, 7, MEBIBYTE), json(Kind::Mixed, 7, MEBIBYTE));
        assert_ne!(json(Kind::Mixed, 7, MEBIBYTE), json(Kind::Mixed, 8, MEBIBYTE));
    }

    #[test]
    fn ten_megabytes_hold_twenty_thousand_ids_of_sixteen_digits() {
        for kind in Kind::HARMLESS {
            let bodies: Vec<_> = crate::json_bodies(kind, 1).take(4).collect();
            let bytes: usize = bodies.iter().map(Vec::len).sum();
            let ids: usize = bodies.iter().map(|body| runs_of_sixteen(body)).sum();
            assert!(ids * 10_000_000 / bytes >= 20_000, "{kind:?}: {}", ids * 10_000_000 / bytes);
        }
    }

    #[test]
    fn an_address_stands_in_contacts_only() {
        for kind in Kind::HARMLESS {
            assert!(!has_address(&json(kind, 3, MEBIBYTE)), "{kind:?}");
        }
        assert!(has_address(&json(Kind::Contacts, 3, MEBIBYTE)));
    }

    /// Whether something with a dot in it stands behind an `@` that is not a repository's; digests and differences have `@`
    /// without one.
    fn has_address(body: &[u8]) -> bool {
        let domain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
        let parts: Vec<&[u8]> = body.split(|byte| *byte == b'@').collect();
        let mut around = parts.windows(2).filter(|around| !around[0].ends_with(b"\"git"));
        around.any(|around| around[1].iter().take_while(|byte| domain(byte)).any(|byte| *byte == b'.'))
    }

    fn runs_of_sixteen(body: &[u8]) -> usize {
        body.split(|byte| !byte.is_ascii_alphanumeric())
            .filter(|run| run.len() == 16 && run.iter().all(u8::is_ascii_digit))
            .count()
    }
}
