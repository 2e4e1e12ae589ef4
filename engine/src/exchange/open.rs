//! The first phase: from a request's head to its app, route, client and, for most, a decision.

use super::credentials::{AwaitCredentials, is_short};
use super::decide::{Stage, conclude, decide, settle_verdict};
use super::fingerprint::fingerprint;
use super::recognition::{Recognition, read_device};
use super::search::{Place, Search};
use super::subject::{Subject, Touched};
use super::{AwaitReply, Decided, Finished, HeadChanges, Headers, Reply, Surroundings, header, identity};
use crate::blob::Policy;
use crate::blob::apps::{Compression, NO_LOGIN, Route};
use crate::blob::counters::{CellKind, Source};
use crate::blob::logins::FieldPlace;
use crate::http::accept::prefers_html;
use crate::http::host::normalize_host;
use crate::http::path::{normalize, segments};
use crate::keyed_hash::Role;
use crate::metrics::{Failure, Metric};
use crate::sensitive::{BodyKind, ScanWorld, Scanner};
use crate::state::pool::{CellAddress, Roles, locate};
use crate::vocabulary::{CounterKey, Mode, Value};

/// What the host says about a request.
#[derive(Clone, Copy)]
pub struct RequestHead<'h> {
    /// Its header fields, pseudo headers included.
    pub headers: &'h Headers,
    /// Asks for the host's `source.address`; called at most once, and only where the address is needed.
    pub source_address: &'h dyn Fn() -> Option<Vec<u8>>,
    /// Asks for a claim of a verified JWT: where the JWT is, and the claim's name. Asked only for the policy's client keys.
    pub verified_claim: &'h dyn Fn(&str, &str) -> Option<Vec<u8>>,
    /// Whether no body follows.
    pub end_of_stream: bool,
}

/// What a request's head led to.
#[derive(Debug)]
pub enum Opened {
    /// Not ours: no app serves this host, or the kill switch is on. Forged copies of our headers are removed all the same.
    Untouched(HeadChanges),
    /// The filter answers.
    Refused(Box<Finished>, Reply),
    /// The upstream answers.
    Forwarded(Box<AwaitReply>, HeadChanges),
    /// A login whose body names the account; decided once the body was read. The changes can be made at once.
    Login(Box<AwaitCredentials>, HeadChanges),
}

impl From<Decided> for Opened {
    fn from(decided: Decided) -> Self {
        match decided {
            Decided::Refused(finished, reply) => Self::Refused(finished, reply),
            Decided::Forwarded(exchange, changes) => Self::Forwarded(exchange, changes),
        }
    }
}

/// Opens an exchange.
pub fn open(head: RequestHead<'_>, surroundings: &mut Surroundings<'_, '_>) -> Opened {
    surroundings.worker.tally.add(Metric::Requests, 1);
    let forged = head.headers.iter().map(|(name, _)| name).filter(|name| is_ours(name));
    let mut changes = HeadChanges { remove: forged.cloned().collect(), set: Vec::new() };
    changes.remove.dedup();
    if surroundings.settings.kill_switch {
        surroundings.worker.tally.add(Metric::Killed, 1);
        return Opened::Untouched(changes);
    }
    let policy = surroundings.policy;
    let host =
        header(head.headers, ":authority").or_else(|| header(head.headers, "host")).unwrap_or_default();
    let Some(app) = policy.app_of_host(&normalize_host(host)) else {
        surroundings.worker.tally.add(Metric::UnknownHost, 1);
        return Opened::Untouched(changes);
    };
    if policy.apps.get(usize::from(app)).is_some_and(|app| !app.watch) {
        surroundings.worker.tally.add(Metric::LeftAlone { app }, 1);
        return Opened::Untouched(changes);
    }
    let subject = Box::new(subject(app, head, changes, surroundings));
    if subject.login.is_some_and(|login| reads_body(policy, login)) && !head.end_of_stream {
        return before_credentials(subject, head.headers, surroundings);
    }
    if let Some(login) = subject.login {
        let mut subject = subject;
        let credentials = super::credentials::of_head(policy, login, head.headers);
        if credentials.is_other {
            subject.login = None;
        } else {
            super::account::apply(&mut subject, credentials, surroundings);
        }
        return conclude(subject, surroundings).into();
    }
    conclude(subject, surroundings).into()
}

/// A login whose account stands in its body. Where the upstream gets nothing before the body was read, all is decided then;
/// otherwise a client that is already refused is refused now.
fn before_credentials(
    mut subject: Box<Subject>,
    headers: &Headers,
    surroundings: &mut Surroundings<'_, '_>,
) -> Opened {
    let policy = surroundings.policy;
    if !surroundings.settings.hold_headers || !is_short(headers, surroundings.settings) {
        // Where only the body tells whether it is a login, it is refused before as any request would be.
        let login = subject.login;
        let is_certain = login
            .and_then(|login| policy.logins.get(login as usize))
            .is_some_and(|login| !login.only_place.in_body());
        subject.login = login.filter(|_| is_certain);
        decide(&mut subject, Stage::Before, surroundings);
        if subject.is_refused() {
            return settle_verdict(subject, surroundings).into();
        }
        subject.login = login;
    }
    // What was read to name the client is old when the body comes, which is up to the client.
    for cell in &mut subject.cells {
        cell.loaded = None;
    }
    let changes = std::mem::take(&mut subject.changes);
    Opened::Login(Box::new(AwaitCredentials::new(subject, headers, surroundings)), changes)
}

fn reads_body(policy: &Policy<'_>, login: u32) -> bool {
    policy.logins.get(login as usize).is_some_and(|login| {
        [login.username_place, login.password_place, login.only_place].into_iter().any(FieldPlace::in_body)
    })
}

fn subject(
    app: u16,
    head: RequestHead<'_>,
    changes: HeadChanges,
    surroundings: &mut Surroundings<'_, '_>,
) -> Subject {
    let policy = surroundings.policy;
    let headers = head.headers;
    let raw_path = header(headers, ":path");
    let path = normalize(raw_path.unwrap_or(b"/"));
    let method = header(headers, ":method").unwrap_or_default();
    let root = policy.apps.get(usize::from(app)).map_or(0, |app| app.root);
    let found = policy.trie().find(root, segments(&path.path), method);
    let route = found.route.and_then(|route| policy.routes.get(route as usize));
    let app_mode = policy.apps.get(usize::from(app)).map_or(Mode::Report, |app| app.mode);
    let mode = route.map_or(app_mode, |route| route.mode.min(app_mode));
    let address = identity::address(headers, head.source_address, surroundings);
    let login = route.map(|route| route.login).filter(|login| *login != NO_LOGIN);
    let mut subject = Subject {
        id: surroundings.worker.decision_id(surroundings.key),
        app,
        route: found.route,
        login,
        mode: if surroundings.settings.report_only { Mode::Report } else { mode },
        exempt: address.map_or(0, |address| exemptions(policy, address)),
        address,
        network: address.map(|address| identity::network(address, surroundings)),
        fingerprint: fingerprint(headers, login.is_some(), surroundings),
        is_named: false,
        is_credited: false,
        recognition: Recognition::default(),
        session: None,
        sprayed: None,
        decided_at: surroundings.now,
        client: 0,
        not_before: address.map(|address| surroundings.settings.not_before(address)).unwrap_or_default(),
        cells: Vec::new(),
        values: Vec::new(),
        offered: Vec::new(),
        issued: Vec::new(),
        counts: Vec::new(),
        settled: Vec::new(),
        search: Search::of(policy, &found),
        country: country(headers, policy),
        honeypot: found.honeypot,
        prefers_html: prefers_html(header(headers, "accept")),
        is_head: method == b"HEAD",
        is_tunnel: method == b"CONNECT",
        verdict: crate::verdict::Verdict::default(),
        retry_after: 0,
        failed_closed: false,
        outcome: None,
        found: Default::default(),
        known_since: Vec::new(),
        is_inspected: false,
        is_concluded: false,
        is_muted: false,
        decoding: 0,
        uninspected: None,
        failure: None,
        circumstances: crate::verdict::Circumstances::default(),
        changes,
    };
    if raw_path.is_none() && !subject.is_tunnel {
        subject.fail(Failure::Request, surroundings);
    }
    if path.truncated {
        // What the upstream makes of such a path cannot be known, so no rule for its true route would apply.
        subject.fail(Failure::Request, surroundings);
        subject.failed_closed |= subject.mode == Mode::Enforce && !subject.is_exempt();
    }
    if !subject.is_exempt() {
        identity::identify(&mut subject, head, surroundings);
        if subject.login.is_some() {
            subject.recognition.device = read_device(headers, surroundings);
        }
        if address.is_none() {
            subject.fail(Failure::Host, surroundings);
        }
        add_route_cell(&mut subject, surroundings);
        add_crowd_cells(&mut subject, surroundings);
        add_values(&mut subject, route, &path.path, surroundings);
    }
    readable_reply(&mut subject, headers, policy);
    search_url(&mut subject, raw_path.unwrap_or_default(), surroundings);
    subject
}

/// Whether a header field is one of ours. Gateways of the CGI family take `_` for `-`.
fn is_ours(name: &str) -> bool {
    let ours = "x-bartizan-";
    let same = |(one, other): (u8, u8)| one == other || (one == b'_' && other == b'-');
    name.len() >= ours.len() && name.bytes().zip(ours.bytes()).all(same)
}

fn exemptions(policy: &Policy<'_>, address: u128) -> u8 {
    let applies =
        |exemption: &&crate::blob::addresses::Exemption<'_>| policy.ranges.contain(exemption.ranges, address);
    policy.exemptions.iter().filter(applies).fold(0, |skip, exemption| skip | exemption.skip)
}

fn add_route_cell(subject: &mut Subject, surroundings: &Surroundings<'_, '_>) {
    let policy = surroundings.policy;
    let has_pulse = policy.shape(CellKind::Route).is_some_and(|shape| shape.pulse != 0);
    let counts = policy.counters.iter().any(|counter| counter.key == CounterKey::Route);
    if !counts && (!has_pulse || subject.login.is_none()) {
        return;
    }
    let address = route_cell(subject, surroundings);
    subject.cells.push(Touched::new(address, Roles::only(CounterKey::Route)));
}

/// Where the state of the exchange's route lies.
pub(super) fn route_cell(subject: &Subject, surroundings: &Surroundings<'_, '_>) -> CellAddress {
    let policy = surroundings.policy;
    let app = policy.apps.get(usize::from(subject.app)).map_or("", |app| app.name);
    let route = subject.route.and_then(|route| policy.routes.get(route as usize));
    let name = route.map_or("", |route| route.name);
    let hash = surroundings.key.hash(Role::Route, &[app.as_bytes(), name.as_bytes()]);
    locate(&policy.tables, CellKind::Route, hash, surroundings.settings.state_pages)
}

/// The cells of the network and of the fingerprint. What counts logins is not touched by other requests.
fn add_crowd_cells(subject: &mut Subject, surroundings: &Surroundings<'_, '_>) {
    let policy = surroundings.policy;
    let crowds = [
        (CounterKey::Network, CellKind::Network, subject.network),
        (CounterKey::Fingerprint, CellKind::Fingerprint, subject.fingerprint),
    ];
    for (key, kind, hash) in crowds {
        let counts = |counter: &crate::blob::counters::Counter<'_>| {
            counter.key == key && (subject.login.is_some() || !counter.is_of_logins())
        };
        if let Some(hash) = hash.filter(|_| policy.counters.iter().any(counts)) {
            let address = locate(&policy.tables, kind, hash, surroundings.settings.state_pages);
            subject.cells.push(Touched::new(address, Roles::only(key)));
        }
    }
}

/// The values that counters of different values need and that the head already shows.
fn add_values(
    subject: &mut Subject,
    route: Option<&Route<'_>>,
    path: &[u8],
    surroundings: &Surroundings<'_, '_>,
) {
    let policy = surroundings.policy;
    for (position, counter) in policy.counters.iter().enumerate() {
        let value = match counter.source {
            Source::Distinct(Value::Path) => Some(surroundings.key.hash(Role::Path, &[path])),
            Source::Distinct(Value::PathParameter) => parameter(policy, route, path, counter.parameter)
                .map(|text| surroundings.key.hash(Role::Parameter, &[counter.parameter.as_bytes(), text])),
            Source::Distinct(Value::Client) if counter.key != CounterKey::LoginUsername => {
                Some(subject.client)
            }
            Source::Distinct(Value::Address) if counter.key != CounterKey::LoginUsername => {
                subject.address_value(surroundings)
            }
            Source::Distinct(Value::Network) if counter.key != CounterKey::LoginUsername => subject.network,
            Source::Distinct(Value::Fingerprint) => subject.fingerprint,
            _ => None,
        };
        if let Some(value) = value {
            subject.values.push((u16::try_from(position).unwrap_or(u16::MAX), value));
        }
    }
}

impl Subject {
    /// The address as a value to be told apart.
    pub(crate) fn address_value(&self, surroundings: &Surroundings<'_, '_>) -> Option<u64> {
        let prefix = surroundings.policy.basics.ipv6_prefix;
        let address = crate::http::address::mask_ipv6(self.address?, prefix);
        Some(surroundings.key.hash(Role::Address, &[&address.to_be_bytes()]))
    }
}

fn parameter<'v>(
    policy: &Policy<'_>,
    route: Option<&Route<'_>>,
    path: &'v [u8],
    name: &str,
) -> Option<&'v [u8]> {
    let parameters = policy.parameters.get(route?.parameters.positions())?;
    let parameter = parameters.iter().find(|parameter| parameter.name == name)?;
    segments(path).nth(usize::from(parameter.segment))
}

/// Asks the upstream for a reply that can be read: whole, and not compressed.
fn readable_reply(subject: &mut Subject, headers: &Headers, policy: &Policy<'_>) {
    let reads_outcome = subject.login.is_some_and(|login| super::outcome::reads_body(policy, login));
    if subject.is_tunnel || (subject.search.body.is_empty() && !reads_outcome) {
        return;
    }
    let offered = super::all_headers(headers, "accept-encoding");
    let app = policy.apps.get(usize::from(subject.app));
    let decodes = !reads_outcome && app.is_some_and(|app| app.compression == Compression::Decode);
    let accepted = if decodes { readable_codings(&offered) } else { "identity" };
    if offered.iter().any(|value| *value != accepted.as_bytes()) {
        subject.changes.set.push(("accept-encoding", accepted.to_owned()));
    }
    // Messages in JSON are read one by one as they are, and not where each is compressed.
    let kind = header(headers, "content-type").unwrap_or_default().to_ascii_lowercase();
    let has_messages = kind.starts_with(b"application/") && memchr::memmem::find(&kind, b"+json").is_some();
    let of_messages = ["grpc-accept-encoding", "connect-accept-encoding"];
    let of_messages = of_messages.into_iter().filter(|_| has_messages);
    let unwanted = ["range", "if-range", "request-range", "accept-charset"].into_iter().chain(of_messages);
    let sent = unwanted.filter(|name| header(headers, name).is_some());
    subject.changes.remove.extend(sent.map(str::to_owned));
    if let Some(accepted) = without_charset(&super::all_headers(headers, "accept")) {
        subject.changes.set.push(("accept", accepted));
    }
}

/// The types that are accepted without the charsets that are wished for, where there are any: servers that grant the wish
/// may answer in one that is not read.
fn without_charset(accepted: &[&[u8]]) -> Option<String> {
    let is_charset = |part: &str| {
        part.trim_ascii_start().get(..7).is_some_and(|name| name.eq_ignore_ascii_case("charset"))
    };
    let all = accepted.iter().map(|value| String::from_utf8_lossy(value)).collect::<Vec<_>>().join(",");
    if !all.split([',', ';']).any(is_charset) {
        return None;
    }
    let kept = |entry: &str| entry.split(';').filter(|part| !is_charset(part)).collect::<Vec<_>>().join(";");
    Some(all.split(',').map(kept).collect::<Vec<_>>().join(","))
}

/// What of the offered codings the filter can read. Brotli only where nothing else is offered: servers like to use larger
/// windows for it than are read here.
fn readable_codings(offered: &[&[u8]]) -> &'static str {
    let offers = |wanted: &str| {
        let mut entries = offered.iter().flat_map(|value| value.split(|byte| *byte == b','));
        entries.any(|entry| {
            let mut parts = entry.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
            let is_wanted = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(wanted.as_bytes()));
            // A weight of zero is a refusal (RFC 9110, 12.4.2).
            let is_refused = |part: &[u8]| {
                part.strip_prefix(b"q=")
                    .is_some_and(|weight| weight.iter().all(|byte| matches!(byte, b'0' | b'.')))
            };
            is_wanted && !parts.any(is_refused)
        })
    };
    match (offers("gzip"), offers("deflate"), offers("br")) {
        (true, true, _) => "gzip, deflate",
        (true, false, _) => "gzip",
        (false, true, _) => "deflate",
        (false, false, true) => "br",
        (false, false, false) => "identity",
    }
}

/// The client's country, as a header says it that the operator trusts: two letters.
fn country(headers: &Headers, policy: &Policy<'_>) -> [u8; 2] {
    let name = policy.basics.country_header;
    let value = if name.is_empty() { None } else { header(headers, name) };
    let letters = value.and_then(|value| <[u8; 2]>::try_from(value.trim_ascii()).ok());
    let country = letters.filter(|letters| letters.iter().all(u8::is_ascii_alphabetic));
    country.map(|letters| letters.map(|letter| letter.to_ascii_uppercase())).unwrap_or_default()
}

/// Looks for what has no place in an address: it stands in logs, histories and referrers from then on.
fn search_url(subject: &mut Subject, path: &[u8], surroundings: &mut Surroundings<'_, '_>) {
    const LONGEST: usize = 8 * 1024;
    if subject.search.url.is_empty() || subject.is_exempt() {
        return;
    }
    let settings = subject.search.settings(surroundings.policy, Place::Url, false);
    let world = ScanWorld { policy: surroundings.policy, key: surroundings.key };
    let mut scanner = Scanner::new(settings, BodyKind::URL);
    let _ = scanner.push(path.get(..LONGEST).unwrap_or(path).to_vec(), true, world);
    let found = std::mem::take(scanner.findings_mut());
    super::findings::note(subject, Place::Url, found, surroundings);
}
