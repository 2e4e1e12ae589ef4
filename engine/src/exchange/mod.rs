//! One exchange from its first header to its last byte.
//!
//! ```text
//! open ──► Untouched                              no app, or the kill switch
//!      ├─► Refused ─────────────► Record
//!      ├─► AwaitCredentials ──► Refused │ Forwarded   a login whose body names the account
//!      └─► Forwarded: AwaitReply ──► Replying ──► Record
//! ```
//!
//! Every phase consumes the one before it, so that calling out of order does not compile. Counts and outcomes are written
//! in the call in which they become known; the record at the end only tells.

mod account;
mod counts;
mod credentials;
mod decide;
mod decoy;
mod fields;
mod findings;
mod fingerprint;
mod identity;
mod inspection;
mod open;
mod outcome;
mod plan;
mod recognition;
mod record;
mod reply;
mod replying;
mod response;
mod search;
mod session;
mod settlement;
mod subject;
mod usual;

use crate::blob::Policy;
use crate::clock::Millis;
use crate::device::DeviceKeys;
use crate::exposure::Exposures;
use crate::keyed_hash::{HashKey, Role};
use crate::leaked::LeakedPages;
use crate::metrics::{Failure, Metric, Tally};
use crate::settings::Settings;
use crate::state::crowd::Turn;
use crate::state::delta::DeltaTable;
use crate::state::pool::{Pool, StateError};
use crate::state::store::PageStore;

pub use credentials::AwaitCredentials;
pub use open::{Opened, RequestHead, open};
pub use record::{FoundEntry, ReasonEntry, Record};
pub use reply::Reply;
pub use replying::{BodyStep, Replying, TrailersPlan, TrailersStep};
pub use response::{AwaitReply, FieldChange, ResponsePlan};
pub use subject::Finished;

/// Header fields as the host gives them: lower-case names, any bytes as values, pseudo headers included.
pub type Headers = [(String, Vec<u8>)];

/// What a login request became once its credentials were known, or any request once it was judged.
#[derive(Debug)]
pub enum Decided {
    /// The filter answers.
    Refused(Box<Finished>, Reply),
    /// The upstream answers.
    Forwarded(Box<AwaitReply>, HeadChanges),
}

/// What is changed in a request's head before the upstream sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeadChanges {
    /// Names to remove.
    pub remove: Vec<String>,
    /// Names and values to set.
    pub set: Vec<(&'static str, String)>,
}

/// What a worker keeps between exchanges. Bounded: see [`DeltaTable`]; the tally has a fixed set of counters.
#[derive(Debug)]
pub struct Worker {
    /// Counts that were not written yet.
    pub deltas: DeltaTable,
    /// Counters for the operator that were not given to the host yet.
    pub tally: Tally,
    /// What left through which route, for the operator's log.
    pub exposures: Exposures,
    /// How the apps answer failed logins.
    learnt: decoy::LearntReplies,
    /// What the routes' replies usually carry.
    usual: usual::UsualReplies,
    /// How many findings were told in this minute.
    findings_told: findings::Told,
    /// Bytes that decoders of compressed replies hold.
    decoding: usize,
    seed: u64,
    decisions: u64,
}

impl Worker {
    /// A worker; the seed must be random, so that decisions of different workers have different ids.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            deltas: DeltaTable::default(),
            tally: Tally::default(),
            exposures: Exposures::default(),
            learnt: decoy::LearntReplies::default(),
            usual: usual::UsualReplies::default(),
            findings_told: findings::Told::default(),
            decoding: 0,
            seed,
            decisions: 0,
        }
    }

    /// Tells the operator that attacks began or ended.
    fn tell_of(&mut self, turns: impl IntoIterator<Item = Turn>) {
        for Turn { app, route, began } in turns {
            self.tally.add_now(Metric::Attack { app, route, began }, 1);
        }
    }

    fn decision_id(&mut self, key: &HashKey) -> u64 {
        self.decisions = self.decisions.wrapping_add(1);
        key.hash(Role::Decision, &[&self.seed.to_le_bytes(), &self.decisions.to_le_bytes()])
    }
}

/// Everything around an exchange that the engine is given.
pub struct Surroundings<'a, 'p> {
    /// The policy.
    pub policy: &'a Policy<'p>,
    /// The host's settings.
    pub settings: &'a Settings,
    /// The key of all hashes.
    pub key: &'a HashKey,
    /// The configuration's number, see [`crate::state::page::Identity::epoch`].
    pub epoch: u32,
    /// The keys of device cookies; without them devices are not told apart.
    pub device_keys: Option<&'a DeviceKeys>,
    /// Where lists of leaked credentials are.
    pub leaked: &'a mut dyn LeakedPages,
    /// Where state is kept.
    pub store: &'a mut dyn PageStore,
    /// This worker.
    pub worker: &'a mut Worker,
    /// Now; read once for each call.
    pub now: Millis,
}

impl<'p> Surroundings<'_, 'p> {
    pub(crate) fn pool(&mut self) -> Pool<'_, 'p> {
        self.pool_and_worker().0
    }

    /// The pages, and beside them what the worker keeps.
    fn pool_and_worker(&mut self) -> (Pool<'_, 'p>, &mut Worker) {
        let pool = Pool {
            policy: self.policy,
            pages: self.settings.state_pages,
            key_id: self.key.id(),
            epoch: self.epoch,
            store: self.store,
        };
        (pool, self.worker)
    }

    /// Writes what waits for the next pages in turn, at most so many. Called by a tick, so its work is bounded.
    pub fn flush(&mut self, most_pages: usize) {
        self.flush_usual(most_pages);
        let now = self.now;
        let (mut pool, worker) = self.pool_and_worker();
        for page in worker.deltas.next_pages(most_pages) {
            match pool.flush(&mut worker.deltas, page, now) {
                Ok(turns) => worker.tell_of(turns),
                Err(error) => {
                    worker.tally.add_now(Metric::Error(failure_of(error)), 1);
                    return;
                }
            }
        }
    }
}

pub(crate) const fn failure_of(error: StateError) -> Failure {
    match error {
        StateError::Unavailable => Failure::State,
        StateError::Contention => Failure::Contention,
    }
}

pub(crate) fn header<'h>(headers: &'h Headers, name: &str) -> Option<&'h [u8]> {
    headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_slice())
}

pub(crate) fn all_headers<'h>(headers: &'h Headers, name: &str) -> Vec<&'h [u8]> {
    headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_slice()).collect()
}
