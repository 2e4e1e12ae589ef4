//! Lists of leaked credentials: files of millions of lines become the pages that the filter looks things up in.
//!
//! A list is read line by line, a line becomes eight bytes, and the pages are built one by one: ten million entries need
//! about a hundred megabytes. Nothing of what a line says ever leaves this module but its number and why it was left out.

mod entries;
mod include;
mod lines;
mod progress;

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use bartizan_engine::http::username::UsernameForm;
use bartizan_engine::leaked::LeakedList;
use bartizan_engine::leaked::write::{ListError, PartWriter};
use bartizan_engine::vocabulary::LeakedKind;

pub use include::include;
pub use progress::Progress;

use lines::Lines;

/// The most entries of a list: 800 MB while it is compiled.
pub const MAX_ENTRIES: usize = 100_000_000;
/// How many lines that were left out are named.
pub const MAX_NAMED: usize = 10;
/// A file of which more than one line in so many is wrong is a file of something else.
const WRONG_ONE_IN: u64 = 100;

/// A list to compile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeakedSource {
    /// Its name in the policy.
    pub name: String,
    /// What its lines are.
    pub kind: LeakedKind,
    /// The file.
    pub path: PathBuf,
    /// Bits of a fingerprint, 8 or 16.
    pub bits: u8,
    /// The forms in which the logins that look pairs up name an account; at least one. A pair becomes one entry for each form
    /// that gives its name another spelling. Lists of passwords have no names.
    pub name_forms: Vec<UsernameForm>,
}

/// A list that was compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompiledList {
    /// Where its pages are.
    pub list: LeakedList,
    /// How many different entries it has.
    pub entries: u64,
    /// The lines that were left out.
    pub left_out: LeftOut,
}

/// Lines that are no entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// The first [`MAX_NAMED`] of them: number, from 1, and what is wrong.
    pub named: Vec<(u64, &'static str)>,
    /// How many there are.
    pub count: u64,
}

/// All lists of a policy, compiled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeakedPart {
    /// The lists, in the order in which they were given.
    pub lists: Vec<CompiledList>,
    /// What stands behind the policy in the blob's file; empty without lists.
    pub bytes: Vec<u8>,
}

/// Why a list cannot be compiled.
#[derive(Debug)]
pub enum ListFailure {
    /// The file cannot be read.
    Unreadable(io::Error),
    /// The path is no regular file.
    NotAFile,
    /// There is no entry in it.
    Empty,
    /// Too many lines are no entries.
    OtherKind(LeftOut),
    /// More than [`MAX_ENTRIES`].
    TooMany,
    /// The entries cannot be written.
    Unwritable(ListError),
}

impl fmt::Display for ListFailure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => write!(out, "it cannot be read: {}", error.kind()),
            Self::NotAFile => write!(out, "it is not a file"),
            Self::Empty => write!(out, "it has no entry"),
            Self::OtherKind(left_out) => {
                write!(out, "{left_out}: this is another kind of list, or no list")
            }
            Self::TooMany => write!(out, "it has more than {MAX_ENTRIES} entries"),
            Self::Unwritable(error) => write!(out, "{error}"),
        }
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut reasons: Vec<&str> = Vec::new();
        for (_, reason) in &self.named {
            if !reasons.contains(reason) {
                reasons.push(reason);
            }
        }
        for (position, reason) in reasons.iter().enumerate() {
            let lines = self.named.iter().filter(|(_, of)| of == reason).map(|(line, _)| line.to_string());
            let lines: Vec<String> = lines.collect();
            let (comma, many) =
                (if position == 0 { "" } else { ", " }, if lines.len() == 1 { "" } else { "s" });
            write!(out, "{comma}{reason} in line{many} {}", lines.join(", "))?;
        }
        match self.count.saturating_sub(self.named.len() as u64) {
            0 => Ok(()),
            1 => write!(out, ", and one more line"),
            others => write!(out, ", and {others} more lines"),
        }
    }
}

/// Compiles lists. The same entries give the same bytes, in whatever order they come.
///
/// # Errors
///
/// Every list that cannot be compiled, by its position, with the reason.
pub fn compile_lists(
    lists: &[LeakedSource],
    progress: &Progress,
) -> Result<LeakedPart, Vec<(usize, ListFailure)>> {
    let (mut writer, mut compiled, mut failures) = (PartWriter::default(), Vec::new(), Vec::new());
    for (position, source) in lists.iter().enumerate() {
        match compile_list(source, &mut writer, progress) {
            Ok(list) => compiled.push(list),
            Err(failure) => failures.push((position, failure)),
        }
    }
    progress.finish();
    if failures.is_empty() {
        Ok(LeakedPart { lists: compiled, bytes: writer.finish() })
    } else {
        Err(failures)
    }
}

fn compile_list(
    source: &LeakedSource,
    writer: &mut PartWriter,
    progress: &Progress,
) -> Result<CompiledList, ListFailure> {
    let (digests, left_out) = read(source, progress)?;
    let building = progress.building(&source.name);
    let written = writer.list(digests, source.bits, |done, pages| building.built(done, pages));
    let written = written.map_err(ListFailure::Unwritable)?;
    Ok(CompiledList { list: written.list, entries: written.entries, left_out })
}

/// The digests of all lines, in their order, with repetitions.
fn read(source: &LeakedSource, progress: &Progress) -> Result<(Vec<u64>, LeftOut), ListFailure> {
    let (file, length) = open(&source.path)?;
    let reading = progress.reading(&source.name, length);
    let mut lines = Lines::new(BufReader::with_capacity(1 << 20, file));
    // Public lists of hashes are the largest ones, and their lines have at least 41 bytes.
    let expected = if source.kind == LeakedKind::PasswordsSha1 { length / 41 + 1 } else { 0 };
    let mut digests = Vec::with_capacity(usize::try_from(expected).unwrap_or(MAX_ENTRIES).min(MAX_ENTRIES));
    let (mut left_out, mut lines_read) = (LeftOut::default(), 0);
    while let Some(line) = lines.next().map_err(ListFailure::Unreadable)? {
        if line.number % 8192 == 0 {
            reading.read(line.end);
        }
        let entry = line.content.ok_or("too many characters");
        let mut emit = |digest| digests.push(digest);
        let read =
            entry.and_then(|entry| entries::digests(source.kind, &source.name_forms, entry, &mut emit));
        if let Err(reason) = read {
            left_out.count += 1;
            if left_out.named.len() < MAX_NAMED {
                left_out.named.push((line.number, reason));
            }
        }
        lines_read = line.number;
        if digests.len() > MAX_ENTRIES {
            return Err(ListFailure::TooMany);
        }
    }
    if left_out.count > 0 && left_out.count > lines_read / WRONG_ONE_IN {
        return Err(ListFailure::OtherKind(left_out));
    }
    if digests.is_empty() {
        return Err(ListFailure::Empty);
    }
    Ok((digests, left_out))
}

/// Only regular files: a pipe or device could block or never end.
fn open(path: &Path) -> Result<(File, u64), ListFailure> {
    let metadata = std::fs::metadata(path).map_err(ListFailure::Unreadable)?;
    if !metadata.is_file() {
        return Err(ListFailure::NotAFile);
    }
    let file = File::open(path).map_err(ListFailure::Unreadable)?;
    Ok((file, metadata.len()))
}

#[cfg(test)]
mod tests;
