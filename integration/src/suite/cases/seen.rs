//! What is seen from outside, and what must never be.

use serde_json::Value;

use super::super::bed::Bed;
use super::super::run::Case;
use super::cases;
use crate::client::{Protocol, Request};
use crate::failure::{Failure, ensure, ensure_equal};
use crate::shop::{CARD, IBAN};

pub(super) fn cases() -> Vec<Case> {
    cases![
        clients_cannot_forge_the_headers_for_the_upstream,
        the_upstream_hears_about_a_tagged_request,
        the_decision_id_is_the_same_everywhere,
        refusals_speak_json_or_html,
        counters_tell_what_happened,
        nothing_secret_is_written_anywhere,
    ]
}

async fn clients_cannot_forge_the_headers_for_the_upstream(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("forged", "seen")?;
    let headers = ["x-bartizan-id", "x-bartizan-action", "X-Bartizan-Score", "x-bartizan-anything"];
    for protocol in [Protocol::Http1, Protocol::Http2] {
        for path in ["/api/items/1", "/account"] {
            let mut request = Request::get(path);
            for header in headers {
                request = request
                    .header(&header.to_ascii_lowercase(), "forged")
                    .header(&header.to_ascii_lowercase(), "twice");
            }
            gateway.connect(protocol, 1).await?.send(request).await?;
        }
    }
    let other_app = Request::get("/x").host("unknown.localhost").header("x-bartizan-id", "forged");
    gateway.send(1, other_app).await?;
    for seen in bed.shop.seen()? {
        let left: Vec<_> = seen.headers.iter().filter(|(name, _)| name.starts_with("x-bartizan-")).collect();
        ensure(left.is_empty(), || format!("{} reached the shop with {left:?}", seen.path))?;
    }
    Ok(())
}

async fn the_upstream_hears_about_a_tagged_request(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("tagged", "seen")?;
    for user in 0..2 {
        gateway.send(1, Request::login(&format!("leaked{user}@example.net"), "x")).await?;
    }
    let seen = bed.shop.seen()?;
    let first = seen.first().and_then(|seen| seen.header("x-bartizan-action"));
    ensure_equal("action of the first", first, None)?;
    let second = seen.get(1);
    let header = |name| second.and_then(|seen| seen.header(name));
    ensure_equal("action", header("x-bartizan-action"), Some("tag"))?;
    ensure_equal("score", header("x-bartizan-score"), Some("account-takeover=40"))?;
    ensure_equal("reasons", header("x-bartizan-reasons"), Some("two-users"))?;
    let id = header("x-bartizan-id").unwrap_or_default();
    ensure(id.len() == 16, || format!("id {id:?}"))
}

async fn the_decision_id_is_the_same_everywhere(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("same-id", "seen")?;
    let mut last = None;
    for user in 0..4 {
        last = Some(gateway.send(1, Request::login(&format!("leaked{user}@example.net"), "x")).await?);
    }
    let Some(blocked) = last else { return Err(Failure::new("no reply")) };
    ensure_equal("status", blocked.status, 403)?;
    let id = blocked.header("x-bartizan-id").unwrap_or_default().to_owned();
    ensure_equal("id in the body", blocked.json()?.get("id").and_then(Value::as_str), Some(id.as_str()))?;
    let log = gateway.log_of(4).await?;
    let line = log.iter().find(|line| line.text("id") == id);
    ensure_equal("do", line.map(|line| line.text("do")), Some("block"))?;
    ensure_equal("score", line.map(|line| line.score("account-takeover")), Some(100))?;
    let because = line.and_then(|line| line.record.pointer("/reasons/1/because").cloned());
    ensure_equal("because", because, Some("more than three user names".into()))?;
    let tagged = bed.shop.seen()?.get(1).and_then(|seen| seen.header("x-bartizan-id").map(str::to_owned));
    ensure(log.iter().any(|line| Some(line.text("id")) == tagged.as_deref()), || {
        format!("the shop was told {tagged:?}, the log has no such record")
    })
}

async fn refusals_speak_json_or_html(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("refusals", "ban")?;
    for user in 0..5 {
        gateway.send(1, Request::login(&format!("leaked{user}@example.net"), "x")).await?;
    }
    let json = gateway.send(1, Request::get("/x").header("accept", "application/json")).await?;
    ensure_equal("error", json.json()?.get("error").and_then(Value::as_str), Some("blocked"))?;
    let html = gateway.send(1, Request::get("/x").header("accept", "text/html,*/*;q=0.8")).await?;
    let kind = html.header("content-type").unwrap_or_default();
    ensure(kind.starts_with("text/html"), || format!("content-type {kind:?} for a browser"))?;
    ensure_equal("statuses", (json.status, html.status), (403, 403))
}

async fn counters_tell_what_happened(bed: &Bed) -> Result<(), Failure> {
    // Envoy's counters live as long as its process: what counts is how they change.
    // What other cases left with the workers is written by a tick of one second.
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    let before = bed.envoy.admin().stats("bartizan")?;
    let gateway = bed.gateway("counters", "seen")?;
    for user in 0..5 {
        gateway.send(1, Request::login(&format!("leaked{user}@example.net"), "x")).await?;
    }
    gateway.send(2, Request::login("customer1@example.org", "correct-horse-1")).await?;
    gateway.send(2, Request::get("/api/orders/1")).await?;
    // Plain counts are written by a tick of one second.
    let expected = [
        ("bartizan.requests", 7),
        ("bartizan.decisions.app.shop.mode.enforce.would.block.do.block", 2),
        ("bartizan.decisions.app.shop.mode.enforce.would.tag.do.tag", 2),
        ("bartizan.rules.rule.two-users.enforced", 4),
        ("bartizan.logins.app.shop.outcome.failure", 3),
        ("bartizan.logins.app.shop.outcome.success", 1),
        ("bartizan.found.app.shop.class.payment-data.detector.payment_card.confidence.high", 1),
        ("bartizan.masked.app.shop.class.payment-data.detector.iban", 1),
    ];
    let mut missing = String::new();
    for _ in 0..30 {
        let after = bed.envoy.admin().stats("bartizan")?;
        let change = |name: &str| {
            let sum = |stats: &std::collections::BTreeMap<String, u64>| -> u64 {
                stats.iter().filter(|(key, _)| key.ends_with(name)).map(|(_, value)| value).sum()
            };
            sum(&after) - sum(&before)
        };
        let wrong: Vec<_> = expected
            .iter()
            .filter(|(name, count)| change(name) != *count)
            .map(|(name, count)| format!("{name}: expected {count}, found {}", change(name)))
            .collect();
        missing = wrong.join("\n");
        if missing.is_empty() {
            return labels(bed);
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    Err(Failure::new(missing))
}

/// The reference's `stats_tags` make labels of what the names carry.
fn labels(bed: &Bed) -> Result<(), Failure> {
    let text = bed.envoy.admin().get("/stats/prometheus?filter=bartizan")?;
    for (metric, label) in [
        ("bartizan_decisions{", "app=\"shop\""),
        ("bartizan_decisions{", "would=\"block\""),
        ("bartizan_rules_enforced{", "rule=\"two-users\""),
        ("bartizan_logins{", "outcome=\"failure\""),
        ("bartizan_found{", "detector=\"payment_card\""),
        ("bartizan_found{", "class=\"payment-data\""),
        ("bartizan_found{", "confidence=\"high\""),
        ("bartizan_masked{", "detector=\"iban\""),
        ("bartizan_masked{", "class=\"payment-data\""),
    ] {
        let found = text.lines().any(|line| line.starts_with(metric) && line.contains(label));
        ensure(found, || format!("no {metric}..}} with {label} among\n{text}"))?;
    }
    Ok(())
}

/// Plants what must stay inside and looks for it wherever Envoy writes.
async fn nothing_secret_is_written_anywhere(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("secrets", "seen")?;
    let planted = [
        "planted.user",
        "planted-password",
        "planted-session",
        CARD,
        "4111111111111111",
        IBAN,
        super::HASH_KEY,
        super::DEVICE_KEY,
    ];
    for number in 0..6 {
        let login = Request::login(&format!("planted.user{number}@example.org"), "planted-password");
        gateway.send(1, login.header("cookie", "sid=planted-session")).await?;
    }
    gateway
        .send(2, Request::get("/api/orders/1?email=planted.user%40example.org&token=planted-password"))
        .await?;
    let log = gateway.log_of(7).await?;
    ensure(log.iter().any(|line| line.text("do") == "block"), || "nothing was blocked".to_owned())?;
    let admin = bed.envoy.admin();
    for (place, text) in [
        ("the access log", gateway.log_text()?),
        ("Envoy's log", bed.envoy.log()?),
        ("the counters", admin.get("/stats")?),
        ("the configuration dump", admin.get("/config_dump")?),
        ("the clusters", admin.get("/clusters")?),
    ] {
        for secret in planted {
            ensure(!text.contains(secret), || format!("{place} shows {secret}"))?;
        }
    }
    Ok(())
}
