//! The profiles: what happens after seven clean days.

use crate::attack::{Attack, Pairs, Programs, Sources, Unit, borrowed, tools};
use crate::curve::{DAY, HOUR, MINUTE};
use crate::random::Random;
use crate::visits::{Circumstances, OFFICE};
use crate::world::World;

/// One kind of trouble, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Profile {
    /// Stuffing with a checker of the OpenBullet kind: 90 % of all traffic at the peak, 500 addresses in data centres.
    Loud,
    /// 200 tries a second over 20,000 residential proxies, 20 tools.
    Distributed,
    /// The same, with programs as diverse as customers'.
    DistributedDiverse,
    /// 50 common passwords over all accounts, 20 tries a second over 2,000 proxies, 20 programs that customers use too.
    Spraying,
    /// The same, with programs as diverse as customers'.
    SprayingDiverse,
    /// A million addresses, one to three tries each over seven days, programs as diverse as customers'.
    LowAndSlowDiverse,
    /// The same, with 20 programs that customers use too.
    #[value(name = "low-and-slow-20")]
    LowAndSlow20,
    /// One account, a try a second over 3,000 proxies.
    BruteForce,
    /// A flood of invented names, cookies, programs and addresses, with right pairs hidden in it.
    InventedIdentities,
    /// No attack: a mail sends every customer to log in within an hour.
    MarketingMail,
    /// No attack: an office of 2,000 people moved behind one new address and logs in within an hour of the morning.
    SharedOffice,
    /// No attack: a release breaks the stored password on 30 % of the known devices.
    AppRelease,
}

impl Profile {
    /// The name in reports and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Loud => "loud",
            Self::Distributed => "distributed",
            Self::DistributedDiverse => "distributed-diverse",
            Self::Spraying => "spraying",
            Self::SprayingDiverse => "spraying-diverse",
            Self::LowAndSlowDiverse => "low-and-slow-diverse",
            Self::LowAndSlow20 => "low-and-slow-20",
            Self::BruteForce => "brute-force",
            Self::InventedIdentities => "invented-identities",
            Self::MarketingMail => "marketing-mail",
            Self::SharedOffice => "shared-office",
            Self::AppRelease => "app-release",
        }
    }
}

/// A visit that happens because of the profile.
#[derive(Clone, Copy, Debug)]
pub struct Surge {
    /// When, in milliseconds.
    pub at: u64,
    /// Who comes.
    pub customer: u32,
    /// What is special about it.
    pub circumstances: Circumstances,
}

/// What happens in a profile, and when.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// From when its numbers count, in milliseconds.
    pub start: u64,
    /// Until when.
    pub end: u64,
    /// The attack.
    pub attack: Option<Attack>,
    /// Visits beside the usual ones, by their time.
    pub surges: Vec<Surge>,
    /// From when on the app's new release is there.
    pub release: Option<u64>,
}

/// How far a run is shrunk, and how long its attacks last.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// Rates and numbers of addresses, compared with the full world.
    pub size: f64,
    /// How long the short attacks last, in milliseconds.
    pub attack: u64,
    /// How long the slow ones last, in milliseconds.
    pub slow: u64,
}

impl Scale {
    fn count(self, full: u32, least: u32) -> u32 {
        ((f64::from(full) * self.size) as u32).max(least)
    }
}

impl Profile {
    /// What happens, from a time on, which is half an hour before the daily peak.
    #[must_use]
    pub fn scenario(self, seed: u64, now: u64, scale: Scale, world: &World) -> Scenario {
        let mut random = Random::new(seed, 2);
        let mut scenario =
            Scenario { start: now, end: now + scale.attack, attack: None, surges: Vec::new(), release: None };
        let end = scenario.end;
        let attack = |rate: f64| Attack::new(seed, rate * scale.size, now, end);
        let proxies = |full: u32, random: &mut Random| {
            let count = scale.count(full, 4);
            Sources::Fixed((0..count).map(|_| world.networks.residential_proxy(random)).collect())
        };
        match self {
            Self::Loud => {
                // Nine tries for every customer's at the peak.
                let mut loud = attack(180.0);
                let addresses = (0..scale.count(500, 4)).map(|_| world.networks.data_centre(&mut random));
                loud.sources = Sources::Fixed(addresses.collect());
                loud.programs = tools(5);
                loud.retries = 2;
                scenario.attack = Some(loud);
            }
            Self::Distributed | Self::DistributedDiverse => {
                let mut distributed = attack(200.0);
                distributed.sources = proxies(20_000, &mut random);
                if self == Self::Distributed {
                    distributed.programs = tools(20);
                }
                distributed.retries = 2;
                scenario.attack = Some(distributed);
            }
            Self::Spraying | Self::SprayingDiverse => {
                let mut spraying = attack(20.0);
                spraying.sources = proxies(2000, &mut random);
                if self == Self::Spraying {
                    spraying.programs = borrowed(20, &mut random);
                }
                spraying.pairs = Pairs::Common { first: random.below(world.accounts()) };
                spraying.retries = 1;
                scenario.attack = Some(spraying);
            }
            Self::LowAndSlowDiverse | Self::LowAndSlow20 => {
                scenario.end = now + scale.slow;
                scenario.attack = Some(self.slow(seed, &scenario, scale, world, &mut random));
            }
            Self::BruteForce => self.brute_force(
                &mut scenario,
                attack(1.0 / scale.size),
                proxies(3000, &mut random),
                world,
                &mut random,
            ),
            Self::InventedIdentities => {
                let mut flood = attack(300.0);
                flood.programs = Programs::Invented;
                flood.pairs = Pairs::InventedNames;
                flood.retries = 1;
                flood.unit = Unit::Attack;
                scenario.attack = Some(flood);
            }
            Self::MarketingMail => {
                scenario.end = now + HOUR;
                scenario.surges = mail(now, world, &mut random);
            }
            Self::SharedOffice => office(&mut scenario, scale, world, &mut random),
            Self::AppRelease => {
                scenario.end = now + DAY;
                scenario.release = Some(now);
            }
        }
        scenario
    }

    fn slow(
        self,
        seed: u64,
        scenario: &Scenario,
        scale: Scale,
        world: &World,
        random: &mut Random,
    ) -> Attack {
        let count = scale.count(1_000_000, 20);
        let addresses: Vec<u128> = (0..count).map(|_| world.networks.residential_proxy(random)).collect();
        let mut order = Vec::with_capacity(2 * addresses.len());
        for address in 0..count {
            order.extend((0..random.between(1, 3)).map(|_| address));
        }
        random.shuffle(&mut order);
        let seconds = (scenario.end - scenario.start) as f64 / 1000.0;
        let rate = order.len() as f64 / seconds;
        let mut slow = Attack::new(seed, rate, scenario.start, scenario.end);
        slow.sources = Sources::UsedUp { addresses, order };
        if self == Self::LowAndSlow20 {
            slow.programs = borrowed(20, random);
        }
        slow.retries = 1;
        slow.unit = Unit::Fingerprint;
        slow
    }

    fn brute_force(
        self,
        scenario: &mut Scenario,
        mut attack: Attack,
        sources: Sources,
        world: &World,
        random: &mut Random,
    ) {
        let account = random.below(world.accounts());
        let seconds = u32::try_from((scenario.end - scenario.start) / 1000).unwrap_or(u32::MAX);
        attack.sources = sources;
        attack.pairs = Pairs::OneAccount { account, wrong: u64::from(random.below(seconds)) };
        attack.unit = Unit::Attack;
        scenario.attack = Some(attack);
        // The account's owner comes by meanwhile, as often as it takes to see whether that still works.
        let circumstances = Circumstances { is_affected: true, ..Circumstances::default() };
        let every = (scenario.end - scenario.start) / 6;
        let visits = (0..6).map(|visit| Surge {
            at: scenario.start + every * visit + u64::from(random.below(60_000)),
            customer: account,
            circumstances,
        });
        scenario.surges = visits.collect();
    }
}

/// Everybody, within an hour of the mail: most soon after it, half within a quarter of an hour.
fn mail(now: u64, world: &World, random: &mut Random) -> Vec<Surge> {
    let circumstances = Circumstances { is_affected: true, ..Circumstances::default() };
    let mut surges = Vec::with_capacity(world.accounts() as usize);
    for customer in 0..world.accounts() {
        let mut after = f64::MAX;
        while after >= HOUR as f64 {
            after = random.exponential(22.0 * MINUTE as f64);
        }
        surges.push(Surge { at: now + after as u64, customer, circumstances });
    }
    surges.sort_by_key(|surge| (surge.at, surge.customer));
    surges
}

/// The next morning between eight and nine.
fn office(scenario: &mut Scenario, scale: Scale, world: &World, random: &mut Random) {
    let morning = (scenario.start / DAY + 1) * DAY + 8 * HOUR;
    scenario.start = morning;
    scenario.end = morning + HOUR;
    let address = Some(world.networks.new_office());
    let circumstances = Circumstances { address, is_affected: true, is_released: false };
    let people = scale.count(OFFICE, 20);
    let mut surges: Vec<Surge> = (0..people)
        .map(|_| Surge {
            at: morning + u64::from(random.below(3_600_000)),
            customer: random.below(world.accounts()),
            circumstances,
        })
        .collect();
    surges.sort_by_key(|surge| surge.at);
    scenario.surges = surges;
}
