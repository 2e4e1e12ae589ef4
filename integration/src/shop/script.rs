//! Replies to order.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::failure::{Context, Failure};

/// A reply that a test describes, sent to the shop in the header `x-shop-script`.
///
/// A gateway's limit for headers (60 KiB in Envoy) bounds its size; [`Script::repeat`] makes longer bodies.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct Script {
    /// The status code.
    pub status: u16,
    /// Headers beside those that HTTP itself needs.
    pub headers: Vec<(String, String)>,
    /// The body's chunks, each written and flushed by itself.
    #[serde(with = "chunks")]
    pub chunks: Vec<Vec<u8>>,
    /// How often the chunks are sent, one round after the other.
    pub repeat: u32,
    /// Milliseconds between chunks, so that each is read by itself.
    pub pause: u64,
    /// Milliseconds before the head.
    pub delay: u64,
    /// Trailers after the body.
    pub trailers: Vec<(String, String)>,
    /// State the length in `content-length` instead of sending chunks.
    pub sized: bool,
    /// Reply before the request's body was read.
    pub early: bool,
    /// Break off instead of ending the body.
    pub break_off: bool,
    /// Wait before each chunk but the first until the test says [`super::ShopControl::release`].
    pub wait: bool,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            status: 200,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            chunks: Vec::new(),
            repeat: 1,
            pause: 0,
            delay: 0,
            trailers: Vec::new(),
            sized: false,
            early: false,
            break_off: false,
            wait: false,
        }
    }
}

/// The header that carries a script.
pub(super) const HEADER: &str = "x-shop-script";

impl Script {
    /// A JSON reply with these chunks, a few milliseconds apart.
    pub fn chunked<C: AsRef<[u8]>>(chunks: impl IntoIterator<Item = C>) -> Self {
        Self {
            chunks: chunks.into_iter().map(|chunk| chunk.as_ref().to_vec()).collect(),
            pause: 4,
            ..Self::default()
        }
    }

    /// Replaces the content type.
    #[must_use]
    pub fn content_type(self, content_type: &str) -> Self {
        self.header("content-type", content_type)
    }

    /// Sets a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(key, _)| key != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Name and value of the header that asks the shop for this reply.
    ///
    /// # Errors
    ///
    /// Never in practice: every script can be written as JSON.
    pub fn to_header(&self) -> Result<(String, String), Failure> {
        Ok((HEADER.to_owned(), STANDARD.encode(serde_json::to_vec(self)?)))
    }

    /// Reads a script from the header's value.
    pub(super) fn from_header(value: &[u8]) -> Result<Self, Failure> {
        let json = STANDARD.decode(value).context("the script is not base64")?;
        serde_json::from_slice(&json).context("the script is not one")
    }

    pub(super) fn body(&self) -> impl Iterator<Item = Bytes> + use<> {
        let chunks: Vec<_> = self.chunks.iter().map(|chunk| Bytes::copy_from_slice(chunk)).collect();
        (0..self.repeat).flat_map(move |_| chunks.clone())
    }

    pub(super) fn pause(&self) -> Option<Duration> {
        (self.pause > 0).then(|| Duration::from_millis(self.pause))
    }
}

/// Chunks as base64, because they may be any bytes.
mod chunks {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(chunks: &[Vec<u8>], serializer: S) -> Result<S::Ok, S::Error> {
        chunks.iter().map(|chunk| STANDARD.encode(chunk)).collect::<Vec<_>>().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Vec<u8>>, D::Error> {
        Vec::<String>::deserialize(deserializer)?
            .iter()
            .map(|chunk| STANDARD.decode(chunk).map_err(D::Error::custom))
            .collect()
    }
}
