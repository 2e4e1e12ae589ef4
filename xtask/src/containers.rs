//! The suite in containers: images from what was built here, the compose project in `integration/compose.yaml`.
//!
//! No registry is needed: an image for Envoy can be built from nothing but the binary that the demo uses and the
//! libraries that `ldd` names for it, and the image of the suite always is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cargo::{binary, module, root, run, target};
use crate::failure::Failure;
use crate::progress::Step;

/// Envoy's official image, used where a registry can be reached or the image is there already.
const OFFICIAL_IMAGE: &str = "envoyproxy/envoy:v1.40-latest";

/// The image built here instead.
const LOCAL_IMAGE: &str = "bartizan-envoy:local";

/// Why the containers cannot be used, or that they can.
pub(crate) enum Engine {
    /// `docker compose` or `docker-compose`, ready to be called.
    Ready(Compose),
    /// Not here, for this reason.
    Missing(String),
}

/// How compose is called.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Compose {
    /// Version 2: `docker compose`.
    Plugin,
    /// Version 1: `docker-compose`.
    Script,
}

/// Looks for a Docker engine that answers and for compose.
pub(crate) fn engine() -> Engine {
    if !answers("docker", &["version"]) {
        return Engine::Missing("no `docker` command".to_owned());
    }
    if !answers("docker", &["info"]) {
        return Engine::Missing("no Docker engine answers".to_owned());
    }
    if answers("docker", &["compose", "version"]) {
        Engine::Ready(Compose::Plugin)
    } else if answers("docker-compose", &["version"]) {
        Engine::Ready(Compose::Script)
    } else {
        Engine::Missing("neither `docker compose` nor `docker-compose`".to_owned())
    }
}

/// Whether a command is there and, for questions to the engine, ends well.
pub(crate) fn answers(program: &str, arguments: &[&str]) -> bool {
    match Command::new(program).args(arguments).output() {
        // `docker version` shows the client's version and fails without an engine: the command is there.
        Ok(output) => output.status.success() || arguments == ["version"],
        Err(_) => false,
    }
}

/// Runs the suite in the compose project and removes the project again.
pub(crate) fn suite(compose: Compose, envoy: &Path) -> Result<(), Failure> {
    build_image("bartizan-suite:local", "suite", &suite_files()?)?;
    let image = envoy_image(envoy)?;
    eprintln!("envoy's image: {image}");
    let project = |arguments: &[&str]| {
        let mut command = match compose {
            Compose::Plugin => {
                let mut command = Command::new("docker");
                command.arg("compose");
                command
            }
            Compose::Script => Command::new("docker-compose"),
        };
        command
            .current_dir(root())
            .args(["--project-name", "bartizan", "--file", "integration/compose.yaml"])
            .args(arguments);
        command.env("BARTIZAN_ENVOY_IMAGE", &image);
        command
    };
    // What an interrupted run left behind would keep its volume, and with it old modules.
    run(&mut project(&["down", "--volumes", "--timeout", "2"]))?;
    let outcome = run(&mut project(&["run", "--rm", "-T", "suite"]));
    if outcome.is_err() {
        // What Envoy said last helps to see why; the suite's failure is what counts.
        let _ = run(&mut project(&["logs", "--tail", "40", "envoy"]));
    }
    run(&mut project(&["down", "--volumes", "--timeout", "2"]))?;
    outcome
}

/// The image of Envoy to use: the chosen one, the official one where it can be had, or one built here.
fn envoy_image(envoy: &Path) -> Result<String, Failure> {
    if let Ok(chosen) = std::env::var("BARTIZAN_ENVOY_IMAGE") {
        return Ok(chosen);
    }
    if answers("docker", &["image", "inspect", OFFICIAL_IMAGE]) || pull(OFFICIAL_IMAGE) {
        return Ok(OFFICIAL_IMAGE.to_owned());
    }
    let mut files = vec![(envoy.to_owned(), PathBuf::from("usr/local/bin/envoy"))];
    files.extend(libraries(envoy)?);
    build_image(LOCAL_IMAGE, "envoy", &files)?;
    Ok(LOCAL_IMAGE.to_owned())
}

/// Asks a registry for an image, for two minutes at most.
fn pull(image: &str) -> bool {
    let step = Step::begin(format!("asking for the image {image}"));
    let pulled = answers("timeout", &["120", "docker", "pull", "--quiet", image]);
    step.done();
    pulled
}

fn suite_files() -> Result<Vec<(PathBuf, PathBuf)>, Failure> {
    let harness = binary("bartizan-integration");
    let compiler = binary("bartizan");
    let mut files = libraries(&harness)?;
    files.extend(libraries(&compiler)?);
    files.push((harness, PathBuf::from("bin/bartizan-integration")));
    files.push((compiler, PathBuf::from("bin/bartizan")));
    for name in ["bartizan_filter", "noop_filter"] {
        files.push((module(name), PathBuf::from("modules").join(name).with_extension("wasm")));
    }
    let policies = root().join("integration/policies");
    for entry in fs::read_dir(&policies)? {
        let path = entry?.path();
        if let (true, Some(name)) = (path.is_file(), path.file_name()) {
            files.push((path.clone(), Path::new("policies").join(name)));
        }
    }
    files.push((root().join(crate::demo::POLICY), PathBuf::from("policies/sample.policy.yaml")));
    Ok(files)
}

/// Builds an image from nothing but these files.
fn build_image(tag: &str, name: &str, files: &[(PathBuf, PathBuf)]) -> Result<(), Failure> {
    let step = Step::begin(format!("building the image {tag}"));
    let context = target().join("containers").join(name);
    let tree = context.join("root");
    if tree.exists() {
        fs::remove_dir_all(&tree)?;
    }
    // Every program expects this directory.
    fs::create_dir_all(tree.join("tmp"))?;
    for (from, to) in files {
        let to = tree.join(to);
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::copy(from, &to).map_err(|error| Failure::new(format!("{}: {error}", from.display())))?;
    }
    let dockerfile = root().join("integration/containers").join(format!("{name}.Dockerfile"));
    let output = Command::new("docker")
        .args(["build", "--quiet", "--network", "none", "--tag", tag, "--file"])
        .arg(dockerfile)
        .arg(&context)
        .output()?;
    step.done();
    if output.status.success() {
        return Ok(());
    }
    Err(Failure::new(format!("cannot build {tag}: {}", String::from_utf8_lossy(&output.stderr).trim())))
}

/// The libraries that a program loads, each with its place in the image: the same as here.
fn libraries(program: &Path) -> Result<Vec<(PathBuf, PathBuf)>, Failure> {
    let output = Command::new("ldd").arg(program).output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(text
        .split_whitespace()
        .filter(|word| word.starts_with('/'))
        .map(|path| (PathBuf::from(path), PathBuf::from(path.trim_start_matches('/'))))
        .collect())
}
