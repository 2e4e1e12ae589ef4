//! What is wrong, or probably not meant, in a policy whose parts are each well formed.

mod apps;
mod counters;
mod customers;
mod detectors;
mod exemptions;
mod idle;
mod ladders;
mod names;
mod patterns;
mod ratios;
mod sessions;
mod world;

use crate::catalogue::Catalogue;
use crate::diagnostic::Diagnostics;
use crate::model::{Condition, Policy};
use crate::names::Names;

/// Reports contradictions, and on a policy without errors also what is probably not meant: advice about a part that is
/// about to change would only distract.
pub(crate) fn policy(policy: &Policy, findings: &mut Diagnostics) {
    let names = Names::of(policy);
    let catalogue = Catalogue::of(policy);
    names::check(policy, &names, findings);
    counters::check(policy, findings);
    apps::check(policy, findings);
    ladders::check(policy, findings);
    ratios::check(policy, findings);
    sessions::check(policy, findings);
    customers::check(policy, &names, findings);
    detectors::check(policy, &catalogue, findings);
    if findings.errors() > 0 {
        return;
    }
    idle::advise(policy, findings);
    ratios::advise(policy, findings);
    sessions::advise(policy, findings);
    ladders::advise(policy, findings);
    customers::advise(policy, &names, findings);
    detectors::advise(policy, &catalogue, findings);
    exemptions::advise(policy, findings);
}

/// Every condition of every rule, parts included.
pub(crate) fn conditions(policy: &Policy) -> impl Iterator<Item = &Condition> {
    let mut open: Vec<&Condition> =
        policy.threats.iter().flat_map(|threat| &threat.rules).map(|rule| &rule.when).collect();
    open.reverse();
    std::iter::from_fn(move || {
        let next = open.pop()?;
        open.extend(next.parts().iter().rev());
        Some(next)
    })
}
