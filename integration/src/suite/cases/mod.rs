//! The cases, by subject.

mod actions;
mod documents;
mod harness;
mod leaks;
mod login;
mod masking;
mod rude;
mod seen;
mod settings;
mod simulated;
mod slow;
mod state;
mod takeover;
mod token;
mod untouched;

use super::run::{Case, Needs};

/// Every case, in the order in which they run: from what everything needs to what is special.
pub(super) fn all() -> Vec<Case> {
    [
        harness::cases(),
        masking::cases(),
        leaks::cases(),
        login::cases(),
        takeover::cases(),
        simulated::cases(),
        slow::cases(),
        state::cases(),
        actions::cases(),
        seen::cases(),
        settings::cases(),
        untouched::cases(),
        rude::cases(),
        documents::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The hash key that Envoy gets in its environment; no case may ever see it again.
pub const HASH_KEY: &str = "planted-hash-key-0123456789";

/// The key of device cookies, likewise.
pub const DEVICE_KEY: &str = "planted-device-key-0123456789";

/// A list of cases: the functions of a module, named as sentences.
macro_rules! cases {
    ($($name:ident),* $(,)?) => {
        vec![$(super::Case {
            name: stringify!($name),
            needs: super::Needs::Nothing,
            steps: |bed| Box::pin($name(bed)),
        }),*]
    };
}
use cases;

/// The same case, which starts an Envoy itself.
fn with_binary(mut cases: Vec<Case>) -> Vec<Case> {
    for case in &mut cases {
        case.needs = Needs::Binary;
    }
    cases
}
