//! What is counted for the operator: a closed set whose size follows from the policy, never from the traffic.

use crate::blob::Policy;
use crate::http::coding::CodingError;
use crate::verdict::Action;
use crate::vocabulary::Mode;
use std::collections::BTreeMap;

/// How a login ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LoginOutcome {
    /// Proven to have succeeded.
    Success,
    /// Proven to have failed.
    Failure,
    /// Neither; not counted.
    Unknown,
}

impl LoginOutcome {
    /// The name in records and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Unknown => "unknown",
        }
    }
}

/// Why something was not inspected. Never the same as "nothing was found".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Uninspected {
    /// The body is compressed.
    Compressed,
    /// The body is longer than may be read.
    TooLong,
    /// The body is a stream of events, an RPC or an upgraded connection.
    Streamed,
    /// The reply is a part of a whole.
    Partial,
    /// The body is of a binary type.
    Binary,
    /// The body cannot be read as what it claims to be.
    Malformed,
    /// Trailers came while a value was still open; the reply was reset.
    Trailers,
    /// The body is in a set of characters that is not read.
    Charset,
    /// The body expands beyond any measure.
    Bomb,
    /// The body's compression needs more memory than is given to one reply.
    Window,
    /// Too many compressed replies are read at the same time.
    Busy,
}

impl Uninspected {
    /// The name in records and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Compressed => "compressed",
            Self::TooLong => "too_long",
            Self::Streamed => "streamed",
            Self::Partial => "partial",
            Self::Binary => "binary",
            Self::Malformed => "malformed",
            Self::Trailers => "trailers",
            Self::Charset => "charset",
            Self::Bomb => "bomb",
            Self::Window => "window",
            Self::Busy => "busy",
        }
    }
}

impl From<CodingError> for Uninspected {
    fn from(error: CodingError) -> Self {
        match error {
            CodingError::Malformed => Self::Compressed,
            CodingError::Bomb => Self::Bomb,
            CodingError::WindowTooLarge => Self::Window,
        }
    }
}

/// What went wrong inside the filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Failure {
    /// The state could not be read or written.
    State,
    /// Other workers were faster too many times.
    Contention,
    /// A page of the state held something else and was started over.
    ForeignPage,
    /// The host refused what the filter needed.
    Host,
    /// A request without what every request has, or with a path that nobody can route.
    Request,
    /// The state had no room for a key: what it did was not counted.
    Capacity,
    /// A newer configuration gave the state another meaning: this one no longer counts.
    Superseded,
    /// A page of a list of leaked credentials is not there: its entries were not looked up.
    LeakedList,
}

impl Failure {
    /// The name in records and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Contention => "contention",
            Self::ForeignPage => "foreign_page",
            Self::Host => "host",
            Self::Request => "request",
            Self::Capacity => "capacity",
            Self::Superseded => "superseded",
            Self::LeakedList => "leaked_list",
        }
    }
}

/// What kind of findings are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Found {
    /// With high confidence.
    High,
    /// Likely ones.
    Likely,
    /// What is meant to be there.
    Expected,
}

impl Found {
    /// The name in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Likely => "likely",
            Self::Expected => "expected",
        }
    }
}

/// One counter of the operator's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// Requests that reached the filter.
    Requests,
    /// Requests that passed untouched because of the kill switch.
    Killed,
    /// Requests that passed untouched because no app serves their host.
    UnknownHost,
    /// Requests of an app that the policy leaves alone.
    LeftAlone {
        /// The app's position.
        app: u16,
    },
    /// Decisions.
    Decision {
        /// The app's position.
        app: u16,
        /// The exchange's mode.
        mode: Mode,
        /// What would be done.
        would: Action,
        /// What is done.
        action: Action,
    },
    /// Rules that scored.
    Rule {
        /// The rule's position.
        rule: u16,
        /// Whether its points counted for what is done.
        enforced: bool,
    },
    /// Logins by outcome.
    Login {
        /// The app's position.
        app: u16,
        /// The outcome.
        outcome: LoginOutcome,
    },
    /// A login route came under attack, or an attack ended.
    Attack {
        /// The app's position.
        app: u16,
        /// The route's position.
        route: u32,
        /// Whether it began.
        began: bool,
    },
    /// Values found.
    Found {
        /// The app's position.
        app: u16,
        /// The detector's position.
        detector: u16,
        /// What kind of findings.
        how: Found,
    },
    /// Values overwritten in replies.
    Masked {
        /// The app's position.
        app: u16,
        /// The detector's position.
        detector: u16,
    },
    /// Records of findings that were not told because there were too many.
    RecordsMuted,
    /// What was not inspected.
    Uninspected(Uninspected),
    /// What went wrong.
    Error(Failure),
}

impl Metric {
    /// The counter's name; `docs/telemetry.md` lists them with the tags that `envoy/envoy.yaml` makes of them.
    #[must_use]
    pub fn name(self, policy: &Policy<'_>) -> String {
        let app = |app: u16| policy.apps.get(usize::from(app)).map_or("none", |app| app.name);
        match self {
            Self::Requests => "bartizan.requests".to_owned(),
            Self::Killed => "bartizan.killed".to_owned(),
            Self::UnknownHost => "bartizan.unknown_host".to_owned(),
            Self::LeftAlone { app: of } => format!("bartizan.left_alone.app.{}", app(of)),
            Self::Decision { app: of, mode, would, action } => format!(
                "bartizan.decisions.app.{}.mode.{}.would.{}.do.{}",
                app(of),
                mode_name(mode),
                would.name(),
                action.name()
            ),
            Self::Rule { rule, enforced } => format!(
                "bartizan.rules.rule.{}.{}",
                policy.rules.get(usize::from(rule)).map_or("none", |rule| rule.id),
                if enforced { "enforced" } else { "reported" }
            ),
            Self::Login { app: of, outcome } => {
                format!("bartizan.logins.app.{}.outcome.{}", app(of), outcome.name())
            }
            Self::Attack { app: of, route, began } => format!(
                "bartizan.attacks.app.{}.route.{}.{}",
                app(of),
                policy.routes.get(route as usize).map_or("none", |route| route.name),
                if began { "began" } else { "ended" }
            ),
            Self::Found { app: of, detector, how } => {
                format!(
                    "bartizan.found.app.{}.{}.confidence.{}",
                    app(of),
                    detector_label(policy, detector),
                    how.name()
                )
            }
            Self::Masked { app: of, detector } => {
                format!("bartizan.masked.app.{}.{}", app(of), detector_label(policy, detector))
            }
            Self::RecordsMuted => "bartizan.records_muted".to_owned(),
            Self::Uninspected(reason) => format!("bartizan.uninspected.reason.{}", reason.name()),
            Self::Error(failure) => format!("bartizan.errors.kind.{}", failure.name()),
        }
    }
}

/// A detector and what it belongs to, as metrics name them.
fn detector_label(policy: &Policy<'_>, detector: u16) -> String {
    let known = policy.detectors.get(usize::from(detector));
    let (name, class) = known.map_or(("none", "none"), |detector| (detector.name, detector.class));
    format!("class.{}.detector.{name}", if class.is_empty() { "own" } else { class })
}

/// The name of a mode in records and metrics.
#[must_use]
pub const fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Report => "report",
        Mode::Enforce => "enforce",
    }
}

/// What a worker has counted and not yet given to the host.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    counts: BTreeMap<Metric, u64>,
    /// Whether something waits that the operator should see before the next tick.
    is_urgent: bool,
}

impl Tally {
    /// Counts something that can wait for the next tick.
    pub fn add(&mut self, metric: Metric, events: u64) {
        let count = self.counts.entry(metric).or_default();
        *count = count.saturating_add(events);
    }

    /// Counts something that the operator should see now.
    pub fn add_now(&mut self, metric: Metric, events: u64) {
        self.add(metric, events);
        self.is_urgent = true;
    }

    /// Whether something should not wait.
    #[must_use]
    pub const fn is_urgent(&self) -> bool {
        self.is_urgent
    }

    /// Takes everything out.
    pub fn take(&mut self) -> BTreeMap<Metric, u64> {
        self.is_urgent = false;
        std::mem::take(&mut self.counts)
    }
}
