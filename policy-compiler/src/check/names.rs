//! Names that nothing has, that two parts have, or that mean several things.

use std::collections::{HashMap, HashSet};

use bartizan_engine::blob::draft::{CounterSource, Segment};

use super::conditions;
use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::lower::login_name;
use crate::model::{App, Condition, ConditionKind, FlowRule, Policy, Who};
use crate::names::{FoundRoute, Names};
use crate::source::{Span, Spanned};
use crate::syntax::fields::CONDITION;
use crate::syntax::node::shorten;
use crate::syntax::suggest;

pub(super) fn check(policy: &Policy, names: &Names<'_>, findings: &mut Diagnostics) {
    let rules = policy.threats.iter().flat_map(|threat| &threat.rules);
    let ids = rules.map(|rule| (rule.id.value.clone(), rule.id.span));
    report_twice(ids, "rule", "give one of them another `id`", findings);
    for app in &policy.apps {
        report_twice(app_names(app), "route or login", "give one of them another `name`", findings);
    }
    for condition in conditions(policy) {
        in_condition(policy, condition, names, findings);
    }
    flows(policy, names, findings);
    for exemption in &policy.allow {
        if let Who::List(name) = &exemption.who
            && names.list(&name.value).is_none()
        {
            unknown(name, "list", names.lists(), findings);
        }
    }
    parameters(policy, findings);
}

fn in_condition(policy: &Policy, condition: &Condition, names: &Names<'_>, findings: &mut Diagnostics) {
    for name in condition.counters() {
        if names.counter(&name.value).is_none() {
            let words = CONDITION.fields.iter().map(|field| field.key);
            let words = words.filter(|_| matches!(condition.kind, ConditionKind::Counter(..)));
            unknown(name, "counter", names.counters().chain(words), findings);
        }
    }
    match &condition.kind {
        ConditionKind::List(name) if names.list(&name.value).is_none() => {
            unknown(name, "list", names.lists(), findings);
        }
        ConditionKind::Leaked(name) if names.leaked_list(&name.value).is_none() => {
            report_unknown(name, "leaked list", "leaked", names.leaked_lists(), findings);
        }
        ConditionKind::Flow(name) if names.flow(&name.value).is_none() => {
            unknown(name, "flow", names.flows(), findings);
        }
        ConditionKind::App(name) if names.app(&name.value).is_none() => {
            unknown(name, "app", names.apps(), findings);
        }
        ConditionKind::Route(name) => route(policy, name, names, findings),
        _ => {}
    }
}

/// Flows name their app, and routes of it.
fn flows(policy: &Policy, names: &Names<'_>, findings: &mut Diagnostics) {
    for body in policy.flows.iter().filter_map(|flow| flow.body.as_ref()) {
        let Some(app) = names.app(&body.app.value).and_then(|position| policy.apps.get(position)) else {
            unknown(&body.app, "app", names.apps(), findings);
            continue;
        };
        let steps: &[Spanned<String>] = match &body.rule {
            FlowRule::Without(steps) => steps,
            FlowRule::SoonAfter(_) => &[],
        };
        for step in std::iter::once(&body.at).chain(steps) {
            let routes = app.routes.iter().map(|route| route.name.value.as_str());
            if routes.clone().any(|name| name == step.value) {
                continue;
            }
            let login = app.logins.iter().enumerate().any(|(at, login)| login_name(at, login) == step.value);
            let (app, step_name) = (&app.name.value, shorten(&step.value));
            let message = if login {
                format!("`{step_name}` is a login, and flows have routes as steps")
            } else {
                format!("the app `{app}` has no route `{step_name}`")
            };
            findings.push(
                Diagnostic::new(&codes::UNKNOWN_NAME, step.span, message)
                    .help(format!("define it under `routes` of `{app}`"))
                    .maybe_help(
                        suggest::nearest(&step.value, routes).map(|near| format!("did you mean `{near}`?")),
                    ),
            );
        }
    }
}

fn app_names(app: &App) -> impl Iterator<Item = (String, Span)> {
    let routes = app.routes.iter().map(|route| (route.name.value.clone(), route.name.span));
    let logins = app.logins.iter().enumerate().map(|(position, login)| {
        let span = login.name.as_ref().map_or(login.path.span, |name| name.span);
        (login_name(position, login), span)
    });
    routes.chain(logins)
}

fn report_twice(
    names: impl Iterator<Item = (String, Span)>,
    what: &str,
    help: &str,
    findings: &mut Diagnostics,
) {
    let mut seen: HashMap<String, Span> = HashMap::new();
    for (name, span) in names {
        match seen.get(&name) {
            Some(first) => findings.push(
                Diagnostic::new(&codes::DEFINED_TWICE, span, format!("there is already a {what} `{name}`"))
                    .also(*first, "the first one")
                    .help(help),
            ),
            None => {
                seen.insert(name, span);
            }
        }
    }
}

fn unknown<'a>(
    name: &Spanned<String>,
    what: &str,
    known: impl Iterator<Item = &'a str>,
    findings: &mut Diagnostics,
) {
    report_unknown(name, what, &format!("{what}s"), known, findings);
}

fn report_unknown<'a>(
    name: &Spanned<String>,
    what: &str,
    under: &str,
    known: impl Iterator<Item = &'a str>,
    findings: &mut Diagnostics,
) {
    let mut known: Vec<&str> = known.collect();
    known.sort_unstable();
    let help = suggest::hint(&name.value, known.iter().copied(), "known are");
    let message = format!("there is no {what} `{}`", shorten(&name.value));
    findings.push(
        Diagnostic::new(&codes::UNKNOWN_NAME, name.span, message)
            .help(format!("define it under `{under}`"))
            .maybe_help(help),
    );
}

fn route(policy: &Policy, name: &Spanned<String>, names: &Names<'_>, findings: &mut Diagnostics) {
    match names.route(&name.value) {
        FoundRoute::One(..) => {}
        FoundRoute::Several(apps) => {
            let apps = apps.iter().filter_map(|position| policy.apps.get(*position));
            let choices: Vec<String> =
                apps.map(|app| format!("`{}.{}`", app.name.value, name.value)).collect();
            findings.push(
                Diagnostic::new(
                    &codes::AMBIGUOUS_ROUTE,
                    name.span,
                    format!("several apps have a route `{}`", name.value),
                )
                .help(format!("write one of {}", choices.join(", "))),
            );
        }
        FoundRoute::None if is_login(policy, &name.value) => findings.push(
            Diagnostic::new(
                &codes::UNKNOWN_NAME,
                name.span,
                format!("`{}` is a login, not a route", name.value),
            )
            .help("write `{ login: true }`"),
        ),
        FoundRoute::None => {
            let qualified = name.value.contains('.');
            let known: Vec<String> = route_names(policy, qualified).collect();
            unknown(name, "route", known.iter().map(String::as_str), findings);
        }
    }
}

/// All routes as conditions can name them: alone, or after their app.
fn route_names(policy: &Policy, qualified: bool) -> impl Iterator<Item = String> {
    let routes = policy.apps.iter().flat_map(|app| app.routes.iter().map(move |route| (app, route)));
    routes.map(move |(app, route)| {
        if qualified { format!("{}.{}", app.name.value, route.name.value) } else { route.name.value.clone() }
    })
}

fn is_login(policy: &Policy, name: &str) -> bool {
    let mut logins = policy.apps.iter().flat_map(|app| app.logins.iter().enumerate());
    logins.any(|(position, login)| login_name(position, login) == name)
}

fn parameters(policy: &Policy, findings: &mut Diagnostics) {
    let routes = policy.apps.iter().flat_map(|app| &app.routes).filter_map(|route| route.body.as_ref());
    let segments = routes.flat_map(|route| &route.path.value.segments);
    let known: HashSet<&str> = segments
        .filter_map(|segment| match segment {
            Segment::Parameter(name) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    for body in policy.counters.iter().filter_map(|counter| counter.body.as_ref()) {
        let CounterSource::Distinct(_, Some(parameter)) = &body.source.value else { continue };
        if known.contains(parameter.as_str()) {
            continue;
        }
        let mut choices: Vec<&str> = known.iter().copied().collect();
        choices.sort_unstable();
        let message = format!("no route has a path parameter `{}`", shorten(parameter));
        findings.push(
            Diagnostic::new(&codes::UNKNOWN_PARAMETER, body.source.span, message)
                .help("name a segment of a route's path, as in '/api/items/{id}'")
                .maybe_help(suggest::hint(parameter, choices.iter().copied(), "parameters are")),
        );
    }
}
