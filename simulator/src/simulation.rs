//! The run: customers and attackers in the order of time, through the proxy to the app.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::attack::{Pair, Target, Try};
use crate::counts::Counts;
use crate::curve::{DAY, DailyCurve, SECOND};
use crate::failure::Failure;
use crate::profile::{Scenario, Surge};
use crate::proxy::{AppAnswer, Forwarded, Judgement, Proxy, Sent};
use crate::random::{Random, mix};
use crate::traffic::write::{Label, Recorder, Sending};
use crate::visits::{Answer, Circumstances, Next, Visit};
use crate::wire::Wire;
use crate::world::World;

/// How long the app takes to answer, in milliseconds.
pub const APP_LATENCY: u64 = 150;

/// Whose request it is.
#[derive(Clone, Copy, Debug)]
enum Origin {
    Visit(u32),
    Attack(Pair),
}

struct InFlight {
    due: u64,
    forwarded: Forwarded,
    origin: Origin,
    is_right: bool,
}

/// A world that runs.
pub struct Simulation<'p> {
    /// What was counted.
    pub counts: Counts,
    /// The proxy.
    pub proxy: Proxy<'p>,
    /// Customers and what they have.
    pub world: World,
    /// Where requests are written to, if they are.
    pub recorder: Option<Recorder>,
    wire: Wire,
    now: u64,
    began: u64,
    curve: DailyCurve,
    random: Random,
    next_visit: f64,
    visits: Vec<Option<Visit>>,
    free_visits: Vec<u32>,
    /// Visits that go on: when, in which order, which.
    agenda: BinaryHeap<Reverse<(u64, u64, u32)>>,
    agenda_order: u64,
    in_flight: VecDeque<InFlight>,
    sessions: u64,
    scenario: Option<Scenario>,
    surges: VecDeque<Surge>,
}

impl<'p> Simulation<'p> {
    /// A world before its first visit.
    #[must_use]
    pub fn new(seed: u64, start: u64, curve: DailyCurve, proxy: Proxy<'p>, world: World, wire: Wire) -> Self {
        Self {
            counts: Counts::default(),
            proxy,
            world,
            recorder: None,
            wire,
            now: start,
            began: start,
            curve,
            random: Random::new(seed, 4),
            next_visit: start as f64,
            visits: Vec::new(),
            free_visits: Vec::new(),
            agenda: BinaryHeap::new(),
            agenda_order: 0,
            in_flight: VecDeque::new(),
            sessions: 0,
            scenario: None,
            surges: VecDeque::new(),
        }
    }

    /// A second world with the same past. What waits for an answer of the app is not taken along: see [`Self::settle`].
    #[must_use]
    pub fn fork(&self) -> Self {
        Self {
            counts: self.counts.clone(),
            proxy: self.proxy.fork(),
            world: self.world.clone(),
            recorder: None,
            wire: self.wire.clone(),
            now: self.now,
            began: self.began,
            curve: self.curve,
            random: self.random.clone(),
            next_visit: self.next_visit,
            visits: self.visits.clone(),
            free_visits: self.free_visits.clone(),
            agenda: self.agenda.clone(),
            agenda_order: self.agenda_order,
            in_flight: VecDeque::new(),
            sessions: self.sessions,
            scenario: self.scenario.clone(),
            surges: self.surges.clone(),
        }
    }

    /// The time, in milliseconds since 1970.
    #[must_use]
    pub const fn now(&self) -> u64 {
        self.now
    }

    /// Lets a scenario happen.
    pub fn set_scenario(&mut self, mut scenario: Scenario) {
        self.surges = std::mem::take(&mut scenario.surges).into();
        self.scenario = Some(scenario);
    }

    /// Runs until a time.
    ///
    /// # Errors
    ///
    /// When the policy does not see logins, or the recorder cannot write.
    pub fn run_until(&mut self, end: u64) -> Result<(), Failure> {
        while self.step(end)? {}
        self.now = self.now.max(end);
        Ok(())
    }

    /// Runs on until nothing waits for an answer of the app.
    ///
    /// # Errors
    ///
    /// As for [`Self::run_until`].
    pub fn settle(&mut self) -> Result<(), Failure> {
        while !self.in_flight.is_empty() {
            self.step(u64::MAX)?;
        }
        Ok(())
    }

    /// Does what comes next, if that is before `end`.
    fn step(&mut self, end: u64) -> Result<bool, Failure> {
        let answer = self.in_flight.front().map(|waiting| waiting.due);
        let again = self.agenda.peek().map(|Reverse((at, _, _))| *at);
        let attack = self.scenario.as_ref().and_then(|scenario| scenario.attack.as_ref()?.next_at());
        let surge = self.surges.front().map(|surge| surge.at);
        let visit = Some(self.next_visit as u64);
        let times = [answer, again, attack, surge, visit];
        let Some((at, kind)) = times.into_iter().enumerate().filter_map(|(kind, at)| Some((at?, kind))).min()
        else {
            return Ok(false);
        };
        if at >= end {
            return Ok(false);
        }
        self.now = self.now.max(at);
        match kind {
            0 => self.answered(),
            1 => {
                if let Some(Reverse((_, _, visit))) = self.agenda.pop() {
                    self.customer_tries(visit)?;
                }
            }
            2 => self.attacker_tries()?,
            3 => {
                if let Some(surge) = self.surges.pop_front() {
                    self.visit(surge.customer, surge.circumstances)?;
                }
            }
            _ => {
                self.next_visit = self.curve.next(self.next_visit, &mut self.random);
                let customer = self.random.below(self.world.accounts());
                let release = self.scenario.as_ref().and_then(|scenario| scenario.release);
                let is_released = release.is_some_and(|release| release <= self.now);
                self.visit(customer, Circumstances { is_released, ..Circumstances::default() })?;
            }
        }
        Ok(true)
    }

    fn visit(&mut self, customer: u32, circumstances: Circumstances) -> Result<(), Failure> {
        let begun = Visit::begin(customer, self.now, circumstances, &mut self.world, &mut self.random);
        let Some(visit) = begun else { return Ok(()) };
        let free = self.free_visits.pop();
        let slot = free.unwrap_or_else(|| u32::try_from(self.visits.len()).unwrap_or(u32::MAX));
        match self.visits.get_mut(slot as usize) {
            Some(empty) => *empty = Some(visit),
            None => self.visits.push(Some(visit)),
        }
        self.customer_tries(slot)
    }

    fn customer_tries(&mut self, slot: u32) -> Result<(), Failure> {
        let Some(Some(visit)) = self.visits.get(slot as usize) else { return Ok(()) };
        let (customer, device, address, password) =
            (visit.customer, visit.device, visit.address, visit.password());
        let is_right = self.world.passwords.is_right(customer, password);
        let (route, fingerprint) = (self.route_of(customer), self.fingerprint_of(device));
        self.wire.set_cookies(&self.world, device, self.now);
        self.wire.set_credentials(&self.world, Target::Account(customer), password);
        let label = Label::Customer { device, visit: slot, began: visit.began };
        let sent = self.send(route, fingerprint, address, is_right, label)?;
        match sent {
            Sent::Refused(judgement) => {
                let Some(Some(visit)) = self.visits.get(slot as usize) else { return Ok(()) };
                let is_during = self.is_during(visit.began);
                self.counts.hindered(visit, &judgement, is_during);
                self.customer_goes_on(slot, Answer::Refused, &judgement);
            }
            Sent::Forwarded(forwarded) => {
                let due = self.now + APP_LATENCY;
                self.in_flight.push_back(InFlight { due, forwarded, origin: Origin::Visit(slot), is_right });
            }
            Sent::NoLogin => {}
        }
        Ok(())
    }

    fn attacker_tries(&mut self) -> Result<(), Failure> {
        let Some(attack) = self.scenario.as_mut().and_then(|scenario| scenario.attack.as_mut()) else {
            return Ok(());
        };
        let one: Try = attack.next(&mut self.world);
        self.wire.clear_cookies();
        if one.forges_cookies {
            self.wire.forge_cookies(attack.bits());
        }
        let route = match one.pair.target {
            Target::Account(account) => self.route_of(account),
            Target::Invented(number) => {
                u8::try_from(self.world.routes.draw(&mut Random::new(number, 5))).unwrap_or(0)
            }
        };
        let is_right = match one.pair.target {
            Target::Account(account) => self.world.passwords.is_right(account, one.pair.password),
            Target::Invented(_) => false,
        };
        let since = self.since_start();
        self.counts.tried(&one, is_right, since);
        self.wire.set_credentials(&self.world, one.pair.target, one.pair.password);
        let sent = self.send(route, one.fingerprint, one.address, is_right, Label::Attack)?;
        match sent {
            Sent::Refused(judgement) => {
                self.counts.stopped(one.unit, &judgement);
                let attack = self.scenario.as_mut().and_then(|scenario| scenario.attack.as_mut());
                // A deception does not show.
                if let Some(attack) = attack.filter(|_| judgement.action != "deceive") {
                    attack.refused(one.pair);
                }
            }
            Sent::Forwarded(forwarded) => {
                self.counts.passed(one.unit, since);
                let origin = Origin::Attack(one.pair);
                let due = self.now + APP_LATENCY;
                self.in_flight.push_back(InFlight { due, forwarded, origin, is_right });
            }
            Sent::NoLogin => {}
        }
        Ok(())
    }

    fn send(
        &mut self,
        route: u8,
        fingerprint: u16,
        address: u128,
        is_right: bool,
        label: Label,
    ) -> Result<Sent<'p>, Failure> {
        self.counts.exchanges += 1;
        let headers = self.wire.head(&mut self.world.fingerprints, route, fingerprint);
        if let Some(recorder) = &mut self.recorder {
            let sending = Sending {
                at: self.now,
                address,
                route,
                fingerprint,
                headers,
                user: self.wire.user(),
                password: self.wire.password(),
                is_right,
                label,
            };
            recorder.record(&sending)?;
        }
        let sent = self.proxy.send(self.now, headers, address, self.wire.body());
        if matches!(sent, Sent::NoLogin) {
            return Err(self.wire.no_login());
        }
        Ok(sent)
    }

    /// The app answers the request that waited longest.
    fn answered(&mut self) {
        let Some(InFlight { forwarded, origin, is_right, .. }) = self.in_flight.pop_front() else { return };
        self.sessions += 1;
        let answer = if is_right { AppAnswer::In { session: mix(self.sessions) } } else { AppAnswer::Out };
        match origin {
            Origin::Visit(slot) => {
                let device = self.visits.get(slot as usize).and_then(|visit| Some(visit.as_ref()?.device));
                let jar = device.and_then(|device| self.world.devices.get_mut(device as usize));
                let names = &mut self.world.cookie_names;
                let seconds = u32::try_from(self.now / SECOND).unwrap_or(u32::MAX);
                let mut jar = jar.map(|device| &mut device.jar);
                let judgement = self.proxy.answer(self.now, forwarded, answer, |cookie| {
                    if let Some(jar) = &mut jar {
                        jar.take(cookie, seconds, names);
                    }
                });
                let answer = if is_right { Answer::Succeeded } else { Answer::Failed };
                self.customer_goes_on(slot, answer, &judgement);
            }
            Origin::Attack(pair) => {
                let judgement = self.proxy.answer(self.now, forwarded, answer, |_| {});
                self.counts.judged(&judgement);
                if let (Target::Account(account), true) = (pair.target, is_right) {
                    self.counts.taken.insert(account);
                }
            }
        }
    }

    fn customer_goes_on(&mut self, slot: u32, answer: Answer, judgement: &Judgement<'_>) {
        let Some(Some(visit)) = self.visits.get_mut(slot as usize) else { return };
        visit.score = visit.score.max(judgement.score);
        match visit.answered(answer, &mut self.random) {
            Next::Again(after) => {
                self.agenda_order += 1;
                self.agenda.push(Reverse((self.now + after, self.agenda_order, slot)));
            }
            Next::Over(is_in) => {
                let Some(visit) = self.visits.get_mut(slot as usize).and_then(Option::take) else { return };
                self.free_visits.push(slot);
                visit.end(is_in, &mut self.world);
                let day = (visit.began - self.began) / DAY;
                self.counts.visited(&visit, self.is_during(visit.began), day);
            }
        }
    }

    fn is_during(&self, at: u64) -> bool {
        self.scenario.as_ref().is_some_and(|scenario| (scenario.start..scenario.end).contains(&at))
    }

    fn since_start(&self) -> u64 {
        self.scenario.as_ref().map_or(0, |scenario| self.now.saturating_sub(scenario.start))
    }

    fn route_of(&self, account: u32) -> u8 {
        self.world.customers.get(account as usize).map_or(0, |customer| customer.route)
    }

    fn fingerprint_of(&self, device: u32) -> u16 {
        self.world.devices.get(device as usize).map_or(0, |device| device.fingerprint)
    }
}
