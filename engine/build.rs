//! Writes the table of decompositions that `src/http/username/unicode.rs` reads.
//!
//! Normalising crates bring data and code for forms that are not asked for here and add 80 to 130 KiB to the filter. What
//! is needed, a map from characters to what they decompose to and the classes of combining marks, takes 41 KiB with its
//! reader. A crate still makes it, at build time, and the tests compare every character with that crate.

use std::collections::HashMap;
use std::error::Error;
use std::fmt::Write;

use unicode_normalization::char::{canonical_combining_class, decompose_compatible};

/// Syllables of Hangul decompose by arithmetic.
const HANGUL_SYLLABLES: std::ops::RangeInclusive<char> = '\u{ac00}'..='\u{d7a3}';

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let directory = std::env::var("OUT_DIR")?;
    let source = decompositions()? + &classes()?;
    std::fs::write(std::path::Path::new(&directory).join("unicode.rs"), source)?;
    Ok(())
}

/// Runs of neighbouring characters that decompose; for each of their characters, where its text is; the texts.
fn decompositions() -> Result<String, Box<dyn Error>> {
    let mut runs: Vec<(u32, u16, u16)> = Vec::new();
    let mut places: Vec<u16> = Vec::new();
    let mut texts = String::new();
    let mut known: HashMap<String, u16> = HashMap::new();
    for character in characters().filter(|character| !HANGUL_SYLLABLES.contains(character)) {
        let mut text = String::new();
        decompose_compatible(character, |part| text.push(part));
        if text.chars().eq([character]) {
            continue;
        }
        let place = match known.get(&text) {
            Some(place) => *place,
            None => {
                let place = u16::try_from(texts.len())?;
                // Its length, written as a character of ASCII.
                texts.push(char::from(
                    u8::try_from(text.len()).ok().filter(u8::is_ascii).ok_or("a long text")?,
                ));
                texts.push_str(&text);
                known.insert(text, place);
                place
            }
        };
        match runs.last_mut().filter(|(first, length, _)| *first + u32::from(*length) == u32::from(character))
        {
            Some((_, length, _)) => *length += 1,
            None => runs.push((u32::from(character), 1, u16::try_from(places.len())?)),
        }
        places.push(place);
    }
    let mut source = String::new();
    let starts: Vec<u32> =
        runs.iter().map(|(first, length, _)| pack(*first, u32::from(*length))).collect::<Result<_, _>>()?;
    let run_places: Vec<u16> = runs.iter().map(|(.., place)| *place).collect();
    writeln!(source, "/// The first character of a run and how many it has, see `run_of`.")?;
    writeln!(source, "static RUNS: [u32; {}] = {starts:?};", starts.len())?;
    writeln!(source, "/// The position of each run's first place.")?;
    writeln!(source, "static RUN_PLACES: [u16; {}] = {run_places:?};", run_places.len())?;
    writeln!(source, "/// Where in the texts what a character decomposes to stands, its length in front.")?;
    writeln!(source, "static PLACES: [u16; {}] = {places:?};", places.len())?;
    writeln!(source, "static TEXTS: &str = {texts:?};")?;
    Ok(source)
}

/// Runs of neighbouring characters of one combining class, without those of class 0.
fn classes() -> Result<String, Box<dyn Error>> {
    let mut runs: Vec<(u32, u8, u8)> = Vec::new();
    for character in characters() {
        let class = canonical_combining_class(character);
        let number = u32::from(character);
        match runs.last_mut() {
            _ if class == 0 => {}
            Some((first, length, of)) if *of == class && *first + u32::from(*length) == number => {
                *length = length.checked_add(1).ok_or("a long run")?;
            }
            _ => runs.push((number, 1, class)),
        }
    }
    let mut source = String::new();
    let starts: Vec<u32> =
        runs.iter().map(|(first, length, _)| pack(*first, u32::from(*length))).collect::<Result<_, _>>()?;
    let classes: Vec<u8> = runs.iter().map(|(.., class)| *class).collect();
    writeln!(
        source,
        "/// The first character of a run of one combining class and how many it has, see `run_of`."
    )?;
    writeln!(source, "static CLASS_RUNS: [u32; {}] = {starts:?};", starts.len())?;
    writeln!(source, "/// The combining class of each run.")?;
    writeln!(source, "static CLASSES: [u8; {}] = {classes:?};", classes.len())?;
    Ok(source)
}

/// A run in four bytes: 21 bits for its first character, 11 for how many it has.
fn pack(first: u32, length: u32) -> Result<u32, Box<dyn Error>> {
    if length >= 1 << 11 { Err("a long run".into()) } else { Ok(first << 11 | length) }
}

/// All characters that are not ASCII.
fn characters() -> impl Iterator<Item = char> {
    '\u{80}'..=char::MAX
}
