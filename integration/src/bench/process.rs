//! What the kernel knows about a process.

use std::fs;
use std::time::Duration;

use crate::failure::{Context, Failure};

/// The unit of times in `/proc/<pid>/stat`: Linux shows 100 ticks per second on every platform.
const TICK: Duration = Duration::from_millis(10);

/// The processor time that a process has used, all threads, in user and in kernel mode.
pub(crate) fn cpu_time(id: u32) -> Result<Duration, Failure> {
    let path = format!("/proc/{id}/stat");
    let text = fs::read_to_string(&path).context(&path)?;
    // The second field is the name in brackets and may contain blanks; utime and stime are the 12th and 13th after it.
    let fields = text.rsplit_once(')').map(|(_, fields)| fields).context("no name in the process's stat")?;
    let ticks: Result<Vec<u32>, _> = fields.split_whitespace().skip(11).take(2).map(str::parse).collect();
    Ok(TICK * ticks.context(&path)?.iter().sum())
}

/// Resident memory in bytes.
pub(super) fn resident(id: u32) -> Result<u64, Failure> {
    let path = format!("/proc/{id}/status");
    let text = fs::read_to_string(&path).context(&path)?;
    let line = text.lines().find(|line| line.starts_with("VmRSS:")).context("no VmRSS")?;
    let kibibytes: u64 = line.split_whitespace().nth(1).context("no number after VmRSS")?.parse()?;
    Ok(kibibytes * 1024)
}
