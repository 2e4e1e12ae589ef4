//! `bartizan inspect`: what is in a blob, without trusting it.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;

use bartizan_engine::blob::{BlobError, Header, Policy, section_name};
use bartizan_engine::leaked::{LeakedPart, split};
use bartizan_engine::state::delta::{MAX_CELLS, MAX_CROWDS};
use clap::Args;

use super::{Failure, Outcome, leaked_lists, print, state_tables};

pub(super) const EXAMPLES: &str = "Example:\n  bartizan inspect shop.policy.blob";

/// The largest blob that is looked at. A policy with ten lists of a million addresses has 320 MB.
const MAX_BLOB_BYTES: u64 = 1 << 30;

#[derive(Debug, Args)]
pub(super) struct Inspect {
    /// The blob
    blob: PathBuf,
}

impl Inspect {
    pub(super) fn run(&self) -> Result<Outcome, Failure> {
        let path = self.blob.display();
        let mut blob = Vec::new();
        File::open(&self.blob)
            .and_then(|file| file.take(MAX_BLOB_BYTES).read_to_end(&mut blob))
            .map_err(|error| Failure(format!("cannot read the blob `{path}`: {error}")))?;
        let report = match report(&blob) {
            Ok(report) => report,
            Err(error) => return Err(Failure(format!("`{path}`: {error}"))),
        };
        print(report.as_bytes())?;
        Ok(Outcome::Clean)
    }
}

/// The blob in a few lines, as `compile` prints it.
pub(super) fn summary(file: &[u8]) -> Result<String, BlobError> {
    let (blob, part) = parts(file)?;
    let policy = Policy::parse(blob)?;
    let mut out = format!("{} bytes, policy {:016x}\n", file.len(), policy.header.policy_hash);
    write_all(&mut out, file, blob, &policy, part.as_ref());
    Ok(out)
}

/// The policy, and the leaked lists behind it.
fn parts(file: &[u8]) -> Result<(&[u8], Option<LeakedPart<'_>>), BlobError> {
    let (blob, part) = split(file)?;
    part.map_or(Ok(()), |part| part.check())?;
    Ok((blob, part))
}

fn write_all(out: &mut String, file: &[u8], blob: &[u8], policy: &Policy<'_>, part: Option<&LeakedPart<'_>>) {
    write_contents(out, policy);
    leaked_lists::write(out, file.len(), policy, part);
    state_tables::write(out, policy);
    write_memory(out, blob, policy);
}

fn report(file: &[u8]) -> Result<String, BlobError> {
    let (blob, part) = parts(file)?;
    let header = Header::parse(blob)?;
    let mut out = String::new();
    // Writing to a text cannot fail.
    let _ = writeln!(out, "format      {} (readers from {})", header.format, header.minimum_reader);
    let _ = writeln!(out, "written by  {}", header.build);
    let _ = writeln!(out, "policy      {:016x}", header.policy_hash);
    let _ = writeln!(out, "length      {} bytes", file.len());
    let _ = writeln!(out, "\nsections    {:<16} {:>10} {:>8} {:>12}", "", "records", "bytes", "at");
    for section in &header.sections {
        let name = section_name(section.id);
        let _ = writeln!(
            out,
            "            {name:<16} {:>10} {:>8} {:>12}",
            section.count,
            section.len(),
            section.offset
        );
    }
    let policy = Policy::parse(blob)?;
    out.push('\n');
    write_all(&mut out, file, blob, &policy, part.as_ref());
    Ok(out)
}

fn write_contents(out: &mut String, policy: &Policy<'_>) {
    let counts = [
        (policy.apps.len(), "app", "apps"),
        (policy.routes.len().saturating_sub(policy.logins.len()), "route", "routes"),
        (policy.logins.len(), "login", "logins"),
        (policy.honeypots.len(), "honeypot", "honeypots"),
        (policy.sensitive.len(), "search in replies", "searches in replies"),
        (policy.counters.len(), "counter", "counters"),
        (policy.rules.len(), "rule", "rules"),
        (policy.lists.len(), "list", "lists"),
        (policy.leaked.len(), "leaked list", "leaked lists"),
        (policy.exemptions.len(), "exemption", "exemptions"),
    ];
    let present = counts.iter().filter(|(count, ..)| *count > 0);
    let words = present.map(|(count, one, many)| format!("{count} {}", if *count == 1 { one } else { many }));
    let _ = writeln!(out, "contents    {}", words.collect::<Vec<_>>().join(", "));
}

/// What a worker keeps beside the module itself and the exchanges in flight: the blob, its tables decoded (texts and
/// address ranges stay in the blob), and counts that wait to be written.
fn write_memory(out: &mut String, blob: &[u8], policy: &Policy<'_>) {
    const DECODED: u64 = 3;
    const WAITING_BYTES: u64 = 48;
    /// What an entry for a crowd takes.
    const CROWD_BYTES: u64 = 72;
    let in_place = ["strings", "address ranges"];
    let tables =
        policy.header.sections.iter().filter(|section| !in_place.contains(&section_name(section.id)));
    let tables: u64 = tables.map(|section| section.len() * DECODED).sum();
    let bytes =
        blob.len() as u64 + tables + MAX_CELLS as u64 * WAITING_BYTES + MAX_CROWDS as u64 * CROWD_BYTES;
    let _ = writeln!(
        out,
        "memory      about {} KiB per worker for policy and waiting counts",
        bytes.div_ceil(1024)
    );
}
