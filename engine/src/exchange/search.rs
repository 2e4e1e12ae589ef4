//! What is looked for in an exchange, where, and what follows from it.

use crate::blob::Policy;
use crate::blob::apps::{FindingAction, MaskStyle, Sensitive};
use crate::blob::counters::Source;
use crate::blob::detectors::{Confidence, DetectorBits, IN_BODY, IN_HEADERS, IN_URL};
use crate::blob::trie::Matches;
use crate::sensitive::{Change, Findings, Overwriting, ScanSettings};
use crate::verdict::Action;
use crate::vocabulary::Value;

/// Where something is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Body,
    Headers,
    Url,
}

impl Place {
    const fn bit(self) -> u8 {
        match self {
            Self::Body => IN_BODY,
            Self::Headers => IN_HEADERS,
            Self::Url => IN_URL,
        }
    }
}

/// What is looked for in an exchange.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Search {
    /// In the reply's body.
    pub(crate) body: DetectorBits,
    /// In its header fields and trailers.
    pub(crate) headers: DetectorBits,
    /// In the request's path and query.
    pub(crate) url: DetectorBits,
    /// What is meant to be in the reply.
    expected: DetectorBits,
    /// The entries of `sensitive` that apply.
    rules: Vec<u32>,
}

impl Search {
    /// The union of all that applies to a path.
    pub(crate) fn of(policy: &Policy<'_>, matches: &Matches) -> Self {
        let mut search = Self { rules: matches.sensitive.clone(), ..Self::default() };
        for rule in search.rules.iter().filter_map(|position| policy.sensitive.get(*position as usize)) {
            let at = |place: Place| if is_at(rule, place) { rule.finds } else { DetectorBits::EMPTY };
            search.body = search.body.union(at(Place::Body));
            search.headers = search.headers.union(at(Place::Headers));
            search.url = search.url.union(at(Place::Url));
        }
        for expectation in &matches.expectations {
            let expectation = policy.expectations.get(*expectation as usize);
            search.expected = search.expected.union(expectation.map(|it| it.detectors).unwrap_or_default());
        }
        if !search.expected.is_empty() && counts_values(policy) {
            // What is meant to be there is no finding, but it is counted who collects it.
            search.body = search.body.union(search.expected);
        }
        search
    }

    /// Whether the reply is looked at.
    pub(crate) fn is_of_reply(&self) -> bool {
        !self.body.is_empty() || !self.headers.is_empty()
    }

    fn rules<'a, 'p>(&'a self, policy: &'a Policy<'p>) -> impl Iterator<Item = &'a Sensitive<'p>> {
        self.rules.iter().filter_map(|position| policy.sensitive.get(*position as usize))
    }

    /// What a scan looks for, and what it overwrites where decisions are carried out.
    pub(crate) fn settings(&self, policy: &Policy<'_>, place: Place, is_enforced: bool) -> ScanSettings {
        let detectors = match place {
            Place::Body => self.body,
            Place::Headers => self.headers,
            Place::Url => self.url,
        };
        let mut changes: Vec<Change> = Vec::new();
        for rule in self.rules(policy).filter(|rule| is_enforced && is_at(rule, place)) {
            let stars = Overwriting::Stars { keep_first: rule.keep_first, keep_last: rule.keep_last };
            let overwriting = match (rule.action, rule.style) {
                (FindingAction::Tag, _) => continue,
                (FindingAction::Remove, _) => Overwriting::Removal,
                (FindingAction::Mask | FindingAction::Block, MaskStyle::Hash) => Overwriting::Token,
                (FindingAction::Mask | FindingAction::Block, MaskStyle::Stars) => stars,
            };
            changes.push(Change { detectors: rule.finds, confidence: rule.confidence, overwriting });
        }
        // Where several apply to the same value, the one that leaves least of it wins.
        changes.sort_by_key(|change| match change.overwriting {
            Overwriting::Removal => 0,
            Overwriting::Stars { keep_first: 0, keep_last: 0 } => 1,
            Overwriting::Token => 2,
            Overwriting::Stars { keep_first, keep_last } => {
                3_u16.saturating_add(u16::from(keep_first)).saturating_add(u16::from(keep_last))
            }
        });
        let expected = if place == Place::Url { DetectorBits::EMPTY } else { self.expected };
        ScanSettings {
            detectors,
            expected,
            changes,
            hashes_values: place == Place::Body && counts_values(policy),
        }
    }

    /// What findings would lead to where everything enforced.
    pub(crate) fn would(&self, policy: &Policy<'_>, place: Place, findings: &Findings) -> Action {
        let actions = self.rules(policy).filter(|rule| is_at(rule, place) && applies(rule, findings));
        let action = |rule: &Sensitive<'_>| match (rule.action, place) {
            // A request's address is not rewritten, and nobody is refused for it.
            (FindingAction::Tag, _) | (_, Place::Url) => Action::Tag,
            (FindingAction::Mask | FindingAction::Remove, _) => Action::Mask,
            (FindingAction::Block, _) => Action::Block,
        };
        actions.map(action).max().unwrap_or(Action::None)
    }

    /// Whether findings may have a held reply refused.
    pub(crate) fn may_block(&self, policy: &Policy<'_>) -> bool {
        self.rules(policy).any(|rule| rule.action == FindingAction::Block)
    }
}

fn is_at(rule: &Sensitive<'_>, place: Place) -> bool {
    // Formats before 3 knew bodies only.
    let places = if rule.places == 0 { IN_BODY } else { rule.places };
    places & place.bit() != 0
}

/// Whether anything was found on which an entry acts.
fn applies(rule: &Sensitive<'_>, findings: &Findings) -> bool {
    findings.found().iter().any(|found| {
        rule.finds.contains(usize::from(found.detector))
            && (found.high > 0 || (found.likely > 0 && rule.confidence <= Confidence::Likely))
    })
}

/// Whether a counter tells sensitive values apart or counts them, expected ones too.
fn counts_values(policy: &Policy<'_>) -> bool {
    policy.counters.iter().any(|counter| {
        counter.source == Source::Distinct(Value::SensitiveValue) || counter.source.asks_usual()
    })
}
