//! Applications with their routes, traps and searches.

use bartizan_engine::blob::draft::SensitiveAction;
use bartizan_engine::vocabulary::Detector;

use super::addresses::threat;
use super::fields::{self, Fields};
use super::texts::duration;
use super::{logins, paths};
use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::model::{App, Honeypot, Route, RouteBody, Sensitive};
use crate::source::Spanned;
use crate::syntax::fields::{APP, DETECTORS, HONEYPOT, LABEL, ROUTE, SENSITIVE};
use crate::syntax::{Entry, Node};

pub(super) fn decode(policy: &Fields<'_>, findings: &mut Diagnostics) -> Vec<App> {
    let entries = policy.named("apps", findings);
    entries.iter().map(|entry| app(entry, findings)).collect()
}

fn app(entry: &Entry, findings: &mut Diagnostics) -> App {
    let name = entry.key.clone();
    fields::name(&name, &LABEL, 32, findings);
    let Some(fields) = Fields::open(&entry.node, entry.key.span, &APP, findings) else {
        let (hosts, owner) = (Vec::new(), String::new());
        let (routes, logins, honeypots, sensitive) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        return App { name, hosts, mode: None, owner, unwatched: None, routes, logins, honeypots, sensitive };
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
    App { name, hosts, mode, owner, unwatched, routes, logins, honeypots, sensitive }
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
    Some(RouteBody { path: path?, methods, mode, authenticated })
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

fn search(node: &Node, findings: &mut Diagnostics) -> Option<Sensitive> {
    let fields = Fields::open(node, node.span, &SENSITIVE, findings)?;
    let mut find: Vec<Spanned<Detector>> = Vec::new();
    for node in fields.items("find", findings) {
        let Some(word) = fields::word(node, DETECTORS, findings) else { continue };
        let detector = Detector::ALL.into_iter().find(|detector| detector.name() == word.value);
        find.extend(detector.map(|detector| Spanned::new(detector, node.span)));
    }
    find.sort_by_key(|detector| detector.value);
    find.dedup_by_key(|detector| detector.value);
    let paths = fields.text("in", findings).and_then(|text| paths::path(&text, findings));
    let action = fields.word("do", findings).map(|word| {
        let action = match word.value {
            "tag" => SensitiveAction::Tag,
            "mask" => SensitiveAction::Mask,
            _ => SensitiveAction::Block,
        };
        Spanned::new(action, word.span)
    });
    let keep_last = fields.integer("keep_last", findings).map_or(0, |number| number.value);
    if let (Some(entry), Some(SensitiveAction::Tag)) =
        (fields.entry("keep_last"), action.as_ref().map(|action| action.value))
    {
        findings.push(
            Diagnostic::new(
                &codes::KEY_NOT_HERE,
                entry.key.span,
                "`keep_last` says nothing beside `do: tag`",
            )
            .help("nothing is masked; use `do: mask`, or take `keep_last` out"),
        );
    }
    Some(Sensitive { find, paths: paths?, action: action?, keep_last: u8::try_from(keep_last).unwrap_or(0) })
}
