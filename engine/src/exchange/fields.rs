//! Header fields and trailers of a reply: searched like its body.

use super::findings::note;
use super::response::FieldChange;
use super::search::Place;
use super::subject::Subject;
use super::{Headers, Surroundings};
use crate::sensitive::{BodyKind, ScanWorld, Scanner};
use crate::vocabulary::Mode;

/// How much of a head is looked at.
const LONGEST: usize = 64 * 1024;

/// Fields whose values are made for the one who gets them, or that name what everybody may know: a session's cookie is a
/// token by design.
const UNSEARCHED: [&str; 12] = [
    "set-cookie",
    "authorization",
    "www-authenticate",
    "proxy-authenticate",
    "date",
    "expires",
    "last-modified",
    "age",
    "content-length",
    "content-security-policy",
    "strict-transport-security",
    "alt-svc",
];

/// Fields that are searched and stay as they are: what was changed in them would no longer work.
const UNCHANGED: [&str; 3] = ["location", "content-location", "link"];

/// Looks for what has no place in header fields or trailers. What has to be overwritten is given back.
pub(super) fn search(
    subject: &mut Subject,
    fields: &Headers,
    surroundings: &mut Surroundings<'_, '_>,
) -> Vec<FieldChange> {
    if subject.search.headers.is_empty() {
        return Vec::new();
    }
    let policy = surroundings.policy;
    let searched =
        || fields.iter().filter(|(name, _)| !name.starts_with(':') && !UNSEARCHED.contains(&name.as_str()));
    // Nearly always there is nothing: one look at all of them together says so.
    let mut together = Vec::new();
    for (name, value) in searched() {
        if together.len() < LONGEST {
            together.extend_from_slice(name.as_bytes());
            together.extend_from_slice(b": ");
            together.extend_from_slice(value);
            together.push(b'\n');
        }
    }
    let counting = subject.search.settings(policy, Place::Headers, false);
    let world = ScanWorld { policy, key: surroundings.key };
    let mut scanner = Scanner::new(counting.clone(), BodyKind::FIELD);
    let _ = scanner.push(together, true, world);
    if scanner.findings().is_empty() {
        return Vec::new();
    }
    let settings = subject.search.settings(policy, Place::Headers, subject.mode == Mode::Enforce);
    let mut changes: Vec<FieldChange> = Vec::new();
    for (name, value) in searched() {
        let settings = if UNCHANGED.contains(&name.as_str()) { counting.clone() } else { settings.clone() };
        // The name gives context to the value; it is passed first.
        let mut scanner = Scanner::new(settings, BodyKind::FIELD);
        let prefix = [name.as_bytes(), b": "].concat();
        let line = [prefix.as_slice(), value].concat();
        let scanned = scanner.push(line, true, world);
        let found = std::mem::take(scanner.findings_mut());
        note(subject, Place::Headers, found, surroundings);
        if !scanned.changed {
            continue;
        }
        let changed = scanned.output.get(prefix.len()..).unwrap_or_default().to_vec();
        match changes.iter_mut().find(|change| change.name == *name) {
            Some(change) => replace(&mut change.values, value, changed),
            None => {
                let all = fields.iter().filter(|(known, _)| known == name);
                let mut values: Vec<Vec<u8>> = all.map(|(_, value)| value.clone()).collect();
                replace(&mut values, value, changed);
                changes.push(FieldChange { name: name.clone(), values });
            }
        }
    }
    changes
}

fn replace(values: &mut [Vec<u8>], old: &[u8], new: Vec<u8>) {
    if let Some(value) = values.iter_mut().find(|value| value.as_slice() == old) {
        *value = new;
    }
}
