//! The simulator's profiles, sent to four workers: what the filter says is what the engine says at a desk.
//!
//! A profile gives tries in their order, customers' first days included, and times are left out: they come as fast as they
//! are answered, one after the other, over connections that take turns. So a profile is not as strong or as slow here as in
//! the simulator, and its verdicts are not the simulator's. They are compared with those of the engine, which judges the
//! same tries at the same times.

use std::net::Ipv6Addr;
use std::time::{SystemTime, UNIX_EPOCH};

use bartizan_engine::blob::Policy;
use bartizan_simulator::options::Options;
use bartizan_simulator::policy::compile;
use bartizan_simulator::random::mix;
use bartizan_simulator::run::run;
use bartizan_simulator::traffic::{Reader, Row};
use bartizan_simulator::wire::LoginShape;
use clap::Parser as _;
use serde_json::{Value, json};

use super::super::bed::Bed;
use super::super::desk::{Desk, Jars, Verdict, answer, head};
use super::super::gateway::{Gateway, LogLine};
use super::super::run::Case;
use super::cases;
use crate::client::{Connection, Protocol, Request};
use crate::failure::{Context, Failure, ensure, ensure_equal};
use crate::shop::Script;

pub(super) fn cases() -> Vec<Case> {
    cases![
        loud_stuffing_is_judged_as_at_the_desk,
        distributed_stuffing_is_judged_as_at_the_desk,
        stuffing_with_many_programs_is_judged_as_at_the_desk,
        spraying_is_judged_as_at_the_desk,
        spraying_with_many_programs_is_judged_as_at_the_desk,
        low_and_slow_is_judged_as_at_the_desk,
        low_and_slow_with_few_programs_is_judged_as_at_the_desk,
        brute_force_is_judged_as_at_the_desk,
        invented_identities_are_judged_as_at_the_desk,
        a_marketing_mail_is_judged_as_at_the_desk,
        a_shared_office_is_judged_as_at_the_desk,
        an_app_release_is_judged_as_at_the_desk,
    ]
}

async fn loud_stuffing_is_judged_as_at_the_desk(bed: &Bed) -> Result<(), Failure> {
    compare(bed, "loud", "--scale 0.001 --days 0.3 --attack-hours 1").await
}

async fn distributed_stuffing_is_judged_as_at_the_desk(bed: &Bed) -> Result<(), Failure> {
    compare(bed, "distributed", "--scale 0.001 --days 0.3 --attack-hours 1").await
}

async fn stuffing_with_many_programs_is_judged_as_at_the_desk(bed: &Bed) -> Result<(), Failure> {
    compare(bed, "distributed-diverse", "--scale 0.001 --days 0.3 --attack-hours 1").await
}

async fn spraying_is_judged_as_at_the_desk(bed: &Bed) -> Result<(), Failure> {
    compare(bed, "spraying", "--scale 0.005 --days 0.1 --attack-hours 1.5").await
}

async fn spraying_with_many_programs_is_judged_as_at_the_desk(bed: &Bed) -> Result<(), Failure> {
    compare(bed, "spraying-diverse", "--scale 0.005 --days 0.1 --attack-hours 1.5").await
}

async fn low_and_slow_is_judged_as_at_the_desk(bed: &Bed) -> Result<(), Failure> {
    compare(bed, "low-and-slow-diverse", "--scale 0.0005 --days 0.5 --slow-days 0.3").await
}

async fn low_and_slow_with_few_programs_is_judged_as_at_the_desk(bed: &Bed) -> Result<(), Failure> {
    compare(bed, "low-and-slow-20", "--scale 0.0005 --days 0.5 --slow-days 0.3").await
}

async fn brute_force_is_judged_as_at_the_desk(bed: &Bed) -> Result<(), Failure> {
    compare(bed, "brute-force", "--scale 0.001 --days 0.3 --attack-hours 0.3").await
}

async fn invented_identities_are_judged_as_at_the_desk(bed: &Bed) -> Result<(), Failure> {
    compare(bed, "invented-identities", "--scale 0.001 --days 0.3 --attack-hours 1").await
}

async fn a_marketing_mail_is_judged_as_at_the_desk(bed: &Bed) -> Result<(), Failure> {
    compare(bed, "marketing-mail", "--scale 0.0005 --days 0.5").await
}

async fn a_shared_office_is_judged_as_at_the_desk(bed: &Bed) -> Result<(), Failure> {
    compare(bed, "shared-office", "--scale 0.0005 --days 0.3").await
}

async fn an_app_release_is_judged_as_at_the_desk(bed: &Bed) -> Result<(), Failure> {
    compare(bed, "app-release", "--scale 0.0005 --days 0.5").await
}

/// Customers: few, so that they come again.
const ACCOUNTS: u32 = 200;
/// Pages of the state: enough that nothing is evicted, which would depend on the second in which a try came.
const STATE_PAGES: u32 = 2048;
/// Connections that take turns; more than the four workers, which the kernel chooses among for each.
const CONNECTIONS: usize = 12;

/// What came of a try at the gateway.
struct Seen {
    /// When it was sent and when it was answered, in milliseconds since 1970.
    sent: u64,
    answered: u64,
    status: u16,
}

/// Sends a profile to Envoy, judges it at the desk, and compares.
async fn compare(bed: &Bed, profile: &str, options: &str) -> Result<(), Failure> {
    let rows = tries(bed, profile, options)?;
    let blob = compile(None)?;
    let mut spec =
        bed.spec(profile, blob.clone(), &json!({ "state_pages": STATE_PAGES, "gather_logins": 1 }));
    spec.trusted_hops = 1;
    let gateway = bed.open(&spec)?;
    let seen = at_the_gateway(&gateway, &rows).await?;
    spread_over_workers(bed, &gateway)?;
    let told = verdicts(&gateway.log_of(rows.len()).await?);
    let expected = at_the_desk(&blob, &rows, &seen)?;
    let mut refused = 0;
    for ((row, seen), expected) in rows.iter().zip(&seen).zip(&expected) {
        let status = match (expected.action.as_str(), row.password_ok) {
            ("challenge", _) => 403,
            (_, true) => 302,
            (_, false) => 401,
        };
        refused += usize::from(seen.status == 403);
        ensure(seen.status == status, || {
            format!("try {} got {} where the desk says {status}: {expected:?}", row.line, seen.status)
        })?;
    }
    ensure_equal("tries in the log", told.len(), expected.len())?;
    // Workers write their log lines on their own, so these need not come in the order of the tries.
    let (mut told, mut expected) = (told, expected);
    told.sort_unstable();
    expected.sort_unstable();
    for (told, expected) in told.into_iter().zip(expected) {
        ensure_equal("a verdict in the log", told, expected)?;
    }
    // Equal verdicts say little where there is only one.
    let attacks = rows.iter().filter(|row| row.is_attack).count();
    ensure((attacks > 0) == (refused > 0) && refused < rows.len(), || {
        format!("{refused} of {} tries were refused, and {attacks} of all were an attacker's", rows.len())
    })?;
    print!("{} tries, {refused} refused ... ", rows.len());
    Ok(())
}

/// What a profile sends, in its order.
fn tries(bed: &Bed, profile: &str, options: &str) -> Result<Vec<Row>, Failure> {
    let file = bed.envoy.directory().join(format!("{profile}.jsonl"));
    let common =
        format!("simulator --profile {profile} --accounts {ACCOUNTS} --after-hours 0 --state-pages 512");
    let mut options = Options::try_parse_from(common.split(' ').chain(options.split(' ')))?;
    options.export = Some(file.clone());
    run(&options, &mut Vec::new())?;
    let mut reader = Reader::open(&file)?;
    let mut rows = Vec::new();
    while let Some(row) = reader.next_row()? {
        rows.push(row);
    }
    Ok(rows)
}

/// Sends the tries one after the other, each over the next connection by chance.
async fn at_the_gateway(gateway: &Gateway, rows: &[Row]) -> Result<Vec<Seen>, Failure> {
    let mut connections = Vec::new();
    for number in 0..CONNECTIONS {
        let protocol = if number % 2 == 0 { Protocol::Http1 } else { Protocol::Http2 };
        connections.push(gateway.connect(protocol, 1).await?);
    }
    let mut jars = Jars::default();
    let mut seen = Vec::with_capacity(rows.len());
    for row in rows {
        let chosen = usize::try_from(mix(row.line) % CONNECTIONS as u64).unwrap_or(0);
        let connection = connections.get_mut(chosen).context("a connection of that number")?;
        let one = send(connection, row, &mut jars).await;
        seen.push(one.context(format_args!("line {} of the traffic", row.line))?);
    }
    Ok(seen)
}

async fn send(connection: &mut Connection, row: &Row, jars: &mut Jars) -> Result<Seen, Failure> {
    let shape = LoginShape::default();
    let sent = now()?;
    let body = row.body(&shape);
    let mut request = Request::new("POST", shape.path(row.route)).host(&shape.host);
    for (name, value) in head(row, &shape, &jars.of(row, sent), body.len()) {
        if !name.starts_with(':') {
            request = request.header(&name, value);
        }
    }
    let address = Ipv6Addr::from(row.address).to_canonical().to_string();
    let request = request.header("x-forwarded-for", address).script(&script(row))?.body(body);
    let reply = connection.send(request).await?;
    let answered = now()?;
    for cookie in reply.headers.get_all("set-cookie") {
        jars.keep(row, cookie.as_bytes(), answered);
    }
    Ok(Seen { sent, answered, status: reply.status })
}

/// The app's answer as the shop's script.
fn script(row: &Row) -> Script {
    let (head, body) = answer(row).message();
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let status =
        head.iter().find(|(name, _)| name == ":status").and_then(|(_, value)| text(value).parse().ok());
    let fields = head.iter().filter(|(name, _)| !name.starts_with(':') && name != "content-length");
    Script {
        status: status.unwrap_or(500),
        headers: fields.map(|(name, value)| (name.clone(), text(value))).collect(),
        chunks: if body.is_empty() { Vec::new() } else { vec![body.to_vec()] },
        sized: true,
        ..Script::default()
    }
}

fn now() -> Result<u64, Failure> {
    Ok(u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?)
}

/// Fails unless the connections lay on more than one worker: otherwise nothing was shared.
fn spread_over_workers(bed: &Bed, gateway: &Gateway) -> Result<(), Failure> {
    let port = gateway.address().port();
    let connections = bed.envoy.admin().stats(&format!("{port}.worker_.*.downstream_cx_total"))?;
    let busy = connections.iter().filter(|(_, count)| **count > 0).count();
    ensure(busy > 1, || format!("all connections went to one worker: {connections:?}"))
}

/// What the filter said, from the records in the access log.
fn verdicts(log: &[LogLine]) -> Vec<Verdict> {
    let rules = |line: &LogLine| -> Vec<String> {
        let reasons = line.record.get("reasons").and_then(Value::as_array);
        let rule = |reason: &Value| Some(reason.get("rule")?.as_str()?.to_owned());
        reasons.into_iter().flatten().filter_map(rule).collect()
    };
    log.iter()
        .map(|line| Verdict {
            action: line.text("do").to_owned(),
            score: line.score("account-takeover"),
            rules: rules(line),
            from: line.text("from").to_owned(),
        })
        .collect()
}

/// What the engine says about the same tries at the same times.
fn at_the_desk(blob: &[u8], rows: &[Row], seen: &[Seen]) -> Result<Vec<Verdict>, Failure> {
    let policy = Policy::parse(blob).map_err(|error| Failure::new(error.to_string()))?;
    let mut desk = Desk::new(&policy, STATE_PAGES)?;
    rows.iter().zip(seen).map(|(row, seen)| desk.judge(row, seen.sent, seen.answered)).collect()
}
