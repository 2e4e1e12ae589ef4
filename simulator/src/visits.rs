//! What a customer does: comes with a device from somewhere, errs, is refused, tries again, and is in.

use crate::curve::SECOND;
use crate::random::{Random, mix};
use crate::world::World;
use crate::world::networks::PEOPLE_PER_SHARED_ADDRESS;
use crate::world::passwords::Password;

/// The share of visits from a device that the customer did not have before.
pub const NEW_DEVICE: f64 = 0.10;
/// The share of those from a network that the customer did not have before.
pub const NEW_NETWORK: f64 = 0.30;
/// The share of visits that begin with a slip; one in five slips twice.
pub const TYPING_ERRORS: f64 = 0.04;
const SECOND_SLIP: f64 = 0.20;
/// The share of visits that begin with a program that goes on trying the password that the account had before.
pub const STALE_CLIENTS: f64 = 0.01;
/// The share of those that try every five minutes for two hours; the others try two to six times.
const LONG_LOOPS: f64 = 0.04;
const LONG_LOOP: u8 = 24;
/// The share of visits with a known device from somewhere else than home.
const AWAY: f64 = 0.05;
/// The share of known devices whose stored password the app's release breaks.
pub const BROKEN_BY_RELEASE: f64 = 0.30;
/// How often somebody tries again after the right password was refused.
const PATIENCE: u8 = 2;

/// What happened to a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The filter refused it.
    Refused,
    /// The app refused it.
    Failed,
    /// It was let in.
    Succeeded,
}

/// Why a visit begins with wrong passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Error {
    Slip,
    Stale { every: u32 },
    Broken,
}

/// One visit of a customer: tries that end with the right password.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Who.
    pub customer: u32,
    /// With which device.
    pub device: u32,
    /// From where.
    pub address: u128,
    /// When the first try was, in milliseconds.
    pub began: u64,
    /// Whether the device is new to the customer.
    pub is_new_device: bool,
    /// Whether the network is new to the customer too, by the draw.
    pub is_new_network: bool,
    /// Whether the customer logged in with it before, while the proxy was watching.
    pub is_known_device: bool,
    /// Whether the profile is about this visit.
    pub is_affected: bool,
    /// Whether the filter refused any of its tries.
    pub was_refused: bool,
    /// The highest score of its tries.
    pub score: u16,
    error: Error,
    wrong_left: u8,
    slips: u8,
    refused_right: u8,
}

/// What is special about some visits.
#[derive(Clone, Copy, Debug, Default)]
pub struct Circumstances {
    /// Everybody is at this address.
    pub address: Option<u128>,
    /// The app was released anew, and cannot read some of the passwords that it stored.
    pub is_released: bool,
    /// The profile is about this visit.
    pub is_affected: bool,
}

/// What comes next in a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Another try, in so many milliseconds.
    Again(u64),
    /// Nothing; whether the right password was let in.
    Over(bool),
}

impl Visit {
    /// A customer comes.
    pub fn begin(
        customer: u32,
        now: u64,
        circumstances: Circumstances,
        world: &mut World,
        random: &mut Random,
    ) -> Option<Self> {
        let owner = world.customers.get(customer as usize)?.clone();
        let is_new_device = random.happens(NEW_DEVICE);
        let is_new_network = is_new_device && random.happens(NEW_NETWORK);
        let address = if let Some(address) = circumstances.address {
            address
        } else if is_new_network || (!is_new_device && random.happens(AWAY)) {
            world.networks.elsewhere(random)
        } else if is_new_device && owner.last_address != 0 {
            world.networks.beside(owner.last_address, random)
        } else {
            world.networks.address(owner.line, random)
        };
        let device = if is_new_device { world.add_device(random) } else { owner.device(random) };
        world.take_up(device);
        let kind = random.unit();
        let (mut error, mut wrong_left) = (Error::Slip, 0);
        if kind < STALE_CLIENTS {
            let is_long = random.happens(LONG_LOOPS);
            wrong_left = if is_long { LONG_LOOP } else { u8::try_from(random.between(2, 6)).unwrap_or(2) };
            error = Error::Stale { every: if is_long { 300 } else { random.between(60, 300) } };
        } else if kind < STALE_CLIENTS + TYPING_ERRORS {
            wrong_left = if random.happens(SECOND_SLIP) { 2 } else { 1 };
        }
        let is_known_device = world.devices.get(device as usize).is_some_and(|device| device.is_known);
        if circumstances.is_released && is_known_device && is_broken(device, world) && wrong_left == 0 {
            (error, wrong_left) = (Error::Broken, 1);
        }
        Some(Self {
            customer,
            device,
            address,
            began: now,
            is_new_device,
            is_new_network,
            is_known_device,
            is_affected: circumstances.is_affected || (circumstances.is_released && error == Error::Broken),
            was_refused: false,
            score: 0,
            error,
            wrong_left,
            slips: 0,
            refused_right: 0,
        })
    }

    /// A visit that somebody brought along.
    #[must_use]
    pub const fn brought(began: u64, is_known_device: bool) -> Self {
        Self {
            customer: 0,
            device: 0,
            address: 0,
            began,
            is_new_device: !is_known_device,
            is_new_network: false,
            is_known_device,
            is_affected: false,
            was_refused: false,
            score: 0,
            error: Error::Slip,
            wrong_left: 0,
            slips: 0,
            refused_right: 0,
        }
    }

    /// What the next try sends.
    #[must_use]
    pub fn password(&self) -> Password {
        if self.wrong_left == 0 {
            return Password::Right;
        }
        match self.error {
            Error::Slip => Password::Typo(u32::from(self.slips)),
            Error::Stale { .. } => Password::Stale,
            Error::Broken => Password::Broken,
        }
    }

    /// What the customer does after an answer. A refusal looks to people like an error of theirs: they type again.
    pub fn answered(&mut self, answer: Answer, random: &mut Random) -> Next {
        self.was_refused |= answer == Answer::Refused;
        if answer == Answer::Succeeded {
            return Next::Over(true);
        }
        if self.wrong_left > 0 {
            self.wrong_left -= 1;
            self.slips = self.slips.saturating_add(1);
            let seconds = match self.error {
                Error::Stale { every } => every,
                Error::Slip | Error::Broken => random.between(5, 20),
            };
            return Next::Again(u64::from(seconds) * SECOND);
        }
        self.refused_right += 1;
        if self.refused_right > PATIENCE {
            return Next::Over(false);
        }
        Next::Again(u64::from(random.between(20, 60)) * SECOND)
    }

    /// The visit is over: a device that was let in belongs to the customer, one that never was is given up.
    pub fn end(&self, is_in: bool, world: &mut World) {
        self.let_in(is_in, world);
        world.put_down(self.device);
    }

    fn let_in(&self, is_in: bool, world: &mut World) {
        if !is_in {
            if self.is_new_device {
                world.drop_device(self.device);
            }
            return;
        }
        if let Some(device) = world.devices.get_mut(self.device as usize) {
            device.is_known = true;
        }
        if let Some(owner) = world.customers.get_mut(self.customer as usize) {
            owner.last_address = self.address;
        }
        if self.is_new_device {
            world.give_device(self.customer, self.device);
        }
    }
}

/// Whether the release breaks this device's password: once, at its first start.
fn is_broken(number: u32, world: &mut World) -> bool {
    let Some(device) = world.devices.get_mut(number as usize) else { return false };
    let is_first = !device.is_updated;
    device.is_updated = true;
    is_first && (mix(u64::from(number)) >> 11) as f64 / ((1_u64 << 53) as f64) < BROKEN_BY_RELEASE
}

/// How many people the shared office has.
pub const OFFICE: u32 = 10 * PEOPLE_PER_SHARED_ADDRESS;

#[cfg(test)]
mod tests {
    use super::{Answer, Circumstances, Error, Next, Visit};
    use crate::random::Random;
    use crate::world::World;
    use crate::world::fingerprints::Fingerprints;
    use crate::world::networks::network_of;
    use crate::world::passwords::Password;

    fn world() -> World {
        World::new(1, 50_000, Fingerprints::new("bank.example", "application/x-www-form-urlencoded"))
    }

    #[test]
    fn visits_have_the_shares_that_the_world_is_made_of() {
        let (mut world, mut random) = (world(), Random::new(1, 0));
        let visits = 200_000_u32;
        let (mut new, mut elsewhere, mut beside, mut slips, mut twice, mut stale) = (0, 0, 0, 0, 0, 0);
        for _ in 0..visits {
            let customer = random.below(50_000);
            let before = world.customers[customer as usize].last_address;
            let mut visit =
                Visit::begin(customer, 0, Circumstances::default(), &mut world, &mut random).unwrap();
            new += u32::from(visit.is_new_device);
            elsewhere += u32::from(visit.is_new_network);
            if visit.is_new_device && !visit.is_new_network && before != 0 {
                assert_eq!(network_of(before), network_of(visit.address));
                beside += 1;
            }
            slips += u32::from(visit.error == Error::Slip && visit.wrong_left > 0);
            twice += u32::from(visit.error == Error::Slip && visit.wrong_left > 1);
            stale += u32::from(matches!(visit.error, Error::Stale { .. }));
            while visit.password() != Password::Right {
                assert!(matches!(visit.answered(Answer::Failed, &mut random), Next::Again(_)));
            }
            assert_eq!(visit.answered(Answer::Succeeded, &mut random), Next::Over(true));
            visit.end(true, &mut world);
        }
        let is_near = |count: u32, share: f64| {
            let expected = f64::from(visits) * share;
            assert!((f64::from(count) - expected).abs() < 4.0 * expected.sqrt(), "{count} is not {expected}");
        };
        is_near(new, 0.10);
        is_near(elsewhere, 0.03);
        is_near(slips, 0.04);
        is_near(twice, 0.008);
        is_near(stale, 0.01);
        assert!(beside > 10_000);
    }

    #[test]
    fn a_new_device_belongs_to_the_customer_once_it_was_let_in() {
        let (mut world, mut random) = (world(), Random::new(2, 0));
        let before = world.devices.len();
        for is_in in [false, true] {
            let mut visit = loop {
                let visit = Visit::begin(7, 0, Circumstances::default(), &mut world, &mut random).unwrap();
                if visit.is_new_device {
                    break visit;
                }
            };
            visit.wrong_left = 0;
            visit.end(is_in, &mut world);
            let owned = (0..200).any(|_| world.customers[7].device(&mut random) == visit.device);
            assert_eq!(owned, is_in);
        }
        assert_eq!(world.devices.len(), before + 1, "what nobody uses is used again");
    }

    #[test]
    fn who_is_refused_tries_the_right_password_three_times() {
        let (mut world, mut random) = (world(), Random::new(3, 0));
        let mut visit = Visit::begin(7, 0, Circumstances::default(), &mut world, &mut random).unwrap();
        visit.wrong_left = 0;
        assert!(matches!(visit.answered(Answer::Refused, &mut random), Next::Again(_)));
        assert!(matches!(visit.answered(Answer::Refused, &mut random), Next::Again(_)));
        assert_eq!(visit.answered(Answer::Refused, &mut random), Next::Over(false));
        assert!(visit.was_refused);
    }

    #[test]
    fn a_device_is_not_thrown_away_while_somebody_uses_it() {
        let (mut world, mut random) = (world(), Random::new(4, 0));
        let long = Visit::begin(7, 0, Circumstances::default(), &mut world, &mut random).unwrap();
        world.drop_device(long.device);
        assert_ne!(world.add_device(&mut random), long.device, "it is still in use");
        long.end(false, &mut world);
        assert_eq!(world.add_device(&mut random), long.device, "nobody uses it any more");
    }
}
