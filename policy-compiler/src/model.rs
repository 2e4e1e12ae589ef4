//! The policy as its author wrote it, decoded: values are checked one by one, names are not yet looked up, and every
//! part knows where it stands.
//!
//! A part that could not be decoded is absent here, but its name stays known, so that one mistake is reported once and
//! not at each use of the name.

use bartizan_engine::blob::draft::{
    ActionDraft, AddressFrom, AddressRange, ClientKey, CounterSource, FieldSource, HostPattern,
    OutcomeCondition, PathPattern, SensitiveAction,
};
use bartizan_engine::vocabulary::{CounterKey, Detector, Mode, OnError, Threat};

use crate::source::{FileId, Span, Spanned};

/// A whole policy.
#[derive(Debug)]
pub(crate) struct Policy {
    /// The packs whose parts are among the others.
    pub(crate) packs: Vec<UsedPack>,
    /// The mode of apps that say nothing.
    pub(crate) mode: Option<Spanned<Mode>>,
    /// What happens when the filter cannot work.
    pub(crate) on_error: OnError,
    /// How clients are told apart.
    pub(crate) client: Client,
    /// Lists of addresses.
    pub(crate) lists: Vec<List>,
    /// Exemptions.
    pub(crate) allow: Vec<Allow>,
    /// Counters.
    pub(crate) counters: Vec<Counter>,
    /// Threats.
    pub(crate) threats: Vec<ThreatPart>,
    /// Applications.
    pub(crate) apps: Vec<App>,
}

impl Policy {
    /// The pack in which this stands.
    #[must_use]
    pub(crate) fn pack_of(&self, span: Span) -> Option<&UsedPack> {
        self.packs.iter().find(|pack| pack.file == span.file)
    }
}

/// A pack that the policy uses.
#[derive(Debug)]
pub(crate) struct UsedPack {
    /// Its name, where the author wrote it.
    pub(crate) name: Spanned<&'static str>,
    /// Its text, which places in its parts refer to.
    pub(crate) file: FileId,
}

/// How clients are told apart.
#[derive(Debug)]
pub(crate) struct Client {
    /// Where the address comes from.
    pub(crate) address_from: AddressFrom,
    /// Bits of an IPv6 address.
    pub(crate) ipv6_prefix: u8,
    /// What names a client, without the address.
    pub(crate) keys: Vec<Spanned<ClientKey>>,
}

/// A named list of addresses.
#[derive(Debug)]
pub(crate) struct List {
    /// Its name.
    pub(crate) name: Spanned<String>,
    /// Its addresses, sorted and merged; empty where they could not be read.
    pub(crate) ranges: Vec<AddressRange>,
}

/// An exemption.
#[derive(Debug)]
pub(crate) struct Allow {
    /// Where it says whom.
    pub(crate) span: Span,
    /// Whom.
    pub(crate) who: Who,
    /// From what.
    pub(crate) skip: Vec<Threat>,
    /// Why.
    pub(crate) because: String,
}

/// Whom an exemption covers.
#[derive(Debug)]
pub(crate) enum Who {
    /// These addresses, sorted and merged.
    Ranges(Vec<AddressRange>),
    /// The addresses of the list of this name.
    List(Spanned<String>),
}

/// A counter.
#[derive(Debug)]
pub(crate) struct Counter {
    /// Its name.
    pub(crate) name: Spanned<String>,
    /// What it does, if that could be decoded.
    pub(crate) body: Option<CounterBody>,
}

/// What a counter does.
#[derive(Debug)]
pub(crate) struct CounterBody {
    /// What it counts.
    pub(crate) source: Spanned<CounterSource>,
    /// For what.
    pub(crate) key: Spanned<CounterKey>,
    /// How far back.
    pub(crate) window_ms: u32,
}

/// What the policy says about a threat.
#[derive(Debug)]
pub(crate) struct ThreatPart {
    /// Which.
    pub(crate) threat: Spanned<Threat>,
    /// Its rules.
    pub(crate) rules: Vec<Rule>,
    /// Its ladder.
    pub(crate) steps: Vec<Step>,
}

/// A rule.
#[derive(Debug)]
pub(crate) struct Rule {
    /// Its id: the author's, or one made from its position.
    pub(crate) id: Spanned<String>,
    /// When it scores.
    pub(crate) when: Condition,
    /// How much.
    pub(crate) points: Spanned<u32>,
    /// Why.
    pub(crate) because: String,
    /// Whether it only reports.
    pub(crate) mode: Mode,
}

/// A condition.
#[derive(Debug)]
pub(crate) struct Condition {
    /// Where it stands.
    pub(crate) span: Span,
    /// What it is.
    pub(crate) kind: ConditionKind,
}

/// What a condition is.
#[derive(Debug)]
pub(crate) enum ConditionKind {
    /// The counter of this name is over the number.
    Counter(Spanned<String>, Spanned<u32>),
    /// The address is in the list of this name.
    List(Spanned<String>),
    /// The request matched the route of this name.
    Route(Spanned<String>),
    /// The request belongs to the app of this name.
    App(Spanned<String>),
    /// The request is a login.
    Login,
    /// All.
    All(Vec<Condition>),
    /// At least one.
    Any(Vec<Condition>),
    /// Not this.
    Not(Box<Condition>),
}

/// A step.
#[derive(Debug)]
pub(crate) struct Step {
    /// From which score.
    pub(crate) at: Spanned<u32>,
    /// What it does.
    pub(crate) action: Spanned<ActionDraft>,
}

/// An application.
#[derive(Debug)]
pub(crate) struct App {
    /// Its name.
    pub(crate) name: Spanned<String>,
    /// Its hosts.
    pub(crate) hosts: Vec<Spanned<HostPattern>>,
    /// Its own mode, if it says one.
    pub(crate) mode: Option<Spanned<Mode>>,
    /// Who is asked about it.
    pub(crate) owner: String,
    /// `watch: false`, with its place.
    pub(crate) unwatched: Option<Span>,
    /// Its routes.
    pub(crate) routes: Vec<Route>,
    /// Its logins.
    pub(crate) logins: Vec<Login>,
    /// Its traps.
    pub(crate) honeypots: Vec<Honeypot>,
    /// What is looked for in its replies.
    pub(crate) sensitive: Vec<Sensitive>,
}

impl App {
    /// Its mode, inherited or its own.
    #[must_use]
    pub(crate) fn mode(&self, policy: &Policy) -> Mode {
        self.mode.as_ref().or(policy.mode.as_ref()).map_or(Mode::Report, |mode| mode.value)
    }
}

/// A route.
#[derive(Debug)]
pub(crate) struct Route {
    /// Its name.
    pub(crate) name: Spanned<String>,
    /// What it does, if that could be decoded.
    pub(crate) body: Option<RouteBody>,
}

/// What a route is.
#[derive(Debug)]
pub(crate) struct RouteBody {
    /// Which paths.
    pub(crate) path: Spanned<PathPattern>,
    /// Which methods; empty for all.
    pub(crate) methods: Vec<String>,
    /// Its own mode, if it says one.
    pub(crate) mode: Option<Spanned<Mode>>,
    /// Whether a 2xx proves credentials.
    pub(crate) authenticated: bool,
}

/// A login.
#[derive(Debug)]
pub(crate) struct Login {
    /// Its name, if it says one.
    pub(crate) name: Option<Spanned<String>>,
    /// Which method.
    pub(crate) method: String,
    /// Which paths.
    pub(crate) path: Spanned<PathPattern>,
    /// Its own mode, if it says one.
    pub(crate) mode: Option<Spanned<Mode>>,
    /// Where the user name is.
    pub(crate) username: FieldSource,
    /// Where the password is.
    pub(crate) password: Option<FieldSource>,
    /// What proves success.
    pub(crate) success: Spanned<OutcomeCondition>,
    /// What proves failure.
    pub(crate) failure: Spanned<OutcomeCondition>,
}

/// A trap.
#[derive(Debug)]
pub(crate) struct Honeypot {
    /// Which paths.
    pub(crate) path: Spanned<PathPattern>,
    /// What for.
    pub(crate) threat: Spanned<Threat>,
    /// How much.
    pub(crate) points: u32,
    /// How long.
    pub(crate) for_ms: u32,
    /// Why; may be empty.
    pub(crate) because: String,
}

/// What is looked for in replies.
#[derive(Debug)]
pub(crate) struct Sensitive {
    /// What.
    pub(crate) find: Vec<Spanned<Detector>>,
    /// Where.
    pub(crate) paths: Spanned<PathPattern>,
    /// What then.
    pub(crate) action: Spanned<SensitiveAction>,
    /// How much of a value stays readable.
    pub(crate) keep_last: u8,
}
