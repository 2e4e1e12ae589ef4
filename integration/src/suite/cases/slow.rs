//! Answers that come late: how late, how many at a time, and what happens meanwhile.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::super::bed::Bed;
use super::super::run::Case;
use super::cases;
use crate::client::{Connection, Protocol, Request};
use crate::failure::{Failure, ensure, ensure_equal};

pub(super) fn cases() -> Vec<Case> {
    cases![
        a_refusal_with_a_delay_comes_late_over_both_protocols,
        more_than_a_worker_holds_are_answered_at_once,
        clients_that_leave_make_room,
        a_body_that_goes_on_during_the_delay_fills_nothing,
        a_late_answer_survives_new_configurations,
        a_late_answer_comes_without_holding_headers,
    ]
}

/// The delay in the policy `slow`.
const DELAY: Duration = Duration::from_secs(2);
/// A tick, and what a busy machine may add.
const TOO_LATE: Duration = Duration::from_millis(2_600);
/// How many answers a worker holds.
const MOST: usize = 128;

/// Sends a request and says how long its answer took.
async fn timed(connection: &mut Connection, request: Request) -> Result<(u16, Duration), Failure> {
    let start = Instant::now();
    let reply = connection.send(request).await?;
    Ok((reply.status, start.elapsed()))
}

fn is_late(took: Duration) -> Result<(), Failure> {
    ensure((DELAY..TOO_LATE).contains(&took), || format!("an answer took {took:?}"))
}

fn vault(number: usize) -> Request {
    Request::get(format!("/vault/{number}"))
}

async fn a_refusal_with_a_delay_comes_late_over_both_protocols(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("late", "slow")?;
    for (protocol, host) in [(Protocol::Http1, 1), (Protocol::Http2, 2)] {
        let mut connection = gateway.connect(protocol, host).await?;
        let (status, took) = timed(&mut connection, vault(1)).await?;
        ensure_equal("status", status, 403)?;
        is_late(took)?;
        // The connection goes on, and others do not wait.
        let (status, took) = timed(&mut connection, Request::get("/api/status")).await?;
        ensure_equal("status of another page", status, 200)?;
        ensure(took < DELAY / 2, || format!("another page took {took:?}"))?;
        for number in 0..3 {
            let (status, took) = timed(&mut connection, guess(number)).await?;
            ensure_equal("status of a guess", status, 401)?;
            ensure(took < DELAY / 2, || format!("a guess took {took:?}"))?;
        }
        let (status, took) = timed(&mut connection, guess(3)).await?;
        ensure_equal("status of a refused login", status, 403)?;
        is_late(took)?;
    }
    ensure_equal("logins that reached the shop", bed.shop.count("POST", "/login")?, 6)?;
    let line = gateway.line_of("/vault/1").await?;
    ensure_equal("action in the log", line.text("do"), "block")
}

fn guess(number: usize) -> Request {
    Request::login(&format!("leaked{number}@example.net"), "x")
}

/// The status and the time of each answer.
type Answers = JoinSet<Result<(u16, Duration), Failure>>;

/// Opens the vault so many times over one connection, which is one worker's.
fn rush(connection: &Connection, times: usize) -> Result<Answers, Failure> {
    let mut running = JoinSet::new();
    for number in 0..times {
        let mut stream = connection.share()?;
        running.spawn(async move { timed(&mut stream, vault(number)).await });
    }
    Ok(running)
}

async fn more_than_a_worker_holds_are_answered_at_once(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("rush", "slow")?;
    let before = at_once(bed)?;
    let more = 12;
    let mut running = rush(&gateway.connect(Protocol::Http2, 1).await?, MOST + more)?;
    let (mut late, mut prompt) = (0, 0);
    while let Some(reply) = running.join_next().await {
        let (status, took) = reply??;
        ensure_equal("status", status, 403)?;
        if took < DELAY / 2 { prompt += 1 } else { late += 1 }
    }
    ensure_equal("answers that came late and at once", (late, prompt), (MOST, more))?;
    ensure_equal("answers counted as given at once", at_once(bed)? - before, more as u64)?;
    ensure_equal("requests that reached the shop", bed.shop.seen()?.len(), 0)?;
    // All have left; the next one finds room.
    let (_, took) = timed(&mut gateway.connect(Protocol::Http1, 1).await?, vault(0)).await?;
    is_late(took)
}

fn at_once(bed: &Bed) -> Result<u64, Failure> {
    Ok(bed.envoy.admin().stats("slow_replies.at_once")?.values().sum())
}

async fn clients_that_leave_make_room(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("leaving", "slow")?;
    let before = at_once(bed)?;
    // One connection, so one worker. Envoy closes one on which 250 streams were reset early.
    let connection = gateway.connect(Protocol::Http2, 1).await?;
    let mut running = rush(&connection, MOST)?;
    sleep(DELAY / 8).await;
    running.shutdown().await;
    sleep(DELAY / 8).await;
    let mut running = rush(&connection, MOST)?;
    while let Some(reply) = running.join_next().await {
        let (status, took) = reply??;
        ensure_equal("status", status, 403)?;
        ensure(took >= DELAY, || format!("no room although all had left: an answer took {took:?}"))?;
    }
    ensure_equal("answers counted as given at once", at_once(bed)? - before, 0)
}

async fn a_body_that_goes_on_during_the_delay_fills_nothing(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("filling", "slow")?;
    for (protocol, host) in [(Protocol::Http1, 1), (Protocol::Http2, 2)] {
        // 1 MiB, of which Envoy would hold 32 KiB.
        let chunks = vec!["x".repeat(16 * 1024); 64];
        let request = Request::new("POST", "/vault/1").chunks(chunks, Duration::from_millis(5));
        let (status, took) = timed(&mut gateway.connect(protocol, host).await?, request).await?;
        ensure_equal("status", status, 403)?;
        is_late(took)?;
    }
    ensure_equal("requests that reached the shop", bed.shop.seen()?.len(), 0)
}

async fn a_late_answer_survives_new_configurations(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("updated", "slow")?;
    for settings in [json!({ "records": "findings" }), json!({ "kill_switch": true })] {
        let mut connection = gateway.connect(Protocol::Http1, 1).await?;
        let waiting = tokio::spawn(async move { timed(&mut connection, vault(1)).await });
        // The suite's Envoy cuts connections a second after their configuration was replaced.
        sleep(DELAY * 3 / 4).await;
        bed.gateway_with("updated", "slow", &settings)?;
        let (status, _) = waiting.await??;
        ensure_equal("status of the one that waited", status, 403)?;
    }
    // Under the kill switch nothing is refused any more, late or not.
    let (status, took) = timed(&mut gateway.connect(Protocol::Http1, 1).await?, vault(1)).await?;
    ensure_equal("status under the kill switch", status, 404)?;
    ensure(took < DELAY / 2, || format!("the kill switch let a page wait for {took:?}"))
}

async fn a_late_answer_comes_without_holding_headers(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway_with("late-not-held", "slow", &json!({ "hold_headers": false }))?;
    let mut connection = gateway.connect(Protocol::Http1, 1).await?;
    let (status, took) = timed(&mut connection, vault(1)).await?;
    ensure_equal("status", status, 403)?;
    is_late(took)?;
    for number in 0..3 {
        ensure_equal("status of a guess", gateway.send(1, guess(number)).await?.status, 401)?;
    }
    let (status, took) = timed(&mut gateway.connect(Protocol::Http1, 1).await?, guess(3)).await?;
    ensure_equal("status of a refused login", status, 403)?;
    is_late(took)?;
    let whole = bed.shop.seen()?.iter().filter(|seen| seen.path == "/login" && seen.complete).count();
    ensure_equal("whole logins that reached the shop", whole, 3)
}
