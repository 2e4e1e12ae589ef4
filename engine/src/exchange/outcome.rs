//! How a login ended: what the upstream's reply proves.
//!
//! Answers have three values. What the head shows is answered at once; a question about the body stays open until the body
//! was read, at most its first 64 KiB. An outcome is proven where exactly one of success and failure holds; everything
//! else is unknown, and unknown is not counted.

use super::{Headers, all_headers, header};
use crate::blob::Policy;
use crate::blob::logins::{OutcomeCode, OutcomeStep};
use crate::http::Field;
use crate::http::cookie::set_cookie;
use crate::http::json::PointerReader;
use crate::http::literal::LiteralSearch;
use crate::http::location::redirects_to;
use crate::metrics::LoginOutcome;

/// How much of a reply is read for its outcome, in bytes.
pub(crate) const LONGEST_BODY: usize = 65_536;

/// How much of a body was read when its outcome is concluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// All of it: what was not found is not there.
    Whole,
    /// Its beginning: what was not found may still come.
    Beginning,
    /// Nothing that could be understood.
    Nothing,
}

/// Whether a login's outcome can depend on the reply's body.
pub(crate) fn reads_body(policy: &Policy<'_>, login: u32) -> bool {
    let Some(login) = policy.logins.get(login as usize) else { return false };
    [login.success, login.failure]
        .into_iter()
        .flat_map(|span| policy.outcomes.get(span.positions()).unwrap_or_default())
        .any(|step| matches!(step.code, OutcomeCode::BodyContains | OutcomeCode::Json | OutcomeCode::JsonHas))
}

/// A reply being watched for its outcome.
#[derive(Debug)]
pub(crate) struct OutcomeWatch {
    login: u32,
    /// Answers to the questions of `success`, then of `failure`; `None` while open, also for steps that ask nothing.
    answers: [Vec<Option<bool>>; 2],
    literals: LiteralSearch,
    pointers: PointerReader,
    /// Which answer each literal and each pointer gives: (success or failure, step).
    literal_of: Vec<(usize, usize)>,
    pointer_of: Vec<(usize, usize)>,
    room: usize,
}

impl OutcomeWatch {
    /// Starts with what the reply's head shows.
    pub(crate) fn new(policy: &Policy<'_>, login: u32, headers: &Headers) -> Self {
        let mut watch = Self {
            login,
            answers: [Vec::new(), Vec::new()],
            literals: LiteralSearch::new(Vec::new()),
            pointers: PointerReader::new(Vec::new()),
            literal_of: Vec::new(),
            pointer_of: Vec::new(),
            room: LONGEST_BODY,
        };
        let (mut needles, mut pointers) = (Vec::new(), Vec::new());
        for (side, steps) in sides(policy, login).into_iter().enumerate() {
            for (position, step) in steps.iter().enumerate() {
                match step.code {
                    OutcomeCode::BodyContains => {
                        needles.push(step.text.as_bytes().to_vec());
                        watch.literal_of.push((side, position));
                    }
                    OutcomeCode::Json | OutcomeCode::JsonHas => {
                        pointers.push(step.name.as_bytes().to_vec());
                        watch.pointer_of.push((side, position));
                    }
                    _ => {}
                }
                if let Some(answers) = watch.answers.get_mut(side) {
                    answers.push(of_head(step, headers));
                }
            }
        }
        watch.literals = LiteralSearch::new(needles);
        watch.pointers = PointerReader::new(pointers);
        watch
    }

    /// Reads the next bytes of the body.
    pub(crate) fn body(&mut self, chunk: &[u8]) {
        let readable = chunk.get(..self.room.min(chunk.len())).unwrap_or_default();
        self.room = self.room.saturating_sub(chunk.len());
        self.literals.push(readable);
        self.pointers.push(readable);
    }

    /// Whether more of the body would be read.
    pub(crate) const fn wants_more(&self) -> bool {
        self.room > 0
    }

    /// The outcome, if the head alone proves one.
    pub(crate) fn proven_by_head(&self, policy: &Policy<'_>) -> Option<LoginOutcome> {
        match self.evaluate(policy) {
            [Some(true), Some(false)] => Some(LoginOutcome::Success),
            [Some(false), Some(true)] => Some(LoginOutcome::Failure),
            [Some(_), Some(_)] => Some(LoginOutcome::Unknown),
            _ => None,
        }
    }

    /// The outcome, once no more of the body will be read. A body that could not be read leaves its questions open.
    pub(crate) fn conclude(mut self, policy: &Policy<'_>, read: Read) -> LoginOutcome {
        if read != Read::Nothing {
            for (needle, (side, position)) in self.literal_of.iter().enumerate() {
                let found = self.literals.found(needle);
                if let Some(answer) =
                    self.answers.get_mut(*side).and_then(|answers| answers.get_mut(*position))
                {
                    *answer = (found || read == Read::Whole).then_some(found);
                }
            }
            let pointers = std::mem::replace(&mut self.pointers, PointerReader::new(Vec::new()));
            let with_members = pointers.with_members();
            let readings = pointers.finish();
            let steps = sides(policy, self.login);
            for ((reading, has_members), (side, position)) in
                readings.iter().zip(with_members).zip(&self.pointer_of)
            {
                let step = steps.get(*side).and_then(|steps| steps.get(*position));
                let expected = step.map(|step| step.text.as_bytes());
                let asks_any = step.is_some_and(|step| step.code == OutcomeCode::JsonHas);
                if let Some(answer) =
                    self.answers.get_mut(*side).and_then(|answers| answers.get_mut(*position))
                {
                    let value = reading.field.value();
                    let is_long = asks_any && reading.field == Field::TooLong;
                    let is_known = value.is_some() || is_long || has_members || read == Read::Whole;
                    let is_something = has_members
                        || is_long
                        || value.is_some_and(|value| !matches!(value, b"" | b"null" | b"false"));
                    let equals = expected.is_some() && value == expected;
                    *answer = is_known.then_some(if asks_any { is_something } else { equals });
                }
            }
        }
        match self.evaluate(policy) {
            [Some(true), success_is_all] if success_is_all != Some(true) => LoginOutcome::Success,
            [other, Some(true)] if other != Some(true) => LoginOutcome::Failure,
            _ => LoginOutcome::Unknown,
        }
    }

    fn evaluate(&self, policy: &Policy<'_>) -> [Option<bool>; 2] {
        let [success, failure] = sides(policy, self.login);
        let [success_answers, failure_answers] = &self.answers;
        [run(success, success_answers), run(failure, failure_answers)]
    }
}

fn sides<'s, 'p>(policy: &'s Policy<'p>, login: u32) -> [&'s [OutcomeStep<'p>]; 2] {
    let Some(login) = policy.logins.get(login as usize) else { return [&[], &[]] };
    [login.success, login.failure].map(|span| policy.outcomes.get(span.positions()).unwrap_or_default())
}

/// What the head says about one question; `None` for questions about the body.
fn of_head(step: &OutcomeStep<'_>, headers: &Headers) -> Option<bool> {
    match step.code {
        OutcomeCode::Status => {
            let status =
                header(headers, ":status").and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
            let status: u16 = status.unwrap_or(0);
            Some(if step.number < 10 { status / 100 == step.number } else { status == step.number })
        }
        OutcomeCode::Header => Some(
            all_headers(headers, step.name)
                .into_iter()
                .any(|value| memchr::memmem::find(value, step.text.as_bytes()).is_some()),
        ),
        OutcomeCode::RedirectsTo => Some(
            all_headers(headers, "location")
                .into_iter()
                .any(|value| redirects_to(value, step.text.as_bytes())),
        ),
        OutcomeCode::SetsCookie => Some(
            all_headers(headers, "set-cookie")
                .into_iter()
                .filter_map(set_cookie)
                .any(|(name, value)| name == step.name.as_bytes() && !value.is_empty()),
        ),
        _ => None,
    }
}

/// Runs a program over answers of three values (Kleene's logic).
fn run(steps: &[OutcomeStep<'_>], answers: &[Option<bool>]) -> Option<bool> {
    let mut stack: Vec<Option<bool>> = Vec::with_capacity(steps.len());
    for (step, answer) in steps.iter().zip(answers) {
        let value = match step.code {
            OutcomeCode::All | OutcomeCode::Any => {
                let decisive = step.code == OutcomeCode::Any;
                let taken = stack.split_off(stack.len().saturating_sub(usize::from(step.number)));
                if taken.contains(&Some(decisive)) {
                    Some(decisive)
                } else if taken.contains(&None) {
                    None
                } else {
                    Some(!decisive)
                }
            }
            OutcomeCode::Not => stack.pop().flatten().map(|value| !value),
            _ => *answer,
        };
        stack.push(value);
    }
    stack.pop().flatten()
}
