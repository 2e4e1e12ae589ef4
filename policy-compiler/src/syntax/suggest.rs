//! "did you mean": the nearest of the known words, where one is near.

/// The known word that was probably meant. Nothing is suggested unless at most a third of the letters differ.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Comparing costs the product of both lengths.
    if word.len() > 64 {
        return None;
    }
    let limit = (word.chars().count().max(3) / 3).min(3);
    known
        .into_iter()
        .map(|candidate| {
            (strsim::damerau_levenshtein(&word.to_lowercase(), &candidate.to_lowercase()), candidate)
        })
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, candidate)| (*distance, *candidate))
        .map(|(_, candidate)| candidate)
}

/// "did you mean `x`?", or the known words where none is near and they are few.
#[must_use]
pub fn hint<'a>(word: &str, known: impl IntoIterator<Item = &'a str> + Clone, what: &str) -> Option<String> {
    if let Some(nearest) = nearest(word, known.clone()) {
        return Some(format!("did you mean `{nearest}`?"));
    }
    let all: Vec<String> = known.into_iter().map(|known| format!("`{known}`")).collect();
    (!all.is_empty() && all.len() <= 16).then(|| format!("{what}: {}", all.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_suggested_and_far_ones_are_not() {
        assert_eq!(nearest("couters", ["counters", "threats"]), Some("counters"));
        assert_eq!(nearest("hsots", ["hosts", "mode"]), Some("hosts"));
        assert_eq!(nearest("at", ["do", "for"]), None);
        assert_eq!(nearest("parse_key_value", ["parse_duration"]), None);
    }
}
