//! Updates of the configuration while traffic flows.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use emulated_host::host::{Reply, Setup};
use emulated_host::shop::{get, login, policy, setup, start, text};

#[test]
fn open_streams_end_under_the_policy_under_which_they_began() {
    let mut host =
        start(Setup { plugin_configuration: in_json(true), vm_configuration: Vec::new(), ..setup() });
    let attempt = login();
    let held = host.request_head(0, attempt.surroundings.clone(), attempt.head.clone(), false);
    let reading = host.send(0, &get("/api/orders/7", "198.51.100.1"));
    host.response_head(reading, text("").head, false);
    host.response_body(reading, b"card 4111 1111 ", false);
    host.reconfigure(in_json(false), Vec::new()).unwrap();
    host.response_body(reading, b"1111 1111, thanks", true);
    assert_eq!(host.take(reading).client.text(), "card **** **** **** 1111, thanks");
    for chunk in &attempt.chunks {
        host.request_body(held, chunk, true);
    }
    host.answer(held, &Reply::status(401));
    assert_eq!(host.take(held).status(), Some(401));
    host.pass_time(Duration::from_secs(3));
    assert!(host.failures().is_empty(), "{:?}", host.failures());
}

#[test]
fn counts_survive_many_updates_in_place() {
    let mut host = start(Setup {
        workers: 2,
        plugin_configuration: in_json(true),
        vm_configuration: Vec::new(),
        ..setup()
    });
    for round in 0..10 {
        let exchange = host.exchange(round, &login(), |_| Reply::status(401));
        assert_eq!(exchange.status(), Some(401), "attempt {round}");
        host.reconfigure(in_json(round % 2 == 0), Vec::new()).unwrap();
    }
    let exchange = host.exchange(0, &login(), |_| Reply::status(401));
    assert_eq!(exchange.status(), Some(403), "{:?}", exchange.state("bartizan"));
    assert!(host.failures().is_empty(), "{:?}", host.failures());
}

#[test]
fn a_thousand_updates_leave_the_machines_memory_flat() {
    let mut host =
        start(Setup { plugin_configuration: in_json(true), vm_configuration: Vec::new(), ..setup() });
    let mut warm = 0;
    for round in 0..1000 {
        host.reconfigure(in_json(round % 2 == 0), Vec::new()).unwrap();
        host.exchange(0, &get("/", "198.51.100.1"), |_| Reply::status(200));
        if round == 100 {
            warm = host.memory_size(0);
        }
    }
    assert_eq!(host.memory_size(0), warm, "the machine's memory grew");
}

fn in_json(records: bool) -> Vec<u8> {
    let records = if records { "all" } else { "findings" };
    let blob = STANDARD.encode(policy("shop.policy.yaml"));
    format!(r#"{{"hold_headers": true, "records": "{records}", "policy": "{blob}"}}"#).into_bytes()
}
