//! What attackers do: pairs of names and passwords, tried from many addresses with some programs at some pace.

use std::collections::VecDeque;

use crate::curve::SECOND;
use crate::random::Random;
use crate::world::World;
use crate::world::fingerprints::{INVENTED, OF_CUSTOMERS};
use crate::world::passwords::{COMMON, Password};

/// The share of pairs in an attacker's list that are right.
pub const RIGHT: f64 = 0.002;
/// The share of names in an attacker's list that are accounts of the bank. Lists from elsewhere have far fewer; those that
/// phishing gathered have more.
pub const EXISTING: f64 = 0.8;
/// Pairs that wait to be tried again after a refusal, at most.
const MOST_RETRIES: usize = 100_000;

/// Whose account is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A customer's.
    Account(u32),
    /// A name that no customer has.
    Invented(u64),
}

/// One pair.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    /// Whose account.
    pub target: Target,
    /// With which password.
    pub password: Password,
    /// How often it is tried again after a refusal that shows.
    retries: u8,
}

/// One try.
#[derive(Clone, Copy, Debug)]
pub struct Try {
    /// What is tried.
    pub pair: Pair,
    /// From where.
    pub address: u128,
    /// With which program.
    pub fingerprint: u16,
    /// What is counted until it is stopped: its address, its program, or the attack as a whole.
    pub unit: u32,
    /// Whether it brings cookies that nobody issued.
    pub forges_cookies: bool,
}

/// Where tries come from.
#[derive(Clone, Debug)]
pub enum Sources {
    /// Addresses that take turns by chance.
    Fixed(Vec<u128>),
    /// Addresses that are used up: each stands here as often as it tries, in the order of the tries.
    UsedUp {
        /// The addresses.
        addresses: Vec<u128>,
        /// Their positions.
        order: Vec<u32>,
    },
    /// A new address for every try.
    Invented,
}

/// What programs tries come from.
#[derive(Clone, Debug)]
pub enum Programs {
    /// As diverse as customers'.
    LikeCustomers,
    /// These, each as often.
    Some(Vec<u16>),
    /// A new one for every try.
    Invented,
}

/// What is tried.
#[derive(Clone, Copy, Debug)]
pub enum Pairs {
    /// A list of stolen pairs.
    Stolen,
    /// Every common password in turn, on one account after the other.
    Common {
        /// The first account.
        first: u32,
    },
    /// Guesses for one account; the right one is this many tries away.
    OneAccount {
        /// Whose.
        account: u32,
        /// How many wrong guesses come before the right one.
        wrong: u64,
    },
    /// Invented names, right pairs hidden among them.
    InventedNames,
}

/// What is counted for `tries_to_detect`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// An address.
    Address,
    /// A fingerprint, where addresses are used up before anybody could know them.
    Fingerprint,
    /// The attack.
    Attack,
}

impl Unit {
    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Fingerprint => "fingerprint",
            Self::Attack => "attack",
        }
    }
}

/// One attack.
#[derive(Clone, Debug)]
pub struct Attack {
    /// Tries per second.
    pub rate: f64,
    /// Where they come from.
    pub sources: Sources,
    /// With which programs.
    pub programs: Programs,
    /// What is tried.
    pub pairs: Pairs,
    /// How often a pair is tried again after a refusal that shows.
    pub retries: u8,
    /// What is counted until it is stopped.
    pub unit: Unit,
    random: Random,
    next_at: f64,
    end: u64,
    tried: u64,
    again: VecDeque<Pair>,
}

impl Attack {
    /// An attack that lasts from one time to another; it is filled in by the profile.
    #[must_use]
    pub fn new(seed: u64, rate: f64, start: u64, end: u64) -> Self {
        Self {
            rate,
            sources: Sources::Invented,
            programs: Programs::LikeCustomers,
            pairs: Pairs::Stolen,
            retries: 0,
            unit: Unit::Address,
            random: Random::new(seed, 3),
            next_at: start as f64,
            end,
            tried: 0,
            again: VecDeque::new(),
        }
    }

    /// A try that somebody brought along.
    #[must_use]
    pub const fn brought(target: Target, address: u128, unit: u32) -> Try {
        let pair = Pair { target, password: Password::Stolen(0), retries: 0 };
        Try { pair, address, fingerprint: 0, unit, forges_cookies: false }
    }

    /// When the next try is, if there is one.
    #[must_use]
    pub fn next_at(&self) -> Option<u64> {
        let at = self.next_at as u64;
        let used_up =
            matches!(&self.sources, Sources::UsedUp { order, .. } if self.tried >= order.len() as u64);
        (at < self.end && !used_up).then_some(at)
    }

    /// The next try.
    pub fn next(&mut self, world: &mut World) -> Try {
        let mean = SECOND as f64 / self.rate;
        self.next_at += self.random.exponential(mean);
        let retried = if self.random.happens(0.5) { self.again.pop_front() } else { None };
        let pair = retried.unwrap_or_else(|| self.pair(world));
        let (source, address) = self.source(world);
        let fingerprint = match &self.programs {
            Programs::LikeCustomers => world.fingerprints.of_customer(&mut self.random),
            Programs::Some(some) => self.random.pick(some).copied().unwrap_or(0),
            Programs::Invented => {
                world.fingerprints.invent(&mut self.random);
                INVENTED
            }
        };
        self.tried += 1;
        let unit = match self.unit {
            Unit::Address => source,
            Unit::Fingerprint => u32::from(fingerprint),
            Unit::Attack => 0,
        };
        let forges_cookies = matches!(self.pairs, Pairs::InventedNames);
        Try { pair, address, fingerprint, unit, forges_cookies }
    }

    /// A try was refused, and the attacker's tool could see that.
    pub fn refused(&mut self, pair: Pair) {
        if pair.retries > 0 && self.again.len() < MOST_RETRIES {
            self.again.push_back(Pair { retries: pair.retries - 1, ..pair });
        }
    }

    /// Random bits for what an attacker makes up.
    pub fn bits(&mut self) -> u64 {
        self.random.bits()
    }

    fn source(&mut self, world: &World) -> (u32, u128) {
        match &self.sources {
            Sources::Fixed(addresses) => {
                let chosen = self.random.below(u32::try_from(addresses.len()).unwrap_or(1));
                (chosen, addresses.get(chosen as usize).copied().unwrap_or(0))
            }
            Sources::UsedUp { addresses, order } => {
                let position = usize::try_from(self.tried).unwrap_or(usize::MAX);
                let chosen = order.get(position).copied().unwrap_or(0);
                (chosen, addresses.get(chosen as usize).copied().unwrap_or(0))
            }
            Sources::Invented => (0, world.networks.invented(&mut self.random)),
        }
    }

    fn pair(&mut self, world: &World) -> Pair {
        let accounts = world.accounts();
        let random = &mut self.random;
        let (target, password) = match &mut self.pairs {
            Pairs::Stolen => {
                if random.happens(RIGHT) {
                    (Target::Account(random.below(accounts)), Password::Right)
                } else if random.happens(EXISTING) {
                    (Target::Account(random.below(accounts)), Password::Stolen(random.bits()))
                } else {
                    (Target::Invented(random.bits()), Password::Stolen(random.bits()))
                }
            }
            Pairs::Common { first } => {
                // A prime stride visits every account before any twice, unless their number is a multiple of it.
                let step = u32::try_from(self.tried % u64::from(u32::MAX)).unwrap_or(0);
                let account = (u64::from(*first) + u64::from(step) * 999_983) % u64::from(accounts.max(1));
                let account = u32::try_from(account).unwrap_or(0);
                (Target::Account(account), Password::Common(step % COMMON))
            }
            Pairs::OneAccount { account, wrong } => {
                let password = if *wrong == 0 { Password::Right } else { Password::Stolen(random.bits()) };
                // The list goes on after the right one.
                *wrong = wrong.checked_sub(1).unwrap_or(u64::MAX);
                (Target::Account(*account), password)
            }
            Pairs::InventedNames => {
                if random.happens(RIGHT) {
                    (Target::Account(random.below(accounts)), Password::Right)
                } else {
                    (Target::Invented(random.bits()), Password::Stolen(random.bits()))
                }
            }
        };
        Pair { target, password, retries: self.retries }
    }
}

/// Fingerprints of attack tools, at most 20.
#[must_use]
pub fn tools(count: u32) -> Programs {
    Programs::Some((0..count).filter_map(|tool| u16::try_from(OF_CUSTOMERS + tool).ok()).collect())
}

/// Fingerprints that customers use too: some of the 300 most popular ones, which are 73 % of all customers.
#[must_use]
pub fn borrowed(count: usize, random: &mut Random) -> Programs {
    let mut popular: Vec<u16> = (0..300).collect();
    random.shuffle(&mut popular);
    popular.truncate(count);
    Programs::Some(popular)
}

#[cfg(test)]
mod tests {
    use super::{Attack, EXISTING, Pairs, RIGHT, Sources, Target, tools};
    use crate::world::World;
    use crate::world::fingerprints::Fingerprints;
    use crate::world::passwords::Password;
    use std::collections::HashSet;

    fn world() -> World {
        World::new(1, 20_000, Fingerprints::new("bank.example", "application/x-www-form-urlencoded"))
    }

    #[test]
    fn stolen_lists_have_their_shares_and_tries_their_rate() {
        let mut world = world();
        let mut attack = Attack::new(1, 100.0, 0, 1_000_000);
        attack.sources = Sources::Fixed(vec![1, 2, 3]);
        attack.programs = tools(5);
        let (mut tries, mut right, mut existing) = (0_u32, 0_u32, 0_u32);
        while attack.next_at().is_some() {
            let one = attack.next(&mut world);
            tries += 1;
            right += u32::from(one.pair.password == Password::Right);
            existing += u32::from(matches!(one.pair.target, Target::Account(_)));
        }
        assert!(tries.abs_diff(100_000) < 1500, "{tries}");
        assert!((f64::from(right) / f64::from(tries) - RIGHT).abs() < 0.0005, "{right}");
        assert!((f64::from(existing) / f64::from(tries) - EXISTING).abs() < 0.01, "{existing}");
    }

    #[test]
    fn a_sprayer_visits_every_account_before_any_twice_and_takes_all_passwords_in_turn() {
        let mut world = world();
        let mut attack = Attack::new(1, 100.0, 0, u64::MAX);
        attack.pairs = Pairs::Common { first: 77 };
        let (mut accounts, mut passwords) = (HashSet::new(), HashSet::new());
        for _ in 0..20_000 {
            let one = attack.next(&mut world);
            assert!(matches!(one.pair.target, Target::Account(account) if accounts.insert(account)));
            passwords.insert(format!("{:?}", one.pair.password));
        }
        assert_eq!(passwords.len(), 50);
    }

    #[test]
    fn a_pair_is_tried_again_as_often_as_the_attacker_wants() {
        let mut world = world();
        let mut attack = Attack::new(1, 100.0, 0, u64::MAX);
        attack.retries = 2;
        let first = attack.next(&mut world).pair;
        attack.refused(first);
        let mut seen = 0;
        for _ in 0..100 {
            let pair = attack.next(&mut world).pair;
            if pair.password == first.password {
                seen += 1;
                attack.refused(pair);
            }
        }
        assert_eq!(seen, 2);
    }

    #[test]
    fn used_up_addresses_end_the_attack() {
        let mut world = world();
        let mut attack = Attack::new(1, 100.0, 0, u64::MAX);
        attack.sources = Sources::UsedUp { addresses: vec![5, 6], order: vec![1, 0, 1] };
        let mut addresses = Vec::new();
        while attack.next_at().is_some() {
            addresses.push(attack.next(&mut world).address);
        }
        assert_eq!(addresses, [6, 5, 6]);
    }
}
