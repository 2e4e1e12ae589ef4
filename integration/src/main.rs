//! The harness's command: the suite against a real Envoy, the shop, the demo and the load.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use integration::bench::{self, Measure};
use integration::demo;
use integration::envoy::{Envoy, Options, Process, locate, prepare};
use integration::failure::{Context, Failure};
use integration::scan_bench;
use integration::shop::{Shop, ShopControl};
use integration::suite::{Bed, DEVICE_KEY, HASH_KEY, Paths, run};

#[derive(Parser)]
#[command(version, about, name = "bartizan-integration")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run the cases.
    Suite(SuiteArgs),
    /// Open the sample shop and stay.
    Shop {
        /// Where it sells.
        #[arg(long, default_value = "127.0.0.1:8081")]
        listen: SocketAddr,
        /// Where it tells what it saw.
        #[arg(long, default_value = "127.0.0.1:8082")]
        control: SocketAddr,
    },
    /// Show what Bartizan does to mixed traffic.
    Demo(DemoArgs),
    /// Measure what filters cost; start it tied to another processor than the first, which Envoy gets.
    Bench(BenchArgs),
    /// Measure how fast replies are scanned; start it tied to another processor than the first.
    ScanBench(ScanBenchArgs),
    /// Write what an Envoy needs that runs elsewhere, for example in a container, and end.
    Prepare {
        /// The directory that Envoy and the suite share.
        #[arg(long)]
        directory: PathBuf,
        /// Where Envoy's admin interface is to listen.
        #[arg(long, default_value = "127.0.0.1:9901")]
        admin: SocketAddr,
        /// Where the shop listens.
        #[arg(long, default_value = "127.0.0.1:8081")]
        upstream: SocketAddr,
        /// Files that are copied into the directory, for example the modules.
        #[arg(long)]
        copy: Vec<PathBuf>,
    },
}

#[derive(Args)]
struct SuiteArgs {
    /// Only cases whose name contains this.
    #[arg(default_value = "")]
    name: String,
    /// Bartizan's module.
    #[arg(long, default_value = "target/wasm32-wasip1/release/bartizan_filter.wasm")]
    filter: PathBuf,
    /// The module that does nothing.
    #[arg(long, default_value = "target/wasm32-wasip1/release/noop_filter.wasm")]
    noop: PathBuf,
    /// The `bartizan` command.
    #[arg(long, env = "BARTIZAN", default_value = "target/debug/bartizan")]
    compiler: PathBuf,
    /// The directory of the suite's policies.
    #[arg(long, default_value = "integration/policies")]
    policies: PathBuf,
    /// The sample policy that the demo runs.
    #[arg(long, default_value = "tests/examples/shop/shop.policy.yaml")]
    sample: PathBuf,
    /// The directory for Envoy's files; what is in it may be overwritten.
    #[arg(long, default_value = "target/integration")]
    directory: PathBuf,
    /// Use the Envoy with this admin interface, which watches the directory, instead of starting one.
    #[arg(long, requires = "shop_control")]
    admin: Option<SocketAddr>,
    /// Where the shop of that Envoy tells what it saw.
    #[arg(long, requires = "admin")]
    shop_control: Option<SocketAddr>,
}

#[derive(Args)]
struct DemoArgs {
    /// Bartizan's module.
    #[arg(long)]
    filter: PathBuf,
    /// The `bartizan` command.
    #[arg(long)]
    compiler: PathBuf,
    /// The policy.
    #[arg(long)]
    policy: PathBuf,
    /// The directory for Envoy's files; what is in it is overwritten.
    #[arg(long)]
    directory: PathBuf,
    /// Leave everything running until Ctrl-C.
    #[arg(long)]
    keep: bool,
}

#[derive(Args)]
struct BenchArgs {
    /// Bartizan's module.
    #[arg(long)]
    filter: PathBuf,
    /// The module that does nothing.
    #[arg(long)]
    noop: PathBuf,
    /// The `bartizan` command.
    #[arg(long)]
    compiler: PathBuf,
    /// The policy under which pages are read.
    #[arg(long)]
    policy: PathBuf,
    /// The policy under which people log in.
    #[arg(long)]
    login_policy: PathBuf,
    /// What is measured.
    #[arg(long, value_enum, default_value_t = Measure::All)]
    measure: Measure,
    /// The directory for Envoy's files; what is in it is overwritten.
    #[arg(long)]
    directory: PathBuf,
    /// How often each variant is measured.
    #[arg(long, default_value_t = 15)]
    rounds: u32,
    /// Seconds for each measurement.
    #[arg(long, default_value_t = 2)]
    seconds: u64,
    /// How the result is written.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Args)]
struct ScanBenchArgs {
    /// Bartizan's module.
    #[arg(long)]
    filter: PathBuf,
    /// The module that does nothing.
    #[arg(long)]
    noop: PathBuf,
    /// The `bartizan` command.
    #[arg(long)]
    compiler: PathBuf,
    /// The command that measures natively.
    #[arg(long)]
    native: PathBuf,
    /// The command that measures Hyperscan.
    #[arg(long, conflicts_with = "without_hyperscan")]
    hyperscan: Option<PathBuf>,
    /// Why there is no such command.
    #[arg(long, default_value = "there is no command for it")]
    without_hyperscan: String,
    /// The policy that looks for everything.
    #[arg(long)]
    policy: PathBuf,
    /// Expressions that stand for the engine's built-in scanners.
    #[arg(long)]
    builtins: PathBuf,
    /// The directory for bodies and for Envoy's files; what is in it is overwritten.
    #[arg(long)]
    directory: PathBuf,
    /// How often each variant is measured in Envoy.
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// Seconds for each measurement.
    #[arg(long, default_value_t = 2)]
    seconds: u64,
    /// How the result is written.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Files to measure with beside the generated bodies.
    files: Vec<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
}

fn main() -> ExitCode {
    match perform(Cli::parse().task) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::from(2)
        }
    }
}

fn perform(task: Task) -> Result<ExitCode, Failure> {
    match task {
        Task::Suite(args) => suite(args),
        Task::Shop { listen, control } => {
            let shop = Shop::open(listen, control)?;
            println!("the shop is open at {}; what it saw: http://{}/seen", shop.address(), shop.control());
            shop.stay();
            Ok(ExitCode::SUCCESS)
        }
        Task::Demo(args) => {
            let DemoArgs { filter, compiler, policy, directory, keep } = args;
            let met = demo::run(&demo::Setting { filter, compiler, policy, directory, keep })?;
            Ok(if met { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Task::Bench(args) => {
            let json = args.format == Format::Json;
            let BenchArgs { filter, noop, compiler, policy, login_policy, measure, .. } = args;
            let BenchArgs { directory, rounds, seconds, .. } = args;
            bench::run(&bench::Setting {
                filter,
                noop,
                compiler,
                policy,
                login_policy,
                measure,
                directory,
                rounds,
                seconds,
                json,
            })?;
            Ok(ExitCode::SUCCESS)
        }
        Task::ScanBench(args) => {
            let ScanBenchArgs { filter, noop, compiler, native, hyperscan, policy, builtins, .. } = args;
            let ScanBenchArgs { directory, files, rounds, seconds, format, without_hyperscan, .. } = args;
            scan_bench::run(&scan_bench::Setting {
                filter,
                noop,
                compiler,
                native,
                hyperscan: hyperscan.ok_or(without_hyperscan),
                policy,
                builtins,
                directory,
                files,
                rounds,
                seconds,
                json: format == Format::Json,
            })?;
            Ok(ExitCode::SUCCESS)
        }
        Task::Prepare { directory, admin, upstream, copy } => {
            prepare(&directory, admin, upstream)?;
            for file in copy {
                let name = file.file_name().context(format_args!("{} is not a file", file.display()))?;
                std::fs::copy(&file, directory.join(name)).context(file.display())?;
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// The workers of the suite's Envoy: more than the two processors of a small machine, so that state is shared for real.
const WORKERS: u32 = 4;

fn suite(args: SuiteArgs) -> Result<ExitCode, Failure> {
    let mut paths = Paths {
        filter: absolute(&args.filter)?,
        noop: absolute(&args.noop)?,
        compiler: absolute(&args.compiler)?,
        policies: args.policies,
        sample: args.sample,
        envoy: None,
    };
    let directory = std::path::absolute(&args.directory)?;
    // Both end when this function does: first Envoy, then the shop.
    let shop;
    let process;
    let bed = if let (Some(admin), Some(control)) = (args.admin, args.shop_control) {
        Bed { envoy: Envoy::attach(admin, &directory)?, shop: ShopControl::new(control), paths }
    } else {
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        shop = Shop::open(any_port, any_port)?;
        let binary = locate()?;
        paths.envoy = Some(binary.clone());
        if directory.exists() {
            std::fs::remove_dir_all(&directory).context(directory.display())?;
        }
        process = Process::start(&Options {
            binary,
            directory,
            concurrency: WORKERS,
            upstream: shop.address(),
            upstream_buffer_limit: None,
            environment: vec![
                ("BARTIZAN_HASH_KEY".to_owned(), HASH_KEY.to_owned()),
                ("BARTIZAN_DEVICE_KEY".to_owned(), DEVICE_KEY.to_owned()),
            ],
            processor: None,
        })?;
        Bed { envoy: process.envoy(), shop: ShopControl::new(shop.control()), paths }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let tally = runtime.block_on(run(&bed, &args.name));
    Ok(if tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).context(path.display())
}
