//! The demo: a sample shop, an Envoy with Bartizan before it, mixed traffic, and what became of it.

mod outcome;
mod report;
mod traffic;

use std::fs;
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Duration, sleep};

use crate::envoy::{Configuration, Filter, ListenerSpec, Options, Process, locate};
use crate::failure::{Context, Failure};
use crate::shop::{Shop, ShopControl};
use crate::suite::{Gateway, compile};

/// What the demo starts from.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Bartizan's module.
    pub filter: PathBuf,
    /// The `bartizan` command.
    pub compiler: PathBuf,
    /// The policy.
    pub policy: PathBuf,
    /// The directory for Envoy's files; what is in it is overwritten.
    pub directory: PathBuf,
    /// Leave everything running until Ctrl-C.
    pub keep: bool,
}

/// The access log is written a moment after the reply.
const UNTIL_LOGGED: Duration = Duration::from_millis(400);

/// The demo's stage: everything that runs while traffic does.
struct Stage {
    process: Process,
    shop: Shop,
    gateway: Gateway,
}

/// Runs the demo; says whether every kind of traffic met what was expected.
///
/// # Errors
///
/// Something could not be started, or the policy does not compile.
pub fn run(setting: &Setting) -> Result<bool, Failure> {
    let stage = set_up(setting)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        eprintln!("sending traffic");
        let kinds = traffic::send_all(stage.gateway.address()).await?;
        sleep(UNTIL_LOGGED).await;
        let log = stage.gateway.log()?;
        let shop = ShopControl::new(stage.shop.control());
        let rows = outcome::judge(&kinds, &log, &shop.seen()?);
        let met = report::print(&rows, &log);
        report::where_to_look(stage.process.admin().address(), &stage.gateway, &setting.directory);
        if setting.keep {
            report::curl_lines(stage.gateway.address());
            until_told_to_end().await?;
        }
        Ok(met)
    })
}

/// Waits for Ctrl-C, or for a polite `kill`: either way Envoy must not be left behind.
async fn until_told_to_end() -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = tokio::signal::ctrl_c() => Ok(()),
        _ = terminate.recv() => Ok(()),
    }
}

fn set_up(setting: &Setting) -> Result<Stage, Failure> {
    let directory = std::path::absolute(&setting.directory)?;
    if directory.exists() {
        fs::remove_dir_all(&directory).context(directory.display())?;
    }
    fs::create_dir_all(&directory).context(directory.display())?;
    let blob = directory.join("policy.blob");
    eprintln!("compiling {}", setting.policy.display());
    compile(&setting.compiler, &setting.policy, &blob)?;
    eprintln!("starting the shop and Envoy");
    let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let shop = Shop::open(any_port, any_port)?;
    let process = Process::start(&Options {
        binary: locate()?,
        directory,
        concurrency: 2,
        upstream: shop.address(),
        upstream_buffer_limit: None,
        environment: vec![("BARTIZAN_HASH_KEY".to_owned(), hash_key()?)],
        processor: None,
    })?;
    let gateway = process.listen(&listener(&setting.filter, fs::read(&blob)?)?)?;
    Ok(Stage { process, shop, gateway: Gateway::new(gateway) })
}

/// The reference's listener with this policy, and a record of every exchange.
fn listener(module: &Path, blob: Vec<u8>) -> Result<ListenerSpec, Failure> {
    let settings = json!({
        "instance": "demo",
        "hold_headers": true,
        "buffer_limit": 32_768,
        "records": "all",
        "hash_key_env": "BARTIZAN_HASH_KEY",
    });
    let filter = Filter {
        configuration: Configuration::Bytes(blob),
        vm_configuration: settings.to_string(),
        ..Filter::unconfigured(std::path::absolute(module)?)
    };
    Ok(ListenerSpec::filtered("demo", filter))
}

/// A key that nobody knows after the demo.
fn hash_key() -> Result<String, Failure> {
    let mut bytes = [0_u8; 32];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
