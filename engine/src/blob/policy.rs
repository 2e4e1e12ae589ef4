//! The policy as the engine reads it: every section checked once, at load.

use super::addresses::{AddressList, Exemption, Range, Ranges};
use super::apps::{App, Honeypot, Host, Parameter, Route, Sensitive};
use super::client::{Basics, ClientKeyRecord, Devices, FingerprintRecord};
use super::counters::{CellKind, CellShape, Counter};
use super::detectors::{
    AutomataByte, DetectorBits, DetectorRecord, Expectation, LiteralRecord, PatternRecord,
};
use super::error::BlobError;
use super::field::{Fields, Record, Span};
use super::flows::{Flow, FlowStep, LeakedList, Milestone};
use super::header::{Header, SectionEntry};
use super::ladders::{Ladder, Step};
use super::logins::{Decoy, DecoyHeader, Login, OutcomeStep};
use super::rules::{ConditionStep, Rule};
use super::tables::Tables;
use super::trie::{Edge, Node, Target, Trie};
use crate::sensitive::DetectorTable;
use regex_automata::dfa::sparse::DFA;

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
    /// What makes a client's fingerprint.
    pub fingerprint: Vec<FingerprintRecord<'p>>,
    /// The signed cookie that devices get; at most one.
    pub devices: Vec<Devices<'p>>,
    /// Lists of leaked credentials.
    pub leaked: Vec<LeakedList<'p>>,
    /// Orders of steps.
    pub flows: Vec<Flow<'p>>,
    /// The steps that flows need.
    pub flow_steps: Vec<FlowStep<'p>>,
    /// Routes whose last visit is kept in each session.
    pub milestones: Vec<Milestone<'p>>,
    /// The apps' own replies to failed logins.
    pub decoys: Vec<Decoy<'p>>,
    /// Their header fields.
    pub decoy_headers: Vec<DecoyHeader<'p>>,
    /// What sensitive values look like; at most 256.
    pub detectors: Vec<DetectorRecord<'p>>,
    /// The detectors' patterns.
    pub patterns: Vec<PatternRecord<'p>>,
    /// The patterns' automata, one behind the other.
    pub automata: &'p [u8],
    /// The automata by pattern, read in place.
    pub automata_parsed: Vec<DFA<&'p [u8]>>,
    /// The detectors as the scan needs them.
    pub detector_table: DetectorTable,
    /// The words and beginnings that the scan looks for, by text.
    pub literals: Vec<LiteralRecord<'p>>,
    /// What replies are meant to contain.
    pub expectations: Vec<Expectation<'p>>,
    /// How the pages of the state are shared out, and what has to be looked up for a login.
    pub tables: Tables,
    pub(super) nodes: Vec<Node<'p>>,
    pub(super) edges: Vec<Edge<'p>>,
    pub(super) targets: Vec<Target<'p>>,
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
        let strings =
            std::str::from_utf8(strings).map_err(|_| BlobError::expected("strings", "texts in UTF-8"))?;
        let basics = sections.table::<Basics<'p>>(strings)?;
        let [basics] = <[Basics<'p>; 1]>::try_from(basics)
            .map_err(|_| BlobError::expected(Basics::NAME, "exactly one record"))?;
        let (ranges, range_len) = sections.find(Range::ID).unwrap_or((&[], 32));
        let is_before_detectors = sections.find(DetectorRecord::ID).is_none();
        let mut policy = Self {
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
            fingerprint: sections.table(strings)?,
            devices: sections.table(strings)?,
            leaked: sections.table(strings)?,
            flows: sections.table(strings)?,
            flow_steps: sections.table(strings)?,
            milestones: sections.table(strings)?,
            decoys: sections.table(strings)?,
            decoy_headers: sections.table(strings)?,
            detectors: sections.table(strings)?,
            patterns: sections.table(strings)?,
            automata: sections.find(AutomataByte::ID).map(|(bytes, _)| bytes).unwrap_or_default(),
            automata_parsed: Vec::new(),
            detector_table: DetectorTable::default(),
            literals: sections.table(strings)?,
            expectations: sections.table(strings)?,
            tables: Tables::default(),
            header,
        };
        if is_before_detectors {
            policy.detect_as_before();
        }
        // A blob from before a table existed does not use it.
        for kind in CellKind::ALL.into_iter().skip(policy.shapes.len()) {
            policy.shapes.push(CellShape::unused(kind));
        }
        policy.automata_parsed = policy.parse_automata()?;
        policy.check()?;
        policy.detector_table = DetectorTable::of(&policy);
        policy.tables = Tables::of(&policy);
        Ok(policy)
    }

    /// A blob from before detectors were a table looks for the four of its time.
    fn detect_as_before(&mut self) {
        self.detectors = DetectorRecord::of_old_formats();
        for search in &mut self.sensitive {
            let mut finds = DetectorBits::EMPTY;
            if let Some(word) = finds.0.first_mut() {
                *word = search.detectors;
            }
            search.finds = finds;
        }
    }

    /// A pattern and its automaton, by position.
    #[must_use]
    pub fn pattern(&self, position: u16) -> Option<(&DFA<&'p [u8]>, &PatternRecord<'p>)> {
        let position = usize::from(position);
        self.automata_parsed.get(position).zip(self.patterns.get(position))
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
}

/// More counters than this make an exchange slow; their values live in one small table.
pub(crate) const MAX_COUNTERS: usize = 64;

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
    fn table<R: Record<'p>>(&self, strings: &'p str) -> Result<Vec<R>, BlobError> {
        let Some((bytes, record_len)) = self.find(R::ID) else { return Ok(Vec::new()) };
        // Fields are only ever added at the end of a record.
        if record_len == 0 || record_len > R::LEN {
            return Err(BlobError::expected(R::NAME, "records of at most this format's length"));
        }
        let is_older = record_len < R::LEN;
        let records = bytes.chunks_exact(record_len);
        records.map(|bytes| R::read(&mut Fields { section: R::NAME, bytes, strings, is_older })).collect()
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
        .or_else(|| name::<Devices<'_>>(id))
        .or_else(|| name::<FingerprintRecord<'_>>(id))
        .or_else(|| name::<LeakedList<'_>>(id))
        .or_else(|| name::<Flow<'_>>(id))
        .or_else(|| name::<FlowStep<'_>>(id))
        .or_else(|| name::<Milestone<'_>>(id))
        .or_else(|| name::<Decoy<'_>>(id))
        .or_else(|| name::<DecoyHeader<'_>>(id))
        .or_else(|| name::<DetectorRecord<'_>>(id))
        .or_else(|| name::<PatternRecord<'_>>(id))
        .or_else(|| name::<AutomataByte<'_>>(id))
        .or_else(|| name::<LiteralRecord<'_>>(id))
        .or_else(|| name::<Expectation<'_>>(id))
        .unwrap_or("unknown")
}

impl Span {
    /// Whether it has no records.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.count == 0
    }
}
