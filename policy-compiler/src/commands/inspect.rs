//! `bartizan inspect`: what is in a blob, without trusting it.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;

use bartizan_engine::blob::{BlobError, Header, Policy, section_name};
use clap::Args;

use super::{Failure, Outcome, print};

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
pub(super) fn summary(blob: &[u8]) -> Result<String, BlobError> {
    let policy = Policy::parse(blob)?;
    let mut out = format!("{} bytes, policy {:016x}\n", blob.len(), policy.header.policy_hash);
    write_contents(&mut out, &policy);
    write_state(&mut out, &policy);
    Ok(out)
}

fn report(blob: &[u8]) -> Result<String, BlobError> {
    let header = Header::parse(blob)?;
    let mut out = String::new();
    // Writing to a text cannot fail.
    let _ = writeln!(out, "format      {} (readers from {})", header.format, header.minimum_reader);
    let _ = writeln!(out, "written by  {}", header.build);
    let _ = writeln!(out, "policy      {:016x}", header.policy_hash);
    let _ = writeln!(out, "length      {} bytes", blob.len());
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
    write_contents(&mut out, &policy);
    write_state(&mut out, &policy);
    Ok(out)
}

fn write_contents(out: &mut String, policy: &Policy<'_>) {
    let counts = [
        ("apps", policy.apps.len()),
        ("routes", policy.routes.len() - policy.logins.len().min(policy.routes.len())),
        ("logins", policy.logins.len()),
        ("honeypots", policy.honeypots.len()),
        ("searches", policy.sensitive.len()),
        ("counters", policy.counters.len()),
        ("rules", policy.rules.len()),
        ("lists", policy.lists.len()),
        ("exemptions", policy.exemptions.len()),
    ];
    let counts: Vec<String> = counts
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(what, count)| format!("{count} {what}"))
        .collect();
    let _ = writeln!(out, "contents    {}", counts.join(", "));
}

fn write_state(out: &mut String, policy: &Policy<'_>) {
    for shape in policy.shapes.iter().filter(|shape| {
        policy
            .counters
            .iter()
            .any(|counter| bartizan_engine::blob::counters::CellKind::of(counter.key) == shape.kind)
    }) {
        let name = shape.kind.name();
        let _ = writeln!(
            out,
            "state       {name:<8} {} bytes per cell, {} cells per page of 2 KiB",
            shape.len,
            shape.cells_per_page()
        );
    }
}
