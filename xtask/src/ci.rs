//! `cargo xtask ci`: what continuous integration runs on a bare machine with Rust, Python 3 and apt.

use std::fs::{self, File};
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::cargo::target;
use crate::containers::{Engine, answers, engine};
use crate::demo;
use crate::failure::Failure;
use crate::progress::Step;
use crate::test;

/// How long a Docker engine may take to answer for the first time.
const ENGINE_START: Duration = Duration::from_secs(40);

/// Installs what is missing, then `test` and `demo`. Without a Docker engine the tests skip the containers and say so.
pub(crate) fn run() -> Result<ExitCode, Failure> {
    if let Err(failure) = install() {
        eprintln!("going on without containers: {failure}");
    }
    let started = match start_engine() {
        Ok(started) => started,
        Err(failure) => {
            eprintln!("going on without containers: {failure}");
            None
        }
    };
    let tests = test::run("");
    let demo = demo::run(false);
    if let Some(engine) = started {
        stop(engine);
    }
    let (tests, demo) = (tests?, demo?);
    Ok(if tests == ExitCode::SUCCESS { demo } else { tests })
}

/// Installs Docker's engine and compose with apt where they are missing.
fn install() -> Result<(), Failure> {
    let docker = answers("docker", &["version"]);
    let compose = answers("docker", &["compose", "version"]) || answers("docker-compose", &["version"]);
    let mut packages = Vec::new();
    if !docker {
        packages.push("docker.io");
    }
    if !compose {
        packages.push("docker-compose");
    }
    if packages.is_empty() {
        return Ok(());
    }
    let step = Step::begin(format!("installing {} with apt-get", packages.join(" and ")));
    quietly(Command::new("apt-get").arg("update"))?;
    quietly(
        Command::new("apt-get")
            .args(["install", "--yes", "--no-install-recommends"])
            .args(&packages)
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )?;
    step.done();
    Ok(())
}

/// Starts `dockerd` where none answers. It gets no bridge and no firewall rules: every container of the suite shares
/// one network namespace that has nothing but loopback.
fn start_engine() -> Result<Option<Child>, Failure> {
    if !matches!(engine(), Engine::Missing(reason) if reason.contains("answers")) {
        return Ok(None);
    }
    let step = Step::begin("starting dockerd");
    fs::create_dir_all(target())?;
    let path = target().join("dockerd.log");
    let log = File::create(&path)?;
    let mut child = Command::new("dockerd")
        .args(["--bridge=none", "--iptables=false", "--ip6tables=false"])
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()?;
    let deadline = Instant::now() + ENGINE_START;
    loop {
        if answers("docker", &["info"]) {
            step.done();
            return Ok(Some(child));
        }
        if child.try_wait()?.is_some() || Instant::now() > deadline {
            let _ = child.kill();
            let _ = child.wait();
            let log = fs::read_to_string(&path).unwrap_or_default();
            let last = log.lines().last().unwrap_or_default().to_owned();
            return Err(Failure::new(format!("dockerd does not start: {last}")));
        }
        sleep(Duration::from_millis(250));
    }
}

fn stop(mut engine: Child) {
    // `dockerd` takes its `containerd` along only when it is asked politely.
    let _ = Command::new("kill").arg(engine.id().to_string()).status();
    let deadline = Instant::now() + Duration::from_secs(15);
    while matches!(engine.try_wait(), Ok(None)) && Instant::now() < deadline {
        sleep(Duration::from_millis(200));
    }
    let _ = engine.kill();
    let _ = engine.wait();
}

fn quietly(command: &mut Command) -> Result<(), Failure> {
    let shown = crate::cargo::shown(command);
    let output = command.output().map_err(|error| Failure::new(format!("cannot run `{shown}`: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    Err(Failure::new(format!("`{shown}` failed: {}", String::from_utf8_lossy(&output.stderr).trim())))
}
