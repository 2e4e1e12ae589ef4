//! The policy as the engine reads it: every section checked once, at load.

use super::addresses::{AddressList, Exemption, Range, Ranges};
use super::apps::{App, Honeypot, Host, NO_LOGIN, Parameter, Route, Sensitive};
use super::client::{Basics, ClientKeyRecord};
use super::counters::{CellKind, CellShape, Counter, PAGE_CELLS_LEN, Source, Storage};
use super::error::BlobError;
use super::field::{Fields, Record, Span};
use super::header::{Header, SectionEntry};
use super::ladders::{Ladder, Step};
use super::logins::{Login, OutcomeStep};
use super::rules::{ConditionCode, ConditionStep, Rule, check_program};
use super::trie::{Edge, NO_NODE, Node, Target, TargetKind, Trie};
use crate::vocabulary::{CounterKey, Event};

/// The string pool's section.
const STRINGS: u16 = 1;

/// A compiled policy, borrowed from its blob.
///
/// Small tables are decoded, everything large (texts, address ranges) stays where it is. Everything refers only to what
/// exists: that was checked when the policy was made from bytes, and there is no other way to one.
#[derive(Clone, Debug)]
pub struct Policy<'p> {
    /// The facts at the head of the blob.
    pub header: Header,
    /// Single values.
    pub basics: Basics<'p>,
    /// What names a client.
    pub client_keys: Vec<ClientKeyRecord<'p>>,
    /// All address ranges.
    pub ranges: Ranges<'p>,
    /// Named address lists.
    pub lists: Vec<AddressList<'p>>,
    /// Exemptions.
    pub exemptions: Vec<Exemption<'p>>,
    /// Counters.
    pub counters: Vec<Counter<'p>>,
    /// The shapes of cells, one for each [`CellKind`] in its order.
    pub shapes: Vec<CellShape<'p>>,
    /// What scores.
    pub rules: Vec<Rule<'p>>,
    /// The rules' conditions.
    pub conditions: Vec<ConditionStep<'p>>,
    /// What scores lead to.
    pub ladders: Vec<Ladder<'p>>,
    /// The ladders' steps.
    pub steps: Vec<Step<'p>>,
    /// Applications.
    pub apps: Vec<App<'p>>,
    /// Their hosts.
    pub hosts: Vec<Host<'p>>,
    /// Their routes, logins included.
    pub routes: Vec<Route<'p>>,
    /// The routes' named parameters.
    pub parameters: Vec<Parameter<'p>>,
    /// Their logins.
    pub logins: Vec<Login<'p>>,
    /// The logins' outcomes.
    pub outcomes: Vec<OutcomeStep<'p>>,
    /// Their traps.
    pub honeypots: Vec<Honeypot<'p>>,
    /// What is looked for in their replies.
    pub sensitive: Vec<Sensitive<'p>>,
    nodes: Vec<Node<'p>>,
    edges: Vec<Edge<'p>>,
    targets: Vec<Target<'p>>,
}

impl<'p> Policy<'p> {
    /// Reads a blob. Time and memory are linear in its length; it never panics for any input.
    ///
    /// # Errors
    ///
    /// When the header refuses (see [`Header::parse`]), or a section holds a value that is out of its range or refers to
    /// something that is not there.
    pub fn parse(blob: &'p [u8]) -> Result<Self, BlobError> {
        let header = Header::parse(blob)?;
        let sections = Sections { blob, entries: &header.sections };
        let strings = sections.find(STRINGS).map(|(bytes, _)| bytes).unwrap_or_default();
        let basics = sections.table::<Basics<'p>>(strings)?;
        let [basics] = <[Basics<'p>; 1]>::try_from(basics)
            .map_err(|_| BlobError::expected(Basics::NAME, "exactly one record"))?;
        let (ranges, range_len) = sections.find(Range::ID).unwrap_or((&[], 32));
        let policy = Self {
            basics,
            client_keys: sections.table(strings)?,
            ranges: Ranges::new(ranges, range_len)?,
            lists: sections.table(strings)?,
            exemptions: sections.table(strings)?,
            counters: sections.table(strings)?,
            shapes: sections.table(strings)?,
            rules: sections.table(strings)?,
            conditions: sections.table(strings)?,
            ladders: sections.table(strings)?,
            steps: sections.table(strings)?,
            apps: sections.table(strings)?,
            hosts: sections.table(strings)?,
            routes: sections.table(strings)?,
            parameters: sections.table(strings)?,
            logins: sections.table(strings)?,
            outcomes: sections.table(strings)?,
            honeypots: sections.table(strings)?,
            sensitive: sections.table(strings)?,
            nodes: sections.table(strings)?,
            edges: sections.table(strings)?,
            targets: sections.table(strings)?,
            header,
        };
        policy.check()?;
        Ok(policy)
    }

    /// The trie of all apps' paths.
    #[must_use]
    pub fn trie(&self) -> Trie<'_, 'p> {
        Trie { nodes: &self.nodes, edges: &self.edges, targets: &self.targets }
    }

    /// The shape of the cells of one table.
    #[must_use]
    pub fn shape(&self, kind: CellKind) -> Option<&CellShape<'p>> {
        self.shapes.get(kind as usize)
    }

    /// The app that serves a host, given in lower case and without port.
    #[must_use]
    pub fn app_of_host(&self, host: &[u8]) -> Option<u16> {
        use super::apps::HostKind;
        // Sorted by precedence: the first that matches is the most specific.
        self.hosts
            .iter()
            .find(|pattern| match pattern.kind {
                HostKind::Exact => pattern.text.as_bytes() == host,
                HostKind::Below => host
                    .strip_suffix(pattern.text.as_bytes())
                    .and_then(<[u8]>::split_last)
                    .is_some_and(|(dot, below)| *dot == b'.' && !below.is_empty()),
                HostKind::Any => true,
            })
            .map(|pattern| pattern.app)
    }

    fn check(&self) -> Result<(), BlobError> {
        self.check_basics()?;
        self.check_lists()?;
        self.check_cells()?;
        self.check_scores()?;
        self.check_apps()?;
        self.check_trie()
    }

    fn check_basics(&self) -> Result<(), BlobError> {
        let refuse = |what| Err(BlobError::expected(Basics::NAME, what));
        if self.basics.trusted_hops > 16 {
            return refuse("at most 16 trusted hops");
        }
        if !(32..=128).contains(&self.basics.ipv6_prefix) {
            return refuse("an IPv6 prefix of 32 to 128 bits");
        }
        if self.client_keys.len() > 8 {
            return Err(BlobError::expected(ClientKeyRecord::NAME, "at most 8 records"));
        }
        Ok(())
    }

    fn check_lists(&self) -> Result<(), BlobError> {
        for list in &self.lists {
            self.ranges.check(list.ranges, AddressList::NAME)?;
        }
        for exemption in &self.exemptions {
            self.ranges.check(exemption.ranges, Exemption::NAME)?;
        }
        Ok(())
    }

    fn check_cells(&self) -> Result<(), BlobError> {
        let kinds = self.shapes.iter().map(|shape| shape.kind);
        if !kinds.eq(CellKind::ALL) {
            return Err(BlobError::expected(CellShape::NAME, "one shape for each kind, in order"));
        }
        for shape in &self.shapes {
            let parts = [(shape.ban, 12), (shape.vouched, 4), (shape.throttle, 8), (shape.pending, 12)];
            let marks = shape.marks.map(|mark| (mark, 12));
            let fits = |(offset, len): &(u16, u16)| {
                *offset == super::counters::ABSENT
                    || u32::from(*offset) + u32::from(*len) <= u32::from(shape.len)
            };
            if shape.len > PAGE_CELLS_LEN / 2 || !parts.iter().chain(&marks).all(fits) {
                return Err(BlobError::expected(
                    CellShape::NAME,
                    "cells of at most half a page, with their parts inside",
                ));
            }
        }
        if self.counters.len() > MAX_COUNTERS {
            return Err(BlobError::expected(Counter::NAME, "at most 64 counters"));
        }
        for counter in &self.counters {
            let len = self.shape(CellKind::of(counter.key)).map_or(0, |shape| u32::from(shape.len));
            let needs = match counter.storage {
                Storage::Buckets => 20,
                Storage::ExactSet => u32::from(counter.size) * 4 + 4,
                Storage::Bitmap => u32::from(counter.size) / 8 * 4 + 4,
            };
            let matches_source =
                matches!(counter.source, Source::Count(_)) == (counter.storage == Storage::Buckets);
            let bits = counter.storage != Storage::Bitmap
                || (counter.size.is_power_of_two() && (64..=1024).contains(&counter.size));
            if u32::from(counter.offset) + needs > len || !matches_source || !bits {
                return Err(BlobError::expected(Counter::NAME, "counters inside their cells"));
            }
            if !(1000..=86_400_000).contains(&counter.window_ms) || counter.flush_at == 0 {
                return Err(BlobError::expected(Counter::NAME, "windows of one second to 24 hours"));
            }
            let on_login = matches!(
                counter.source,
                Source::Count(Event::LoginAttempt | Event::LoginSuccess | Event::LoginFailure)
            );
            let pending = self.shape(CellKind::of(counter.key)).map(|shape| shape.pending);
            if on_login && pending == Some(super::counters::ABSENT) {
                return Err(BlobError::expected(
                    CellShape::NAME,
                    "room for pending attempts beside login counters",
                ));
            }
            if counter.key == CounterKey::LoginUsername
                && matches!(counter.source, Source::Count(Event::Request))
            {
                return Err(BlobError::expected(Counter::NAME, "no request counters per account"));
            }
        }
        Ok(())
    }

    fn check_scores(&self) -> Result<(), BlobError> {
        for rule in &self.rules {
            rule.when.check(self.conditions.len(), Rule::NAME)?;
            let steps = rule.when.of(&self.conditions);
            check_program(steps.iter().map(ConditionStep::stack_effect), Rule::NAME)?;
        }
        for step in &self.conditions {
            let subject = usize::from(step.subject);
            let exists = match step.code {
                ConditionCode::CounterOver => subject < self.counters.len(),
                ConditionCode::List => subject < self.lists.len(),
                ConditionCode::Route => (step.operand as usize) < self.routes.len(),
                ConditionCode::App => subject < self.apps.len(),
                ConditionCode::Login | ConditionCode::All | ConditionCode::Any | ConditionCode::Not => true,
            };
            if !exists {
                return Err(BlobError::expected(ConditionStep::NAME, "references inside their section"));
            }
        }
        for ladder in &self.ladders {
            ladder.steps.check(self.steps.len(), Ladder::NAME)?;
            let steps = ladder.steps.of(&self.steps);
            if !steps.is_sorted_by(|one, next| one.at < next.at) {
                return Err(BlobError::expected(Ladder::NAME, "steps by rising score"));
            }
        }
        for step in &self.steps {
            if (step.status != 0 && !(200..=599).contains(&step.status))
                || (step.value == 0 && is_throttle(step))
            {
                return Err(BlobError::expected(Step::NAME, "a status of 200 to 599 and a rate above 0"));
            }
        }
        Ok(())
    }

    fn check_apps(&self) -> Result<(), BlobError> {
        let app = |position: u16, section| {
            let found = usize::from(position) < self.apps.len();
            if found { Ok(()) } else { Err(BlobError::expected(section, "an app that exists")) }
        };
        for record in &self.apps {
            if record.root as usize >= self.nodes.len() {
                return Err(BlobError::expected(App::NAME, "a root inside the trie"));
            }
        }
        if !self.hosts.is_sorted_by_key(|host| host.kind) {
            return Err(BlobError::expected(Host::NAME, "hosts by precedence"));
        }
        for host in &self.hosts {
            app(host.app, Host::NAME)?;
        }
        for route in &self.routes {
            app(route.app, Route::NAME)?;
            route.parameters.check(self.parameters.len(), Route::NAME)?;
            if route.login != NO_LOGIN && route.login as usize >= self.logins.len() {
                return Err(BlobError::expected(Route::NAME, "a login that exists"));
            }
        }
        for login in &self.logins {
            for span in [login.success, login.failure] {
                span.check(self.outcomes.len(), Login::NAME)?;
                let steps = span.of(&self.outcomes);
                check_program(steps.iter().map(OutcomeStep::stack_effect), Login::NAME)?;
            }
        }
        for honeypot in &self.honeypots {
            app(honeypot.app, Honeypot::NAME)?;
        }
        for sensitive in &self.sensitive {
            app(sensitive.app, Sensitive::NAME)?;
            if sensitive.detectors >= 1 << crate::vocabulary::Detector::ALL.len() || sensitive.keep_last > 8 {
                return Err(BlobError::expected(
                    Sensitive::NAME,
                    "known detectors, and at most 8 characters kept",
                ));
            }
        }
        Ok(())
    }

    fn check_trie(&self) -> Result<(), BlobError> {
        for node in &self.nodes {
            node.literals.check(self.edges.len(), Node::NAME)?;
            node.here.check(self.targets.len(), Node::NAME)?;
            node.rest.check(self.targets.len(), Node::NAME)?;
            if node.any != NO_NODE && node.any as usize >= self.nodes.len() {
                return Err(BlobError::expected(Node::NAME, "children inside the trie"));
            }
            if !node.literals.of(&self.edges).is_sorted_by(|one, next| one.text < next.text) {
                return Err(BlobError::expected(Edge::NAME, "literal segments in order"));
            }
        }
        for edge in &self.edges {
            if edge.node as usize >= self.nodes.len() {
                return Err(BlobError::expected(Edge::NAME, "children inside the trie"));
            }
        }
        for target in &self.targets {
            let rows = match target.kind {
                TargetKind::Route => self.routes.len(),
                TargetKind::Honeypot => self.honeypots.len(),
                TargetKind::Sensitive => self.sensitive.len(),
            };
            if target.position as usize >= rows {
                return Err(BlobError::expected(Target::NAME, "targets that exist"));
            }
        }
        Ok(())
    }
}

/// More counters than this make an exchange slow; their values live in one small table.
pub(crate) const MAX_COUNTERS: usize = 64;

fn is_throttle(step: &Step<'_>) -> bool {
    step.action == super::ladders::StepAction::Throttle
}

struct Sections<'p, 'h> {
    blob: &'p [u8],
    entries: &'h [SectionEntry],
}

impl<'p> Sections<'p, '_> {
    fn find(&self, id: u16) -> Option<(&'p [u8], usize)> {
        let entry = self.entries.iter().find(|entry| entry.id == id)?;
        let start = entry.offset as usize;
        let bytes = self.blob.get(start..start.checked_add(usize::try_from(entry.len()).ok()?)?)?;
        Some((bytes, usize::from(entry.record_len)))
    }

    /// All records of a section; none where the section is absent.
    fn table<R: Record<'p>>(&self, strings: &'p [u8]) -> Result<Vec<R>, BlobError> {
        let Some((bytes, record_len)) = self.find(R::ID) else { return Ok(Vec::new()) };
        if record_len != R::LEN {
            return Err(BlobError::expected(R::NAME, "records of this format's length"));
        }
        let records = bytes.chunks_exact(R::LEN);
        records.map(|bytes| R::read(&mut Fields { section: R::NAME, bytes, strings })).collect()
    }
}

/// The names of all sections, for `inspect`.
#[must_use]
pub fn section_name(id: u16) -> &'static str {
    fn name<'p, R: Record<'p>>(id: u16) -> Option<&'static str> {
        (R::ID == id).then_some(R::NAME)
    }
    if id == STRINGS {
        return "strings";
    }
    name::<Basics<'_>>(id)
        .or_else(|| name::<ClientKeyRecord<'_>>(id))
        .or_else(|| name::<Range<'_>>(id))
        .or_else(|| name::<AddressList<'_>>(id))
        .or_else(|| name::<Exemption<'_>>(id))
        .or_else(|| name::<Counter<'_>>(id))
        .or_else(|| name::<CellShape<'_>>(id))
        .or_else(|| name::<Rule<'_>>(id))
        .or_else(|| name::<ConditionStep<'_>>(id))
        .or_else(|| name::<Ladder<'_>>(id))
        .or_else(|| name::<Step<'_>>(id))
        .or_else(|| name::<App<'_>>(id))
        .or_else(|| name::<Host<'_>>(id))
        .or_else(|| name::<Route<'_>>(id))
        .or_else(|| name::<Parameter<'_>>(id))
        .or_else(|| name::<Honeypot<'_>>(id))
        .or_else(|| name::<Sensitive<'_>>(id))
        .or_else(|| name::<Node<'_>>(id))
        .or_else(|| name::<Edge<'_>>(id))
        .or_else(|| name::<Target<'_>>(id))
        .or_else(|| name::<Login<'_>>(id))
        .or_else(|| name::<OutcomeStep<'_>>(id))
        .unwrap_or("unknown")
}

impl Span {
    /// Whether it has no records.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.count == 0
    }
}
