//! Applications with their routes, traps and searches.

use bartizan_engine::blob::draft::Compression;

use super::addresses::threat;
use super::fields::{self, Fields};
use super::sensitive::{names, search};
use super::texts::duration;
use super::{Run, logins, paths};
use crate::diagnostic::Diagnostics;
use crate::model::{App, Expectation, Honeypot, Route, RouteBody};
use crate::openapi;
use crate::source::Spanned;
use crate::syntax::fields::{APP, HONEYPOT, LABEL, ROUTE};
use crate::syntax::{Entry, Node};

pub(super) fn decode(policy: &Fields<'_>, run: &mut Run<'_>) -> Vec<App> {
    let entries = policy.named("apps", run.findings);
    entries.iter().map(|entry| app(entry, run)).collect()
}

fn app(entry: &Entry, run: &mut Run<'_>) -> App {
    let expectations = openapi(entry, run);
    let findings = &mut *run.findings;
    let name = entry.key.clone();
    fields::name(&name, &LABEL, 32, findings);
    let Some(fields) = Fields::open(&entry.node, entry.key.span, &APP, findings) else {
        return App {
            name,
            hosts: Vec::new(),
            mode: None,
            owner: String::new(),
            unwatched: None,
            routes: Vec::new(),
            logins: Vec::new(),
            honeypots: Vec::new(),
            sensitive: Vec::new(),
            expectations,
            compression: None,
        };
    };
    let hosts = fields.items("hosts", findings).iter();
    let hosts = hosts.filter_map(|node| paths::host(node, findings)).collect();
    let mode = fields.mode("mode", findings);
    let owner = fields.text("owner", findings).map(|text| text.value).unwrap_or_default();
    let watch = fields.boolean("watch", findings);
    let unwatched = watch.filter(|watch| !watch.value).map(|watch| watch.span);
    let routes = fields.named("routes", findings).iter().map(|entry| route(entry, findings)).collect();
    let logins = fields.items("logins", findings).iter();
    let logins = logins.filter_map(|node| logins::decode(node, findings)).collect();
    let honeypots = fields.items("honeypots", findings).iter();
    let honeypots = honeypots.filter_map(|node| honeypot(node, findings)).collect();
    let sensitive = fields.items("sensitive", findings).iter();
    let sensitive = sensitive.filter_map(|node| search(node, findings)).collect();
    let compression = fields.word("compression", findings).map(|word| {
        let decodes = word.value == "decode";
        Spanned::new(if decodes { Compression::Decode } else { Compression::Identity }, word.span)
    });
    App {
        name,
        hosts,
        mode,
        owner,
        unwatched,
        routes,
        logins,
        honeypots,
        sensitive,
        expectations,
        compression,
    }
}

/// What the app's OpenAPI document says that replies contain.
fn openapi(app: &Entry, run: &mut Run<'_>) -> Vec<Expectation> {
    let Some(entry) = app.node.entry("openapi") else { return Vec::new() };
    let path = fields::text(&entry.node, "a file name", 1024, run.findings);
    path.map(|path| openapi::read(&path, run)).unwrap_or_default()
}

fn route(entry: &Entry, findings: &mut Diagnostics) -> Route {
    fields::name(&entry.key, &LABEL, 32, findings);
    let fields = Fields::open(&entry.node, entry.key.span, &ROUTE, findings);
    Route { name: entry.key.clone(), body: fields.and_then(|fields| route_body(&fields, findings)) }
}

fn route_body(fields: &Fields<'_>, findings: &mut Diagnostics) -> Option<RouteBody> {
    let path = fields.text("path", findings).and_then(|text| paths::path(&text, findings));
    let mut methods = Vec::new();
    for node in fields.items("methods", findings) {
        let text = fields::text(node, "a method", 32, findings);
        methods.extend(text.and_then(|text| paths::method(&text, findings)));
    }
    methods.sort_unstable();
    methods.dedup();
    let mode = fields.mode("mode", findings);
    let authenticated = fields.boolean("authenticated", findings).is_some_and(|value| value.value);
    let expects = names(fields, "expects", findings);
    Some(RouteBody { path: path?, methods, mode, authenticated, expects })
}

fn honeypot(node: &Node, findings: &mut Diagnostics) -> Option<Honeypot> {
    let fields = Fields::open(node, node.span, &HONEYPOT, findings)?;
    let path = fields.text("path", findings).and_then(|text| paths::path(&text, findings));
    let threat =
        fields.word("threat", findings).and_then(|word| Some(Spanned::new(threat(word.value)?, word.span)));
    let points = fields.integer("add", findings);
    let for_ms = fields.text("for", findings).and_then(|text| duration(&text, findings));
    let because = if fields.has("because") { fields.because(findings)? } else { String::new() };
    Some(Honeypot { path: path?, threat: threat?, points: points?.value, for_ms: for_ms?, because })
}
