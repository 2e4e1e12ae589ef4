//! One name for the spellings that apps take for the same account.
//!
//! | spelling | becomes | why |
//! |---|---|---|
//! | `Jane`, `JANE` | `jane` | most apps compare names without case |
//! | `ｊａｎｅ`, `𝐣𝐚𝐧𝐞`, `ﬁ` | `jane`, `fi` | many apps bring names to NFKC, as PRECIS (RFC 8265) and UTS #46 ask |
//! | `é` in one character or two | one of them | they look alike, and keyboards differ |
//! | ` jane `, `jane  doe` | `jane`, `jane doe` | forms and databases trim |
//! | `ja` + zero width space + `ne` | `jane` | what cannot be seen is mostly dropped |
//! | `jane+tag@x` | `jane@x` | only where the policy says so |
//!
//! An app that tells two of those apart has two accounts that count as one here. One that does not, and whose spellings
//! counted apart, would give an attacker as many tries as there are spellings.

mod unicode;

use self::unicode::{combining_class, decompose, is_invisible};
use super::LONGEST_VALUE;

/// What else is the same account in an app, beyond what always is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UsernameForm {
    /// `a+tag@x` is `a@x`. Names without `@`, and those of which nothing would be left in front of it, stay.
    pub plus_address: bool,
}

/// One name for the spellings of an account, at most [`LONGEST_VALUE`] bytes. Only that many bytes of `name` are read.
///
/// The name is in lower case and decomposed (NFKD), so it is for comparing and hashing, not for showing. Naming the
/// result again gives the result. A name that is not UTF-8 is trimmed and brought to lower case as ASCII.
#[must_use]
pub fn same_account(name: &[u8], form: UsernameForm) -> Vec<u8> {
    let read = name.get(..LONGEST_VALUE).unwrap_or(name);
    let text = match std::str::from_utf8(read) {
        Ok(text) => text,
        // A character that the limit cut in two is left out.
        Err(error) if error.error_len().is_none() && read.len() < name.len() => {
            let valid = read.get(..error.valid_up_to()).unwrap_or_default();
            std::str::from_utf8(valid).unwrap_or_default()
        }
        Err(_) => return read.trim_ascii().to_ascii_lowercase(),
    };
    let mut name = Spelling::default();
    for character in text.chars() {
        decompose(character, &mut |part| {
            for lower in part.to_lowercase() {
                if lower == part {
                    name.push(part);
                } else {
                    decompose(lower, &mut |part| name.push(part));
                }
            }
        });
        if name.text.len() > LONGEST_VALUE {
            break;
        }
    }
    let mut name = name.finish();
    cut(&mut name, LONGEST_VALUE);
    if form.plus_address {
        remove_tag(&mut name);
    }
    name.into_bytes()
}

/// A name that is being put together from decomposed characters.
#[derive(Default)]
struct Spelling {
    text: String,
    /// Marks that wait for their order, behind the text.
    marks: Vec<(u8, char)>,
    /// Whether blanks were read behind the text.
    has_blank: bool,
}

impl Spelling {
    fn push(&mut self, character: char) {
        if character.is_ascii_graphic() {
            self.push_visible(character, 0);
            return;
        }
        if is_invisible(character) {
            return;
        }
        if character.is_whitespace() {
            self.order_marks();
            self.has_blank = true;
            return;
        }
        // Both are sigma, and which one is written depends on the letter behind it.
        let character = if character == 'ς' { 'σ' } else { character };
        self.push_visible(character, combining_class(character));
    }

    fn push_visible(&mut self, character: char, class: u8) {
        if class == 0 {
            self.order_marks();
        }
        if std::mem::take(&mut self.has_blank) && !self.text.is_empty() {
            self.text.push(' ');
        }
        if class == 0 {
            self.text.push(character);
        } else {
            self.marks.push((class, character));
        }
    }

    /// Marks of different classes stand in the order of their classes (Unicode, 3.11).
    fn order_marks(&mut self) {
        if self.marks.is_empty() {
            return;
        }
        self.marks.sort_by_key(|(class, _)| *class);
        self.text.extend(self.marks.drain(..).map(|(_, mark)| mark));
    }

    fn finish(mut self) -> String {
        self.order_marks();
        self.text
    }
}

/// Removes the tag of a plus address: from the first `+` to the last `@`.
fn remove_tag(name: &mut String) {
    let Some(at) = name.rfind('@') else { return };
    let plus = name.get(..at).and_then(|local| local.find('+')).filter(|plus| *plus > 0);
    if let Some(plus) = plus {
        name.replace_range(plus..at, "");
    }
}

/// Shortens a name to so many bytes, or a few less.
fn cut(name: &mut String, longest: usize) {
    if name.len() > longest {
        let end = (0..=longest).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
        name.truncate(end);
        let trimmed = name.trim_end().len();
        name.truncate(trimmed);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization;

    use super::*;

    const PLAIN: UsernameForm = UsernameForm { plus_address: false };
    const PLUS: UsernameForm = UsernameForm { plus_address: true };

    fn same(name: &str) -> String {
        String::from_utf8(same_account(name.as_bytes(), PLAIN)).unwrap()
    }

    #[test]
    fn spellings_of_one_name_meet() {
        for (spellings, name) in [
            (["Jane", " JANE\t", "ｊａｎｅ", "𝐉𝐚𝐧𝐞"], "jane"),
            (["j\u{200b}ane", "\u{feff}jane", "ja\u{ad}ne", "\u{202e}jane\u{202c}"], "jane"),
            (["jane\u{a0}doe", "jane  doe", "jane\u{3000}\tdoe", "\u{2003}Jane doe\u{85}"], "jane doe"),
            (["jane@x.org", "jane＠x.org", "JANE@X.ORG", "jane@x.org\n"], "jane@x.org"),
            (["ﬁona", "FIONA", "fi\0ona", "fi\u{34f}ona"], "fiona"),
            (["Ⅷ", "viii", "VIII", "ⅷ"], "viii"),
        ] {
            for spelling in spellings {
                assert_eq!(same(spelling), name, "{spelling:?}");
            }
        }
        for (one, other) in [
            ("José", "jose\u{301}"),
            ("ΟΔΥΣΣΕΥΣ", "οδυσσευς"),
            ("한국", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8}"),
            ("a\u{323}\u{302}", "a\u{302}\u{323}"),
            ("a\u{302}\u{34f}\u{323}", "ậ"),
            ("ИВАН", "иван"),
            ("Å", "\u{212b}"),
        ] {
            assert_eq!(same(one), same(other));
        }
    }

    #[test]
    fn other_names_stay_apart() {
        let names = [
            "jane", "jane.doe", "janedoe", "jane doe", "jané", "jаne", "ja-ne", "jane+x@y", "jane@y",
            "straße",
        ];
        for (position, one) in names.iter().enumerate() {
            for other in names.iter().skip(position + 1) {
                assert_ne!(same(one), same(other));
            }
        }
    }

    #[test]
    fn tags_are_removed_where_the_policy_says_so() {
        for (name, expected) in [
            ("jane+tag@x.org", "jane@x.org"),
            ("Jane＋Tag@x.org", "jane@x.org"),
            ("jane+a+b@x.org", "jane@x.org"),
            ("jane+@x.org", "jane@x.org"),
            ("jane+a@b@x.org", "jane@x.org"),
            ("jane@x.org", "jane@x.org"),
            ("jane@x+y.org", "jane@x+y.org"),
            ("+tag@x.org", "+tag@x.org"),
            (" + tag@x.org", "+ tag@x.org"),
            ("jane+tag", "jane+tag"),
            ("+1 555 0100", "+1 555 0100"),
            ("+", "+"),
            ("@", "@"),
        ] {
            assert_eq!(same_account(name.as_bytes(), PLUS), expected.as_bytes(), "{name}");
            assert_eq!(same(&name.replace('＋', "+")), same(name), "{name}");
        }
        assert_eq!(same("jane+tag@x.org"), "jane+tag@x.org");
    }

    #[test]
    fn other_bytes_than_utf_8_are_read_as_ascii() {
        assert_eq!(same_account(b" J\xc4NE \xff ", PLAIN), b"j\xc4ne \xff");
        assert_eq!(same_account(b"", PLAIN), b"");
        assert_eq!(same_account(" \u{200b} ".as_bytes(), PLAIN), b"");
    }

    #[test]
    fn long_names_are_cut() {
        // One character that becomes eighteen, two bytes and more each.
        let long = "\u{fdfa}".repeat(LONGEST_VALUE);
        let name = same(&long);
        assert!((LONGEST_VALUE - 4..=LONGEST_VALUE).contains(&name.len()));
        assert_eq!(same(&name), name);
        let marks = format!("a{}", "\u{301}\u{323}".repeat(LONGEST_VALUE));
        assert_eq!(same(&same(&marks)), same(&marks));
    }

    #[test]
    fn every_character_is_named_once() {
        for character in '\0'..=char::MAX {
            let name = same(&format!("a{character}b"));
            assert_eq!(same(&name), name, "{character:?}");
            assert_eq!(same(&format!("a{}b", character.nfkc())), name, "{character:?}");
        }
    }

    fn names() -> impl Strategy<Value = String> {
        let marks = proptest::sample::select(
            "a\u{301}\u{323}\u{34f} +@Σς\u{200b}\u{fdfa}각\u{11a8}".chars().collect::<Vec<_>>(),
        );
        proptest::collection::vec(prop_oneof![any::<char>(), marks], 0..60).prop_map(String::from_iter)
    }

    proptest! {
        #[test]
        fn naming_twice_changes_nothing(name in names(), plus_address: bool) {
            let form = UsernameForm { plus_address };
            let once = same_account(name.as_bytes(), form);
            prop_assert!(once.len() <= LONGEST_VALUE);
            prop_assert_eq!(&same_account(&once, form), &once);
        }

        #[test]
        fn compatible_names_are_one(name in names()) {
            prop_assert_eq!(same(&name.nfkc().collect::<String>()), same(&name));
            prop_assert_eq!(same(&name.nfkd().collect::<String>()), same(&name));
            prop_assert_eq!(same(&name.nfc().collect::<String>()), same(&name));
            prop_assert_eq!(same(&name.to_lowercase()), same(&name));
        }

        #[test]
        fn any_bytes_are_named(name in proptest::collection::vec(any::<u8>(), 0..1200)) {
            let once = same_account(&name, PLAIN);
            prop_assert!(once.len() <= LONGEST_VALUE);
            prop_assert_eq!(&same_account(&once, PLAIN), &once);
        }
    }
}
