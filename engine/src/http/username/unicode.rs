//! Which texts are one text to Unicode.
//!
//! Two texts are compatible (UAX #15) where NFKC makes them equal, and equally where NFKD does. Only equality is asked
//! for here, so texts are decomposed and never composed again, which needs less than half of the data.

// RUNS, RUN_PLACES, PLACES, TEXTS, CLASS_RUNS and CLASSES, written by build.rs.
include!(concat!(env!("OUT_DIR"), "/unicode.rs"));

/// Gives what a character decomposes to (NFKD without putting marks in order), itself where it does not.
pub(super) fn decompose(character: char, emit: &mut impl FnMut(char)) {
    let number = u32::from(character);
    if character.is_ascii() {
        emit(character);
    } else if let Some(syllable) =
        number.checked_sub(SYLLABLES).filter(|syllable| *syllable < SYLLABLES_COUNT)
    {
        hangul(syllable, emit);
    } else if let Some(text) = text_of(number) {
        text.chars().for_each(emit);
    } else {
        emit(character);
    }
}

/// The combining class of a character (Unicode, 3.11): marks of different classes stand in the order of their classes.
pub(super) fn combining_class(character: char) -> u8 {
    let run = run_of(&CLASS_RUNS, u32::from(character));
    run.and_then(|(run, _)| CLASSES.get(run)).copied().unwrap_or(0)
}

/// In which run a character is, and where in it. A run is packed: 21 bits for its first character, 11 for how many it has.
fn run_of(runs: &[u32], number: u32) -> Option<(usize, usize)> {
    let run = runs.partition_point(|packed| packed >> 11 <= number).checked_sub(1)?;
    let packed = runs.get(run)?;
    let position = number.checked_sub(packed >> 11).filter(|position| *position < packed & 0x7ff)?;
    Some((run, position as usize))
}

fn text_of(number: u32) -> Option<&'static str> {
    let (run, position) = run_of(&RUNS, number)?;
    let first = usize::from(*RUN_PLACES.get(run)?);
    let place = usize::from(*PLACES.get(first.checked_add(position)?)?);
    let start = place.checked_add(1)?;
    let length = usize::from(*TEXTS.as_bytes().get(place)?);
    TEXTS.get(start..start.checked_add(length)?)
}

/// The first syllable of Hangul, and how many there are.
const SYLLABLES: u32 = 0xac00;
const SYLLABLES_COUNT: u32 = 19 * VOWELS * TRAILS;
const VOWELS: u32 = 21;
/// How many trailing consonants there are, none included.
const TRAILS: u32 = 28;

/// The letters of a syllable (Unicode, 3.12).
fn hangul(syllable: u32, emit: &mut impl FnMut(char)) {
    let letters = [
        Some(0x1100 + syllable / (VOWELS * TRAILS)),
        Some(0x1161 + syllable / TRAILS % VOWELS),
        Some(syllable % TRAILS).filter(|trail| *trail > 0).map(|trail| 0x11a7 + trail),
    ];
    letters.into_iter().flatten().filter_map(char::from_u32).for_each(emit);
}

/// Whether a character is not there to see: controls that are not white space, characters of no width, and those that
/// Unicode says to ignore where they are not understood (`Default_Ignorable_Code_Point`).
pub(super) fn is_invisible(character: char) -> bool {
    (character.is_control() && !character.is_whitespace())
        || matches!(
            character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
                | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use unicode_normalization::UnicodeNormalization;
    use unicode_normalization::char::canonical_combining_class;

    use super::*;

    #[test]
    fn every_character_decomposes_as_the_reference_says() {
        for character in '\0'..=char::MAX {
            let mut found = String::new();
            decompose(character, &mut |part| found.push(part));
            assert_eq!(found, character.nfkd().collect::<String>(), "{character:?}");
            assert_eq!(combining_class(character), canonical_combining_class(character), "{character:?}");
        }
    }
}
