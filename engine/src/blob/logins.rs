//! Logins: where their fields are, and what their outcome looks like.

use super::field::{Span, record, word_field};

/// Where a field of a login is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum FieldPlace {
    /// Nowhere: the login has no such field.
    Nowhere = 0,
    /// A field of a form body.
    Form = 1,
    /// A JSON pointer into the body.
    Json = 2,
    /// A parameter of the query string.
    Query = 3,
    /// The user of Basic credentials.
    BasicUser = 4,
    /// The password of Basic credentials.
    BasicPassword = 5,
    /// A field of a multipart body.
    Multipart = 6,
    /// The text of an element of an XML or SGML body.
    Element = 7,
}
word_field!(
    FieldPlace,
    "a known place of a field",
    FieldPlace::Nowhere,
    FieldPlace::Form,
    FieldPlace::Json,
    FieldPlace::Query,
    FieldPlace::BasicUser,
    FieldPlace::BasicPassword,
    FieldPlace::Multipart,
    FieldPlace::Element
);

impl FieldPlace {
    /// Whether the request's body must be read for it.
    #[must_use]
    pub const fn in_body(self) -> bool {
        matches!(self, Self::Form | Self::Json | Self::Multipart | Self::Element)
    }
}

record! {
    /// A login.
    Login in "logins" as 22 {
        /// Where the user name is.
        username_place: FieldPlace,
        /// Its name there.
        username: &'p str,
        /// Where the password is.
        password_place: FieldPlace,
        /// Its name there.
        password: &'p str,
        /// What proves success.
        success: Span,
        /// What proves failure.
        failure: Span,
        /// Where the field is that makes the request a login; nowhere: it always is one.
        only_place: FieldPlace,
        /// Its name there.
        only: &'p str,
        /// What it must be.
        only_text: &'p str,
        /// Whether names that differ in a `+tag` are one account.
        plus_address: bool,
        /// The position of its decoy and 1; 0 for none.
        decoy: u32,
    }
}

record! {
    /// The app's own reply to a failed login.
    Decoy in "decoys" as 30 {
        /// Its status.
        status: u16,
        /// Its body.
        body: &'p str,
        /// How long it takes, in milliseconds.
        delay_ms: u32,
        /// Its header fields.
        headers: Span,
    }
}

record! {
    /// A header field of a decoy.
    DecoyHeader in "decoy headers" as 31 {
        /// Its lower-case name.
        name: &'p str,
        /// Its value.
        value: &'p str,
    }
}

/// What an operation asks of a reply, or does with the stack of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum OutcomeCode {
    /// The status is `number`, or of class `number`.
    Status = 1,
    /// Header `name` is there and contains `text`.
    Header = 2,
    /// Cookie `name` is set to something.
    SetsCookie = 3,
    /// The body contains `text`.
    BodyContains = 4,
    /// The body has `text` at the pointer `name`.
    Json = 5,
    /// Take `number` answers, give whether all hold.
    All = 6,
    /// Take `number` answers, give whether any holds.
    Any = 7,
    /// Take one, give its opposite.
    Not = 8,
    /// The body has something at the pointer `name`.
    JsonHas = 9,
    /// `location` leads to the path `text`, or below it where it ends in `/**`, whatever the status.
    RedirectsTo = 10,
}
word_field!(
    OutcomeCode,
    "a known operation",
    OutcomeCode::Status,
    OutcomeCode::Header,
    OutcomeCode::SetsCookie,
    OutcomeCode::BodyContains,
    OutcomeCode::Json,
    OutcomeCode::All,
    OutcomeCode::Any,
    OutcomeCode::Not,
    OutcomeCode::JsonHas,
    OutcomeCode::RedirectsTo
);

record! {
    /// One operation of an outcome.
    OutcomeStep in "outcomes" as 23 {
        /// What it asks or does.
        code: OutcomeCode,
        /// A status, or how many answers it takes.
        number: u16,
        /// A header, cookie or pointer.
        name: &'p str,
        /// What must be there.
        text: &'p str,
    }
}

impl OutcomeStep<'_> {
    /// How many answers it takes from the stack and leaves on it.
    pub(crate) fn stack_effect(&self) -> (u32, u32) {
        match self.code {
            OutcomeCode::All | OutcomeCode::Any => (u32::from(self.number), 1),
            OutcomeCode::Not => (1, 1),
            _ => (0, 1),
        }
    }
}

/// The class of statuses that redirect. With others, `location` names what was made (RFC 9110, 10.2.2), so they are kept apart
/// where a blob is written: readers need no code for it.
#[cfg(feature = "write")]
const REDIRECTION: u16 = 3;

#[cfg(feature = "write")]
pub(crate) fn flatten<'d>(condition: &'d super::draft::OutcomeCondition, out: &mut Vec<OutcomeStep<'d>>) {
    use super::draft::OutcomeCondition;
    let step =
        |code, number, name, text| OutcomeStep { code, number, name, text, blob: std::marker::PhantomData };
    let count = |parts: &[OutcomeCondition]| u16::try_from(parts.len()).unwrap_or(u16::MAX);
    match condition {
        OutcomeCondition::Status(status) => out.push(step(OutcomeCode::Status, *status, "", "")),
        OutcomeCondition::Header { name, contains } => {
            out.push(step(OutcomeCode::Header, 0, name, contains.as_deref().unwrap_or_default()));
        }
        OutcomeCondition::SetsCookie(name) => out.push(step(OutcomeCode::SetsCookie, 0, name, "")),
        OutcomeCondition::BodyContains(text) => out.push(step(OutcomeCode::BodyContains, 0, "", text)),
        OutcomeCondition::Json { pointer, equals } => out.push(step(OutcomeCode::Json, 0, pointer, equals)),
        OutcomeCondition::JsonHas(pointer) => out.push(step(OutcomeCode::JsonHas, 0, pointer, "")),
        OutcomeCondition::RedirectsTo(path) => {
            out.push(step(OutcomeCode::Status, REDIRECTION, "", ""));
            out.push(step(OutcomeCode::RedirectsTo, 0, "", path));
            out.push(step(OutcomeCode::All, 2, "", ""));
        }
        OutcomeCondition::All(parts) => {
            parts.iter().for_each(|part| flatten(part, out));
            out.push(step(OutcomeCode::All, count(parts), "", ""));
        }
        OutcomeCondition::Any(parts) => {
            parts.iter().for_each(|part| flatten(part, out));
            out.push(step(OutcomeCode::Any, count(parts), "", ""));
        }
        OutcomeCondition::Not(part) => {
            flatten(part, out);
            out.push(step(OutcomeCode::Not, 1, "", ""));
        }
    }
}
