//! Rule packs: parts of policies that ship with the compiler.
//!
//! A pack is written in the language of policies, without applications. A policy takes it in with `use`.

/// A rule pack.
#[derive(Debug, PartialEq, Eq)]
pub struct Pack {
    /// Its name, as `use` takes it.
    pub name: &'static str,
    /// Its text. The first line is a comment that says what it is for.
    pub text: &'static str,
}

/// Every pack, by name.
pub static ALL: &[Pack] = &[
    Pack { name: "account-takeover", text: include_str!("../packs/account-takeover.yaml") },
    Pack { name: "data-leakage", text: include_str!("../packs/data-leakage.yaml") },
    Pack { name: "payment-data", text: include_str!("../packs/payment-data.yaml") },
    Pack { name: "personal-data", text: include_str!("../packs/personal-data.yaml") },
    Pack { name: "health-data", text: include_str!("../packs/health-data.yaml") },
    Pack { name: "secrets", text: include_str!("../packs/secrets.yaml") },
    Pack { name: "errors", text: include_str!("../packs/errors.yaml") },
];

/// The names of all packs, in the order of [`ALL`].
pub const NAMES: &[&str] = &[
    "account-takeover",
    "data-leakage",
    "payment-data",
    "personal-data",
    "health-data",
    "secrets",
    "errors",
];

impl Pack {
    /// What it is for, in one line.
    #[must_use]
    pub fn about(&self) -> &'static str {
        self.text.lines().next().unwrap_or_default().trim_start_matches('#').trim()
    }
}

/// The pack of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Pack> {
    ALL.iter().find(|pack| pack.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packs_are_named_and_say_what_they_are_for() {
        assert_eq!(ALL.iter().map(|pack| pack.name).collect::<Vec<_>>(), NAMES);
        for pack in ALL {
            assert!(pack.about().ends_with('.'), "{}: {}", pack.name, pack.about());
            assert!(pack.text.starts_with("# ") && pack.text.ends_with('\n'), "{}", pack.name);
        }
    }
}
