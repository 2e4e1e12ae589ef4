//! Runs what the command line asks for: clean days once for each seed, then every profile in a copy of that world.

use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use bartizan_engine::blob::Policy;
use bartizan_engine::settings::Settings;

use crate::curve::{DAY, DailyCurve, HOUR, MINUTE};
use crate::failure::Failure;
use crate::options::Options;
use crate::policy::compile;
use crate::profile::{Profile, Scale};
use crate::proxy::Proxy;
use crate::report::progress::Progress;
use crate::report::{Outcome, Report};
use crate::simulation::Simulation;
use crate::traffic::replay;
use crate::traffic::write::Recorder;
use crate::wire::Wire;
use crate::world::World;
use crate::world::fingerprints::Fingerprints;

/// When the world begins: half an hour before the daily peak of a day in 2026, so that attacks do too.
pub const START: u64 = 1_790_000_000_000 / DAY * DAY + 15 * HOUR + 30 * MINUTE;
/// Profiles that run at the same time unless the command line says otherwise: each takes about a gigabyte.
const MOST_JOBS: usize = 4;

/// Runs everything and writes the results.
///
/// # Errors
///
/// When the options, the policy or the traffic are wrong, or output cannot be written.
pub fn run(options: &Options, out: &mut (impl Write + Send)) -> Result<(), Failure> {
    options.check()?;
    let blob = compile(options.policy.as_deref())?;
    let policy = Policy::parse(&blob).map_err(|error| Failure::Blob(error.to_string()))?;
    let report = Mutex::new(Report::new(options, out)?);
    for seed in &options.seed {
        if let Some(path) = &options.traffic {
            let began = Instant::now();
            let replayed = replay(path, proxy(options, &policy, *seed), &options.shape(), options.explain)?;
            let outcome = Outcome {
                name: "traffic",
                seed: *seed,
                unit: "address",
                counts: replayed.counts,
                state_bytes: replayed.state_bytes,
                elapsed: began.elapsed(),
                began: 0,
            };
            locked(&report).add(outcome)?;
            continue;
        }
        run_profiles(options, &policy, *seed, &report)?;
    }
    report.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner).finish()
}

fn run_profiles<W: Write + Send>(
    options: &Options,
    policy: &Policy<'_>,
    seed: u64,
    report: &Mutex<Report<'_, W>>,
) -> Result<(), Failure> {
    let profiles = options.profiles();
    let mut base = clean_days(options, policy, seed)?;
    if options.export.is_some() {
        // The file holds the clean days already, so this world itself goes on.
        if let Some(profile) = profiles.first() {
            let outcome = run_profile(options, seed, *profile, &mut base)?;
            locked(report).add(outcome)?;
        }
        return base.recorder.take().map_or(Ok(()), Recorder::finish);
    }
    let base = &base;
    let next = AtomicUsize::new(0);
    let outcomes: Mutex<Vec<Option<Outcome>>> = Mutex::new(profiles.iter().map(|_| None).collect());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = options.jobs.unwrap_or(cores.min(MOST_JOBS)).clamp(1, profiles.len().max(1));
    std::thread::scope(|scope| {
        let work = || -> Result<(), Failure> {
            loop {
                let position = next.fetch_add(1, Ordering::Relaxed);
                let Some(profile) = profiles.get(position) else { return Ok(()) };
                let outcome = run_profile(options, seed, *profile, &mut base.fork())?;
                let mut outcomes = locked(&outcomes);
                if let Some(slot) = outcomes.get_mut(position) {
                    *slot = Some(outcome);
                }
                // Results come in the order of the profiles, each as soon as those before it are there.
                let mut report = locked(report);
                for position in report.written()..outcomes.len() {
                    let Some(outcome) = outcomes.get_mut(position).and_then(Option::take) else { break };
                    report.add(outcome)?;
                }
            }
        };
        let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| match worker.join() {
            Ok(outcome) => outcome,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })?;
    locked(report).next_seed();
    Ok(())
}

/// The world after its clean days.
///
/// # Errors
///
/// When the policy sees no logins, or the traffic cannot be written.
pub fn clean_days<'p>(
    options: &Options,
    policy: &'p Policy<'p>,
    seed: u64,
) -> Result<Simulation<'p>, Failure> {
    let shape = options.shape();
    let fingerprints = Fingerprints::new(&shape.host, shape.content_type());
    let accounts = options.accounts().unwrap_or(100);
    let world = World::new(seed, accounts, fingerprints);
    let curve = DailyCurve { night: 2.0 * options.scale, peak: 20.0 * options.scale };
    let proxy = proxy(options, policy, seed);
    let mut simulation = Simulation::new(seed, START, curve, proxy, world, Wire::new(shape));
    simulation.counts.explains = options.explain;
    if let Some(path) = &options.export {
        simulation.recorder = Some(Recorder::create(path)?);
    }
    let end = START + (options.days * DAY as f64) as u64;
    advance(&mut simulation, end, &format!("seed {seed}, clean days"))?;
    simulation.settle()?;
    Ok(simulation)
}

fn run_profile(
    options: &Options,
    seed: u64,
    profile: Profile,
    simulation: &mut Simulation<'_>,
) -> Result<Outcome, Failure> {
    let began = Instant::now();
    let exchanges = simulation.counts.exchanges;
    let scale = Scale {
        size: options.scale,
        attack: (options.attack_hours * HOUR as f64) as u64,
        slow: (options.slow_days * DAY as f64) as u64,
    };
    let scenario = profile.scenario(seed, simulation.now(), scale, &simulation.world);
    let end = scenario.end + (options.after_hours * HOUR as f64) as u64;
    let unit = scenario.attack.as_ref().map_or("none", |attack| attack.unit.name());
    simulation.set_scenario(scenario);
    advance(simulation, end, &format!("seed {seed}, {}", profile.name()))?;
    simulation.settle()?;
    Ok(Outcome {
        name: profile.name(),
        seed,
        unit,
        state_bytes: simulation.proxy.state_bytes(),
        counts: std::mem::take(&mut simulation.counts),
        elapsed: began.elapsed(),
        began: exchanges,
    })
}

/// Runs until a time and shows how far it is.
fn advance(simulation: &mut Simulation<'_>, end: u64, what: &str) -> Result<(), Failure> {
    let start = simulation.now();
    let progress = Progress::begin(what, end.saturating_sub(start));
    let steps = end.saturating_sub(start).div_ceil(HOUR / 4);
    for step in 1..=steps {
        let until = (start + step * HOUR / 4).min(end);
        simulation.run_until(until)?;
        progress.reached(until - start, simulation.counts.exchanges);
    }
    progress.done();
    Ok(())
}

fn proxy<'p>(options: &Options, policy: &'p Policy<'p>, seed: u64) -> Proxy<'p> {
    let settings = Settings {
        state_pages: options.state_pages,
        hold_headers: true,
        report_only: options.roc,
        ..Settings::default()
    };
    let mut proxy = Proxy::new(policy, settings, options.workers, seed);
    proxy.judges_all = options.roc || options.explain;
    proxy
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
