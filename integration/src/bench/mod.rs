//! What a filter costs in a real Envoy.
//!
//! One Envoy worker per variant, tied to the first processor; the load runs on another. Only one variant is under load
//! at a time; every round measures each once, in an order that alternates, and what counts is the median of the ratios
//! *within* rounds: what disturbs a round disturbs its variants alike.

mod load;
mod process;
mod report;

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use crate::envoy::{Configuration, DirectResponse, Filter, ListenerSpec, Options, Process, locate};
use crate::failure::{Context, Failure, ensure};
use crate::suite::compile;

use load::Load;

/// What the bench starts from.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Bartizan's module.
    pub filter: PathBuf,
    /// The module that does nothing.
    pub noop: PathBuf,
    /// The `bartizan` command.
    pub compiler: PathBuf,
    /// The policy.
    pub policy: PathBuf,
    /// The directory for Envoy's files; what is in it is overwritten.
    pub directory: PathBuf,
    /// How often each variant is measured.
    pub rounds: u32,
    /// How long each measurement takes.
    pub seconds: u64,
    /// Print JSON instead of a table.
    pub json: bool,
}

/// What one round says about one variant.
#[derive(Debug, Clone, Copy)]
struct Sample {
    cpu_us_per_request: f64,
    requests_per_s: f64,
    p50_us: f64,
    p99_us: f64,
}

/// One way to answer the same request.
struct Variant {
    name: &'static str,
    /// The process that answers; two variants share Bartizan's.
    process: usize,
    load: Load,
    samples: Vec<Sample>,
}

/// The processor that Envoy is tied to. The load must run on another, which the caller sees to.
const ENVOYS_PROCESSOR: u32 = 0;

/// The length of the reply, in bytes.
const REPLY_BYTES: usize = 2_048;

/// The host of an app that the demo's policy inspects, and of one that it knows and leaves alone.
const INSPECTED: &str = "shop.localhost";
const UNINSPECTED: &str = "plain.localhost";

/// Measures and prints.
///
/// # Errors
///
/// Something could not be started, or Envoy answered something else than was asked for.
pub fn run(setting: &Setting) -> Result<(), Failure> {
    let directory = std::path::absolute(&setting.directory)?;
    if directory.exists() {
        fs::remove_dir_all(&directory).context(directory.display())?;
    }
    fs::create_dir_all(&directory).context(directory.display())?;
    let blob_file = directory.join("policy.blob");
    compile(&setting.compiler, &setting.policy, &blob_file)?;
    let blob = fs::read(&blob_file).context(blob_file.display())?;
    let (plain, plain_address) = start(&directory.join("plain"), None)?;
    let noop = Filter::unconfigured(std::path::absolute(&setting.noop)?);
    let (noop, noop_address) = start(&directory.join("noop"), Some(noop))?;
    let (bartizan, address) = start(&directory.join("bartizan"), Some(bartizan(&setting.filter, blob)?))?;
    let processes = [plain, noop, bartizan];
    let variant = |name, process, address, host| Variant {
        name,
        process,
        load: Load::new(address, host),
        samples: Vec::new(),
    };
    let mut variants = [
        variant("plain", 0, plain_address, INSPECTED),
        variant("noop", 1, noop_address, INSPECTED),
        variant("bartizan", 2, address, INSPECTED),
        variant("bartizan-uninspected", 2, address, UNINSPECTED),
    ];
    for variant in &mut variants {
        variant.load.run(Duration::from_secs(1)).context(format_args!("warming up {}", variant.name))?;
    }
    for round in 0..setting.rounds {
        eprintln!("round {} of {}", round + 1, setting.rounds);
        let mut order: Vec<_> = variants.iter_mut().collect();
        if !round.is_multiple_of(2) {
            order.reverse();
        }
        for variant in order {
            let process = processes.get(variant.process).context("every variant has a process")?;
            let sample = measure(process, &mut variant.load, Duration::from_secs(setting.seconds))
                .context(format_args!("measuring {}", variant.name))?;
            variant.samples.push(sample);
        }
    }
    report::print(&variants, &processes, setting.json)?;
    let log = directory.join("bartizan").join("envoy.log");
    let loaded = slowest_load(&fs::read_to_string(&log).context(log.display())?);
    let module = fs::metadata(&setting.filter).context(setting.filter.display())?.len();
    let blob = fs::metadata(&blob_file).context(blob_file.display())?.len();
    let loaded =
        loaded.map_or_else(|| "in an unknown time".to_owned(), |time| format!("in at most {time} us"));
    eprintln!("\nmodule {module} bytes, blob {blob} bytes, loaded {loaded}");
    Ok(())
}

/// What the slowest of the VMs needed to load the policy, in microseconds: they say it in the log.
fn slowest_load(log: &str) -> Option<u64> {
    let times =
        log.lines().filter_map(|line| line.split_once("loaded in ")?.1.split_once(" us")?.0.parse().ok());
    times.max()
}

/// An Envoy with one worker that answers by itself.
fn start(directory: &Path, filter: Option<Filter>) -> Result<(Process, SocketAddr), Failure> {
    let process = Process::start(&Options {
        binary: locate()?,
        directory: directory.to_owned(),
        concurrency: 1,
        // Nobody is asked: Envoy answers by itself.
        upstream: SocketAddr::from((Ipv4Addr::LOCALHOST, 9)),
        environment: Vec::new(),
        processor: Some(ENVOYS_PROCESSOR),
    })?;
    let listener = process.listen(&ListenerSpec {
        filter,
        direct_response: Some(DirectResponse { body: reply(), content_type: "application/json".to_owned() }),
        access_log: false,
        // The load comes from a few connections and stands for many clients: it names them as a proxy in front would.
        trusted_hops: 1,
        ..ListenerSpec::plain("bench")
    })?;
    Ok((process, listener.address))
}

fn bartizan(module: &Path, blob: Vec<u8>) -> Result<Filter, Failure> {
    let settings = json!({ "instance": "bench", "hold_headers": true, "buffer_limit": 32_768 });
    Ok(Filter {
        configuration: Configuration::Bytes(blob),
        vm_configuration: settings.to_string(),
        ..Filter::unconfigured(std::path::absolute(module)?)
    })
}

/// Two kibibytes of JSON as a shop would send them: text, prices, and digits that are no card numbers.
fn reply() -> String {
    let mut items = Vec::new();
    let mut id = 7;
    loop {
        items.push(json!({
            "id": id,
            "sku": format!("{:08}", id * 104_729 % 100_000_000),
            "name": format!("Item {id}"),
            "price": { "amount": 1_999 + id, "currency": "EUR" },
            "updated": "2026-11-20T09:30:00Z",
            "description": "Made to be looked at, and to be measured with.",
        }));
        id += 1;
        let text = json!({ "items": items }).to_string();
        if text.len() > REPLY_BYTES {
            items.pop();
            break;
        }
    }
    let short = json!({ "items": items, "padding": "" }).to_string().len();
    let padding = "x".repeat(REPLY_BYTES.saturating_sub(short));
    json!({ "items": items, "padding": padding }).to_string()
}

fn measure(process: &Process, load: &mut Load, duration: Duration) -> Result<Sample, Failure> {
    let before = process::cpu_time(process.id())?;
    let run = load.run(duration)?;
    let cpu = process::cpu_time(process.id())?.saturating_sub(before);
    ensure(run.requests > 0, || "no request was answered".to_owned())?;
    // Counts of requests stay far below 2^52, where this is exact.
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let requests = run.requests as f64;
    Ok(Sample {
        cpu_us_per_request: cpu.as_secs_f64() * 1e6 / requests,
        requests_per_s: requests / run.took.as_secs_f64(),
        p50_us: run.percentile(50),
        p99_us: run.percentile(99),
    })
}
