//! From a draft to a blob.

use super::addresses::{AddressList, Exemption, Range};
use super::apps::{App, Honeypot, Host, HostKind, NO_LOGIN, Parameter, Route, Sensitive};
use super::cell_layout::lay_out;
use super::client::{Basics, ClientKeyKind, ClientKeyRecord, Devices, FingerprintRecord};
use super::counters::{CellShape, Counter, PAGE_CELLS_LEN};
use super::detectors::{Expectation, MAX_CONTEXTS, MAX_DETECTORS, MAX_LITERALS};
use super::draft::{
    ActionDraft, AddressFrom, AddressRange, ClientKey, Condition, CounterDraft, DecoyDraft, FieldSource,
    FingerprintPart, FlowKind, HostPattern, Milestone as MilestoneDraft, PathPattern, PolicyDraft,
    ReplyDraft, Segment,
};
use super::field::Span;
use super::flows::{Flow, FlowCode, FlowStep, LeakedList, Milestone};
use super::ladders::{Ladder, Step, StepAction};
use super::logins::{self, Decoy, DecoyHeader, FieldPlace, Login};
use super::policy::MAX_COUNTERS;
use super::rules::{self, Rule};
use super::trie::{TargetKind, TrieBuilder, method_bits};
use super::write_detectors::UsedDetectors;
use super::writer::BlobWriter;
use std::fmt;
use std::marker::PhantomData;

/// Why a draft cannot be written. The compiler finds these before, with a span; they are here for other callers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteError {
    /// The counters of one kind of key need more than half a page together.
    CellTooLarge {
        /// Which kind.
        kind: &'static str,
        /// How many bytes they need.
        needs: u16,
        /// How many there are.
        available: u16,
    },
    /// More than 64 counters.
    TooManyCounters(usize),
    /// More than 256 detectors that something looks for.
    TooManyDetectors(usize),
    /// More than 64 different lists of context words.
    TooManyContexts(usize),
    /// More than 4096 words and beginnings of patterns.
    TooManyLiterals(usize),
    /// A method outside of [`super::trie::METHODS`].
    UnknownMethod(String),
    /// Above 4 GiB.
    TooLarge,
}

impl fmt::Display for WriteError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CellTooLarge { kind, needs, available } => write!(
                out,
                "the counters per {kind} need {needs} bytes and a cell has {available}: lower the thresholds of distinct \
                 counters, or use fewer of them"
            ),
            Self::TooManyCounters(count) => {
                write!(out, "{count} counters, and at most {MAX_COUNTERS} are possible")
            }
            Self::TooManyDetectors(count) => write!(
                out,
                "the policy looks for {count} kinds of sensitive values, and at most {MAX_DETECTORS} are possible"
            ),
            Self::TooManyContexts(count) => write!(
                out,
                "the detectors have {count} different lists of context words, and at most {MAX_CONTEXTS} are possible"
            ),
            Self::TooManyLiterals(count) => write!(
                out,
                "the detectors have {count} words and beginnings together, and at most {MAX_LITERALS} are possible"
            ),
            Self::UnknownMethod(method) => {
                write!(out, "`{method}` is not one of the methods {}", super::trie::METHODS.join(", "))
            }
            Self::TooLarge => write!(out, "the blob would be larger than 4 GiB"),
        }
    }
}

impl std::error::Error for WriteError {}

pub(super) fn number(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

pub(super) fn small(position: usize) -> u16 {
    u16::try_from(position).unwrap_or(u16::MAX)
}

impl PolicyDraft {
    /// Writes the policy. The same draft gives the same bytes.
    ///
    /// # Errors
    ///
    /// When the draft breaks one of the limits in its own documentation that the format cannot hold.
    pub fn write(&self) -> Result<Vec<u8>, WriteError> {
        if self.counters.len() > MAX_COUNTERS {
            return Err(WriteError::TooManyCounters(self.counters.len()));
        }
        let mut blob = BlobWriter::default();
        self.write_client(&mut blob);
        self.write_addresses(&mut blob);
        let used = UsedDetectors::of(self);
        self.write_counters(&mut blob, &used)?;
        self.write_scores(&mut blob);
        self.write_apps(&mut blob, &used)?;
        self.write_flows(&mut blob);
        used.write(&mut blob)?;
        blob.finish(concat!("bartizan ", env!("CARGO_PKG_VERSION"))).ok_or(WriteError::TooLarge)
    }

    fn write_client(&self, blob: &mut BlobWriter) {
        let trusted_hops = match self.client.address_from {
            AddressFrom::Envoy => 0,
            AddressFrom::TrustedHops(hops) => hops,
        };
        let ipv6_prefix = self.client.ipv6_prefix;
        blob.section(&[Basics {
            on_error: self.on_error,
            trusted_hops,
            ipv6_prefix,
            country_header: &self.client.country_header,
            blob: PhantomData,
        }]);
        let keys = self.client.keys.iter().map(|key| match key {
            ClientKey::IssuedCookie(name) => (ClientKeyKind::IssuedCookie, name.as_str(), ""),
            ClientKey::AcceptedHeader(name) => (ClientKeyKind::AcceptedHeader, name.as_str(), ""),
            ClientKey::VerifiedClaim { payload, claim } => {
                (ClientKeyKind::VerifiedClaim, claim.as_str(), payload.as_str())
            }
        });
        let keys =
            keys.map(|(kind, name, payload)| ClientKeyRecord { kind, name, payload, blob: PhantomData });
        blob.section(&keys.collect::<Vec<_>>());
        let parts = self.client.fingerprint.iter().map(|part| match part {
            FingerprintPart::HeaderOrder => FingerprintRecord { header: "", blob: PhantomData },
            FingerprintPart::Header(name) => FingerprintRecord { header: name, blob: PhantomData },
        });
        blob.section(&parts.collect::<Vec<_>>());
        let devices = self.devices.iter().map(|devices| Devices {
            cookie: &devices.cookie,
            for_seconds: devices.for_seconds,
            blob: PhantomData,
        });
        blob.section(&devices.collect::<Vec<_>>());
    }

    fn write_addresses(&self, blob: &mut BlobWriter) {
        let mut ranges = Vec::new();
        let mut place = |of: &[AddressRange]| {
            let span = Span { first: number(ranges.len()), count: number(of.len()) };
            ranges.extend(of.iter().map(|range| Range {
                first: range.first,
                last: range.last,
                blob: PhantomData,
            }));
            span
        };
        let lists: Vec<_> = self
            .lists
            .iter()
            .map(|list| AddressList { name: &list.name, ranges: place(&list.ranges), blob: PhantomData })
            .collect();
        let exemptions: Vec<_> = self
            .allow
            .iter()
            .map(|allow| Exemption {
                ranges: place(&allow.ranges),
                skip: allow.skip.iter().fold(0, |bits, threat| bits | (1 << *threat as u8)),
                because: &allow.because,
                blob: PhantomData,
            })
            .collect();
        blob.section(&ranges);
        blob.section(&lists);
        blob.section(&exemptions);
    }

    fn write_counters(&self, blob: &mut BlobWriter, used: &UsedDetectors<'_>) -> Result<(), WriteError> {
        let (counters, shapes): (Vec<Counter<'_>>, Vec<CellShape<'_>>) = lay_out(self, used);
        for shape in &shapes {
            if shape.len > PAGE_CELLS_LEN / 2 {
                let kind = shape.kind.name();
                return Err(WriteError::CellTooLarge {
                    kind,
                    needs: shape.len,
                    available: PAGE_CELLS_LEN / 2,
                });
            }
        }
        blob.section(&counters);
        blob.section(&shapes);
        Ok(())
    }

    /// The lowest number that a rule compares the counter with; 0 where none does.
    pub(crate) fn lowest_threshold(&self, counter: &CounterDraft) -> u32 {
        let position = self.counters.iter().position(|known| std::ptr::eq(known, counter));
        let mut lowest = None;
        let mut open: Vec<&Condition> = self.rules.iter().map(|rule| &rule.when).collect();
        while let Some(condition) = open.pop() {
            match condition {
                Condition::CounterOver { counter, over } if Some(*counter) == position => {
                    lowest = Some(lowest.map_or(*over, |known: u32| known.min(*over)));
                }
                Condition::All(parts) | Condition::Any(parts) => open.extend(parts),
                Condition::Not(part) => open.push(part),
                _ => {}
            }
        }
        lowest.unwrap_or(0)
    }

    /// Routes of all apps stand in one table, each app's logins after its routes.
    fn route_position(&self, app: usize, route: usize) -> u32 {
        let before: usize = self.apps.iter().take(app).map(|app| app.routes.len() + app.logins.len()).sum();
        number(before + route)
    }

    fn write_flows(&self, blob: &mut BlobWriter) {
        let milestones = self.milestones();
        let mut steps = Vec::new();
        let flows: Vec<_> = self
            .flows
            .iter()
            .map(|flow| {
                let first = number(steps.len());
                let code = match &flow.kind {
                    FlowKind::TooSoonAfter(MilestoneDraft::Login) => FlowCode::SoonAfterLogin,
                    FlowKind::TooSoonAfter(MilestoneDraft::NewDevice) => FlowCode::SoonAfterNewDevice,
                    FlowKind::Without(needed) => {
                        let place = |route: &usize| {
                            let known = milestones.iter().position(|known| *known == (flow.app, *route));
                            FlowStep { milestone: small(known.unwrap_or(usize::MAX)), blob: PhantomData }
                        };
                        steps.extend(needed.iter().map(place));
                        FlowCode::Without
                    }
                };
                Flow {
                    name: &flow.name,
                    route: self.route_position(flow.app, flow.route),
                    code,
                    within_seconds: flow.within_seconds,
                    because: &flow.because,
                    steps: Span { first, count: number(steps.len()).saturating_sub(first) },
                    blob: PhantomData,
                }
            })
            .collect();
        blob.section(&flows);
        blob.section(&steps);
        let milestones = milestones
            .iter()
            .map(|(app, route)| Milestone { route: self.route_position(*app, *route), blob: PhantomData });
        blob.section(&milestones.collect::<Vec<_>>());
        let leaked = self.leaked.iter().map(|list| LeakedList {
            name: &list.name,
            kind: list.kind,
            bits: list.bits,
            first_page: list.first_page,
            pages: list.pages,
            entries: list.entries,
            digest: list.digest,
            blob: PhantomData,
        });
        blob.section(&leaked.collect::<Vec<_>>());
    }

    fn write_scores(&self, blob: &mut BlobWriter) {
        let route_position = |app: usize, route: usize| self.route_position(app, route);
        let mut conditions = Vec::new();
        let rules: Vec<_> = self
            .rules
            .iter()
            .map(|rule| {
                let first = number(conditions.len());
                rules::flatten(&rule.when, &route_position, &mut conditions);
                Rule {
                    id: &rule.id,
                    threat: rule.threat,
                    mode: rule.mode,
                    points: rule.points,
                    because: &rule.because,
                    when: Span { first, count: number(conditions.len()).saturating_sub(first) },
                    blob: PhantomData,
                }
            })
            .collect();
        let mut steps = Vec::new();
        let ladders: Vec<_> = self
            .ladders
            .iter()
            .map(|ladder| {
                let span = Span { first: number(steps.len()), count: number(ladder.steps.len()) };
                steps.extend(ladder.steps.iter().map(|step| step_record(step.at, &step.action)));
                Ladder { threat: ladder.threat, steps: span, blob: PhantomData }
            })
            .collect();
        blob.section(&rules);
        blob.section(&conditions);
        blob.section(&ladders);
        blob.section(&steps);
    }

    fn write_apps(&self, blob: &mut BlobWriter, used: &UsedDetectors<'_>) -> Result<(), WriteError> {
        let mut trie = TrieBuilder::default();
        let (mut apps, mut hosts, mut routes, mut parameters) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (mut logins, mut outcomes) = (Vec::new(), Vec::new());
        let (mut decoys, mut decoy_headers) = (Vec::new(), Vec::new());
        let (mut honeypots, mut sensitive, mut expectations) = (Vec::new(), Vec::new(), Vec::new());
        for (position, app) in self.apps.iter().enumerate() {
            let position = small(position);
            let root = trie.root();
            apps.push(App {
                name: &app.name,
                mode: app.mode,
                owner: &app.owner,
                watch: app.watch,
                root: number(root),
                compression: app.compression,
                blob: PhantomData,
            });
            hosts.extend(app.hosts.iter().map(|host| {
                let (kind, text) = match host {
                    HostPattern::Exact(text) => (HostKind::Exact, text.as_str()),
                    HostPattern::Below(text) => (HostKind::Below, text.as_str()),
                    HostPattern::Any => (HostKind::Any, ""),
                };
                Host { kind, text, app: position, blob: PhantomData }
            }));
            for route in &app.routes {
                let methods = bits(&route.methods)?;
                trie.insert(root, &route.path, TargetKind::Route, methods, number(routes.len()));
                let parameters = place_parameters(&route.path, &mut parameters);
                routes.push(Route {
                    name: &route.name,
                    app: position,
                    mode: route.mode,
                    authenticated: route.authenticated,
                    login: NO_LOGIN,
                    parameters,
                    blob: PhantomData,
                });
            }
            for login in &app.logins {
                let methods = bits(std::slice::from_ref(&login.method))?;
                trie.insert(root, &login.path, TargetKind::Route, methods, number(routes.len()));
                let parameters = place_parameters(&login.path, &mut parameters);
                routes.push(Route {
                    name: &login.name,
                    app: position,
                    mode: login.mode,
                    authenticated: false,
                    login: number(logins.len()),
                    parameters,
                    blob: PhantomData,
                });
                let (username_place, username) = field_place(Some(&login.username));
                let (password_place, password) = field_place(login.password.as_ref());
                let mut outcome = |condition| {
                    let first = number(outcomes.len());
                    logins::flatten(condition, &mut outcomes);
                    Span { first, count: number(outcomes.len()).saturating_sub(first) }
                };
                let (success, failure) = (outcome(&login.success), outcome(&login.failure));
                let (only_place, only) = field_place(login.only_if.as_ref().map(|(source, _)| source));
                let only_text = login.only_if.as_ref().map_or("", |(_, text)| text.as_str());
                decoys.extend(login.decoy.as_ref().map(|decoy| decoy_record(decoy, &mut decoy_headers)));
                let decoy = if login.decoy.is_some() { number(decoys.len()) } else { 0 };
                let blob = PhantomData;
                logins.push(Login {
                    username_place,
                    username,
                    password_place,
                    password,
                    success,
                    failure,
                    only_place,
                    only,
                    only_text,
                    plus_address: login.plus_address,
                    decoy,
                    blob,
                });
            }
            for honeypot in &app.honeypots {
                trie.insert(root, &honeypot.path, TargetKind::Honeypot, 0, number(honeypots.len()));
                honeypots.push(Honeypot {
                    app: position,
                    threat: honeypot.threat,
                    points: honeypot.points,
                    for_ms: honeypot.for_ms,
                    because: &honeypot.because,
                    blob: PhantomData,
                });
            }
            for search in &app.sensitive {
                trie.insert(root, &search.paths, TargetKind::Sensitive, 0, number(sensitive.len()));
                sensitive.push(Sensitive {
                    app: position,
                    detectors: used.old_bits(&search.find),
                    action: search.action,
                    keep_last: search.keep_last,
                    finds: used.bits(&search.find),
                    keep_first: search.keep_first,
                    style: search.style,
                    confidence: search.confidence,
                    places: search.places,
                    blob: PhantomData,
                });
            }
            let of_routes = app.routes.iter().map(|route| (&route.methods, &route.path, &route.expects));
            let of_app = app.expectations.iter().map(|(methods, path, expects)| (methods, path, expects));
            for (methods, path, expects) in of_routes.chain(of_app) {
                let detectors = used.bits(expects);
                if detectors.is_empty() {
                    continue;
                }
                let methods = bits(methods)?;
                trie.insert(root, path, TargetKind::Expectation, methods, number(expectations.len()));
                expectations.push(Expectation { app: position, detectors, blob: PhantomData });
            }
        }
        hosts.sort_by(|one, other| {
            let length = other.text.len().cmp(&one.text.len());
            one.kind.cmp(&other.kind).then(length).then_with(|| one.text.cmp(other.text))
        });
        let (nodes, edges, targets) = trie.finish();
        blob.section(&apps);
        blob.section(&hosts);
        blob.section(&routes);
        blob.section(&parameters);
        blob.section(&honeypots);
        blob.section(&sensitive);
        blob.section(&nodes);
        blob.section(&edges.iter().map(super::trie::OwnedEdge::as_edge).collect::<Vec<_>>());
        blob.section(&targets);
        blob.section(&logins);
        blob.section(&outcomes);
        blob.section(&decoys);
        blob.section(&decoy_headers);
        blob.section(&expectations);
        Ok(())
    }
}

fn bits(methods: &[String]) -> Result<u16, WriteError> {
    let unknown = || methods.iter().find(|method| method_bits(std::slice::from_ref(method)).is_none());
    method_bits(methods).ok_or_else(|| WriteError::UnknownMethod(unknown().cloned().unwrap_or_default()))
}

fn step_record<'d>(at: u16, action: &'d ActionDraft) -> Step<'d> {
    static NONE: ReplyDraft = ReplyDraft { status: None, json: None, html: None, delay_ms: 0 };
    let (code, value, reply): (_, _, &'d ReplyDraft) = match action {
        ActionDraft::Tag => (StepAction::Tag, 0, &NONE),
        ActionDraft::Throttle { per_minute, reply } => (StepAction::Throttle, *per_minute, reply),
        ActionDraft::Challenge { reply } => (StepAction::Challenge, 0, reply),
        ActionDraft::Block { for_ms, reply } => (StepAction::Block, *for_ms, reply),
        ActionDraft::Deceive { reply } => (StepAction::Deceive, 0, reply),
    };
    Step {
        at,
        action: code,
        value,
        status: reply.status.unwrap_or(0),
        json: reply.json.as_deref().unwrap_or_default(),
        html: reply.html.as_deref().unwrap_or_default(),
        delay_ms: reply.delay_ms,
        blob: PhantomData,
    }
}

fn decoy_record<'d>(decoy: &'d DecoyDraft, headers: &mut Vec<DecoyHeader<'d>>) -> Decoy<'d> {
    let first = number(headers.len());
    let fields = decoy.headers.iter();
    headers.extend(fields.map(|(name, value)| DecoyHeader { name, value, blob: PhantomData }));
    Decoy {
        status: decoy.status,
        body: &decoy.body,
        delay_ms: decoy.delay_ms,
        headers: Span { first, count: number(decoy.headers.len()) },
        blob: PhantomData,
    }
}

fn place_parameters<'d>(path: &'d PathPattern, out: &mut Vec<Parameter<'d>>) -> Span {
    let first = number(out.len());
    for (position, segment) in path.segments.iter().enumerate() {
        if let Segment::Parameter(name) = segment {
            out.push(Parameter { name, segment: small(position), blob: PhantomData });
        }
    }
    Span { first, count: number(out.len()).saturating_sub(first) }
}

fn field_place(source: Option<&FieldSource>) -> (FieldPlace, &str) {
    match source {
        None => (FieldPlace::Nowhere, ""),
        Some(FieldSource::Form(name)) => (FieldPlace::Form, name),
        Some(FieldSource::Json(pointer)) => (FieldPlace::Json, pointer),
        Some(FieldSource::Query(name)) => (FieldPlace::Query, name),
        Some(FieldSource::BasicUser) => (FieldPlace::BasicUser, ""),
        Some(FieldSource::BasicPassword) => (FieldPlace::BasicPassword, ""),
        Some(FieldSource::Multipart(name)) => (FieldPlace::Multipart, name),
        Some(FieldSource::Element(name)) => (FieldPlace::Element, name),
    }
}
