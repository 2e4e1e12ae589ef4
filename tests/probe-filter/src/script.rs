//! The script: operations by callback.

/// One line.
#[derive(Debug)]
pub(crate) struct Line {
    callback: String,
    nth: Option<usize>,
    /// The operation's name, then its arguments, decoded.
    pub(crate) words: Vec<String>,
    /// The line as written, for the log.
    pub(crate) text: String,
}

/// All lines.
#[derive(Debug, Default)]
pub(crate) struct Script {
    lines: Vec<Line>,
}

impl Script {
    /// Reads a script. Lines that make no sense are left out: the expectation of the probe then fails.
    pub(crate) fn parse(text: &str) -> Self {
        Self { lines: text.lines().filter_map(line).collect() }
    }

    /// The lines of a callback's nth run.
    pub(crate) fn of(&self, callback: &str, nth: usize) -> impl Iterator<Item = &Line> {
        self.lines
            .iter()
            .filter(move |line| line.callback == callback && line.nth.is_none_or(|want| want == nth))
    }
}

fn line(text: &str) -> Option<Line> {
    let (callback, rest) = text.trim().split_once(' ')?;
    let (callback, nth) = match callback.split_once('#') {
        Some((callback, nth)) => (callback, Some(nth.parse().ok()?)),
        None => (callback, None),
    };
    let words = rest.split_whitespace().map(decode).collect();
    Some(Line { callback: callback.to_owned(), nth, words, text: text.trim().to_owned() })
}

/// `_` alone is the empty text, `~` a blank.
fn decode(word: &str) -> String {
    if word == "_" { String::new() } else { word.replace('~', " ") }
}
