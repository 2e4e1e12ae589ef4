//! Asking the shop what it saw.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::ledger::Seen;
use super::server::Shared;
use crate::envoy::Admin;
use crate::failure::{Context, Failure};

/// The test's side of a shop's second address.
#[derive(Debug, Clone, Copy)]
pub struct ShopControl {
    // The same few lines of blocking HTTP serve Envoy's admin interface and this.
    client: Admin,
}

impl ShopControl {
    /// The shop that answers there.
    #[must_use]
    pub const fn new(control: SocketAddr) -> Self {
        Self { client: Admin::new(control) }
    }

    /// Every request since the last reset.
    ///
    /// # Errors
    ///
    /// The shop does not answer.
    pub fn seen(&self) -> Result<Vec<Seen>, Failure> {
        serde_json::from_str(&self.client.get("/seen")?).context("what the shop saw")
    }

    /// How many requests reached this path since the last reset.
    ///
    /// # Errors
    ///
    /// The shop does not answer.
    pub fn count(&self, method: &str, path: &str) -> Result<usize, Failure> {
        Ok(self.seen()?.iter().filter(|seen| seen.method == method && seen.path == path).count())
    }

    /// Forgets every request.
    ///
    /// # Errors
    ///
    /// The shop does not answer.
    pub fn reset(&self) -> Result<(), Failure> {
        self.client.post("/reset").map(drop)
    }

    /// Lets one waiting reply go on by one chunk, see [`super::Script::wait`].
    ///
    /// # Errors
    ///
    /// The shop does not answer.
    pub fn release(&self) -> Result<(), Failure> {
        self.client.post("/release").map(drop)
    }
}

pub(super) async fn serve(listener: std::net::TcpListener, shared: Arc<Shared>) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let answer = answer(&request, &shared);
                async { Ok::<_, Infallible>(answer) }
            });
            // A test that hangs up has what it wanted.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

fn answer(request: &Request<Incoming>, shared: &Shared) -> Response<Full<Bytes>> {
    let body = match request.uri().path() {
        "/seen" => serde_json::to_vec(&shared.ledger.all()).unwrap_or_default(),
        "/reset" => {
            shared.ledger.reset();
            shared.releases.forget_permits(usize::MAX);
            Vec::new()
        }
        "/release" => {
            shared.releases.add_permits(1);
            Vec::new()
        }
        _ => {
            let mut response = Response::new(Full::new(Bytes::from_static(b"no such page\n")));
            *response.status_mut() = http::StatusCode::NOT_FOUND;
            return response;
        }
    };
    Response::new(Full::new(Bytes::from(body)))
}
