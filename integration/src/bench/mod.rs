//! What a filter costs in a real Envoy.
//!
//! One Envoy worker per variant, tied to the first processor; the load runs on another. Only one variant is under load
//! at a time; every round measures each once, in an order that alternates, and what counts is the median of the ratios
//! *within* rounds: what disturbs a round disturbs its variants alike.

mod load;
mod logins;
mod pages;
mod process;
mod report;

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use crate::envoy::{Configuration, DirectResponse, Filter, ListenerSpec, Options, Process, locate};
use crate::failure::{Context, Failure, ensure};
use crate::shop::Shop;
use crate::suite::{DEVICE_KEY, HASH_KEY, compile};

use load::Load;
use logins::{Customers, Strangers};
use pages::Pages;

pub(crate) use process::cpu_time;
pub(crate) use report::median;

/// What the bench starts from.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Bartizan's module.
    pub filter: PathBuf,
    /// The module that does nothing.
    pub noop: PathBuf,
    /// The `bartizan` command.
    pub compiler: PathBuf,
    /// The policy under which pages are read.
    pub policy: PathBuf,
    /// The policy under which people log in: the rule pack against account takeover.
    pub login_policy: PathBuf,
    /// What is measured.
    pub measure: Measure,
    /// The directory for Envoy's files; what is in it is overwritten.
    pub directory: PathBuf,
    /// How often each variant is measured.
    pub rounds: u32,
    /// How long each measurement takes.
    pub seconds: u64,
    /// Print JSON instead of a table.
    pub json: bool,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Measure {
    /// Everything.
    All,
    /// Reading pages that Envoy answers by itself.
    Pages,
    /// Logging in at the sample shop.
    Login,
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
    measure: Measure,
    /// The process that answers; several variants share one.
    process: usize,
    load: Load,
    samples: Vec<Sample>,
}

/// The processor that Envoy is tied to. The load must run on another, which the caller sees to.
const ENVOYS_PROCESSOR: u32 = 0;

/// Long enough for every customer to log in once, so that devices are known when measuring begins.
const WARM_UP: Duration = Duration::from_secs(2);

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
    let policy = |name: &str, source: &Path| -> Result<(PathBuf, Vec<u8>), Failure> {
        let file = directory.join(name);
        compile(&setting.compiler, source, &file)?;
        let blob = fs::read(&file).context(file.display())?;
        Ok((file, blob))
    };
    let (blob_file, blob) = policy("policy.blob", &setting.policy)?;
    let (_, login_blob) = policy("login.blob", &setting.login_policy)?;
    let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let shop = Shop::open(any_port, any_port)?;
    let start = |name: &str| start(&directory.join(name), shop.address(), None);
    let processes = [start("plain")?, start("noop")?, start("bartizan")?];
    let [plain, noop, bartizan] = &processes;
    let idle = Filter::unconfigured(std::path::absolute(&setting.noop)?);
    let noop_pages = listen(noop, "pages", Some(idle.clone()))?;
    let noop_logins = listen(noop, "logins", Some(idle))?;
    let bartizan_pages = listen(bartizan, "pages", Some(guard(&setting.filter, "bench", blob)?))?;
    let bartizan_logins = listen(bartizan, "logins", Some(guard(&setting.filter, "login", login_blob)?))?;
    let plain_pages = listen(plain, "pages", None)?;
    let pages = |name, process, address, host| Variant {
        name,
        measure: Measure::Pages,
        process,
        load: Load::new(address, |connection| Pages::new(host, connection)),
        samples: Vec::new(),
    };
    let login =
        |name, process, load| Variant { name, measure: Measure::Login, process, load, samples: Vec::new() };
    let mut variants = vec![
        pages("plain", 0, plain_pages, INSPECTED),
        pages("noop", 1, noop_pages, INSPECTED),
        pages("bartizan", 2, bartizan_pages, INSPECTED),
        pages("bartizan-uninspected", 2, bartizan_pages, UNINSPECTED),
        login("noop-login", 1, Load::new(noop_logins, |connection| Customers::new(connection, false))),
        login("bartizan-login", 2, Load::new(bartizan_logins, |connection| Customers::new(connection, true))),
        login("bartizan-login-stranger", 2, Load::new(bartizan_logins, Strangers::new)),
    ];
    variants.retain(|variant| setting.measure == Measure::All || setting.measure == variant.measure);
    for variant in &mut variants {
        variant.load.run(WARM_UP).context(format_args!("warming up {}", variant.name))?;
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

/// An Envoy with one worker, tied to its processor.
pub(crate) fn start(
    directory: &Path,
    upstream: SocketAddr,
    upstream_buffer_limit: Option<u32>,
) -> Result<Process, Failure> {
    Process::start(&Options {
        binary: locate()?,
        directory: directory.to_owned(),
        concurrency: 1,
        upstream,
        upstream_buffer_limit,
        environment: vec![
            ("BARTIZAN_HASH_KEY".to_owned(), HASH_KEY.to_owned()),
            ("BARTIZAN_DEVICE_KEY".to_owned(), DEVICE_KEY.to_owned()),
        ],
        processor: Some(ENVOYS_PROCESSOR),
    })
}

/// A listener for pages, which Envoy answers by itself, or for logins, which go to the shop: Envoy would close the
/// connection if it answered a login before it has read the body.
fn listen(process: &Process, name: &str, filter: Option<Filter>) -> Result<SocketAddr, Failure> {
    let direct = DirectResponse { body: reply(), content_type: "application/json".to_owned() };
    let listener = process.listen(&ListenerSpec {
        filter,
        direct_response: (name == "pages").then_some(direct),
        access_log: false,
        // The load comes from a few connections and stands for many clients: it names them as a proxy in front would.
        trusted_hops: 1,
        ..ListenerSpec::plain(name)
    })?;
    Ok(listener.address)
}

fn guard(module: &Path, instance: &str, blob: Vec<u8>) -> Result<Filter, Failure> {
    let settings = json!({ "instance": instance, "hold_headers": true, "buffer_limit": 32_768 });
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
    let before = cpu_time(process.id())?;
    let run = load.run(duration)?;
    let cpu = cpu_time(process.id())?.saturating_sub(before);
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
