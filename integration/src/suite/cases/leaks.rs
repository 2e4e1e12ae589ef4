//! Every place from which something can leave, as Envoy really treats it.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use serde_json::Value;

use super::super::bed::Bed;
use super::super::gateway::LogLine;
use super::super::run::Case;
use super::cases;
use crate::client::{End, Protocol, Request};
use crate::failure::{Failure, ensure, ensure_equal};
use crate::shop::{CARD, Script};

pub(super) fn cases() -> Vec<Case> {
    cases![
        a_card_in_a_header_field_is_masked,
        a_card_in_a_trailer_is_masked_over_http2,
        a_card_in_a_compressed_reply_is_found_and_it_passes_as_it_was,
        a_bomb_is_not_opened_and_its_reply_passes,
        a_card_in_escapes_of_json_is_masked,
        a_card_in_other_characters_and_under_another_type_is_masked,
        a_card_in_an_address_is_in_the_record,
        events_are_masked_and_arrive_one_by_one,
        a_reply_whose_member_was_taken_out_arrives_whole,
        a_reply_over_http2_whose_member_was_taken_out_arrives_whole,
    ]
}

const MASKED: &str = "**** **** **** 1111";

async fn a_card_in_a_header_field_is_masked(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("leaking-header", "leaks")?;
    let script = Script { sized: true, ..Script::chunked(["{}"]) };
    let script = script.header("x-card", CARD).header("x-note", "nothing to see");
    let reply = gateway.send(1, scripted("/api/header", &script)?).await?;
    ensure_equal("x-card", reply.header("x-card"), Some(MASKED))?;
    ensure_equal("x-note", reply.header("x-note"), Some("nothing to see"))?;
    ensure_equal("body", reply.text().as_str(), "{}")?;
    let line = gateway.line_of("/api/header").await?;
    ensure_equal("found", found(&line), vec![entry("payment_card", "headers", 1)])?;
    ensure_equal("do", line.text("do"), "mask")
}

async fn a_card_in_a_trailer_is_masked_over_http2(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("leaking-trailer", "leaks")?;
    let mut script = Script::chunked(["{\"all\":", "\"well\"}"]);
    script.trailers = vec![("x-card".to_owned(), CARD.to_owned()), ("x-sum".to_owned(), "1".to_owned())];
    let mut connection = gateway.connect(Protocol::Http2, 1).await?;
    let request = scripted("/api/trailer", &script)?.header("x-harness-upstream", "h2");
    let reply = connection.send(request).await?;
    ensure_equal("body", reply.text().as_str(), "{\"all\":\"well\"}")?;
    let trailer = |name: &str| {
        let trailers = reply.trailers.as_ref()?;
        trailers.get(name)?.to_str().ok()
    };
    ensure_equal("x-card", trailer("x-card"), Some(MASKED))?;
    ensure_equal("x-sum", trailer("x-sum"), Some("1"))?;
    let line = gateway.line_of("/api/trailer").await?;
    ensure_equal("found", found(&line), vec![entry("payment_card", "headers", 1)])
}

async fn a_card_in_a_compressed_reply_is_found_and_it_passes_as_it_was(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("leaking-compressed", "leaks")?;
    let plain = format!("{{\"card\":\"{CARD}\",\"text\":\"{}\"}}", "it goes on ".repeat(300));
    for (coding, compressed) in compressed(plain.as_bytes())? {
        let (front, back) = compressed.split_at(compressed.len() / 2);
        let script = Script::chunked([front, back]).header("content-encoding", coding);
        let path = format!("/api/{coding}");
        let request = scripted(&path, &script)?.host("compressed.localhost");
        let reply = gateway.send(1, request.header("accept-encoding", "gzip, deflate, br, zstd")).await?;
        ensure_equal("bytes", reply.body.as_slice(), compressed.as_slice())?;
        ensure_equal("content-encoding", reply.header("content-encoding"), Some(coding))?;
        let line = gateway.line_of(&path).await?;
        ensure_equal("found", found(&line), vec![entry("payment_card", "body", 0)])?;
        ensure_equal("uninspected", line.text("uninspected"), "")?;
    }
    let seen = bed.shop.seen()?;
    let asked = seen.first().and_then(|seen| seen.header("accept-encoding"));
    ensure_equal("accept-encoding at the upstream", asked, Some("gzip, deflate"))
}

async fn a_bomb_is_not_opened_and_its_reply_passes(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("leaking-bomb", "leaks")?;
    let plain = [CARD.as_bytes(), &vec![b' '; 10_000_000]].concat();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&plain)?;
    let compressed = gzip.finish()?;
    let script = Script::chunked([&compressed]).header("content-encoding", "gzip");
    let request = scripted("/api/bomb", &script)?.host("compressed.localhost");
    let reply = gateway.send(1, request.header("accept-encoding", "gzip")).await?;
    ensure_equal("bytes", reply.body.as_slice(), compressed.as_slice())?;
    let line = gateway.line_of("/api/bomb").await?;
    ensure_equal("uninspected", line.text("uninspected"), "bomb")
}

async fn a_card_in_other_characters_and_under_another_type_is_masked(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("leaking-characters", "leaks")?;
    let spaced = "paid with 4111\u{a0}1111\u{a0}1111\u{a0}1111 today";
    let spaced_masked = "paid with ****\u{a0}****\u{a0}****\u{a0}1111 today";
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    for (kind, body, expected) in [
        ("text/plain; charset=utf-8", spaced.into(), spaced_masked.into()),
        ("text/plain; charset=utf-16le", wide(spaced), wide(spaced_masked)),
        (
            "text/html",
            Vec::from(" {\"card\":\"\\u0034111111111111111\"}"),
            Vec::from(" {\"card\":\"\\u002a***********1111\"}"),
        ),
    ] {
        let (front, back) = body.split_at(body.len() / 2);
        let script = Script::chunked([front, back]).header("content-type", kind);
        let reply = gateway.send(1, scripted("/api/characters", &script)?).await?;
        ensure(reply.body == expected, || format!("{kind}: {:?}", reply.text()))?;
    }
    Ok(())
}

/// The same bytes in each coding, by the name that HTTP has for it.
fn compressed(plain: &[u8]) -> Result<[(&'static str, Vec<u8>); 3], Failure> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(plain)?;
    // What HTTP calls deflate is in a frame of zlib (RFC 9110, section 8.4.1.2).
    let mut deflate = ZlibEncoder::new(Vec::new(), Compression::default());
    deflate.write_all(plain)?;
    let mut brotli = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 18);
    brotli.write_all(plain)?;
    Ok([("gzip", gzip.finish()?), ("deflate", deflate.finish()?), ("br", brotli.into_inner())])
}

async fn a_card_in_escapes_of_json_is_masked(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("leaking-escapes", "leaks")?;
    let body = "{\"card\":\"\\u0034111111111111111\"}";
    let reply = gateway.send(1, scripted("/api/escapes", &Script::chunked([body]))?).await?;
    ensure_equal("length", reply.body.len(), body.len())?;
    let card = reply.json()?.get("card").and_then(Value::as_str).unwrap_or_default().to_owned();
    ensure_equal("card", card.as_str(), "************1111")
}

async fn a_card_in_an_address_is_in_the_record(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("leaking-address", "leaks")?;
    let path = "/api/pay?card=4111111111111111";
    let script = Script { sized: true, ..Script::chunked(["{}"]) };
    let reply = gateway.send(1, scripted(path, &script)?).await?;
    ensure_equal("status", reply.status, 200)?;
    let seen = bed.shop.seen()?;
    let query = seen.first().map(|seen| seen.query.as_str());
    ensure_equal("query at the upstream", query, Some("card=4111111111111111"))?;
    let log = gateway.log_of(1).await?;
    let line = log.first().ok_or_else(|| Failure::new("no line in the access log"))?;
    ensure_equal("found", found(line), vec![entry("payment_card", "url", 0)])?;
    ensure(!line.written.contains("4111111111111111"), || line.written.clone())?;
    ensure_equal("do", line.text("do"), "tag")
}

async fn events_are_masked_and_arrive_one_by_one(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("leaking-events", "leaks")?;
    let events = [
        "data: {\"card\":\"4111111111111111\"}\n\n",
        "data: 4111 1111\n\n",
        "data: 4111 1111 1111 1111\n\n",
        "data: last\n\n",
    ];
    let expected = [
        "data: {\"card\":\"************1111\"}\n\n",
        "data: 4111 1111\n\n",
        "data: **** **** **** 1111\n\n",
        "data: last\n\n",
    ];
    let script = Script { wait: true, ..Script::chunked(events) }.content_type("text/event-stream");
    let mut connection = gateway.connect(Protocol::Http1, 1).await?;
    let mut reply = connection.start(scripted("/api/events", &script)?).await?;
    for (number, event) in expected.iter().enumerate() {
        if number > 0 {
            // The shop sends the next event only now: one that waited for it would never come.
            bed.shop.release()?;
        }
        let mut arrived = Vec::new();
        while arrived.len() < event.len() {
            let Some(piece) = reply.next().await? else { return Err(Failure::new("the stream ended early")) };
            arrived.extend_from_slice(&piece);
        }
        ensure_equal("event", String::from_utf8_lossy(&arrived).as_ref(), *event)?;
    }
    drop(reply);
    drop(connection);
    let line = gateway.line_of("/api/events").await?;
    ensure_equal("found", found(&line), vec![entry("payment_card", "body", 2)])
}

async fn a_reply_whose_member_was_taken_out_arrives_whole(bed: &Bed) -> Result<(), Failure> {
    let reply = without_salaries(bed, "removed", Protocol::Http1).await?;
    ensure_equal("transfer-encoding", reply.header("transfer-encoding"), Some("chunked"))
}

async fn a_reply_over_http2_whose_member_was_taken_out_arrives_whole(bed: &Bed) -> Result<(), Failure> {
    without_salaries(bed, "removed-http2", Protocol::Http2).await.map(drop)
}

/// A long list whose length was stated, and whose members lose one of their own.
async fn without_salaries(
    bed: &Bed,
    case: &str,
    protocol: Protocol,
) -> Result<crate::client::Reply, Failure> {
    const PEOPLE: usize = 500;
    let gateway = bed.gateway(case, "leaks")?;
    let person = |number: usize| {
        format!("{{\"id\":{number},\"salary\":{{\"sum\":{number}000,\"in\":[\"EUR\"]}},\"name\":\"Ann\"}}")
    };
    let people = (0..PEOPLE).map(person).collect::<Vec<_>>().join(",");
    let script = Script { sized: true, pause: 0, ..Script::chunked([format!("[{people}]")]) };
    let reply = gateway.connect(protocol, 1).await?.send(scripted("/people/all", &script)?).await?;
    ensure_equal("end", &reply.end, &End::Complete)?;
    ensure_equal("content-length", reply.header("content-length"), None)?;
    let person = |number: usize| format!("{{\"id\":{number},\"name\":\"Ann\"}}");
    let expected = format!("[{}]", (0..PEOPLE).map(person).collect::<Vec<_>>().join(","));
    ensure(reply.text() == expected, || format!("{} instead of {expected}", reply.text()))?;
    let line = gateway.line_of("/people/all").await?;
    ensure_equal("found", found(&line), vec![entry("salary", "body", PEOPLE as u64)])?;
    Ok(reply)
}

fn scripted(path: &str, script: &Script) -> Result<Request, Failure> {
    Request::get(path).script(script)
}

/// Detector, place, and how many were masked.
fn found(line: &LogLine) -> Vec<(String, String, u64)> {
    let entries = line.record.get("found").and_then(Value::as_array);
    let text =
        |entry: &Value, key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let masked = |entry: &Value| entry.get("masked").and_then(Value::as_u64).unwrap_or(u64::MAX);
    let entry = |entry: &Value| (text(entry, "detector"), text(entry, "at"), masked(entry));
    entries.into_iter().flatten().map(entry).collect()
}

fn entry(detector: &str, at: &str, masked: u64) -> (String, String, u64) {
    (detector.to_owned(), at.to_owned(), masked)
}
