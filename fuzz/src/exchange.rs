//! One exchange of any bytes, played as a host would play it.

use bartizan_engine::exchange::{AwaitReply, BodyStep, Decided, Finished, Opened, RequestHead, TrailersStep, open};
use bartizan_engine::state::store::PageStore;
use libfuzzer_sys::arbitrary::{self, Arbitrary};

use crate::world::World;

const PATHS: [&str; 8] =
    ["/login", "/api/login", "/api/items/1", "/export/x", "/wp-login.php", "/", "/api/../login", "//api//login/"];
const HOSTS: [&str; 3] = ["shop.example.com", "other.example.com", "[::1]:80"];
const METHODS: [&str; 4] = ["GET", "POST", "HEAD", "CONNECT"];
const NAMES: [&str; 12] = [
    "content-type",
    "content-length",
    "content-encoding",
    "accept",
    "accept-encoding",
    "authorization",
    "cookie",
    "set-cookie",
    "x-forwarded-for",
    "x-bartizan-score",
    "transfer-encoding",
    "range",
];

/// A request and its reply.
#[derive(Arbitrary, Debug)]
pub struct Exchange {
    method: u8,
    path: Result<u8, Vec<u8>>,
    host: Result<u8, Vec<u8>>,
    headers: Vec<(u8, Vec<u8>)>,
    source: Result<[u8; 4], Vec<u8>>,
    body: Vec<Vec<u8>>,
    status: Result<u16, Vec<u8>>,
    reply_headers: Vec<(u8, Vec<u8>)>,
    reply: Vec<Vec<u8>>,
    end: End,
    milliseconds_later: u16,
}

/// How a reply ends.
#[derive(Arbitrary, Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    LastChunk,
    EmptyChunk,
    Trailers,
    Reset,
    /// The head could not be held after all, then as [`End::LastChunk`].
    LetGo,
}

impl Exchange {
    pub(crate) fn run<S: PageStore>(&self, world: &mut World<'_, S>) {
        world.now += u64::from(self.milliseconds_later);
        let policy = world.policy;
        let headers = self.request_headers();
        let source = match &self.source {
            Ok([a, b, c, d]) => format!("{a}.{b}.{c}.{d}:4000").into_bytes(),
            Err(bytes) => bytes.clone(),
        };
        let source = || Some(source.clone());
        let head = RequestHead {
            headers: &headers,
            source_address: &source,
            verified_claim: &|_, _| None,
            end_of_stream: self.body.is_empty(),
        };
        let decided = world.on_next(|surroundings| match open(head, surroundings) {
            Opened::Untouched(_) => None,
            Opened::Refused(finished, reply) => Some(Decided::Refused(finished, reply)),
            Opened::Forwarded(exchange, changes) => Some(Decided::Forwarded(exchange, changes)),
            Opened::Login(mut login, _) => {
                for chunk in &self.body {
                    login.body(chunk, surroundings);
                }
                Some(login.decide(surroundings))
            }
        });
        let finished = match decided {
            None => return,
            Some(Decided::Refused(finished, reply)) => {
                assert!((200..600).contains(&reply.status));
                *finished
            }
            Some(Decided::Forwarded(exchange, _)) if self.end == End::Reset && self.reply.is_empty() => {
                world.on_next(|surroundings| exchange.finish(surroundings))
            }
            Some(Decided::Forwarded(exchange, _)) => self.answer(exchange, world),
        };
        serde_json::to_string(&finished.record(policy)).expect("a record can be written");
    }

    fn request_headers(&self) -> Vec<(String, Vec<u8>)> {
        let chosen = |choice: &Result<u8, Vec<u8>>, from: &[&str]| match choice {
            Ok(number) => from[usize::from(*number) % from.len()].as_bytes().to_vec(),
            Err(bytes) => bytes.clone(),
        };
        let mut headers = vec![
            (":authority".to_owned(), chosen(&self.host, &HOSTS)),
            (":method".to_owned(), chosen(&Ok(self.method), &METHODS)),
            (":path".to_owned(), chosen(&self.path, &PATHS)),
        ];
        headers.extend(self.headers.iter().map(named));
        headers
    }

    fn answer<S: PageStore>(&self, exchange: Box<AwaitReply>, world: &mut World<'_, S>) -> Finished {
        let status = match &self.status {
            Ok(number) => number.to_string().into_bytes(),
            Err(bytes) => bytes.clone(),
        };
        let mut headers = vec![(":status".to_owned(), status)];
        headers.extend(self.reply_headers.iter().map(named));
        let bodiless = self.reply.is_empty();
        let (mut replying, plan) =
            world.on_next(|surroundings| exchange.response_head(&headers, bodiless, surroundings));
        if !plan.read_body || bodiless {
            return world.on_next(|surroundings| replying.finish(surroundings));
        }
        if self.end == End::LetGo {
            replying.let_go();
        }
        let mut client = Client::default();
        let last = self.reply.len().saturating_sub(1);
        for (position, chunk) in self.reply.iter().enumerate() {
            let end = position == last && matches!(self.end, End::LastChunk | End::LetGo);
            let step = world.on_next(|surroundings| replying.body(chunk.clone(), end, surroundings));
            client.receive(chunk, step);
        }
        let whole = match self.end {
            End::LastChunk | End::LetGo => true,
            End::EmptyChunk => {
                let step = world.on_next(|surroundings| replying.body(Vec::new(), true, surroundings));
                client.receive(&[], step);
                true
            }
            End::Trailers => {
                let plan = world.on_next(|surroundings| replying.trailers(&headers, surroundings));
                client.receive(&[], plan.body);
                plan.step == TrailersStep::Continue
            }
            End::Reset => false,
        };
        client.check(&self.reply.concat(), whole);
        world.on_next(|surroundings| replying.finish(surroundings))
    }
}

fn named((name, value): &(u8, Vec<u8>)) -> (String, Vec<u8>) {
    (NAMES[usize::from(*name) % NAMES.len()].to_owned(), value.clone())
}

/// What has reached the client, and what the host still holds for it.
#[derive(Default)]
struct Client {
    received: Vec<u8>,
    buffered: Vec<u8>,
    refused: bool,
}

impl Client {
    fn receive(&mut self, chunk: &[u8], step: BodyStep) {
        self.buffered.extend_from_slice(chunk);
        match step {
            BodyStep::Wait => {}
            BodyStep::Pass => self.received.append(&mut self.buffered),
            BodyStep::Write(bytes) => {
                self.buffered.clear();
                self.received.extend_from_slice(&bytes);
            }
            BodyStep::Refuse(_) => self.refused = true,
        }
    }

    /// The client has what was sent, but for letters and digits of masked values.
    fn check(&self, sent: &[u8], whole: bool) {
        if self.refused {
            return;
        }
        assert!(if whole { self.received.len() == sent.len() } else { self.received.len() <= sent.len() });
        for (sent, received) in sent.iter().zip(&self.received) {
            assert!(sent == received || (sent.is_ascii_alphanumeric() && matches!(received, b'*' | b'0' | b'1')));
        }
    }
}
