//! The command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use crate::failure::Failure;
use crate::profile::Profile;
use crate::wire::{Body, LoginShape};

/// Simulates account takeover: labelled traffic through the real engine, with simulated time.
#[derive(Clone, Debug, Parser)]
#[command(name = "bartizan-simulator", version, about)]
pub struct Options {
    /// What happens after the clean days; all profiles where it is absent.
    #[arg(long, value_enum, num_args = 1.., value_name = "NAME")]
    pub profile: Vec<Profile>,
    /// Seeds; every profile runs with each.
    #[arg(long, num_args = 1.., default_values_t = [1], value_name = "N")]
    pub seed: Vec<u64>,
    /// The policy; without it the rule pack's defaults for the fifty routes.
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Labelled traffic as JSON lines, in place of the profiles.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["profile", "export", "roc"])]
    pub traffic: Option<PathBuf>,
    /// How results are written.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
    /// Counts by rule what hindered customers and what attackers' tries scored.
    #[arg(long)]
    pub explain: bool,
    /// Runs in report mode and prints what each threshold of the score would have stopped and hindered.
    #[arg(long)]
    pub roc: bool,
    /// Where the curves of --roc are drawn, as SVG.
    #[arg(long, value_name = "FILE", requires = "roc")]
    pub svg: Option<PathBuf>,
    /// Writes what one profile sends, the clean days included, as labelled traffic.
    #[arg(long, value_name = "FILE")]
    pub export: Option<PathBuf>,
    /// Shrinks rates, accounts and numbers of addresses; between 0.0001 and 1.
    #[arg(long, default_value_t = 1.0, value_name = "FACTOR")]
    pub scale: f64,
    /// Accounts; a million times the scale where it is absent.
    #[arg(long, value_name = "N")]
    pub accounts: Option<u32>,
    /// Clean days before anything happens.
    #[arg(long, default_value_t = 7.0, value_name = "DAYS")]
    pub days: f64,
    /// How long attacks last that are not slow, in hours.
    #[arg(long, default_value_t = 1.0, value_name = "HOURS")]
    pub attack_hours: f64,
    /// How long the slow attacks last, in days.
    #[arg(long, default_value_t = 7.0, value_name = "DAYS")]
    pub slow_days: f64,
    /// How long a run goes on after its attack, in hours.
    #[arg(long, default_value_t = 3.0, value_name = "HOURS")]
    pub after_hours: f64,
    /// Workers that share the state.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=256), value_name = "N")]
    pub workers: u64,
    /// Pages of the state, 2 KiB each.
    #[arg(long, default_value_t = 24_576, value_parser = clap::value_parser!(u32).range(64..=65_536), value_name = "N")]
    pub state_pages: u32,
    /// Profiles that run at the same time; each takes about a gigabyte at full scale.
    #[arg(long, value_name = "N")]
    pub jobs: Option<usize>,
    /// The host that the policy serves.
    #[arg(long, default_value = crate::policy::HOST, value_name = "HOST")]
    pub host: String,
    /// The path of logins; `{}` stands for the route's two digits.
    #[arg(long, default_value = "/login/{}", value_name = "PATH")]
    pub path: String,
    /// The shape of logins.
    #[arg(long, value_enum, default_value_t = Body::Form)]
    pub body: Body,
    /// The field with the user name.
    #[arg(long, default_value = "username", value_name = "NAME")]
    pub username_field: String,
    /// The field with the password.
    #[arg(long, default_value = "password", value_name = "NAME")]
    pub password_field: String,
}

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A table.
    Human,
    /// One JSON object per line and profile.
    Json,
}

impl Options {
    /// Checks what clap cannot.
    ///
    /// # Errors
    ///
    /// When values are out of their range or do not go together.
    pub fn check(&self) -> Result<(), Failure> {
        let problem = |text: &str| Err(Failure::Options(text.to_owned()));
        if !(0.0001..=1.0).contains(&self.scale) {
            return problem("--scale must be between 0.0001 and 1");
        }
        if !(0.0..=90.0).contains(&self.days) || !(0.01..=90.0).contains(&self.slow_days) {
            return problem("--days must be between 0 and 90, --slow-days between 0.01 and 90");
        }
        if !(0.01..=240.0).contains(&self.attack_hours) || !(0.0..=240.0).contains(&self.after_hours) {
            return problem("--attack-hours must be between 0.01 and 240, --after-hours between 0 and 240");
        }
        if self.accounts().is_none_or(|accounts| !(100..=20_000_000).contains(&accounts)) {
            return problem("--accounts must be between 100 and 20 million");
        }
        if self.export.is_some() && (self.profile.len() != 1 || self.seed.len() != 1) {
            return problem("--export writes one profile of one seed: name it with --profile");
        }
        Ok(())
    }

    /// How many accounts there are.
    #[must_use]
    pub fn accounts(&self) -> Option<u32> {
        let scaled = 1_000_000.0 * self.scale;
        self.accounts.or_else(|| (scaled >= 100.0).then_some(scaled as u32))
    }

    /// The profiles to run, each once.
    #[must_use]
    pub fn profiles(&self) -> Vec<Profile> {
        if self.profile.is_empty() {
            return Profile::value_variants().to_vec();
        }
        let mut profiles = Vec::new();
        for profile in &self.profile {
            if !profiles.contains(profile) {
                profiles.push(*profile);
            }
        }
        profiles
    }

    /// How logins look.
    #[must_use]
    pub fn shape(&self) -> LoginShape {
        LoginShape {
            host: self.host.clone(),
            path: self.path.clone(),
            body: self.body,
            username: self.username_field.clone(),
            password: self.password_field.clone(),
        }
    }
}
