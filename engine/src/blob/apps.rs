//! Applications: hosts, routes, traps, and what is looked for in replies.

use super::detectors::{Confidence, DetectorBits};
use super::field::{Span, record, word_field};
use crate::vocabulary::{Mode, Threat};

record! {
    /// An application.
    App in "apps" as 13 {
        /// Its name.
        name: &'p str,
        /// Its mode.
        mode: Mode,
        /// Who is asked about it.
        owner: &'p str,
        /// Whether it is looked at; otherwise it is known and left alone.
        watch: bool,
        /// The root of its paths in the trie.
        root: u32,
        /// How the bodies of its replies are read where the upstream would compress them.
        compression: Compression,
    }
}

/// How the replies of an app are read where the upstream would compress them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Compression {
    /// The upstream is asked not to compress what is looked into.
    #[default]
    Identity = 0,
    /// The upstream may compress; what is looked into is decoded, and cannot be changed.
    Decode = 1,
}
word_field!(Compression, "a known way of compression", Compression::Identity, Compression::Decode);

/// How a host pattern matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum HostKind {
    /// This host.
    Exact = 1,
    /// Every host below this domain.
    Below = 2,
    /// Every host.
    Any = 3,
}
word_field!(HostKind, "a known kind of host", HostKind::Exact, HostKind::Below, HostKind::Any);

record! {
    /// A host pattern. Sorted: exact ones by text, then suffixes from the longest to the shortest, then any.
    Host in "hosts" as 14 {
        /// How it matches.
        kind: HostKind,
        /// What it matches.
        text: &'p str,
        /// The app it leads to.
        app: u16,
    }
}

/// The position of no login.
pub const NO_LOGIN: u32 = u32::MAX;

record! {
    /// A route, or a login's route.
    Route in "routes" as 15 {
        /// Its name.
        name: &'p str,
        /// Its app.
        app: u16,
        /// Its mode, never stronger than the app's.
        mode: Mode,
        /// A 2xx here proves that the client's credentials were accepted.
        authenticated: bool,
        /// Its login, or [`NO_LOGIN`].
        login: u32,
        /// Its named path parameters.
        parameters: Span,
    }
}

record! {
    /// A named path parameter of a route.
    Parameter in "parameters" as 16 {
        /// Its name.
        name: &'p str,
        /// Which segment of the path, from 0.
        segment: u16,
    }
}

record! {
    /// A trap.
    Honeypot in "honeypots" as 17 {
        /// Its app.
        app: u16,
        /// What it scores for.
        threat: Threat,
        /// How much.
        points: u16,
        /// How long the client keeps these points, in milliseconds.
        for_ms: u32,
        /// Why; may be empty.
        because: &'p str,
    }
}

/// What happens to a reply with a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum FindingAction {
    /// Tell the log.
    Tag = 0,
    /// Overwrite the value, length unchanged.
    Mask = 1,
    /// Refuse the reply where it can be held, overwrite the value where not.
    Block = 2,
    /// Take the member of the JSON object out; only for detectors that find by [`super::detectors::Finder::Fields`].
    Remove = 3,
}
word_field!(
    FindingAction,
    "a known action",
    FindingAction::Tag,
    FindingAction::Mask,
    FindingAction::Block,
    FindingAction::Remove
);

/// What stands in place of a masked value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum MaskStyle {
    /// Stars in place of letters and digits.
    #[default]
    Stars = 0,
    /// A token of the same length and form that is the same for the same value.
    Hash = 1,
}
word_field!(MaskStyle, "a known way of masking", MaskStyle::Stars, MaskStyle::Hash);

record! {
    /// What is looked for in the replies of some paths.
    Sensitive in "sensitive" as 18 {
        /// Its app.
        app: u16,
        /// What blobs of format 1 and 2 look for, a bit for each [`crate::vocabulary::Detector`]. Read [`Self::finds`].
        detectors: u16,
        /// What then.
        action: FindingAction,
        /// How many characters at the end of a value stay readable, 0 to 8.
        keep_last: u8,
        /// What is looked for.
        finds: DetectorBits,
        /// How many characters at the beginning of a value stay readable, 0 to 8.
        keep_first: u8,
        /// How values are masked.
        style: MaskStyle,
        /// The lowest confidence that is acted on; [`Confidence::Never`] for any.
        confidence: Confidence,
        /// Where it is looked for: [`super::detectors::IN_BODY`], [`super::detectors::IN_HEADERS`],
        /// [`super::detectors::IN_URL`]; 0 is the body.
        places: u8,
    }
}
