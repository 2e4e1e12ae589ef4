//! The detectors that a policy uses, with their new positions.

use std::collections::BTreeMap;

use bartizan_engine::blob::draft::{DetectorDraft, Finder, Methods, PathPattern, SensitiveDraft};

use crate::catalogue::Catalogue;
use crate::model::{App, Detector, Policy, Shape};
use crate::source::Spanned;

/// The detectors that something looks for or counts.
pub(super) struct UsedDetectors<'policy> {
    catalogue: Catalogue<'policy>,
    /// For each used position in the catalogue: its position in the draft.
    positions: BTreeMap<usize, usize>,
}

impl<'policy> UsedDetectors<'policy> {
    pub(super) fn of(policy: &'policy Policy) -> Self {
        let catalogue = Catalogue::of(policy);
        let searches = policy.apps.iter().flat_map(|app| &app.sensitive);
        let mut used: Vec<usize> = searches.flat_map(|search| catalogue.looked_for(search)).collect();
        let counters = policy.counters.iter().filter_map(|counter| counter.body.as_ref());
        used.extend(counters.flat_map(|body| catalogue.find_all(&body.data)));
        used.sort_unstable();
        used.dedup();
        let positions = used.into_iter().enumerate().map(|(at, position)| (position, at)).collect();
        Self { catalogue, positions }
    }

    /// The detectors that names stand for, as far as they are used.
    pub(super) fn named(&self, names: &[Spanned<String>]) -> Vec<usize> {
        self.placed(&self.catalogue.find_all(names))
    }

    fn placed(&self, positions: &[usize]) -> Vec<usize> {
        positions.iter().filter_map(|position| self.positions.get(position).copied()).collect()
    }

    /// `None` where a pattern cannot be compiled, which has been reported.
    pub(super) fn drafts(&self) -> Option<Vec<DetectorDraft>> {
        self.positions.keys().map(|position| draft(self.catalogue.get(*position)?)).collect()
    }

    pub(super) fn searches(&self, app: &App) -> Vec<SensitiveDraft> {
        let searches = app.sensitive.iter().map(|search| SensitiveDraft {
            find: self.placed(&self.catalogue.looked_for(search)),
            paths: search.paths.value.clone(),
            action: search.action.value,
            keep_first: search.keep_first,
            keep_last: search.keep_last,
            style: search.style,
            confidence: search.confidence,
            places: search.places,
        });
        searches.collect()
    }

    /// What the app's OpenAPI document expects.
    pub(super) fn expectations(&self, app: &App) -> Vec<(Methods, PathPattern, Vec<usize>)> {
        let expectations = app.expectations.iter().map(|expectation| {
            let mut found = self.catalogue.find_all(&expectation.names);
            found.extend(expectation.formats.iter().flat_map(|format| self.catalogue.find(format)));
            found.sort_unstable();
            found.dedup();
            (expectation.methods.clone(), expectation.path.clone(), self.placed(&found))
        });
        expectations.filter(|(_, _, found)| !found.is_empty()).collect()
    }
}

/// What the filter gets of a detector. `None` where its pattern cannot be compiled.
pub(crate) fn draft(detector: &Detector) -> Option<DetectorDraft> {
    let body = detector.body.as_ref()?;
    let mut draft = DetectorDraft {
        name: detector.name.value.clone(),
        class: String::from(detector.class),
        finder: Finder::Pattern,
        validator: body.validator.map_or(0, |validator| validator as u8),
        alone: body.alone,
        near: body.near,
        context: body.context.clone(),
        pattern: None,
        words: Vec::new(),
        fields: Vec::new(),
    };
    match &body.shape {
        Shape::Pattern(pattern) => draft.pattern = Some(pattern.compiled().ok()?.clone()),
        Shape::Words(words) => (draft.finder, draft.words) = (Finder::Words, words.clone()),
        Shape::Fields(fields) => (draft.finder, draft.fields) = (Finder::Fields, fields.clone()),
        Shape::BuiltIn(finder) => draft.finder = *finder,
    }
    Some(draft)
}
