//! A login's credentials: read from the request, hashed at once, and forgotten.

use super::decide::conclude;
use super::subject::Subject;
use super::{Decided, Headers, Surroundings, all_headers, header};
use crate::blob::Policy;
use crate::blob::logins::{FieldPlace, Login};
use crate::http::basic::basic_credentials;
use crate::http::element::ElementReader;
use crate::http::form::FormReader;
use crate::http::json::PointerReader;
use crate::http::multipart::{MultipartReader, boundary};
use crate::http::query::query_parameter;
use crate::http::username::{UsernameForm, same_account};
use crate::http::{Field, LONGEST_VALUE, Reading};
use crate::metrics::Uninspected;
use crate::settings::Settings;

/// How much of a login's body is read. Longer ones are not logins that people send.
pub(crate) const LONGEST_BODY: u64 = 65_536;

/// What a login says about who logs in.
#[derive(Default)]
pub(crate) struct Credentials {
    username: Option<Vec<u8>>,
    pub(crate) password: Option<Vec<u8>>,
    /// Which user name the upstream will take cannot be told: it stands there more than once, is too long, or the body is
    /// broken before it.
    pub(crate) is_unclear: bool,
    /// Whether the request is no login after all, see `only_if`.
    pub(crate) is_other: bool,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Credentials(..)")
    }
}

/// Credentials that stand in the head: Basic, or the query string.
pub(crate) fn of_head(policy: &Policy<'_>, login: u32, headers: &Headers) -> Credentials {
    let Some(login) = policy.logins.get(login as usize) else { return Credentials::default() };
    let basic = header(headers, "authorization").and_then(basic_credentials);
    let raw_path = header(headers, ":path").unwrap_or_default();
    let query = crate::http::path::normalize(raw_path).query.and_then(|range| raw_path.get(range));
    let in_query = |name: &str| Some(query_parameter(query?, name.as_bytes(), LONGEST_VALUE));
    let read = |place, name: &str| match place {
        FieldPlace::BasicUser => basic.as_ref().map(|(user, _)| user.clone()),
        FieldPlace::BasicPassword => basic.as_ref().map(|(_, password)| password.clone()),
        FieldPlace::Query => match in_query(name)?.field {
            Field::Value(value) => Some(value),
            _ => None,
        },
        _ => None,
    };
    Credentials {
        username: read(login.username_place, login.username),
        password: read(login.password_place, login.password),
        is_unclear: login.username_place == FieldPlace::Query
            && in_query(login.username).is_some_and(|reading| reading.repeated),
        is_other: match login.only_place {
            FieldPlace::Query => {
                in_query(login.only).is_none_or(|reading| is_other(&reading, login.only_text))
            }
            // Until a body says otherwise.
            place => place.in_body(),
        },
    }
}

/// Whether the field that makes a request a login says that it is none. Where it cannot be told it is one: a second copy must
/// not hide a login.
fn is_other(reading: &Reading, expected: &str) -> bool {
    match &reading.field {
        Field::Value(value) => value != expected.as_bytes() && !reading.repeated,
        Field::Absent => true,
        Field::TooLong | Field::Malformed => false,
    }
}

impl Credentials {
    /// The name of the account as most apps understand it; none where it is empty or unknown.
    pub(crate) fn account_name(&self, policy: &Policy<'_>, login: Option<u32>) -> Option<Vec<u8>> {
        let login = login.and_then(|login| policy.logins.get(login as usize));
        let form = UsernameForm { plus_address: login.is_some_and(|login| login.plus_address) };
        self.username.as_deref().map(|name| same_account(name, form)).filter(|name| !name.is_empty())
    }
}

/// How long the head says that the body is.
fn promised_length(headers: &Headers) -> Option<u64> {
    header(headers, "content-length").and_then(|text| std::str::from_utf8(text).ok()?.parse().ok())
}

/// Whether the body is short enough for what the host buffers, so that its head may wait for it.
pub(crate) fn is_short(headers: &Headers, settings: &Settings) -> bool {
    promised_length(headers).is_some_and(|length| length <= settings.longest_held())
}

/// A login whose body is being read.
#[derive(Debug)]
pub struct AwaitCredentials {
    subject: Box<Subject>,
    found: Credentials,
    form: Option<FormReader>,
    json: Option<PointerReader>,
    multipart: Option<MultipartReader>,
    element: Option<ElementReader>,
    read: u64,
    length: Option<u64>,
    /// Whether the request says so. The body is read all the same: a claim must not hide a user name.
    compressed: bool,
    may_hold: bool,
}

/// The names under which fields stand in a body of one kind, the user name's first.
fn names(login: &Login<'_>, place: FieldPlace) -> Vec<Vec<u8>> {
    let fields = [
        (login.username_place, login.username),
        (login.password_place, login.password),
        (login.only_place, login.only),
    ];
    fields.into_iter().filter(|(of, _)| *of == place).map(|(_, name)| name.as_bytes().to_vec()).collect()
}

impl AwaitCredentials {
    pub(crate) fn new(
        mut subject: Box<Subject>,
        headers: &Headers,
        surroundings: &mut Surroundings<'_, '_>,
    ) -> Self {
        let policy = surroundings.policy;
        let length = promised_length(headers);
        let may_hold = is_short(headers, surroundings.settings);
        let compressed = header(headers, "content-encoding").is_some_and(|coding| coding != b"identity");
        if !compressed && surroundings.settings.hold_headers && !may_hold {
            subject.skip(Uninspected::TooLong, surroundings);
        }
        let position = subject.login.unwrap_or(u32::MAX);
        let found = of_head(policy, position, headers);
        let login = policy.logins.get(position as usize);
        // Of several, an upstream may believe another one.
        let kind = match all_headers(headers, "content-type").as_slice() {
            [kind] => kind,
            _ => b"".as_slice(),
        };
        let reader = |place| login.map(|login| names(login, place)).filter(|names| !names.is_empty());
        Self {
            form: reader(FieldPlace::Form).map(FormReader::new),
            json: reader(FieldPlace::Json).map(PointerReader::new),
            multipart: reader(FieldPlace::Multipart).map(|names| MultipartReader::new(names, boundary(kind))),
            element: reader(FieldPlace::Element).map(ElementReader::new),
            subject,
            found,
            read: 0,
            length,
            compressed,
            may_hold,
        }
    }

    /// Whether the request's head may wait for its body: short enough for what the host buffers.
    #[must_use]
    pub const fn may_hold(&self) -> bool {
        self.may_hold
    }

    /// Whether all that the request promised was read. The host may say so only after it passed the last bytes on, so where
    /// the head is not held this is the last moment at which the upstream has no whole login yet.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.length.is_some_and(|length| self.read >= length)
    }

    /// Reads the next bytes of the body.
    pub fn body(&mut self, chunk: &[u8], surroundings: &mut Surroundings<'_, '_>) {
        let room = usize::try_from(LONGEST_BODY.saturating_sub(self.read)).unwrap_or(0);
        let readable = chunk.get(..room.min(chunk.len())).unwrap_or_default();
        self.read = self.read.saturating_add(chunk.len() as u64);
        if self.read > LONGEST_BODY {
            self.subject.skip(Uninspected::TooLong, surroundings);
        }
        if let Some(form) = &mut self.form {
            form.push(readable);
        }
        if let Some(json) = &mut self.json {
            json.push(readable);
        }
        if let Some(multipart) = &mut self.multipart {
            multipart.push(readable);
        }
        if let Some(element) = &mut self.element {
            element.push(readable);
        }
    }

    /// Decides, now that the body was read. The changes can only be made while the head is still held.
    #[must_use]
    pub fn decide(mut self, surroundings: &mut Surroundings<'_, '_>) -> Decided {
        let policy = surroundings.policy;
        let login = self.subject.login.and_then(|login| policy.logins.get(login as usize));
        let form = self.form.take().map(FormReader::finish).unwrap_or_default();
        let json = self.json.take().map(PointerReader::finish).unwrap_or_default();
        let multipart = self.multipart.take().map(MultipartReader::finish).unwrap_or_default();
        let element = self.element.take().map(ElementReader::finish).unwrap_or_default();
        let (mut form, mut json) = (form.into_iter(), json.into_iter());
        let (mut multipart, mut element) = (multipart.into_iter(), element.into_iter());
        // What was read of a field, and whether it is unclear what the upstream reads.
        let mut next_reading = |place| match place {
            FieldPlace::Form => form.next(),
            FieldPlace::Json => json.next(),
            FieldPlace::Multipart => multipart.next(),
            FieldPlace::Element => element.next(),
            _ => None,
        };
        let mut next = |place| {
            let Some(reading) = next_reading(place) else { return (None, false) };
            let unreadable = matches!(reading.field, Field::TooLong | Field::Malformed);
            let value = if let Field::Value(value) = reading.field { Some(value) } else { None };
            (value, unreadable || reading.repeated)
        };
        let mut malformed = false;
        if let Some(login) = login {
            let (username, is_unclear) = next(login.username_place);
            let (password, is_password_unclear) = next(login.password_place);
            self.found.username = username.or(self.found.username.take());
            self.found.is_unclear |= is_unclear;
            self.found.password = password.or(self.found.password.take());
            malformed = is_password_unclear;
            // A login that names nobody where its body should: an upstream may read it in another way.
            self.found.is_unclear |= login.username_place.in_body() && self.found.username.is_none();
            if login.only_place.in_body() {
                // What was not read may be the field, or a later copy of it.
                let is_whole = !self.compressed && self.read <= LONGEST_BODY;
                self.found.is_other = is_whole
                    && next_reading(login.only_place)
                        .is_none_or(|reading| is_other(&reading, login.only_text));
            }
        }
        if self.found.is_other {
            self.subject.login = None;
            return conclude(self.subject, surroundings);
        }
        if self.compressed && self.found.username.is_none() {
            self.subject.skip(Uninspected::Compressed, surroundings);
        } else if malformed || self.found.is_unclear {
            self.subject.skip(Uninspected::Malformed, surroundings);
        }
        super::account::apply(&mut self.subject, self.found, surroundings);
        conclude(self.subject, surroundings)
    }

    /// What there is to tell when the client went away before its body was complete: nothing was counted.
    #[must_use]
    pub fn abandon(self) -> super::Finished {
        super::Finished { subject: *self.subject }
    }
}
