//! Clients that do what no library would let them do.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::connection::{PATIENCE, connect};
use crate::failure::{Context, Failure, ensure};

/// No reply to raw bytes is read beyond this.
const LONGEST_REPLY: usize = 1 << 20;

/// Silence of this length ends a reply of which nothing else is known.
const SILENCE: Duration = Duration::from_millis(500);

/// A connection that carries any bytes.
#[derive(Debug)]
pub struct RawConnection {
    stream: TcpStream,
}

impl RawConnection {
    /// Connects from this address.
    ///
    /// # Errors
    ///
    /// Nobody listens there.
    pub async fn open(from: Ipv4Addr, to: SocketAddr) -> Result<Self, Failure> {
        Ok(Self { stream: connect(from, to).await? })
    }

    /// Writes these bytes.
    ///
    /// # Errors
    ///
    /// The other side has closed.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.stream.write_all(bytes).await.context("writing raw bytes")
    }

    /// Reads until these bytes have come, and returns everything up to there.
    ///
    /// # Errors
    ///
    /// They did not come, within twenty seconds or a mebibyte.
    pub async fn read_to(&mut self, end: &[u8]) -> Result<Vec<u8>, Failure> {
        let mut read = Vec::new();
        while !read.ends_with(end) && !contains(&read, end) {
            let more =
                timeout(PATIENCE, self.read_some(&mut read)).await.context("nothing came for 20 s")??;
            ensure(more, || format!("the connection ended after {:?}", String::from_utf8_lossy(&read)))?;
        }
        Ok(read)
    }

    /// Reads until at least this many bytes have come.
    ///
    /// # Errors
    ///
    /// Fewer came, or nothing for twenty seconds.
    pub async fn read_at_least(&mut self, count: usize) -> Result<Vec<u8>, Failure> {
        let mut read = Vec::new();
        while read.len() < count {
            let more =
                timeout(PATIENCE, self.read_some(&mut read)).await.context("nothing came for 20 s")??;
            ensure(more, || format!("the connection ended after {} bytes", read.len()))?;
        }
        Ok(read)
    }

    /// Reads until the other side closes or falls silent.
    ///
    /// # Errors
    ///
    /// More than a mebibyte came.
    pub async fn read_until_silence(&mut self) -> Result<Vec<u8>, Failure> {
        let mut read = Vec::new();
        while let Ok(Ok(true)) = timeout(SILENCE, self.read_some(&mut read)).await {}
        Ok(read)
    }

    /// Hangs up with a reset.
    ///
    /// # Errors
    ///
    /// The kernel refuses.
    pub fn reset(self) -> Result<(), Failure> {
        self.stream.set_zero_linger()?;
        drop(self.stream);
        Ok(())
    }

    /// Reads what is there; false at the end.
    async fn read_some(&mut self, into: &mut Vec<u8>) -> Result<bool, Failure> {
        ensure(into.len() < LONGEST_REPLY, || "a reply longer than a mebibyte".to_owned())?;
        let mut buffer = [0; 4096];
        let count = self.stream.read(&mut buffer).await?;
        into.extend_from_slice(buffer.get(..count).unwrap_or_default());
        Ok(count > 0)
    }
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

/// An HTTP/2 client that gives every stream a window of nothing: heads of replies arrive, bodies never do.
pub struct ShutWindow {
    sender: h2::client::SendRequest<Bytes>,
    /// Streams that are kept open, as such a client does.
    open: Vec<http::Response<h2::RecvStream>>,
}

impl ShutWindow {
    /// Connects from this address.
    ///
    /// # Errors
    ///
    /// Nobody listens there.
    pub async fn open(from: Ipv4Addr, to: SocketAddr) -> Result<Self, Failure> {
        let stream = connect(from, to).await?;
        let (sender, connection) =
            h2::client::Builder::new().initial_window_size(0).handshake(stream).await?;
        tokio::spawn(connection);
        Ok(Self { sender, open: Vec::new() })
    }

    /// Posts a form and returns the reply's status; its body stays where it is.
    ///
    /// # Errors
    ///
    /// No head of a reply within twenty seconds.
    pub async fn post_form(&mut self, host: &str, path: &str, form: Bytes) -> Result<u16, Failure> {
        let request = http::Request::builder()
            .method("POST")
            .uri(format!("http://{host}{path}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("content-length", form.len())
            .body(())?;
        self.sender = self.sender.clone().ready().await?;
        let (reply, mut body) = self.sender.send_request(request, false)?;
        body.send_data(form, true)?;
        let reply = timeout(PATIENCE, reply).await.context("no head of a reply within 20 s")??;
        let status = reply.status().as_u16();
        self.open.push(reply);
        Ok(status)
    }
}

/// Where an HTTP/2 client resets a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResetPoint {
    /// After the head, before any byte of the body.
    BeforeBody,
    /// In the middle of the body.
    InBody,
    /// After the body, before the reply.
    BeforeReply,
    /// After the head of the reply.
    InReply,
}

/// Posts a form over HTTP/2 and resets the stream at a point of it; then the connection is asked for a sign of life.
///
/// # Errors
///
/// Nobody listens there, or the connection does not survive the reset of one of its streams.
pub async fn reset_stream(
    from: Ipv4Addr,
    to: SocketAddr,
    request: http::request::Builder,
    form: &str,
    point: ResetPoint,
) -> Result<(), Failure> {
    let stream = connect(from, to).await?;
    let (sender, mut connection) = h2::client::handshake(stream).await?;
    let mut ping = connection.ping_pong().context("no ping")?;
    tokio::spawn(connection);
    let mut sender = sender.ready().await?;
    let (reply, mut body) = sender.send_request(request.body(())?, false)?;
    let (front, back) = form.split_at_checked(form.len() / 2).unwrap_or((form, ""));
    if point != ResetPoint::BeforeBody {
        body.send_data(Bytes::copy_from_slice(front.as_bytes()), false)?;
    }
    if matches!(point, ResetPoint::BeforeReply | ResetPoint::InReply) {
        body.send_data(Bytes::copy_from_slice(back.as_bytes()), true)?;
    }
    if point == ResetPoint::InReply {
        timeout(PATIENCE, reply).await.context("no head of a reply within 20 s")??;
    }
    // What was sent must arrive before the reset does, or there is nothing to reset.
    tokio::time::sleep(Duration::from_millis(20)).await;
    body.send_reset(h2::Reason::CANCEL);
    timeout(PATIENCE, ping.ping(h2::Ping::opaque()))
        .await
        .context("the connection is dead after the reset")??;
    Ok(())
}

/// An HTTP/2 connection's first bytes with one request that has no `:path`.
#[must_use]
pub fn http2_without_path(host: &str) -> Vec<u8> {
    let mut block = vec![0x82, 0x86]; // :method GET and :scheme http, from the static table
    block.push(0x41); // :authority, literal
    block.push(u8::try_from(host.len()).unwrap_or(0));
    block.extend_from_slice(host.as_bytes());
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend_from_slice(&[0, 0, 0, 4, 0, 0, 0, 0, 0]); // SETTINGS, empty
    bytes.extend_from_slice(&[0, 0, u8::try_from(block.len()).unwrap_or(0), 1, 5, 0, 0, 0, 1]); // HEADERS, end of both
    bytes.extend_from_slice(&block);
    bytes
}
