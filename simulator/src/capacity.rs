//! How much memory the state takes however many come, and who is still known after them.
//!
//! Customers log in, each from an address and to an account of their own, two thirds of them successfully; between them
//! comes a flood of invented names, device cookies, programs and addresses. Attackers who had failed to open more accounts
//! than the rule pack allows to an address must still be challenged for that when the flood is over: those who go on trying,
//! and those who were silent meanwhile.

use std::io::Write;

use bartizan_engine::blob::Policy;
use bartizan_engine::settings::Settings;
use serde::Serialize;

use crate::curve::MINUTE;
use crate::failure::Failure;
use crate::options::Format;
use crate::policy::compile;
use crate::proxy::{AppAnswer, Judgement, Proxy, Sent};
use crate::random::{Random, mix};
use crate::run::START;
use crate::wire::{LoginShape, forged_cookies};
use crate::world::ROUTES;
use crate::world::networks::{Networks, ipv4};

/// Logins in a millisecond: those of ten million customers take two hours, less than the rule pack's window of a day.
const RATE: u64 = 2;
/// Of so many logins the first four succeed, the next two fail, and the last two are invented.
const CYCLE: u64 = 8;
/// Attackers in each group.
const ATTACKERS: u32 = 50;
/// Accounts that each attacker tries before the flood; the rule pack allows ten a day.
const TRIED: u64 = 14;
/// Programs of customers.
const PROGRAMS: u64 = 300;
/// The rules that accuse an address of what it did itself.
const OWN_DEEDS: [&str; 2] = ["ato-many-accounts", "ato-many-accounts-day"];

/// What is measured.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Customers, each with an address and an account; measured at every power of ten from 10,000 on. At most 16 million.
    #[arg(long, default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(1_000..=16_000_000), value_name = "N")]
    pub customers: u64,
    /// Workers that share the state.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=256), value_name = "N")]
    pub workers: u64,
    /// Pages of the state, 2 KiB each.
    #[arg(long, default_value_t = 24_576, value_parser = clap::value_parser!(u32).range(64..=65_536), value_name = "N")]
    pub state_pages: u32,
    /// The seed.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// How results are written.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// What was found after some customers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Measured {
    /// Customers so far.
    pub customers: u64,
    /// Their logins that succeeded.
    pub succeeded: u64,
    /// Their logins that failed.
    pub failed: u64,
    /// Their logins that were refused.
    pub refused: u64,
    /// Logins with everything invented.
    pub invented: u64,
    /// Those that were refused.
    pub invented_refused: u64,
    /// Bytes of all workers' shared data: pages, keys, and what the host keeps beside each.
    pub shared_bytes: usize,
    /// Attackers in each of the two groups.
    pub attackers: u32,
    /// Attackers who went on trying, and are known for what they did.
    pub persistent_known: u32,
    /// Attackers who were silent since before the flood, and are known for what they did.
    pub silent_known: u32,
    /// Addresses that did nothing, and are taken for one that did.
    pub innocent_accused: u32,
}

/// Measures and writes what was found, a line for each power of ten.
///
/// # Errors
///
/// When output cannot be written.
pub fn run(options: &Options, out: &mut impl Write) -> Result<(), Failure> {
    if options.format == Format::Human {
        writeln!(
            out,
            "{:>12}{:>12}{:>12}{:>9}{:>12}{:>10}{:>14}{:>12}{:>9}{:>10}",
            "customers",
            "succeeded",
            "failed",
            "refused",
            "invented",
            "refused",
            "shared MiB",
            "persistent",
            "silent",
            "innocent"
        )?;
    }
    measure(options, |found| {
        if options.format == Format::Json {
            serde_json::to_writer(&mut *out, found).map_err(std::io::Error::from)?;
            writeln!(out)?;
        } else {
            writeln!(
                out,
                "{:>12}{:>12}{:>12}{:>9}{:>12}{:>10}{:>14.2}{:>12}{:>9}{:>10}",
                found.customers,
                found.succeeded,
                found.failed,
                found.refused,
                found.invented,
                found.invented_refused,
                found.shared_bytes as f64 / f64::from(1 << 20),
                format!("{}/{}", found.persistent_known, found.attackers),
                format!("{}/{}", found.silent_known, found.attackers),
                found.innocent_accused,
            )?;
        }
        Ok(out.flush()?)
    })
}

/// Measures, and tells what was found at every power of ten and at the end.
///
/// # Errors
///
/// What `tell` says.
pub fn measure(
    options: &Options,
    mut tell: impl FnMut(&Measured) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let blob = compile(None)?;
    let policy = Policy::parse(&blob).map_err(|error| Failure::Blob(error.to_string()))?;
    let settings = Settings { state_pages: options.state_pages, hold_headers: true, ..Settings::default() };
    let mut crowd = Crowd::new(options, Proxy::new(&policy, settings, options.workers, options.seed));
    let mut stops: Vec<u64> = (4..8).map(|power| 10_u64.pow(power)).collect();
    stops.retain(|stop| *stop < options.customers);
    stops.push(options.customers);
    // A group of silent ones for each measurement: to be looked at is to be no longer silent.
    let silent_groups = u32::try_from(stops.len()).unwrap_or(1);
    crowd.bring_attackers(silent_groups)?;
    for (group, stop) in (1..).zip(stops) {
        while crowd.found.customers < stop {
            crowd.step()?;
        }
        crowd.look(group)?;
        tell(&crowd.found)?;
    }
    Ok(())
}

/// Everybody who comes.
struct Crowd<'p> {
    proxy: Proxy<'p>,
    shape: LoginShape,
    networks: Networks,
    random: Random,
    now: u64,
    logins: u64,
    found: Measured,
    names: u64,
    next_round: u64,
}

impl<'p> Crowd<'p> {
    fn new(options: &Options, proxy: Proxy<'p>) -> Self {
        Self {
            proxy,
            shape: LoginShape::default(),
            networks: Networks::new(1_000_000),
            random: Random::new(options.seed, 6),
            now: START,
            logins: 0,
            found: Measured { attackers: ATTACKERS, ..Measured::default() },
            names: 0,
            next_round: 0,
        }
    }

    /// Attackers fail at one account after the other, slowly enough not to be stopped before they have a record, among
    /// customers who are twice as many: the login is not under attack.
    fn bring_attackers(&mut self, silent_groups: u32) -> Result<(), Failure> {
        let everybody = (silent_groups + 1) * ATTACKERS;
        // Everybody tries once in four minutes, so that the window of ten minutes never holds more than three accounts.
        let pause = 4 * MINUTE / u64::from(everybody);
        for _ in 0..TRIED {
            for number in 0..everybody {
                for _ in 0..2 {
                    let customer = self.next_customer();
                    self.log_in(customer, true)?;
                }
                self.now += pause;
                self.attack(number / ATTACKERS, number % ATTACKERS)?;
            }
        }
        self.next_round = self.now;
        Ok(())
    }

    /// The next of those who come.
    fn step(&mut self) -> Result<(), Failure> {
        self.logins += 1;
        self.now += u64::from(self.logins.is_multiple_of(RATE));
        if self.now >= self.next_round {
            self.next_round = self.now + MINUTE;
            for number in 0..ATTACKERS {
                self.attack(0, number)?;
            }
        }
        match self.logins % CYCLE {
            6 | 7 => self.invent(),
            turn => {
                let customer = self.next_customer();
                self.log_in(customer, turn < 4)
            }
        }
    }

    fn next_customer(&mut self) -> u64 {
        self.found.customers += 1;
        self.found.customers
    }

    /// Looks who is still known.
    fn look(&mut self, silent_group: u32) -> Result<(), Failure> {
        self.found.shared_bytes = self.proxy.shared_bytes();
        let accused = |judgement: Option<Judgement<'_>>| {
            judgement.is_some_and(|judgement| judgement.rules.iter().any(|rule| OWN_DEEDS.contains(rule)))
        };
        let (mut persistent, mut silent, mut innocent) = (0, 0, 0);
        for number in 0..ATTACKERS {
            persistent += u32::from(accused(self.attack(0, number)?));
            silent += u32::from(accused(self.attack(silent_group, number)?));
            innocent += u32::from(accused(self.attack(0x80 + silent_group, number)?));
        }
        (self.found.persistent_known, self.found.silent_known, self.found.innocent_accused) =
            (persistent, silent, innocent);
        Ok(())
    }

    /// A customer's login.
    fn log_in(&mut self, customer: u64, is_right: bool) -> Result<(), Failure> {
        let user = format!("customer.{customer:08}@mail.example");
        let password = if is_right { "right".to_owned() } else { format!("mistyped-{customer}") };
        let address = ipv4(0x0A00_0000 | u32::try_from(customer).unwrap_or(0));
        let program = format!("Browser/{}", mix(customer) % PROGRAMS);
        let route = route_of(mix(customer) >> 32);
        let judgement = self.send(route, address, &program, "", (&user, &password), is_right)?;
        match judgement {
            Some(_) => self.found.refused += 1,
            None if is_right => self.found.succeeded += 1,
            None => self.found.failed += 1,
        }
        Ok(())
    }

    /// A login of which nothing was ever seen and nothing comes again.
    fn invent(&mut self) -> Result<(), Failure> {
        let bits = self.random.bits();
        let user = format!("user.{bits:016x}@mail.example");
        let address = self.networks.invented(&mut self.random);
        let program = format!("Invented/{bits:x}");
        let route = route_of(bits);
        let password = format!("guess-{bits:x}");
        let cookies = forged_cookies(bits);
        let judgement = self.send(route, address, &program, &cookies, (&user, &password), false)?;
        self.found.invented += 1;
        self.found.invented_refused += u64::from(judgement.is_some());
        Ok(())
    }

    /// An attacker's try at an account that it did not try before, with a program of customers.
    fn attack(&mut self, group: u32, number: u32) -> Result<Option<Judgement<'p>>, Failure> {
        self.names += 1;
        let user = format!("victim.{}@mail.example", self.names);
        // 198.18.0.0/15 is set aside for benchmarks.
        let address = ipv4(0xC612_0000 | group << 8 | number);
        let route = route_of(self.names);
        let password = format!("stolen-{}", self.names);
        self.send(route, address, "Browser/7", "", (&user, &password), false)
    }

    /// Sends a login and lets the app answer; a refusal comes back.
    fn send(
        &mut self,
        route: u8,
        address: u128,
        program: &str,
        cookies: &str,
        (user, password): (&str, &str),
        is_right: bool,
    ) -> Result<Option<Judgement<'p>>, Failure> {
        let mut body = String::new();
        self.shape.write_body(user, password, &mut body);
        let headers = self.head(route, program, cookies, body.len());
        match self.proxy.send(self.now, &headers, address, body.as_bytes()) {
            Sent::Refused(judgement) => Ok(Some(judgement)),
            Sent::Forwarded(forwarded) => {
                let answer =
                    if is_right { AppAnswer::In { session: self.random.bits() } } else { AppAnswer::Out };
                self.proxy.answer(self.now, forwarded, answer, |_| {});
                Ok(None)
            }
            Sent::NoLogin => {
                Err(Failure::NoLogin { host: self.shape.host.clone(), path: self.shape.path(route) })
            }
        }
    }

    fn head(&self, route: u8, program: &str, cookies: &str, length: usize) -> Vec<(String, Vec<u8>)> {
        let path = self.shape.path(route);
        let length = length.to_string();
        let fields = [
            (":authority", self.shape.host.as_str()),
            (":path", &path),
            (":method", "POST"),
            ("user-agent", program),
            ("accept-language", "en"),
            ("content-type", self.shape.content_type()),
            ("content-length", &length),
            ("cookie", cookies),
        ];
        let given = fields.iter().filter(|(name, value)| *name != "cookie" || !value.is_empty());
        given.map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect()
    }
}

fn route_of(number: u64) -> u8 {
    u8::try_from(number % u64::from(ROUTES)).unwrap_or(0)
}
