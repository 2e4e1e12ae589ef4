//! Load that costs little itself: a few connections, each asking for the next reply as soon as it has the last.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::{Context, Failure, ensure};

/// Connections at a time.
const CONNECTIONS: usize = 8;

/// The load stands for this many clients, in 198.18.0.0/15, which is set aside for benchmarks. They are only names in a
/// header; no packet goes there.
const CLIENTS: u32 = 8_192;

/// No reply is longer, head included.
const LONGEST_REPLY: usize = 16 * 1024;

/// A closed loop of requests against one listener.
#[derive(Debug, Clone)]
pub(super) struct Load {
    address: SocketAddr,
    host: &'static str,
    /// The client that asks next; each run goes on where the last one ended.
    next_client: u32,
}

/// What a run saw.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) requests: u64,
    pub(super) took: Duration,
    /// Sorted, in nanoseconds.
    latencies: Vec<u32>,
}

impl Run {
    /// The latency that this part of a hundred requests stay below, in microseconds.
    pub(super) fn percentile(&self, percent: usize) -> f64 {
        let rank = (self.latencies.len() * percent / 100).min(self.latencies.len().saturating_sub(1));
        self.latencies.get(rank).map_or(0.0, |nanoseconds| f64::from(*nanoseconds) / 1000.0)
    }
}

impl Load {
    pub(super) const fn new(address: SocketAddr, host: &'static str) -> Self {
        Self { address, host, next_client: 0 }
    }

    /// Runs for this long.
    pub(super) fn run(&mut self, duration: Duration) -> Result<Run, Failure> {
        let start = Instant::now();
        let threads: Vec<_> = (0..CONNECTIONS)
            .map(|number| {
                let (address, host) = (self.address, self.host);
                let first = self.next_client + u32::try_from(number).unwrap_or(0);
                thread::spawn(move || ask(address, host, first, start + duration))
            })
            .collect();
        let mut latencies = Vec::new();
        for thread in threads {
            let asked = thread.join().map_err(|_| Failure::new("a thread of the load panicked"))?;
            latencies.extend(asked?);
        }
        let took = start.elapsed();
        latencies.sort_unstable();
        let requests = latencies.len() as u64;
        self.next_client += u32::try_from(requests % u64::from(CLIENTS)).unwrap_or(0);
        self.next_client %= CLIENTS;
        Ok(Run { requests, took, latencies })
    }
}

/// One connection, until the deadline. Returns the latency of each request in nanoseconds.
fn ask(address: SocketAddr, host: &str, first: u32, deadline: Instant) -> Result<Vec<u32>, Failure> {
    let mut stream = TcpStream::connect(address).context("the load cannot connect")?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut buffer = vec![0; LONGEST_REPLY];
    let mut latencies = Vec::with_capacity(1 << 16);
    let mut client = first;
    loop {
        let request = request(host, client % CLIENTS);
        let sent = Instant::now();
        stream.write_all(request.as_bytes())?;
        read_reply(&mut stream, &mut buffer)?;
        let now = Instant::now();
        latencies.push(u32::try_from((now - sent).as_nanos()).unwrap_or(u32::MAX));
        if now >= deadline {
            return Ok(latencies);
        }
        client = client.wrapping_add(u32::try_from(CONNECTIONS).unwrap_or(1));
    }
}

/// A browser's request: eleven headers, the pseudo headers not counted.
fn request(host: &str, client: u32) -> String {
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

/// Reads one reply, which must be a 200 with its length stated.
fn read_reply(stream: &mut TcpStream, buffer: &mut [u8]) -> Result<(), Failure> {
    let mut filled = 0;
    let mut whole = None;
    while whole.is_none_or(|whole| filled < whole) {
        let room = buffer.get_mut(filled..).filter(|room| !room.is_empty());
        let count =
            stream.read(room.context("a reply longer than 16 KiB")?).context("waiting for a reply")?;
        ensure(count > 0, || "the connection was closed in the middle of a reply".to_owned())?;
        filled += count;
        if whole.is_none() {
            whole = length(buffer.get(..filled).unwrap_or_default())?;
        }
    }
    Ok(())
}

/// The length of a reply with its head, once the head is complete.
fn length(reply: &[u8]) -> Result<Option<usize>, Failure> {
    let Some(end) = reply.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let head = String::from_utf8_lossy(reply.get(..end).unwrap_or_default());
    ensure(head.starts_with("HTTP/1.1 200"), || format!("expected a 200, got:\n{head}"))?;
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .context(format_args!("a reply without content-length:\n{head}"))?;
    Ok(Some(end + 4 + length.trim().parse::<usize>()?))
}
