//! State: how far counters overshoot, what survives, what lifts a ban.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;
use tokio::task::JoinSet;

use super::super::bed::Bed;
use super::super::run::Case;
use super::cases;
use crate::client::{Protocol, Request};
use crate::failure::{Failure, ensure, ensure_equal};

pub(super) fn cases() -> Vec<Case> {
    cases![
        request_counters_overshoot_by_no_more_than_documented,
        state_survives_a_change_in_place,
        a_ban_covers_every_request_and_is_lifted_by_a_setting,
        instances_do_not_share_state,
    ]
}

/// What the policy `requests` lets through.
const LIMIT: usize = 320;

/// Workers of the suite's Envoy times what each may hold back: a 32nd of the limit.
const OVERSHOOT: usize = 4 * (LIMIT / 32);

async fn request_counters_overshoot_by_no_more_than_documented(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("overshoot", "requests")?;
    let mut running = JoinSet::new();
    for _ in 0..16 {
        let mut connection = gateway.connect(Protocol::Http1, 1).await?;
        running.spawn(async move {
            let mut allowed = 0;
            for item in 1..=40 {
                let reply = connection.send(Request::get(format!("/api/items/{item}"))).await?;
                match reply.status {
                    200 => allowed += 1,
                    403 => (),
                    other => return Err(Failure::new(format!("a page got {other}"))),
                }
            }
            Ok(allowed)
        });
    }
    let mut allowed = 0;
    while let Some(part) = running.join_next().await {
        allowed += part??;
    }
    ensure(allowed >= LIMIT, || format!("only {allowed} pages were allowed, the limit is {LIMIT}"))?;
    ensure(allowed <= LIMIT + OVERSHOOT, || {
        format!(
            "{allowed} of 640 pages were allowed, the limit is {LIMIT} and may be overshot by {OVERSHOOT}"
        )
    })
}

async fn state_survives_a_change_in_place(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("survival", "login")?;
    for number in 0..10 {
        gateway.send(1, Request::login(&format!("leaked{number}@example.net"), "x")).await?;
    }
    let before = bed.envoy.admin().stats("^listener_manager.listener_in_place_updated")?;
    bed.gateway_with("survival", "login", &json!({ "records": "findings" }))?;
    let after = bed.envoy.admin().stats("^listener_manager.listener_in_place_updated")?;
    ensure(before != after, || "envoy replaced the listener instead of changing it".to_owned())?;
    let reply = gateway.send(1, Request::login("leaked99@example.net", "x")).await?;
    ensure_equal("status after the change", reply.status, 403)
}

async fn a_ban_covers_every_request_and_is_lifted_by_a_setting(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("ban", "ban")?;
    for number in 0..6 {
        gateway.send(1, Request::login(&format!("leaked{number}@example.net"), "x")).await?;
    }
    ensure_equal("tries that reached the shop", bed.shop.count("POST", "/login")?, 3)?;
    let banned = gateway.send(1, Request::get("/api/status")).await?;
    ensure_equal("status of another page", banned.status, 403)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() + 1;
    // The ban of a neighbour is lifted first, which must change nothing.
    let elsewhere = json!({ "forget": [{ "before": now, "address": "127.0.0.9/32" }] });
    bed.gateway_with("ban", "ban", &elsewhere)?;
    ensure_equal("status still", gateway.send(1, Request::get("/api/status")).await?.status, 403)?;
    bed.gateway_with("ban", "ban", &json!({ "forget": [{ "before": now, "address": "127.0.0.0/29" }] }))?;
    ensure_equal("status after", gateway.send(1, Request::get("/api/status")).await?.status, 200)
}

async fn instances_do_not_share_state(bed: &Bed) -> Result<(), Failure> {
    let banned = bed.gateway("first", "ban")?;
    let other = bed.gateway("second", "ban")?;
    for number in 0..5 {
        banned.send(1, Request::login(&format!("leaked{number}@example.net"), "x")).await?;
    }
    ensure_equal("status in the first", banned.send(1, Request::get("/api/status")).await?.status, 403)?;
    ensure_equal("status in the second", other.send(1, Request::get("/api/status")).await?.status, 200)
}
