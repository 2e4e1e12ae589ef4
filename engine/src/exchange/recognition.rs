//! Who was here before: devices by their signed cookie, networks by what successful logins came with.
//!
//! What successes came with is kept in aged Bloom filters, see [`crate::state::seen`]: they may say "seen" of what was not,
//! never "not seen" of what was within their memory. So a customer is never taken for a stranger by mistake.

use super::subject::Subject;
use super::{Headers, Surroundings, all_headers, failure_of};
use crate::blob::Policy;
use crate::blob::counters::{CellKind, Source};
use crate::device::Device;
use crate::http::cookie::request_cookie;
use crate::keyed_hash::Role;
use crate::metrics::Metric;
use crate::state::pool::{CellAddress, locate};
use crate::state::seen;
use crate::vocabulary::{Event, Newcomer};

/// Into how many groups accounts fall where it is asked how many of them logged in with a program.
const GROUPS: u64 = 8;
/// From logins to accounts of so many groups on a program is known: about five accounts. An attacker's own account alone
/// makes none known.
const ENOUGH_GROUPS: usize = 4;
const DAY_MS: u64 = 86_400_000;

/// What a login says about who logs in, in hashes.
#[derive(Debug, Default)]
pub(crate) struct Recognition {
    /// The genuine device cookie that came along.
    pub(crate) device: Option<Device>,
    /// What stands for the account in device cookies.
    pub(crate) account_tag: Option<u64>,
    /// The account.
    pub(crate) account: Option<u64>,
    /// What the filters get to see if the login succeeds: where, and its hash.
    lessons: Vec<(CellAddress, u64)>,
}

/// Looks for a genuine device cookie.
pub(crate) fn read_device(headers: &Headers, surroundings: &Surroundings<'_, '_>) -> Option<Device> {
    let (keys, devices) = surroundings.device_keys.zip(surroundings.policy.devices.first())?;
    let value = request_cookie(&all_headers(headers, "cookie"), devices.cookie.as_bytes())?;
    keys.read(value, surroundings.now.seconds(), devices.for_seconds)
}

/// Finds out whether a login comes from where its account is at home. `name` is the normalised name of the account, `account`
/// its hash; neither is there where the name could not be read.
pub(crate) fn recognise(
    subject: &mut Subject,
    name: Option<&[u8]>,
    account: Option<u64>,
    surroundings: &mut Surroundings<'_, '_>,
) {
    let policy = surroundings.policy;
    let app = policy.apps.get(usize::from(subject.app)).map_or("", |app| app.name);
    subject.recognition.account = account;
    subject.circumstances.is_known_device = false;
    if let Some((keys, name)) = surroundings.device_keys.zip(name) {
        let device = subject.recognition.device.as_ref();
        let tag = keys.account(app, name);
        subject.circumstances.is_known_device =
            device.is_some_and(|device| keys.knows(device, tag, app, name));
        subject.recognition.account_tag = tag;
    }
    if !policy.tables.uses(CellKind::Seen) {
        subject.circumstances.is_stranger = !subject.circumstances.is_known_device;
        return;
    }
    let account = account.map(u64::to_le_bytes);
    let network = subject.network.map(u64::to_le_bytes);
    let fingerprint = subject.fingerprint.map(u64::to_le_bytes);
    let is_known = subject.circumstances.is_known_device;
    let at_home = account.as_ref().zip(network.as_ref()).is_some_and(|(account, network)| {
        let home = Sighting { label: b"home", value: network, account: Some(account), group: None };
        look_up(subject, &home, is_known, surroundings)
    });
    subject.circumstances.is_stranger = !is_known && !at_home;
    let newcomers = [
        (Newcomer::Account, &b"account"[..], account),
        (Newcomer::Network, &b"network"[..], network),
        (Newcomer::Fingerprint, &b"fingerprint"[..], fingerprint),
    ];
    for (slot, (newcomer, label, value)) in newcomers.into_iter().enumerate() {
        let Some(value) = value.filter(|_| policy.tables.asks_new.get(slot) == Some(&true)) else { continue };
        // Nothing is learnt of a login without an account, so its group does not matter.
        let group =
            (newcomer == Newcomer::Fingerprint).then(|| subject.recognition.account.unwrap_or(0) % GROUPS);
        let account = (newcomer == Newcomer::Account).then_some(&value);
        let sighting = Sighting { label, value: &value, account, group };
        let seen = look_up(subject, &sighting, is_known, surroundings);
        if let Some(is_new) = subject.circumstances.is_new.get_mut(newcomer as usize - 1) {
            *is_new = !seen;
        }
    }
}

/// What a filter is asked for.
struct Sighting<'s> {
    label: &'static [u8],
    value: &'s [u8; 8],
    /// The account that it belongs to: all of one account lie in its page.
    account: Option<&'s [u8; 8]>,
    /// The group that the login belongs to, where groups are counted.
    group: Option<u64>,
}

/// Whether a filter has seen this, and where the login belongs to a group, with accounts of enough groups; notes it for
/// [`teach`] unless the filter is sure to know it for long. What is known anyway is not looked up.
fn look_up(
    subject: &mut Subject,
    sighting: &Sighting<'_>,
    is_known: bool,
    surroundings: &mut Surroundings<'_, '_>,
) -> bool {
    let Sighting { label, value, account, group } = *sighting;
    let hash = match account {
        Some(account) => surroundings.key.hash(Role::Seen, &[label, account, value]),
        None => surroundings.key.hash(Role::Seen, &[label, value]),
    };
    let address = match account {
        Some(account) => account_page(account, surroundings),
        None => seen_page(hash, surroundings),
    };
    // All groups of one program lie in its page.
    let of_group = |group: u64| hash ^ (group + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let lesson = group.map_or(hash, of_group);
    if is_known {
        subject.recognition.lessons.push((address, lesson));
        return true;
    }
    let now = surroundings.now;
    match surroundings.pool().load(address) {
        // A page that a newer configuration took over says nothing, and nobody is a stranger for that.
        Ok(loaded) => {
            let body = loaded.page.body();
            if !seen::contains_young(body, lesson, now) {
                subject.recognition.lessons.push((address, lesson));
            }
            let holds = |hash| seen::contains(body, hash, now);
            loaded.is_superseded()
                || match group {
                    None => holds(hash),
                    Some(_) => (0..GROUPS).filter(|group| holds(of_group(*group))).count() >= ENOUGH_GROUPS,
                }
        }
        Err(error) => {
            subject.fail(failure_of(error), surroundings);
            // Without its memory the filter must not take everybody for a stranger.
            true
        }
    }
}

fn seen_page(hash: u64, surroundings: &Surroundings<'_, '_>) -> CellAddress {
    locate(&surroundings.policy.tables, CellKind::Seen, hash, surroundings.settings.state_pages)
}

/// The page with all that the filters know of an account, so that a login reads one and its success writes one.
fn account_page(account: &[u8; 8], surroundings: &Surroundings<'_, '_>) -> CellAddress {
    seen_page(surroundings.key.hash(Role::Seen, &[b"page", account]), surroundings)
}

/// A login succeeded: what it came with is at home from now on. Says whether the success speaks for the crowd that it belongs
/// to: those of strangers do once a day (UTC) for each account. Who logs in to an account of their own again and again, each
/// time as a stranger, must not make an attack look like a good day. A success of nobody in particular never does.
pub(crate) fn teach(subject: &mut Subject, surroundings: &mut Surroundings<'_, '_>) -> bool {
    let mut lessons = std::mem::take(&mut subject.recognition.lessons);
    let Some(account) = subject.recognition.account.map(u64::to_le_bytes) else { return false };
    let asks_day = subject.circumstances.is_stranger && asks_days(surroundings.policy);
    let today = asks_day.then(|| {
        let day = (surroundings.now.0 / DAY_MS).to_le_bytes();
        let hash = surroundings.key.hash(Role::Seen, &[b"today", &account, &day]);
        (account_page(&account, surroundings), hash)
    });
    lessons.extend(today);
    let mut is_first_today = true;
    while let Some((address, _)) = lessons.last().copied() {
        let now = surroundings.now;
        // What lies in one page is written together.
        let written = surroundings.pool().update_body(address, |body| {
            let mut changed = false;
            for lesson in lessons.iter().filter(|(page, _)| page.page == address.page) {
                if Some(*lesson) == today {
                    // Also what a page that turned has only in its older half was today.
                    is_first_today = !seen::contains(body, lesson.1, now);
                }
                changed |= seen::insert(body, lesson.1, now);
            }
            changed
        });
        if let Err(error) = written {
            surroundings.worker.tally.add_now(Metric::Error(failure_of(error)), 1);
        }
        lessons.retain(|(page, _)| page.page != address.page);
    }
    is_first_today
}

/// Whether anything asks how crowds of strangers succeed.
fn asks_days(policy: &Policy<'_>) -> bool {
    let counts_crowds = policy
        .counters
        .iter()
        .any(|counter| counter.key.is_aggregate() && counter.source == Source::Count(Event::LoginSuccess));
    let asks = counts_crowds || policy.shape(CellKind::Route).is_some_and(|shape| shape.pulse != 0);
    asks && policy.tables.uses(CellKind::Seen)
}

/// The cookie that makes the device of a login that succeeded known to its account; none where it has a fresh one.
pub(crate) fn device_cookie(
    subject: &Subject,
    surroundings: &Surroundings<'_, '_>,
) -> Option<(&'static str, String)> {
    let (keys, devices) = surroundings.device_keys.zip(surroundings.policy.devices.first())?;
    let now = surroundings.now.seconds();
    let device = subject.recognition.device.as_ref();
    let age = device.map_or(u32::MAX, |device| now.saturating_sub(device.since()));
    // Renewed when an eighth of its time is over, so that most logins set nothing.
    if subject.circumstances.is_known_device && age < devices.for_seconds / 8 {
        return None;
    }
    let value = keys.issue(device, subject.recognition.account_tag?, now);
    let (cookie, seconds) = (devices.cookie, devices.for_seconds);
    let attributes = format!("Max-Age={seconds}; Path=/; HttpOnly; Secure; SameSite=Lax");
    Some(("set-cookie", format!("{cookie}={value}; {attributes}")))
}

/// Whether a login comes from a device that its account had not used before, as far as that can be told.
pub(crate) fn is_new_device(subject: &Subject, surroundings: &Surroundings<'_, '_>) -> bool {
    let tells_devices = surroundings.device_keys.is_some() && !surroundings.policy.devices.is_empty();
    if tells_devices { !subject.circumstances.is_known_device } else { subject.circumstances.is_stranger }
}
