//! The harness itself: what the other cases take for granted.

use std::time::Duration;

use super::super::bed::Bed;
use super::super::run::Case;
use super::cases;
use crate::client::{End, Protocol, Request};
use crate::envoy::{Filter, ListenerSpec};
use crate::failure::{Failure, ensure, ensure_equal};
use crate::shop::Script;

pub(super) fn cases() -> Vec<Case> {
    cases![
        a_plain_gateway_reaches_the_shop_over_both_protocols,
        a_filter_that_does_nothing_changes_nothing,
        the_shop_replies_as_the_script_says,
        a_listener_changes_in_place,
    ]
}

async fn a_plain_gateway_reaches_the_shop_over_both_protocols(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.open(&ListenerSpec::plain("plain"))?;
    for protocol in [Protocol::Http1, Protocol::Http2] {
        let mut connection = gateway.connect(protocol, 7).await?;
        let reply = connection.send(Request::get("/api/items/7")).await?;
        ensure_equal("status", reply.status, 200)?;
        ensure_equal("item", reply.json()?.get("id").cloned(), Some(7.into()))?;
        let login = connection.send(Request::login("customer3@example.org", "correct-horse-3")).await?;
        ensure_equal("status of a login", login.status, 302)?;
        let refused = connection.send(Request::login("customer3@example.org", "guess")).await?;
        ensure_equal("status of a wrong login", refused.status, 401)?;
    }
    ensure_equal("logins that reached the shop", bed.shop.count("POST", "/login")?, 4)?;
    let log = gateway.log_of(6).await?;
    ensure(log.iter().all(|line| line.field("client") == "127.0.0.7"), || format!("clients in {log:?}"))
}

async fn a_filter_that_does_nothing_changes_nothing(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.open(&ListenerSpec::filtered("noop", Filter::unconfigured(&bed.paths.noop)))?;
    let request = Request::get("/scripted").script(&Script::chunked(["one ", "two ", "three"]))?;
    let reply = gateway.send(1, request).await?;
    ensure_equal("body", reply.text().as_str(), "one two three")
}

async fn the_shop_replies_as_the_script_says(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.open(&ListenerSpec::plain("script"))?;
    let mut script = Script::chunked(["a", "b"]).header("x-answer", "42");
    script.trailers = vec![("x-checksum".to_owned(), "7".to_owned())];
    script.repeat = 3;
    for protocol in [Protocol::Http1, Protocol::Http2] {
        let mut connection = gateway.connect(protocol, 1).await?;
        let request = Request::get("/scripted").header("x-harness-upstream", "h2").script(&script)?;
        let reply = connection.send(request).await?;
        ensure_equal("body", reply.text().as_str(), "ababab")?;
        ensure_equal("header", reply.header("x-answer"), Some("42"))?;
        if protocol == Protocol::Http2 {
            let trailers = reply.trailers.unwrap_or_default();
            ensure(trailers.contains_key("x-checksum"), || format!("no trailer among {trailers:?}"))?;
        }
    }
    script.break_off = true;
    let reply = gateway.send(1, Request::get("/broken").script(&script)?).await?;
    ensure(reply.end != End::Complete, || format!("a reply that breaks off arrived whole: {reply:?}"))?;
    let waiting = Script { wait: true, ..Script::chunked(["first", "second"]) };
    let mut connection = gateway.connect(Protocol::Http1, 1).await?;
    let mut reply = connection.start(Request::get("/waiting").script(&waiting)?).await?;
    ensure_equal("first piece", reply.next().await?.as_deref(), Some(b"first".as_slice()))?;
    bed.shop.release()?;
    ensure_equal("rest", reply.finish().await?.text().as_str(), "second")?;
    let chunks = Request::new("POST", "/upload").chunks(["ab", "cd", "ef"], Duration::from_millis(5));
    gateway.send(1, chunks.trailer("x-end", "yes")).await?;
    let seen = bed.shop.seen()?;
    let upload = seen.iter().find(|seen| seen.path == "/upload");
    ensure_equal("bytes of the upload", upload.map(|seen| (seen.body_bytes, seen.complete)), Some((6, true)))
}

async fn a_listener_changes_in_place(bed: &Bed) -> Result<(), Failure> {
    let before = bed.envoy.admin().stats("^listener_manager.listener_in_place_updated")?;
    let plain = bed.open(&ListenerSpec::plain("changing"))?;
    let filter = Filter::unconfigured(&bed.paths.noop);
    let filtered = bed.open(&ListenerSpec::filtered("changing", filter))?;
    ensure_equal("address", filtered.address(), plain.address())?;
    ensure_equal("status", filtered.send(1, Request::get("/api/status")).await?.status, 200)?;
    let after = bed.envoy.admin().stats("^listener_manager.listener_in_place_updated")?;
    ensure(after != before, || format!("envoy replaced the listener instead: {after:?}"))?;
    let missing = Filter::unconfigured("/nowhere/missing.wasm");
    let (_, update) = bed.envoy.try_listen(&ListenerSpec::filtered("changing", missing))?;
    ensure(format!("{update:?}").contains("Refused"), || format!("a missing module: {update:?}"))?;
    ensure_equal("status after the refusal", filtered.send(1, Request::get("/api/status")).await?.status, 200)
}
