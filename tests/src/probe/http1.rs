//! Just enough HTTP/1.1 to be both ends of a real Envoy: parts of a body arrive as they were sent, trailers included.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::{Leaves, ProbeMessage};

/// A message as it was read.
#[derive(Clone, Debug, Default)]
pub(super) struct Received {
    /// First line of an HTTP/1 message.
    pub(super) start: String,
    /// A reply's status.
    pub(super) status: Option<u16>,
    /// Headers in order, names in lower case.
    pub(super) headers: Vec<(String, String)>,
    /// Body.
    pub(super) body: Vec<u8>,
    /// Trailers.
    pub(super) trailers: Vec<(String, String)>,
    /// Whether the head was whole.
    pub(super) head: bool,
    /// Whether the end was reached.
    pub(super) complete: bool,
    /// Whether reading ended because nothing came for too long.
    pub(super) timed_out: bool,
}

/// Sends a request to a proxy and reads the reply.
pub(super) fn request(
    to: SocketAddr,
    message: &ProbeMessage,
    leaves: Option<Leaves>,
) -> io::Result<Received> {
    let mut stream = TcpStream::connect(to)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let host = if message.without_host { "" } else { "host: probe\r\n" };
    let start = format!("{} {} HTTP/1.1\r\n{host}", message.method(), message.path());
    // The proxy may reply, or cut, before everything is sent: that is an observation, not an error.
    let without_body = message.ends_with_head() && leaves != Some(Leaves::AfterHead);
    let _ = send(&mut stream, &start, message, without_body, leaves);
    if leaves.is_some() {
        std::thread::sleep(BETWEEN_PARTS);
        return Ok(Received::default());
    }
    let bodiless = message.method() == "HEAD";
    Ok(receive(&mut stream, bodiless))
}

/// Reads a request on the upstream's side and replies once it is whole.
pub(super) fn serve(
    stream: &mut TcpStream,
    message: &ProbeMessage,
    seen: impl Fn(&Received),
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(UPSTREAM_PATIENCE))?;
    let received = receive(stream, false);
    if !received.head {
        return Ok(());
    }
    seen(&received);
    if received.complete {
        let start = format!("HTTP/1.1 {} Probe\r\n", message.status.unwrap_or(200));
        let bodiless = received.start.starts_with("HEAD ") || matches!(message.status, Some(204 | 304));
        send(stream, &start, message, bodiless, None)?;
        std::thread::sleep(BETWEEN_PARTS);
    }
    Ok(())
}

fn send(
    stream: &mut TcpStream,
    start: &str,
    message: &ProbeMessage,
    bodiless: bool,
    leaves: Option<Leaves>,
) -> io::Result<()> {
    let mut head = start.to_owned();
    for (name, value) in message.header_pairs() {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let reply = start.starts_with("HTTP/");
    if !bodiless && (!message.ends_with_head() || leaves.is_some()) {
        head.push_str("transfer-encoding: chunked\r\n");
    } else if reply && !bodiless {
        head.push_str("content-length: 0\r\n");
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes())?;
    if bodiless || message.ends_with_head() || leaves == Some(Leaves::AfterHead) {
        return Ok(());
    }
    for part in message.parts() {
        std::thread::sleep(BETWEEN_PARTS);
        let mut chunk = format!("{:x}\r\n", part.len()).into_bytes();
        chunk.extend(part);
        chunk.extend(b"\r\n");
        stream.write_all(&chunk)?;
    }
    std::thread::sleep(BETWEEN_PARTS);
    let mut end = "0\r\n".to_owned();
    for (name, value) in message.trailer_pairs() {
        end.push_str(&format!("{name}: {value}\r\n"));
    }
    end.push_str("\r\n");
    stream.write_all(end.as_bytes())
}

fn receive(stream: &mut TcpStream, bodiless: bool) -> Received {
    let mut reader = Reader { stream, bytes: Vec::new(), at: 0, timed_out: false };
    let mut received = Received::default();
    let whole = read_message(&mut reader, &mut received, bodiless);
    received.complete = whole.is_some();
    received.timed_out = reader.timed_out;
    received
}

fn read_message(reader: &mut Reader<'_>, received: &mut Received, bodiless: bool) -> Option<()> {
    received.start = reader.line()?;
    received.headers = reader.fields()?;
    received.head = true;
    let header =
        |name: &str| received.headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.clone());
    received.status = received
        .start
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3))
        .and_then(|code| code.parse().ok());
    if bodiless || matches!(received.status, Some(100..=199 | 204 | 304)) {
        return Some(());
    }
    if header("transfer-encoding").is_some_and(|coding| coding.contains("chunked")) {
        loop {
            let length = usize::from_str_radix(reader.line()?.trim(), 16).ok()?;
            if length == 0 {
                received.trailers = reader.fields()?;
                return Some(());
            }
            received.body.extend(reader.take(length)?);
            reader.line()?;
        }
    }
    let length: usize = header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    for _ in 0..length {
        received.body.extend(reader.take(1)?);
    }
    Some(())
}

struct Reader<'a> {
    stream: &'a mut TcpStream,
    bytes: Vec<u8>,
    at: usize,
    timed_out: bool,
}

impl Reader<'_> {
    fn take(&mut self, length: usize) -> Option<Vec<u8>> {
        let end = self.at.checked_add(length)?;
        while self.bytes.len() < end {
            let mut more = [0; 65_536];
            match self.stream.read(&mut more) {
                Ok(0) => return None,
                Ok(count) => self.bytes.extend(more.get(..count)?),
                Err(error) => {
                    self.timed_out =
                        matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut);
                    return None;
                }
            }
        }
        let taken = self.bytes.get(self.at..end)?.to_vec();
        self.at = end;
        Some(taken)
    }

    fn line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            line.extend(self.take(1)?);
        }
        Some(String::from_utf8_lossy(&line).trim_end().to_owned())
    }

    fn fields(&mut self) -> Option<Vec<(String, String)>> {
        let mut fields = Vec::new();
        loop {
            let line = self.line()?;
            if line.is_empty() {
                return Some(fields);
            }
            let (name, value) = line.split_once(':')?;
            fields.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
}

/// How long nothing may come before an exchange counts as waiting.
pub(super) const PATIENCE: Duration = Duration::from_millis(1200);
/// Longer, so that the upstream never gives up before the client has seen that it waits.
const UPSTREAM_PATIENCE: Duration = Duration::from_millis(2500);
/// Long enough for a proxy to have read one part before the next is sent.
pub(super) const BETWEEN_PARTS: Duration = Duration::from_millis(40);
