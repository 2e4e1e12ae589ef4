//! Clients that ask for the bodies of one corpus, one after the other, and throw them away.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::{Context, Failure, ensure};

/// Connections at a time: while one body is on its way to the client, the next is on its way to the proxy.
const CONNECTIONS: usize = 2;

/// What is read at once, in bytes.
const READ: usize = 256 * 1024;

/// No head is longer, in bytes.
const LONGEST_HEAD: usize = 16 * 1024;

/// Asks for bodies of the corpus with this number until the time is over. Returns how many bytes of bodies came.
pub(super) fn run(
    address: SocketAddr,
    corpus: usize,
    bodies: usize,
    duration: Duration,
) -> Result<u64, Failure> {
    let deadline = Instant::now() + duration;
    thread::scope(|scope| {
        let threads: Vec<_> = (0..CONNECTIONS)
            .map(|first| scope.spawn(move || ask(address, corpus, bodies, first, deadline)))
            .collect();
        let mut bytes = 0;
        for thread in threads {
            bytes += thread.join().map_err(|_| Failure::new("a thread of the load panicked"))??;
        }
        Ok(bytes)
    })
}

/// One connection.
fn ask(
    address: SocketAddr,
    corpus: usize,
    bodies: usize,
    first: usize,
    deadline: Instant,
) -> Result<u64, Failure> {
    let mut stream = TcpStream::connect(address).context("the load cannot connect")?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut buffer = vec![0; READ];
    let mut bytes = 0;
    for number in first.. {
        let body = number % bodies.max(1);
        write!(stream, "GET /{corpus}/{body} HTTP/1.1\r\nhost: site.localhost\r\naccept: */*\r\n\r\n")?;
        bytes += read_reply(&mut stream, &mut buffer)?;
        if Instant::now() >= deadline {
            break;
        }
    }
    Ok(bytes)
}

/// Reads one reply and returns the length of its body, which it states.
fn read_reply(stream: &mut TcpStream, buffer: &mut [u8]) -> Result<u64, Failure> {
    let mut filled = 0;
    let (end, length) = loop {
        let room = buffer.get_mut(filled..LONGEST_HEAD).filter(|room| !room.is_empty());
        let count = stream.read(room.context("a head longer than 16 KiB")?).context("waiting for a reply")?;
        ensure(count > 0, || "the connection was closed before a reply".to_owned())?;
        filled += count;
        if let Some(found) = head(buffer.get(..filled).unwrap_or_default())? {
            break found;
        }
    };
    let mut open = length.saturating_sub((filled - end) as u64);
    while open > 0 {
        let most = usize::try_from(open).unwrap_or(usize::MAX).min(buffer.len());
        let count = stream.read(buffer.get_mut(..most).unwrap_or_default()).context("waiting for a body")?;
        ensure(count > 0, || format!("the connection was closed {open} bytes before the end of a body"))?;
        open -= count as u64;
    }
    Ok(length)
}

/// Where the head ends, and the length that it states, once it is there.
fn head(reply: &[u8]) -> Result<Option<(usize, u64)>, Failure> {
    let Some(end) = reply.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let head = String::from_utf8_lossy(reply.get(..end).unwrap_or_default()).into_owned();
    ensure(head.starts_with("HTTP/1.1 200"), || format!("expected a 200, got:\n{head}"))?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length = length.context(format_args!("a reply without content-length:\n{head}"))?;
    Ok(Some((end + 4, length.trim().parse()?)))
}
