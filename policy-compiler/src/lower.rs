//! From a checked policy to the draft that is written as a blob: names become positions, defaults become values.

use bartizan_engine::blob::draft::{
    AllowDraft, AppDraft, ClientDraft, Condition as ConditionDraft, CounterDraft, CounterSource,
    HoneypotDraft, LadderDraft, ListDraft, LoginDraft, PolicyDraft, RouteDraft, RuleDraft, SensitiveDraft,
    StepDraft,
};
use bartizan_engine::vocabulary::{Event, Mode, Moment, Whose};

use crate::check::conditions;
use crate::model::{App, Condition, ConditionKind, CounterBody, Login, Policy, Rule, Who};
use crate::names::{FoundRoute, Names};
use crate::source::Spanned;

/// Lowers a policy in which no errors were found. `None` where there is one after all.
#[must_use]
pub(crate) fn lower(policy: &Policy) -> Option<PolicyDraft> {
    let counters = UsedCounters::of(policy);
    let lowering = Lowering { policy, names: Names::of(policy), counters };
    let rules =
        policy.threats.iter().flat_map(|part| part.rules.iter().map(move |rule| (part.threat.value, rule)));
    Some(PolicyDraft {
        on_error: policy.on_error,
        client: ClientDraft {
            address_from: policy.client.address_from,
            ipv6_prefix: policy.client.ipv6_prefix,
            keys: policy.client.keys.iter().map(|key| key.value.clone()).collect(),
            fingerprint: Vec::new(),
        },
        lists: policy
            .lists
            .iter()
            .map(|list| ListDraft { name: list.name.value.clone(), ranges: list.ranges.clone() })
            .collect(),
        allow: lowering.allow()?,
        counters: lowering.counters.drafts.clone(),
        rules: rules.map(|(threat, rule)| lowering.rule(threat, rule)).collect::<Option<_>>()?,
        ladders: lowering.ladders()?,
        apps: policy.apps.iter().map(|app| lowering.app(app)).collect::<Option<_>>()?,
        devices: None,
        leaked: Vec::new(),
        flows: Vec::new(),
    })
}

/// The name of a login: the author's, or one by its position.
#[must_use]
pub(crate) fn login_name(position: usize, login: &Login) -> String {
    match (&login.name, position) {
        (Some(name), _) => name.value.clone(),
        (None, 0) => String::from("login"),
        (None, _) => format!("login-{}", position + 1),
    }
}

/// The counters that conditions use, and where each counter of the policy is among them.
struct UsedCounters {
    drafts: Vec<CounterDraft>,
    positions: Vec<Option<usize>>,
}

impl UsedCounters {
    fn of(policy: &Policy) -> Self {
        let mut used = Self { drafts: Vec::new(), positions: Vec::new() };
        for counter in &policy.counters {
            let thresholds = conditions(policy).filter_map(|condition| match &condition.kind {
                ConditionKind::Counter(name, over) if name.value == counter.name.value => Some(over.value),
                _ => None,
            });
            let thresholds: Vec<u32> = thresholds.collect();
            let bounds = thresholds.iter().min().zip(thresholds.iter().max());
            let draft = bounds.zip(counter.body.as_ref()).map(|((lowest, highest), body)| CounterDraft {
                name: counter.name.value.clone(),
                source: body.source.value.clone(),
                key: body.key.value,
                whose: Whose::Anybody,
                moment: Moment::Request,
                window_ms: body.window_ms,
                highest_threshold: *highest,
                flush_at: flush_at(body, *lowest),
            });
            used.positions.push(draft.as_ref().map(|_| used.drafts.len()));
            used.drafts.extend(draft);
        }
        used
    }
}

/// How many requests a worker may hold back: a 32nd of the lowest threshold, so that eight workers together overshoot
/// by a quarter at most, and never more than 64.
fn flush_at(body: &CounterBody, lowest: u32) -> u16 {
    if body.source.value != CounterSource::Count(Event::Request) {
        return 1;
    }
    u16::try_from((lowest / 32).clamp(1, 64)).unwrap_or(1)
}

struct Lowering<'policy> {
    policy: &'policy Policy,
    names: Names<'policy>,
    counters: UsedCounters,
}

impl Lowering<'_> {
    fn allow(&self) -> Option<Vec<AllowDraft>> {
        let exemptions = self.policy.allow.iter().map(|allow| {
            let ranges = match &allow.who {
                Who::Ranges(ranges) => ranges.clone(),
                Who::List(name) => self.policy.lists.get(self.names.list(&name.value)?)?.ranges.clone(),
            };
            Some(AllowDraft { ranges, skip: allow.skip.clone(), because: allow.because.clone() })
        });
        exemptions.collect()
    }

    fn rule(&self, threat: bartizan_engine::vocabulary::Threat, rule: &Rule) -> Option<RuleDraft> {
        Some(RuleDraft {
            id: rule.id.value.clone(),
            threat,
            when: self.condition(&rule.when)?,
            points: u16::try_from(rule.points.value).ok()?,
            because: rule.because.clone(),
            mode: rule.mode,
        })
    }

    /// Conditions have at most eight levels.
    fn condition(&self, condition: &Condition) -> Option<ConditionDraft> {
        let several =
            |parts: &[Condition]| parts.iter().map(|part| self.condition(part)).collect::<Option<Vec<_>>>();
        Some(match &condition.kind {
            ConditionKind::Counter(name, over) => {
                let counter = self.counters.positions.get(self.names.counter(&name.value)?).copied()??;
                ConditionDraft::CounterOver { counter, over: over.value }
            }
            ConditionKind::List(name) => ConditionDraft::List(self.names.list(&name.value)?),
            ConditionKind::Route(name) => match self.names.route(&name.value) {
                FoundRoute::One(app, route) => ConditionDraft::Route { app, route },
                FoundRoute::Several(_) | FoundRoute::None => return None,
            },
            ConditionKind::App(name) => ConditionDraft::App(self.names.app(&name.value)?),
            ConditionKind::Login => ConditionDraft::Login,
            ConditionKind::All(parts) => ConditionDraft::All(several(parts)?),
            ConditionKind::Any(parts) => ConditionDraft::Any(several(parts)?),
            ConditionKind::Not(part) => ConditionDraft::Not(Box::new(self.condition(part)?)),
        })
    }

    fn ladders(&self) -> Option<Vec<LadderDraft>> {
        let with_steps = self.policy.threats.iter().filter(|part| !part.steps.is_empty());
        let ladders = with_steps.map(|part| {
            let steps = part.steps.iter().map(|step| {
                Some(StepDraft { at: u16::try_from(step.at.value).ok()?, action: step.action.value.clone() })
            });
            Some(LadderDraft { threat: part.threat.value, steps: steps.collect::<Option<_>>()? })
        });
        ladders.collect()
    }

    fn app(&self, app: &App) -> Option<AppDraft> {
        let mode = app.mode(self.policy);
        let routes = app.routes.iter().map(|route| {
            let body = route.body.as_ref()?;
            Some(RouteDraft {
                name: route.name.value.clone(),
                methods: body.methods.clone(),
                path: body.path.value.clone(),
                mode: weakened(mode, body.mode.as_ref()),
                authenticated: body.authenticated,
            })
        });
        Some(AppDraft {
            name: app.name.value.clone(),
            hosts: app.hosts.iter().map(|host| host.value.clone()).collect(),
            mode,
            owner: app.owner.clone(),
            watch: app.unwatched.is_none(),
            routes: routes.collect::<Option<_>>()?,
            logins: app
                .logins
                .iter()
                .enumerate()
                .map(|(position, login)| lower_login(position, login, mode))
                .collect(),
            honeypots: honeypots(app)?,
            sensitive: app
                .sensitive
                .iter()
                .map(|search| SensitiveDraft {
                    find: search.find.iter().map(|detector| detector.value).collect(),
                    paths: search.paths.value.clone(),
                    action: search.action.value,
                    keep_last: search.keep_last,
                })
                .collect(),
        })
    }
}

fn lower_login(position: usize, login: &Login, mode: Mode) -> LoginDraft {
    LoginDraft {
        name: login_name(position, login),
        method: login.method.clone(),
        path: login.path.value.clone(),
        mode: weakened(mode, login.mode.as_ref()),
        username: login.username.clone(),
        password: login.password.clone(),
        success: login.success.value.clone(),
        failure: login.failure.value.clone(),
        only_if: None,
        plus_address: false,
        decoy: None,
    }
}

fn honeypots(app: &App) -> Option<Vec<HoneypotDraft>> {
    let traps = app.honeypots.iter().map(|trap| {
        Some(HoneypotDraft {
            path: trap.path.value.clone(),
            threat: trap.threat.value,
            points: u16::try_from(trap.points).ok()?,
            for_ms: trap.for_ms,
            because: trap.because.clone(),
        })
    });
    traps.collect()
}

/// A part's mode: never stronger than its app's.
fn weakened(app: Mode, own: Option<&Spanned<Mode>>) -> Mode {
    own.map_or(app, |own| own.value.min(app))
}
