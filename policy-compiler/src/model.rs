//! The policy as its author wrote it, decoded: values are checked one by one, names are not yet looked up, and every
//! part knows where it stands.
//!
//! A part that could not be decoded is absent here, but its name stays known, so that one mistake is reported once and
//! not at each use of the name.

use bartizan_engine::blob::draft::{
    AddressFrom, AddressRange, ClientKey, Compression, CounterSource, DecoyDraft, FieldSource,
    FingerprintPart, HostPattern, Milestone, OutcomeCondition, PathPattern,
};
use bartizan_engine::vocabulary::{CounterKey, LeakedKind, Mode, Moment, OnError, Threat, Whose};

use crate::source::{FileId, Span, Spanned};

mod scores;
mod sensitive;

pub(crate) use scores::{Condition, ConditionKind, Ratio, RatioLimit, Rule, Step, ThreatPart};
pub(crate) use sensitive::{Detector, DetectorBody, Expectation, Pattern, Sensitive, Shape};

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
    /// The cookie that devices get.
    pub(crate) devices: Option<Devices>,
    /// Lists of leaked credentials.
    pub(crate) leaked: Vec<Leaked>,
    /// Orders of steps.
    pub(crate) flows: Vec<Flow>,
    /// Its own detectors.
    pub(crate) detectors: Vec<Detector>,
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
    /// What makes a fingerprint; empty for the default.
    pub(crate) fingerprint: Vec<FingerprintPart>,
    /// The header with the client's country; empty for none.
    pub(crate) country_header: String,
}

/// The cookie that devices get.
#[derive(Debug)]
pub(crate) struct Devices {
    /// Its name.
    pub(crate) cookie: Spanned<String>,
    /// How long a device stays known.
    pub(crate) for_seconds: u32,
}

/// A list of leaked credentials.
#[derive(Debug)]
pub(crate) struct Leaked {
    /// Its name.
    pub(crate) name: Spanned<String>,
    /// What is in it, if that could be decoded.
    pub(crate) body: Option<LeakedBody>,
}

/// What is in a list of leaked credentials.
#[derive(Debug)]
pub(crate) struct LeakedBody {
    /// What its entries are.
    pub(crate) kind: LeakedKind,
    /// The file, as the author wrote it.
    pub(crate) path: String,
    /// Bits of an entry, and where they are said.
    pub(crate) bits: Spanned<u8>,
}

/// An order of steps.
#[derive(Debug)]
pub(crate) struct Flow {
    /// Its name.
    pub(crate) name: Spanned<String>,
    /// What it says, if that could be decoded.
    pub(crate) body: Option<FlowBody>,
}

/// What an order of steps says.
#[derive(Debug)]
pub(crate) struct FlowBody {
    /// The app of this name.
    pub(crate) app: Spanned<String>,
    /// The route of this name, where it is looked at.
    pub(crate) at: Spanned<String>,
    /// What makes it hold.
    pub(crate) rule: FlowRule,
    /// Within which time.
    pub(crate) within_seconds: u32,
    /// Why; may be empty.
    pub(crate) because: String,
}

/// What makes a flow hold.
#[derive(Debug)]
pub(crate) enum FlowRule {
    /// It comes too soon after this.
    SoonAfter(Spanned<Milestone>),
    /// It comes without these routes.
    Without(Vec<Spanned<String>>),
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
    /// Which logins count.
    pub(crate) whose: Whose,
    /// When a login's value is taken.
    pub(crate) moment: Moment,
    /// How far back, or after which time a count is worth half.
    pub(crate) window_ms: u32,
    /// Of sensitive values: names of detectors or packs; empty for all.
    pub(crate) data: Vec<Spanned<String>>,
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
    /// What its OpenAPI document says that replies contain.
    pub(crate) expectations: Vec<Expectation>,
    /// How compressed replies are read, and where it says so.
    pub(crate) compression: Option<Spanned<Compression>>,
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
    /// What its replies are meant to contain: names of detectors or packs.
    pub(crate) expects: Vec<Spanned<String>>,
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
    /// The text of a field without which the request is no login.
    pub(crate) only_if: Option<(FieldSource, String)>,
    /// Whether a tag in a name tells no accounts apart.
    pub(crate) plus_address: bool,
    /// What a failed login looks like.
    pub(crate) decoy: Option<DecoyDraft>,
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
