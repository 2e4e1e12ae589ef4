//! Who collects what, which replies are out of the ordinary, and what the operator is told of it.

use std::collections::BTreeMap;

use crate::world::{Outcome, World, path, shop};
use bartizan_engine::blob::Policy;
use bartizan_engine::blob::detectors::{Confidence, Finder, IN_BODY, IN_URL};
use bartizan_engine::blob::draft::{
    ActionDraft, AllowDraft, Condition, CounterDraft, CounterSource, DetectorDraft, LadderDraft, MaskStyle,
    PolicyDraft, RouteDraft, RuleDraft, SensitiveAction, SensitiveDraft, StepDraft,
};
use bartizan_engine::clock::Millis;
use bartizan_engine::exchange::{AwaitReply, Finished};
use bartizan_engine::exposure::{Exposed, Exposures, MOST_ROWS, Recipient};
use bartizan_engine::metrics::{Found, Metric, Uninspected};
use bartizan_engine::state::store::MemoryStore;
use bartizan_engine::vocabulary::{AddressRange, CounterKey, Event, Mode, Moment, Threat, Value, Whose};

const WORKERS: [u64; 3] = [1, 2, 7];
const CUSTOMERS: u32 = 5000;
const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

/// The shop, which counts what its clients receive: addresses are expected in profiles, cards nowhere.
fn counting(mode: Mode) -> PolicyDraft {
    let counter = |name: &str, source, highest_threshold| CounterDraft {
        name: name.to_owned(),
        source,
        key: CounterKey::Client,
        window_ms: 3_600_000,
        highest_threshold,
        flush_at: 1,
        finds: Vec::new(),
        whose: Whose::Anybody,
        moment: Moment::Request,
    };
    let rule = |id: &str, threat, when, points| RuleDraft {
        id: id.to_owned(),
        threat,
        when,
        points,
        because: format!("because of {id}"),
        mode: Mode::Enforce,
    };
    let over = |counter, over| Condition::CounterOver { counter, over };
    let ladder = |threat| LadderDraft { threat, steps: vec![StepDraft { at: 20, action: ActionDraft::Tag }] };
    let route = |name: &str, pattern: &str, expects: Vec<usize>| RouteDraft {
        name: name.to_owned(),
        methods: Vec::new(),
        path: path(pattern),
        mode,
        authenticated: false,
        expects,
    };
    let mut draft = shop(mode);
    draft.detectors = vec![
        DetectorDraft::built_in("payment_card", Finder::PaymentCard),
        DetectorDraft::built_in("email", Finder::Email),
    ];
    draft.counters = vec![
        counter("values", CounterSource::Distinct(Value::SensitiveValue, None), 500),
        counter("unusual", CounterSource::Count(Event::SensitiveUnusual), 10),
    ];
    draft.rules = vec![
        rule("collects", Threat::Leakage, over(0, 500), 50),
        rule("unusual", Threat::Leakage, over(1, 0), 20),
        rule("bulk", Threat::Leakage, Condition::ReplyValuesOver(200), 30),
        rule("reads-customers", Threat::Scraping, over(0, 500), 40),
    ];
    draft.ladders = vec![ladder(Threat::Leakage), ladder(Threat::Scraping)];
    let app = &mut draft.apps[0];
    app.routes =
        vec![route("profile", "/api/customers/{id}", vec![1]), route("list", "/api/lists/{id}", Vec::new())];
    app.sensitive = vec![SensitiveDraft {
        find: vec![0, 1],
        paths: path("/api/**"),
        action: SensitiveAction::Tag,
        keep_first: 0,
        keep_last: 0,
        style: MaskStyle::Stars,
        confidence: Confidence::High,
        places: IN_BODY,
    }];
    draft
}

fn with_policy(mode: Mode, test: impl Fn(&Policy<'_>)) {
    let blob = counting(mode).write().unwrap();
    test(&Policy::parse(&blob).unwrap());
}

/// A client's request, on the next worker in turn.
fn ask(world: &mut World<'_, MemoryStore>, from: &str, path: &str) -> Box<AwaitReply> {
    let Outcome::Forwarded(exchange) = world.request(from, "GET", path, &[]) else { panic!("let through") };
    exchange
}

/// A whole exchange, with this reply.
fn read(world: &mut World<'_, MemoryStore>, from: &str, path: &str, body: &str) -> Finished {
    let exchange = ask(world, from, path);
    let mut headers = vec![(":status".to_owned(), b"200".to_vec())];
    headers.extend(JSON.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())));
    world.on_same(|surroundings| {
        let (mut replying, _) = exchange.response_head(&headers, false, surroundings);
        let _ = replying.body(body.as_bytes().to_vec(), true, surroundings);
        replying.finish(surroundings)
    })
}

/// The ticks of all workers.
fn tick(world: &mut World<'_, MemoryStore>) {
    for worker in 0..world.workers.len() {
        world.on(worker, |surroundings| surroundings.flush(usize::MAX));
    }
}

/// The rules that scored, and the threats' scores.
fn judged(policy: &Policy<'_>, finished: &Finished) -> (Vec<String>, BTreeMap<String, u16>) {
    let record = finished.record(policy);
    let mut rules: Vec<_> = record.reasons.iter().map(|reason| reason.rule.to_owned()).collect();
    rules.sort();
    (rules, record.scores.iter().map(|(threat, score)| ((*threat).to_owned(), *score)).collect())
}

/// So many addresses in a list.
fn addresses(count: u32) -> String {
    let all: Vec<_> =
        (0..count).map(|number| format!("{{\"email\":\"customer{number}@example.com\"}}")).collect();
    format!("[{}]", all.join(","))
}

/// What the workers counted.
fn counted(world: &mut World<'_, MemoryStore>, metric: Metric) -> u64 {
    let counts = world.workers.iter_mut().map(|worker| worker.tally.take());
    counts.map(|counts| counts.get(&metric).copied().unwrap_or(0)).sum()
}

#[test]
fn who_collects_the_addresses_of_all_customers_scores_and_who_reads_an_own_card_does_not() {
    with_policy(Mode::Enforce, |policy| {
        for workers in WORKERS {
            let mut world = World::new(policy, MemoryStore::default(), workers);
            let mut first_scored = None;
            let mut last = None;
            for customer in 0..CUSTOMERS {
                let body = format!("{{\"id\":{customer},\"email\":\"customer{customer}@example.com\"}}");
                let profile = format!("/api/customers/{customer}");
                let collected = read(&mut world, "192.0.2.1", &profile, &body);
                assert!(
                    collected.record(policy).found.is_empty(),
                    "what is expected is no finding: customer {customer} with {workers} workers"
                );
                let own =
                    read(&mut world, "192.0.2.2", "/api/lists/me", "{\"card\":\"4111 1111 1111 1111\"}");
                assert_eq!(judged(policy, &own), Default::default(), "{customer} with {workers} workers");
                assert_eq!(own.record(policy).found[0].count, 1);
                if first_scored.is_none() && !judged(policy, &collected).0.is_empty() {
                    first_scored = Some(customer);
                }
                last = Some(collected);
                world.now += 100;
            }
            let scores = BTreeMap::from([("leakage".to_owned(), 50), ("scraping".to_owned(), 40)]);
            let rules = vec!["collects".to_owned(), "reads-customers".to_owned()];
            assert_eq!(judged(policy, &last.unwrap()), (rules, scores), "{workers} workers");
            let first_scored = first_scored.unwrap();
            // Distinct values are estimated: a few in a hundred more or less.
            assert!((400..=600).contains(&first_scored), "{workers} workers: scored at {first_scored}");
        }
    });
}

#[test]
fn collected_values_count_for_a_client_until_the_window_has_passed() {
    with_policy(Mode::Enforce, |policy| {
        for workers in WORKERS {
            let mut world = World::new(policy, MemoryStore::default(), workers);
            read(&mut world, "192.0.2.1", "/api/lists/1", &addresses(600));
            let after = read(&mut world, "192.0.2.1", "/api/lists/2", "[]");
            assert_eq!(judged(policy, &after).0, ["collects", "reads-customers"], "{workers} workers");
            let other = read(&mut world, "192.0.2.3", "/api/lists/2", "[]");
            assert_eq!(judged(policy, &other).0, [""; 0], "another client has nothing to do with it");
            world.now += 3_700_000;
            let later = read(&mut world, "192.0.2.1", "/api/lists/2", "[]");
            assert_eq!(judged(policy, &later).0, [""; 0], "{workers} workers");
        }
    });
}

#[test]
fn a_reply_far_above_what_its_route_usually_carries_is_unusual_in_its_own_record() {
    with_policy(Mode::Enforce, |policy| {
        for workers in WORKERS {
            let mut world = World::new(policy, MemoryStore::default(), workers);
            for round in 0..2 {
                for reader in 0..60 {
                    let from = format!("198.51.100.{reader}");
                    let usual = read(&mut world, &from, "/api/lists/1", &addresses(3));
                    assert_eq!(judged(policy, &usual).0, [""; 0], "round {round} with {workers} workers");
                }
                // A worker knows what all have seen once it has written what it saw itself.
                tick(&mut world);
            }
            let within = read(&mut world, "192.0.2.1", "/api/lists/7", &addresses(12));
            assert_eq!(judged(policy, &within).0, [""; 0], "{workers} workers");
            let above = read(&mut world, "192.0.2.1", "/api/lists/7", &addresses(13));
            assert_eq!(judged(policy, &above).0, ["unusual"], "{workers} workers");
            assert_eq!(above.record(policy).action, "tag");
            let next = read(&mut world, "192.0.2.1", "/api/lists/7", "[]");
            assert_eq!(judged(policy, &next).0, ["unusual"], "it counts for the client's next request");
            let elsewhere = read(&mut world, "192.0.2.4", "/api/customers/7", &addresses(13));
            assert_eq!(judged(policy, &elsewhere).0, [""; 0], "another route has habits of its own");
        }
    });
}

#[test]
fn the_usual_of_a_route_is_known_to_a_worker_that_saw_none_of_its_replies() {
    with_policy(Mode::Enforce, |policy| {
        let mut world = World::new(policy, MemoryStore::default(), 1);
        for reader in 0..100 {
            read(&mut world, &format!("198.51.100.{reader}"), "/api/lists/1", &addresses(1));
        }
        tick(&mut world);
        let mut world = World::new(policy, world.store, 1);
        read(&mut world, "198.51.100.1", "/api/lists/1", &addresses(1));
        tick(&mut world);
        let above = read(&mut world, "192.0.2.1", "/api/lists/1", &addresses(100));
        assert_eq!(judged(policy, &above).0, ["unusual"]);
    });
}

#[test]
fn nothing_is_unusual_before_a_route_is_known() {
    with_policy(Mode::Enforce, |policy| {
        for workers in WORKERS {
            let mut world = World::new(policy, MemoryStore::default(), workers);
            for reader in 0..40 {
                read(&mut world, &format!("198.51.100.{reader}"), "/api/lists/1", &addresses(1));
            }
            tick(&mut world);
            let above = read(&mut world, "192.0.2.1", "/api/lists/1", &addresses(100));
            assert_eq!(judged(policy, &above).0, [""; 0], "{workers} workers");
        }
    });
}

#[test]
fn one_reply_with_a_whole_table_scores_in_its_own_record_and_not_in_the_next() {
    with_policy(Mode::Enforce, |policy| {
        for workers in WORKERS {
            let mut world = World::new(policy, MemoryStore::default(), workers);
            let below = read(&mut world, "192.0.2.1", "/api/lists/1", &addresses(200));
            assert_eq!(judged(policy, &below).0, [""; 0], "{workers} workers");
            let above = read(&mut world, "192.0.2.1", "/api/lists/1", &addresses(201));
            let record = above.record(policy);
            assert_eq!(judged(policy, &above).0, ["bulk"], "{workers} workers");
            assert_eq!((record.action, record.would_do), ("tag", "tag"));
            assert_eq!(record.found[0].count, 201);
            let next = read(&mut world, "192.0.2.1", "/api/lists/1", "[]");
            assert_eq!(judged(policy, &next).0, [""; 0], "{workers} workers");
        }
    });
}

#[test]
fn a_reply_in_report_mode_scores_and_nothing_is_done() {
    with_policy(Mode::Report, |policy| {
        for workers in WORKERS {
            let mut world = World::new(policy, MemoryStore::default(), workers);
            let above = read(&mut world, "192.0.2.1", "/api/lists/1", &addresses(201));
            let record = above.record(policy);
            assert_eq!(judged(policy, &above).0, ["bulk"]);
            assert_eq!((record.action, record.would_do), ("none", "tag"), "{workers} workers");
        }
    });
}

#[test]
fn who_is_exempt_is_not_counted_and_what_was_found_is_told_all_the_same() {
    let mut draft = counting(Mode::Enforce);
    let address = 0xffff_c000_0201_u128;
    draft.allow = vec![AllowDraft {
        ranges: vec![AddressRange { first: address, last: address }],
        skip: Threat::ALL.to_vec(),
        because: "the bank's own export".to_owned(),
    }];
    let exempting = draft.write().unwrap();
    let exempting = Policy::parse(&exempting).unwrap();
    with_policy(Mode::Enforce, |policy| {
        for workers in WORKERS {
            let mut world = World::new(&exempting, MemoryStore::default(), workers);
            for _ in 0..3 {
                let exported = read(&mut world, "192.0.2.1", "/api/lists/1", &addresses(600));
                assert_eq!(judged(&exempting, &exported), Default::default(), "{workers} workers");
                assert_eq!(exported.record(&exempting).found[0].count, 600);
            }
            tick(&mut world);
            // Nor was anything counted that another policy would see.
            let mut world = World::new(policy, world.store, workers);
            let after = read(&mut world, "192.0.2.1", "/api/lists/2", "[]");
            assert_eq!(judged(policy, &after).0, [""; 0], "{workers} workers");
        }
    });
}

#[test]
fn findings_beyond_so_many_records_a_minute_are_muted_and_counted() {
    with_policy(Mode::Enforce, |policy| {
        let mut world = World::new(policy, MemoryStore::default(), 1);
        world.settings.finding_records_per_minute = 10;
        let told = |world: &mut World<'_, MemoryStore>| {
            let told = (0..25).filter(|_| {
                read(world, "192.0.2.1", "/api/lists/1", "\"customer@example.com\"").is_notable()
            });
            told.count()
        };
        assert_eq!(told(&mut world), 10);
        let counts = world.workers[0].tally.take();
        assert_eq!(counts[&Metric::RecordsMuted], 15);
        assert_eq!(counts[&Metric::Found { app: 0, detector: 1, how: Found::High }], 25, "all are counted");
        world.now += 60_000;
        assert_eq!(told(&mut world), 10, "another minute");
        // What scores is told whatever else was.
        assert!(read(&mut world, "192.0.2.1", "/api/lists/1", &addresses(201)).is_notable());
    });
}

#[test]
fn what_stands_in_addresses_takes_a_fourth_of_the_records_at_most() {
    let mut draft = counting(Mode::Enforce);
    draft.apps[0].sensitive[0].places |= IN_URL;
    let blob = draft.write().unwrap();
    let policy = Policy::parse(&blob).unwrap();
    let mut world = World::new(&policy, MemoryStore::default(), 1);
    world.settings.finding_records_per_minute = 10;
    let asked = (0..25).filter(|_| {
        read(&mut world, "192.0.2.1", "/api/lists/1?card=4111-1111-1111-1111", "[]").is_notable()
    });
    assert_eq!(asked.count(), 3);
    let left = (0..25)
        .filter(|_| read(&mut world, "192.0.2.2", "/api/lists/1", "\"customer@example.com\"").is_notable());
    assert_eq!(left.count(), 7);
}

#[test]
fn a_record_says_who_received_what_was_found_and_from_where() {
    let mut draft = counting(Mode::Enforce);
    draft.client.country_header = "x-country".to_owned();
    let blob = draft.write().unwrap();
    let policy = Policy::parse(&blob).unwrap();
    let mut world = World::new(&policy, MemoryStore::default(), 1);
    let mut record_of = |from: &str, country: &str, body: &str| {
        let asked = world.request(from, "GET", "/api/lists/1", &[("x-country", country)]);
        let Outcome::Forwarded(exchange) = asked else { panic!("let through") };
        let headers = [(":status", "200"), JSON[0]];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
        let finished = world.on_same(|surroundings| {
            let (mut replying, _) = exchange.response_head(&headers, false, surroundings);
            let _ = replying.body(body.as_bytes().to_vec(), true, surroundings);
            replying.finish(surroundings)
        });
        let record = finished.record(&policy);
        (record.client, record.network, record.country)
    };
    let found = "\"customer@example.com\"";
    let (client, network, country) = record_of("192.0.2.1", "de", found);
    assert_eq!(country.as_deref(), Some("DE"));
    let beside = record_of("192.0.2.7", "Germany, or <b>so</b>", found);
    assert!(network.is_some() && beside.1 == network && beside.0 != client);
    assert_eq!(beside.2, None, "what is no country's code is not told");
    assert_ne!(record_of("198.51.100.1", "fr", found).1, network);
    let (_, network, country) = record_of("192.0.2.1", "de", "[]");
    assert_eq!((network, country), (None, None), "nothing was found");
}

#[test]
fn compressed_replies_beyond_the_workers_memory_are_not_read_and_memory_is_given_back() {
    const AT_ONCE: usize = 256;
    with_policy(Mode::Enforce, |policy| {
        let headers =
            [(":status", "200"), ("content-type", "application/json"), ("content-encoding", "gzip")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
        let mut world = World::new(policy, MemoryStore::default(), 1);
        let begin = |world: &mut World<'_, MemoryStore>| {
            let exchange = ask(world, "192.0.2.1", "/api/lists/1");
            world.on_same(|surroundings| exchange.response_head(&headers, false, surroundings))
        };
        let mut under_way = Vec::new();
        for _ in 0..AT_ONCE {
            let (replying, plan) = begin(&mut world);
            assert!(plan.read_body);
            under_way.push(replying);
        }
        let (one_more, plan) = begin(&mut world);
        assert!(!plan.read_body);
        let finished = world.on(0, |surroundings| one_more.finish(surroundings));
        assert_eq!(finished.record(policy).uninspected, Some("busy"));
        assert_eq!(counted(&mut world, Metric::Uninspected(Uninspected::Busy)), 1);
        // Whatever became of them: the memory of each is given back once.
        for replying in under_way {
            world.on(0, |surroundings| replying.finish(surroundings));
        }
        let again: Vec<_> = (0..AT_ONCE).map(|_| begin(&mut world)).collect();
        assert!(again.iter().all(|(_, plan)| plan.read_body));
        assert!(!begin(&mut world).1.read_body);
    });
}

#[test]
fn exposures_are_told_when_they_are_new_and_once_an_hour_while_something_leaves() {
    with_policy(Mode::Report, |policy| {
        let mut world = World::new(policy, MemoryStore::default(), 1);
        let told = |world: &mut World<'_, MemoryStore>| {
            let now = Millis(world.now);
            let mut told = Vec::new();
            world.workers[0].exposures.tell(policy, now, usize::MAX, |exposure| {
                told.push((
                    exposure.route.to_owned(),
                    exposure.detector.to_owned(),
                    exposure.values,
                    exposure.replies,
                    exposure.shape.to_owned(),
                ));
            });
            told
        };
        let row = |values, replies| {
            vec![("list".to_owned(), "email".to_owned(), values, replies, "aaaaaaaa9@aaaaaaa.aaa".to_owned())]
        };
        let first = read(&mut world, "192.0.2.1", "/api/lists/1", &addresses(2));
        let since = first.record(policy).found[0].first_seen;
        assert_eq!(since, Some(world.now / 1000));
        assert_eq!(told(&mut world), row(2, 1));
        assert_eq!(told(&mut world), []);
        world.now += 60_000;
        let second = read(&mut world, "192.0.2.1", "/api/lists/1", &addresses(3));
        assert_eq!(second.record(policy).found[0].first_seen, since, "known since the first one");
        assert_eq!(told(&mut world), [], "told a minute ago");
        world.now += 3_600_000;
        assert_eq!(told(&mut world), row(5, 2));
        world.now += 3_600_000;
        assert_eq!(told(&mut world), [], "nothing left since");
    });
}

#[test]
fn a_full_table_of_exposures_forgets_what_was_seen_longest_ago() {
    with_policy(Mode::Report, |policy| {
        let mut exposures = Exposures::default();
        let exposed = |route| Exposed {
            app: 0,
            route: Some(route),
            detector: 1,
            values: 1,
            masked: 0,
            shape: "a@a.aa",
            recipient: Recipient::default(),
        };
        let rows = u32::try_from(MOST_ROWS).unwrap();
        for route in 0..rows {
            exposures.note(exposed(route), Millis(1000 + u64::from(route)));
        }
        // The first one is seen again, so the second one is the oldest.
        assert_eq!(exposures.note(exposed(0), Millis(10_000)), 1);
        for route in rows..rows * 3 {
            exposures.note(exposed(route), Millis(20_000 + u64::from(route)));
            exposures.note(exposed(0), Millis(20_000 + u64::from(route)));
        }
        let mut rows = 0;
        exposures.tell(policy, Millis(100_000), usize::MAX, |_| rows += 1);
        assert_eq!(rows, MOST_ROWS);
        assert_eq!(exposures.note(exposed(0), Millis(100_000)), 1, "known since the beginning");
        assert_eq!(exposures.note(exposed(1), Millis(100_000)), 100, "forgotten meanwhile");
    });
}
