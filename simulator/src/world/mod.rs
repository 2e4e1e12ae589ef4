//! The world outside of the proxy: customers with their lines, devices and passwords, and the programs that people use.

pub mod fingerprints;
pub mod jar;
pub mod networks;
pub mod passwords;

use crate::random::{Random, Weighted};
use fingerprints::Fingerprints;
use jar::{CookieNames, Jar};
use networks::{Line, Networks};
use passwords::Passwords;

/// How many login routes the app has.
pub const ROUTES: u32 = 50;
/// How many devices a customer uses at most; a new one replaces the one that was new longest ago.
const MOST_DEVICES: usize = 3;

/// Who banks here.
#[derive(Clone, Debug)]
pub struct Customer {
    /// From where the last login that succeeded came; 0 before the first.
    pub last_address: u128,
    /// Their line at home.
    pub line: Line,
    /// Their devices, oldest first.
    devices: [u32; MOST_DEVICES],
    /// At which of the routes they log in.
    pub route: u8,
}

/// A device, with a browser or the bank's app.
#[derive(Clone, Debug)]
pub struct Device {
    /// Its cookies.
    pub jar: Jar,
    /// Its program.
    pub fingerprint: u16,
    /// Whether its customer logged in with it while the proxy was watching.
    pub is_known: bool,
    /// Whether the app's new release was started on it.
    pub is_updated: bool,
    /// How many visits are made with it right now.
    in_use: u8,
    /// Whether it is thrown away once no visit uses it.
    is_given_up: bool,
}

const NO_DEVICE: u32 = u32::MAX;

/// All customers and what they have.
#[derive(Clone, Debug)]
pub struct World {
    /// Customers, by their account's number.
    pub customers: Vec<Customer>,
    /// Devices, those that nobody uses any more included.
    pub devices: Vec<Device>,
    /// Devices that nobody uses any more.
    free: Vec<u32>,
    /// Addresses.
    pub networks: Networks,
    /// Programs.
    pub fingerprints: Fingerprints,
    /// Names of cookies.
    pub cookie_names: CookieNames,
    /// Passwords.
    pub passwords: Passwords,
    /// How popular the routes are.
    pub routes: Weighted,
}

impl World {
    /// A world of so many customers, before anybody logged in.
    #[must_use]
    pub fn new(seed: u64, accounts: u32, fingerprints: Fingerprints) -> Self {
        let mut random = Random::new(seed, 1);
        let networks = Networks::new(accounts);
        // The largest route has 7 % of the customers, the smallest 1 %.
        let routes = Weighted::zipf(ROUTES, 0.5);
        let mut customers = Vec::with_capacity(accounts as usize);
        let mut devices = Vec::with_capacity(accounts as usize);
        for device in 0..accounts {
            let line = networks.line(&mut random);
            let route = u8::try_from(routes.draw(&mut random)).unwrap_or(0);
            let fingerprint = fingerprints.of_customer(&mut random);
            customers.push(Customer {
                last_address: 0,
                line,
                devices: [device, NO_DEVICE, NO_DEVICE],
                route,
            });
            devices.push(Device::new(fingerprint));
        }
        Self {
            customers,
            devices,
            free: Vec::new(),
            networks,
            fingerprints,
            cookie_names: CookieNames::default(),
            passwords: Passwords::new(seed),
            routes,
        }
    }

    /// How many accounts there are.
    #[must_use]
    pub fn accounts(&self) -> u32 {
        u32::try_from(self.customers.len()).unwrap_or(u32::MAX)
    }

    /// Adds a device that belongs to nobody yet.
    pub fn add_device(&mut self, random: &mut Random) -> u32 {
        let device = Device::new(self.fingerprints.of_customer(random));
        if let Some(number) = self.free.pop()
            && let Some(slot) = self.devices.get_mut(number as usize)
        {
            *slot = device;
            return number;
        }
        self.devices.push(device);
        u32::try_from(self.devices.len() - 1).unwrap_or(NO_DEVICE)
    }

    /// A device is thrown away, once nobody uses it.
    pub fn drop_device(&mut self, device: u32) {
        if let Some(gone) = self.devices.get_mut(device as usize) {
            gone.is_given_up = true;
            self.throw_away(device);
        }
    }

    /// A visit begins with a device.
    pub fn take_up(&mut self, device: u32) {
        if let Some(taken) = self.devices.get_mut(device as usize) {
            taken.in_use = taken.in_use.saturating_add(1);
        }
    }

    /// A visit with a device is over.
    pub fn put_down(&mut self, device: u32) {
        if let Some(taken) = self.devices.get_mut(device as usize) {
            taken.in_use = taken.in_use.saturating_sub(1);
            self.throw_away(device);
        }
    }

    fn throw_away(&mut self, device: u32) {
        if let Some(gone) =
            self.devices.get_mut(device as usize).filter(|gone| gone.is_given_up && gone.in_use == 0)
        {
            gone.is_given_up = false;
            gone.jar = Jar::default();
            self.free.push(device);
        }
    }

    /// Gives a customer a new device.
    pub fn give_device(&mut self, customer: u32, device: u32) {
        let Some(owner) = self.customers.get_mut(customer as usize) else { return };
        if let Some(slot) = owner.devices.iter_mut().find(|slot| **slot == NO_DEVICE) {
            *slot = device;
            return;
        }
        let [oldest, ..] = owner.devices;
        owner.devices.rotate_left(1);
        if let Some(slot) = owner.devices.last_mut() {
            *slot = device;
        }
        self.drop_device(oldest);
    }
}

impl Customer {
    /// One of the customer's devices.
    pub fn device(&self, random: &mut Random) -> u32 {
        let count = self.devices.iter().filter(|device| **device != NO_DEVICE).count();
        let chosen = random.below(u32::try_from(count).unwrap_or(1)) as usize;
        self.devices.get(chosen).copied().unwrap_or(NO_DEVICE)
    }
}

impl Device {
    fn new(fingerprint: u16) -> Self {
        Self {
            jar: Jar::default(),
            fingerprint,
            is_known: false,
            is_updated: false,
            in_use: 0,
            is_given_up: false,
        }
    }
}
