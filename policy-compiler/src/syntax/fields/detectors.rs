//! Keys of detectors: what sensitive values look like.

use bartizan_engine::blob::detectors::Finder;
use bartizan_engine::sensitive::Validator;

use super::{Absent, BECAUSE_BYTES, Field, Form, Kind, Section};

/// Names of detectors, which appear in records and metrics, at most 48 bytes.
pub const DETECTOR_NAME: Form = Form { what: "a name", pattern: "^[a-z0-9][a-z0-9_]{0,47}$" };
/// The name of a detector, or of a pack that stands for all of its detectors.
pub const DETECTOR_OR_PACK: Form =
    Form { what: "the name of a detector or of a pack", pattern: "^[a-z0-9][a-z0-9_-]{0,47}$" };
/// A member of a JSON object at any depth.
pub const MEMBER: Form = Form { what: "the name of a JSON field", pattern: "^(/\\*\\*/)?[^/*]{1,64}$" };
/// The longest regular expression, in bytes.
pub(super) const REGEX_BYTES: usize = 2048;
/// The longest word or phrase, in bytes.
pub const WORD_BYTES: usize = 96;
/// The longest sample, in bytes.
pub const SAMPLE_BYTES: usize = 4096;

/// Scanners that are part of the filter, by name.
pub const BUILT_IN: &[&str] = &{
    let mut names = [""; Finder::BUILT_IN.len()];
    let mut at = 0;
    while at < names.len() {
        #[expect(
            clippy::indexing_slicing,
            reason = "both are as long as each other, and checked when this is compiled"
        )]
        {
            names[at] = Finder::BUILT_IN[at].0;
        }
        at += 1;
    }
    names
};

/// Validators by name.
pub const VALIDATORS: &[&str] = &{
    let mut names = [""; Validator::ALL.len()];
    let mut at = 0;
    while at < names.len() {
        #[expect(
            clippy::indexing_slicing,
            reason = "both are as long as each other, and checked when this is compiled"
        )]
        {
            names[at] = Validator::ALL[at].name();
        }
        at += 1;
    }
    names
};

/// An entry of `detectors`.
pub static DETECTOR: Section = Section {
    name: "a detector",
    id: "detector",
    doc: "Says what a kind of sensitive value looks like. It needs one of `regex`, `words`, `fields` or `builtin`. The packs bring detectors that every \
          policy knows by name; `bartizan packs payment-data` prints those of a pack.",
    named: None,
    fields: &[
        Field {
            key: "regex",
            kind: Kind::Text(REGEX_BYTES),
            absent: Absent::Nothing,
            doc: "A regular expression over ASCII, without look-around, anchors and `\\b`: the longest match counts, which begins where a word begins and \
                  is not followed by a letter, digit or `_`. A match has at most 400 bytes. So that the filter need not try it everywhere, it has to begin \
                  with at least three fixed characters in each alternative, with two digits followed by digits and separators, with capital letters, or stand \
                  behind words of `context` (`alone: never`).",
            example: "detectors: { badge: { regex: 'ACME-[0-9]{6}' } }",
        },
        Field {
            key: "words",
            kind: Kind::List(&Kind::Text(WORD_BYTES)),
            absent: Absent::Nothing,
            doc: "Words or phrases, found as whole words in any case. A space, `_` or `-` in a phrase stands for any one of these, or nothing.",
            example: "detectors: { projects: { words: [blue heron, project x17] } }",
        },
        Field {
            key: "fields",
            kind: Kind::List(&Kind::Form(MEMBER)),
            absent: Absent::Nothing,
            doc: "Names of JSON fields at any depth, in any case, as `/**/salary` or `salary`; their whole values are findings.",
            example: "detectors: { salary: { fields: [/**/salary, /**/base_pay] } }",
        },
        Field {
            key: "builtin",
            kind: Kind::Word(BUILT_IN),
            absent: Absent::Nothing,
            doc: "A scanner that is part of the filter, for a detector with other words or another confidence than that of the packs.",
            example: "detectors: { strict_card: { builtin: payment_card, context: [card], alone: never } }",
        },
        Field {
            key: "validate",
            kind: Kind::Word(VALIDATORS),
            absent: Absent::Nothing,
            doc: "The check that a match has to pass: check digits, dates, known issuers and the like. Not for `words`.",
            example: "detectors: { member: { regex: '[0-9]{10}', validate: luhn, context: [member], alone: never } }",
        },
        Field {
            key: "context",
            kind: Kind::List(&Kind::Text(WORD_BYTES)),
            absent: Absent::Nothing,
            doc: "Words that stand before such a value, in any case, within 64 bytes, or as the name of the JSON field. A space, `_` or `-` stands for any one of these, or \
                  nothing: `member id` is `memberId` and `member_id` too. Words of up to four letters count as whole words, longer ones as beginnings of words too.",
            example: "detectors: { member: { regex: '[0-9]{10}', context: [member, customer no], alone: never } }",
        },
        Field {
            key: "alone",
            kind: Kind::Word(&["high", "likely", "never"]),
            absent: Absent::Default("high"),
            doc: "How sure a finding is without a word of `context`. What is only `likely` is recorded apart, and acted on only where the app says so. \
                  `never` needs `context`.",
            example: "detectors: { member: { regex: 'M[0-9]{9}', context: [member], alone: never } }",
        },
        Field {
            key: "near",
            kind: Kind::Word(&["high", "likely"]),
            absent: Absent::Default("high"),
            doc: "How sure a finding is with a word of `context`.",
            example: "detectors: { nickname: { regex: '[a-z]{3,20}', context: [nickname], alone: never, near: likely } }",
        },
        Field {
            key: "because",
            kind: Kind::Text(BECAUSE_BYTES),
            absent: Absent::Nothing,
            doc: "What it is, in one line.",
            example: "detectors: { badge: { regex: 'ACME-[0-9]{6}', because: the number on a badge } }",
        },
        Field {
            key: "samples",
            kind: Kind::Map(&SAMPLES),
            absent: Absent::Nothing,
            doc: "Texts on which the detector is tried whenever the policy is checked or compiled.",
            example: "detectors: { badge: { regex: 'ACME-[0-9]{6}', samples: { 'true': ['badge ACME-123456'], 'false': ['ACME-12345678'] } } }",
        },
    ],
};

/// `samples`.
pub static SAMPLES: Section = Section {
    name: "`samples`",
    id: "samples",
    doc: "Texts in which the detector finds something, and texts in which it does not.",
    named: None,
    fields: &[
        Field {
            key: "true",
            kind: Kind::List(&Kind::Text(SAMPLE_BYTES)),
            absent: Absent::Nothing,
            doc: "Texts in which the detector finds something.",
            example: "samples: { true: ['badge ACME-123456'] }",
        },
        Field {
            key: "false",
            kind: Kind::List(&Kind::Text(SAMPLE_BYTES)),
            absent: Absent::Nothing,
            doc: "Texts in which the detector finds nothing, although one might think so.",
            example: "samples: { false: ['ACME-12345678'] }",
        },
    ],
};
