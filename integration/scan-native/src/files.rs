//! Bodies from a file that somebody wants to know about.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use bartizan_corpus::BODY;
use flate2::read::MultiGzDecoder;
use serde::Deserialize;

use crate::failure::Failure;

/// The most that is read of a file, unpacked, in bytes.
const MOST: u64 = 256 << 20;

/// A line of samples; other members are of no interest.
#[derive(Deserialize)]
struct Row {
    body: String,
}

/// The content type of a file's bodies, and the bodies. What is shorter than a mebibyte is repeated up to there, so that
/// the price of a request does not hide that of its bytes.
pub(crate) fn read(file: &Path) -> Result<(&'static str, Vec<Vec<u8>>), Failure> {
    let open = File::open(file).map_err(|error| Failure::of(file, error))?;
    let name = file.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let (name, input): (_, Box<dyn Read>) = match name.strip_suffix(".gz") {
        Some(unpacked) => (unpacked, Box::new(MultiGzDecoder::new(open))),
        None => (name.as_str(), Box::new(open)),
    };
    let mut input = BufReader::new(input.take(MOST));
    let kind = name.rsplit_once('.').map_or("", |(_, kind)| kind);
    if kind == "jsonl" || kind == "ndjson" {
        let mut rows = Vec::new();
        for line in input.lines() {
            let line = line.map_err(|error| Failure::of(file, error))?;
            let row: Row = serde_json::from_str(&line).map_err(|error| {
                Failure::of(file, format_args!("a line is no object with a text `body`: {error}"))
            })?;
            rows.push(row.body.into_bytes());
        }
        if rows.is_empty() {
            return Err(Failure::of(file, "there is no line in it"));
        }
        return Ok(("application/json", arrays(&rows)));
    }
    let mut body = Vec::new();
    input.read_to_end(&mut body).map_err(|error| Failure::of(file, error))?;
    if body.is_empty() {
        return Err(Failure::of(file, "it is empty"));
    }
    let content_type = content_type(kind);
    if content_type == "application/json" && body.len() < BODY {
        return Ok((content_type, arrays(&[body])));
    }
    let whole = body.clone();
    while body.len() < BODY {
        body.extend_from_slice(&whole);
    }
    Ok((content_type, vec![body]))
}

/// Documents in arrays of at least a mebibyte each; the last array begins again with the first document where it is short.
fn arrays(documents: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut bodies = Vec::new();
    let mut array = Vec::new();
    let mut left = documents.len();
    for document in documents.iter().cycle() {
        if left == 0 && array.is_empty() {
            break;
        }
        left = left.saturating_sub(1);
        array.push(if array.is_empty() { b'[' } else { b',' });
        array.extend_from_slice(document);
        if array.len() >= BODY {
            array.push(b']');
            bodies.push(std::mem::take(&mut array));
        }
    }
    bodies
}

fn content_type(kind: &str) -> &'static str {
    match kind {
        "json" => "application/json",
        "html" | "htm" => "text/html; charset=utf-8",
        "xml" => "application/xml",
        "csv" => "text/csv",
        "js" => "text/javascript",
        "css" => "text/css",
        _ => "text/plain; charset=utf-8",
    }
}

#[cfg(test)]
mod tests {
    use super::arrays;

    #[test]
    fn documents_become_arrays_of_a_mebibyte() {
        let documents = vec![br#"{"a":1}"#.to_vec(), vec![b'1'; 700_000], vec![b'2'; 700_000]];
        let bodies = arrays(&documents);
        assert_eq!(bodies.len(), 1);
        assert!(bodies[0].starts_with(br#"[{"a":1},111"#) && bodies[0].ends_with(b"222]"));
        let short = arrays(&[b"{}".to_vec()]);
        assert!(short.len() == 1 && short[0].starts_with(b"[{},{},") && short[0].len() >= 1 << 20);
    }
}
