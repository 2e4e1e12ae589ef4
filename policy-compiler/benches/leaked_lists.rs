//! What large lists of leaked credentials cost: `cargo bench -p bartizan --bench leaked_lists [-- ENTRIES]`.
//!
//! Writes a list of SHA-1 hashes and one of pairs to a temporary directory, compiles each with 8 and with 16 bits an entry, and
//! looks up as many credentials that are on no list. A line says how long the compilation took, the most memory that it had
//! resident (of the whole process, on Linux only), bytes per entry, and how many of the strangers were taken for entries. Every
//! thousandth entry is looked up as well: a list that misses one ends the run with a panic.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a bench may fail loudly")]

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

use bartizan_engine::http::username::UsernameForm;
use bartizan_engine::leaked::{self as reader, HeldPages, contains, pair_digest, password_digest};
use bartizan_engine::vocabulary::LeakedKind;
use bartizan_policy_compiler::leaked::{LeakedPart, LeakedSource, Progress, compile_lists};
use sha1::{Digest as _, Sha1};

const ENTRIES: u64 = 10_000_000;
/// Enough to see that it works, for `cargo test`, which runs benches as well.
const ENTRIES_OF_A_TEST: u64 = 2_000;
/// One entry in so many is looked up.
const SAMPLE: usize = 1_000;

fn main() {
    let (flags, numbers): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|word| word.starts_with("--"));
    let usual = if flags.iter().any(|flag| flag == "--bench") { ENTRIES } else { ENTRIES_OF_A_TEST };
    let entries = numbers.first().map_or(usual, |number| number.parse().unwrap());
    let directory = tempfile::tempdir().unwrap();
    println!("{entries} entries, and as many strangers");
    for kind in [LeakedKind::PasswordsSha1, LeakedKind::Pairs] {
        let path = write_list(directory.path(), kind, entries);
        let megabytes = fs::metadata(&path).unwrap().len() / 1_000_000;
        for bits in [8, 16] {
            measure(&path, megabytes, kind, bits, entries);
        }
    }
}

fn measure(path: &Path, megabytes: u64, kind: LeakedKind, bits: u8, entries: u64) {
    let source = LeakedSource {
        name: "list".to_owned(),
        kind,
        path: path.to_owned(),
        bits,
        name_forms: vec![UsernameForm::default()],
    };
    forget_peak();
    let start = Instant::now();
    let part =
        compile_lists(&[source], &Progress::default()).unwrap_or_else(|failures| panic!("{failures:?}"));
    let seconds = start.elapsed().as_secs_f64();
    let peak = peak_mebibytes().map_or_else(|| "unknown".to_owned(), |peak| format!("{peak} MiB"));
    let wrong = strangers_taken_for_entries(&part, kind, entries);
    let one_in = entries.checked_div(wrong).map_or_else(String::new, |one_in| format!(", 1 in {one_in}"));
    println!(
        "{kind:?} ({megabytes} MB), {bits:2} bits: {seconds:.1} s, {peak} at most, {:.2} bytes an entry, {wrong} strangers taken \
         for entries{one_in}",
        part.bytes.len() as f64 / entries as f64
    );
}

/// Looks up a sample of the entries, which must be found, and as many others as there are entries.
fn strangers_taken_for_entries(part: &LeakedPart, kind: LeakedKind, entries: u64) -> u64 {
    let mut pages = HeldPages::of(&reader::LeakedPart::parse(&part.bytes).unwrap()).unwrap();
    let list = part.lists.first().unwrap().list;
    let digest = |number: u64| match kind {
        LeakedKind::Pairs => {
            let (user, password) = pair(number);
            pair_digest(user.to_lowercase().as_bytes(), password.as_bytes())
        }
        _ => password_digest(password(number).as_bytes()),
    };
    let mut is_on = |number| contains(&list, digest(number), &mut pages).unwrap();
    for entry in (0..entries).step_by(SAMPLE) {
        assert!(is_on(entry), "entry {entry} is missing");
    }
    (entries..2 * entries).filter(|stranger| is_on(*stranger)).count() as u64
}

fn write_list(directory: &Path, kind: LeakedKind, entries: u64) -> PathBuf {
    let path = directory.join(format!("{kind:?}.txt"));
    let mut out = BufWriter::new(File::create(&path).unwrap());
    for number in 0..entries {
        if kind == LeakedKind::Pairs {
            let (user, password) = pair(number);
            writeln!(out, "{user}:{password}").unwrap();
        } else {
            let mut hash = String::with_capacity(40);
            for byte in Sha1::digest(password(number)) {
                write!(hash, "{byte:02X}").unwrap();
            }
            writeln!(out, "{hash}:{}", number % 997 + 1).unwrap();
        }
    }
    out.flush().unwrap();
    path
}

fn password(number: u64) -> String {
    format!("password-{number}")
}

fn pair(number: u64) -> (String, String) {
    (format!("User.Name{number}@Example.com"), format!("secret:{}", number * 7919 % 1_000_003))
}

/// Starts the measurement of the peak over, where the system can.
fn forget_peak() {
    // Elsewhere than on Linux there is no such file, and no peak is told either.
    let _ = fs::write("/proc/self/clear_refs", "5");
}

fn peak_mebibytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kibibytes| kibibytes / 1024)
}
