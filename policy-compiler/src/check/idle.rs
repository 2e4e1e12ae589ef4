//! Parts that nobody looks at, and parts that wait for something that never happens.

use std::collections::HashSet;

use bartizan_engine::blob::draft::CounterSource;
use bartizan_engine::vocabulary::{CounterKey, Event, Value};

use super::conditions;
use crate::decode::concerns_sensitive_values;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, codes};
use crate::model::{Condition, ConditionKind, CounterBody, FlowRule, Policy, Who};
use crate::source::Spanned;

/// What the apps of a policy have.
struct Present {
    logins: bool,
    passwords: bool,
    searches: bool,
}

pub(super) fn advise(policy: &Policy, findings: &mut Diagnostics) {
    let mut logins = policy.apps.iter().flat_map(|app| &app.logins);
    let present = Present {
        logins: policy.apps.iter().any(|app| !app.logins.is_empty()),
        passwords: logins.any(|login| login.password.is_some()),
        searches: policy.apps.iter().any(|app| !app.sensitive.is_empty()),
    };
    counters(policy, &present, findings);
    packs(policy, &present, findings);
    for condition in conditions(policy).filter(|condition| policy.pack_of(condition.span).is_none()) {
        waits(condition, &present, findings);
    }
    flows(policy, findings);
    lists(policy, findings);
}

fn counters(policy: &Policy, present: &Present, findings: &mut Diagnostics) {
    let used: HashSet<&str> =
        conditions(policy).flat_map(Condition::counters).map(|name| name.value.as_str()).collect();
    // A pack counts what its rules need; some of them may be left out or replaced.
    let own = policy.counters.iter().filter(|counter| policy.pack_of(counter.name.span).is_none());
    for counter in own {
        let Some(body) = &counter.body else { continue };
        let name = &counter.name;
        if !used.contains(name.value.as_str()) {
            unused(
                name,
                "counter",
                &codes::UNUSED_COUNTER,
                "use it in a condition, or take it out",
                findings,
            );
        }
        let nothing = if needs_logins(body) && !present.logins {
            Some(("logins, and no app has any", "describe the login under `logins` of its app"))
        } else if needs_passwords(body) && !present.passwords {
            Some(("passwords, and no login says where they are", "add `password` to the login"))
        } else if concerns_sensitive_values(&body.source.value) && !present.searches {
            let help = "say what is looked for under `sensitive` of an app";
            Some(("findings in replies, and no app looks for any", help))
        } else {
            None
        };
        if let Some((what, help)) = nothing {
            let message = format!("`{}` counts {what}", name.value);
            findings.push(Diagnostic::new(&codes::COUNTS_NOTHING, name.span, message).help(help));
        }
    }
}

fn unused(name: &Spanned<String>, what: &str, code: &'static Code, help: &str, findings: &mut Diagnostics) {
    let message = format!("nothing uses the {what} `{}`", name.value);
    findings.push(Diagnostic::new(code, name.span, message).help(help));
}

/// A pack that counts logins, or findings, is of no use where there are none.
fn packs(policy: &Policy, present: &Present, findings: &mut Diagnostics) {
    for pack in &policy.packs {
        let counters = policy.counters.iter().filter(|counter| counter.name.span.file == pack.file);
        let bodies: Vec<&CounterBody> = counters.filter_map(|counter| counter.body.as_ref()).collect();
        let name = pack.name.value;
        let (message, help) = if !present.logins && bodies.iter().any(|body| needs_logins(body)) {
            let message = format!("the pack `{name}` counts logins, and no app has any");
            (message, "describe the login under `logins` of its app")
        } else if !present.searches && bodies.iter().any(|body| concerns_sensitive_values(&body.source.value))
        {
            let message = format!("the pack `{name}` counts findings in replies, and no app looks for any");
            (message, "say what is looked for under `sensitive` of an app")
        } else {
            continue;
        };
        findings.push(Diagnostic::new(&codes::COUNTS_NOTHING, pack.name.span, message).help(help));
    }
}

fn needs_logins(body: &CounterBody) -> bool {
    let of_logins = match &body.source.value {
        CounterSource::Count(event) | CounterSource::Slow(event) | CounterSource::Regularity(event) => {
            !matches!(
                event,
                Event::Request | Event::ResponseStatus(_) | Event::SensitiveFound | Event::SensitiveUnusual
            )
        }
        CounterSource::Distinct(value, _) => matches!(value, Value::LoginUsername | Value::LoginPassword),
    };
    of_logins || body.key.value == CounterKey::LoginUsername
}

fn needs_passwords(body: &CounterBody) -> bool {
    body.key.value == CounterKey::LoginPassword
        || body.source.value == CounterSource::Distinct(Value::LoginPassword, None)
}

fn waits(condition: &Condition, present: &Present, findings: &mut Diagnostics) {
    let about_logins = matches!(
        condition.kind,
        ConditionKind::Stranger
            | ConditionKind::KnownDevice
            | ConditionKind::UnderAttack
            | ConditionKind::New(_)
            | ConditionKind::Leaked(_)
            | ConditionKind::SessionMoved(_)
            | ConditionKind::SessionOlder(_)
    );
    let (message, help) = if about_logins && !present.logins {
        ("this is about logins, and no app has any", "describe the login under `logins` of its app")
    } else if matches!(condition.kind, ConditionKind::Leaked(_)) && !present.passwords {
        ("no login says where its password is", "add `password` to the login")
    } else if matches!(condition.kind, ConditionKind::ReplyValues(_)) && !present.searches {
        let help = "say what is looked for under `sensitive` of an app";
        ("this is about findings in replies, and no app looks for any", help)
    } else {
        return;
    };
    findings.push(Diagnostic::new(&codes::COUNTS_NOTHING, condition.span, message).help(help));
}

fn flows(policy: &Policy, findings: &mut Diagnostics) {
    let used: HashSet<&str> = conditions(policy)
        .filter_map(|condition| match &condition.kind {
            ConditionKind::Flow(name) => Some(name.value.as_str()),
            _ => None,
        })
        .collect();
    for flow in &policy.flows {
        if !used.contains(flow.name.value.as_str()) {
            unused(
                &flow.name,
                "flow",
                &codes::UNUSED_LIST,
                "use it in a condition, or take it out",
                findings,
            );
        }
        let Some(body) = &flow.body else { continue };
        let app = policy.apps.iter().find(|app| app.name.value == body.app.value);
        if let (FlowRule::SoonAfter(milestone), Some(app)) = (&body.rule, app)
            && app.logins.is_empty()
        {
            let message = format!("the app `{}` has no login", app.name.value);
            findings.push(
                Diagnostic::new(&codes::COUNTS_NOTHING, milestone.span, message)
                    .help("describe the login under `logins` of the app"),
            );
        }
    }
}

fn lists(policy: &Policy, findings: &mut Diagnostics) {
    for list in &policy.lists {
        let in_condition = conditions(policy).any(
            |condition| matches!(&condition.kind, ConditionKind::List(name) if name.value == list.name.value),
        );
        let in_exemption = policy
            .allow
            .iter()
            .any(|allow| matches!(&allow.who, Who::List(name) if name.value == list.name.value));
        if !in_condition && !in_exemption {
            let help = "use it in a condition or an exemption, or take it out";
            unused(&list.name, "list", &codes::UNUSED_LIST, help, findings);
        }
    }
    for list in &policy.leaked {
        let is_used = conditions(policy).any(
            |condition| matches!(&condition.kind, ConditionKind::Leaked(name) if name.value == list.name.value),
        );
        if !is_used {
            let help = "use it in a condition, or take it out";
            unused(&list.name, "leaked list", &codes::UNUSED_LIST, help, findings);
        }
    }
}
