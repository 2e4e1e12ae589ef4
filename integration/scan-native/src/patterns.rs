//! The detectors of the packs as regular expressions, for engines that know nothing else.
//!
//! Contexts, validators and what may stand around a value cannot be said in them; so they match more often than the
//! detectors find.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::failure::Failure;

/// A detector's expression.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    pub(crate) name: String,
    pub(crate) expression: String,
}

/// What is read of a pack.
#[derive(Deserialize)]
struct Pack {
    #[serde(default)]
    detectors: BTreeMap<String, Detector>,
}

/// What is read of a detector; the rest says when it counts.
#[derive(Deserialize)]
struct Detector {
    regex: Option<String>,
    #[serde(default)]
    words: Vec<String>,
    #[serde(default)]
    fields: Vec<String>,
    builtin: Option<String>,
}

/// The patterns of all packs that ship with the compiler, by name. What stands for the built-in scanners comes from a file;
/// scanners that no pack speaks of are among the patterns too.
pub(crate) fn all(builtins: &Path) -> Result<Vec<Pattern>, Failure> {
    let text = fs::read_to_string(builtins).map_err(|error| Failure::of(builtins, error))?;
    let builtins: BTreeMap<&str, &str> =
        text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t')).collect();
    let mut patterns: BTreeMap<String, String> = BTreeMap::new();
    for pack in bartizan_policy_compiler::packs::ALL {
        let read: Pack = serde_saphyr::from_str(pack.text)
            .map_err(|error| Failure::new(format!("the pack {}: {error}", pack.name)))?;
        for (name, detector) in read.detectors {
            if let Some(expression) = detector.expression(&builtins)? {
                patterns.insert(name, expression);
            }
        }
    }
    for (name, expression) in &builtins {
        if !patterns.values().any(|known| known == expression) {
            patterns.insert((*name).to_owned(), (*expression).to_owned());
        }
    }
    Ok(patterns.into_iter().map(|(name, expression)| Pattern { name, expression }).collect())
}

impl Detector {
    fn expression(self, builtins: &BTreeMap<&str, &str>) -> Result<Option<String>, Failure> {
        if let Some(name) = self.builtin {
            let expression = builtins.get(name.as_str());
            return match expression {
                Some(expression) => Ok(Some((*expression).to_owned())),
                None => Err(Failure::new(format!("no expression stands for the built-in scanner `{name}`"))),
            };
        }
        if self.regex.is_some() {
            return Ok(self.regex);
        }
        let either =
            |words: Vec<String>| words.iter().map(|word| regex::escape(word)).collect::<Vec<_>>().join("|");
        if !self.words.is_empty() {
            return Ok(Some(format!("(?i)(?:{})", either(self.words))));
        }
        let names =
            self.fields.iter().filter_map(|field| field.rsplit('/').next()).map(str::to_owned).collect();
        let names = either(names);
        Ok((!names.is_empty()).then(|| format!("\"(?:{names})\" {{0,2}}:")))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::all;
    use crate::regex_set::Sets;

    #[test]
    fn every_detector_of_the_packs_has_an_expression_that_compiles() {
        let builtins = Path::new(env!("CARGO_MANIFEST_DIR")).join("../hyperscan/builtins.txt");
        let patterns = all(&builtins).unwrap();
        let sets = Sets::fastest(&patterns, b"a body without anything in it");
        assert!(sets.refused.is_empty(), "{:?}", sets.refused);
        assert!(patterns.iter().any(|pattern| pattern.name == "payment_card"));
    }
}
