//! One profile's numbers, as JSON and as a line of a table.

use std::io::{self, Write};

use serde::Serialize;

use crate::report::Outcome;

/// The numbers of one profile.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The profile, or `traffic`.
    pub profile: &'static str,
    /// The seed.
    pub seed: u64,
    /// Tries of attackers.
    pub malicious: u64,
    /// Those that were refused.
    pub stopped: u64,
    /// Accounts of which the attacker presented the right password.
    pub accounts_exposed: usize,
    /// Those where such a try reached the app.
    pub accounts_taken: usize,
    /// Customers' visits that began during the attack and presented the right password.
    pub good_logins: u64,
    /// Those with a refused try.
    pub good_hindered: u64,
    /// Those of them that came with a known device.
    pub known_device_hindered: u64,
    /// The median of the tries that passed before the first was stopped; `null` where most were never stopped.
    pub tries_to_detect_p50: Option<u32>,
    /// For what that median is taken: `address`, `fingerprint`, `attack` or `none`.
    pub tries_to_detect_unit: &'static str,
    /// Bytes of pages, keys and the workers' memory.
    pub state_bytes: usize,
    /// Good logins before and after the attack.
    pub good_logins_outside: u64,
    /// Those with a refused try.
    pub good_hindered_outside: u64,
    /// Those of them that came with a known device.
    pub known_device_hindered_outside: u64,
    /// Good logins during the attack with a new device from a new network.
    pub new_device_new_network: u64,
    /// Those with a refused try.
    pub new_device_new_network_hindered: u64,
    /// Good logins that the profile is about.
    pub affected_logins: u64,
    /// Those with a refused try.
    pub affected_hindered: u64,
    /// Requests that the engine judged in this profile, without the clean days.
    pub exchanges: u64,
    /// Exchanges for each second that the run took; not in the JSON, which is the same for the same seed.
    #[serde(skip)]
    pub exchanges_per_second: u64,
}

impl Row {
    /// The numbers of an outcome.
    #[must_use]
    pub fn of(outcome: &Outcome) -> Self {
        let counts = &outcome.counts;
        let exchanges = counts.exchanges - outcome.began;
        Self {
            profile: outcome.name,
            seed: outcome.seed,
            malicious: counts.malicious,
            stopped: counts.stopped,
            accounts_exposed: counts.exposed.len(),
            accounts_taken: counts.taken.len(),
            good_logins: counts.during.good,
            good_hindered: counts.during.hindered,
            known_device_hindered: counts.during.known_device_hindered,
            tries_to_detect_p50: counts.tries_to_detect(),
            tries_to_detect_unit: outcome.unit,
            state_bytes: outcome.state_bytes,
            good_logins_outside: counts.outside.good,
            good_hindered_outside: counts.outside.hindered,
            known_device_hindered_outside: counts.outside.known_device_hindered,
            new_device_new_network: counts.during.strangers,
            new_device_new_network_hindered: counts.during.strangers_hindered,
            affected_logins: counts.affected.good,
            affected_hindered: counts.affected.hindered,
            exchanges,
            exchanges_per_second: (exchanges as f64 / outcome.elapsed.as_secs_f64().max(1e-6)) as u64,
        }
    }

    /// Writes the table's line.
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(
            out,
            "{:<21}{:>5}{:>10}{:>10}{:>8}{:>7}{:>10}{:>9}{:>10}{:>7}{:>10}{:>8}{:>8}{:>10}",
            self.profile,
            self.seed,
            self.malicious,
            percent(self.stopped, self.malicious),
            self.accounts_exposed,
            self.accounts_taken,
            self.good_logins,
            self.good_hindered,
            percent(self.good_hindered, self.good_logins),
            self.known_device_hindered,
            percent(self.good_hindered_outside, self.good_logins_outside),
            self.tries_to_detect_p50.map_or_else(|| "-".to_owned(), |tries| tries.to_string()),
            format!("{:.1}", self.state_bytes as f64 / 1024.0 / 1024.0),
            self.exchanges_per_second,
        )
    }
}

pub(super) fn write_header(out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "{:<21}{:>5}{:>10}{:>10}{:>8}{:>7}{:>10}{:>9}{:>10}{:>7}{:>10}{:>8}{:>8}{:>10}",
        "profile",
        "seed",
        "malicious",
        "stopped",
        "exposed",
        "taken",
        "good",
        "hindered",
        "",
        "known",
        "outside",
        "detect",
        "MiB",
        "logins/s",
    )
}

/// A share as a percentage; nothing where there is no whole.
pub(super) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    format!("{:.3} %", part as f64 * 100.0 / whole as f64)
}
