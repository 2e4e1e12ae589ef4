//! The `regex` crate's answer to many patterns at once.

use std::time::Instant;

use regex::bytes::{RegexSet, RegexSetBuilder};

use crate::patterns::Pattern;

/// What one set may take, compiled, in bytes. The crate's own limit is 10 MB.
const SIZE: usize = 128 << 20;

/// What the automata of all sets together may take while they scan, in bytes. With the crate's own limit, 2 MB for each, a
/// set of many patterns falls back to slower ways.
const AUTOMATA: usize = 512 << 20;

/// How many patterns are put into one set; which is fastest depends on them.
const SIZES: [usize; 4] = [usize::MAX, 32, 8, 1];

/// Patterns in sets.
#[derive(Debug, Default)]
pub(crate) struct Sets {
    sets: Vec<RegexSet>,
    /// Patterns that the crate does not compile, and why.
    pub(crate) refused: Vec<(String, String)>,
}

impl Sets {
    /// Compiles all patterns, in sets of the size with which this sample is scanned fastest.
    pub(crate) fn fastest(patterns: &[Pattern], sample: &[u8]) -> Self {
        let time = |sets: &Self| {
            // The first scan builds the automata.
            sets.matches(sample);
            let start = Instant::now();
            sets.matches(sample);
            start.elapsed()
        };
        let compiled = SIZES.into_iter().map(|size| Self::compile(patterns, size));
        compiled.min_by_key(time).unwrap_or_default()
    }

    /// Compiles all patterns, so many in each set; halves what is too large for one.
    fn compile(patterns: &[Pattern], size: usize) -> Self {
        let mut compiled = Self::default();
        let mut open: Vec<_> = patterns.chunks(size).collect();
        let automaton = AUTOMATA / open.len().max(1);
        while let Some(part) = open.pop() {
            match Self::set(part, automaton) {
                Ok(set) => compiled.sets.push(set),
                Err(error) => match part {
                    [] => {}
                    [only] => {
                        compiled.refused.push((only.name.clone(), error.to_string().replace('\n', " ")));
                    }
                    _ => {
                        let (first, second) = part.split_at(part.len() / 2);
                        open.extend([second, first]);
                    }
                },
            }
        }
        compiled
    }

    fn set(patterns: &[Pattern], automaton: usize) -> Result<RegexSet, regex::Error> {
        RegexSetBuilder::new(patterns.iter().map(|pattern| &pattern.expression))
            .unicode(false)
            .size_limit(SIZE)
            .dfa_size_limit(automaton)
            .build()
    }

    /// How many sets there are.
    pub(crate) fn count(&self) -> usize {
        self.sets.len()
    }

    /// How many patterns match somewhere in a body.
    pub(crate) fn matches(&self, body: &[u8]) -> usize {
        self.sets.iter().map(|set| set.matches(body).iter().count()).sum()
    }
}
