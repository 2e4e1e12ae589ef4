//! What streams for long or is no HTTP any more: it must pass as it comes.

use crate::client::rude::RawConnection;
use crate::client::{Protocol, Request};
use crate::failure::{Failure, ensure, ensure_equal};
use crate::shop::Script;

use super::super::bed::Bed;
use super::super::run::Case;
use super::cases;

pub(super) fn cases() -> Vec<Case> {
    cases![
        server_sent_events_arrive_one_by_one,
        grpc_passes_with_its_trailers,
        a_websocket_passes_bytes_both_ways,
        a_connect_tunnel_passes_bytes_both_ways,
    ]
}

async fn server_sent_events_arrive_one_by_one(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("events", "masking")?;
    // Each event ends in what could be the start of a card number: a filter that holds it back hangs here.
    let events = ["data: 4111 1111\n\n", "data: 4111 11\n\n", "data: 4\n\n"];
    let script = Script { wait: true, ..Script::chunked(events) }.content_type("text/event-stream");
    let mut connection = gateway.connect(Protocol::Http1, 1).await?;
    let mut reply = connection.start(Request::get("/api/events").script(&script)?).await?;
    for (number, event) in events.iter().enumerate() {
        if number > 0 {
            bed.shop.release()?;
        }
        let mut arrived = Vec::new();
        while arrived.len() < event.len() {
            let piece = reply.next().await?;
            let Some(piece) = piece else { return Err(Failure::new("the stream ended early")) };
            arrived.extend_from_slice(&piece);
        }
        ensure_equal("event", arrived.as_slice(), event.as_bytes())?;
    }
    drop(reply);
    drop(connection);
    let line = gateway.line_of("/api/events").await?;
    ensure_equal("uninspected", line.text("uninspected"), "")
}

async fn grpc_passes_with_its_trailers(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("grpc", "masking")?;
    let message = b"\x00\x00\x00\x00\x134111 1111 1111 1111";
    let mut script = Script::chunked([message]).content_type("application/grpc");
    script.trailers = vec![("grpc-status".to_owned(), "0".to_owned())];
    let request = Request::new("POST", "/api/shop.Orders/Get")
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("x-harness-upstream", "h2")
        .body(message.to_vec())
        .script(&script)?;
    let reply = gateway.connect(Protocol::Http2, 1).await?.send(request).await?;
    ensure_equal("message", reply.body.as_slice(), message.as_slice())?;
    let status = reply.trailers.and_then(|trailers| trailers.get("grpc-status").cloned());
    ensure(status.is_some_and(|status| status == "0"), || "no grpc-status in the trailers".to_owned())
}

async fn a_websocket_passes_bytes_both_ways(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("websocket", "masking")?;
    let mut connection = RawConnection::open([127, 0, 0, 1].into(), gateway.address()).await?;
    connection
        .write(
            b"GET /api/socket HTTP/1.1\r\nhost: shop.localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
              sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
        )
        .await?;
    let head = connection.read_to(b"\r\n\r\n").await?;
    ensure(head.starts_with(b"HTTP/1.1 101"), || format!("upgrade: {}", String::from_utf8_lossy(&head)))?;
    for frame in [b"4111 1111 1111 1111".as_slice(), b"\x81\x04ping"] {
        connection.write(frame).await?;
        ensure_equal("echo", connection.read_to(frame).await?.as_slice(), frame)?;
    }
    Ok(())
}

async fn a_connect_tunnel_passes_bytes_both_ways(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("tunnel", "masking")?;
    let mut connection = RawConnection::open([127, 0, 0, 1].into(), gateway.address()).await?;
    connection.write(b"CONNECT shop.localhost:80 HTTP/1.1\r\nhost: shop.localhost:80\r\n\r\n").await?;
    let head = connection.read_to(b"\r\n\r\n").await?;
    ensure(head.starts_with(b"HTTP/1.1 200"), || format!("tunnel: {}", String::from_utf8_lossy(&head)))?;
    connection.write(b"GET /api/orders/1 HTTP/1.1\r\nhost: shop.localhost\r\n\r\n").await?;
    let reply = connection.read_to(b"4111 1111 1111 1111").await?;
    ensure(reply.starts_with(b"HTTP/1.1 200"), || format!("reply: {}", String::from_utf8_lossy(&reply)))
}
