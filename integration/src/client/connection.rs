//! A connection of a well-behaved client.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body_util::channel::Channel;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

use super::reply::{Reply, Started};
use super::request::Request;
use crate::failure::{Context, Failure};

type Body = BoxBody<Bytes, io::Error>;

/// How long a client waits for the next sign of life.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// The protocol of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1, one request after the other.
    Http1,
    /// HTTP/2 without TLS, many requests at once.
    Http2,
}

/// A connection that is open.
#[derive(Debug)]
pub struct Connection(Kind);

#[derive(Debug)]
enum Kind {
    Http1(http1::SendRequest<Body>),
    Http2(http2::SendRequest<Body>),
}

impl Connection {
    /// Connects from this address.
    ///
    /// # Errors
    ///
    /// Nobody listens there.
    pub async fn open(protocol: Protocol, from: Ipv4Addr, to: SocketAddr) -> Result<Self, Failure> {
        let stream = TokioIo::new(connect(from, to).await?);
        let kind = match protocol {
            Protocol::Http1 => {
                let (sender, connection) =
                    http1::Builder::new().max_buf_size(1 << 20).max_headers(1_000).handshake(stream).await?;
                tokio::spawn(connection.with_upgrades());
                Kind::Http1(sender)
            }
            Protocol::Http2 => {
                let (sender, connection) =
                    http2::Builder::new(TokioExecutor::new()).handshake(stream).await?;
                tokio::spawn(connection);
                Kind::Http2(sender)
            }
        };
        Ok(Self(kind))
    }

    /// Sends a request and reads the whole reply.
    ///
    /// # Errors
    ///
    /// The connection broke before the reply's head, or nothing came for twenty seconds.
    pub async fn send(&mut self, request: Request) -> Result<Reply, Failure> {
        self.start(request).await?.finish().await
    }

    /// Sends a request and returns as soon as the reply's head is there.
    ///
    /// # Errors
    ///
    /// As [`Connection::send`].
    pub async fn start(&mut self, request: Request) -> Result<Started, Failure> {
        let what = format!("{} {}", request.method, request.path);
        let reply = match &mut self.0 {
            Kind::Http1(sender) => {
                let request = build(request, Protocol::Http1)?;
                sender.ready().await.context(&what)?;
                timeout(PATIENCE, sender.send_request(request)).await
            }
            Kind::Http2(sender) => {
                let request = build(request, Protocol::Http2)?;
                sender.ready().await.context(&what)?;
                timeout(PATIENCE, sender.send_request(request)).await
            }
        };
        let reply = reply.context(format_args!("no reply within 20 s to {what}"))?.context(what)?;
        Ok(Started::new(reply))
    }

    /// A second handle on an HTTP/2 connection, for requests at the same time.
    ///
    /// # Errors
    ///
    /// It is an HTTP/1.1 connection.
    pub fn share(&self) -> Result<Self, Failure> {
        match &self.0 {
            Kind::Http1(_) => Err(Failure::new("an HTTP/1.1 connection carries one request at a time")),
            Kind::Http2(sender) => Ok(Self(Kind::Http2(sender.clone()))),
        }
    }
}

/// Sends one request over an HTTP/1.1 connection of its own.
///
/// # Errors
///
/// As [`Connection::open`] and [`Connection::send`].
pub async fn send(from: Ipv4Addr, to: SocketAddr, request: Request) -> Result<Reply, Failure> {
    Connection::open(Protocol::Http1, from, to).await?.send(request).await
}

/// A connection from a chosen address of this machine.
pub(super) async fn connect(from: Ipv4Addr, to: SocketAddr) -> Result<TcpStream, Failure> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((from, 0))).context(format_args!("cannot use the address {from}"))?;
    let stream = timeout(PATIENCE, socket.connect(to)).await.context("connecting took too long")?;
    let stream = stream.context(format_args!("cannot connect from {from} to {to}"))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn build(request: Request, protocol: Protocol) -> Result<http::Request<Body>, Failure> {
    let target = match protocol {
        Protocol::Http1 => request.path.clone(),
        Protocol::Http2 => format!("http://{}{}", request.host, request.path),
    };
    let mut built = http::Request::builder().method(request.method.as_str()).uri(target).body(empty())?;
    let headers = built.headers_mut();
    if protocol == Protocol::Http1 {
        headers.insert(http::header::HOST, HeaderValue::from_str(&request.host)?);
    }
    for (name, value) in &request.headers {
        headers.append(HeaderName::try_from(name)?, HeaderValue::from_bytes(value)?);
    }
    if !request.trailers.is_empty() && protocol == Protocol::Http1 {
        let names: Vec<_> = request.trailers.iter().map(|(name, _)| name.as_str()).collect();
        headers.insert(http::header::TRAILER, HeaderValue::from_str(&names.join(", "))?);
    }
    *built.body_mut() = body(request)?;
    Ok(built)
}

fn empty() -> Body {
    Empty::new().map_err(|never: Infallible| match never {}).boxed()
}

fn body(request: Request) -> Result<Body, Failure> {
    if request.chunks.is_empty() && request.trailers.is_empty() {
        return Ok(empty());
    }
    if request.sized
        && let [only] = request.chunks.as_slice()
    {
        return Ok(Full::new(only.clone()).map_err(|never: Infallible| match never {}).boxed());
    }
    let mut trailers = HeaderMap::new();
    for (name, value) in &request.trailers {
        trailers.insert(HeaderName::try_from(name)?, HeaderValue::from_str(value)?);
    }
    let (mut sender, body) = Channel::<Bytes, io::Error>::new(1);
    tokio::spawn(async move {
        for chunk in request.chunks {
            if sender.send_data(chunk).await.is_err() {
                return;
            }
            sleep(request.pause).await;
        }
        if !trailers.is_empty() {
            // Nobody misses the trailers of a request that was answered already.
            let _ = sender.send_trailers(trailers).await;
        }
    });
    Ok(body.boxed())
}
