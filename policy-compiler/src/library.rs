//! The detectors of all packs, which every policy knows by name.

use std::path::PathBuf;
use std::sync::OnceLock;

use crate::decode;
use crate::diagnostic::Diagnostics;
use crate::model::Detector;
use crate::packs;
use crate::source::Sources;

/// The detectors of all packs, in the order of the packs. Read once.
pub(crate) fn detectors() -> &'static [Detector] {
    static LIBRARY: OnceLock<Vec<Detector>> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let (mut sources, mut findings) = (Sources::default(), Diagnostics::default());
        // What is wrong with a pack is no author's business; the tests see to it that nothing is.
        read(&mut sources, &mut findings)
    })
}

fn read(sources: &mut Sources, findings: &mut Diagnostics) -> Vec<Detector> {
    let mut detectors = Vec::new();
    for pack in packs::ALL {
        let mut run = decode::Run { sources, findings, directory: PathBuf::new() };
        detectors.extend(decode::detectors_of_pack(pack, &mut run));
    }
    detectors
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::diagnostic::render::{Format, render};
    use crate::model::Shape;

    #[test]
    fn the_packs_have_no_fault_and_every_name_once() {
        let (mut sources, mut findings) = (Sources::default(), Diagnostics::default());
        let detectors = read(&mut sources, &mut findings);
        assert_eq!(render(&sources, &findings, Format::Plain), "");
        let mut names: HashSet<&str> = packs::NAMES.iter().copied().collect();
        for detector in &detectors {
            let name = detector.name.value.as_str();
            assert!(names.insert(name), "{name} is the name of two detectors, or of a pack");
            let body = detector.body.as_ref().unwrap();
            assert!(!body.found.is_empty() && !body.silent.is_empty(), "{name} has no samples of both kinds");
        }
    }

    #[test]
    fn every_sample_of_a_pack_holds() {
        let mut wrong = Vec::new();
        for detector in detectors() {
            for (sample, found) in crate::samples::contradicted(detector) {
                let does = if found { "finds something in" } else { "finds nothing in" };
                wrong.push(format!("{} {does} {}", detector.name.value, sample.value));
            }
        }
        assert!(wrong.is_empty(), "{} samples:\n{}", wrong.len(), wrong.join("\n"));
    }

    #[test]
    fn every_pattern_of_a_pack_can_be_used() {
        let mut refused = Vec::new();
        for detector in detectors() {
            if let Some(Shape::Pattern(pattern)) = detector.body.as_ref().map(|body| &body.shape)
                && let Err(refusal) = pattern.compiled()
            {
                refused.push(format!("{}: {}", detector.name.value, refusal.reason));
            }
        }
        assert!(refused.is_empty(), "{}", refused.join("\n"));
    }
}
