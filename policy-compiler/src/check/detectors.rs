//! Detectors, and what apps do about what these find.

use bartizan_engine::blob::detectors::{IN_BODY, IN_URL};
use bartizan_engine::blob::draft::{Compression, PathPattern, Segment, SensitiveAction};

use crate::catalogue::Catalogue;
use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::model::{App, Detector, Policy, Sensitive, Shape};
use crate::packs;
use crate::samples;
use crate::source::Spanned;
use crate::syntax::node::shorten;
use crate::syntax::suggest;

pub(super) fn check(policy: &Policy, catalogue: &Catalogue<'_>, findings: &mut Diagnostics) {
    for detector in &policy.detectors {
        taken(detector, catalogue, findings);
        pattern(detector, findings);
    }
    for counter in policy.counters.iter().filter_map(|counter| counter.body.as_ref()) {
        known(&counter.data, catalogue, findings);
    }
    for app in &policy.apps {
        for search in &app.sensitive {
            known(&search.find, catalogue, findings);
            known(&search.except, catalogue, findings);
            removed(search, catalogue, findings);
            left_over(search, catalogue, findings);
        }
        for route in app.routes.iter().filter_map(|route| route.body.as_ref()) {
            known(&route.expects, catalogue, findings);
        }
        for expectation in &app.expectations {
            known(&expectation.names, catalogue, findings);
        }
        compressed(app, findings);
    }
    if findings.errors() == 0 {
        tried(policy, findings);
    }
}

/// A name stands for one thing, in this policy and in those that copy from it.
fn taken(detector: &Detector, catalogue: &Catalogue<'_>, findings: &mut Diagnostics) {
    let name = &detector.name;
    let pack = packs::find(&name.value).map(|pack| pack.name);
    let of_pack = catalogue.detectors.iter().find(|known| known.name.value == name.value);
    let of_pack = of_pack.map(|known| known.class).filter(|class| !class.is_empty());
    let (message, what) = match (pack, of_pack) {
        (Some(pack), _) => (format!("`{pack}` is the name of a pack"), pack),
        (None, Some(pack)) => (format!("the pack `{pack}` has a detector `{}`", name.value), pack),
        (None, None) => return,
    };
    findings.push(
        Diagnostic::new(&codes::DEFINED_TWICE, name.span, message)
            .help(format!("choose another name; `bartizan packs {what}` prints what the pack has")),
    );
}

fn pattern(detector: &Detector, findings: &mut Diagnostics) {
    let Some(Shape::Pattern(pattern)) = detector.body.as_ref().map(|body| &body.shape) else { return };
    if let Err(refusal) = pattern.compiled() {
        let message =
            format!("the pattern of `{}` cannot be used: {}", shorten(&detector.name.value), refusal.reason);
        findings.push(
            Diagnostic::new(&codes::BAD_PATTERN, pattern.regex.span, message).help(refusal.help.as_str()),
        );
    }
}

fn known(names: &[Spanned<String>], catalogue: &Catalogue<'_>, findings: &mut Diagnostics) {
    for name in names.iter().filter(|name| catalogue.find(&name.value).is_empty()) {
        let message = format!("there is no detector or pack `{}`", shorten(&name.value));
        let nearest = suggest::nearest(&name.value, catalogue.names());
        findings.push(
            Diagnostic::new(&codes::UNKNOWN_NAME, name.span, message)
                .help("define it under `detectors`; `bartizan packs` lists what is there")
                .maybe_help(nearest.map(|nearest| format!("did you mean `{nearest}`?"))),
        );
    }
}

/// Only what is found as a field can be taken out.
fn removed(search: &Sensitive, catalogue: &Catalogue<'_>, findings: &mut Diagnostics) {
    if search.action.value != SensitiveAction::Remove {
        return;
    }
    let is_field = |position: &usize| {
        let body = catalogue.get(*position).and_then(|detector| detector.body.as_ref());
        body.is_none_or(|body| matches!(body.shape, Shape::Fields(_)))
    };
    let left = catalogue.looked_for(search);
    for name in &search.find {
        let other =
            catalogue.find(&name.value).iter().filter(|position| left.binary_search(position).is_ok());
        let Some(other) = other.copied().find(|position| !is_field(position)) else { continue };
        let detector = catalogue.get(other).map_or("", |detector| detector.name.value.as_str());
        let message = if detector == name.value {
            format!("`{detector}` does not find fields, so it cannot be taken out")
        } else {
            format!("`{detector}` of `{}` does not find fields, so it cannot be taken out", name.value)
        };
        findings.push(
            Diagnostic::new(&codes::NOTHING_TO_REMOVE, name.span, message)
                .also(search.action.span, "taken out here")
                .help("use `do: mask`, or look for the field by its name, with a detector that has `fields`"),
        );
    }
}

fn left_over(search: &Sensitive, catalogue: &Catalogue<'_>, findings: &mut Diagnostics) {
    let names_something = !catalogue.find_all(&search.find).is_empty();
    let Some(except) = search.except.first() else { return };
    if names_something && catalogue.looked_for(search).is_empty() {
        findings.push(
            Diagnostic::new(&codes::NOTHING_GIVEN, except.span, "nothing is left to look for")
                .help("take the entry out, or leave less out of it"),
        );
    }
}

fn compressed(app: &App, findings: &mut Diagnostics) {
    let Some(compression) = app.compression.as_ref().filter(|word| word.value == Compression::Decode) else {
        return;
    };
    let changes = app.sensitive.iter().filter(|search| search.action.value != SensitiveAction::Tag);
    for search in changes {
        findings.push(
            Diagnostic::new(
                &codes::COMPRESSED,
                search.action.span,
                "compressed replies can be read and not changed",
            )
            .also(compression.span, "decoded here")
            .help("write `compression: identity`, or use `do: tag`"),
        );
    }
}

/// Tries the author's own detectors on their samples.
fn tried(policy: &Policy, findings: &mut Diagnostics) {
    for detector in &policy.detectors {
        let name = shorten(&detector.name.value);
        for (sample, found) in samples::contradicted(detector) {
            let message =
                format!("`{name}` finds {} in this sample", if found { "something" } else { "nothing" });
            findings.push(
                Diagnostic::new(&codes::SAMPLE_FAILS, sample.span, message)
                    .help("change the detector, or the sample"),
            );
        }
    }
}

pub(super) fn advise(policy: &Policy, catalogue: &Catalogue<'_>, findings: &mut Diagnostics) {
    let searches = || policy.apps.iter().flat_map(|app| &app.sensitive);
    for search in searches() {
        ordinary_replies(search, catalogue, findings);
        changes_nothing(search, findings);
    }
    let looked_for: Vec<usize> = searches().flat_map(|search| catalogue.looked_for(search)).collect();
    for detector in &policy.detectors {
        let position = catalogue.find(&detector.name.value);
        if position.iter().all(|position| !looked_for.contains(position)) {
            let message = format!("nothing looks for the detector `{}`", detector.name.value);
            findings.push(
                Diagnostic::new(&codes::UNUSED_LIST, detector.name.span, message)
                    .help("name it under `find` of an app's `sensitive`, or take it out"),
            );
        }
    }
    for app in &policy.apps {
        in_vain(app, catalogue, findings);
    }
}

fn ordinary_replies(search: &Sensitive, catalogue: &Catalogue<'_>, findings: &mut Diagnostics) {
    let everywhere = search.paths.value == PathPattern { segments: vec![Segment::Rest] };
    if search.action.value != SensitiveAction::Block || !everywhere {
        return;
    }
    let left = catalogue.looked_for(search);
    let email = catalogue.find("email").first().filter(|email| left.binary_search(email).is_ok());
    let mut names = search.find.iter();
    let name = email.and_then(|email| names.find(|name| catalogue.find(&name.value).contains(email)));
    if let Some(name) = name {
        findings.push(
            Diagnostic::new(
                &codes::BLOCKS_ORDINARY_REPLIES,
                name.span,
                "every page with an e-mail address is refused",
            )
            .also(search.action.span, "on all paths")
            .help("use `mask`, or name the paths that must not carry one"),
        );
    }
}

/// Addresses are told and never changed, and members are taken out of bodies only.
fn changes_nothing(search: &Sensitive, findings: &mut Diagnostics) {
    let (what, instead) = match search.action.value {
        SensitiveAction::Tag => return,
        SensitiveAction::Remove if search.places & IN_BODY == 0 => {
            ("members are taken out of bodies only", "add `body` to `at`, or use `mask`")
        }
        _ if search.places == IN_URL => (
            "what stands in an address is told, and neither changed nor refused",
            "use `tag`, or add `body` or `headers` to `at`",
        ),
        _ => return,
    };
    findings.push(Diagnostic::new(&codes::CHANGES_NOTHING, search.action.span, what).help(instead));
}

/// What routes expect has to be looked for, or it makes no difference.
fn in_vain(app: &App, catalogue: &Catalogue<'_>, findings: &mut Diagnostics) {
    let looked_for: Vec<usize> =
        app.sensitive.iter().flat_map(|search| catalogue.looked_for(search)).collect();
    for route in app.routes.iter().filter_map(|route| route.body.as_ref()) {
        for name in &route.expects {
            if catalogue.find(&name.value).iter().any(|position| looked_for.contains(position)) {
                continue;
            }
            let message = format!("the app `{}` does not look for `{}`", app.name.value, name.value);
            findings.push(
                Diagnostic::new(&codes::EXPECTED_IN_VAIN, name.span, message)
                    .help("name it under `find` of the app's `sensitive`, or take it out here"),
            );
        }
    }
}
