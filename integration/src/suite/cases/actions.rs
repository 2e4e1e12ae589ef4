//! What the filter does to requests: throttle, challenge, block; with the policy's own words and to the right client.

use serde_json::Value;

use super::super::bed::Bed;
use super::super::gateway::Gateway;
use super::super::run::Case;
use super::cases;
use crate::client::Request;
use crate::failure::{Context, Failure, ensure, ensure_equal};

pub(super) fn cases() -> Vec<Case> {
    cases![
        a_throttled_client_is_told_when_to_come_back,
        a_challenge_has_the_words_of_the_policy,
        a_trap_blocks_with_the_status_of_the_policy,
        a_forged_forwarded_for_hides_nobody,
        a_tried_account_is_seen_across_addresses,
    ]
}

/// Asks for pages until the address has had this many.
async fn read(gateway: &Gateway, host: u8, pages: usize) -> Result<(), Failure> {
    for page in 0..pages {
        gateway.send(host, Request::get(format!("/api/items/{}", page + 1))).await?;
    }
    Ok(())
}

async fn a_throttled_client_is_told_when_to_come_back(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("throttle", "actions")?;
    read(&gateway, 1, 8).await?;
    let reply = gateway.send(1, Request::get("/api/items/9")).await?;
    ensure_equal("status", reply.status, 429)?;
    let wait: u32 = reply.header("retry-after").context("no retry-after")?.parse()?;
    ensure((1..=60).contains(&wait), || format!("retry-after {wait} at one request a minute"))?;
    ensure_equal("error", reply.json()?.get("error").and_then(Value::as_str), Some("throttled"))?;
    let neighbour = gateway.send(2, Request::get("/api/items/9")).await?;
    ensure_equal("status of a neighbour", neighbour.status, 200)
}

async fn a_challenge_has_the_words_of_the_policy(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("challenge", "actions")?;
    read(&gateway, 1, 12).await?;
    let json = gateway.send(1, Request::get("/api/vault/1").header("accept", "application/json")).await?;
    ensure_equal("JSON", (json.status, json.text().as_str()), (401, r#"{"error":"prove it"}"#))?;
    let html = gateway.send(1, Request::get("/api/vault/1").header("accept", "text/html")).await?;
    ensure_equal("HTML", (html.status, html.text().as_str()), (401, "<p>prove it</p>"))?;
    let seen = bed.shop.seen()?.iter().filter(|seen| seen.path.starts_with("/api/vault")).count();
    ensure_equal("requests for the vault that reached the shop", seen, 0)
}

async fn a_trap_blocks_with_the_status_of_the_policy(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("trap", "actions")?;
    let trapped = gateway.send(1, Request::get("/wp-login.php")).await?;
    ensure_equal("status in the trap", trapped.status, 410)?;
    let after = gateway.send(1, Request::get("/api/status")).await?;
    ensure_equal("status afterwards", after.status, 410)?;
    let neighbour = gateway.send(2, Request::get("/api/status")).await?;
    ensure_equal("status of a neighbour", neighbour.status, 200)
}

async fn a_forged_forwarded_for_hides_nobody(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("forwarded-for", "actions")?;
    let mut last = 0;
    for number in 0..9 {
        let request = Request::get("/api/items/1").header("x-forwarded-for", format!("203.0.113.{number}"));
        last = gateway.send(1, request).await?.status;
    }
    ensure_equal("status after nine pages with nine invented addresses", last, 429)?;
    let named = gateway.send(203, Request::get("/api/items/1")).await?;
    ensure_equal("status of somebody else", named.status, 200)
}

/// Two tries from each of many addresses: no address stands out, the account does.
async fn a_tried_account_is_seen_across_addresses(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("across", super::super::bed::SAMPLE)?;
    for host in 1..=12 {
        gateway.send(host, Request::login("victim@example.net", "guess")).await?;
    }
    let log = gateway.log_of(12).await?;
    let scores: Vec<_> = log.iter().map(|line| line.score("account-takeover")).collect();
    let expected: Vec<_> = (1..=12).map(|tries| if tries > 8 { 30 } else { 0 }).collect();
    ensure_equal("scores", scores, expected)
}
