//! What a scenario expects of one exchange.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::body::Characters;
use super::duration;
use crate::host::exchange::Exchange;

/// Expectations; what is absent is not judged.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// What is done: `none`, `tag`, `mask`, `throttle`, `challenge`, `block`.
    #[serde(default, rename = "do")]
    pub action: Option<String>,
    /// What would be done in enforce mode.
    #[serde(default)]
    pub would_do: Option<String>,
    /// `enforce` or `report`.
    #[serde(default)]
    pub mode: Option<String>,
    /// The app that was recognised.
    #[serde(default)]
    pub app: Option<String>,
    /// The route that was recognised.
    #[serde(default)]
    pub route: Option<String>,
    /// The threat whose score is given.
    #[serde(default)]
    pub threat: Option<String>,
    /// Its score; 0 for none.
    #[serde(default)]
    pub score: Option<u64>,
    /// The authors' reasons, in any order, and no others.
    #[serde(default)]
    pub because: Option<Vec<String>>,
    /// What the login was: `success`, `failure`, `unknown`; `none` for no login.
    #[serde(default)]
    pub login: Option<String>,
    /// From where a login came: `known_device`, `known_network`, `stranger`; `none` where it does not matter.
    #[serde(default)]
    pub from: Option<String>,
    /// Whether the login's route was under attack.
    #[serde(default)]
    pub under_attack: Option<bool>,
    /// Detectors that found something.
    #[serde(default)]
    pub found: Option<Vec<String>>,
    /// Where something was found: `body`, `headers` (trailers too), `url`; one entry for each detector and place.
    #[serde(default)]
    pub found_at: Option<Vec<String>>,
    /// How many values were found.
    #[serde(default)]
    pub count: Option<u64>,
    /// How many of them are only likely.
    #[serde(default)]
    pub likely: Option<u64>,
    /// How many were overwritten or taken out.
    #[serde(default)]
    pub masked: Option<u64>,
    /// Why a body was not inspected; `no` for inspected.
    #[serde(default)]
    pub uninspected: Option<String>,
    /// The status that the client gets.
    #[serde(default)]
    pub status: Option<u16>,
    /// The body that the client gets.
    #[serde(default)]
    pub body: Option<String>,
    /// What the client's body contains.
    #[serde(default)]
    pub body_contains: Option<String>,
    /// What the client's body must not contain.
    #[serde(default)]
    pub body_lacks: Option<String>,
    /// The pieces in which the client gets the body.
    #[serde(default)]
    pub pieces: Option<Vec<String>>,
    /// Whether the client gets the bytes that the upstream sent.
    #[serde(default)]
    pub passes: Option<bool>,
    /// Whether the client gets as many bytes as the upstream sent.
    #[serde(default)]
    pub same_length: Option<bool>,
    /// Trailers of the client's reply; empty for absent, `*` for anything.
    #[serde(default)]
    pub trailers: BTreeMap<String, String>,
    /// Headers of the client's reply; empty for absent, `*` for anything.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Whether the upstream gets the request.
    #[serde(default)]
    pub upstream: Option<bool>,
    /// Headers at the upstream; empty for absent, `*` for anything.
    #[serde(default)]
    pub upstream_headers: BTreeMap<String, String>,
    /// Names of the cookies that the client gets, in any order, and no others.
    #[serde(default)]
    pub sets_cookies: Option<Vec<String>>,
    /// The shortest time until the exchange is over, `2s`.
    #[serde(default)]
    pub takes_at_least: Option<String>,
    /// The longest time.
    #[serde(default)]
    pub takes_at_most: Option<String>,
    /// Whether the reply is cut off.
    #[serde(default)]
    pub reset: Option<bool>,
    /// Whether there is a decision record at all.
    #[serde(default)]
    pub record: Option<bool>,
}

impl Expected {
    /// What differs, as sentences. `sent` is what the upstream sent of its body, in these characters.
    pub fn differences(&self, seen: &Exchange, sent: &[u8], characters: Characters) -> Vec<String> {
        let state = seen.state("bartizan");
        let record: Value =
            state.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null);
        let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or("none").to_owned();
        let mut differences = Vec::new();
        let mut judge = |what: &str, expected: Option<String>, seen: String| {
            if let Some(expected) = expected.filter(|expected| *expected != seen) {
                differences.push(format!("{what}: expected {expected}, saw {seen}"));
            }
        };
        judge("record", self.record.map(|record| record.to_string()), state.is_some().to_string());
        judge("do", self.action.clone(), text("do"));
        // Where nothing else would be done, the record leaves it out.
        let would = record.get("would_do").and_then(Value::as_str).map_or_else(|| text("do"), str::to_owned);
        judge("would_do", self.would_do.clone(), would);
        judge("mode", self.mode.clone(), text("mode"));
        judge("app", self.app.clone(), text("app"));
        judge("route", self.route.clone(), text("route"));
        judge("login", self.login.clone(), text("login"));
        judge("from", self.from.clone(), text("from"));
        let under_attack = record.get("under_attack").and_then(Value::as_bool).unwrap_or(false);
        judge("under attack", self.under_attack.map(|is| is.to_string()), under_attack.to_string());
        judge("uninspected", self.uninspected.clone(), text("uninspected").replace("none", "no"));
        judge("score", self.score.map(|score| score.to_string()), self.score_of(&record).to_string());
        judge("because", self.because.clone().map(listed), listed(strings(&record, "reasons", "because")));
        judge("found", self.found.clone().map(listed), listed(strings(&record, "found", "detector")));
        judge(
            "status",
            self.status.map(|status| format!("{:?}", Some(status))),
            format!("{:?}", seen.status()),
        );
        let body = seen.client.body();
        let read = characters.read(&body);
        judge("body", self.body.clone(), read.clone());
        let pieces = seen.client.chunks.iter().filter(|piece| !piece.is_empty());
        let pieces = pieces.map(|piece| characters.read(piece)).collect::<Vec<_>>();
        judge("pieces", self.pieces.as_ref().map(|pieces| format!("{pieces:?}")), format!("{pieces:?}"));
        judge("passes", self.passes.map(|passes| passes.to_string()), (body == sent).to_string());
        let same_length = body.len() == sent.len();
        judge("same length", self.same_length.map(|same| same.to_string()), same_length.to_string());
        let lacked = self.body_lacks.as_ref().filter(|part| read.contains(*part));
        judge("body lacks", lacked.cloned(), read.clone());
        judge("found at", self.found_at.clone().map(listed), listed(strings(&record, "found", "at")));
        for (what, expected) in [("count", self.count), ("likely", self.likely), ("masked", self.masked)] {
            judge(what, expected.map(|number| number.to_string()), sum(&record, what).to_string());
        }
        judge("reset", self.reset.map(|reset| reset.to_string()), seen.client.reset.to_string());
        judge(
            "reached upstream",
            self.upstream.map(|upstream| upstream.to_string()),
            seen.upstream.head.is_some().to_string(),
        );
        let contained = self.body_contains.as_ref().filter(|part| !read.contains(*part));
        judge("body contains", contained.cloned(), read);
        judge("cookies", self.sets_cookies.clone().map(listed), listed(cookies(seen)));
        let took = format!("{} ms", seen.took());
        let bounds = [
            ("takes at least", &self.takes_at_least, Ordering::Less),
            ("takes at most", &self.takes_at_most, Ordering::Greater),
        ];
        for (what, bound, wrong) in bounds {
            let Some(text) = bound else { continue };
            let limit = duration(text).map(|limit| limit.as_millis());
            let is_wrong = limit.map_or(true, |limit| u128::from(seen.took()).cmp(&limit) == wrong);
            judge(what, is_wrong.then(|| text.clone()), took.clone());
        }
        for (name, value) in &self.headers {
            let have = seen.client.head.as_ref().and_then(|head| head.text(name));
            judge(name, Some(value.clone()), wildcard(value, have));
        }
        for (name, value) in &self.trailers {
            let have = seen.client.trailers.as_ref().and_then(|trailers| trailers.text(name));
            judge(&format!("trailer {name}"), Some(value.clone()), wildcard(value, have));
        }
        for (name, value) in &self.upstream_headers {
            let have = seen.upstream.head.as_ref().and_then(|head| head.text(name));
            judge(&format!("upstream's {name}"), Some(value.clone()), wildcard(value, have));
        }
        if !differences.is_empty() {
            differences.push(format!("the record: {}", state.as_deref().unwrap_or("none")));
        }
        differences
    }

    fn score_of(&self, record: &Value) -> u64 {
        let Some(scores) = record.get("scores").and_then(Value::as_object) else { return 0 };
        match &self.threat {
            Some(threat) => scores.get(threat).and_then(Value::as_u64).unwrap_or(0),
            None => scores.values().filter_map(Value::as_u64).max().unwrap_or(0),
        }
    }
}

fn strings(record: &Value, list: &str, key: &str) -> Vec<String> {
    let entries = record.get(list).and_then(Value::as_array).cloned().unwrap_or_default();
    entries.iter().filter_map(|entry| Some(entry.get(key)?.as_str()?.to_owned())).collect()
}

/// A number of all entries of what was found, together.
fn sum(record: &Value, key: &str) -> u64 {
    let entries = record.get("found").and_then(Value::as_array).into_iter().flatten();
    entries.filter_map(|entry| entry.get(key)?.as_u64()).sum()
}

/// Names of the cookies that the client gets.
fn cookies(seen: &Exchange) -> Vec<String> {
    let pairs = seen.client.head.iter().flat_map(|head| head.pairs());
    let set = pairs.filter(|(name, _)| *name == b"set-cookie");
    let name = |value: &[u8]| String::from_utf8_lossy(value).split('=').next().unwrap_or_default().to_owned();
    set.map(|(_, value)| name(value)).collect()
}

fn listed(mut texts: Vec<String>) -> String {
    texts.sort();
    format!("{texts:?}")
}

fn wildcard(expected: &str, have: Option<String>) -> String {
    let have = have.unwrap_or_default();
    if expected == "*" && !have.is_empty() { "*".to_owned() } else { have }
}
