//! What is counted of a run. The simulator knows who is who; the engine never does.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::attack::{Target, Try};
use crate::proxy::Judgement;
use crate::visits::Visit;

/// The highest score that is told apart.
pub const HIGHEST_SCORE: usize = 500;

/// How often each rule took part in something.
pub type ByRule = BTreeMap<String, u64>;

/// Customers' visits that end with the right password.
#[derive(Clone, Debug, Default)]
pub struct Logins {
    /// How many.
    pub good: u64,
    /// How many of them had a try refused.
    pub hindered: u64,
    /// How many of those came with a device that was known.
    pub known_device_hindered: u64,
    /// How many came with a new device from a new network.
    pub strangers: u64,
    /// How many of those had a try refused.
    pub strangers_hindered: u64,
}

impl Logins {
    fn add(&mut self, visit: &Visit) {
        let hindered = u64::from(visit.was_refused);
        self.good += 1;
        self.hindered += hindered;
        self.known_device_hindered += hindered * u64::from(visit.is_known_device);
        self.strangers += u64::from(visit.is_new_network);
        self.strangers_hindered += hindered * u64::from(visit.is_new_network);
    }
}

/// How many tries of one address, program or attack passed before the first was stopped.
#[derive(Clone, Copy, Debug, Default)]
struct Passed {
    tries: u32,
    is_stopped: bool,
}

/// Everything that is counted.
#[derive(Clone, Debug)]
pub struct Counts {
    /// Tries of attackers.
    pub malicious: u64,
    /// Those that were refused.
    pub stopped: u64,
    /// Accounts of which an attacker presented the right password.
    pub exposed: HashSet<u32>,
    /// Accounts of which such a try reached the app, which let it in.
    pub taken: HashSet<u32>,
    /// Visits that began while the attack, or what the profile is about, lasted.
    pub during: Logins,
    /// Visits that began before or after.
    pub outside: Logins,
    /// Visits that the profile is about.
    pub affected: Logins,
    /// Requests that the engine judged.
    pub exchanges: u64,
    units: HashMap<u32, Passed>,
    /// What was done to attackers' tries.
    pub malicious_actions: BTreeMap<&'static str, u64>,
    /// What was done to customers' tries while the attack lasted.
    pub customer_actions: BTreeMap<&'static str, u64>,
    /// Rules that scored on attackers' tries that were stopped.
    pub stopped_by: ByRule,
    /// Rules that scored on attackers' tries that passed.
    pub passed_despite: ByRule,
    /// Rules that scored on customers' tries that were refused, during and outside.
    pub hindered_by: [ByRule; 2],
    /// Rules that scored on refused tries from known devices.
    pub known_device_hindered_by: ByRule,
    /// Attackers' tries, and those that passed, by the minute since the start.
    pub minutes: Vec<(u64, u64)>,
    /// Good logins outside, and those hindered, by the day since the world began.
    pub days: Vec<(u64, u64)>,
    /// Attackers' tries by their score.
    pub malicious_scores: Vec<u64>,
    /// Visits during the attack by the highest score of their tries.
    pub visit_scores: Vec<u64>,
    /// Whether rules are counted.
    pub explains: bool,
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            malicious: 0,
            stopped: 0,
            exposed: HashSet::new(),
            taken: HashSet::new(),
            during: Logins::default(),
            outside: Logins::default(),
            affected: Logins::default(),
            exchanges: 0,
            units: HashMap::new(),
            malicious_actions: BTreeMap::new(),
            customer_actions: BTreeMap::new(),
            stopped_by: ByRule::new(),
            passed_despite: ByRule::new(),
            hindered_by: [ByRule::new(), ByRule::new()],
            known_device_hindered_by: ByRule::new(),
            minutes: Vec::new(),
            days: Vec::new(),
            malicious_scores: vec![0; HIGHEST_SCORE + 1],
            visit_scores: vec![0; HIGHEST_SCORE + 1],
            explains: false,
        }
    }
}

fn add_rules(rules: &mut ByRule, judgement: &Judgement<'_>) {
    // A rule counts once for each try; refusals of one kind have no rule of their own.
    let distinct: BTreeSet<&str> = judgement.rules.iter().copied().collect();
    for rule in distinct {
        *rules.entry(rule.to_owned()).or_default() += 1;
    }
    if judgement.rules.is_empty() {
        *rules.entry("(none)".to_owned()).or_default() += 1;
    }
}

fn add_score(scores: &mut [u64], score: u16) {
    if let Some(slot) = scores.get_mut(usize::from(score).min(HIGHEST_SCORE)) {
        *slot += 1;
    }
}

fn slot<T: Default + Clone>(values: &mut Vec<T>, position: u64) -> Option<&mut T> {
    let position = usize::try_from(position).unwrap_or(usize::MAX);
    // A run of a year has half a million minutes.
    if position < 1 << 20 && position >= values.len() {
        values.resize(position + 1, T::default());
    }
    values.get_mut(position)
}

impl Counts {
    /// Nothing yet; whether rules will be counted.
    #[must_use]
    pub fn new(explains: bool) -> Self {
        Self { explains, ..Self::default() }
    }

    /// An attacker's try is made, so many milliseconds after the attack began; `is_right` where its password is the account's.
    pub fn tried(&mut self, one: &Try, is_right: bool, since_start: u64) {
        self.malicious += 1;
        if let (Target::Account(account), true) = (one.pair.target, is_right) {
            self.exposed.insert(account);
        }
        if let Some((tries, _)) = slot(&mut self.minutes, since_start / crate::curve::MINUTE) {
            *tries += 1;
        }
    }

    /// An attacker's try was refused.
    pub fn stopped(&mut self, unit: u32, judgement: &Judgement<'_>) {
        self.stopped += 1;
        self.units.entry(unit).or_default().is_stopped = true;
        *self.malicious_actions.entry(judgement.action).or_default() += 1;
        if self.explains {
            add_rules(&mut self.stopped_by, judgement);
        }
    }

    /// An attacker's try was let through.
    pub fn passed(&mut self, unit: u32, since_start: u64) {
        let passed = self.units.entry(unit).or_default();
        if !passed.is_stopped {
            passed.tries += 1;
        }
        if let Some((_, passed)) = slot(&mut self.minutes, since_start / crate::curve::MINUTE) {
            *passed += 1;
        }
    }

    /// What the engine thought of an attacker's try that passed.
    pub fn judged(&mut self, judgement: &Judgement<'_>) {
        add_score(&mut self.malicious_scores, judgement.score);
        if self.explains {
            add_rules(&mut self.passed_despite, judgement);
        }
    }

    /// A customer's try was refused.
    pub fn hindered(&mut self, visit: &Visit, judgement: &Judgement<'_>, is_during: bool) {
        let [during, outside] = &mut self.hindered_by;
        add_rules(if is_during { during } else { outside }, judgement);
        if visit.is_known_device {
            add_rules(&mut self.known_device_hindered_by, judgement);
        }
        if is_during {
            *self.customer_actions.entry(judgement.action).or_default() += 1;
        }
    }

    /// A customer's visit is over; the right password was presented.
    pub fn visited(&mut self, visit: &Visit, is_during: bool, day: u64) {
        if is_during { &mut self.during } else { &mut self.outside }.add(visit);
        if visit.is_affected {
            self.affected.add(visit);
        }
        if is_during {
            add_score(&mut self.visit_scores, visit.score);
        } else if let Some((good, hindered)) = slot(&mut self.days, day) {
            *good += 1;
            *hindered += u64::from(visit.was_refused);
        }
    }

    /// The median over addresses, programs or attacks of the tries that passed before the first was stopped. Nothing where
    /// there was no attack, or half of them were never stopped.
    #[must_use]
    pub fn tries_to_detect(&self) -> Option<u32> {
        let mut tries: Vec<u32> = self
            .units
            .values()
            .map(|passed| if passed.is_stopped { passed.tries } else { u32::MAX })
            .collect();
        tries.sort_unstable();
        tries.get(tries.len() / 2).copied().filter(|tries| *tries != u32::MAX)
    }
}
