//! Replies that look like the app's own failed login.
//!
//! They are the author's, or learnt from the app: a failed login's reply is taken over once two failures of different
//! accounts brought the same status and body, so that nothing of one customer can reach another. A worker learns for itself.

use super::subject::Subject;
use super::{Headers, Surroundings};
use crate::blob::Policy;
use crate::clock::Millis;
use std::collections::BTreeMap;

/// The longest body that is learnt, in bytes.
const LONGEST_BODY: usize = 8192;
/// How many logins a worker learns replies of.
const MOST_LOGINS: usize = 64;
/// The most header fields of a learnt reply.
const MOST_HEADERS: usize = 32;
/// A reply is learnt again after this time at the earliest, in milliseconds: the app may have changed.
const LEARN_EVERY_MS: u64 = 60_000;

/// Fields that belong to one exchange, or that the proxy makes itself.
const PASSING: [&str; 15] = [
    "age",
    "connection",
    "content-length",
    "date",
    "keep-alive",
    "last-modified",
    "server",
    "set-cookie",
    "traceparent",
    "transfer-encoding",
    "via",
    "x-correlation-id",
    "x-envoy-upstream-service-time",
    "x-request-id",
    "x-trace-id",
];

/// What a deceived client gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    pub(super) delay_ms: u32,
}

impl Look {
    fn location(&self) -> Option<&str> {
        self.headers.iter().find(|(name, _)| name == "location").map(|(_, value)| value.as_str())
    }

    /// Whether two replies say the same to who logs in.
    fn is_like(&self, other: &Self) -> bool {
        self.status == other.status && self.body == other.body && self.location() == other.location()
    }
}

#[derive(Clone, Debug)]
struct Learnt {
    look: Look,
    /// The account whose failure brought it; a failure of another one proves that it is nobody's own.
    account: Option<u64>,
    is_proven: bool,
    at: Millis,
}

/// What a worker has learnt about the app's failed logins. Bounded: [`MOST_LOGINS`] replies of [`LONGEST_BODY`].
#[derive(Debug, Default)]
pub(super) struct LearntReplies {
    by_login: BTreeMap<u32, Learnt>,
}

impl LearntReplies {
    fn wants(&self, login: u32, now: Millis) -> bool {
        match self.by_login.get(&login) {
            Some(learnt) => !learnt.is_proven || now.0.saturating_sub(learnt.at.0) >= LEARN_EVERY_MS,
            None => self.by_login.len() < MOST_LOGINS,
        }
    }

    fn learn(&mut self, login: u32, look: Look, account: Option<u64>, now: Millis) {
        let before = self.by_login.get(&login);
        let same = before.is_some_and(|before| before.look.is_like(&look));
        let Some(before) = before.filter(|before| same || before.is_proven) else {
            self.by_login.insert(login, Learnt { look, account, is_proven: false, at: now });
            return;
        };
        if !same {
            // The app may answer in several ways; what is proven stays until another is.
            return;
        }
        let is_other = account.is_some() && before.account.is_some() && account != before.account;
        // A field that one reply alone has may be about its own account: only what all have stays.
        let headers =
            before.look.headers.iter().filter(|field| look.headers.contains(field)).cloned().collect();
        // One slow reply must not slow all decoys down.
        let delay_ms = (before.look.delay_ms.saturating_mul(7).saturating_add(look.delay_ms)) / 8;
        let is_proven = before.is_proven || is_other;
        let learnt = Learnt {
            look: Look { delay_ms, headers, ..look },
            account: before.account.or(account),
            is_proven,
            at: now,
        };
        self.by_login.insert(login, learnt);
    }

    fn get(&self, login: u32) -> Option<&Look> {
        self.by_login.get(&login).filter(|learnt| learnt.is_proven).map(|learnt| &learnt.look)
    }
}

/// A reply that may become a decoy.
#[derive(Debug)]
pub(super) struct Capture {
    look: Look,
    is_too_long: bool,
}

impl Capture {
    /// Starts with a reply's head, where a decoy of this login is still wanted.
    pub(super) fn new(
        subject: &Subject,
        headers: &Headers,
        status: u16,
        surroundings: &Surroundings<'_, '_>,
    ) -> Option<Self> {
        let policy = surroundings.policy;
        let login = subject.login?;
        let is_given = policy.logins.get(login as usize).is_none_or(|login| login.decoy != 0);
        let deceives =
            policy.steps.iter().any(|step| step.action == crate::blob::ladders::StepAction::Deceive);
        if is_given || !deceives || !surroundings.worker.learnt.wants(login, surroundings.now) {
            return None;
        }
        let text = |value: &[u8]| std::str::from_utf8(value).ok().map(ToOwned::to_owned);
        let lasting = headers.iter().filter(|(name, _)| {
            !name.starts_with(':')
                && !name.starts_with("x-bartizan")
                && PASSING.binary_search(&name.as_str()).is_err()
        });
        let headers: Option<Vec<_>> =
            lasting.take(MOST_HEADERS).map(|(name, value)| Some((name.clone(), text(value)?))).collect();
        let took = surroundings.now.0.saturating_sub(subject.decided_at.0).min(30_000);
        let delay_ms = u32::try_from(took).unwrap_or(0);
        let look = Look { status, headers: headers?, body: Vec::new(), delay_ms };
        Some(Self { look, is_too_long: false })
    }

    /// Reads the next bytes of the body.
    pub(super) fn body(&mut self, chunk: &[u8]) {
        self.is_too_long |= self.look.body.len().saturating_add(chunk.len()) > LONGEST_BODY;
        if !self.is_too_long {
            self.look.body.extend_from_slice(chunk);
        }
    }

    /// The reply was whole, and proves a failure.
    pub(super) fn learn(self, subject: &Subject, surroundings: &mut Surroundings<'_, '_>) {
        if let Some(login) = subject.login.filter(|_| !self.is_too_long) {
            let now = surroundings.now;
            surroundings.worker.learnt.learn(login, self.look, subject.recognition.account, now);
        }
    }
}

/// How a failed login of this app looks: the author's word, or what was learnt.
pub(super) fn of(subject: &Subject, policy: &Policy<'_>, learnt: &LearntReplies) -> Option<Look> {
    let login = subject.login?;
    let position = policy.logins.get(login as usize)?.decoy;
    let given = position.checked_sub(1).and_then(|position| policy.decoys.get(position as usize));
    let look = match given {
        Some(decoy) => {
            let headers = policy.decoy_headers.get(decoy.headers.positions()).unwrap_or_default();
            Look {
                status: decoy.status,
                headers: headers
                    .iter()
                    .map(|field| (field.name.to_owned(), field.value.to_owned()))
                    .collect(),
                body: decoy.body.as_bytes().to_vec(),
                delay_ms: decoy.delay_ms,
            }
        }
        None => learnt.get(login)?.clone(),
    };
    // No two replies of an app take equally long: up to an eighth more or less.
    let swing = u64::from(look.delay_ms / 4).saturating_add(1);
    let delay = u64::from(look.delay_ms - look.delay_ms / 8).saturating_add(subject.id % swing);
    Some(Look { delay_ms: u32::try_from(delay).unwrap_or(look.delay_ms), ..look })
}

/// What a deceived client gets where the app's own failed login is not known yet.
pub(super) fn unknown() -> Look {
    Look {
        status: 401,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: b"{\"error\":\"invalid credentials\"}\n".to_vec(),
        delay_ms: 200,
    }
}
