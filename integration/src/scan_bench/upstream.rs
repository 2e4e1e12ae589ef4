//! An upstream that costs little itself: it sends bodies from memory, by their numbers.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use super::corpora::Corpus;
use crate::failure::{Context, Failure};

/// A reply, head and body.
type Replies = Arc<Vec<Vec<Vec<u8>>>>;

/// Starts the upstream; it answers `GET /<corpus>/<body>` until the process ends.
pub(super) fn open(corpora: &[Corpus]) -> Result<SocketAddr, Failure> {
    let mut replies = Vec::new();
    for corpus in corpora {
        let mut bodies = Vec::new();
        for file in &corpus.bodies {
            let body = fs::read(file).context(file.display())?;
            let (content_type, length) = (&corpus.content_type, body.len());
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\r\n"
            );
            bodies.push([head.as_bytes(), &body].concat());
        }
        replies.push(bodies);
    }
    let replies = Arc::new(replies);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    thread::Builder::new().name("upstream".to_owned()).spawn(move || {
        for stream in listener.incoming().flatten() {
            let replies = Arc::clone(&replies);
            // A connection that ends is the proxy's affair: it opens another.
            thread::spawn(move || converse(&stream, &replies));
        }
    })?;
    Ok(address)
}

/// Answers the requests of one connection. Requests have no bodies.
fn converse(stream: &TcpStream, replies: &Replies) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut requests = BufReader::new(stream);
    let mut writer = stream;
    let mut line = String::new();
    loop {
        line.clear();
        if requests.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let path = line.split(' ').nth(1)?.trim_start_matches('/');
        let (corpus, body) = path.split_once('/')?;
        let reply = replies.get(corpus.parse::<usize>().ok()?)?.get(body.parse::<usize>().ok()?)?;
        while line != "\r\n" {
            line.clear();
            if requests.read_line(&mut line).ok()? == 0 {
                return None;
            }
        }
        writer.write_all(reply).ok()?;
    }
}
