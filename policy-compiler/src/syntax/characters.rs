//! Characters that make a text look different from what it says.

/// A hidden character and what it is.
pub(super) fn hidden(text: &str) -> impl Iterator<Item = (usize, char, &'static str)> {
    // A byte order mark is harmless as the first character only.
    text.char_indices()
        .filter(|(at, character)| (*at, *character) != (0, '\u{feff}'))
        .filter_map(|(at, character)| Some((at, character, describe(character)?)))
}

fn describe(character: char) -> Option<&'static str> {
    match character {
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}' => {
            Some("changes the direction of the text")
        }
        '\u{200b}'..='\u{200d}'
        | '\u{2060}'..='\u{2064}'
        | '\u{feff}'
        | '\u{ad}'
        | '\u{180e}'
        | '\u{e0000}'..='\u{e007f}' => Some("has no width"),
        // YAML 1.1 breaks lines here, YAML 1.2 does not.
        '\u{85}' | '\u{2028}' | '\u{2029}' => Some("ends the line for some readers only"),
        '\t' | '\n' | '\r' => None,
        _ if character.is_control() => Some("is a control character"),
        _ => None,
    }
}

/// The first word in which Latin letters stand beside Cyrillic or Greek ones, with its offset.
pub(super) fn mixed_word(text: &str) -> Option<(usize, &str)> {
    if text.is_ascii() {
        return None;
    }
    let mut offset = 0;
    for word in text.split(|character: char| !character.is_alphabetic()) {
        let latin = word.contains(|letter: char| letter.is_ascii_alphabetic());
        let other = word.contains(|letter| matches!(letter, '\u{370}'..='\u{3ff}' | '\u{400}'..='\u{52f}'));
        if latin && other {
            let at = text.get(offset..).and_then(|rest| rest.find(word)).unwrap_or(0);
            return Some((offset + at, word));
        }
        // At least as far as the word itself: searching on from here still finds the next one.
        offset += word.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_deceive_are_hidden_and_letters_are_not() {
        assert_eq!(hidden("a\u{202e}b").map(|(at, ..)| at).collect::<Vec<_>>(), [1]);
        assert_eq!(hidden("a\u{0}b\u{200b}").count(), 2);
        assert_eq!(hidden("\u{feff}größe: 漢字\t\r\n").count(), 0);
    }

    #[test]
    fn a_cyrillic_letter_in_a_latin_word_is_found() {
        assert_eq!(mixed_word("ein shоp hier"), Some((4, "shоp")));
        assert_eq!(mixed_word("Москва and Ωmega"), Some((17, "Ωmega")));
        assert_eq!(mixed_word("Москва shop größe"), None);
    }
}
