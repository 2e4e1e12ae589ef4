//! What a client gets.

use bytes::Bytes;
use http::HeaderMap;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::Value;
use tokio::time::timeout;

use super::connection::PATIENCE;
use crate::failure::{Context, Failure};

/// How a reply ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// As it should.
    Complete,
    /// In the middle, for this reason.
    Broken(String),
}

/// A whole reply.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
    /// The trailers, if any came.
    pub trailers: Option<HeaderMap>,
    /// How it ended.
    pub end: End,
}

impl Reply {
    /// The first value of a header, where it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as text; bytes that are not UTF-8 are replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Errors
    ///
    /// It is not JSON.
    pub fn json(&self) -> Result<Value, Failure> {
        serde_json::from_slice(&self.body).context(format_args!("reply {:?}", self.text()))
    }
}

/// A reply whose head has come and whose body is read step by step.
#[derive(Debug)]
pub struct Started {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    body: Incoming,
}

impl Started {
    pub(super) fn new(response: http::Response<Incoming>) -> Self {
        let (head, body) = response.into_parts();
        Self { status: head.status.as_u16(), headers: head.headers, body }
    }

    /// The next piece of the body, or `None` after the last.
    ///
    /// # Errors
    ///
    /// The reply broke off, or nothing came for twenty seconds.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            let frame = timeout(PATIENCE, self.body.frame()).await.context("nothing came for 20 s")?;
            match frame {
                None => return Ok(None),
                Some(frame) => {
                    if let Ok(data) = frame?.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }

    /// Reads the rest.
    ///
    /// # Errors
    ///
    /// Nothing came for twenty seconds. A reply that breaks off is no error, see [`End`].
    pub async fn finish(mut self) -> Result<Reply, Failure> {
        let mut reply = Reply {
            status: self.status,
            headers: self.headers,
            body: Vec::new(),
            trailers: None,
            end: End::Complete,
        };
        loop {
            let frame = timeout(PATIENCE, self.body.frame()).await.context("the reply hangs")?;
            match frame {
                None => return Ok(reply),
                Some(Err(error)) => {
                    reply.end = End::Broken(Failure::from(error).to_string());
                    return Ok(reply);
                }
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => reply.body.extend_from_slice(&data),
                    Err(frame) => reply.trailers = frame.into_trailers().ok(),
                },
            }
        }
    }
}
