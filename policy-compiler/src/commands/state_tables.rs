//! What `inspect` and `compile` say about the state: which tables a policy uses, and how much each of them can hold.

use std::fmt::Write as _;

use bartizan_engine::blob::Policy;
use bartizan_engine::blob::counters::{CellKind, CellShape};
use bartizan_engine::settings::Settings;
use bartizan_engine::state::page::PAGE_LEN;
use bartizan_engine::state::{seen, sketch};

const DAY_MS: u64 = 86_400_000;

/// Writes the tables that the policy uses, by the host's default number of pages.
pub(super) fn write(out: &mut String, policy: &Policy<'_>) {
    let pages = Settings::default().state_pages;
    let bytes = pages as usize * PAGE_LEN / 1024;
    // Writing to a text cannot fail.
    let _ = writeln!(
        out,
        "state       {pages} pages unless the host says otherwise, {bytes} KiB for all workers together"
    );
    for kind in CellKind::ALL.into_iter().filter(|kind| policy.tables.uses(*kind)) {
        let share = policy.tables.pages_of(kind, pages);
        let share = share.end.saturating_sub(share.start);
        let holds = match kind {
            CellKind::Seen => seen_before(share),
            CellKind::Password => tried_passwords(share),
            _ => policy.shape(kind).map_or_else(String::new, |shape| cells(shape, share)),
        };
        let _ = writeln!(out, "            {:<11} {holds}", kind.name());
    }
}

fn cells(shape: &CellShape<'_>, pages: u32) -> String {
    let per_page = shape.cells_per_page();
    let cells = u64::from(pages) * u64::from(per_page);
    format!("{cells:>7} cells of {} bytes, {per_page} a page on {pages} pages", shape.len)
}

/// Who logged in before.
fn seen_before(pages: u32) -> String {
    let keys = u64::from(pages) * u64::from(seen::GENERATION_KEYS);
    format!(
        "{keys:>7} keys in each of 2 generations of at most {} days, 2 Bloom filters of {} bits a page on {pages} pages",
        seen::GENERATION_MS / DAY_MS,
        seen::GENERATION_BITS
    )
}

/// On how many accounts a password was tried.
fn tried_passwords(pages: u32) -> String {
    let pairs = u64::from(pages) * u64::from(sketch::WINDOW_PAIRS);
    format!(
        "{pairs:>7} pairs of account and password in a window, 2 sketches of {} rows of {} counters and {} bits a page on \
         {pages} pages",
        sketch::ROWS,
        sketch::WIDTH,
        sketch::PAIR_BITS
    )
}
