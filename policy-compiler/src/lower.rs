//! From a checked policy to the draft that is written as a blob: names become positions, defaults become values.

use bartizan_engine::blob::draft::{
    AllowDraft, AppDraft, ClientDraft, Compression, Condition as ConditionDraft, CounterDraft, CounterSource,
    DevicesDraft, FingerprintPart, FlowDraft, FlowKind, HoneypotDraft, LadderDraft, LeakedDraft, ListDraft,
    LoginDraft, PolicyDraft, RouteDraft, RuleDraft, StepDraft,
};
use bartizan_engine::vocabulary::{Binding, CounterKey, Event, Mode, Newcomer, Value};

mod detectors;

use detectors::UsedDetectors;
pub(crate) use detectors::draft as detector;

use crate::check::conditions;
use crate::model::{
    App, Condition, ConditionKind, CounterBody, FlowRule, Login, Policy, Ratio, RatioLimit, Rule, Who,
};
use crate::names::{FoundRoute, Names};
use crate::source::Spanned;

/// Lowers a policy in which no errors were found. `None` where there is one after all.
#[must_use]
pub(crate) fn lower(policy: &Policy) -> Option<PolicyDraft> {
    let detectors = UsedDetectors::of(policy);
    let counters = UsedCounters::of(policy, &detectors);
    let lowering = Lowering { policy, names: Names::of(policy), counters, detectors };
    let rules =
        policy.threats.iter().flat_map(|part| part.rules.iter().map(move |rule| (part.threat.value, rule)));
    Some(PolicyDraft {
        on_error: policy.on_error,
        client: ClientDraft {
            address_from: policy.client.address_from,
            ipv6_prefix: policy.client.ipv6_prefix,
            keys: policy.client.keys.iter().map(|key| key.value.clone()).collect(),
            fingerprint: fingerprint(policy),
            country_header: policy.client.country_header.clone(),
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
        devices: policy.devices.as_ref().map(|devices| DevicesDraft {
            cookie: devices.cookie.value.clone(),
            for_seconds: devices.for_seconds,
        }),
        leaked: leaked(policy)?,
        flows: lowering.flows()?,
        detectors: lowering.detectors.drafts()?,
    })
}

/// What makes a fingerprint where the policy does not say.
fn default_fingerprint() -> Vec<FingerprintPart> {
    let header = |name: &str| FingerprintPart::Header(String::from(name));
    vec![FingerprintPart::HeaderOrder, header("user-agent"), header("accept-language")]
}

/// The author's, or the default where something asks for fingerprints.
fn fingerprint(policy: &Policy) -> Vec<FingerprintPart> {
    let in_conditions = conditions(policy).any(|condition| {
        matches!(
            condition.kind,
            ConditionKind::New(Newcomer::Fingerprint) | ConditionKind::SessionMoved(Binding::Fingerprint)
        )
    });
    let bodies = policy.counters.iter().filter_map(|counter| counter.body.as_ref());
    let in_counters = bodies.into_iter().any(|body| {
        body.key.value == CounterKey::Fingerprint
            || body.source.value == CounterSource::Distinct(Value::Fingerprint, None)
    });
    let asked = in_conditions || in_counters;
    let own = &policy.client.fingerprint;
    if own.is_empty() && asked { default_fingerprint() } else { own.clone() }
}

/// Pages and entries are known when the files were read.
fn leaked(policy: &Policy) -> Option<Vec<LeakedDraft>> {
    let lists = policy.leaked.iter().map(|list| {
        let body = list.body.as_ref()?;
        Some(LeakedDraft {
            name: list.name.value.clone(),
            kind: body.kind,
            path: body.path.clone(),
            bits: body.bits.value,
            first_page: 0,
            pages: 0,
            entries: 0,
            digest: 0,
        })
    });
    lists.collect()
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

/// For how many a ratio is taken to be exact enough: its counters may be behind by a 32nd of this.
const LOWEST_OF_RATIOS: u32 = 256;

/// The counters that conditions use, and where each counter of the policy is among them.
struct UsedCounters {
    drafts: Vec<CounterDraft>,
    positions: Vec<Option<usize>>,
}

impl UsedCounters {
    fn of(policy: &Policy, detectors: &UsedDetectors<'_>) -> Self {
        let mut used = Self { drafts: Vec::new(), positions: Vec::new() };
        for counter in &policy.counters {
            let thresholds = conditions(policy).filter_map(|condition| match &condition.kind {
                ConditionKind::Counter(name, over) if name.value == counter.name.value => Some(over.value),
                ConditionKind::Ratio(Ratio { part, whole, .. })
                    if [part, whole].iter().any(|name| name.value == counter.name.value) =>
                {
                    Some(LOWEST_OF_RATIOS)
                }
                _ => None,
            });
            let thresholds: Vec<u32> = thresholds.collect();
            let bounds = thresholds.iter().min().zip(thresholds.iter().max());
            let draft = bounds.zip(counter.body.as_ref()).map(|((lowest, highest), body)| CounterDraft {
                name: counter.name.value.clone(),
                source: body.source.value.clone(),
                key: body.key.value,
                whose: body.whose,
                moment: body.moment,
                window_ms: body.window_ms,
                highest_threshold: *highest,
                flush_at: flush_at(body, *lowest),
                finds: detectors.named(&body.data),
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
    detectors: UsedDetectors<'policy>,
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
                ConditionDraft::CounterOver { counter: self.counter(&name.value)?, over: over.value }
            }
            ConditionKind::List(name) => ConditionDraft::List(self.names.list(&name.value)?),
            ConditionKind::Route(name) => match self.names.route(&name.value) {
                FoundRoute::One(app, route) => ConditionDraft::Route { app, route },
                FoundRoute::Several(_) | FoundRoute::None => return None,
            },
            ConditionKind::App(name) => ConditionDraft::App(self.names.app(&name.value)?),
            ConditionKind::Login => ConditionDraft::Login,
            ConditionKind::Stranger => ConditionDraft::Stranger,
            ConditionKind::KnownDevice => ConditionDraft::KnownDevice,
            ConditionKind::UnderAttack => ConditionDraft::UnderAttack,
            ConditionKind::New(newcomer) => ConditionDraft::New(*newcomer),
            ConditionKind::Leaked(name) => ConditionDraft::Leaked(self.names.leaked_list(&name.value)?),
            ConditionKind::Ratio(ratio) => self.ratio(ratio)?,
            ConditionKind::Flow(name) => ConditionDraft::Flow(self.names.flow(&name.value)?),
            ConditionKind::SessionMoved(binding) => ConditionDraft::SessionMoved(*binding),
            ConditionKind::ReplyValues(over) => ConditionDraft::ReplyValuesOver(*over),
            ConditionKind::SessionOlder(seconds) => ConditionDraft::SessionOlder(*seconds),
            ConditionKind::All(parts) => ConditionDraft::All(several(parts)?),
            ConditionKind::Any(parts) => ConditionDraft::Any(several(parts)?),
            ConditionKind::Not(part) => ConditionDraft::Not(Box::new(self.condition(part)?)),
        })
    }

    /// Where a counter is among those that are used.
    fn counter(&self, name: &str) -> Option<usize> {
        self.counters.positions.get(self.names.counter(name)?).copied()?
    }

    /// "Under" is: there is a whole, and the part is not over the percent below.
    fn ratio(&self, ratio: &Ratio) -> Option<ConditionDraft> {
        let (part, whole) = (self.counter(&ratio.part.value)?, self.counter(&ratio.whole.value)?);
        let over = |part, percent| ConditionDraft::RatioOver { part, whole, percent };
        Some(match ratio.limit {
            RatioLimit::Over(percent) => over(part, percent),
            RatioLimit::Under(percent) => ConditionDraft::All(vec![
                over(whole, 0),
                ConditionDraft::Not(Box::new(over(part, percent.saturating_sub(1)))),
            ]),
        })
    }

    fn flows(&self) -> Option<Vec<FlowDraft>> {
        let flows = self.policy.flows.iter().map(|flow| {
            let body = flow.body.as_ref()?;
            let app = self.names.app(&body.app.value)?;
            let routes = &self.policy.apps.get(app)?.routes;
            let position =
                |name: &Spanned<String>| routes.iter().position(|route| route.name.value == name.value);
            let kind = match &body.rule {
                FlowRule::SoonAfter(milestone) => FlowKind::TooSoonAfter(milestone.value),
                FlowRule::Without(steps) => {
                    FlowKind::Without(steps.iter().map(position).collect::<Option<_>>()?)
                }
            };
            Some(FlowDraft {
                name: flow.name.value.clone(),
                app,
                route: position(&body.at)?,
                kind,
                within_seconds: body.within_seconds,
                because: body.because.clone(),
            })
        });
        flows.collect()
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
                expects: self.detectors.named(&body.expects),
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
            sensitive: self.detectors.searches(app),
            expectations: self.detectors.expectations(app),
            compression: app.compression.as_ref().map_or(Compression::Identity, |word| word.value),
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
        only_if: login.only_if.clone(),
        plus_address: login.plus_address,
        decoy: login.decoy.clone(),
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
