//! Telling a running Envoy which listeners it has.

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::admin::Admin;
use super::listener::ListenerSpec;
use super::process::free_port;
use super::reference::Reference;
use crate::failure::{Context, Failure, ensure};

/// How long Envoy may take for an update. Compiling the module for the first time is part of it.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often Envoy is asked whether it is done.
const INTERVAL: Duration = Duration::from_millis(20);

/// An update is in force on the main thread a moment before the workers have it, and nothing tells when they do.
const UNTIL_WORKERS_HAVE_IT: Duration = Duration::from_millis(150);

/// A running Envoy, local or in a container.
///
/// Clones speak to the same Envoy about the same listeners.
#[derive(Debug, Clone)]
pub struct Envoy {
    admin: Admin,
    directory: PathBuf,
    reference: Reference,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    version: u64,
    listeners: BTreeMap<String, (Listener, Value)>,
}

/// A listener of a running Envoy.
#[derive(Debug, Clone)]
pub struct Listener {
    /// Its name.
    pub name: String,
    /// Where clients connect.
    pub address: SocketAddr,
    /// Its access log: one JSON object per line.
    pub access_log: PathBuf,
}

/// What Envoy said to an update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Update {
    /// It is in force.
    Accepted,
    /// It is refused, for this reason, and what was in force still is.
    Refused(String),
}

impl Envoy {
    /// The Envoy with this admin interface, which watches `listeners.json` in this directory.
    ///
    /// The directory must have the same path for Envoy and for the caller.
    ///
    /// # Errors
    ///
    /// The reference configuration cannot be read, or Envoy is not ready within a minute.
    pub fn attach(admin: SocketAddr, directory: &Path) -> Result<Self, Failure> {
        let envoy = Self {
            admin: Admin::new(admin),
            directory: directory.to_owned(),
            reference: Reference::load()?,
            state: Arc::default(),
        };
        envoy.wait(|| Ok(envoy.admin.get("/ready").is_ok().then_some(()))).context("envoy is not ready")?;
        Ok(envoy)
    }

    /// Its admin interface.
    #[must_use]
    pub const fn admin(&self) -> &Admin {
        &self.admin
    }

    /// The directory that it shares with its tests.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// What Envoy and its filters have logged so far.
    ///
    /// # Errors
    ///
    /// The log cannot be read.
    pub fn log(&self) -> Result<String, Failure> {
        let path = self.directory.join("envoy.log");
        Ok(String::from_utf8_lossy(&fs::read(&path).context(path.display())?).into_owned())
    }

    /// Adds a listener on a free port, or changes the one of that name in place (same port, same access log).
    ///
    /// # Errors
    ///
    /// Envoy refuses it or does not answer.
    pub fn listen(&self, spec: &ListenerSpec) -> Result<Listener, Failure> {
        match self.try_listen(spec)? {
            (listener, Update::Accepted) => Ok(listener),
            (_, Update::Refused(reason)) => {
                Err(Failure::new(format!("envoy refused the listener {}: {reason}", spec.name)))
            }
        }
    }

    /// Like [`Envoy::listen`], for updates that Envoy is expected to refuse. A refused one is forgotten.
    ///
    /// # Errors
    ///
    /// Envoy does not answer.
    pub fn try_listen(&self, spec: &ListenerSpec) -> Result<(Listener, Update), Failure> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let before = state.listeners.get(&spec.name).cloned();
        let listener = match &before {
            Some((listener, _)) => listener.clone(),
            None => Listener {
                name: spec.name.clone(),
                address: SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?)),
                access_log: self.directory.join(format!("{}.access.log", spec.name)),
            },
        };
        let resource = spec.render(&self.reference, listener.address, &listener.access_log)?;
        state.listeners.insert(spec.name.clone(), (listener.clone(), resource));
        let update = self.publish(&mut state)?;
        if update != Update::Accepted {
            match before {
                Some(before) => state.listeners.insert(spec.name.clone(), before),
                None => state.listeners.remove(&spec.name),
            };
        }
        Ok((listener, update))
    }

    /// Removes a listener.
    ///
    /// # Errors
    ///
    /// Envoy does not answer.
    pub fn remove(&self, name: &str) -> Result<(), Failure> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.listeners.remove(name);
        self.publish(&mut state).map(drop)
    }

    /// Removes every listener.
    ///
    /// # Errors
    ///
    /// Envoy does not answer.
    pub fn remove_all(&self) -> Result<(), Failure> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.listeners.is_empty() {
            return Ok(());
        }
        state.listeners.clear();
        self.publish(&mut state).map(drop)
    }

    /// Writes all listeners and waits for Envoy's answer.
    fn publish(&self, state: &mut State) -> Result<Update, Failure> {
        state.version += 1;
        let resources: Vec<_> = state.listeners.values().map(|(_, resource)| resource).collect();
        let before = self.answers()?;
        write_listeners(&self.directory, state.version, &resources)?;
        let after = self
            .wait(|| {
                let after = self.answers()?;
                let answered = after.total() > before.total() && after.warming == 0;
                Ok(answered.then_some(after))
            })
            .context("envoy does not take note of its new listeners")?;
        if after.refused > before.refused {
            return Ok(Update::Refused(self.reason()?));
        }
        sleep(UNTIL_WORKERS_HAVE_IT);
        Ok(Update::Accepted)
    }

    fn answers(&self) -> Result<Answers, Failure> {
        let stats =
            self.admin.stats("^listener_manager.(lds.update_|total_listeners_warming|workers_started)")?;
        let stat = |name: &str| stats.get(&format!("listener_manager.{name}")).copied().unwrap_or(0);
        Ok(Answers {
            accepted: stat("lds.update_success"),
            refused: stat("lds.update_rejected") + stat("lds.update_failure"),
            warming: stat("total_listeners_warming"),
        })
    }

    /// Why the last update was refused.
    fn reason(&self) -> Result<String, Failure> {
        let dump = self.admin.json("/config_dump?resource=dynamic_listeners")?;
        let reasons: Vec<_> = dump
            .get("configs")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|listener| listener.pointer("/error_state/details")?.as_str())
            .collect();
        Ok(if reasons.is_empty() { "no reason given".to_owned() } else { reasons.join("; ") })
    }

    /// Asks until there is an answer or patience ends.
    fn wait<T>(&self, mut ask: impl FnMut() -> Result<Option<T>, Failure>) -> Result<T, Failure> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(answer) = ask()? {
                return Ok(answer);
            }
            ensure(Instant::now() < deadline, || format!("no answer within {} s", PATIENCE.as_secs()))?;
            sleep(INTERVAL);
        }
    }
}

struct Answers {
    accepted: u64,
    refused: u64,
    warming: u64,
}

impl Answers {
    fn total(&self) -> u64 {
        self.accepted + self.refused
    }
}

/// Writes the file that Envoy watches. Envoy takes note of a file only when it is moved into place.
pub(super) fn write_listeners(directory: &Path, version: u64, resources: &[&Value]) -> Result<(), Failure> {
    let document = json!({ "version_info": version.to_string(), "resources": resources });
    let draft = directory.join("listeners.draft");
    fs::write(&draft, serde_json::to_vec(&document)?).context(draft.display())?;
    fs::rename(&draft, directory.join("listeners.json")).context(draft.display())
}
