//! What stands at a place: every detector that may apply is asked, and the best answer counts.

mod pattern;
mod sift;

use std::ops::Range;

use super::beginnings::{Literal, begins_literal};
use super::classes::digits_ahead;
use super::examined::Examined;
use super::run::{Extent, Nesting};
use super::settings::ScanSettings;
use super::table::{DetectorTable, context_bit};
use super::text::{Known, Text};
use super::url_credentials::Password;
use super::validate::Validator;
use super::{card, email, high_entropy, iban, ip, jwt, member, phone, private_key, ssn, url_credentials};
use crate::blob::Policy;
use crate::blob::detectors::{AT_CAPITALS, AT_DIGITS, Confidence, DetectorRecord, Finder, LiteralKind};

/// Everything that a look at a place needs.
#[derive(Clone, Copy)]
pub(super) struct Probe<'a, 'p> {
    pub(super) policy: &'a Policy<'p>,
    pub(super) table: &'a DetectorTable,
    pub(super) settings: &'a ScanSettings,
    pub(super) text: Text<'a>,
}

/// A value that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) detector: u16,
    pub(super) confidence: Confidence,
    pub(super) value: Range<usize>,
    /// From where and how far it goes on, where `value` is not the whole of it.
    pub(super) run: Option<(usize, Extent)>,
    /// The member of a JSON document whose value it is.
    pub(super) member: Option<Member>,
}

/// A member of a JSON document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// Where its name begins, without the quotation mark.
    pub(super) name: usize,
    /// Where its value begins, with one.
    pub(super) first: usize,
    /// As much of its value as is told apart from others.
    pub(super) seen: Range<usize>,
}

/// What stands at a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// The bytes that decide are still to come.
    pub(super) is_open: bool,
    /// The best value.
    pub(super) value: Option<Candidate>,
    /// Context words: which, and where the longest ends.
    pub(super) context: Option<(u64, usize)>,
}

impl Seen {
    fn add(&mut self, candidate: Candidate) {
        if candidate.confidence == Confidence::Never {
            return;
        }
        let better = self.value.as_ref().is_none_or(|known| {
            let rank = |of: &Candidate| (of.confidence, of.value.end, std::cmp::Reverse(of.detector));
            rank(&candidate) > rank(known)
        });
        if better {
            self.value = Some(candidate);
        }
    }
}

impl<'a, 'p> Probe<'a, 'p> {
    /// Looks at a place. `context` are the words that speak here.
    pub(super) fn look(&self, start: usize, context: u64) -> Seen {
        let mut seen = Seen::default();
        let Some(first) = self.text.at(start) else { return seen };
        // No word begins here, so nobody was asked for its context.
        let finders: &[Finder] = match first {
            b'@' => &[Finder::Email, Finder::UrlCredentials],
            b'+' => &[Finder::Phone],
            _ => &[],
        };
        if !finders.is_empty() {
            for detector in finders.iter().flat_map(|finder| self.table.built_in(*finder)) {
                self.ask(*detector, start, context, &mut seen);
            }
            return seen;
        }
        let is_digit = first.is_ascii_digit();
        let literals = &self.table.literals;
        if !literals.is_empty() && (!is_digit || literals.has_digits) && begins_literal(&self.text, start) {
            self.literals(start, context, &mut seen);
            match first {
                b'e' => self.built_in(Finder::Jwt, start, context, &mut seen),
                b'B' => self.built_in(Finder::PrivateKey, start, context, &mut seen),
                _ => {}
            }
        }
        let asked = if is_digit { context } else { context & self.table.letters };
        if asked != 0 {
            self.in_context(start, asked, context, &mut seen);
        }
        if is_digit {
            self.numbers(start, context, &mut seen);
        } else if first.is_ascii_uppercase() && self.has_shape_of_capitals(start) {
            self.built_in(Finder::Iban, start, context, &mut seen);
            for detector in &self.table.at_capitals {
                self.ask_outside_context(*detector, start, context, &mut seen);
            }
        }
        seen
    }

    /// What begins with digits. Most of it is told from anything else by how many digits there are and what follows.
    #[inline(never)]
    fn numbers(&self, start: usize, context: u64, seen: &mut Seen) {
        let rest = self.text.bytes.get(start..).unwrap_or_default();
        let digits = digits_ahead(rest);
        let next = rest.get(digits).copied();
        let is_open = next.is_none();
        let is_joined = matches!(next, Some(b' ' | b'-'));
        if is_open || (digits == 3 && is_joined) {
            self.built_in(Finder::UsSsn, start, context, seen);
        }
        let is_plain = rest.get(..digits).is_some_and(card::is_plain_card);
        let is_grouped = (matches!(digits, 4 | 6 | 8) && is_joined) || (digits == 4 && next == Some(b'.'));
        if is_open || is_plain || is_grouped {
            self.built_in(Finder::PaymentCard, start, context, seen);
        }
        if is_open || (digits <= 3 && next == Some(b'.')) || rest.get(4).is_none_or(|byte| *byte == b':') {
            self.built_in(Finder::IpAddress, start, context, seen);
        }
        // Of more digits than are counted nobody knows what follows.
        let is_unknown = next.is_none_or(|next| next.is_ascii_digit());
        if !is_unknown && next.is_some_and(|next| !is_in(&self.table.behind_digits, next)) {
            return;
        }
        for (detector, follows) in &self.table.at_digits {
            if is_unknown || next.is_some_and(|next| is_in(follows, next)) {
                self.ask_outside_context(*detector, start, context, seen);
            }
        }
    }

    #[inline(never)]
    fn literals(&self, start: usize, context: u64, seen: &mut Seen) {
        let known = self.table.literals.at(self.policy, &self.text, start, |literal| {
            let target = literal.record.target;
            match literal.record.kind {
                LiteralKind::Context => {
                    let bit = context_bit(target);
                    let (bits, end) = seen.context.unwrap_or_default();
                    seen.context = Some((bits | bit, end.max(literal.end)));
                }
                LiteralKind::Words if self.text.begins_word(start) => {
                    if let Some(detector) = self.detector(target) {
                        self.found(target, detector, context, start, Examined::Until(literal.end), seen);
                    }
                }
                LiteralKind::Words => {}
                LiteralKind::Pattern => {
                    if let Some(detector) = self.detector(target).filter(|it| it.is_at_literals()) {
                        self.ask_detector(target, detector, start, context, seen);
                    }
                }
                LiteralKind::Field => self.member(target, start, context, &literal, seen),
            }
        });
        seen.is_open |= known == Known::Open;
    }

    /// A member of a JSON document by its name.
    fn member(&self, target: u16, start: usize, context: u64, literal: &Literal<'_, '_>, seen: &mut Seen) {
        let Some(detector) = self.detector(target) else { return };
        match member::value(&self.text, start, literal.end) {
            member::Value::None => {}
            member::Value::Open => seen.is_open = true,
            member::Value::At(member::Member { first, value, seen: told_apart, kind }) => {
                let inside = self.text.bytes.get(told_apart.clone()).unwrap_or_default();
                let validator = Validator::from_number(detector.validator);
                // What a validator says of an object or array is nothing: `"password": ["is too short"]`.
                if validator.is_some_and(|it| kind == member::Kind::Container || !it.accepts(inside)) {
                    return;
                }
                let confidence = self.confidence(detector, context, value.start, inside);
                let goes_on = kind != member::Kind::Text;
                seen.add(Candidate {
                    detector: target,
                    confidence,
                    value,
                    run: goes_on.then_some((first, Extent::Value(Nesting::default()))),
                    member: Some(Member { name: start, first, seen: told_apart }),
                });
            }
        }
    }

    #[inline(never)]
    fn in_context(&self, start: usize, asked: u64, context: u64, seen: &mut Seen) {
        for detector in self.table.in_context(asked) {
            self.ask(detector, start, context, seen);
        }
    }

    fn built_in(&self, finder: Finder, start: usize, context: u64, seen: &mut Seen) {
        for detector in self.table.built_in(finder) {
            self.ask_outside_context(*detector, start, context, seen);
        }
    }

    fn detector(&self, position: u16) -> Option<&'a DetectorRecord<'p>> {
        let wanted = self.settings.detectors.contains(usize::from(position));
        self.policy.detectors.get(usize::from(position)).filter(|_| wanted)
    }

    /// Whether anything that a scanner written in code finds is looked for.
    pub(super) fn looks_for(&self, finder: Finder) -> bool {
        self.table
            .built_in(finder)
            .iter()
            .any(|position| self.settings.detectors.contains(usize::from(*position)))
    }

    /// Asks a detector, where it is looked for, whether its value begins here.
    fn ask(&self, position: u16, start: usize, context: u64, seen: &mut Seen) {
        if let Some(detector) = self.detector(position) {
            self.ask_detector(position, detector, start, context, seen);
        }
    }

    /// The same, but where a context word of the detector speaks: there it was asked already.
    fn ask_outside_context(&self, position: u16, start: usize, context: u64, seen: &mut Seen) {
        if let Some(detector) = self.detector(position).filter(|detector| !speaks(detector, context)) {
            self.ask_detector(position, detector, start, context, seen);
        }
    }

    fn ask_detector(
        &self,
        position: u16,
        detector: &DetectorRecord<'p>,
        start: usize,
        context: u64,
        seen: &mut Seen,
    ) {
        let in_context = speaks(detector, context);
        let text = &self.text;
        let mut from = start;
        let examined = match detector.finder {
            Finder::Pattern => self.pattern(detector, start),
            Finder::Words | Finder::Fields => Examined::None,
            Finder::PaymentCard => card::whole_row(text, start, card::examine(text, start)),
            Finder::Iban => iban::examine(text, start),
            Finder::UsSsn => ssn::examine(text, start, in_context),
            Finder::Email => match email::examine(text, start) {
                email::Address::None => Examined::None,
                email::Address::Open => Examined::Open,
                email::Address::At(address) => {
                    from = address.start;
                    Examined::Until(address.end)
                }
            },
            Finder::UrlCredentials => {
                let password =
                    text.with_behind(start, |behind| url_credentials::examine(text, start, behind));
                match password {
                    Password::None => Examined::None,
                    Password::Open => Examined::Open,
                    Password::Length(length) => {
                        from = start.saturating_sub(length);
                        Examined::Until(start)
                    }
                }
            }
            Finder::Phone => phone::examine(text, start, in_context),
            Finder::IpAddress => ip::examine(text, start, in_context),
            Finder::Jwt => jwt::examine(text, start, in_context),
            Finder::PrivateKey => private_key::examine(text, start, in_context),
            Finder::HighEntropy => high_entropy::examine(text, start, in_context),
        };
        self.found(position, detector, context, from, examined, seen);
    }

    fn found(
        &self,
        position: u16,
        detector: &DetectorRecord<'p>,
        context: u64,
        start: usize,
        examined: Examined,
        seen: &mut Seen,
    ) {
        let (end, run) = match examined {
            Examined::None => return,
            Examined::Open => {
                seen.is_open = true;
                return;
            }
            Examined::Until(end) => (end, None),
            Examined::Run { decided_until, bytes } => {
                (decided_until, Some((decided_until, Extent::Bytes(bytes))))
            }
        };
        let matched = self.text.bytes.get(start..end).unwrap_or_default();
        let validator = Validator::from_number(detector.validator);
        if validator.is_some_and(|validator| !validator.accepts(matched)) {
            return;
        }
        let confidence = self.confidence(detector, context, start, matched);
        seen.add(Candidate { detector: position, confidence, value: start..end, run, member: None });
    }

    fn confidence(
        &self,
        detector: &DetectorRecord<'p>,
        context: u64,
        start: usize,
        matched: &[u8],
    ) -> Confidence {
        let is_grouped = detector.finder == Finder::PaymentCard
            && card::stands_alone_in_groups(&self.text, start, matched);
        if speaks(detector, context) || is_grouped {
            detector.near.max(detector.alone)
        } else {
            detector.alone
        }
    }
}

/// Whether a context word of the detector speaks.
fn speaks(detector: &DetectorRecord<'_>, context: u64) -> bool {
    context & context_bit(u16::from(detector.context)) != 0
}

/// Whether a set of characters has a byte.
fn is_in(set: &[u16; 8], byte: u8) -> bool {
    set.get(usize::from(byte / 16)).is_some_and(|word| word & 1 << (byte % 16) != 0)
}

/// What a scan has to stop at, for a set of detectors.
pub(super) fn triggers(probe: &Probe<'_, '_>) -> super::triggers::Trigger {
    let wanted = |finder: Finder| probe.looks_for(finder);
    let has = |bit: u8| {
        probe.policy.detectors.iter().enumerate().any(|(position, detector)| {
            detector.triggers & bit != 0 && probe.settings.detectors.contains(position)
        })
    };
    super::triggers::Trigger {
        words: !probe.table.literals.is_empty(),
        digit_words: probe.table.literals.has_digits,
        digits: wanted(Finder::PaymentCard) || wanted(Finder::UsSsn) || has(AT_DIGITS),
        capitals: wanted(Finder::Iban) || has(AT_CAPITALS),
        addresses: wanted(Finder::IpAddress),
        marks: wanted(Finder::Email) || wanted(Finder::UrlCredentials) || wanted(Finder::Phone),
        high_words: probe.table.literals.has_high,
    }
}
