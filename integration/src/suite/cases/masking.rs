//! Replies: masked at every border, whole at every limit, refused before they leave where they can be held.

use serde_json::json;

use super::super::bed::Bed;
use super::super::gateway::Gateway;
use super::super::run::Case;
use super::cases;
use crate::client::{End, Protocol, Request};
use crate::failure::{Failure, ensure, ensure_equal};
use crate::shop::{CARD, IBAN, Script};

pub(super) fn cases() -> Vec<Case> {
    cases![
        a_leaking_order_is_masked,
        masking_is_exact_at_every_chunk_border_with_small_buffers,
        masking_is_exact_at_every_chunk_border_with_large_buffers,
        long_fast_replies_arrive_whole_with_small_buffers,
        long_fast_replies_arrive_whole_with_large_buffers,
        trailers_after_a_reply_arrive,
        trailers_that_end_a_body_inside_a_candidate_leak_nothing,
        a_reply_that_must_not_leave_is_refused,
        a_reply_whose_compression_is_broken_is_recorded_as_uninspected,
        inspected_requests_go_upstream_without_range_and_compression,
        replies_without_a_body_pass,
    ]
}

/// The limits of an edge proxy and Envoy's default.
const SMALL: u32 = 32 * 1024;
const LARGE: u32 = 1024 * 1024;

async fn a_leaking_order_is_masked(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("order", "masking")?;
    let reply = gateway.send(1, Request::get("/api/orders/7")).await?;
    let order = reply.json()?;
    let at = |pointer: &str| {
        order.pointer(pointer).and_then(|value| value.as_str()).unwrap_or_default().to_owned()
    };
    let card = at("/payment/card");
    ensure_equal("card", card.as_str(), "**** **** **** 1111")?;
    let iban = at("/refund_to/iban");
    ensure(iban.ends_with("3000") && iban.len() == IBAN.len() && iban.contains("****"), || {
        format!("iban {iban}")
    })?;
    ensure_equal("order", order.pointer("/order").cloned(), Some(json!(7)))?;
    let line = gateway.line_of("/api/orders/7").await?;
    let found: Vec<_> = line
        .record
        .get("found")
        .and_then(|found| found.as_array())
        .into_iter()
        .flatten()
        .filter_map(|found| {
            Some((found.get("detector")?.as_str()?.to_owned(), found.get("masked")?.as_u64()?))
        })
        .collect();
    ensure_equal("found", found, vec![("payment_card".to_owned(), 1), ("iban".to_owned(), 1)])?;
    ensure_equal("do", line.text("do"), "mask")
}

async fn masking_is_exact_at_every_chunk_border_with_small_buffers(bed: &Bed) -> Result<(), Failure> {
    every_border(bed, "borders-small", SMALL).await
}

async fn masking_is_exact_at_every_chunk_border_with_large_buffers(bed: &Bed) -> Result<(), Failure> {
    every_border(bed, "borders-large", LARGE).await
}

async fn every_border(bed: &Bed, case: &str, buffer: u32) -> Result<(), Failure> {
    let gateway = bed.gateway_with(case, "masking", &json!({ "buffer_limit": buffer }))?;
    let body = format!("{{\"a\":\"{CARD}\",\"b\":\"{IBAN}\",\"card\":4111111111111111,\"d\":12}}");
    let mut connection = gateway.connect(Protocol::Http1, 1).await?;
    let whole = connection.send(scripted(&Script::chunked([&body]))?).await?.text();
    let nothing_left = !whole.contains(CARD) && !whole.contains(IBAN) && !whole.contains("4111111111111111");
    ensure(nothing_left && whole.len() == body.len(), || format!("masked in one piece: {whole}"))?;
    for border in 0..=body.len() {
        let (front, back) = body.split_at(border);
        let reply = connection.send(scripted(&Script::chunked([front, back]))?).await?;
        ensure(reply.text() == whole, || format!("border {border}: {} instead of {whole}", reply.text()))?;
    }
    let bytes = body.as_bytes().chunks(1);
    let reply = connection.send(scripted(&Script::chunked(bytes))?).await?;
    ensure_equal("byte by byte", reply.text(), whole)
}

async fn long_fast_replies_arrive_whole_with_small_buffers(bed: &Bed) -> Result<(), Failure> {
    long_reply(bed, "long-small", SMALL).await
}

async fn long_fast_replies_arrive_whole_with_large_buffers(bed: &Bed) -> Result<(), Failure> {
    long_reply(bed, "long-large", LARGE).await
}

/// Ten megabytes as fast as they come, with a card number across every border of the shop's chunks.
async fn long_reply(bed: &Bed, case: &str, buffer: u32) -> Result<(), Failure> {
    const ROUNDS: u32 = 1_250;
    let gateway = bed.gateway_with(case, "masking", &json!({ "buffer_limit": buffer }))?;
    let filler = "x ".repeat(1_990);
    let script = Script {
        pause: 0,
        repeat: ROUNDS,
        ..Script::chunked([format!("1111\",\"{filler}\",\""), format!("{filler}\",\"4111 1111 1111 ")])
    };
    let length: usize = script.chunks.iter().map(Vec::len).sum::<usize>() * usize::try_from(ROUNDS)?;
    let reply = gateway.send(1, scripted(&script)?).await?;
    ensure_equal("end", &reply.end, &End::Complete)?;
    ensure_equal("length", reply.body.len(), length)?;
    let text = reply.text();
    ensure(!text.contains("4111 1111 1111 1111"), || "a card number got through".to_owned())?;
    let masked = text.matches("**** **** **** 1111").count();
    ensure_equal("masked cards", masked, usize::try_from(ROUNDS)? - 1)
}

async fn trailers_after_a_reply_arrive(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("trailers", "masking")?;
    let mut script = Script::chunked([format!("{{\"card\":\"{CARD}\"}}"), " ".to_owned()]);
    script.trailers = vec![("x-checksum".to_owned(), "1".to_owned())];
    let mut connection = gateway.connect(Protocol::Http2, 1).await?;
    let reply = connection.send(scripted(&script)?.header("x-harness-upstream", "h2")).await?;
    ensure_equal("body", reply.text().trim(), "{\"card\":\"**** **** **** 1111\"}")?;
    ensure(reply.trailers.is_some_and(|trailers| trailers.contains_key("x-checksum")), || {
        "the trailers were lost".to_owned()
    })
}

/// A body whose last bytes may be part of a number, ended by trailers: nothing can be sent after it, so the stream is
/// reset rather than cut silently; in no case does the number leave.
async fn trailers_that_end_a_body_inside_a_candidate_leak_nothing(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("open-tail", "masking")?;
    for tail in ["4111 1111 1111 1111", "4111 1111 11"] {
        let mut script = Script::chunked(["some text ", tail]);
        script.trailers = vec![("x-checksum".to_owned(), "1".to_owned())];
        let mut connection = gateway.connect(Protocol::Http2, 1).await?;
        let reply = connection.send(scripted(&script)?.header("x-harness-upstream", "h2")).await?;
        let text = reply.text();
        ensure(!text.contains(CARD), || format!("leaked: {text}"))?;
        let expected = "some text ".len() + tail.len();
        ensure(reply.end != End::Complete || text.len() == expected, || {
            format!("the reply was cut and looks complete: {text:?}")
        })?;
    }
    Ok(())
}

async fn a_reply_that_must_not_leave_is_refused(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("must-not-leave", "masking")?;
    let script = Script { sized: true, ..Script::chunked(["{\"card\":\"4111 1111 ", "1111 1111\"}"]) };
    let reply = gateway.send(1, Request::get("/office/export").script(&script)?).await?;
    // The client did nothing wrong: it is told that the answer was withheld.
    ensure_equal("status", reply.status, 502)?;
    ensure(!reply.text().contains("1111"), || format!("leaked: {}", reply.text()))?;
    let line = gateway.line_of("/office/export").await?;
    ensure_equal("do", line.text("do"), "block")?;
    let harmless = Script { sized: true, ..Script::chunked(["{\"card\":", "\"none\"}"]) };
    let reply = gateway.send(1, Request::get("/office/other").script(&harmless)?).await?;
    ensure_equal("harmless status", reply.status, 200)?;
    ensure_equal("harmless body", reply.text().as_str(), "{\"card\":\"none\"}")
}

async fn a_reply_whose_compression_is_broken_is_recorded_as_uninspected(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("compressed", "masking")?;
    let script = Script::chunked([BROKEN_GZIP]).header("content-encoding", "gzip");
    let reply = gateway.send(1, scripted(&script)?.header("accept-encoding", "gzip")).await?;
    ensure_equal("bytes", reply.body.as_slice(), BROKEN_GZIP)?;
    let line = gateway.line_of("/api/scripted").await?;
    ensure_equal("uninspected", line.text("uninspected"), "compressed")
}

/// What gzip makes of nothing, with another checksum.
const BROKEN_GZIP: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 7, 7, 7, 7, 0, 0, 0, 0];

async fn inspected_requests_go_upstream_without_range_and_compression(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("identity", "masking")?;
    for path in ["/api/items/1", "/account"] {
        let request = Request::get(path).header("accept-encoding", "gzip, br").header("range", "bytes=0-99");
        gateway.send(1, request).await?;
    }
    let seen = bed.shop.seen()?;
    let headers: Vec<_> =
        seen.iter().map(|seen| (seen.header("accept-encoding"), seen.header("range"))).collect();
    let expected = vec![(Some("identity"), None), (Some("gzip, br"), Some("bytes=0-99"))];
    ensure_equal("accept-encoding and range, inspected and not", headers, expected)
}

async fn replies_without_a_body_pass(bed: &Bed) -> Result<(), Failure> {
    let gateway: Gateway = bed.gateway("bodiless", "masking")?;
    let head = gateway.send(1, Request::new("HEAD", "/api/items/1")).await?;
    ensure_equal("HEAD", (head.status, head.body.len()), (200, 0))?;
    for status in [204, 304] {
        let script = Script { status, headers: Vec::new(), ..Script::default() };
        let reply = gateway.send(1, scripted(&script)?).await?;
        ensure_equal("status", reply.status, status)?;
    }
    Ok(())
}

fn scripted(script: &Script) -> Result<Request, Failure> {
    Request::get("/api/scripted").script(script)
}
