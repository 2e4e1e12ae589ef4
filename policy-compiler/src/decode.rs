//! From the tree of values to the model of a policy.
//!
//! One module per part. Each reads its keys through [`fields::Fields`], reports what is wrong with them, and goes on:
//! an author sees all mistakes of a policy in one run.

mod addresses;
mod apps;
mod client;
mod conditions;
mod counters;
mod credentials;
mod decoys;
mod detectors;
mod fields;
mod flows;
mod leaked;
mod logins;
mod outcomes;
mod packs;
mod paths;
mod sensitive;
mod texts;
mod threats;

pub(crate) use counters::concerns_sensitive_values;

use std::path::PathBuf;

use bartizan_engine::vocabulary::{Mode, OnError};

use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::model::{Detector, Policy};
use crate::packs::Pack;
use crate::source::{Sources, Spanned};
use crate::syntax::fields::POLICY;
use crate::syntax::{self, Node};
use fields::Fields;
use packs::Common;

/// What decoding needs beside the tree.
pub(crate) struct Run<'run> {
    /// Files; address lists are added.
    pub(crate) sources: &'run mut Sources,
    /// Findings.
    pub(crate) findings: &'run mut Diagnostics,
    /// The directory to which file names in the policy are relative.
    pub(crate) directory: PathBuf,
}

/// Decodes a policy. `None` where the file is not a mapping at all.
pub(crate) fn policy(root: &Node, run: &mut Run<'_>) -> Option<Policy> {
    let fields = Fields::open(root, root.span, &POLICY, run.findings)?;
    version(&fields, run.findings);
    let (packs, said) = packs::used(&fields, run);
    let said = said.under(Common::of(&fields, run.findings));
    Some(Policy {
        packs,
        mode: fields.mode("mode", run.findings),
        on_error: match fields.word("on_error", run.findings).map(|word| word.value) {
            Some("deny") => OnError::Deny,
            _ => OnError::Allow,
        },
        client: said.client,
        devices: said.devices,
        leaked: leaked::decode(&fields, run),
        flows: flows::decode(&fields, run.findings),
        lists: addresses::lists(&fields, run),
        allow: addresses::allow(&fields, run),
        counters: said.counters,
        threats: said.threats,
        detectors: detectors::decode(&fields, "", run.findings),
        apps: apps::decode(&fields, run),
    })
}

/// The detectors of a pack.
pub(crate) fn detectors_of_pack(pack: &'static Pack, run: &mut Run<'_>) -> Vec<Detector> {
    let file = run.sources.add(format!("{} (pack)", pack.name), pack.text);
    let Some(root) = syntax::read(run.sources, file, run.findings) else { return Vec::new() };
    let fields = Fields::open_part(&root, root.span, &POLICY, run.findings);
    fields.map(|fields| detectors::decode(&fields, pack.name, run.findings)).unwrap_or_default()
}

/// A version of the future deserves another answer than a number out of range.
fn version(fields: &Fields<'_>, findings: &mut Diagnostics) {
    let Some(entry) = fields.entry("version") else { return };
    let Some(scalar) = entry.node.scalar().filter(|scalar| scalar.is_number()) else {
        fields.integer("version", findings);
        return;
    };
    if scalar.text != "1" {
        findings.push(
            Diagnostic::new(
                &codes::UNSUPPORTED_VERSION,
                entry.node.span,
                format!("version `{}` of the policy language is not known", scalar.text),
            )
            .help("write `version: 1`, or use a newer `bartizan`"),
        );
    }
}

impl Fields<'_> {
    /// A key that is `report` or `enforce`.
    fn mode(&self, key: &str, findings: &mut Diagnostics) -> Option<Spanned<Mode>> {
        let word = self.word(key, findings)?;
        let mode = if word.value == "enforce" { Mode::Enforce } else { Mode::Report };
        Some(Spanned::new(mode, word.span))
    }
}
