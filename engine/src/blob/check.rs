//! What must hold in a policy beyond the form of its records: references lead somewhere, numbers are in range.
//!
//! Done once, at load; everything after it relies on it.

use super::addresses::{AddressList, Exemption};
use super::apps::{App, Honeypot, Host, NO_LOGIN, Route};
use super::client::{Basics, ClientKeyRecord, Devices, FingerprintRecord};
use super::counters::{
    CELL_HEAD_LEN, CellKind, CellShape, Counter, PAGE_CELLS_LEN, SESSION_LEN, Source, Storage, USUAL_LEN,
};
use super::error::BlobError;
use super::field::{Record as _, Tiles};
use super::flows::{Flow, LeakedList, Milestone};
use super::ladders::{Ladder, Step};
use super::logins::{Decoy, Login, OutcomeStep};
use super::policy::{MAX_COUNTERS, Policy};
use super::rules::{ConditionCode, ConditionStep, Rule, check_program};
use super::trie::{Edge, NO_NODE, Node, Target, TargetKind};
use crate::vocabulary::{CounterKey, Event, Moment, Threat};

/// Names go into headers, records and the names of counters.
const LONGEST_NAME: usize = 32;
const LONGEST_RULE_ID: usize = 48;

fn check_name(name: &str, longest: usize, section: &'static str) -> Result<(), BlobError> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let fits = (1..=longest).contains(&name.len()) && name.bytes().all(plain);
    if fits { Ok(()) } else { Err(BlobError::expected(section, "names of a-z, 0-9 and -")) }
}

impl Policy<'_> {
    pub(super) fn check(&self) -> Result<(), BlobError> {
        self.check_basics()?;
        self.check_lists()?;
        self.check_cells()?;
        self.check_scores()?;
        self.check_apps()?;
        self.check_flows()?;
        self.check_detectors()?;
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
        if self.fingerprint.len() > 16 {
            return Err(BlobError::expected(FingerprintRecord::NAME, "at most 16 records"));
        }
        let is_token = |name: &str| {
            (1..=64).contains(&name.len())
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.!#$%&'*+^`|~".contains(&byte))
        };
        let fits = |devices: &Devices<'_>| {
            is_token(devices.cookie) && (3600..=34_560_000).contains(&devices.for_seconds)
        };
        if self.devices.len() > 1 || !self.devices.iter().all(fits) {
            return Err(BlobError::expected(Devices::NAME, "one cookie, kept for one hour to 400 days"));
        }
        Ok(())
    }

    fn check_lists(&self) -> Result<(), BlobError> {
        let mut tiles = Tiles::new(self.ranges.len(), AddressList::NAME);
        for list in &self.lists {
            tiles.place(list.ranges)?;
            self.ranges.check(list.ranges, AddressList::NAME)?;
        }
        for exemption in &self.exemptions {
            tiles.place(exemption.ranges)?;
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
            let milestones = u16::try_from(self.milestones.len()).unwrap_or(u16::MAX).saturating_mul(4);
            let newer = [
                (shape.pulse, small(crate::state::pulse::PULSE_LEN)),
                (shape.session, SESSION_LEN),
                (shape.milestones, milestones),
                (shape.usual, USUAL_LEN),
            ];
            let newer_fit = newer.into_iter().all(|(offset, len)| {
                offset == 0
                    || (offset >= CELL_HEAD_LEN && u32::from(offset) + u32::from(len) <= u32::from(shape.len))
            });
            let fits = |(offset, len): &(u16, u16)| {
                *offset == super::counters::ABSENT
                    || (*offset >= CELL_HEAD_LEN
                        && u32::from(*offset) + u32::from(*len) <= u32::from(shape.len))
            };
            if shape.len > PAGE_CELLS_LEN / 2 || !parts.iter().chain(&marks).all(fits) || !newer_fit {
                return Err(BlobError::expected(
                    CellShape::NAME,
                    "cells of at most half a page, with their parts inside",
                ));
            }
        }
        if self.counters.len() > MAX_COUNTERS {
            return Err(BlobError::expected(Counter::NAME, "at most 64 counters"));
        }
        if self.counters.iter().filter(|counter| counter.storage == Storage::Sketch).count() > 1 {
            return Err(BlobError::expected(Counter::NAME, "at most one counter per password"));
        }
        for counter in &self.counters {
            let len = self.shape(CellKind::of(counter.key)).map_or(0, |shape| u32::from(shape.len));
            let needs = match counter.storage {
                Storage::Buckets => 20,
                Storage::ExactSet => u32::from(counter.size) * 4 + 4,
                Storage::Bitmap => u32::from(counter.size) / 8 * 4 + 4,
                Storage::Decay => u32::from(small(crate::state::decay::DECAY_LEN)),
                Storage::Intervals => u32::from(small(crate::state::intervals::INTERVALS_LEN)),
                Storage::Sketch => 0,
            };
            let counts = matches!(counter.storage, Storage::Buckets | Storage::Decay | Storage::Intervals);
            let in_sketch = counter.key == CounterKey::LoginPassword;
            let matches_source = matches!(counter.source, Source::Count(_)) == counts
                && in_sketch == (counter.storage == Storage::Sketch);
            let bits = counter.storage != Storage::Bitmap
                || (counter.size.is_power_of_two() && (64..=1024).contains(&counter.size));
            let in_head = counter.offset < CELL_HEAD_LEN && counter.storage != Storage::Sketch;
            if u32::from(counter.offset) + needs > len || in_head || !matches_source || !bits {
                return Err(BlobError::expected(Counter::NAME, "counters inside their cells"));
            }
            let longest = if counter.storage == Storage::Decay { 604_800_000 } else { 86_400_000 };
            if !(1000..=longest).contains(&counter.window_ms) || counter.flush_at == 0 {
                return Err(BlobError::expected(Counter::NAME, "windows of one second to 24 hours"));
            }
            let on_login = matches!(
                counter.source,
                Source::Count(Event::LoginAttempt | Event::LoginSuccess | Event::LoginFailure)
            );
            let pending = self.shape(CellKind::of(counter.key)).map(|shape| shape.pending);
            let on_failure =
                matches!(counter.source, Source::Distinct(_)) && counter.moment == Moment::Failure;
            let reserves = (on_login && counter.storage != Storage::Intervals) || on_failure;
            if reserves && !counter.key.is_aggregate() && pending == Some(super::counters::ABSENT) {
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
        let mut tiles = Tiles::new(self.conditions.len(), Rule::NAME);
        for rule in &self.rules {
            tiles.place(rule.when)?;
            check_name(rule.id, LONGEST_RULE_ID, Rule::NAME)?;
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
                ConditionCode::Leaked => subject < self.leaked.len(),
                ConditionCode::Flow => subject < self.flows.len(),
                ConditionCode::RatioOver => {
                    subject < self.counters.len() && step.ratio().0 < self.counters.len()
                }
                ConditionCode::New => (1..=3).contains(&step.operand),
                ConditionCode::SessionMoved => (1..=2).contains(&step.operand),
                ConditionCode::Login
                | ConditionCode::All
                | ConditionCode::Any
                | ConditionCode::Not
                | ConditionCode::Stranger
                | ConditionCode::KnownDevice
                | ConditionCode::UnderAttack
                | ConditionCode::SessionOlder
                | ConditionCode::ReplyValues => true,
            };
            if !exists {
                return Err(BlobError::expected(ConditionStep::NAME, "references inside their section"));
            }
        }
        let mut tiles = Tiles::new(self.steps.len(), Ladder::NAME);
        if self.ladders.len() > Threat::ALL.len() {
            return Err(BlobError::expected(Ladder::NAME, "at most one for each threat"));
        }
        for ladder in &self.ladders {
            tiles.place(ladder.steps)?;
            let steps = ladder.steps.of(&self.steps);
            if !steps.is_sorted_by(|one, next| one.at < next.at) {
                return Err(BlobError::expected(Ladder::NAME, "steps by rising score"));
            }
        }
        for step in &self.steps {
            if (step.status != 0 && !(200..=599).contains(&step.status))
                || (step.value == 0 && is_throttle(step))
                || step.delay_ms > LONGEST_DELAY_MS
            {
                return Err(BlobError::expected(
                    Step::NAME,
                    "a status of 200 to 599, a rate above 0, a delay of at most 30 seconds",
                ));
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
            check_name(record.name, LONGEST_NAME, App::NAME)?;
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
        let mut tiles = Tiles::new(self.parameters.len(), Route::NAME);
        for route in &self.routes {
            app(route.app, Route::NAME)?;
            check_name(route.name, LONGEST_NAME, Route::NAME)?;
            tiles.place(route.parameters)?;
            if route.login != NO_LOGIN && route.login as usize >= self.logins.len() {
                return Err(BlobError::expected(Route::NAME, "a login that exists"));
            }
        }
        let mut tiles = Tiles::new(self.outcomes.len(), Login::NAME);
        for login in &self.logins {
            for span in [login.success, login.failure] {
                tiles.place(span)?;
                let steps = span.of(&self.outcomes);
                check_program(steps.iter().map(OutcomeStep::stack_effect), Login::NAME)?;
            }
            if login.decoy as usize > self.decoys.len() {
                return Err(BlobError::expected(Login::NAME, "a decoy that exists"));
            }
        }
        let mut tiles = Tiles::new(self.decoy_headers.len(), Decoy::NAME);
        for decoy in &self.decoys {
            tiles.place(decoy.headers)?;
            let fits = (200..=599).contains(&decoy.status) && decoy.delay_ms <= LONGEST_DELAY_MS;
            if !fits || decoy.headers.count > 16 {
                return Err(BlobError::expected(
                    Decoy::NAME,
                    "a status of 200 to 599, at most 16 header fields, at most 30 seconds",
                ));
            }
        }
        for honeypot in &self.honeypots {
            app(honeypot.app, Honeypot::NAME)?;
        }
        Ok(())
    }

    fn check_flows(&self) -> Result<(), BlobError> {
        let mut tiles = Tiles::new(self.flow_steps.len(), Flow::NAME);
        for flow in &self.flows {
            tiles.place(flow.steps)?;
            let known = flow.steps.of(&self.flow_steps).iter();
            let known =
                known.map(|step| usize::from(step.milestone)).all(|step| step < self.milestones.len());
            let fits = known && (flow.route as usize) < self.routes.len() && flow.steps.count <= 4;
            if !fits || !(1..=86_400).contains(&flow.within_seconds) {
                return Err(BlobError::expected(Flow::NAME, "routes and steps that exist, within one day"));
            }
        }
        if self.milestones.len() > 16
            || self.milestones.iter().any(|milestone| milestone.route as usize >= self.routes.len())
        {
            return Err(BlobError::expected(Milestone::NAME, "at most 16 routes that exist"));
        }
        let fits = |list: &LeakedList<'_>| {
            matches!(list.bits, 8 | 16) && list.first_page.checked_add(list.pages).is_some()
        };
        if self.leaked.len() > 16 || !self.leaked.iter().all(fits) {
            return Err(BlobError::expected(LeakedList::NAME, "at most 16 lists of 8 or 16 bits"));
        }
        Ok(())
    }

    fn check_trie(&self) -> Result<(), BlobError> {
        let mut literals = Tiles::new(self.edges.len(), Node::NAME);
        let mut targets = Tiles::new(self.targets.len(), Node::NAME);
        for (position, node) in self.nodes.iter().enumerate() {
            literals.place(node.literals)?;
            targets.place(node.here)?;
            targets.place(node.rest)?;
            // Children stand behind their parents, so that no walk comes back.
            let is_child = |child: u32| child as usize > position && (child as usize) < self.nodes.len();
            let mut children = node.literals.of(&self.edges).iter().map(|edge| edge.node);
            if !children.all(is_child) || (node.any != NO_NODE && !is_child(node.any)) {
                return Err(BlobError::expected(Node::NAME, "children behind their parents in the trie"));
            }
            if !node.literals.of(&self.edges).is_sorted_by(|one, next| one.text < next.text) {
                return Err(BlobError::expected(Edge::NAME, "literal segments in order"));
            }
        }
        for target in &self.targets {
            let rows = match target.kind {
                TargetKind::Route => self.routes.len(),
                TargetKind::Honeypot => self.honeypots.len(),
                TargetKind::Sensitive => self.sensitive.len(),
                TargetKind::Expectation => self.expectations.len(),
            };
            if target.position as usize >= rows {
                return Err(BlobError::expected(Target::NAME, "targets that exist"));
            }
        }
        Ok(())
    }
}

/// The longest that the filter's own reply may wait.
const LONGEST_DELAY_MS: u32 = 30_000;

fn small(len: usize) -> u16 {
    u16::try_from(len).unwrap_or(u16::MAX)
}

fn is_throttle(step: &Step<'_>) -> bool {
    step.action == super::ladders::StepAction::Throttle
}
