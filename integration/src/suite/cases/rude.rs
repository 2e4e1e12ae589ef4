//! Bad input: no trap, no hang, and the gateway goes on.
//!
//! That no filter trapped is checked by the runner after every case.

use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

use crate::client::rude::{RawConnection, ResetPoint, ShutWindow, http2_without_path, reset_stream};
use crate::client::{End, Protocol, Request};
use crate::failure::{Context, Failure, ensure, ensure_equal};
use crate::shop::Script;

use super::super::bed::Bed;
use super::super::gateway::Gateway;
use super::super::run::Case;
use super::cases;

pub(super) fn cases() -> Vec<Case> {
    cases![
        headers_that_are_no_text_pass,
        repeated_headers_pass,
        a_thousand_headers_do_not_trap,
        a_request_without_a_path_ends_in_the_log,
        a_claimed_content_type_does_not_matter,
        deeply_nested_json_is_no_trouble,
        a_client_that_hangs_up_in_any_phase_is_forgotten,
        a_stream_that_is_reset_in_any_phase_leaves_its_connection_alone,
        a_client_that_never_opens_its_window_still_counts,
        an_early_reply_before_the_body_ends_arrives,
        an_upstream_that_breaks_off_breaks_off,
        trailers_end_a_login,
    ]
}

const CLIENT: std::net::Ipv4Addr = std::net::Ipv4Addr::LOCALHOST;

async fn still_works(gateway: &Gateway) -> Result<(), Failure> {
    for protocol in [Protocol::Http1, Protocol::Http2] {
        let reply = gateway.connect(protocol, 200).await?.send(Request::get("/api/status")).await?;
        ensure_equal("status of a harmless request afterwards", reply.status, 200)?;
    }
    Ok(())
}

async fn headers_that_are_no_text_pass(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("no-text", "seen")?;
    for header in ["x-odd", "user-agent", "cookie", "accept", "accept-encoding", "range", "x-bartizan-odd"] {
        let request = Request::get("/api/items/1").header(header, b"caf\xe9 \xff\xfe".to_vec());
        ensure_equal(header, gateway.send(1, request).await?.status, 200)?;
    }
    let login = Request::login("customer1@example.org", "correct-horse-1").header("referer", vec![0xff; 16]);
    ensure_equal("login", gateway.send(1, login).await?.status, 302)?;
    still_works(&gateway).await
}

async fn repeated_headers_pass(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("repeated", "seen")?;
    let mut request = Request::get("/api/items/1");
    for number in 0..20 {
        request = request.header("cookie", format!("c{number}=1")).header("x-forwarded-for", "203.0.113.7");
    }
    ensure_equal("status", gateway.send(1, request).await?.status, 200)?;
    still_works(&gateway).await
}

/// Envoy itself refuses more than a hundred headers unless told otherwise; what matters is an answer.
async fn a_thousand_headers_do_not_trap(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("thousand", "seen")?;
    for count in [90, 1_000] {
        let mut request = Request::get("/api/items/1");
        for number in 0..count {
            request = request.header(&format!("x-{number}"), "v");
        }
        let status = gateway.send(1, request).await?.status;
        let expected = if count < 100 { 200 } else { 431 };
        ensure_equal("status", status, expected)?;
    }
    still_works(&gateway).await
}

/// Envoy ends such a connection by itself; the filter then meets the exchange in its log callback for the first time.
async fn a_request_without_a_path_ends_in_the_log(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("pathless", "seen")?;
    let mut connection = RawConnection::open(CLIENT, gateway.address()).await?;
    connection.write(&http2_without_path("shop.localhost")).await?;
    connection.read_until_silence().await?;
    let log = gateway.log_of(1).await?;
    let details = log.first().map(|line| line.field("details"));
    ensure_equal("details in the log", details, Some("http2.violation.of.messaging.rule"))?;
    still_works(&gateway).await
}

async fn a_claimed_content_type_does_not_matter(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("claims", "seen")?;
    let types = [
        "",
        "application/json",
        "multipart/form-data; boundary=x",
        "text/html; charset=utf-16",
        "image/png",
        ";;;",
    ];
    for (number, claimed) in (1_u8..).zip(types) {
        for body in [b"\x00\xff\xfe".as_slice(), b"{\"email\":", b"email=a&email=b&%zz=%", b""] {
            let mut request = Request::new("POST", "/login").body(body.to_vec());
            if !claimed.is_empty() {
                request = request.header("content-type", claimed);
            }
            let status = gateway.send(number, request).await?.status;
            ensure(matches!(status, 401 | 403), || format!("{claimed:?} with {body:?}: status {status}"))?;
        }
        let script = Script::chunked([b"\xff\xfe\x00\xff4111 1111 1111 1111\xff"]);
        let script = if claimed.is_empty() { script } else { script.content_type(claimed) };
        let reply = gateway.send(number, Request::get("/api/odd").script(&script)?).await?;
        ensure_equal("end", &reply.end, &End::Complete)?;
    }
    still_works(&gateway).await
}

async fn deeply_nested_json_is_no_trouble(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("nested", "seen")?;
    let nested = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let request =
        Request::new("POST", "/login").header("content-type", "application/json").body(nested.clone());
    let status = gateway.send(1, request).await?.status;
    ensure_equal("status", status, 401)?;
    let script = Script { repeat: 20, pause: 0, ..Script::chunked(["[".repeat(500)]) };
    let reply = gateway.send(1, Request::get("/api/nested").script(&script)?).await?;
    ensure_equal("length", reply.body.len(), 10_000)?;
    still_works(&gateway).await
}

async fn a_client_that_hangs_up_in_any_phase_is_forgotten(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("hang-up", "seen")?;
    let login = "POST /login HTTP/1.1\r\nhost: shop.localhost\r\ncontent-length: 40\r\n\r\n";
    let slow = Script { delay: 200, pause: 50, repeat: 50, ..Script::chunked(["4111 1111 ", "1111 1111 "]) };
    let (name, value) = slow.to_header()?;
    let reading = format!("GET /api/slow HTTP/1.1\r\nhost: shop.localhost\r\n{name}: {value}\r\n\r\n");
    let requests = ["GET /api/it", login, &format!("{login}email=a"), &reading];
    for request in requests {
        for _ in 0..5 {
            let mut connection = RawConnection::open(CLIENT, gateway.address()).await?;
            connection.write(request.as_bytes()).await?;
            tokio::time::sleep(Duration::from_millis(20)).await;
            connection.reset()?;
        }
    }
    for bytes in [1, 300, 1_000] {
        let mut connection = RawConnection::open(CLIENT, gateway.address()).await?;
        connection.write(reading.as_bytes()).await?;
        connection.read_at_least(bytes).await?;
        connection.reset()?;
    }
    still_works(&gateway).await
}

async fn a_stream_that_is_reset_in_any_phase_leaves_its_connection_alone(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("stream-reset", "seen")?;
    let slow = Script { delay: 300, pause: 20, repeat: 20, ..Script::chunked(["4111 1111 ", "1111 1111 "]) };
    let (name, value) = slow.to_header()?;
    let points = [ResetPoint::BeforeBody, ResetPoint::InBody, ResetPoint::BeforeReply, ResetPoint::InReply];
    for path in ["/login", "/api/slow"] {
        for point in points {
            for held in [true, false] {
                let form = "email=customer1%40example.org&password=correct-horse-1";
                let mut request = http::Request::builder()
                    .method("POST")
                    .uri(format!("http://shop.localhost{path}"))
                    .header("content-type", "application/x-www-form-urlencoded");
                if held {
                    request = request.header("content-length", form.len());
                }
                if path == "/api/slow" {
                    request = request.header(&name, &value);
                }
                reset_stream(CLIENT, gateway.address(), request, form, point)
                    .await
                    .context(format_args!("{path}, {point:?}"))?;
            }
        }
    }
    still_works(&gateway).await
}

async fn a_client_that_never_opens_its_window_still_counts(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("shut-window", "login")?;
    let mut connection = ShutWindow::open(CLIENT, gateway.address()).await?;
    let mut statuses = Vec::new();
    for number in 0..20 {
        let form = format!("email=leaked{number}%40example.net&password=x");
        statuses.push(connection.post_form("shop.localhost", "/login", Bytes::from(form)).await?);
    }
    let expected: Vec<_> = (0..20).map(|number| if number < 10 { 401 } else { 403 }).collect();
    ensure_equal("statuses", statuses, expected)?;
    ensure_equal("tries that reached the shop", bed.shop.count("POST", "/login")?, 10)
}

async fn an_early_reply_before_the_body_ends_arrives(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("early", "masking")?;
    let script =
        Script { early: true, status: 418, ..Script::chunked(["{\"card\":\"4111 1111 1111 1111\"}"]) };
    let parts: Vec<_> = (0..20).map(|_| "x".repeat(100)).collect();
    let request =
        Request::new("POST", "/api/upload").chunks(parts, Duration::from_millis(10)).script(&script)?;
    let reply = gateway.connect(Protocol::Http2, 1).await?.send(request).await?;
    ensure_equal("status", reply.status, 418)?;
    ensure_equal("body", reply.text().as_str(), "{\"card\":\"**** **** **** 1111\"}")?;
    still_works(&gateway).await
}

async fn an_upstream_that_breaks_off_breaks_off(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway_with("break-off", "masking", &json!({ "records": "all" }))?;
    let script = Script { break_off: true, ..Script::chunked(["4111 1111 ", "1111"]) };
    let reply = gateway.send(1, Request::get("/api/broken").script(&script)?).await?;
    ensure(reply.end != End::Complete, || format!("it looks complete: {:?}", reply.text()))?;
    ensure(!reply.text().contains("4111"), || format!("a part of a number left: {:?}", reply.text()))?;
    still_works(&gateway).await
}

async fn trailers_end_a_login(bed: &Bed) -> Result<(), Failure> {
    let gateway = bed.gateway("login-trailers", "login")?;
    for number in 0..15 {
        let form = format!("email=leaked{number}%40example.net&password=x");
        let request = Request::new("POST", "/login")
            .header("content-type", "application/x-www-form-urlencoded")
            .chunks([form], Duration::ZERO)
            .trailer("x-end", "1");
        gateway.connect(Protocol::Http2, 1).await?.send(request).await?;
    }
    let whole = bed.shop.seen()?.iter().filter(|seen| seen.complete && seen.path == "/login").count();
    ensure(whole <= 10, || format!("{whole} logins with trailers reached the shop, the limit is 10"))?;
    still_works(&gateway).await
}
