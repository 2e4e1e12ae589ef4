//! A client that speaks HTTP/2: the end can come with the last data, and the window can stay shut.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::ProbeMessage;
use super::http1::{BETWEEN_PARTS, PATIENCE, Received};

/// Sends a request and reads the reply. With a shut window nothing of its body comes; `meanwhile` runs after a while, and
/// then the client goes away.
pub(super) fn request(
    to: SocketAddr,
    message: &ProbeMessage,
    shut: bool,
    meanwhile: impl FnOnce(),
) -> io::Result<Received> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(exchange(to, message, shut, meanwhile))
}

async fn exchange(
    to: SocketAddr,
    message: &ProbeMessage,
    shut: bool,
    meanwhile: impl FnOnce(),
) -> io::Result<Received> {
    let stream = TcpStream::connect(to).await?;
    let mut settings = h2::client::Builder::new();
    if shut {
        settings.initial_window_size(0);
    }
    let (sender, connection) = settings.handshake::<_, Bytes>(stream).await.map_err(io::Error::other)?;
    let connection = tokio::spawn(connection);
    let mut received = Received::default();
    let mut sender = sender.ready().await.map_err(io::Error::other)?;
    let mut head = http::Request::builder()
        .method(message.method().as_str())
        .uri(format!("http://probe{}", message.path()))
        .version(http::Version::HTTP_2);
    for (name, value) in message.header_pairs() {
        head = head.header(name, value);
    }
    let head = head.body(()).map_err(io::Error::other)?;
    let (reply, mut body) = sender.send_request(head, message.ends_with_head()).map_err(io::Error::other)?;
    let parts = message.parts();
    for (number, part) in parts.iter().enumerate() {
        sleep(BETWEEN_PARTS).await;
        let last = number.saturating_add(1) == parts.len();
        // The proxy may reply, or cut, before everything is sent.
        let _ = body.send_data(Bytes::copy_from_slice(part), last);
    }
    match timeout(PATIENCE, reply).await {
        Ok(Ok(reply)) => read(reply, shut, &mut received).await,
        Ok(Err(_)) => {}
        Err(_) => received.timed_out = true,
    }
    if shut {
        sleep(A_WHILE).await;
        meanwhile();
    }
    connection.abort();
    Ok(received)
}

async fn read(reply: http::Response<h2::RecvStream>, shut: bool, received: &mut Received) {
    received.head = true;
    received.status = Some(reply.status().as_u16());
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    received.headers =
        reply.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    if shut {
        received.timed_out = true;
        return;
    }
    let mut body = reply.into_body();
    loop {
        match timeout(PATIENCE, body.data()).await {
            Ok(Some(Ok(part))) => {
                let _ = body.flow_control().release_capacity(part.len());
                received.body.extend_from_slice(&part);
            }
            Ok(Some(Err(_))) => return,
            Ok(None) => {
                received.complete = true;
                return;
            }
            Err(_) => {
                received.timed_out = true;
                return;
            }
        }
    }
}

/// Long enough for everything that does not depend on the client to happen.
const A_WHILE: Duration = Duration::from_millis(200);
