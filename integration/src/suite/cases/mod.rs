//! The cases, by subject.

mod harness;

use super::run::{Case, Needs};

/// Every case, in the order in which they run: from what everything needs to what is special.
pub(super) fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    cases.extend(harness::cases());
    cases
}

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
