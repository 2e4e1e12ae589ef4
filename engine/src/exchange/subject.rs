//! What is known about an exchange, carried from phase to phase.

use super::account::Sprayed;
use super::recognition::Recognition;
use super::record::Record;
use super::search::{Place, Search};
use super::{HeadChanges, Surroundings};
use crate::blob::Policy;
use crate::clock::Millis;
use crate::exposure::Recipient;
use crate::metrics::{Failure, LoginOutcome, Metric, Uninspected};
use crate::sensitive::Findings;
use crate::state::cell::{Reading, Reservation};
use crate::state::pool::{CellAddress, Loaded, Roles};
use crate::state::session::Session;
use crate::verdict::{Cause, Circumstances, Verdict};
use crate::vocabulary::{Mode, Threat};

/// A bit for each threat.
const ALL_THREATS: u8 = (1 << Threat::ALL.len()) - 1;

/// A cell that the exchange concerns.
#[derive(Debug)]
pub(crate) struct Touched {
    pub(crate) address: CellAddress,
    pub(crate) roles: Roles,
    /// The attempt that waits for its outcome here.
    pub(crate) reservation: Option<Reservation>,
    /// Whether what follows from the decision was written here, and for which decision: admitted, or refused.
    pub(crate) written_as: Option<bool>,
    /// Whether this request is among the requests counted here.
    pub(crate) counted_request: bool,
    /// Whether this attempt is among the attempts counted and reserved here.
    pub(crate) counted_attempt: bool,
    /// The page, while a decision is made.
    pub(crate) loaded: Option<Loaded>,
}

impl Touched {
    pub(crate) const fn new(address: CellAddress, roles: Roles) -> Self {
        Self {
            address,
            roles,
            reservation: None,
            written_as: None,
            counted_request: false,
            counted_attempt: false,
            loaded: None,
        }
    }
}

/// What is known about an exchange.
#[derive(Debug)]
pub(crate) struct Subject {
    pub(crate) id: u64,
    pub(crate) app: u16,
    pub(crate) route: Option<u32>,
    /// The login's position, where the route is one.
    pub(crate) login: Option<u32>,
    pub(crate) mode: Mode,
    /// Threats that do not apply to this client.
    pub(crate) exempt: u8,
    pub(crate) address: Option<u128>,
    /// The network of the address, as a keyed hash.
    pub(crate) network: Option<u64>,
    /// The fingerprint of the head, as a keyed hash.
    pub(crate) fingerprint: Option<u64>,
    /// Whether the client is known by more than its address.
    pub(crate) is_named: bool,
    /// Whether the login's credentials were looked at.
    pub(crate) is_credited: bool,
    /// What is known about who logs in.
    pub(crate) recognition: Recognition,
    /// What the client's session began with, where it has one.
    pub(crate) session: Option<Session>,
    /// The login's password in the sketch.
    pub(crate) sprayed: Option<Sprayed>,
    /// When it was decided.
    pub(crate) decided_at: Millis,
    /// The client's keyed hash.
    pub(crate) client: u64,
    pub(crate) not_before: Millis,
    pub(crate) cells: Vec<Touched>,
    /// Values for counters of different values, by the counter's position.
    pub(crate) values: Vec<(u16, u64)>,
    /// Client keys that count once the upstream accepts them.
    pub(crate) offered: Vec<CellAddress>,
    pub(crate) search: Search,
    pub(crate) honeypot: Option<u32>,
    pub(crate) prefers_html: bool,
    pub(crate) is_head: bool,
    /// A CONNECT: its bytes are not ours to read.
    pub(crate) is_tunnel: bool,
    /// What the counters stood at when it was decided, by their position.
    pub(crate) counts: Vec<u32>,
    /// The same without attempts of others whose outcome is open.
    pub(crate) settled: Vec<u32>,
    /// Client keys that the reply issues, and that count once the login is known to have succeeded.
    pub(crate) issued: Vec<CellAddress>,
    pub(crate) verdict: Verdict,
    /// Seconds after which a throttled client may try again.
    pub(crate) retry_after: u32,
    /// The filter could not work, and the policy says that nothing passes then.
    pub(crate) failed_closed: bool,
    pub(crate) outcome: Option<LoginOutcome>,
    /// The client's country, where the operator has a header that says it.
    pub(crate) country: [u8; 2],
    /// What was found in the body, in header fields and trailers, and in the request's address.
    pub(crate) found: [Findings; 3],
    /// Since when it has been known that this route carries what a detector found, in seconds since 1970.
    pub(crate) known_since: Vec<(u16, u64)>,
    /// Whether the reply's body was looked at.
    pub(crate) is_inspected: bool,
    /// Whether everything that follows from findings has followed.
    pub(crate) is_concluded: bool,
    /// Whether its findings are only counted.
    pub(crate) is_muted: bool,
    /// Bytes that its decoder holds.
    pub(crate) decoding: usize,
    pub(crate) uninspected: Option<Uninspected>,
    pub(crate) failure: Option<Failure>,
    /// What is known about the login and its session beyond counts.
    pub(crate) circumstances: Circumstances,
    /// What is changed in the head if it goes on.
    pub(crate) changes: HeadChanges,
}

impl Subject {
    /// The app and the route, by their positions.
    pub(crate) fn place(&self) -> Option<(u16, u32)> {
        self.route.map(|route| (self.app, route))
    }

    pub(crate) const fn reading(&self, now: Millis) -> Reading {
        Reading { now, not_before: self.not_before }
    }

    /// Whether no threat applies to this client: nothing is counted then.
    pub(crate) const fn is_exempt(&self) -> bool {
        self.exempt == ALL_THREATS
    }

    /// Whether a threat does not apply to this client.
    pub(crate) const fn is_exempt_from(&self, threat: Threat) -> bool {
        self.exempt & (1 << threat as u8) != 0
    }

    /// Whether the filter answers instead of the upstream.
    pub(crate) const fn is_refused(&self) -> bool {
        self.failed_closed || self.verdict.action.refuses()
    }

    /// The cell that stands for the client: bans, marks and throttles live there.
    pub(crate) fn client_cell(&self) -> Option<usize> {
        self.cells.iter().position(|cell| cell.roles.has(crate::vocabulary::CounterKey::Client))
    }

    /// Who gets the reply.
    pub(crate) fn recipient(&self) -> Recipient {
        Recipient { client: self.client, network: self.network.unwrap_or(0), country: self.country }
    }

    pub(crate) fn skip(&mut self, reason: Uninspected, surroundings: &mut Surroundings<'_, '_>) {
        if self.uninspected.is_none() {
            self.uninspected = Some(reason);
            surroundings.worker.tally.add(Metric::Uninspected(reason), 1);
        }
    }

    pub(crate) fn fail(&mut self, failure: Failure, surroundings: &mut Surroundings<'_, '_>) {
        self.failure = self.failure.or(Some(failure));
        // A page that was started over, or had no room, still leaves a decision.
        let is_blind = !matches!(failure, Failure::ForeignPage | Failure::Capacity | Failure::Superseded);
        let denies = surroundings.policy.basics.on_error == crate::vocabulary::OnError::Deny;
        self.failed_closed |= is_blind && denies && self.mode == Mode::Enforce;
        surroundings.worker.tally.add_now(Metric::Error(failure), 1);
    }

    /// What was found at a place.
    pub(crate) fn found_in(&self, place: Place) -> &Findings {
        let [body, headers, url] = &self.found;
        match place {
            Place::Body => body,
            Place::Headers => headers,
            Place::Url => url,
        }
    }

    pub(crate) fn found_at(&mut self, place: Place) -> &mut Findings {
        let [body, headers, url] = &mut self.found;
        match place {
            Place::Body => body,
            Place::Headers => headers,
            Place::Url => url,
        }
    }

    fn has_findings(&self) -> bool {
        self.found.iter().any(|findings| findings.total() > 0)
    }

    /// Whether nothing but findings make it worth telling.
    pub(crate) fn is_notable_by_findings_only(&self) -> bool {
        self.has_findings()
            && self.verdict.reasons.is_empty()
            && self.verdict.would <= crate::verdict::Action::Mask
            && self.outcome.is_none()
            && self.failure.is_none()
    }

    /// Whether there is anything to tell about this exchange.
    pub(crate) fn is_notable(&self) -> bool {
        !self.is_muted && self.has_something_to_tell()
    }

    fn has_something_to_tell(&self) -> bool {
        self.verdict.would != crate::verdict::Action::None
            || self.verdict.scores.iter().any(|score| *score > 0)
            || self.outcome.is_some()
            || self.has_findings()
            || self.uninspected.is_some_and(|reason| reason != Uninspected::Binary)
            || self.failure.is_some()
    }
}

/// Which threat a contribution belongs to.
pub(crate) fn threat_of(policy: &Policy<'_>, cause: Cause) -> Option<Threat> {
    match cause {
        Cause::Rule(rule) => policy.rules.get(usize::from(rule)).map(|rule| rule.threat),
        Cause::Honeypot(pot) => policy.honeypots.get(pot as usize).map(|pot| pot.threat),
        Cause::Mark(threat) => Some(threat),
        Cause::Ban => None,
    }
}

/// An exchange of which only the record is left.
#[derive(Debug)]
pub struct Finished {
    pub(crate) subject: Subject,
}

impl Finished {
    /// What there is to tell.
    #[must_use]
    pub fn record<'r>(&self, policy: &'r Policy<'_>) -> Record<'r> {
        Record::of(&self.subject, policy)
    }

    /// Whether there is anything to tell.
    #[must_use]
    pub fn is_notable(&self) -> bool {
        self.subject.is_notable()
    }
}
