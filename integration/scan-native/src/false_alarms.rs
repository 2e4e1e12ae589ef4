//! What is found in bodies in which there is nothing.

use std::thread;

use bartizan_corpus::{BODY, Kind, json};
use serde::Serialize;

use crate::engine::{Confidence, Engine, Findings};
use crate::failure::Failure;

/// How many bodies are made and scanned at a time.
const THREADS: u64 = 2;

/// So many findings of high confidence in 10 MB are promised at most.
const PROMISED: f64 = 1.0;

/// What one detector found.
#[derive(Serialize)]
struct Row {
    detector: String,
    confidence: &'static str,
    found: u64,
    per_10_mb: f64,
}

/// The result.
#[derive(Serialize)]
struct Report {
    bytes: u64,
    high: u64,
    high_per_10_mb: f64,
    rows: Vec<Row>,
}

/// Scans so many megabytes of orders, users, telemetry and all of them mixed, in equal parts, and prints what was found.
/// Whether what is promised was kept.
pub(crate) fn run(engine: &Engine, megabytes: u64, seed: u64, as_json: bool) -> Result<bool, Failure> {
    let bodies = (megabytes.saturating_mul(1_000_000)).div_ceil(BODY as u64).max(1);
    let (bytes, findings) = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|first| scope.spawn(move || part(engine, seed, (first..bodies).step_by(THREADS as usize))))
            .collect();
        let mut all = (0, Findings::new());
        for thread in threads {
            let (bytes, findings) = thread.join().map_err(|_| Failure::new("a thread panicked"))?;
            all.0 += bytes;
            add(&mut all.1, findings);
        }
        Ok::<_, Failure>(all)
    })?;
    let report = Report::of(bytes, &findings);
    if as_json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        report.print();
    }
    Ok(report.high_per_10_mb <= PROMISED)
}

/// Makes and scans the bodies with these numbers.
fn part(engine: &Engine, seed: u64, numbers: impl Iterator<Item = u64>) -> (u64, Findings) {
    let mut all = (0, Findings::new());
    for number in numbers {
        let kind =
            Kind::HARMLESS.get(usize::try_from(number % 4).unwrap_or(0)).copied().unwrap_or(Kind::Mixed);
        // Bodies of neighbouring seeds have nothing in common, so a number above the seed's bits is enough.
        let body = json(kind, seed.wrapping_mul(1 << 32).wrapping_add(number), BODY);
        all.0 += body.len() as u64;
        add(&mut all.1, engine.findings(&body, "application/json"));
    }
    all
}

fn add(all: &mut Findings, more: Findings) {
    for (what, count) in more {
        *all.entry(what).or_default() += count;
    }
}

impl Report {
    fn of(bytes: u64, findings: &Findings) -> Self {
        let per_10_mb = |count: u64| (count as f64 * 1e7 / bytes.max(1) as f64 * 1000.0).round() / 1000.0;
        let high = findings
            .iter()
            .filter(|((_, confidence), _)| *confidence == Confidence::High)
            .map(|(_, count)| count)
            .sum();
        let mut rows: Vec<_> = findings
            .iter()
            .map(|((detector, confidence), found)| Row {
                detector: detector.clone(),
                confidence: confidence.name(),
                found: *found,
                per_10_mb: per_10_mb(*found),
            })
            .collect();
        rows.sort_by_key(|row| (row.confidence, std::cmp::Reverse(row.found)));
        Self { bytes, high, high_per_10_mb: per_10_mb(high), rows }
    }

    fn print(&self) {
        println!("{:<40}{:>12}{:>10}{:>14}", "detector", "confidence", "found", "per 10 MB");
        for row in &self.rows {
            println!("{:<40}{:>12}{:>10}{:>14.3}", row.detector, row.confidence, row.found, row.per_10_mb);
        }
        println!(
            "\n{:.1} MB without anything sensitive: {} findings of high confidence, {:.3} in 10 MB (at most {PROMISED:.0} is promised)",
            self.bytes as f64 / 1e6,
            self.high,
            self.high_per_10_mb
        );
    }
}
