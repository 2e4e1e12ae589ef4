//! Running cases one after the other, in words like those of Rust's own test runner.

use std::future::Future;
use std::io::Write;
use std::pin::Pin;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::bed::Bed;
use super::cases;
use crate::failure::Failure;

/// A case that hangs is a failure after this time.
const LONGEST_CASE: Duration = Duration::from_secs(120);

/// What a case does.
pub(super) type Steps = for<'a> fn(&'a Bed) -> Pin<Box<dyn Future<Output = Result<(), Failure>> + Send + 'a>>;

/// What a case needs beyond Envoy, shop and modules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    Nothing,
    /// The Envoy binary, to start it once more.
    Binary,
}

/// A case.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) needs: Needs,
    pub(super) steps: Steps,
}

/// How the cases went.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    /// As expected.
    pub passed: usize,
    /// Not as expected.
    pub failed: usize,
    /// Not run, for a reason that was printed.
    pub skipped: usize,
}

/// What Envoy logs when a module traps or panics.
const TRAPS: [&str; 4] =
    ["Uncaught RuntimeError", "panicked at", "wasm_fail_stream", "proxy_on_vm_start failed"];

/// No case may make a filter trap, whatever else it is about.
fn nothing_trapped(bed: &Bed, log_before: usize) -> Result<(), Failure> {
    let log = bed.envoy.log()?;
    let new = log.get(log_before..).unwrap_or_default();
    match new.lines().find(|line| TRAPS.iter().any(|trap| line.contains(trap))) {
        Some(line) => Err(Failure::new(format!("a filter trapped: {line}"))),
        None => Ok(()),
    }
}

/// Runs every case whose name contains `filter` and prints how each went; the closing line has the sums.
pub async fn run(bed: &Bed, filter: &str) -> Tally {
    let cases: Vec<_> = cases::all().into_iter().filter(|case| case.name.contains(filter)).collect();
    println!("running {} {}", cases.len(), if cases.len() == 1 { "case" } else { "cases" });
    let mut tally = Tally::default();
    let mut failures = Vec::new();
    let mut reasons = Vec::new();
    for case in &cases {
        print!("case {} ... ", case.name);
        // The line matters only to a person who waits.
        let _ = std::io::stdout().flush();
        if case.needs == Needs::Binary && bed.paths.envoy.is_none() {
            println!("skipped");
            reasons.push(format!("{}: the suite has no Envoy binary of its own here", case.name));
            tally.skipped += 1;
            continue;
        }
        let start = Instant::now();
        let log_before = bed.envoy.log().map_or(0, |log| log.len());
        let result = match timeout(LONGEST_CASE, (case.steps)(bed)).await {
            Ok(result) => result,
            Err(_) => Err(Failure::new(format!("not done after {} s", LONGEST_CASE.as_secs()))),
        };
        // Cases name their listeners after themselves; the next one starts without them.
        let cleared = bed.envoy.remove_all();
        match result.and(cleared).and_then(|()| nothing_trapped(bed, log_before)) {
            Ok(()) => {
                println!("ok ({:.1} s)", start.elapsed().as_secs_f32());
                tally.passed += 1;
            }
            Err(failure) => {
                println!("FAILED");
                failures.push((case.name, failure));
                tally.failed += 1;
            }
        }
    }
    for (name, failure) in &failures {
        println!("\n---- {name} ----\n{failure}");
    }
    for reason in &reasons {
        println!("\nskipped {reason}");
    }
    println!("\n{} passed, {} failed, {} skipped", tally.passed, tally.failed, tally.skipped);
    tally
}
