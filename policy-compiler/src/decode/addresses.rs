//! Lists of addresses and exemptions.

use std::fs::File;
use std::io::Read;
use std::net::IpAddr;
use std::path::Path;

use bartizan_engine::blob::draft::AddressRange;
use bartizan_engine::vocabulary::Threat;
use ipnet::IpNet;

use super::Run;
use super::fields::{self, Fields, items};
use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::model::{Allow, List, Who};
use crate::source::{Span, Spanned};
use crate::syntax::fields::{ALLOW, LIST, NAME, THREATS};
use crate::syntax::node::shorten;
use crate::syntax::{Entry, Node};

/// The largest file of addresses, in bytes and lines.
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;
const MAX_FILE_LINES: usize = 1_000_000;
/// Findings per file: a file of another kind has one on every line.
const MAX_FILE_FINDINGS: usize = 10;

/// The policy's `lists`.
pub(super) fn lists(policy: &Fields<'_>, run: &mut Run<'_>) -> Vec<List> {
    let mut lists = Vec::new();
    for Entry { key, node } in policy.named("lists", run.findings) {
        fields::name(key, &NAME, 48, run.findings);
        let ranges = Fields::open(node, key.span, &LIST, run.findings).map(|list| list_ranges(&list, run));
        lists.push(List { name: key.clone(), ranges: ranges.unwrap_or_default() });
    }
    lists
}

fn list_ranges(list: &Fields<'_>, run: &mut Run<'_>) -> Vec<AddressRange> {
    match list.exactly_one(&["addresses", "addresses_from"], run.findings) {
        Some(entry) if entry.key.value == "addresses" => ranges(entry, run.findings),
        Some(_) => {
            list.text("addresses_from", run.findings).map(|path| from_file(&path, run)).unwrap_or_default()
        }
        None => Vec::new(),
    }
}

/// The policy's `allow`.
pub(super) fn allow(policy: &Fields<'_>, run: &mut Run<'_>) -> Vec<Allow> {
    policy.items("allow", run.findings).iter().filter_map(|node| exemption(node, run.findings)).collect()
}

fn exemption(node: &Node, findings: &mut Diagnostics) -> Option<Allow> {
    let fields = Fields::open(node, node.span, &ALLOW, findings)?;
    let who = fields.exactly_one(&["address", "list"], findings).and_then(|entry| {
        let who = if entry.key.value == "address" {
            Who::Ranges(ranges(entry, findings))
        } else {
            Who::List(fields.text("list", findings)?)
        };
        Some((entry.node.span, who))
    });
    let skip = fields.entry("skip").map(|entry| skipped(entry, findings));
    let because = fields.because(findings);
    let (span, who) = who?;
    // What is missing has been reported; the rest of the exemption is still checked.
    Some(Allow { span, who, skip: skip.unwrap_or_default(), because: because.unwrap_or_default() })
}

fn skipped(entry: &Entry, findings: &mut Diagnostics) -> Vec<Threat> {
    if entry.node.scalar().is_some() {
        return match fields::word(&entry.node, &["all"], findings) {
            Some(_) => Threat::ALL.to_vec(),
            None => Vec::new(),
        };
    }
    let words = items(entry, findings).iter().filter_map(|node| fields::word(node, THREATS, findings));
    let mut threats: Vec<Threat> = words.filter_map(|word| threat(word.value)).collect();
    threats.sort_unstable();
    threats.dedup();
    threats
}

/// The threat of this name.
pub(super) fn threat(name: &str) -> Option<Threat> {
    Threat::ALL.into_iter().find(|threat| threat.name() == name)
}

fn ranges(entry: &Entry, findings: &mut Diagnostics) -> Vec<AddressRange> {
    let mut ranges = Vec::new();
    for node in items(entry, findings) {
        // A bare `10` or `1.5` is a number for YAML and no address for anybody.
        let text = node.scalar().map_or("", |scalar| scalar.text.as_str());
        match parse_range(text) {
            Ok(range) => ranges.push(range),
            Err(help) => findings.push(not_an_address(text, node.span, help)),
        }
    }
    merge(ranges)
}

fn from_file(name: &Spanned<String>, run: &mut Run<'_>) -> Vec<AddressRange> {
    let path = run.directory.join(&name.value);
    let text =
        match read_bounded(&path) {
            Ok(text) => text,
            Err(reason) => {
                let message = format!("`{}` cannot be read: {reason}", shorten(&name.value));
                run.findings.push(Diagnostic::new(&codes::LIST_FILE, name.span, message).help(
                    "the name is relative to the policy file; the file has one address or range per line",
                ));
                return Vec::new();
            }
        };
    let file = run.sources.add(path, text);
    let mut ranges = Vec::new();
    let (mut start, mut wrong) = (0, 0);
    for (number, line) in run.sources.text(file).split_inclusive('\n').enumerate() {
        let content = line.split('#').next().unwrap_or("").trim();
        let at = start + line.find(content).unwrap_or(0);
        start += line.len();
        if number >= MAX_FILE_LINES {
            let message = format!("the file has more than {MAX_FILE_LINES} lines");
            run.findings.push(Diagnostic::new(&codes::LIST_FILE, name.span, message));
            break;
        }
        if content.is_empty() {
            continue;
        }
        match parse_range(content) {
            Ok(range) => ranges.push(range),
            Err(help) => {
                wrong += 1;
                if wrong > MAX_FILE_FINDINGS {
                    break;
                }
                let span = Span { file, start: at, end: at + content.len() };
                run.findings
                    .push(not_an_address(content, span, help).also(name.span, "the list is read here"));
            }
        }
    }
    merge(ranges)
}

/// Only regular files: a pipe or device could block or never end.
fn read_bounded(path: &Path) -> Result<String, String> {
    let reason = |error: std::io::Error| error.kind().to_string();
    let file = File::open(path).map_err(reason)?;
    let metadata = file.metadata().map_err(reason)?;
    if !metadata.is_file() {
        return Err(String::from("it is not a file"));
    }
    if metadata.len() > MAX_FILE_BYTES {
        return Err(format!("it is larger than {MAX_FILE_BYTES} bytes"));
    }
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES).read_to_end(&mut bytes).map_err(reason)?;
    String::from_utf8(bytes).map_err(|_| String::from("it is not UTF-8 text"))
}

fn not_an_address(text: &str, span: Span, help: String) -> Diagnostic {
    Diagnostic::new(&codes::BAD_ADDRESS, span, format!("`{}` is not an address or range", shorten(text)))
        .help(help)
}

/// The range, or what to write instead.
fn parse_range(text: &str) -> Result<AddressRange, String> {
    const FORMS: &str = "write `192.0.2.7`, `192.0.2.0/24` or `2001:db8::/32`";
    if !text.contains('/') {
        let address: IpAddr = text.parse().map_err(|_| String::from(FORMS))?;
        let address = mapped(address);
        return Ok(AddressRange { first: address, last: address });
    }
    let network: IpNet = text.parse().map_err(|_| String::from(FORMS))?;
    if network.addr() != network.network() {
        return Err(format!(
            "the range starts at `{}`; for one address leave out `/{}`",
            network.trunc(),
            network.prefix_len()
        ));
    }
    Ok(AddressRange { first: mapped(network.network()), last: mapped(network.broadcast()) })
}

fn mapped(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_ipv6_mapped()),
        IpAddr::V6(address) => u128::from(address),
    }
}

/// Sorted, without overlaps, neighbours joined.
pub(crate) fn merge(mut ranges: Vec<AddressRange>) -> Vec<AddressRange> {
    ranges.sort_unstable();
    let mut merged: Vec<AddressRange> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.first <= last.last.saturating_add(1) => last.last = last.last.max(range.last),
            _ => merged.push(range),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> AddressRange {
        parse_range(text).unwrap()
    }

    #[test]
    fn ipv4_is_written_as_mapped_ipv6() {
        let network = range("192.0.2.0/24");
        assert_eq!((network.first, network.last), (0xffff_c000_0200, 0xffff_c000_02ff));
        assert_eq!(range("::ffff:192.0.2.1"), range("192.0.2.1"));
    }

    #[test]
    fn a_range_that_does_not_start_at_its_first_address_is_refused() {
        let help = parse_range("192.0.2.7/24").unwrap_err();
        assert!(help.contains("`192.0.2.0/24`"), "{help}");
        for wrong in ["", "10", "1.2.3", "1.2.3.4/33", "1.2.3.4/", "::/129", "host", "1.2.3.4-1.2.3.9"] {
            assert!(parse_range(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn ranges_are_sorted_and_neighbours_joined() {
        let all = ["10.0.1.0/24", "10.0.0.0/24", "10.0.0.7", "10.0.3.0/24", "::/0"].map(range).to_vec();
        assert_eq!(merge(all), [AddressRange { first: 0, last: u128::MAX }]);
        let some = ["10.0.1.0/24", "10.0.0.0/24", "10.0.3.0/24"].map(range).to_vec();
        assert_eq!(merge(some), [range("10.0.0.0/23"), range("10.0.3.0/24")]);
    }
}
