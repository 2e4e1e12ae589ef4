//! Protection that is switched off without anybody noticing.

use bartizan_engine::blob::draft::{ActionDraft, AddressRange, ClientKey, SensitiveAction};
use bartizan_engine::vocabulary::Mode;

use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::model::{App, Policy, Who};
use crate::names::Names;

/// All of IPv4, as it is written in ranges.
const ALL_IPV4: AddressRange = AddressRange { first: 0xffff_0000_0000, last: 0xffff_ffff_ffff };
/// The addresses in use of IPv6, 2000::/3.
const ALL_IPV6: AddressRange = AddressRange { first: 0x2000 << 112, last: (0x4000 << 112) - 1 };

pub(super) fn advise(policy: &Policy, findings: &mut Diagnostics) {
    everybody(policy, findings);
    never_accepted(policy, findings);
    enforces_nothing(policy, findings);
}

fn everybody(policy: &Policy, findings: &mut Diagnostics) {
    let names = Names::of(policy);
    for exemption in &policy.allow {
        let ranges = match &exemption.who {
            Who::Ranges(ranges) => ranges.as_slice(),
            Who::List(name) => names
                .list(&name.value)
                .and_then(|position| policy.lists.get(position))
                .map_or(&[][..], |list| list.ranges.as_slice()),
        };
        let covered =
            |all: AddressRange| ranges.iter().any(|range| range.first <= all.first && range.last >= all.last);
        if covered(ALL_IPV4) || covered(ALL_IPV6) {
            findings.push(
                Diagnostic::new(&codes::ALLOWS_EVERYBODY, exemption.span, "everybody is exempt")
                    .help("name the addresses that are meant; to look without acting, use `mode: report`"),
            );
        }
    }
}

fn never_accepted(policy: &Policy, findings: &mut Diagnostics) {
    let mut routes = policy.apps.iter().flat_map(|app| &app.routes).filter_map(|route| route.body.as_ref());
    if routes.any(|route| route.authenticated) {
        return;
    }
    for key in &policy.client.keys {
        if let ClientKey::AcceptedHeader(name) = &key.value {
            findings.push(
                Diagnostic::new(
                    &codes::KEY_NEVER_ACCEPTED,
                    key.span,
                    format!("the header `{name}` is never accepted, because no route proves it"),
                )
                .help("set `authenticated: true` on a route that answers 2xx only to valid credentials"),
            );
        }
    }
}

fn enforces_nothing(policy: &Policy, findings: &mut Diagnostics) {
    let enforcing = |app: &&App| app.mode(policy) == Mode::Enforce;
    if let Some(mode) = policy.mode.as_ref().filter(|mode| mode.value == Mode::Enforce)
        && !policy.apps.iter().any(|app| enforcing(&app))
    {
        findings.push(
            Diagnostic::new(
                &codes::ENFORCES_NOTHING,
                mode.span,
                "every app says `report`, so nothing is enforced",
            )
            .help("leave it out, or set an app to `enforce`"),
        );
    }
    for app in policy.apps.iter().filter(enforcing) {
        let replies = app.sensitive.iter().any(|search| search.action.value != SensitiveAction::Tag);
        if !replies && !any_threat_acts(policy) {
            let span = app.mode.as_ref().map_or(app.name.span, |mode| mode.span);
            findings.push(
                Diagnostic::new(
                    &codes::ENFORCES_NOTHING,
                    span,
                    format!("the app `{}` enforces, and nothing in the policy ever acts", app.name.value),
                )
                .help("add a step that throttles, challenges or blocks, or use `mode: report`"),
            );
        }
    }
}

/// Whether a threat has a step that does more than tag, and something that scores outside of report mode.
fn any_threat_acts(policy: &Policy) -> bool {
    policy.threats.iter().any(|part| {
        let acts = part.steps.iter().any(|step| step.action.value != ActionDraft::Tag);
        let rules = part.rules.iter().any(|rule| rule.mode == Mode::Enforce);
        let mut traps = policy.apps.iter().flat_map(|app| &app.honeypots);
        acts && (rules || traps.any(|trap| trap.threat.value == part.threat.value))
    })
}
