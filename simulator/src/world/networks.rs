//! Where people and attackers are: addresses and networks.
//!
//! Every kind of line has address space of its own. IPv4 networks are /24, IPv6 networks /48, which is what the engine takes
//! for a network. Addresses are numbers as the engine has them: IPv4 mapped into IPv6.

use crate::random::{Random, mix};

/// How many customers of the bank live in one residential /24 or /48.
const CUSTOMERS_PER_NETWORK: u32 = 8;
/// How many people log in from one shared address.
pub const PEOPLE_PER_SHARED_ADDRESS: u32 = 200;
/// How many customers one gateway of a mobile carrier serves; it has a /22 of its own.
const CUSTOMERS_PER_GATEWAY: u32 = 2000;
/// The share of customers behind shared addresses.
pub const SHARED: f64 = 0.20;
/// The share of customers who log in over mobile networks.
pub const MOBILE: f64 = 0.25;
/// One in so many residential networks is an IPv6 /48.
const ONE_IN_IPV6: u32 = 4;

const RESIDENTIAL: u32 = 0x1800_0000;
const SHARED_SPACE: u32 = 0x3E00_0000;
const MOBILE_SPACE: u32 = 0x5000_0000;
const FOREIGN: u32 = 0x7000_0000;
const DATA_CENTRE: u32 = 0x2D00_0000;
const ABROAD: u32 = 0xB000_0000;
const RESIDENTIAL_IPV6: u128 = 0x2a02_0100_u128 << 96;

/// A customer's line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// An address of their own in a residential network.
    Residential {
        /// Which network.
        network: u32,
        /// Which address in it.
        host: u8,
    },
    /// An address that 200 people have.
    Shared {
        /// Which address.
        address: u32,
    },
    /// A mobile carrier's gateway with four networks of changing addresses.
    Mobile {
        /// Which gateway.
        gateway: u32,
    },
}

/// All networks.
#[derive(Clone, Debug)]
pub struct Networks {
    residential: u32,
    shared: u32,
    gateways: u32,
}

impl Networks {
    /// Networks for so many customers.
    #[must_use]
    pub fn new(accounts: u32) -> Self {
        let part = |share: f64, per: u32| ((f64::from(accounts) * share / f64::from(per)) as u32).max(1);
        Self {
            residential: part(1.0 - SHARED - MOBILE, CUSTOMERS_PER_NETWORK),
            shared: part(SHARED, PEOPLE_PER_SHARED_ADDRESS),
            gateways: part(MOBILE, CUSTOMERS_PER_GATEWAY),
        }
    }

    /// Somebody's line.
    pub fn line(&self, random: &mut Random) -> Line {
        let kind = random.unit();
        if kind < SHARED {
            Line::Shared { address: random.below(self.shared) }
        } else if kind < SHARED + MOBILE {
            Line::Mobile { gateway: random.below(self.gateways) }
        } else {
            let host = u8::try_from(random.between(1, 254)).unwrap_or(1);
            Line::Residential { network: random.below(self.residential), host }
        }
    }

    /// The address that a line has now.
    pub fn address(&self, line: Line, random: &mut Random) -> u128 {
        match line {
            Line::Residential { network, host } => residential(network, host),
            Line::Shared { address } => ipv4(SHARED_SPACE + (address << 8) + 1),
            Line::Mobile { gateway } => ipv4(MOBILE_SPACE + (gateway << 10) + random.below(1024)),
        }
    }

    /// An address in the same network as another one: what a device gets there.
    pub fn beside(&self, address: u128, random: &mut Random) -> u128 {
        match space(address) {
            // Everybody there has the one address.
            SHARED_SPACE => address,
            MOBILE_SPACE | ABROAD => (address & !0xff) | u128::from(random.below(256)),
            // The same household: the same IPv4 address, another device's IPv6 address in the same /64.
            _ if is_ipv6(address) => (address >> 64 << 64) | u128::from(random.bits()),
            _ => address,
        }
    }

    /// Where somebody is who is not at home: a friend's line, another gateway, an office, or abroad, where none of the
    /// bank's customers lives.
    pub fn elsewhere(&self, random: &mut Random) -> u128 {
        if random.happens(0.1) {
            return ipv4(ABROAD + random.below(1 << 24));
        }
        let line = self.line(random);
        self.address(line, random)
    }

    /// An address of a residential proxy: half of what such services rent out lies where the bank has no customers.
    pub fn residential_proxy(&self, random: &mut Random) -> u128 {
        let kind = random.unit();
        if kind < PROXIES_ON_MOBILE {
            return ipv4(MOBILE_SPACE + random.below(self.gateways << 10));
        }
        if kind < PROXIES_ON_MOBILE + PROXIES_ON_SHARED {
            return ipv4(SHARED_SPACE + (random.below(self.shared) << 8) + 1);
        }
        if kind < PROXIES_ON_MOBILE + PROXIES_ON_SHARED + PROXIES_ON_RESIDENTIAL {
            let host = u8::try_from(random.between(1, 254)).unwrap_or(1);
            return residential(random.below(self.residential), host);
        }
        // 2^18 networks.
        ipv4(FOREIGN + random.below(1 << 26))
    }

    /// An address in a data centre; 60 networks.
    pub fn data_centre(&self, random: &mut Random) -> u128 {
        ipv4(DATA_CENTRE + (random.below(60) << 8) + random.between(1, 254))
    }

    /// An address that nobody checks: anything at all, IPv4 or IPv6.
    pub fn invented(&self, random: &mut Random) -> u128 {
        if random.happens(0.5) {
            return ipv4(random.below(u32::MAX));
        }
        (0x2000_u128 << 112) | (u128::from(random.bits() >> 16) << 64) | u128::from(random.bits())
    }

    /// An office that moved here: an address that none of its people had before.
    #[must_use]
    pub const fn new_office(&self) -> u128 {
        ipv4(SHARED_SPACE + 0x00F0_0001)
    }
}

/// The share of residential proxies in residential networks where customers live.
pub const PROXIES_ON_RESIDENTIAL: f64 = 0.25;
/// The share of residential proxies on gateways of mobile carriers, whose addresses customers get too.
pub const PROXIES_ON_MOBILE: f64 = 0.05;
/// The share of residential proxies behind an address that 200 customers share.
pub const PROXIES_ON_SHARED: f64 = 0.005;

fn residential(network: u32, host: u8) -> u128 {
    if network.is_multiple_of(ONE_IN_IPV6) {
        // A /56 for each line, the first /64 of it, and an interface that follows from the line.
        let line = RESIDENTIAL_IPV6 | (u128::from(network) << 80) | (u128::from(host) << 72);
        return line | u128::from(mix(u64::from(network) << 8 | u64::from(host)));
    }
    ipv4(RESIDENTIAL + (network << 8) + u32::from(host))
}

/// An IPv4 address as the engine has addresses.
#[must_use]
pub const fn ipv4(address: u32) -> u128 {
    0xffff_0000_0000 | address as u128
}

const fn is_ipv6(address: u128) -> bool {
    address >> 32 != 0xffff
}

/// The address space that an address is of, where the difference matters.
fn space(address: u128) -> u32 {
    if is_ipv6(address) {
        return 0;
    }
    let [.., top, _, _, _] = address.to_be_bytes();
    match top {
        0x3E => SHARED_SPACE,
        0x50..0x70 => MOBILE_SPACE,
        0xB0..=0xB0 => ABROAD,
        _ => 0,
    }
}

/// The network of an address: the /24 or the /48.
#[must_use]
pub const fn network_of(address: u128) -> u128 {
    if is_ipv6(address) { address >> 80 << 80 } else { address >> 8 << 8 }
}

/// An address as text, as a proxy's `source.address` has it.
#[must_use]
pub fn text(address: u128) -> String {
    match std::net::Ipv6Addr::from(address).to_canonical() {
        std::net::IpAddr::V4(address) => address.to_string(),
        std::net::IpAddr::V6(address) => format!("[{address}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, Networks, SHARED_SPACE, network_of, space, text};
    use crate::random::Random;

    #[test]
    fn lines_come_in_their_shares() {
        let networks = Networks::new(1_000_000);
        let mut random = Random::new(1, 0);
        let lines: Vec<Line> = (0..100_000).map(|_| networks.line(&mut random)).collect();
        let shared = lines.iter().filter(|line| matches!(line, Line::Shared { .. })).count();
        let mobile = lines.iter().filter(|line| matches!(line, Line::Mobile { .. })).count();
        assert!(shared.abs_diff(20_000) < 500, "{shared}");
        assert!(mobile.abs_diff(25_000) < 500, "{mobile}");
        assert_eq!(networks.shared, 1000);
    }

    #[test]
    fn a_line_stays_in_its_network_and_a_mobile_one_changes_addresses() {
        let networks = Networks::new(1_000_000);
        let mut random = Random::new(2, 0);
        for _ in 0..10_000 {
            let line = networks.line(&mut random);
            let (first, second) = (networks.address(line, &mut random), networks.address(line, &mut random));
            match line {
                Line::Mobile { .. } => assert_eq!(first >> 10, second >> 10, "the gateway's /22"),
                _ => assert_eq!(first, second),
            }
            let beside = networks.beside(first, &mut random);
            assert_eq!(network_of(first), network_of(beside), "{}", text(first));
            assert_eq!(space(first) == SHARED_SPACE, matches!(line, Line::Shared { .. }));
        }
    }

    #[test]
    fn the_engine_reads_what_is_written() {
        let networks = Networks::new(1_000_000);
        let mut random = Random::new(3, 0);
        for _ in 0..1000 {
            for address in [networks.elsewhere(&mut random), networks.invented(&mut random)] {
                let text = format!("{}:40000", text(address));
                let read = bartizan_engine::http::address::parse_address(text.as_bytes());
                assert_eq!(read, Some(address), "{text}");
            }
        }
    }
}
