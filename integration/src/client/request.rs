//! What a client asks.

use std::time::Duration;

use bytes::Bytes;

use crate::failure::Failure;
use crate::shop::Script;

/// A request to be sent.
#[derive(Debug, Clone)]
pub struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) host: String,
    pub(super) headers: Vec<(String, Vec<u8>)>,
    pub(super) chunks: Vec<Bytes>,
    pub(super) sized: bool,
    pub(super) pause: Duration,
    pub(super) trailers: Vec<(String, String)>,
}

impl Request {
    /// A request without a body.
    pub fn new(method: &str, path: impl Into<String>) -> Self {
        Self {
            method: method.to_owned(),
            path: path.into(),
            host: "shop.localhost".to_owned(),
            headers: Vec::new(),
            chunks: Vec::new(),
            sized: true,
            pause: Duration::ZERO,
            trailers: Vec::new(),
        }
    }

    /// A GET.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path)
    }

    /// A login at the shop, as its form sends it.
    #[must_use]
    pub fn login(user: &str, password: &str) -> Self {
        let form = format!("email={}&password={password}", user.replace('@', "%40"));
        Self::new("POST", "/login").header("content-type", "application/x-www-form-urlencoded").body(form)
    }

    /// Asks the shop for this reply.
    ///
    /// # Errors
    ///
    /// As [`Script::to_header`].
    pub fn script(self, script: &Script) -> Result<Self, Failure> {
        let (name, value) = script.to_header()?;
        Ok(self.header(&name, value))
    }

    /// The host that is asked; `shop.localhost` unless set.
    #[must_use]
    pub fn host(mut self, host: &str) -> Self {
        host.clone_into(&mut self.host);
        self
    }

    /// Adds a header, also a second one of the same name. The value may be any bytes that HTTP allows.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// A body with its length stated.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.chunks = vec![body.into()];
        self.sized = true;
        self
    }

    /// A body in chunks, each written by itself after a pause.
    #[must_use]
    pub fn chunks<C: AsRef<[u8]>>(mut self, chunks: impl IntoIterator<Item = C>, pause: Duration) -> Self {
        self.chunks = chunks.into_iter().map(|chunk| Bytes::copy_from_slice(chunk.as_ref())).collect();
        self.sized = false;
        self.pause = pause;
        self
    }

    /// States the length of a body in chunks, which are still written one by one.
    #[must_use]
    pub fn with_length(self) -> Self {
        let length: usize = self.chunks.iter().map(Bytes::len).sum();
        self.header("content-length", length.to_string())
    }

    /// Adds a trailer; the body is sent in chunks then.
    #[must_use]
    pub fn trailer(mut self, name: &str, value: &str) -> Self {
        self.trailers.push((name.to_owned(), value.to_owned()));
        self.sized = false;
        self
    }
}
