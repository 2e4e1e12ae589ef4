//! The shop's server.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::channel::{Channel, Sender};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use serde_json::{Value, json};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, oneshot};
use tokio::time::sleep;

use super::control;
use super::ledger::{Ledger, Seen};
use super::pages::{page, password_of};
use super::script::{HEADER, Script};
use crate::failure::{Context, Failure};

/// A body of the shop.
pub(super) type Body = BoxBody<Bytes, io::Error>;

/// Bodies of requests are kept in memory only up to this length, for the login.
const LONGEST_LOGIN: usize = 64 * 1024;

/// A running shop that closes with this value.
#[derive(Debug)]
pub struct Shop {
    address: SocketAddr,
    control: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What the shop's connections share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) ledger: Ledger,
    /// Permits for replies that wait, see [`Script::wait`].
    pub(super) releases: Semaphore,
}

impl Shop {
    /// Opens the shop on a thread of its own; port 0 takes a free one.
    ///
    /// # Errors
    ///
    /// One of the addresses is taken.
    pub fn open(address: SocketAddr, control: SocketAddr) -> Result<Self, Failure> {
        let sales = bind(address)?;
        let office = bind(control)?;
        let (address, control) = (sales.local_addr()?, office.local_addr()?);
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new().name("shop".to_owned()).spawn(move || {
            let shared = Arc::new(Shared { ledger: Ledger::default(), releases: Semaphore::new(0) });
            runtime.block_on(async {
                tokio::select! {
                    () = serve(sales, Arc::clone(&shared)) => (),
                    () = control::serve(office, shared) => (),
                    _ = stopped => (),
                }
            });
        })?;
        Ok(Self { address, control, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it sells.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it tells what it saw.
    #[must_use]
    pub const fn control(&self) -> SocketAddr {
        self.control
    }

    /// Stays open until the process ends.
    pub fn stay(mut self) {
        if let Some(thread) = self.thread.take() {
            // The thread ends only when it is told to, and nobody does.
            let _ = thread.join();
        }
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The thread is gone already if nobody listens.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn bind(address: SocketAddr) -> Result<std::net::TcpListener, Failure> {
    let listener =
        std::net::TcpListener::bind(address).context(format_args!("cannot listen on {address}"))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

async fn serve(listener: std::net::TcpListener, shared: Arc<Shared>) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        // Chunks that a script keeps apart must not be joined by the kernel.
        let _ = stream.set_nodelay(true);
        tokio::spawn(converse(stream, Arc::clone(&shared)));
    }
}

async fn converse(stream: TcpStream, shared: Arc<Shared>) {
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(reply(request, shared).await) }
    });
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http1().max_headers(2_000).max_buf_size(1 << 20);
    server.http2().max_header_list_size(1 << 20);
    // A connection that breaks is what some tests want.
    let _ = server.serve_connection_with_upgrades(TokioIo::new(stream), service).await;
}

async fn reply(request: Request<Incoming>, shared: Arc<Shared>) -> Response<Body> {
    let place = shared.ledger.note(Seen {
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        headers: request
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect(),
        body_bytes: 0,
        complete: false,
    });
    if request.headers().contains_key(http::header::UPGRADE) {
        return upgrade(request);
    }
    let script = request.headers().get(HEADER).map(|value| Script::from_header(value.as_bytes()));
    match script {
        Some(Err(failure)) => full(500, json!({ "error": failure.to_string() })),
        Some(Ok(script)) if script.early => {
            let (parts, body) = request.into_parts();
            drop(parts);
            tokio::spawn(read_body(body, place, Arc::clone(&shared)));
            perform(script, shared)
        }
        Some(Ok(script)) => {
            read_body(request.into_body(), place, Arc::clone(&shared)).await;
            perform(script, shared)
        }
        None => {
            let login = request.method() == http::Method::POST && request.uri().path() == "/login";
            let path = request.uri().path().to_owned();
            let body = read_body(request.into_body(), place, shared).await;
            if login { log_in(&body) } else { show(&path) }
        }
    }
}

fn show(path: &str) -> Response<Body> {
    let page = page(path);
    full(page.status, page.json)
}

fn log_in(body: &[u8]) -> Response<Body> {
    let (user, password) = credentials(body);
    let known = user.as_deref().and_then(password_of);
    if known.is_none() || known != password {
        return full(401, json!({ "error": "bad_credentials" }));
    }
    let mut response = full(302, json!({ "welcome": true }));
    let headers = response.headers_mut();
    headers.insert(http::header::LOCATION, HeaderValue::from_static("/account"));
    headers
        .insert(http::header::SET_COOKIE, HeaderValue::from_static("sid=0123456789abcdef; Path=/; HttpOnly"));
    response
}

/// User name and password from a JSON object or a form.
fn credentials(body: &[u8]) -> (Option<String>, Option<String>) {
    if let Ok(Value::Object(object)) = serde_json::from_slice(body) {
        let text = |key: &str| object.get(key).and_then(Value::as_str).map(str::to_owned);
        return (text("email"), text("password"));
    }
    let form = String::from_utf8_lossy(body);
    let field = |name: &str| {
        form.split('&')
            .filter_map(|pair| pair.split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value.replace("%40", "@").replace('+', " "))
    };
    (field("email"), field("password"))
}

/// Reads a body to its end, wherever that is, and returns its first bytes.
async fn read_body(mut body: Incoming, place: usize, shared: Arc<Shared>) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut bytes = 0;
    let mut complete = true;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            complete = false;
            break;
        };
        if let Some(data) = frame.data_ref() {
            bytes += data.len();
            let room = LONGEST_LOGIN.saturating_sub(kept.len()).min(data.len());
            kept.extend_from_slice(data.get(..room).unwrap_or_default());
        }
    }
    shared.ledger.body(place, bytes, complete);
    kept
}

fn full(status: u16, json: Value) -> Response<Body> {
    let body = Full::new(Bytes::from(json.to_string())).map_err(|never: Infallible| match never {}).boxed();
    respond(status, body, &[("content-type".to_owned(), "application/json".to_owned())])
}

fn respond(status: u16, body: Body, headers: &[(String, String)]) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = header_map(headers);
    response
}

fn header_map(headers: &[(String, String)]) -> HeaderMap {
    headers
        .iter()
        .filter_map(|(name, value)| {
            Some((HeaderName::try_from(name).ok()?, HeaderValue::from_bytes(value.as_bytes()).ok()?))
        })
        .collect()
}

fn perform(script: Script, shared: Arc<Shared>) -> Response<Body> {
    let (sender, body) = Channel::<Bytes, io::Error>::new(1);
    let mut response = respond(script.status, body.boxed(), &script.headers);
    if script.sized {
        let length: usize = script.body().map(|chunk| chunk.len()).sum();
        response.headers_mut().insert(http::header::CONTENT_LENGTH, length.into());
    }
    if !script.trailers.is_empty() {
        let names: Vec<_> = script.trailers.iter().map(|(name, _)| name.as_str()).collect();
        if let Ok(names) = HeaderValue::from_str(&names.join(", ")) {
            response.headers_mut().insert(http::header::TRAILER, names);
        }
    }
    tokio::spawn(write_body(script, sender, shared));
    response
}

async fn write_body(script: Script, mut sender: Sender<Bytes, io::Error>, shared: Arc<Shared>) {
    if script.delay > 0 {
        sleep(std::time::Duration::from_millis(script.delay)).await;
    }
    let mut first = true;
    for chunk in script.body() {
        if !first {
            if let Some(pause) = script.pause() {
                sleep(pause).await;
            }
            if script.wait
                && let Ok(permit) = shared.releases.acquire().await
            {
                permit.forget();
            }
        }
        first = false;
        if sender.send_data(chunk).await.is_err() {
            return;
        }
    }
    if script.break_off {
        sender.abort(io::Error::other("the script says so"));
        return;
    }
    if !script.trailers.is_empty() {
        // The gateway may be gone; then nobody misses the trailers.
        let _ = sender.send_trailers(header_map(&script.trailers)).await;
    }
}

/// Agrees to any upgrade and sends back what arrives.
fn upgrade(mut request: Request<Incoming>) -> Response<Body> {
    let protocol = request.headers().get(http::header::UPGRADE).cloned();
    tokio::spawn(async move {
        let Ok(upgraded) = hyper::upgrade::on(&mut request).await else { return };
        let mut stream = TokioIo::new(upgraded);
        let (mut near, mut far) = tokio::io::duplex(4096);
        let echo = tokio::spawn(async move {
            let (mut read, mut write) = tokio::io::split(&mut far);
            let _ = tokio::io::copy(&mut read, &mut write).await;
        });
        let _ = copy_bidirectional(&mut stream, &mut near).await;
        echo.abort();
    });
    let mut response = full(101, Value::Null);
    *response.body_mut() = Full::new(Bytes::new()).map_err(|never: Infallible| match never {}).boxed();
    let headers = response.headers_mut();
    headers.clear();
    headers.insert(http::header::CONNECTION, HeaderValue::from_static("upgrade"));
    if let Some(protocol) = protocol {
        headers.insert(http::header::UPGRADE, protocol);
    }
    response
}
