//! Sends labelled traffic through the proxy.

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::Path;

use crate::attack::{Attack, Target};
use crate::counts::Counts;
use crate::curve::{DAY, SECOND};
use crate::failure::Failure;
use crate::proxy::{AppAnswer, Forwarded, Judgement, Proxy, Sent};
use crate::random::mix;
use crate::simulation::APP_LATENCY;
use crate::visits::{Answer, Visit};
use crate::wire::LoginShape;
use crate::world::jar::{CookieNames, Jar};

use super::{Reader, Row};

/// What a replay came to.
#[derive(Debug)]
pub struct Replayed {
    /// What was counted.
    pub counts: Counts,
    /// Bytes of the state at the end.
    pub state_bytes: usize,
}

/// When the first and the last of an attacker's tries were.
fn attack_times(path: &Path) -> Result<(u64, u64), Failure> {
    let mut reader = Reader::open(path)?;
    let mut times: Option<(u64, u64)> = None;
    while let Some(row) = reader.next_row()? {
        if row.is_attack {
            times = Some((times.map_or(row.at, |(first, _)| first), row.at));
        }
    }
    // Without an attack everything counts.
    Ok(times.unwrap_or((0, u64::MAX)))
}

struct InFlight {
    due: u64,
    forwarded: Forwarded,
    row: Row,
}

/// A customer's tries that belong together.
struct Open {
    visit: Visit,
    saw_right: bool,
}

struct Replay<'r, 'p> {
    proxy: Proxy<'p>,
    shape: &'r LoginShape,
    window: (u64, u64),
    first: Option<u64>,
    counts: Counts,
    jars: HashMap<String, Jar>,
    names: CookieNames,
    /// Users that logged in from a device.
    known: HashSet<(String, String)>,
    accounts: HashMap<String, u32>,
    units: HashMap<u128, u32>,
    open: HashMap<String, Open>,
    in_flight: VecDeque<InFlight>,
    sessions: u64,
}

/// Sends a file's tries through a proxy. The file is read twice: its attack's beginning and end decide what counts.
///
/// # Errors
///
/// When the file cannot be read or is no labelled traffic, or the policy sees no logins.
pub fn replay<'p>(
    path: &Path,
    proxy: Proxy<'p>,
    shape: &LoginShape,
    explains: bool,
) -> Result<Replayed, Failure> {
    let mut replay = Replay {
        proxy,
        shape,
        window: attack_times(path)?,
        first: None,
        counts: Counts::new(explains),
        jars: HashMap::new(),
        names: CookieNames::default(),
        known: HashSet::new(),
        accounts: HashMap::new(),
        units: HashMap::new(),
        open: HashMap::new(),
        in_flight: VecDeque::new(),
        sessions: 0,
    };
    let mut reader = Reader::open(path)?;
    while let Some(row) = reader.next_row()? {
        replay.answer_until(row.at);
        replay.send(row)?;
    }
    replay.answer_until(u64::MAX);
    let mut left: Vec<String> = replay.open.keys().cloned().collect();
    left.sort_unstable();
    for visit in left {
        replay.close(&visit);
    }
    Ok(Replayed { state_bytes: replay.proxy.state_bytes(), counts: replay.counts })
}

impl Replay<'_, '_> {
    fn send(&mut self, row: Row) -> Result<(), Failure> {
        self.first.get_or_insert(row.at);
        let body = row.body(self.shape);
        let mut cookie = Vec::new();
        if let Some(jar) = row.device.as_ref().and_then(|device| self.jars.get(device)) {
            let seconds = u32::try_from(row.at / SECOND).unwrap_or(u32::MAX);
            jar.write(seconds, &self.names, &mut cookie);
        }
        let headers = row.head(self.shape, &cookie, body.len());
        self.counts.exchanges += 1;
        let unit = self.number_of(row.address);
        if row.is_attack {
            let account = self.account_of(&row.user);
            let one = Attack::brought(Target::Account(account), row.address, unit);
            self.counts.tried(&one, row.password_ok, row.at.saturating_sub(self.window.0));
        } else {
            self.note_visit(&row);
        }
        match self.proxy.send(row.at, &headers, row.address, body.as_bytes()) {
            Sent::Refused(judgement) if row.is_attack => self.counts.stopped(unit, &judgement),
            Sent::Refused(judgement) => self.customer_answered(&row, Answer::Refused, &judgement),
            Sent::Forwarded(forwarded) => {
                if row.is_attack {
                    self.counts.passed(unit, row.at.saturating_sub(self.window.0));
                }
                self.in_flight.push_back(InFlight { due: row.at + APP_LATENCY, forwarded, row });
            }
            Sent::NoLogin => {
                let (host, path) = (self.shape.host.clone(), self.shape.path(row.route));
                return Err(Failure::NoLogin { host, path });
            }
        }
        Ok(())
    }

    fn answer_until(&mut self, time: u64) {
        while self.in_flight.front().is_some_and(|waiting| waiting.due <= time) {
            let Some(InFlight { due, forwarded, row }) = self.in_flight.pop_front() else { return };
            self.sessions += 1;
            let answer =
                if row.password_ok { AppAnswer::In { session: mix(self.sessions) } } else { AppAnswer::Out };
            let seconds = u32::try_from(due / SECOND).unwrap_or(u32::MAX);
            let names = &mut self.names;
            let mut jar = row.device.as_ref().map(|device| self.jars.entry(device.clone()).or_default());
            let judgement = self.proxy.answer(due, forwarded, answer, |cookie| {
                if let Some(jar) = &mut jar {
                    jar.take(cookie, seconds, names);
                }
            });
            if row.is_attack {
                self.counts.judged(&judgement);
                if row.password_ok {
                    let account = self.account_of(&row.user);
                    self.counts.taken.insert(account);
                }
            } else {
                let answer = if row.password_ok { Answer::Succeeded } else { Answer::Failed };
                self.customer_answered(&row, answer, &judgement);
            }
        }
    }

    fn note_visit(&mut self, row: &Row) {
        let device = row.device.clone().unwrap_or_default();
        let is_known_device = self.known.contains(&(device, row.user.clone()));
        let open = self
            .open
            .entry(visit_name(row))
            .or_insert_with(|| Open { visit: Visit::brought(row.at, is_known_device), saw_right: false });
        open.saw_right |= row.password_ok;
    }

    fn customer_answered(&mut self, row: &Row, answer: Answer, judgement: &Judgement<'_>) {
        let name = visit_name(row);
        let Some(open) = self.open.get_mut(&name) else { return };
        open.visit.score = open.visit.score.max(judgement.score);
        if answer == Answer::Refused {
            open.visit.was_refused = true;
            let is_during = (self.window.0..=self.window.1).contains(&open.visit.began);
            self.counts.hindered(&open.visit, judgement, is_during);
        }
        if answer == Answer::Succeeded {
            if let Some(device) = &row.device {
                self.known.insert((device.clone(), row.user.clone()));
            }
            self.close(&name);
        }
    }

    fn close(&mut self, name: &str) {
        let Some(open) = self.open.remove(name).filter(|open| open.saw_right) else { return };
        let is_during = (self.window.0..=self.window.1).contains(&open.visit.began);
        let day = open.visit.began.saturating_sub(self.first.unwrap_or(0)) / DAY;
        self.counts.visited(&open.visit, is_during, day);
    }

    fn account_of(&mut self, user: &str) -> u32 {
        let next = u32::try_from(self.accounts.len()).unwrap_or(u32::MAX);
        *self.accounts.entry(user.to_owned()).or_insert(next)
    }

    fn number_of(&mut self, address: u128) -> u32 {
        let next = u32::try_from(self.units.len()).unwrap_or(u32::MAX);
        *self.units.entry(address).or_insert(next)
    }
}

fn visit_name(row: &Row) -> String {
    match (&row.visit, &row.device) {
        (Some(visit), _) => format!("visit {visit}"),
        (None, Some(device)) => format!("device {device} {}", row.user),
        (None, None) => format!("address {} {}", row.address, row.user),
    }
}
