//! Load that costs little itself: a few connections, each asking for the next reply as soon as it has the last.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::{Context, Failure, ensure};

/// Connections at a time.
pub(super) const CONNECTIONS: u32 = 8;

/// No reply is longer, head included.
const LONGEST_REPLY: usize = 16 * 1024;

/// What one connection asks for.
pub(super) trait Requests: Send {
    /// The next request, head and body.
    fn next(&mut self) -> String;

    /// Looks at the head of its reply.
    ///
    /// # Errors
    ///
    /// The reply is not the one that is measured.
    fn answered(&mut self, head: &str) -> Result<(), Failure>;
}

/// A closed loop of requests against one listener.
pub(super) struct Load {
    address: SocketAddr,
    connections: Vec<Box<dyn Requests>>,
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
    /// A load whose connections ask for what `requests` makes for each of them, by its number from 0.
    pub(super) fn new<R: Requests + 'static>(address: SocketAddr, requests: impl Fn(u32) -> R) -> Self {
        let connection = |number| -> Box<dyn Requests> { Box::new(requests(number)) };
        Self { address, connections: (0..CONNECTIONS).map(connection).collect() }
    }

    /// Runs for this long. Each run goes on where the last one ended.
    pub(super) fn run(&mut self, duration: Duration) -> Result<Run, Failure> {
        let start = Instant::now();
        let address = self.address;
        let mut latencies = Vec::new();
        thread::scope(|scope| {
            let ask = |requests: &mut Box<dyn Requests>| ask(address, requests.as_mut(), start + duration);
            let threads: Vec<_> =
                self.connections.iter_mut().map(|requests| scope.spawn(move || ask(requests))).collect();
            threads.into_iter().try_for_each(|thread| {
                let asked = thread.join().map_err(|_| Failure::new("a thread of the load panicked"))?;
                latencies.extend(asked?);
                Ok::<_, Failure>(())
            })
        })?;
        let took = start.elapsed();
        latencies.sort_unstable();
        Ok(Run { requests: latencies.len() as u64, took, latencies })
    }
}

/// One connection, until the deadline. Returns the latency of each request in nanoseconds.
fn ask(address: SocketAddr, requests: &mut dyn Requests, deadline: Instant) -> Result<Vec<u32>, Failure> {
    let mut stream = TcpStream::connect(address).context("the load cannot connect")?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut buffer = vec![0; LONGEST_REPLY];
    let mut latencies = Vec::with_capacity(1 << 16);
    loop {
        let request = requests.next();
        let sent = Instant::now();
        stream.write_all(request.as_bytes())?;
        let head = read_reply(&mut stream, &mut buffer)?;
        let now = Instant::now();
        requests.answered(&head)?;
        latencies.push(u32::try_from((now - sent).as_nanos()).unwrap_or(u32::MAX));
        if now >= deadline {
            return Ok(latencies);
        }
    }
}

/// Reads one reply with its length stated, and returns its head.
fn read_reply(stream: &mut TcpStream, buffer: &mut [u8]) -> Result<String, Failure> {
    let mut filled = 0;
    let mut reply: Option<(String, usize)> = None;
    loop {
        if let Some((head, _)) = reply.take_if(|(_, length)| filled >= *length) {
            return Ok(head);
        }
        let room = buffer.get_mut(filled..).filter(|room| !room.is_empty());
        let count =
            stream.read(room.context("a reply longer than 16 KiB")?).context("waiting for a reply")?;
        ensure(count > 0, || "the connection was closed in the middle of a reply".to_owned())?;
        filled += count;
        if reply.is_none() {
            reply = head(buffer.get(..filled).unwrap_or_default())?;
        }
    }
}

/// The head of a reply and the length of the whole, once the head is complete.
fn head(reply: &[u8]) -> Result<Option<(String, usize)>, Failure> {
    let Some(end) = reply.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let head = String::from_utf8_lossy(reply.get(..end).unwrap_or_default()).into_owned();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .context(format_args!("a reply without content-length:\n{head}"))?;
    let whole = end + 4 + length.trim().parse::<usize>()?;
    Ok(Some((head, whole)))
}
