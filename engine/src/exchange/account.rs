//! What a login's credentials mean for its exchange: the account it concerns, who tries it, and what is known about its
//! password. Everything is hashed here; nothing raw goes further.

use super::credentials::Credentials;
use super::recognition::recognise;
use super::subject::{Subject, Touched};
use super::{Surroundings, failure_of};
use crate::blob::counters::{CellKind, Source, Storage};
use crate::keyed_hash::{HashKey, Role};
use crate::leaked;
use crate::metrics::Metric;
use crate::state::pool::{CellAddress, Roles, locate};
use crate::state::sketch;
use crate::vocabulary::{CounterKey, LeakedKind, Value};

/// The password of a login in the sketch of passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sprayed {
    /// The counter that reads it.
    pub(crate) counter: usize,
    /// Its page.
    pub(crate) address: CellAddress,
    /// The password.
    pub(crate) password: u64,
    /// The password with its account.
    pub(crate) pair: u64,
    /// With how many accounts it failed, estimated.
    pub(crate) accounts: u32,
}

/// Hashes the credentials and adds the account to what the exchange concerns.
pub(crate) fn apply(
    subject: &mut Subject,
    credentials: Credentials,
    surroundings: &mut Surroundings<'_, '_>,
) {
    if subject.is_exempt() {
        return;
    }
    let policy = surroundings.policy;
    let app = policy.apps.get(usize::from(subject.app)).map_or("", |app| app.name);
    let key = surroundings.key;
    let hash = |role, text: &[u8]| key.hash(role, &[app.as_bytes(), text]);
    // Where the upstream may read another name than this one, nothing is known of the account, and nothing is learnt.
    let name = credentials.account_name(policy, subject.login).filter(|_| !credentials.is_unclear);
    let guarded = credentials.account_name(policy, subject.login).map(|name| hash_name(&name, app, key));
    let account = name.as_ref().map(|name| hash_name(name, app, key));
    // Never the same name twice: a decoy beside the true name must not hide how many accounts are tried.
    let unclear = || key.hash(Role::Username, &[app.as_bytes(), b"unclear", &subject.id.to_le_bytes()]);
    let tried = if credentials.is_unclear { Some(unclear()) } else { account };
    let password = credentials.password.as_deref().map(|password| hash(Role::Password, password));
    let address = subject.address_value(surroundings);
    for (position, counter) in policy.counters.iter().enumerate() {
        let per_account = counter.key == CounterKey::LoginUsername;
        let value = match counter.source {
            Source::Distinct(Value::LoginUsername) => tried,
            Source::Distinct(Value::LoginPassword) => password,
            Source::Distinct(Value::Client) if per_account => Some(subject.client),
            Source::Distinct(Value::Address) if per_account => address,
            Source::Distinct(Value::Network) if per_account => subject.network,
            _ => None,
        };
        if let Some(value) = value {
            subject.values.push((u16::try_from(position).unwrap_or(u16::MAX), value));
        }
    }
    subject.is_credited = true;
    recognise(subject, name.as_deref(), account, surroundings);
    // Its counts are kept all the same: as far as can be told it is this account that is tried.
    add_account_cell(subject, guarded, surroundings);
    look_up_password(subject, password, tried, surroundings);
    look_up_leaks(subject, name.as_deref(), credentials.password.as_deref(), surroundings);
}

fn hash_name(name: &[u8], app: &str, key: &HashKey) -> u64 {
    key.hash(Role::Username, &[app.as_bytes(), name])
}

fn add_account_cell(subject: &mut Subject, account: Option<u64>, surroundings: &Surroundings<'_, '_>) {
    let policy = surroundings.policy;
    if let Some(account) = account.filter(|_| policy.tables.uses(CellKind::Account)) {
        let pages = surroundings.settings.state_pages;
        let address = locate(&policy.tables, CellKind::Account, account, pages);
        subject.cells.push(Touched::new(address, Roles::only(CounterKey::LoginUsername)));
    }
}

/// Asks the sketch with how many accounts this password failed.
fn look_up_password(
    subject: &mut Subject,
    password: Option<u64>,
    tried: Option<u64>,
    surroundings: &mut Surroundings<'_, '_>,
) {
    let policy = surroundings.policy;
    let now = surroundings.now;
    let counter = policy.counters.iter().position(|counter| counter.storage == Storage::Sketch);
    let Some(((counter, password), tried)) = counter.zip(password).zip(tried) else { return };
    let window = policy.counters.get(counter).map_or(0, |counter| counter.window_ms);
    let pages = surroundings.settings.state_pages;
    let address = locate(&policy.tables, CellKind::Password, password, pages);
    let pair = surroundings.key.hash(Role::Pair, &[&tried.to_le_bytes(), &password.to_le_bytes()]);
    match surroundings.pool().load(address) {
        Ok(loaded) => {
            let accounts = sketch::estimate(loaded.page.body(), password, window, now);
            subject.sprayed = Some(Sprayed { counter, address, password, pair, accounts });
        }
        Err(error) => subject.fail(failure_of(error), surroundings),
    }
}

/// Asks the lists of leaked credentials.
fn look_up_leaks(
    subject: &mut Subject,
    name: Option<&[u8]>,
    password: Option<&[u8]>,
    surroundings: &mut Surroundings<'_, '_>,
) {
    let Some(password) = password.filter(|password| !password.is_empty()) else { return };
    for (position, list) in surroundings.policy.leaked.iter().enumerate() {
        let digest = match (list.kind, name) {
            (LeakedKind::Pairs, Some(name)) => leaked::pair_digest(name, password),
            (LeakedKind::Pairs, None) => continue,
            (LeakedKind::Passwords | LeakedKind::PasswordsSha1, _) => leaked::password_digest(password),
        };
        let list = leaked::LeakedList {
            first_page: list.first_page,
            pages: list.pages,
            bits: list.bits,
            digest: list.digest,
        };
        match leaked::contains(&list, digest, surroundings.leaked) {
            Some(true) => {
                subject.circumstances.leaked |=
                    1_u16.checked_shl(u32::try_from(position).unwrap_or(u32::MAX)).unwrap_or(0)
            }
            Some(false) => {}
            None => {
                let missing = Metric::Error(crate::metrics::Failure::LeakedList);
                surroundings.worker.tally.add(missing, 1);
            }
        }
    }
}
