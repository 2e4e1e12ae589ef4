//! Looks for fixed texts in a body while it streams.

use memchr::memmem::Finder;

/// A streaming search for several texts, each of which is found once.
#[derive(Debug)]
pub struct LiteralSearch {
    finders: Vec<Finder<'static>>,
    found: Vec<bool>,
    missing: usize,
    /// The last bytes read: one less than the longest text, so that one that began there can be completed.
    tail: Vec<u8>,
    longest_tail: usize,
}

impl LiteralSearch {
    /// A search for these texts. An empty text is found at once.
    #[must_use]
    pub fn new(needles: Vec<Vec<u8>>) -> Self {
        let longest = needles.iter().map(Vec::len).max().unwrap_or(0);
        let found: Vec<bool> = needles.iter().map(Vec::is_empty).collect();
        let missing = found.iter().filter(|found| !**found).count();
        let finders = needles.iter().map(|needle| Finder::new(needle).into_owned()).collect();
        Self { finders, found, missing, tail: Vec::new(), longest_tail: longest.saturating_sub(1) }
    }

    /// Reads on.
    pub fn push(&mut self, chunk: &[u8]) {
        if self.missing == 0 {
            return;
        }
        let mut border = std::mem::take(&mut self.tail);
        if !border.is_empty() {
            border.extend_from_slice(chunk.get(..self.longest_tail).unwrap_or(chunk));
            self.search(&border);
        }
        self.search(chunk);
        // Only a chunk shorter than the tail leaves bytes of the former tail in play; the border then holds all of both.
        let source =
            if chunk.len() < self.longest_tail && !border.is_empty() { border.as_slice() } else { chunk };
        let kept = source.len().saturating_sub(self.longest_tail);
        self.tail = source.get(kept..).unwrap_or_default().to_vec();
    }

    /// Whether the text at this position of the list has been found.
    #[must_use]
    pub fn found(&self, needle: usize) -> bool {
        self.found.get(needle).copied().unwrap_or(false)
    }

    fn search(&mut self, text: &[u8]) {
        for (finder, found) in self.finders.iter().zip(&mut self.found) {
            if !*found && finder.find(text).is_some() {
                *found = true;
                self.missing = self.missing.saturating_sub(1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_is_found_across_every_border() {
        let body = b"<p>Invalid password</p>";
        for cut in 0..=body.len() {
            for second in cut..=body.len() {
                let mut search = LiteralSearch::new(vec![
                    b"Invalid password".to_vec(),
                    b"welcome".to_vec(),
                    b"</p>".to_vec(),
                ]);
                for piece in [&body[..cut], &body[cut..second], &body[second..]] {
                    search.push(piece);
                }
                assert!(search.found(0) && !search.found(1) && search.found(2), "{cut} {second}");
            }
        }
    }

    #[test]
    fn an_empty_text_is_always_found_and_an_unknown_one_never() {
        let search = LiteralSearch::new(vec![Vec::new()]);
        assert!(search.found(0));
        assert!(!search.found(1));
    }

    proptest! {
        #[test]
        fn any_split_finds_what_the_whole_contains(
            body in proptest::collection::vec(proptest::sample::select(b"ab".to_vec()), 0..80),
            needles in proptest::collection::vec(proptest::collection::vec(proptest::sample::select(b"ab".to_vec()), 0..9), 1..4),
            sizes in proptest::collection::vec(0_usize..7, 1..8),
        ) {
            let mut search = LiteralSearch::new(needles.clone());
            let mut rest = body.as_slice();
            for size in sizes.iter().cycle().take(200) {
                let (piece, after) = rest.split_at(rest.len().min(*size));
                search.push(piece);
                rest = after;
            }
            search.push(rest);
            for (position, needle) in needles.iter().enumerate() {
                let contained = needle.is_empty() || body.windows(needle.len()).any(|window| window == needle);
                prop_assert_eq!(search.found(position), contained);
            }
        }
    }
}
