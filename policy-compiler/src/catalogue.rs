//! All detectors that a policy can name: those of the packs, and its own.

use std::collections::HashMap;

use crate::library;
use crate::model::{Detector, Policy, Sensitive};
use crate::packs;
use crate::source::Spanned;

/// Every detector with its position.
#[derive(Debug)]
pub(crate) struct Catalogue<'policy> {
    /// The packs' detectors, then the policy's own.
    pub(crate) detectors: Vec<&'policy Detector>,
    /// For each name of a detector or pack: the detectors that it stands for.
    names: HashMap<&'policy str, Vec<usize>>,
}

impl<'policy> Catalogue<'policy> {
    /// The detectors that a policy can name.
    #[must_use]
    pub(crate) fn of(policy: &'policy Policy) -> Self {
        let detectors: Vec<&Detector> = library::detectors().iter().chain(&policy.detectors).collect();
        let mut names: HashMap<&str, Vec<usize>> = HashMap::new();
        for (position, detector) in detectors.iter().enumerate() {
            // A policy that takes a pack's name has been reported; the pack's stays what it is.
            names.entry(detector.name.value.as_str()).or_insert_with(|| vec![position]);
        }
        for pack in packs::ALL {
            let of_pack = detectors.iter().enumerate().filter(|(_, detector)| detector.class == pack.name);
            let of_pack: Vec<usize> = of_pack.map(|(position, _)| position).collect();
            if !of_pack.is_empty() {
                names.insert(pack.name, of_pack);
            }
        }
        Self { detectors, names }
    }

    /// The detectors that a name stands for, by their positions; none where nothing has the name.
    #[must_use]
    pub(crate) fn find(&self, name: &str) -> &[usize] {
        self.names.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// The detectors that several names stand for, rising, each once.
    #[must_use]
    pub(crate) fn find_all(&self, names: &[Spanned<String>]) -> Vec<usize> {
        let mut found: Vec<usize> = names.iter().flat_map(|name| self.find(&name.value)).copied().collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// What an entry of `sensitive` looks for.
    #[must_use]
    pub(crate) fn looked_for(&self, search: &Sensitive) -> Vec<usize> {
        let left_out = self.find_all(&search.except);
        let mut found = self.find_all(&search.find);
        found.retain(|position| left_out.binary_search(position).is_err());
        found
    }

    /// The detector at a position.
    #[must_use]
    pub(crate) fn get(&self, position: usize) -> Option<&'policy Detector> {
        self.detectors.get(position).copied()
    }

    /// All names of detectors and packs.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'policy str> + Clone {
        self.names.keys().copied()
    }
}
