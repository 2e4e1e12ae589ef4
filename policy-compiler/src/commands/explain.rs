//! `bartizan explain`: what a code means.

use clap::Args;

use super::{Failure, Outcome, print};
use crate::diagnostic::codes;
use crate::syntax::suggest;

pub(super) const EXAMPLES: &str = "Example:\n  bartizan explain B0203";

#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The code, as findings show it
    code: String,
}

impl Explain {
    pub(super) fn run(&self) -> Result<Outcome, Failure> {
        let Some(code) = codes::find(&self.code) else {
            let known = codes::ALL.iter().map(|code| code.id);
            let hint = suggest::nearest(&self.code, known).map(|near| format!("; did you mean `{near}`?"));
            let hint = hint.unwrap_or_else(|| String::from("; codes look like `B0203`"));
            return Err(Failure(format!("there is no code `{}`{hint}", self.code)));
        };
        let text =
            format!("{} ({}): {}\n\n{}\n", code.id, code.severity.name(), code.title, wrap(code.explanation));
        print(text.as_bytes())?;
        Ok(Outcome::Clean)
    }
}

/// Breaks lines at 100 characters.
fn wrap(text: &str) -> String {
    let mut wrapped = String::new();
    let mut width = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > 100 {
            wrapped.push('\n');
            width = 0;
        } else if width > 0 {
            wrapped.push(' ');
            width += 1;
        }
        wrapped.push_str(word);
        width += length;
    }
    wrapped
}
