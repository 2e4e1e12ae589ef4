//! Readers of a catalogue.

use super::load::{CONNECTIONS, Requests};
use crate::failure::{Failure, ensure};

/// The load stands for this many clients, in 198.18.0.0/15, which is set aside for benchmarks. They are only names in a
/// header; no packet goes there.
const CLIENTS: u32 = 8_192;

/// Requests of a host's catalogue.
#[derive(Debug, Clone)]
pub(super) struct Pages {
    host: &'static str,
    /// The client that asks next.
    client: u32,
}

impl Pages {
    /// What a connection asks for; its clients are its own.
    pub(super) const fn new(host: &'static str, connection: u32) -> Self {
        Self { host, client: connection }
    }
}

impl Requests for Pages {
    /// A browser's request: eleven headers, the pseudo headers not counted.
    fn next(&mut self) -> String {
        let (host, client) = (self.host, self.client);
        self.client = (client + CONNECTIONS) % CLIENTS;
        let [_, _, high, low] = client.to_be_bytes();
        let item = 1 + client % 200;
        format!(
            "GET /api/items/{item} HTTP/1.1\r\n\
             host: {host}\r\n\
             user-agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n\
             accept: application/json, text/plain, */*\r\n\
             accept-language: en-GB,en;q=0.7,de;q=0.3\r\n\
             accept-encoding: gzip, deflate, br, zstd\r\n\
             referer: http://{host}/catalogue\r\n\
             cookie: sid=0123456789abcdef; theme=dark\r\n\
             sec-fetch-dest: empty\r\n\
             sec-fetch-mode: cors\r\n\
             sec-fetch-site: same-origin\r\n\
             x-forwarded-for: 198.18.{high}.{low}\r\n\r\n"
        )
    }

    fn answered(&mut self, head: &str) -> Result<(), Failure> {
        ensure(head.starts_with("HTTP/1.1 200"), || format!("expected a 200, got:\n{head}"))
    }
}
