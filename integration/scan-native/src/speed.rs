//! Megabytes (10^6 bytes) a second on one core.

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::corpora;
use crate::engine::Engine;
use crate::failure::Failure;
use crate::patterns::Pattern;
use crate::regex_set::Sets;

/// How much of a body decides how the patterns are spread over sets of RegexSet, in bytes.
const SAMPLE: usize = 128 << 10;

/// A measurement, as the harness reads it.
#[derive(Serialize)]
struct Row<'a> {
    r#where: &'static str,
    corpus: &'a str,
    engine: &'static str,
    mb_per_s: f64,
    /// The share of bytes that something could have begun with.
    #[serde(skip_serializing_if = "Option::is_none")]
    candidates_percent: Option<f64>,
}

/// Measures the engine and RegexSet with every corpus of a directory, and prints a row for each.
pub(crate) fn measure(
    engine: &Engine,
    patterns: &[Pattern],
    corpora: &Path,
    seconds: u64,
) -> Result<(), Failure> {
    let patience = Duration::from_secs(seconds);
    for corpus in corpora::list(corpora)? {
        let mut bodies = Vec::new();
        for file in &corpus.bodies {
            bodies.push(fs::read(file).map_err(|error| Failure::of(file, error))?);
        }
        let sample = bodies.first().map(Vec::as_slice).unwrap_or_default();
        let sets = Sets::fastest(patterns, sample.get(..SAMPLE).unwrap_or(sample));
        for (name, reason) in &sets.refused {
            eprintln!("RegexSet does not compile {name}: {reason}");
        }
        let compiled = patterns.len() - sets.refused.len();
        eprintln!("{}: RegexSet is fastest with {compiled} patterns in {} sets", corpus.name, sets.count());
        let bytes: usize = bodies.iter().map(Vec::len).sum();
        let kind = &corpus.content_type;
        let candidates: u64 = bodies.iter().map(|body| engine.candidates(body, kind)).sum();
        let row = |engine, mb_per_s, candidates_percent| Row {
            r#where: "native",
            corpus: &corpus.name,
            engine,
            mb_per_s,
            candidates_percent,
        };
        let best = fastest(patience, &bodies, |body| engine.time(body, kind));
        let percent = Some(rounded(candidates as f64 / bytes as f64 * 100.0));
        print(&row("bartizan", best, percent))?;
        let best = fastest(patience, &bodies, |body| {
            let start = Instant::now();
            black_box(sets.matches(body));
            start.elapsed()
        });
        print(&row("regex-set", best, None))?;
    }
    Ok(())
}

fn print(row: &Row<'_>) -> Result<(), Failure> {
    println!("{}", serde_json::to_string(row)?);
    Ok(())
}

/// The speed of the fastest of as many rounds over all bodies as there is time for, in megabytes a second. Where there is
/// not even time for one, of the bodies of it that were scanned, at least one.
fn fastest(patience: Duration, bodies: &[Vec<u8>], mut scan: impl FnMut(&[u8]) -> Duration) -> f64 {
    let start = Instant::now();
    let mut best: f64 = 0.0;
    loop {
        let (mut bytes, mut took, mut scanned) = (0, Duration::ZERO, 0);
        for body in bodies {
            took += scan(body);
            bytes += body.len();
            scanned += 1;
            if start.elapsed() > patience {
                break;
            }
        }
        // A round that was cut short counts only if there is no whole one.
        if scanned == bodies.len() || best == 0.0 {
            best = best.max(bytes as f64 / 1e6 / took.as_secs_f64());
        }
        if start.elapsed() > patience {
            return rounded(best);
        }
    }
}

fn rounded(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
