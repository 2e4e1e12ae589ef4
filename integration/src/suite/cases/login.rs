//! Logins: held, counted, refused; the outcome of each attempt decides about the next.

use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;

use super::super::bed::Bed;
use super::super::gateway::Gateway;
use super::super::run::Case;
use super::cases;
use crate::client::{Connection, Protocol, Request};
use crate::failure::{Failure, ensure, ensure_equal};

/// What the policy `login` lets through.
const LIMIT: usize = 10;

pub(super) fn cases() -> Vec<Case> {
    cases![
        a_customer_logs_in_after_a_typo,
        stuffing_from_one_address_ends_at_the_limit_and_troubles_nobody_else,
        a_hundred_parallel_logins_over_http1_end_at_the_limit,
        a_hundred_parallel_logins_over_http2_end_at_the_limit,
        logins_without_holding_headers_still_end_at_the_limit,
        a_hold_that_envoy_does_not_support_lets_logins_through,
        a_login_in_chunks_is_read_at_every_border,
        a_login_of_unknown_length_goes_on,
        report_mode_decides_and_does_nothing,
    ]
}

async fn a_customer_logs_in_after_a_typo(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("typo", "login")?;
    let refused = gateway.send(1, Request::login("customer1@example.org", "corect-horse-1")).await?;
    ensure_equal("status of the typo", refused.status, 401)?;
    let welcome = gateway.send(1, Request::login("customer1@example.org", "correct-horse-1")).await?;
    ensure_equal("status of the login", welcome.status, 302)?;
    ensure(welcome.header("set-cookie").is_some(), || "the session cookie was lost".to_owned())?;
    let log = gateway.log_of(2).await?;
    let outcomes: Vec<_> = log.iter().map(|line| line.text("login")).collect();
    ensure_equal("outcomes in the log", outcomes, vec!["failure", "success"])
}

async fn stuffing_from_one_address_ends_at_the_limit_and_troubles_nobody_else(
    bed: &Bed,
) -> Result<(), Failure> {
    let gateway = bed.gateway("stuffing", "login")?;
    let mut statuses = Vec::new();
    for number in 0..30 {
        statuses.push(gateway.send(1, guess(number)).await?.status);
    }
    let expected: Vec<_> = (0..30).map(|number| if number < LIMIT { 401 } else { 403 }).collect();
    ensure_equal("statuses", statuses, expected)?;
    ensure_equal("tries that reached the shop", bed.shop.count("POST", "/login")?, LIMIT)?;
    let neighbour = gateway.send(2, Request::login("customer2@example.org", "correct-horse-2")).await?;
    ensure_equal("status of the neighbour", neighbour.status, 302)?;
    let log = gateway.log_of(31).await?;
    let last = log.iter().rev().find(|line| line.text("do") == "challenge");
    ensure_equal("score", last.map(|line| line.score("account-takeover")), Some(100))?;
    let rule = last.and_then(|line| line.record.pointer("/reasons/0/rule").cloned());
    ensure_equal("rule", rule, Some(json!("too-many-failures")))
}

async fn a_hundred_parallel_logins_over_http1_end_at_the_limit(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("parallel-http1", "login")?;
    let mut connections = Vec::new();
    for _ in 0..100 {
        connections.push(gateway.connect(Protocol::Http1, 1).await?);
    }
    at_most_the_limit(bed, connections).await
}

async fn a_hundred_parallel_logins_over_http2_end_at_the_limit(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("parallel-http2", "login")?;
    let mut streams = Vec::new();
    for _ in 0..10 {
        let connection = gateway.connect(Protocol::Http2, 1).await?;
        for _ in 0..10 {
            streams.push(connection.share()?);
        }
    }
    at_most_the_limit(bed, streams).await
}

/// Sends one login over each connection at the same time.
async fn at_most_the_limit(bed: &Bed, connections: Vec<Connection>) -> Result<(), Failure> {
    let mut running = JoinSet::new();
    for (number, mut connection) in connections.into_iter().enumerate() {
        running.spawn(async move { connection.send(guess(number)).await });
    }
    let (mut reached, mut refused) = (0, 0);
    while let Some(reply) = running.join_next().await {
        match reply??.status {
            401 => reached += 1,
            403 => refused += 1,
            other => return Err(Failure::new(format!("a login got {other}"))),
        }
    }
    ensure_equal("replies", reached + refused, 100)?;
    let seen = bed.shop.count("POST", "/login")?;
    ensure_equal("tries that the shop saw and answered", seen, reached)?;
    ensure(seen <= LIMIT, || format!("{seen} of 100 parallel tries reached the shop, the limit is {LIMIT}"))?;
    ensure(seen > 0, || "no try reached the shop".to_owned())
}

async fn logins_without_holding_headers_still_end_at_the_limit(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway_with("not-held", "login", &json!({ "hold_headers": false }))?;
    for number in 0..20 {
        gateway.send(1, guess(number)).await?;
    }
    let seen = bed.shop.seen()?;
    let whole =
        seen.iter().filter(|seen| seen.path == "/login" && seen.complete && seen.body_bytes > 0).count();
    ensure(whole <= LIMIT, || format!("{whole} whole logins reached the shop, the limit is {LIMIT}"))?;
    ensure(whole > 0, || "no login reached the shop".to_owned())?;
    let last = gateway.send(1, guess(99)).await?;
    ensure_equal("status of the last", last.status, 403)
}

/// `hold_headers: true` while Envoy has no `allow_on_headers_stop_iteration`: the filter must notice and let go.
async fn a_hold_that_envoy_does_not_support_lets_logins_through(bed: &Bed) -> Result<(), Failure> {
    let blob = bed.compile("login")?;
    let mut spec = bed.spec("watchdog", blob, &json!({ "hold_headers": true }));
    if let Some(filter) = &mut spec.filter {
        filter.allow_on_headers_stop_iteration = false;
    }
    let gateway = bed.open(&spec)?;
    let reply = gateway.send(1, Request::login("customer1@example.org", "correct-horse-1")).await?;
    ensure_equal("status", reply.status, 302)
}

async fn a_login_in_chunks_is_read_at_every_border(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("chunked-login", "login")?;
    let body = "email=customer1%40example.org&password=correct-horse-1&remember=%E2%9C%93";
    let mut connection = gateway.connect(Protocol::Http1, 1).await?;
    for border in 1..body.len() {
        let (front, back) = body.split_at(border);
        let request = Request::new("POST", "/login")
            .header("content-type", "application/x-www-form-urlencoded")
            .chunks([front, back], Duration::from_millis(2))
            .with_length();
        let reply = connection.send(request).await?;
        ensure(reply.status == 302, || format!("border {border}: status {}", reply.status))?;
    }
    let log = gateway.log_of(body.len() - 1).await?;
    let successes = log.iter().filter(|line| line.text("login") == "success").count();
    ensure_equal("logins recognised", successes, body.len() - 1)
}

async fn a_login_of_unknown_length_goes_on(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("endless-login", "login")?;
    let request = Request::new("POST", "/login")
        .header("content-type", "application/x-www-form-urlencoded")
        .chunks(["email=customer1%40example.org&", "password=correct-horse-1"], Duration::from_millis(5));
    ensure_equal("status", gateway.send(1, request).await?.status, 302)?;
    let padding = "x".repeat(100_000);
    let body = format!("email=customer1%40example.org&password=correct-horse-1&padding={padding}");
    let request =
        Request::new("POST", "/login").header("content-type", "application/x-www-form-urlencoded").body(body);
    let reply = gateway.send(1, request).await?;
    ensure(reply.status < 500 && reply.status != 413, || format!("a long login got {}", reply.status))
}

async fn report_mode_decides_and_does_nothing(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("report", "report")?;
    for number in 0..15 {
        let status = gateway.send(1, guess(number)).await?.status;
        ensure_equal("status", status, 401)?;
    }
    ensure_equal("tries that reached the shop", bed.shop.count("POST", "/login")?, 15)?;
    records_only_report(&gateway).await?;
    let seen = bed.shop.seen()?;
    let would = seen.last().and_then(|seen| seen.header("x-bartizan-would").map(str::to_owned));
    ensure_equal("x-bartizan-would", would.as_deref(), Some("challenge"))
}

async fn records_only_report(gateway: &Gateway) -> Result<(), Failure> {
    let log = gateway.log_of(15).await?;
    let would: Vec<_> = log.iter().filter(|line| line.text("would_do") == "challenge").collect();
    ensure_equal("records that would challenge", would.len(), 15 - LIMIT)?;
    ensure(would.iter().all(|line| line.text("do") == "none" && line.text("mode") == "report"), || {
        format!("a record in report mode that does something: {would:?}")
    })
}

/// A wrong login; every number names another user.
fn guess(number: usize) -> Request {
    Request::login(&format!("leaked{number}@example.net"), "hunter2")
}
