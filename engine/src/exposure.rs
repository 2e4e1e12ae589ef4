//! What left through which route: a bounded table in each worker, for the operator's log.
//!
//! A row is a route and a detector. It holds numbers, the shape of a value and who received the last one, as a keyed hash;
//! never a value. Rows are told when they are new and, where something was added, once an hour. A table that is full gives
//! the place of the row that was seen longest ago to the next.

use serde::Serialize;

use crate::blob::Policy;
use crate::clock::Millis;

/// Rows at most: 112 bytes each, and the shape.
pub const MOST_ROWS: usize = 512;
/// How often a row is told.
const TOLD_EVERY_MS: u64 = 3_600_000;

/// Who received what was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recipient {
    /// The client, as a keyed hash.
    pub client: u64,
    /// Its network, as a keyed hash; 0 where it is not known.
    pub network: u64,
    /// Its country, two letters, where the operator has a header that says it; zeros elsewhere.
    pub country: [u8; 2],
}

impl Recipient {
    /// The country as a text; empty where it is not known.
    #[must_use]
    pub fn country_name(&self) -> &str {
        std::str::from_utf8(&self.country).ok().filter(|name| !name.starts_with('\0')).unwrap_or_default()
    }
}

#[derive(Clone, Debug)]
struct Row {
    app: u16,
    route: Option<u32>,
    detector: u16,
    values: u64,
    masked: u64,
    replies: u64,
    shape: String,
    recipient: Recipient,
    first: Millis,
    last: Millis,
    /// When it was last told; nothing where it never was.
    told: Option<Millis>,
    /// Whether something was added since.
    is_due: bool,
}

/// The table.
#[derive(Clone, Debug, Default)]
pub struct Exposures {
    rows: Vec<Row>,
    /// Whether a row waits to be told.
    is_due: bool,
}

/// A row as it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exposure<'e> {
    /// The app's name.
    pub app: &'e str,
    /// The route's name; empty where the path is none's.
    pub route: &'e str,
    /// The detector's name.
    pub detector: &'e str,
    /// What the detector belongs to.
    pub class: &'e str,
    /// How many values left since `first_seen`, through this worker.
    pub values: u64,
    /// How many of them were overwritten.
    pub masked: u64,
    /// In how many replies.
    pub replies: u64,
    /// What a value looks like.
    pub shape: &'e str,
    /// Who received the last one. 16 hexadecimal digits.
    pub client: String,
    /// Its network. 16 hexadecimal digits.
    pub network: String,
    /// Its country, where it is known.
    pub country: &'e str,
    /// When the first value left, in seconds since 1970.
    pub first_seen: u64,
    /// When the last one did.
    pub last_seen: u64,
}

/// What one reply adds.
#[derive(Clone, Copy, Debug)]
pub struct Exposed<'e> {
    /// The app's position.
    pub app: u16,
    /// The route's.
    pub route: Option<u32>,
    /// The detector's.
    pub detector: u16,
    /// How many values.
    pub values: u32,
    /// How many of them were overwritten.
    pub masked: u32,
    /// What one looks like.
    pub shape: &'e str,
    /// Who received them.
    pub recipient: Recipient,
}

impl Exposures {
    /// Notes what a reply carried. Gives back since when the row has been known, in seconds since 1970.
    pub fn note(&mut self, exposed: Exposed<'_>, now: Millis) -> u64 {
        let same =
            |row: &Row| (row.app, row.route, row.detector) == (exposed.app, exposed.route, exposed.detector);
        self.is_due = true;
        if let Some(row) = self.rows.iter_mut().find(|row| same(row)) {
            row.values = row.values.saturating_add(u64::from(exposed.values));
            row.masked = row.masked.saturating_add(u64::from(exposed.masked));
            row.replies = row.replies.saturating_add(1);
            row.recipient = exposed.recipient;
            row.last = now;
            row.is_due = true;
            return row.first.0 / 1000;
        }
        if self.rows.len() >= MOST_ROWS {
            let oldest =
                self.rows.iter().enumerate().min_by_key(|(_, row)| row.last.0).map(|(place, _)| place);
            if let Some(oldest) = oldest {
                self.rows.swap_remove(oldest);
            }
        }
        self.rows.push(Row {
            app: exposed.app,
            route: exposed.route,
            detector: exposed.detector,
            values: u64::from(exposed.values),
            masked: u64::from(exposed.masked),
            replies: 1,
            shape: exposed.shape.to_owned(),
            recipient: exposed.recipient,
            first: now,
            last: now,
            told: None,
            is_due: true,
        });
        now.0 / 1000
    }

    /// Tells rows that are due, at most so many.
    pub fn tell(
        &mut self,
        policy: &Policy<'_>,
        now: Millis,
        most: usize,
        mut tell: impl FnMut(&Exposure<'_>),
    ) {
        if !self.is_due {
            return;
        }
        let is_due =
            |row: &Row| row.is_due && row.told.is_none_or(|told| now.0.abs_diff(told.0) >= TOLD_EVERY_MS);
        for row in self.rows.iter_mut().filter(|row| is_due(row)).take(most) {
            row.told = Some(now);
            row.is_due = false;
            let detector = policy.detectors.get(usize::from(row.detector));
            tell(&Exposure {
                app: policy.apps.get(usize::from(row.app)).map_or("", |app| app.name),
                route: row
                    .route
                    .and_then(|route| policy.routes.get(route as usize))
                    .map_or("", |route| route.name),
                detector: detector.map_or("", |detector| detector.name),
                class: detector.map_or("", |detector| detector.class),
                values: row.values,
                masked: row.masked,
                replies: row.replies,
                shape: &row.shape,
                client: format!("{:016x}", row.recipient.client),
                network: format!("{:016x}", row.recipient.network),
                country: row.recipient.country_name(),
                first_seen: row.first.0 / 1000,
                last_seen: row.last.0 / 1000,
            });
        }
        self.is_due = self.rows.iter().any(|row| row.is_due);
    }
}
