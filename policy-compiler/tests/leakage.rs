//! The rule pack against leakage, as it ships: who collects customers' data scores, who looks at an own card does not.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests may fail loudly")]

use std::path::Path;

use bartizan_engine::blob::Policy;
use bartizan_engine::clock::Millis;
use bartizan_engine::exchange::{Finished, Opened, RequestHead, Surroundings, Worker, open};
use bartizan_engine::keyed_hash::HashKey;
use bartizan_engine::leaked::NoLeakedPages;
use bartizan_engine::settings::Settings;
use bartizan_engine::state::store::MemoryStore;
use bartizan_policy_compiler::compile_text;

const WORKERS: [u64; 3] = [1, 2, 7];
const CUSTOMERS: usize = 5000;

const POLICY: &str = "
version: 1
use: [data-leakage]
apps:
  shop:
    hosts: [shop.example]
    mode: enforce
    routes:
      profile: { path: '/api/customers/{id}', expects: [email] }
    sensitive:
      - { find: [email, payment_card], in: /api/**, do: tag }
";

struct World<'p> {
    policy: &'p Policy<'p>,
    settings: Settings,
    key: HashKey,
    store: MemoryStore,
    workers: Vec<Worker>,
    now: u64,
}

impl<'p> World<'p> {
    fn new(policy: &'p Policy<'p>, workers: u64) -> Self {
        Self {
            policy,
            settings: Settings::default(),
            key: HashKey::from_bytes([9; 16]),
            store: MemoryStore::default(),
            workers: (0..workers).map(Worker::new).collect(),
            now: 1_790_000_000_000,
        }
    }

    /// A whole exchange on one of the workers.
    fn read(&mut self, turn: usize, from: &str, path: &str, body: &str) -> Finished {
        let worker = turn % self.workers.len();
        let mut surroundings = Surroundings {
            policy: self.policy,
            settings: &self.settings,
            key: &self.key,
            epoch: 1,
            device_keys: None,
            leaked: &mut NoLeakedPages,
            store: &mut self.store,
            worker: self.workers.get_mut(worker).unwrap(),
            now: Millis(self.now),
        };
        let fields = |fields: &[(&str, &str)]| -> Vec<(String, Vec<u8>)> {
            fields.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect()
        };
        let request = fields(&[(":authority", "shop.example"), (":method", "GET"), (":path", path)]);
        let reply = fields(&[(":status", "200"), ("content-type", "application/json")]);
        let head = RequestHead {
            headers: &request,
            source_address: &|| Some(format!("{from}:40000").into_bytes()),
            verified_claim: &|_, _| None,
            end_of_stream: true,
        };
        let Opened::Forwarded(exchange, _) = open(head, &mut surroundings) else { panic!("let through") };
        let (mut replying, _) = exchange.response_head(&reply, false, &mut surroundings);
        let _ = replying.body(body.as_bytes().to_vec(), true, &mut surroundings);
        let finished = replying.finish(&mut surroundings);
        if turn.is_multiple_of(500) {
            surroundings.flush(usize::MAX);
        }
        finished
    }
}

fn scores(policy: &Policy<'_>, finished: &Finished) -> Vec<(String, u16)> {
    let record = finished.record(policy);
    record.scores.iter().map(|(threat, score)| ((*threat).to_owned(), *score)).collect()
}

#[test]
fn who_collects_five_thousand_customers_one_at_a_time_scores_as_leakage_and_as_scraping() {
    let blob = compile_text(Path::new("policy.yaml"), POLICY).blob.unwrap();
    let policy = Policy::parse(&blob).unwrap();
    for workers in WORKERS {
        let mut world = World::new(&policy, workers);
        let mut last = None;
        for customer in 0..CUSTOMERS {
            let path = format!("/api/customers/{customer}");
            let body = format!("{{\"id\":{customer},\"email\":\"customer{customer}@example.com\"}}");
            last = Some(world.read(customer, "192.0.2.1", &path, &body));
            world.now += 200;
        }
        let last = last.unwrap();
        let all = vec![("leakage".to_owned(), 100), ("scraping".to_owned(), 80)];
        assert_eq!(scores(&policy, &last), all, "{workers} workers");
        let record = last.record(&policy);
        assert_eq!((record.action, record.found.len()), ("tag", 0), "{workers} workers");
        assert!(record.reasons.iter().any(|reason| reason.rule == "leak-harvest"));
    }
}

#[test]
fn who_reads_an_own_card_five_thousand_times_does_not_score() {
    let blob = compile_text(Path::new("policy.yaml"), POLICY).blob.unwrap();
    let policy = Policy::parse(&blob).unwrap();
    for workers in WORKERS {
        let mut world = World::new(&policy, workers);
        for turn in 0..CUSTOMERS {
            let body = "{\"card\":\"4111 1111 1111 1111\",\"email\":\"me@example.com\"}";
            let read = world.read(turn, "192.0.2.2", "/api/wallet", body);
            assert_eq!(scores(&policy, &read), [], "{turn} with {workers} workers");
            world.now += 200;
        }
    }
}

#[test]
fn one_reply_with_a_whole_table_scores_by_itself() {
    let blob = compile_text(Path::new("policy.yaml"), POLICY).blob.unwrap();
    let policy = Policy::parse(&blob).unwrap();
    let table = (0..250).map(|number| format!("customer{number}@example.com\n")).collect::<String>();
    for workers in WORKERS {
        let mut world = World::new(&policy, workers);
        let read = world.read(0, "192.0.2.3", "/api/export", &table);
        let record = read.record(&policy);
        assert!(record.reasons.iter().any(|reason| reason.rule == "leak-bulk-reply"), "{workers} workers");
        assert_eq!(record.action, "tag");
    }
}
