//! The same bodies through three Envoys: one without a filter, one with a filter that does nothing, one with Bartizan.

use std::path::Path;
use std::time::Duration;

use serde_json::json;

use super::corpora::Corpus;
use super::{Row, Setting, load, rounded, upstream};
use crate::bench::{cpu_time, median, start};
use crate::envoy::{Configuration, Filter, ListenerSpec, Process};
use crate::failure::{Context, Failure, ensure};
use crate::suite::compile;

/// Envoy's own limit of what a connection buffers, in bytes.
const BUFFER_LIMIT: u32 = 1 << 20;

/// Long enough for V8 to compile what runs often.
const WARM_UP: Duration = Duration::from_secs(1);

/// The variants; the others are compared with the first.
const ENGINES: [&str; 3] = ["plain", "noop", "bartizan"];

/// Measures every corpus with every variant, in an order that alternates, and takes the medians of the processor time for
/// each byte.
pub(super) fn measure(setting: &Setting, corpora: Vec<Corpus>) -> Result<Vec<Row>, Failure> {
    let upstream = upstream::open(&corpora)?;
    let directory = std::path::absolute(&setting.directory)?;
    let blob = directory.join("scanning.blob");
    compile(&setting.compiler, &setting.policy, &blob)?;
    let blob = std::fs::read(&blob).context(blob.display())?;
    let mut variants = Vec::new();
    for engine in ENGINES {
        let filter = match engine {
            "noop" => Some(Filter::unconfigured(std::path::absolute(&setting.noop)?)),
            "bartizan" => Some(bartizan(&setting.filter, blob.clone())?),
            _ => None,
        };
        let process = start(&directory.join(engine), upstream, Some(BUFFER_LIMIT))?;
        let spec = ListenerSpec {
            filter,
            access_log: false,
            buffer_limit: BUFFER_LIMIT,
            ..ListenerSpec::plain(engine)
        };
        let address = process.listen(&spec)?.address;
        variants.push((process, address));
    }
    let mut rows = Vec::new();
    for (number, corpus) in corpora.iter().enumerate() {
        let run = |address, duration| load::run(address, number, corpus.bodies.len(), duration);
        for (_, address) in &variants {
            run(*address, WARM_UP)?;
        }
        let mut samples = vec![Vec::new(); ENGINES.len()];
        for round in 0..setting.rounds {
            eprintln!("{} in Envoy, round {} of {}", corpus.name, round + 1, setting.rounds);
            let mut order: Vec<_> = variants.iter().zip(&mut samples).collect();
            if !round.is_multiple_of(2) {
                order.reverse();
            }
            for ((process, address), samples) in order {
                let cost = cost(process, || run(*address, Duration::from_secs(setting.seconds)))?;
                samples.push(cost);
            }
        }
        rows.extend(rows_of(&corpus.name, &samples));
    }
    Ok(rows)
}

/// What a byte of a body costs, in seconds of the process's processor time.
fn cost(process: &Process, run: impl FnOnce() -> Result<u64, Failure>) -> Result<f64, Failure> {
    let before = cpu_time(process.id())?;
    let bytes = run()?;
    let cpu = cpu_time(process.id())?.saturating_sub(before);
    ensure(bytes > 0 && !cpu.is_zero(), || "nothing was measured; give it more seconds".to_owned())?;
    Ok(cpu.as_secs_f64() / bytes as f64)
}

/// The rows of a corpus, from the samples by engine.
fn rows_of(corpus: &str, samples: &[Vec<f64>]) -> Vec<Row> {
    let plain = samples.first().map(Vec::as_slice).unwrap_or_default();
    let row = |(engine, costs): (&str, &Vec<f64>)| {
        let total = speed(median(costs.iter().copied()));
        // What disturbs a round disturbs its variants alike: differences are taken within rounds.
        let added = median(costs.iter().zip(plain).map(|(with, without)| with - without));
        Row {
            r#where: "envoy".to_owned(),
            corpus: corpus.to_owned(),
            engine: engine.to_owned(),
            mb_per_s: if engine == "bartizan" { speed(added) } else { total },
            total_mb_per_s: Some(total),
            candidates_percent: None,
        }
    };
    ENGINES.into_iter().zip(samples).map(row).collect()
}

/// Megabytes a second, from seconds for a byte.
fn speed(seconds: f64) -> f64 {
    // A filter that adds less than can be measured: a nanosecond for a kilobyte is beyond every machine.
    rounded(1e-6 / seconds.max(1e-12))
}

fn bartizan(module: &Path, blob: Vec<u8>) -> Result<Filter, Failure> {
    let settings = json!({ "instance": "scan", "hold_headers": true, "buffer_limit": BUFFER_LIMIT });
    Ok(Filter {
        configuration: Configuration::Bytes(blob),
        vm_configuration: settings.to_string(),
        ..Filter::unconfigured(std::path::absolute(module)?)
    })
}
