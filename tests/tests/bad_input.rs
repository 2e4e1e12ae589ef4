//! Input that no well-behaved sender makes: no trap, no hang, and a reason in the log.

use emulated_host::host::exchange::Exchange;
use emulated_host::host::maps::HeaderMap;
use emulated_host::host::{EmulatedEnvoy, Reply, Request, Setup, StartError};
use emulated_host::shop::{filter, get, login, policy, request, setup, start, text};

#[test]
fn every_truncated_policy_is_refused_without_a_trap() {
    let module = filter();
    let blob = policy("shop.policy.yaml");
    for length in 0..blob.len() {
        let plugin_configuration = blob[..length].to_vec();
        refused(
            EmulatedEnvoy::start(&module, Setup { plugin_configuration, ..setup() }),
            &format!("{length} bytes"),
        );
    }
}

#[test]
fn a_policy_with_one_flipped_bit_is_refused_without_a_trap() {
    let module = filter();
    let blob = policy("shop.policy.yaml");
    let mut random = 0xB17F_u64;
    println!("seed {random:#x}");
    for place in 0..blob.len() {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let mut plugin_configuration = blob.clone();
        plugin_configuration[place] ^= 1 << (random >> 61);
        refused(
            EmulatedEnvoy::start(&module, Setup { plugin_configuration, ..setup() }),
            &format!("byte {place}"),
        );
    }
}

#[test]
fn a_policy_of_random_bytes_is_refused_without_a_trap() {
    let module = filter();
    let mut random = 0xD1CE_u64;
    println!("seed {random:#x}");
    for round in 0..300 {
        let mut plugin_configuration = if round % 2 == 0 { b"BZP1".to_vec() } else { Vec::new() };
        for _ in 0..round * 7 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            plugin_configuration.push((random >> 56) as u8);
        }
        refused(
            EmulatedEnvoy::start(&module, Setup { plugin_configuration, ..setup() }),
            &format!("round {round}"),
        );
    }
}

#[test]
fn settings_that_make_no_sense_are_refused_with_a_reason() {
    let module = filter();
    for (settings, reason) in [
        (r#"{"hold_header": true}"#, "hold_header"),
        (r#"{"state_pages": 1}"#, "state_pages"),
        (r#"{"state_pages": 4000000}"#, "state_pages"),
        (r#"{"gather_logins": 0}"#, "gather_logins"),
        (r#"{"gather_logins": 1001}"#, "gather_logins"),
        (r#"{"instance": "A/B"}"#, "instance"),
        (r#"{"mode_override": "enforce"}"#, "mode_override"),
        (r#"{"records": "some"}"#, "records"),
        (r#"{"forget": [{"before": 1, "address": "somewhere"}]}"#, "forget"),
        (r#"{"kill_switch": "yes"}"#, "kill_switch"),
        ("{", "vm_config.configuration"),
        ("[1]", "vm_config.configuration"),
    ] {
        let vm_configuration = settings.as_bytes().to_vec();
        match EmulatedEnvoy::start(&module, Setup { vm_configuration, ..setup() }) {
            Err(StartError::Refused(log)) => {
                let place = if log.contains(reason) { reason } else { "cannot be read" };
                assert!(log.contains(place), "{settings}: the log does not say why: {log}");
            }
            Err(error) => panic!("{settings}: {error}"),
            Ok(_) => panic!("{settings} was taken"),
        }
    }
}

#[test]
fn a_policy_in_json_that_is_not_base64_is_refused() {
    let module = filter();
    for json in [
        r#"{"policy": "!!!"}"#,
        r#"{"policy": ""}"#,
        r#"{"policy": 7}"#,
        r#"{}"#,
        r#"{"policy": "QlpQMQ=="}"#,
    ] {
        let plugin_configuration = json.as_bytes().to_vec();
        refused(
            EmulatedEnvoy::start(
                &module,
                Setup { plugin_configuration, vm_configuration: Vec::new(), ..setup() },
            ),
            json,
        );
    }
}

#[test]
fn a_refused_update_keeps_the_old_policy() {
    let mut host = start(setup());
    let exchange = host.exchange(0, &get("/wp-login.php", "198.51.100.3"), |_| Reply::status(404));
    assert_eq!(exchange.status(), Some(403));
    assert!(host.reconfigure(b"nonsense".to_vec(), setup().vm_configuration).is_err());
    let exchange = host.exchange(0, &get("/", "198.51.100.3"), |_| Reply::status(200));
    assert_eq!(exchange.status(), Some(403), "the ban is gone");
}

#[test]
fn headers_that_are_no_text_or_far_too_many_are_survived() {
    let mut host = start(setup());
    let mut heads: Vec<(&str, HeaderMap)> = Vec::new();
    let base = || get("/api/orders/7", "198.51.100.4").head;
    for name in [
        ":path",
        ":authority",
        ":method",
        "user-agent",
        "x-forwarded-for",
        "cookie",
        "accept",
        "content-type",
        "authorization",
        "x-bartizan-id",
    ] {
        for value in [&b"\xFF\xFE\x00\x80"[..], b"", b"\0", &[b'a'; 70_000], b", , ,", b"%", b"%ff%00"] {
            let mut head = base();
            head.replace(name.as_bytes(), value);
            heads.push((name, head));
        }
        let mut head = base();
        head.remove(name.as_bytes());
        heads.push((name, head));
        let mut head = base();
        head.add(name.as_bytes(), b"again");
        heads.push((name, head));
    }
    let mut head = base();
    for number in 0..1000 {
        head.add(format!("x-many-{number}").as_bytes(), b"value");
        head.add(b"x-bartizan-many", b"value");
    }
    heads.push(("a thousand", head));
    heads.push(("none at all", HeaderMap::new()));
    for (name, head) in heads {
        let exchange = host
            .exchange(0, &Request { head, ..get("/", "198.51.100.4") }, |_| text("card 4111111111111111."));
        assert!(exchange.finished, "{name}");
        assert!(host.failures().is_empty(), "{name}: {:?}", host.failures());
    }
}

#[test]
fn replies_with_strange_heads_are_survived() {
    let mut host = start(setup());
    for (name, value) in [
        (":status", &b"abc"[..]),
        (":status", b""),
        (":status", b"99999999999"),
        ("content-type", b"\xFF\xFE"),
        ("content-length", b"-1"),
        ("content-length", b"99999999999999999999999999"),
        ("content-encoding", b"\xFF"),
        ("set-cookie", b"\xFF=\xFE"),
    ] {
        let mut reply = text("card 4111111111111111.");
        reply.head.replace(name.as_bytes(), value);
        for request in [login(), get("/api/orders/7", "198.51.100.5")] {
            assert!(host.exchange(0, &request, |_| reply.clone()).finished, "{name}");
            assert!(host.failures().is_empty(), "{name}: {:?}", host.failures());
        }
    }
    let mut reply = text("x");
    reply.head.remove(b":status");
    assert!(host.exchange(0, &login(), |_| reply.clone()).finished);
    assert!(host.failures().is_empty(), "{:?}", host.failures());
}

#[test]
fn bodies_of_every_claimed_type_are_survived() {
    let deep =
        |open: &str, close: &str| format!("{}1{}", open.repeat(10_000), close.repeat(10_000)).into_bytes();
    let bodies: Vec<Vec<u8>> = vec![
        Vec::new(),
        deep("[", "]"),
        deep("{\"user\":", "}"),
        "{\"user\":{\"name\":\"".repeat(5_000).into_bytes(),
        "\"\\u".repeat(10_000).into_bytes(),
        vec![0; 100_000],
        vec![0xFF; 100_000],
        "email=".repeat(50_000).into_bytes(),
        "&".repeat(100_000).into_bytes(),
        "%".repeat(100_000).into_bytes(),
        "email=%ZZ%4&email=%00".as_bytes().to_vec(),
        "4111111111111111".repeat(5_000).into_bytes(),
        "4111 1111 ".repeat(8_000).into_bytes(),
        "DE89".repeat(20_000).into_bytes(),
    ];
    let types = [
        "application/json",
        "application/x-www-form-urlencoded",
        "text/plain",
        "multipart/form-data; boundary=x",
        "",
        "application/octet-stream",
        "\u{ff}",
    ];
    let mut host = start(setup());
    for body in &bodies {
        for kind in types {
            for path in ["/login", "/api/login"] {
                for length in [Some("10"), None] {
                    let mut request = request("POST", path, "198.51.100.6");
                    request.head.add(b"content-type", kind.as_bytes());
                    if let Some(length) = length {
                        request.head.add(b"content-length", length.as_bytes());
                    }
                    request.chunks = body.chunks(30_000).map(<[u8]>::to_vec).chain([Vec::new()]).collect();
                    let mut reply = text("");
                    reply.head.replace(b"content-type", kind.as_bytes());
                    reply.chunks = body.chunks(10_000).map(<[u8]>::to_vec).chain([Vec::new()]).collect();
                    let exchange = host.exchange(0, &request, |_| reply.clone());
                    assert!(exchange.finished, "{path}, {kind}, {} bytes", body.len());
                    assert!(
                        host.failures().is_empty(),
                        "{path}, {kind}, {} bytes: {:?}",
                        body.len(),
                        host.failures()
                    );
                }
            }
        }
    }
}

#[test]
fn a_client_may_leave_in_every_phase() {
    for phase in 0..8 {
        let mut host = start(setup());
        for request in [login(), get("/api/orders/7", "198.51.100.7")] {
            let stream = play_until(&mut host, &request, phase);
            host.client_reset(stream);
            let exchange = host.take(stream);
            assert!(exchange.finished, "phase {phase}");
            assert!(host.failures().is_empty(), "phase {phase}: {:?}", host.failures());
            assert_still_serves(&mut host);
        }
    }
}

#[test]
fn the_upstream_may_leave_in_every_phase() {
    for phase in 0..8 {
        let mut host = start(setup());
        for request in [login(), get("/api/orders/7", "198.51.100.7")] {
            let stream = play_until(&mut host, &request, phase);
            host.upstream_reset(stream);
            let exchange = host.take(stream);
            assert!(exchange.finished, "phase {phase}");
            assert!(host.failures().is_empty(), "phase {phase}: {:?}", host.failures());
            assert_still_serves(&mut host);
        }
    }
}

#[test]
fn the_upstream_may_answer_before_the_request_is_complete() {
    let mut host = start(Setup {
        vm_configuration: br#"{"records": "all"}"#.to_vec(),
        allow_on_headers_stop_iteration: false,
        ..setup()
    });
    let request = login();
    let stream = host.request_head(0, request.surroundings.clone(), request.head.clone(), false);
    host.request_body(stream, b"email=a", false);
    host.response_head(stream, text("").head, false);
    host.request_body(stream, b"&password=b", false);
    host.response_body(stream, b"too early", true);
    let exchange = host.take(stream);
    assert_eq!(exchange.client.text(), "too early");
    assert!(host.failures().is_empty(), "{:?}", host.failures());
}

#[test]
fn a_stream_that_is_only_logged_is_survived() {
    let mut host = start(setup());
    let stream = host.log_only(0);
    assert!(host.take(stream).finished);
    assert!(host.failures().is_empty(), "{:?}", host.failures());
}

#[test]
fn a_client_that_never_opens_its_window_is_counted_all_the_same() {
    let mut host = start(setup());
    for round in 0..11 {
        let stream = host.send(0, &login());
        host.hold_window(stream);
        let reached = host.look(stream).upstream.head.is_some();
        assert_eq!(reached, round < 10, "attempt {round}");
        host.answer(stream, &Reply::status(401));
    }
    assert!(host.failures().is_empty(), "{:?}", host.failures());
}

/// Plays an exchange up to a phase: 0 after the head, 7 after part of the reply.
fn play_until(host: &mut EmulatedEnvoy, request: &Request, phase: usize) -> emulated_host::host::StreamId {
    let body = request.chunks.concat();
    let stream = host.request_head(0, request.surroundings.clone(), request.head.clone(), body.is_empty());
    let (first, second) = body.split_at(body.len() / 2);
    if phase >= 1 && !body.is_empty() {
        host.request_body(stream, first, false);
    }
    if phase >= 2 && !body.is_empty() {
        host.request_body(stream, second, false);
    }
    if phase >= 3 && !body.is_empty() {
        host.request_body(stream, b"", true);
    }
    if phase >= 4 {
        host.response_head(stream, text("").head, false);
    }
    if phase >= 5 {
        host.response_body(stream, b"card 4111", false);
    }
    if phase >= 6 {
        host.response_body(stream, b"", false);
    }
    if phase >= 7 {
        host.response_body(stream, b"1111", false);
    }
    stream
}

fn assert_still_serves(host: &mut EmulatedEnvoy) {
    let exchange: Exchange = host.exchange(0, &get("/api/orders/8", "198.51.100.99"), |_| text("fine"));
    assert_eq!(exchange.client.text(), "fine");
}

fn refused(started: Result<EmulatedEnvoy, StartError>, what: &str) {
    let outcome = match started {
        Err(StartError::Refused(log)) if !log.is_empty() => return,
        Err(StartError::Refused(_)) => "refused without a reason in the log".to_owned(),
        Err(error) => error.to_string(),
        Ok(_) => "taken".to_owned(),
    };
    assert_eq!(outcome, "refused", "{what}");
}
