//! How fast bodies are scanned: `cargo bench -p bartizan-engine [-- FILE...]`.
//!
//! Generated bodies stand for the extremes: `text` has nothing that could begin a value, `orders` something in every
//! record. Files given as arguments are measured as they are. Each figure is the best of 15 runs over 16 KiB chunks on one
//! core, in megabytes (10^6) a second; compare only figures of one run.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use bartizan_engine::sensitive::{DETECTORS, DetectorSet, ScanSettings, Scanner};
use bartizan_engine::vocabulary::Detector;

const BODY: usize = 2 * 1024 * 1024;
const CHUNK: usize = 16 * 1024;
const RUNS: u32 = 15;

fn main() {
    let (flags, files): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|word| word.starts_with("--"));
    // `cargo test` runs benches as well, without this flag: once, to see that they work.
    let runs = if flags.iter().any(|flag| flag == "--bench") { RUNS } else { 1 };
    for (name, body) in [("text", text()), ("orders", orders())] {
        measure(name, &body, runs);
    }
    for file in files {
        match std::fs::read(&file) {
            Ok(body) => measure(&file, &body, runs),
            Err(error) => eprintln!("cannot read {file}: {error}"),
        }
    }
}

fn measure(name: &str, body: &[u8], runs: u32) {
    let numbers = DetectorSet::ALL.iter().filter(|detector| *detector != Detector::Email).collect();
    let email = DetectorSet::EMPTY.with(Detector::Email);
    for (what, detectors, mask) in [
        ("count everything", DetectorSet::ALL, DetectorSet::EMPTY),
        ("mask everything", DetectorSet::ALL, DetectorSet::ALL),
        ("mask numbers", numbers, numbers),
        ("mask e-mail", email, email),
    ] {
        let settings = ScanSettings { detectors, mask, keep_last: [4; DETECTORS] };
        let best = (0..runs).map(|_| once(settings, body)).min().unwrap_or_default();
        println!("{name:12} {what:18} {:8.0} MB/s", body.len() as f64 / 1e6 / best.as_secs_f64());
    }
}

fn once(settings: ScanSettings, body: &[u8]) -> Duration {
    let chunks: Vec<Vec<u8>> = body.chunks(CHUNK).map(<[u8]>::to_vec).collect();
    let mut scanner = Scanner::new(settings);
    let start = Instant::now();
    for chunk in chunks {
        black_box(scanner.push(chunk, false));
    }
    black_box(scanner.push(Vec::new(), true));
    start.elapsed()
}

fn text() -> Vec<u8> {
    let line =
        "<p>Nobody has seen anything like that before, in <b>all</b> of those years, not even once.</p>\n";
    line.repeat(BODY / line.len()).into_bytes()
}

/// Records of a shop: ids of sixteen digits, order numbers, times, telephone numbers, traces, e-mail addresses.
fn orders() -> Vec<u8> {
    let mut body = String::from("[");
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) % below
    };
    while body.len() < BODY {
        let (id, order, month, day) =
            (next(10_u64.pow(16)), next(10_u64.pow(12)), next(12) + 1, next(28) + 1);
        let (second, user, phone, trace) = (next(60), next(10_000), next(10_000), next(1 << 50));
        let _ = write!(
            body,
            "{{\"id\":{id:016},\"ref\":\"ORD-{order}\",\"at\":\"2026-{month:02}-{day:02}T10:14:{second:02}Z\",\
             \"email\":\"user{user}@example.com\",\"phone\":\"+1 555 010 {phone:04}\",\"trace\":\"{trace:016x}\"}},",
        );
    }
    body.into_bytes()
}
