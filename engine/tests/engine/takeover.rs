//! Strangers and who was here before, with 1, 2 and 7 workers.

use crate::world::{World, request_headers, shop};
use bartizan_engine::blob::Policy;
use bartizan_engine::blob::draft::{
    ActionDraft, Condition, CounterDraft, CounterSource, DevicesDraft, FieldSource, FingerprintPart,
    FlowDraft, FlowKind, LadderDraft, Milestone, PolicyDraft, ReplyDraft, RuleDraft, StepDraft,
};
use bartizan_engine::device::DeviceKeys;
use bartizan_engine::exchange::{Decided, Opened, Reply, RequestHead, open};
use bartizan_engine::state::store::MemoryStore;
use bartizan_engine::vocabulary::{Binding, CounterKey, Event, Mode, Moment, Newcomer, Threat, Value, Whose};

const MINUTE: u64 = 60_000;
const DAY: u64 = 86_400_000;

fn over(counter: usize, over: u32) -> Condition {
    Condition::CounterOver { counter, over }
}

fn stranger_and(condition: Condition) -> Condition {
    Condition::All(vec![Condition::Stranger, condition])
}

fn counter(name: &str, source: CounterSource, key: CounterKey, moment: Moment, highest: u32) -> CounterDraft {
    CounterDraft {
        name: name.to_owned(),
        source,
        key,
        whose: Whose::Strangers,
        moment,
        window_ms: 3_600_000,
        highest_threshold: highest,
        flush_at: 1,
        finds: Vec::new(),
    }
}

/// A shop whose rules challenge strangers.
fn guarded(action: ActionDraft) -> PolicyDraft {
    let mut draft = shop(Mode::Enforce);
    draft.client.fingerprint =
        vec![FingerprintPart::HeaderOrder, FingerprintPart::Header("user-agent".to_owned())];
    draft.devices = Some(DevicesDraft { cookie: "device".to_owned(), for_seconds: 30 * 86_400 });
    let username = || CounterSource::Distinct(Value::LoginUsername, None);
    let failure = || CounterSource::Count(Event::LoginFailure);
    draft.counters = vec![
        counter("accounts", username(), CounterKey::Address, Moment::Failure, 3),
        counter("fire", failure(), CounterKey::LoginUsername, Moment::Request, 3),
        counter("sprayed", username(), CounterKey::LoginPassword, Moment::Failure, 5),
    ];
    let rules = [
        ("accounts", stranger_and(over(0, 3))),
        ("fire", stranger_and(over(1, 3))),
        ("sprayed", stranger_and(over(2, 5))),
        ("moved", Condition::SessionMoved(Binding::Network)),
        ("hasty", Condition::Flow(0)),
        ("blind", Condition::Flow(1)),
    ];
    draft.rules = rules
        .into_iter()
        .map(|(id, when)| RuleDraft {
            id: id.to_owned(),
            threat: Threat::AccountTakeover,
            when,
            points: 70,
            because: id.to_owned(),
            mode: Mode::Enforce,
        })
        .collect();
    draft.ladders =
        vec![LadderDraft { threat: Threat::AccountTakeover, steps: vec![StepDraft { at: 70, action }] }];
    let flow = |name: &str, kind| FlowDraft {
        name: name.to_owned(),
        app: 0,
        route: 0,
        kind,
        within_seconds: 60,
        because: String::new(),
    };
    draft.flows = vec![flow("hasty", FlowKind::TooSoonAfter(Milestone::NewDevice))];
    // The second flow needs a route of its own to come from.
    let mut form = draft.apps[0].routes[0].clone();
    form.name = "form".to_owned();
    form.path = crate::world::path("/api/form");
    draft.apps[0].routes.push(form);
    draft.flows.push(flow("blind", FlowKind::Without(vec![draft.apps[0].routes.len() - 1])));
    draft
}

fn challenge() -> ActionDraft {
    ActionDraft::Challenge { reply: ReplyDraft::default() }
}

/// One login.
#[derive(Clone, Default)]
struct Try<'t> {
    from: &'t str,
    user: &'t str,
    password: &'t str,
    cookie: Option<String>,
}

enum Ended {
    In(Option<String>),
    Failed,
    Refused(Reply),
}

impl Ended {
    fn is_refused(&self) -> bool {
        matches!(self, Self::Refused(_))
    }
}

type TestWorld<'p> = World<'p, MemoryStore>;

/// The password is right where it is `right`.
fn login(world: &mut TestWorld<'_>, attempt: &Try<'_>) -> Ended {
    let cookie = attempt.cookie.clone().unwrap_or_default();
    let more = [("user-agent", "test"), ("content-length", "60"), ("cookie", cookie.as_str())];
    let headers = request_headers("shop.example.com", "POST", "/login", &more);
    let source = || Some(format!("{}:40000", attempt.from).into_bytes());
    let body = format!("email={}&password={}", attempt.user, attempt.password);
    let head = RequestHead {
        headers: &headers,
        source_address: &source,
        verified_claim: &|_, _| None,
        end_of_stream: false,
    };
    let decided = world.on_next(|surroundings| match open(head, surroundings) {
        Opened::Login(mut login, _) => {
            login.body(body.as_bytes(), surroundings);
            login.decide(surroundings)
        }
        Opened::Refused(finished, reply) => Decided::Refused(finished, reply),
        _ => panic!("a login"),
    });
    let exchange = match decided {
        Decided::Refused(_, reply) => return Ended::Refused(reply),
        Decided::Forwarded(exchange, _) => exchange,
    };
    world.now += 150;
    let is_right = attempt.password == "right";
    let (status, set) = if is_right { ("302", "sid=a-session") } else { ("401", "") };
    let mut headers = vec![(":status".to_owned(), status.as_bytes().to_vec())];
    if is_right {
        let sid = format!("{set}-{}; Path=/", attempt.user);
        headers.push(("set-cookie".to_owned(), sid.into_bytes()));
    }
    headers.push(("content-type".to_owned(), b"text/plain".to_vec()));
    let body: &[u8] = if is_right { b"Welcome." } else { b"Invalid password, or no such account." };
    headers.push(("content-length".to_owned(), body.len().to_string().into_bytes()));
    let (mut replying, plan) =
        world.on_next(|surroundings| exchange.response_head(&headers, false, surroundings));
    // The policy looks for a failure in the body, so the head waits for it.
    let added = world.on_next(|surroundings| {
        replying.body(body.to_vec(), true, surroundings);
        let added = replying.headers_to_add();
        let _ = replying.finish(surroundings);
        added
    });
    if !is_right {
        return Ended::Failed;
    }
    let device =
        plan.add.iter().chain(&added).find(|(name, _)| *name == "set-cookie").map(|(_, value)| value.clone());
    Ended::In(device)
}

fn with_workers(action: &ActionDraft, test: impl Fn(&mut TestWorld<'_>)) {
    with_draft(&guarded(action.clone()), test);
}

fn with_draft(draft: &PolicyDraft, test: impl Fn(&mut TestWorld<'_>)) {
    for workers in [1, 2, 7] {
        println!("{workers} workers");
        let blob = draft.write().unwrap();
        let policy = Policy::parse(&blob).unwrap();
        let mut world = World::new(&policy, MemoryStore::default(), workers);
        world.settings.hold_headers = true;
        world.device_keys = DeviceKeys::new(b"a secret of some length", None);
        test(&mut world);
    }
}

fn attempt<'t>(from: &'t str, user: &'t str, password: &'t str) -> Try<'t> {
    Try { from, user, password, cookie: None }
}

/// Logs in and gives the device's cookie back as a browser would send it.
fn become_known(world: &mut TestWorld<'_>, from: &str, user: &str) -> String {
    let Ended::In(Some(cookie)) = login(world, &attempt(from, user, "right")) else {
        panic!("let in, with a cookie")
    };
    assert!(cookie.contains("; HttpOnly; Secure; SameSite=Lax"), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

#[test]
fn an_account_under_fire_stays_open_for_devices_and_networks_that_were_there_before() {
    with_workers(&challenge(), |world| {
        let cookie = become_known(world, "192.0.2.7", "ann");
        for attacker in 0..40 {
            let from = format!("198.51.{}.9", attacker + 1);
            login(world, &attempt(&from, "ann", "guess"));
        }
        assert!(login(world, &attempt("203.0.113.5", "ann", "right")).is_refused(), "a stranger");
        let elsewhere = Try { cookie: Some(cookie.clone()), ..attempt("203.0.113.5", "ann", "right") };
        assert!(!login(world, &elsewhere).is_refused(), "her device, from a network that is new");
        assert!(!login(world, &attempt("192.0.2.99", "ann", "right")).is_refused(), "a new device at home");
        for attacker in 0..10 {
            let from = format!("198.51.{}.9", attacker + 1);
            let stolen = Try { cookie: Some(cookie.clone()), ..attempt(&from, "bob", "guess") };
            login(world, &stolen);
        }
        let other = Try { cookie: Some(cookie.clone()), ..attempt("203.0.113.5", "bob", "right") };
        assert!(login(world, &other).is_refused(), "her device is no pass for another account");
    });
}

#[test]
fn who_gets_in_after_mistyping_leaves_no_trace() {
    with_workers(&challenge(), |world| {
        for user in ["a", "b", "c", "d", "e", "f"] {
            assert!(!login(world, &attempt("192.0.2.7", user, "typo")).is_refused(), "{user}");
            assert!(!login(world, &attempt("192.0.2.7", user, "right")).is_refused(), "{user}");
        }
        // An account of its own does not wash off the others.
        for user in ["g", "h", "i"] {
            login(world, &attempt("192.0.2.8", user, "guess"));
            login(world, &attempt("192.0.2.8", "mallory", "right"));
        }
        assert!(login(world, &attempt("192.0.2.8", "j", "guess")).is_refused());
    });
}

#[test]
fn one_password_over_many_accounts_is_seen_from_any_number_of_addresses() {
    with_workers(&challenge(), |world| {
        let mut stopped = 0;
        for number in 0..40 {
            let (from, user) = (format!("198.51.{number}.9"), format!("user{number}"));
            stopped += u32::from(login(world, &attempt(&from, &user, "Summer2026")).is_refused());
        }
        assert!((30..=35).contains(&stopped), "{stopped}");
        for number in 0..20 {
            let from = format!("203.0.{number}.9");
            assert!(!login(world, &attempt(&from, "forgetful", "typo")).is_refused() || number >= 3);
        }
        assert!(
            !login(world, &attempt("203.0.113.77", "carol", "typo")).is_refused(),
            "one person's password"
        );
    });
}

#[test]
fn what_successes_taught_is_kept_for_weeks_and_not_for_ever() {
    with_workers(&challenge(), |world| {
        become_known(world, "192.0.2.7", "ann");
        world.now += 20 * DAY;
        for attacker in 0..10 {
            let from = format!("198.51.{}.9", attacker + 1);
            login(world, &attempt(&from, "ann", "guess"));
        }
        assert!(!login(world, &attempt("192.0.2.70", "ann", "wrong")).is_refused());
        world.now += 90 * DAY;
        for attacker in 0..10 {
            let from = format!("198.51.{}.9", attacker + 1);
            login(world, &attempt(&from, "ann", "guess"));
        }
        assert!(login(world, &attempt("192.0.2.70", "ann", "right")).is_refused());
    });
}

#[test]
fn a_session_that_turns_up_elsewhere_and_steps_out_of_order_score() {
    with_workers(&challenge(), |world| {
        become_known(world, "192.0.2.7", "ann");
        let mut get = |after: u64, from: &str, path: &str| {
            world.now += after;
            let cookie = ("cookie", "sid=a-session-ann");
            world.request(from, "GET", path, &[cookie, ("user-agent", "test")]).is_forwarded()
        };
        // Route 0 is the step that the flows look at.
        assert!(!get(10_000, "192.0.2.7", "/api/items/1"), "soon after a login from a new device");
        assert!(!get(2 * MINUTE, "192.0.2.7", "/api/items/1"), "without the form");
        assert!(get(1_000, "192.0.2.7", "/api/form"));
        assert!(get(10_000, "192.0.2.7", "/api/items/1"), "the way customers come");
        assert!(!get(2 * MINUTE, "192.0.2.7", "/api/items/1"), "the form was long ago");
        assert!(get(1_000, "192.0.2.7", "/api/form"));
        assert!(get(1_000, "192.0.2.200", "/api/items/1"), "the same network");
        assert!(!get(1_000, "203.0.113.5", "/api/items/1"), "the session is somewhere else");
    });
}

#[test]
fn a_decoy_is_learnt_from_two_accounts_and_then_looks_like_the_app() {
    let deceive = ActionDraft::Deceive { reply: ReplyDraft::default() };
    let blob = guarded(deceive).write().unwrap();
    let policy = Policy::parse(&blob).unwrap();
    let mut world = World::new(&policy, MemoryStore::default(), 1);
    // One account alone proves nothing: its reply could name it.
    for number in 0..3 {
        let from = format!("198.51.{number}.9");
        assert!(matches!(login(&mut world, &attempt(&from, "ann", "guess")), Ended::Failed));
    }
    let Ended::Refused(before) = login(&mut world, &attempt("198.51.9.9", "ann", "guess")) else {
        panic!("deceived")
    };
    assert_ne!(before.body, b"Invalid password, or no such account.");
    assert!(matches!(login(&mut world, &attempt("203.0.113.5", "bob", "guess")), Ended::Failed));
    let Ended::Refused(reply) = login(&mut world, &attempt("198.51.9.9", "ann", "right")) else {
        panic!("deceived")
    };
    assert_eq!(reply.status, 401);
    assert_eq!(reply.body, b"Invalid password, or no such account.");
    assert_eq!(reply.headers, [("content-type".to_owned(), "text/plain".to_owned())]);
    assert!((120..=180).contains(&reply.delay_ms), "{}", reply.delay_ms);
}

#[test]
fn a_login_under_attack_shuts_strangers_out_while_it_lasts_and_no_longer() {
    with_siege(&stranger_and(Condition::UnderAttack), |world| {
        let cookie = become_known(world, "192.0.2.7", "ann");
        // A calm day: a new customer every five minutes, one in ten mistypes first.
        for number in 0..288 {
            let (from, user) = (format!("10.{}.{}.1", number / 200, number % 200), format!("new{number}"));
            if number % 10 == 0 {
                assert!(!login(world, &attempt(&from, &user, "typo")).is_refused(), "customer {number}");
            }
            assert!(!login(world, &attempt(&from, &user, "right")).is_refused(), "customer {number}");
            world.now += 5 * MINUTE;
        }
        // Four tries a minute, each from an address that is never seen again.
        let attack = |world: &mut TestWorld<'_>, minutes: u32, from: u32| {
            let mut stopped = 0;
            for number in from..from + minutes * 4 {
                let from = format!("11.{}.{}.1", number / 200, number % 200);
                stopped += u32::from(
                    login(world, &attempt(&from, &format!("victim{number}"), "guess")).is_refused(),
                );
                world.now += MINUTE / 4;
            }
            stopped
        };
        let stopped = attack(world, 60, 0);
        assert!(stopped > 210, "{stopped} of 240");
        assert_eq!(attack(world, 600, 240), 2400, "it lasts as long as they come");
        let known = Try { cookie: Some(cookie), ..attempt("203.0.113.5", "ann", "right") };
        assert!(!login(world, &known).is_refused());
        assert!(login(world, &attempt("203.0.113.6", "dora", "right")).is_refused());
        world.now += 120 * MINUTE;
        assert!(!login(world, &attempt("203.0.113.6", "dora", "right")).is_refused(), "it is over");
    });
}

/// A shop with rules of one condition each.
fn ruled(action: &ActionDraft, conditions: &[Condition]) -> PolicyDraft {
    let mut draft = guarded(action.clone());
    let rule = draft.rules[0].clone();
    let named = conditions.iter().enumerate();
    let rules = named.map(|(number, when)| RuleDraft {
        id: format!("rule-{number}"),
        when: when.clone(),
        ..rule.clone()
    });
    draft.rules = rules.collect();
    draft
}

fn with_siege(when: &Condition, test: impl Fn(&mut TestWorld<'_>)) {
    with_draft(&ruled(&challenge(), std::slice::from_ref(when)), test);
}

#[test]
fn a_program_is_known_once_several_accounts_logged_in_with_it() {
    with_siege(&Condition::All(vec![Condition::New(Newcomer::Fingerprint), over(1, 3)]), |world| {
        let is_stopped = |world: &mut TestWorld<'_>| {
            (0..6).any(|_| login(world, &attempt("198.51.100.9", "victim", "guess")).is_refused())
        };
        assert!(is_stopped(world), "nobody logged in with it");
        for network in 0..5 {
            become_known(world, &format!("192.0.{network}.7"), "own");
        }
        assert!(is_stopped(world), "one account makes no program known");
        for number in 0..30 {
            become_known(world, &format!("10.1.{number}.7"), &format!("customer{number}"));
        }
        assert!(!is_stopped(world), "thirty accounts do");
    });
}

#[test]
fn logins_to_an_own_account_do_not_make_an_attack_look_like_a_good_day() {
    with_siege(&stranger_and(Condition::UnderAttack), |world| {
        let mut stopped = 0;
        for number in 0..480 {
            // Each wrong guess comes with two logins to the attacker's account, from networks where it never was.
            let network = |host: u32| format!("11.{}.{}.1", number * 3 / 200 + host * 20, number * 3 % 200);
            stopped += u32::from(
                login(world, &attempt(&network(0), &format!("victim{number}"), "guess")).is_refused(),
            );
            login(world, &attempt(&network(1), "own", "right"));
            login(world, &attempt(&network(2), "own", "right"));
            world.now += MINUTE / 4;
        }
        assert!(stopped > 400, "{stopped} of 480");
    });
}

#[test]
fn an_attack_that_is_answered_by_bans_goes_on() {
    let ban = ActionDraft::Block { for_ms: 12 * 3_600_000, reply: ReplyDraft::default() };
    with_draft(&ruled(&ban, &[over(0, 3), stranger_and(Condition::UnderAttack)]), |world| {
        // Of five addresses three are banned within minutes, and go on for eight hours.
        for number in 0..8 * 240_u32 {
            let from = format!("11.0.{}.1", number % if number < 40 { 5 } else { 3 });
            let ended = login(world, &attempt(&from, &format!("victim{number}"), "guess"));
            assert!(number < 20 || ended.is_refused(), "try {number}");
            world.now += MINUTE / 4;
        }
        assert!(login(world, &attempt("203.0.113.6", "dora", "right")).is_refused(), "it still lasts");
        world.now += 120 * MINUTE;
        assert!(!login(world, &attempt("203.0.113.6", "dora", "right")).is_refused(), "it is over");
    });
}

#[test]
fn what_may_be_no_login_does_not_keep_an_attack_going() {
    let ban = ActionDraft::Block { for_ms: 12 * 3_600_000, reply: ReplyDraft::default() };
    let mut draft = ruled(&ban, &[over(0, 3), stranger_and(Condition::UnderAttack)]);
    // Every login has the field, but a request that is refused before its body was read does not show it.
    draft.apps[0].logins[0].only_if = Some((FieldSource::Form("email".to_owned()), "mallory".to_owned()));
    draft.apps[0].logins[0].username = FieldSource::Form("name".to_owned());
    with_draft(&draft, |world| {
        // Held, its body would be read first.
        world.settings.hold_headers = false;
        let attack = |world: &mut TestWorld<'_>, number: u32, addresses: u32| {
            let from = format!("11.0.{}.1", number % addresses);
            let ended = login(world, &attempt(&from, "mallory", &format!("guess&name=victim{number}")));
            world.now += MINUTE / 4;
            ended.is_refused()
        };
        for number in 0..40 {
            attack(world, number, 5);
        }
        let dora = |world: &mut TestWorld<'_>| {
            let right = Try { user: "name=dora&email=mallory", ..attempt("203.0.113.6", "", "right") };
            login(world, &right).is_refused()
        };
        assert!(dora(world), "the attack was seen");
        for number in 0..8 * 240 {
            assert!(attack(world, number, 3), "banned");
        }
        assert!(!dora(world), "it is not known that it goes on");
    });
}

/// More than six tries of one program are refused.
fn six_tries_of_a_program() -> PolicyDraft {
    let mut draft = guarded(challenge());
    let tries = CounterSource::Count(Event::LoginAttempt);
    let position = draft.counters.len();
    draft.counters.push(counter("tries", tries, CounterKey::Fingerprint, Moment::Request, 6));
    draft.rules.truncate(1);
    draft.rules[0].when = over(position, 6);
    draft
}

#[test]
fn what_workers_gather_of_logins_is_written_by_ticks_and_counts_for_all() {
    for gather_logins in [1, 1000] {
        with_draft(&six_tries_of_a_program(), |world| {
            world.settings.gather_logins = gather_logins;
            let mut refused = 0;
            for number in 0..7 {
                let from = format!("10.2.{number}.1");
                refused +=
                    u32::from(login(world, &attempt(&from, &format!("user{number}"), "guess")).is_refused());
                if gather_logins > 1 {
                    for worker in 0..world.workers.len() {
                        world.on(worker, |surroundings| surroundings.flush(20));
                    }
                }
            }
            assert_eq!(refused, 1, "the seventh try of the program, with {gather_logins}");
        });
    }
}

#[test]
fn what_a_worker_gathers_it_counts_itself_at_once_and_others_see_late() {
    with_draft(&six_tries_of_a_program(), |world| {
        world.settings.gather_logins = 1000;
        let workers = u32::try_from(world.workers.len()).unwrap();
        let mut first = None;
        for number in 0..60 {
            let from = format!("10.2.{number}.1");
            let ended = login(world, &attempt(&from, &format!("user{number}"), "guess"));
            first = first.or(ended.is_refused().then_some(number));
        }
        // Requests and replies take the workers in turn.
        assert!(first.is_some_and(|first| (6..6 * workers + workers).contains(&first)), "{first:?}");
    });
}

#[test]
fn a_known_program_is_known_where_the_name_cannot_be_read() {
    let fails_and_is_new = Condition::All(vec![Condition::New(Newcomer::Fingerprint), over(0, 2)]);
    with_siege(&fails_and_is_new, |world| {
        for number in 0..30 {
            become_known(world, &format!("10.1.{number}.7"), &format!("customer{number}"));
        }
        for user in ["one", "two", "three"] {
            login(world, &attempt("198.51.100.9", user, "guess"));
        }
        assert!(!login(world, &attempt("198.51.100.9", "four", "guess")).is_refused());
        assert!(!login(world, &attempt("198.51.100.9", "", "guess")).is_refused());
    });
}
