//! Envoy as a process of our own.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::control::{Envoy, write_listeners};
use super::reference::Reference;
use crate::failure::{Context, Failure, ensure};

/// How long Envoy may take to start.
const PATIENCE: Duration = Duration::from_secs(30);

/// The ports that listeners get: below the range from which the kernel takes ports for outgoing connections.
const PORTS: std::ops::Range<u16> = 18_000..31_000;

/// How an Envoy is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// The binary.
    pub binary: PathBuf,
    /// Where it keeps its configuration and logs; made if missing. Must be its own.
    pub directory: PathBuf,
    /// Worker threads.
    pub concurrency: u32,
    /// Where the upstream listens.
    pub upstream: SocketAddr,
    /// What a connection to the upstream may buffer, in bytes; `None` is what the reference says.
    pub upstream_buffer_limit: Option<u32>,
    /// Environment variables, beside those of this process.
    pub environment: Vec<(String, String)>,
    /// The processor that it is tied to, by `taskset`.
    pub processor: Option<u32>,
}

/// A running Envoy that ends with this value.
#[derive(Debug)]
pub struct Process {
    child: Child,
    envoy: Envoy,
}

impl Process {
    /// Starts Envoy without listeners and waits until it is ready.
    ///
    /// # Errors
    ///
    /// The binary cannot be started, or it ends or hangs before it is ready; then with the last lines of its log.
    pub fn start(options: &Options) -> Result<Self, Failure> {
        let directory = &options.directory;
        fs::create_dir_all(directory).context(directory.display())?;
        let address_file = directory.join("admin.address");
        if address_file.exists() {
            fs::remove_file(&address_file).context(address_file.display())?;
        }
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        write_bootstrap(directory, any_port, options.upstream, options.upstream_buffer_limit)?;
        let log = directory.join("envoy.log");
        let mut child = command(options)
            .arg("--config-path")
            .arg(directory.join("bootstrap.json"))
            .args(["--concurrency", &options.concurrency.to_string()])
            .arg("--admin-address-path")
            .arg(&address_file)
            .args(FLAGS)
            .envs(options.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).context(log.display())?)
            .spawn()
            .context(format_args!("cannot start {}", options.binary.display()))?;
        let attached =
            wait_for_admin(&mut child, &address_file).and_then(|admin| Envoy::attach(admin, directory));
        match attached {
            Ok(envoy) => Ok(Self { child, envoy }),
            Err(failure) => {
                end(&mut child);
                let log = fs::read_to_string(&log).unwrap_or_default();
                let tail: Vec<_> = log.lines().rev().take(12).collect();
                let tail: Vec<_> = tail.into_iter().rev().collect();
                Err(Failure::new(format!("envoy did not start: {failure}\n{}", tail.join("\n"))))
            }
        }
    }

    /// The process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Process {
    /// What tests speak to. It answers no more once the process has ended.
    #[must_use]
    pub fn envoy(&self) -> Envoy {
        self.envoy.clone()
    }
}

impl std::ops::Deref for Process {
    type Target = Envoy;

    fn deref(&self) -> &Envoy {
        &self.envoy
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Beyond configuration, admin address and workers: many Envoys on one machine, and old listeners that go at once.
pub const FLAGS: [&str; 9] = [
    "--disable-hot-restart",
    "--drain-strategy",
    "immediate",
    "--drain-time-s",
    "1",
    "--file-flush-interval-msec",
    "20",
    "--log-level",
    "info",
];

/// Writes the bootstrap and an empty list of listeners.
///
/// # Errors
///
/// The reference lacks a part, or the directory cannot be written.
pub fn prepare(directory: &Path, admin: SocketAddr, upstream: SocketAddr) -> Result<(), Failure> {
    write_bootstrap(directory, admin, upstream, None)
}

fn write_bootstrap(
    directory: &Path,
    admin: SocketAddr,
    upstream: SocketAddr,
    buffer_limit: Option<u32>,
) -> Result<(), Failure> {
    fs::create_dir_all(directory).context(directory.display())?;
    let listeners = directory.join("listeners.json");
    let bootstrap = Reference::load()?.bootstrap(admin, upstream, buffer_limit, &listeners)?;
    let path = directory.join("bootstrap.json");
    fs::write(&path, serde_json::to_vec_pretty(&bootstrap)?).context(path.display())?;
    let nothing: [&Value; 0] = [];
    write_listeners(directory, 0, &nothing)
}

/// The Envoy to use: `$BARTIZAN_ENVOY`, or `envoy` on the `PATH`.
///
/// # Errors
///
/// There is neither.
pub fn locate() -> Result<PathBuf, Failure> {
    if let Some(path) = std::env::var_os("BARTIZAN_ENVOY") {
        let path = PathBuf::from(path);
        ensure(path.is_file(), || format!("BARTIZAN_ENVOY names no file: {}", path.display()))?;
        return Ok(path);
    }
    std::env::var_os("PATH")
        .iter()
        .flat_map(std::env::split_paths)
        .map(|directory| directory.join("envoy"))
        .find(|path| path.is_file())
        .context("no envoy: set BARTIZAN_ENVOY to the binary, or start this through `cargo xtask`, which fetches one")
}

/// A port on which nobody listens.
///
/// # Errors
///
/// A thousand ports in a row are taken.
pub fn free_port() -> Result<u16, Failure> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let span = PORTS.end - PORTS.start;
    // Two harnesses on one machine start at different places.
    let start = u16::try_from(std::process::id() % 997).unwrap_or(0).wrapping_mul(13);
    for _ in 0..1000 {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = PORTS.start + start.wrapping_add(step) % span;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Err(Failure::new("no free port on 127.0.0.1 between 18000 and 31000"))
}

fn command(options: &Options) -> Command {
    match options.processor {
        None => Command::new(&options.binary),
        Some(processor) => {
            let mut command = Command::new("taskset");
            command.args(["--cpu-list", &processor.to_string()]).arg(&options.binary);
            command
        }
    }
}

fn wait_for_admin(child: &mut Child, address_file: &Path) -> Result<SocketAddr, Failure> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Ok(text) = fs::read_to_string(address_file)
            && let Ok(address) = text.trim().parse()
        {
            return Ok(address);
        }
        if let Some(status) = child.try_wait()? {
            return Err(Failure::new(format!("it ended with {status}")));
        }
        ensure(Instant::now() < deadline, || "its admin interface did not come up within 30 s".to_owned())?;
        sleep(Duration::from_millis(20));
    }
}

fn end(child: &mut Child) {
    // Both fail only when it is gone already, which is what is wanted.
    let _ = child.kill();
    let _ = child.wait();
}
