//! A policy with every name resolved, ready to be written as a blob.
//!
//! The compiler builds a [`PolicyDraft`]; [`PolicyDraft::write`] turns it into bytes. References between parts are
//! positions in the draft's vectors.

mod sensitive;

pub use super::apps::{Compression, FindingAction as SensitiveAction, MaskStyle};
pub use super::detectors::{Confidence, Finder};
pub use crate::vocabulary::AddressRange;
use crate::vocabulary::{
    Binding, CounterKey, Event, LeakedKind, Mode, Moment, Newcomer, OnError, Threat, Value, Whose,
};
pub use sensitive::{DetectorDraft, PatternDraft, SensitiveDraft};

/// A whole policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyDraft {
    /// What happens when the filter itself cannot work.
    pub on_error: OnError,
    /// How a client is told from another.
    pub client: ClientDraft,
    /// Address lists that conditions refer to.
    pub lists: Vec<ListDraft>,
    /// Who is exempt, and from what.
    pub allow: Vec<AllowDraft>,
    /// What is counted.
    pub counters: Vec<CounterDraft>,
    /// What scores.
    pub rules: Vec<RuleDraft>,
    /// At most one per threat.
    pub ladders: Vec<LadderDraft>,
    /// The applications, each with hosts of its own.
    pub apps: Vec<AppDraft>,
    /// The signed cookie that devices get; none where the policy hands out none.
    pub devices: Option<DevicesDraft>,
    /// Lists of leaked credentials; their entries are compiled apart, see [`crate::leaked`].
    pub leaked: Vec<LeakedDraft>,
    /// Orders of steps.
    pub flows: Vec<FlowDraft>,
    /// What sensitive values look like. Those that nothing looks for or counts are not written; at most 256 may remain.
    pub detectors: Vec<DetectorDraft>,
}

impl PolicyDraft {
    /// A policy that does nothing but look for these detectors, in every body of every host: to try them.
    #[must_use]
    pub fn trying(detectors: Vec<DetectorDraft>) -> Self {
        let search = SensitiveDraft {
            find: (0..detectors.len()).collect(),
            paths: PathPattern { segments: vec![Segment::Rest] },
            action: SensitiveAction::Tag,
            keep_first: 0,
            keep_last: 0,
            style: MaskStyle::Stars,
            confidence: Confidence::Likely,
            places: super::detectors::IN_BODY,
        };
        let app = AppDraft {
            name: "trial".to_owned(),
            hosts: vec![HostPattern::Any],
            mode: Mode::Report,
            owner: String::new(),
            watch: true,
            routes: Vec::new(),
            logins: Vec::new(),
            honeypots: Vec::new(),
            sensitive: vec![search],
            expectations: Vec::new(),
            compression: Compression::Identity,
        };
        Self {
            on_error: OnError::Allow,
            client: ClientDraft {
                address_from: AddressFrom::Envoy,
                ipv6_prefix: 64,
                keys: Vec::new(),
                fingerprint: Vec::new(),
                country_header: String::new(),
            },
            lists: Vec::new(),
            allow: Vec::new(),
            counters: Vec::new(),
            rules: Vec::new(),
            ladders: Vec::new(),
            apps: vec![app],
            devices: None,
            leaked: Vec::new(),
            flows: Vec::new(),
            detectors,
        }
    }
}

/// The signed cookie that a device gets with a login that succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DevicesDraft {
    /// The cookie's name: a token of RFC 6265, at most 64 bytes.
    pub cookie: String,
    /// How long a device stays known after its last login, in seconds; one hour to 400 days.
    pub for_seconds: u32,
}

/// A list of leaked credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeakedDraft {
    /// Its name in the policy.
    pub name: String,
    /// What its entries are.
    pub kind: LeakedKind,
    /// The file, as the policy writes it. Not part of the blob.
    pub path: String,
    /// Bits of an entry, 8 or 16.
    pub bits: u8,
    /// Its first page among those of all lists; set when the lists were compiled.
    pub first_page: u32,
    /// How many pages it has; set when the lists were compiled.
    pub pages: u32,
    /// How many entries it has; set when the lists were compiled.
    pub entries: u64,
    /// What its entries hash to; set when the lists were compiled.
    pub digest: u64,
}

/// An order of steps that customers take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowDraft {
    /// Its name in the policy.
    pub name: String,
    /// The step that is looked at: position of the app.
    pub app: usize,
    /// Position of the route in the app.
    pub route: usize,
    /// What is wrong with it.
    pub kind: FlowKind,
    /// Within which time, in seconds, 1 to 86,400.
    pub within_seconds: u32,
    /// Why, in the author's words; may be empty.
    pub because: String,
}

/// What makes a flow hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlowKind {
    /// The step comes sooner than that after something.
    TooSoonAfter(Milestone),
    /// One of these routes of the app was not asked for within the time, or not in this order. Positions of routes; 1 to 4.
    Without(Vec<usize>),
}

/// Something in the life of a session whose time is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Milestone {
    /// Its login.
    Login,
    /// Its login, from a device that the account had not used before.
    NewDevice,
}

/// How a client is told from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientDraft {
    /// Where the client's address comes from.
    pub address_from: AddressFrom,
    /// How many bits of an IPv6 address tell clients apart, 32 to 128.
    pub ipv6_prefix: u8,
    /// The first of these that counts names the client; the address is always the last resort.
    pub keys: Vec<ClientKey>,
    /// What makes a client's fingerprint, in this order; at most 16.
    pub fingerprint: Vec<FingerprintPart>,
    /// The lower-case name of the header in which a proxy in front writes the client's country; empty for none.
    pub country_header: String,
}

/// A part of a client's fingerprint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FingerprintPart {
    /// The order in which header fields came.
    HeaderOrder,
    /// The value of the header of this lower-case name, or that it is absent.
    Header(String),
}

/// Where the client's address comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressFrom {
    /// What Envoy says, `source.address`.
    Envoy,
    /// This many entries of `X-Forwarded-For` counted from its end, after the one that Envoy itself appended. 1 to 16.
    TrustedHops(u8),
}

/// Something that names a client better than its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientKey {
    /// A cookie by this name, which counts once the upstream set that very value in answer to a login that
    /// succeeded, or accepted it on a route that is marked `authenticated`.
    IssuedCookie(String),
    /// A header by this lower-case name, whose value counts once the upstream answered it with 2xx on a route that is
    /// marked `authenticated`.
    AcceptedHeader(String),
    /// A claim of a JWT that Envoy's `jwt_authn` verified.
    VerifiedClaim {
        /// The filter's `payload_in_metadata`.
        payload: String,
        /// The claim.
        claim: String,
    },
}

/// A named list of addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListDraft {
    /// Its name in the policy.
    pub name: String,
    /// The addresses.
    pub ranges: Vec<AddressRange>,
}

/// An exemption. Exempt clients are not counted either.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowDraft {
    /// Whom it exempts.
    pub ranges: Vec<AddressRange>,
    /// From what.
    pub skip: Vec<Threat>,
    /// Why, in the author's words.
    pub because: String,
}

/// Something counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterDraft {
    /// Its name in the policy.
    pub name: String,
    /// What is counted.
    pub source: CounterSource,
    /// What it is kept for.
    pub key: CounterKey,
    /// Which logins count.
    pub whose: Whose,
    /// For different values of logins: when a value is taken.
    pub moment: Moment,
    /// The sliding window in milliseconds, one second to 24 hours. Read as eight buckets: a count covers between seven
    /// eighths of the window and all of it. For [`CounterSource::Slow`] the half-life, one minute to 7 days.
    pub window_ms: u32,
    /// The highest `over:` that any condition compares this counter with, 1 to 65,000 for counts and 1 to 512 for
    /// distinct values. Distinct counters are sized by it.
    pub highest_threshold: u32,
    /// For [`Event::Request`]: how many events a worker may hold back before it writes them, 1 to 64. The count that
    /// another worker sees is behind by at most this much; the total overshoots by at most workers times this. Other
    /// sources are written at once and have 1 here.
    pub flush_at: u16,
    /// Of sensitive values: which detectors' count, by their positions; empty for all.
    pub finds: Vec<usize>,
}

/// What a counter counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CounterSource {
    /// Occurrences.
    Count(Event),
    /// Different values; [`Value::PathParameter`] carries the parameter's name here.
    Distinct(Value, Option<String>),
    /// Occurrences that fade: each counts half after the half-life.
    Slow(Event),
    /// How regular the intervals between occurrences are, 0 to 100. Only [`Event::Request`] and [`Event::LoginAttempt`], per
    /// address, client or account.
    Regularity(Event),
}

/// A contribution to a threat's score.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleDraft {
    /// Stable id for records and metrics: the author's `id:` or `<threat>-<position>`, `[a-z0-9-]`, at most 48 bytes.
    pub id: String,
    /// What it scores for.
    pub threat: Threat,
    /// When it scores.
    pub when: Condition,
    /// How much, 1 to 1000.
    pub points: u16,
    /// Why, in the author's words.
    pub because: String,
    /// `Report`: the rule scores in `would_do` only, whatever the app's mode.
    pub mode: Mode,
}

/// When a rule scores. At most 64 nodes, at most 8 deep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// A counter stands above a number, this exchange included.
    CounterOver {
        /// Position in [`PolicyDraft::counters`].
        counter: usize,
        /// The number.
        over: u32,
    },
    /// The client's address is in the list at this position.
    List(usize),
    /// The exchange matched this route.
    Route {
        /// Position in [`PolicyDraft::apps`].
        app: usize,
        /// Position in [`AppDraft::routes`].
        route: usize,
    },
    /// The exchange belongs to the app at this position.
    App(usize),
    /// The exchange is a login.
    Login,
    /// The exchange is a login try of a stranger, see [`Whose::Strangers`].
    Stranger,
    /// The exchange carries the signed cookie of a device that is known to the account.
    KnownDevice,
    /// The route is a login that is under attack.
    UnderAttack,
    /// Nobody ever logged in successfully with this.
    New(Newcomer),
    /// The credentials are in the list at this position of [`PolicyDraft::leaked`].
    Leaked(usize),
    /// One counter in percent of another stands above a number. Not while the other is 0.
    RatioOver {
        /// Position of the counter that is the part.
        part: usize,
        /// Position of the counter that is the whole.
        whole: usize,
        /// Percent, 0 to 100.
        percent: u8,
    },
    /// The flow at this position of [`PolicyDraft::flows`] holds.
    Flow(usize),
    /// The session comes from elsewhere than its login.
    SessionMoved(Binding),
    /// The session's login is longer ago than so many seconds.
    SessionOlder(u32),
    /// The reply holds more different sensitive values than this.
    ReplyValuesOver(u32),
    /// All of them.
    All(Vec<Condition>),
    /// At least one of them.
    Any(Vec<Condition>),
    /// Not this one.
    Not(Box<Condition>),
}

/// What a threat's score leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LadderDraft {
    /// Whose score.
    pub threat: Threat,
    /// Steps by rising score, at most 8.
    pub steps: Vec<StepDraft>,
}

/// One rung of a ladder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepDraft {
    /// The score from which it applies.
    pub at: u16,
    /// What it does.
    pub action: ActionDraft,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionDraft {
    /// Tell the upstream and the log.
    Tag,
    /// Let at most so many requests a minute through, one at a time at even distances.
    Throttle {
        /// Requests per minute, 1 to 60,000.
        per_minute: u32,
        /// How the refusal looks; the default status is 429.
        reply: ReplyDraft,
    },
    /// Ask the client to prove itself; what the reply asks for is the app's business.
    Challenge {
        /// How the challenge looks; the default status is 403.
        reply: ReplyDraft,
    },
    /// Refuse.
    Block {
        /// How long the client stays refused after its score has fallen; 0 for this request only. At most 24 hours.
        for_ms: u32,
        /// How the refusal looks; the default status is 403.
        reply: ReplyDraft,
    },
    /// Answer a login like the app's own failed login. Elsewhere the reply given here, else like a block.
    Deceive {
        /// How the reply looks on routes that are no logins; the default status is 200.
        reply: ReplyDraft,
    },
}

/// How the filter's own reply looks. What is absent gets the built-in text of the action.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplyDraft {
    /// HTTP status, 200 to 599.
    pub status: Option<u16>,
    /// Body for clients that accept JSON, at most 16 KiB.
    pub json: Option<String>,
    /// Body for clients that prefer HTML, at most 16 KiB.
    pub html: Option<String>,
    /// After how many milliseconds it is sent, 0 to 30,000.
    pub delay_ms: u32,
}

/// An application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppDraft {
    /// Its name, `[a-z0-9-]`, at most 32 bytes.
    pub name: String,
    /// Which hosts it serves.
    pub hosts: Vec<HostPattern>,
    /// Its mode, inherited from the policy's where the author says nothing.
    pub mode: Mode,
    /// Who is asked about it; may be empty.
    pub owner: String,
    /// `false`: it is known and left alone, its requests pass untouched and uncounted.
    pub watch: bool,
    /// Its routes.
    pub routes: Vec<RouteDraft>,
    /// Its logins.
    pub logins: Vec<LoginDraft>,
    /// Its traps.
    pub honeypots: Vec<HoneypotDraft>,
    /// What is looked for in its replies.
    pub sensitive: Vec<SensitiveDraft>,
    /// What the replies of some paths are meant to contain, by positions of detectors, beside what routes expect.
    pub expectations: Vec<(Methods, PathPattern, Vec<usize>)>,
    /// How its replies are read where the upstream would compress them.
    pub compression: Compression,
}

/// Which hosts an app serves. An exact host wins over a suffix, a longer suffix over a shorter, any comes last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostPattern {
    /// This host, lower case, without port.
    Exact(String),
    /// Every host below this domain, given without the `*.`.
    Below(String),
    /// Every host.
    Any,
}

/// A path, by segments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern {
    /// The segments; `/` itself has none.
    pub segments: Vec<Segment>,
}

/// A segment of a path pattern. On the same position a literal wins over a parameter or `*`, these over `**`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// Exactly this, after normalisation.
    Literal(String),
    /// Any one segment, named.
    Parameter(String),
    /// Any one segment.
    Any,
    /// The rest of the path, also nothing. Only as the last segment.
    Rest,
}

/// Which methods; empty for all. Upper case.
pub type Methods = Vec<String>;

/// A named route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteDraft {
    /// Its name, unique in the app, `[a-z0-9-]`, at most 32 bytes.
    pub name: String,
    /// Which methods.
    pub methods: Methods,
    /// Which paths.
    pub path: PathPattern,
    /// The app's mode, or `Report` in an app that enforces. Never stronger than the app's.
    pub mode: Mode,
    /// A 2xx here proves that the client's credentials were accepted.
    pub authenticated: bool,
    /// What its replies are meant to contain: positions of detectors.
    pub expects: Vec<usize>,
}

/// A login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginDraft {
    /// Its name, unique among the routes of the app; `login` or `login-2` where the author gives none.
    pub name: String,
    /// Which method, upper case.
    pub method: String,
    /// Which paths.
    pub path: PathPattern,
    /// The app's mode, or `Report` in an app that enforces.
    pub mode: Mode,
    /// Where the user name is.
    pub username: FieldSource,
    /// Where the password is.
    pub password: Option<FieldSource>,
    /// What a reply looks like that proves success.
    pub success: OutcomeCondition,
    /// What a reply looks like that proves failure. Where both hold, or neither, the outcome is unknown.
    pub failure: OutcomeCondition,
    /// The request is a login only if this field has this text; otherwise it is like any other request of its route.
    pub only_if: Option<(FieldSource, String)>,
    /// Whether names that differ in a `+tag` before the `@` are one account.
    pub plus_address: bool,
    /// What a failed login looks like, for `deceive`; learnt from the app's own replies where absent.
    pub decoy: Option<DecoyDraft>,
}

/// The app's own reply to a failed login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecoyDraft {
    /// Its status, 200 to 599.
    pub status: u16,
    /// Its header fields, lower-case names; at most 16.
    pub headers: Vec<(String, String)>,
    /// Its body, at most 16 KiB.
    pub body: String,
    /// How long it takes, in milliseconds, 0 to 30,000.
    pub delay_ms: u32,
}

/// Where a login's field is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldSource {
    /// A field of an `application/x-www-form-urlencoded` body.
    Form(String),
    /// A JSON pointer (RFC 6901) into a JSON body.
    Json(String),
    /// A parameter of the query string.
    Query(String),
    /// The user of `Authorization: Basic` (RFC 7617).
    BasicUser,
    /// The password of `Authorization: Basic`.
    BasicPassword,
    /// A field of a `multipart/form-data` body (RFC 7578).
    Multipart(String),
    /// The text of the first element of this name in an XML or SGML body, in any case.
    Element(String),
}

/// What a reply looks like. At most 32 nodes, at most 8 deep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutcomeCondition {
    /// The status is this, or of this class (1 to 5).
    Status(u16),
    /// The header is there, and contains this where a text is given. Lower-case name.
    Header {
        /// Its lower-case name.
        name: String,
        /// What it must contain.
        contains: Option<String>,
    },
    /// The reply sets this cookie to something that is not empty.
    SetsCookie(String),
    /// The first 64 KiB of the body contain this.
    BodyContains(String),
    /// The first 64 KiB of the JSON body have this at that pointer.
    Json {
        /// RFC 6901.
        pointer: String,
        /// What stands there: a string's decoded text, or the literal text of a number, `true`, `false` or `null`.
        equals: String,
    },
    /// The first 64 KiB of the JSON body have something at that pointer, other than `null`, `false` and an empty text.
    JsonHas(String),
    /// The reply has a status of class 3 and redirects to this path, or below it where it ends in `/**`.
    RedirectsTo(String),
    /// All of them.
    All(Vec<OutcomeCondition>),
    /// At least one of them.
    Any(Vec<OutcomeCondition>),
    /// Not this one.
    Not(Box<OutcomeCondition>),
}

/// A trap: a path that no customer has a reason to ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoneypotDraft {
    /// Which paths.
    pub path: PathPattern,
    /// What it scores for.
    pub threat: Threat,
    /// How much, 1 to 1000.
    pub points: u16,
    /// How long the client keeps these points, one second to 24 hours.
    pub for_ms: u32,
    /// Why, in the author's words; may be empty.
    pub because: String,
}
