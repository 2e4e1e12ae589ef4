//! Hosts, routes, logins and traps that stand in each other's way.

use std::collections::HashMap;

use bartizan_engine::blob::draft::{HostPattern, OutcomeCondition, PathPattern};
use bartizan_engine::vocabulary::Mode;

use super::patterns::{covers, implies, same, share_a_method};
use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::model::{App, Login, Policy};
use crate::source::{Span, Spanned};

pub(super) fn check(policy: &Policy, findings: &mut Diagnostics) {
    hosts(policy, findings);
    for app in &policy.apps {
        left_alone(app, findings);
        shadows(app, findings);
        modes(policy, app, findings);
        traps(app, findings);
        for login in &app.logins {
            outcomes(login, findings);
        }
    }
}

fn hosts(policy: &Policy, findings: &mut Diagnostics) {
    let mut seen: HashMap<String, (Span, &str)> = HashMap::new();
    for app in &policy.apps {
        for host in &app.hosts {
            let text = match &host.value {
                HostPattern::Exact(name) => name.clone(),
                HostPattern::Below(name) => format!("*.{name}"),
                HostPattern::Any => String::from("*"),
            };
            if let Some((first, owner)) = seen.get(&text) {
                findings.push(
                    Diagnostic::new(
                        &codes::HOST_CLAIMED_TWICE,
                        host.span,
                        format!("the host `{text}` is already taken"),
                    )
                    .also(*first, format!("by the app `{owner}`"))
                    .help("a request belongs to one app; keep the host in one place"),
                );
                continue;
            }
            seen.insert(text, (host.span, &app.name.value));
        }
    }
}

/// Requests that a route or login of the app matches.
struct Matched<'app> {
    path: &'app Spanned<PathPattern>,
    methods: Vec<String>,
}

fn matched(app: &App) -> Vec<Matched<'_>> {
    let routes = app.routes.iter().filter_map(|route| route.body.as_ref());
    let routes = routes.map(|route| Matched { path: &route.path, methods: route.methods.clone() });
    let logins =
        app.logins.iter().map(|login| Matched { path: &login.path, methods: vec![login.method.clone()] });
    routes.chain(logins).collect()
}

fn shadows(app: &App, findings: &mut Diagnostics) {
    let all = matched(app);
    for (position, later) in all.iter().enumerate() {
        let earlier = all.iter().take(position).find(|earlier| {
            same(&earlier.path.value, &later.path.value) && share_a_method(&earlier.methods, &later.methods)
        });
        if let Some(earlier) = earlier {
            findings.push(
                Diagnostic::new(
                    &codes::ROUTE_SHADOWED,
                    later.path.span,
                    "these requests already have a route or login",
                )
                .also(earlier.path.span, "the first one")
                .help("keep one of them, or give them different `methods`"),
            );
        }
    }
}

fn left_alone(app: &App, findings: &mut Diagnostics) {
    let Some(unwatched) = app.unwatched else { return };
    let parts = [app.routes.len(), app.logins.len(), app.honeypots.len(), app.sensitive.len()];
    if app.mode.is_some() || parts.into_iter().any(|count| count > 0) {
        findings.push(
            Diagnostic::new(
                &codes::LEFT_ALONE,
                unwatched,
                format!("the app `{}` is left alone, and yet something is said about it", app.name.value),
            )
            .help(
                "remove `watch: false`, or the app's `mode`, `routes`, `logins`, `honeypots` and `sensitive`",
            ),
        );
    }
}

fn modes(policy: &Policy, app: &App, findings: &mut Diagnostics) {
    if app.mode(policy) == Mode::Enforce {
        return;
    }
    let routes = app.routes.iter().filter_map(|route| route.body.as_ref()).map(|route| &route.mode);
    let logins = app.logins.iter().map(|login| &login.mode);
    for mode in routes.chain(logins).flatten().filter(|mode| mode.value == Mode::Enforce) {
        let decided = app.mode.as_ref().or(policy.mode.as_ref()).map_or(app.name.span, |mode| mode.span);
        findings.push(
            Diagnostic::new(
                &codes::MODE_TOO_STRONG,
                mode.span,
                format!("the app `{}` is in report mode", app.name.value),
            )
            .also(decided, "decided here")
            .help("set the app to `enforce` and the parts that should wait to `report`"),
        );
    }
}

fn traps(app: &App, findings: &mut Diagnostics) {
    let start = PathPattern { segments: Vec::new() };
    for trap in &app.honeypots {
        let route = matched(app).into_iter().find(|route| covers(&trap.path.value, &route.path.value));
        if let Some(route) = route {
            findings.push(
                Diagnostic::new(
                    &codes::TRAP_ON_ROUTE,
                    trap.path.span,
                    "every request of a route or login falls into this trap",
                )
                .also(route.path.span, "customers go here")
                .help("choose a path that no customer has a reason to ask for"),
            );
        } else if covers(&trap.path.value, &start) {
            findings.push(
                Diagnostic::new(&codes::TRAP_ON_ROUTE, trap.path.span, "the start page falls into this trap")
                    .help("choose a path that no customer has a reason to ask for"),
            );
        }
    }
}

fn outcomes(login: &Login, findings: &mut Diagnostics) {
    let (success, failure) = (&login.success, &login.failure);
    if implies(&failure.value, &success.value) {
        unknowable(failure, success, ["failure", "success"], "every reply", findings);
    } else if implies(&success.value, &failure.value) {
        unknowable(success, failure, ["success", "failure"], "every reply", findings);
    } else if has_lost_alternative(&failure.value, &success.value) {
        unknowable(failure, success, ["failure", "success"], "with one alternative, every reply", findings);
    } else if has_lost_alternative(&success.value, &failure.value) {
        unknowable(success, failure, ["success", "failure"], "with one alternative, every reply", findings);
    }
}

fn has_lost_alternative(one: &OutcomeCondition, other: &OutcomeCondition) -> bool {
    matches!(one, OutcomeCondition::Any(parts) if parts.iter().any(|part| implies(part, other)))
}

fn unknowable(
    lost: &Spanned<OutcomeCondition>,
    wider: &Spanned<OutcomeCondition>,
    names: [&str; 2],
    which: &str,
    findings: &mut Diagnostics,
) {
    let [name, other] = names;
    findings.push(
        Diagnostic::new(
            &codes::OUTCOME_UNKNOWABLE,
            lost.span,
            format!("{which} that meets `{name}` also meets `{other}`, so it is not counted"),
        )
        .also(wider.span, "met as well")
        .help(format!("say in `{other}` what sets it apart, for example with `not`")),
    );
}
