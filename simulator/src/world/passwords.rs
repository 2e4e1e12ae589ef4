//! Passwords: the right ones, the typing errors, the stale ones and the guesses. Each follows from the seed and the account.

use crate::random::mix;

/// How many common passwords a sprayer tries.
pub const COMMON: u32 = 50;
/// The share of customers whose password is one of the common ones. Popular ones more often: Zipf.
const WITH_COMMON: f64 = 0.01;

/// What somebody types, or a program sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Password {
    /// The account's own.
    Right,
    /// The account's own with a slip; every number is another slip.
    Typo(u32),
    /// The one that the account had before.
    Stale,
    /// What an app sends after a release that cannot read what it stored: the same for every customer.
    Broken,
    /// One of the common ones.
    Common(u32),
    /// Some other account's, from a list that somebody stole.
    Stolen(u64),
}

/// Everybody's passwords.
#[derive(Clone, Copy, Debug)]
pub struct Passwords {
    seed: u64,
}

impl Passwords {
    /// Those of a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed: mix(seed ^ 0x7061_7373) }
    }

    /// Which of the common passwords the account has, if any.
    #[must_use]
    pub fn common_of(&self, account: u32) -> Option<u32> {
        let draw = mix(self.seed ^ u64::from(account) << 8 ^ 1);
        let unit = (draw >> 11) as f64 / (1_u64 << 53) as f64;
        if unit >= WITH_COMMON {
            return None;
        }
        // Zipf by inversion: the shares of the ranks fall like 1/rank.
        let rank = libm::exp(unit / WITH_COMMON * libm::log(f64::from(COMMON) + 1.0)) as u32;
        Some(rank.saturating_sub(1).min(COMMON - 1))
    }

    /// Whether this password is the account's.
    #[must_use]
    pub fn is_right(&self, account: u32, password: Password) -> bool {
        match password {
            Password::Right => true,
            Password::Common(rank) => self.common_of(account) == Some(rank),
            _ => false,
        }
    }

    /// Writes a password.
    pub fn write(&self, account: u32, password: Password, out: &mut String) {
        use std::fmt::Write as _;
        let own = mix(self.seed ^ u64::from(account) << 8 ^ 2);
        // Writing to a string cannot fail.
        let _ = match password {
            Password::Right => match self.common_of(account) {
                Some(rank) => write!(out, "common-{rank:02}"),
                None => write!(out, "Pw-{own:012x}!"),
            },
            Password::Typo(slip) => write!(out, "Pw-{own:012x}!{slip:x}"),
            Password::Stale => write!(out, "Old-{own:012x}"),
            Password::Broken => write!(out, "null"),
            Password::Common(rank) => write!(out, "common-{rank:02}"),
            Password::Stolen(number) => write!(out, "combo-{:012x}", mix(self.seed ^ number) >> 16),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::{COMMON, Password, Passwords};

    fn text(passwords: &Passwords, account: u32, password: Password) -> String {
        let mut out = String::new();
        passwords.write(account, password, &mut out);
        out
    }

    #[test]
    fn a_password_is_right_exactly_where_its_text_is() {
        let passwords = Passwords::new(5);
        let others =
            [Password::Typo(0), Password::Typo(1), Password::Stale, Password::Broken, Password::Stolen(9)];
        let common = (0..COMMON).map(Password::Common);
        let all: Vec<Password> = others.into_iter().chain(common).chain([Password::Right]).collect();
        let mut with_common = 0;
        for account in 0..20_000 {
            let right = text(&passwords, account, Password::Right);
            with_common += usize::from(passwords.common_of(account).is_some());
            for password in all.iter().filter(|_| account < 200 || passwords.common_of(account).is_some()) {
                let same = text(&passwords, account, *password) == right;
                assert_eq!(same, passwords.is_right(account, *password), "{account} {password:?}");
            }
        }
        assert!((150..250).contains(&with_common), "1 % of 20,000: {with_common}");
    }
}
