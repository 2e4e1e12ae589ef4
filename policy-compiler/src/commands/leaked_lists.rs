//! What `inspect` and `compile` say about leaked lists: how large they are, how often they are wrong, and where they fit.

use std::fmt::Write as _;

use bartizan_engine::blob::Policy;
use bartizan_engine::blob::flows::LeakedList;
use bartizan_engine::leaked::{LeakedPart, Next, next_page};
use bartizan_engine::vocabulary::LeakedKind;

/// What an object of Kubernetes may have, and with it a policy for Istio: the request limit of etcd by default.
const OBJECT_BYTES: u64 = 1_500_000;
/// Bytes of a hundred thousand entries, for lists of hundreds of thousands.
const BYTES_PER_100_000: [(u8, u64); 2] = [(8, 127_500), (16, 260_000)];

/// Writes what there is to say; nothing for a policy without lists.
pub(super) fn write(out: &mut String, file_bytes: usize, policy: &Policy<'_>, part: Option<&LeakedPart<'_>>) {
    if policy.leaked.is_empty() {
        return;
    }
    let (pages, bytes) = part.map_or((0, 0), |part| (part.header.pages, part.header.length));
    let pages = counted(u64::from(pages), "page");
    // Writing to a text cannot fail.
    let _ = writeln!(
        out,
        "leaked      {pages} with {bytes} bytes, in shared data once for all workers, none in their memory"
    );
    let lengths = page_lengths(part);
    for list in &policy.leaked {
        write_list(out, list, &lengths);
    }
    let policy_bytes = (file_bytes as u64).saturating_sub(bytes);
    let base64 = (file_bytes as u64).div_ceil(3) * 4;
    let fits = if base64 <= OBJECT_BYTES { "fits" } else { "does not fit" };
    let _ =
        writeln!(out, "            as a file (BytesValue): {file_bytes} bytes, which is for Envoy to hold");
    let _ = writeln!(
        out,
        "            in base64 (Istio, Kubernetes): {base64} bytes, {fits} in an object of about 1.5 MB"
    );
    let room = BYTES_PER_100_000.map(|(bits, bytes)| {
        let entries = (OBJECT_BYTES * 3 / 4).saturating_sub(policy_bytes) * 100_000 / bytes;
        format!("{} entries of {bits} bits", entries / 10_000 * 10_000)
    });
    let _ = writeln!(out, "            such an object takes about {}", room.join(", or "));
}

fn write_list(out: &mut String, list: &LeakedList<'_>, lengths: &[u64]) {
    let kind = match list.kind {
        LeakedKind::PasswordsSha1 | LeakedKind::Passwords => "password",
        LeakedKind::Pairs => "pair",
    };
    let ours = lengths.iter().skip(list.first_page as usize).take(list.pages as usize);
    let (name, bits) = (list.name, list.bits);
    let (entries, pages) = (counted(list.entries, kind), counted(u64::from(list.pages), "page"));
    let bytes: u64 = ours.sum();
    let one_in = 1_u64.checked_shl(u32::from(bits)).unwrap_or(0);
    let _ = writeln!(
        out,
        "            {name}: {entries}, {bits} bits, {pages}, {bytes} bytes; 1 in {one_in} others is taken for one"
    );
}

fn counted(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

fn page_lengths(part: Option<&LeakedPart<'_>>) -> Vec<u64> {
    let mut rest = part.map_or(&[][..], LeakedPart::pages);
    let mut lengths = Vec::new();
    while let Next::Page(_, page) = next_page(rest) {
        lengths.push(page.len() as u64);
        rest = rest.get(page.len()..).unwrap_or_default();
    }
    lengths
}
