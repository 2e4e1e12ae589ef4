//! Rule packs that a policy takes in, and how they join with what its author says.

use super::Run;
use super::fields::{self, Fields};
use super::{client, counters, threats};
use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::model::{Client, Counter, Devices, Rule, ThreatPart, UsedPack};
use crate::packs::{self, Pack};
use crate::source::Spanned;
use crate::syntax::fields::{POLICY, USE};
use crate::syntax::node::shorten;
use crate::syntax::{self, Node, Value, suggest};

/// What packs and policies both can say.
pub(super) struct Common {
    pub(super) client: Client,
    pub(super) devices: Option<Devices>,
    pub(super) counters: Vec<Counter>,
    pub(super) threats: Vec<ThreatPart>,
}

impl Common {
    /// What the policy or pack says itself.
    pub(super) fn of(fields: &Fields<'_>, findings: &mut Diagnostics) -> Self {
        Self {
            client: client::decode(fields.entry("client"), findings),
            devices: client::devices(fields, findings),
            counters: counters::decode(fields, findings),
            threats: threats::decode(fields, findings),
        }
    }

    /// Both together. Where both name the same thing, `above` wins.
    pub(super) fn under(mut self, above: Self) -> Self {
        let fingerprint = std::mem::take(&mut self.client.fingerprint);
        self.client = above.client;
        if self.client.fingerprint.is_empty() {
            self.client.fingerprint = fingerprint;
        }
        self.devices = above.devices.or(self.devices);
        for counter in above.counters {
            match self.counters.iter_mut().find(|known| known.name.value == counter.name.value) {
                Some(known) => *known = counter,
                None => self.counters.push(counter),
            }
        }
        for part in &above.threats {
            for known in &mut self.threats {
                known.rules.retain(|rule| part.rules.iter().all(|above| above.id.value != rule.id.value));
            }
        }
        for part in above.threats {
            match self.threats.iter_mut().find(|known| known.threat.value == part.threat.value) {
                Some(known) => join(known, part),
                None => self.threats.push(part),
            }
        }
        self
    }
}

fn join(below: &mut ThreatPart, above: ThreatPart) {
    below.threat = above.threat;
    below.rules.extend(above.rules);
    if !above.steps.is_empty() {
        below.steps = above.steps;
    }
}

/// The packs that the policy uses, and what they say together.
pub(super) fn used(policy: &Fields<'_>, run: &mut Run<'_>) -> (Vec<UsedPack>, Common) {
    let mut used: Vec<UsedPack> = Vec::new();
    let mut common = Common {
        client: client::decode(None, run.findings),
        devices: None,
        counters: Vec::new(),
        threats: Vec::new(),
    };
    for node in policy.items("use", run.findings) {
        let Some((name, without)) = entry(node, run.findings) else { continue };
        let Some(pack) = packs::find(name.value) else { continue };
        if let Some(first) = used.iter().find(|known| known.name.value == pack.name) {
            let message = format!("the pack `{}` is already used", pack.name);
            run.findings.push(
                Diagnostic::new(&codes::DEFINED_TWICE, name.span, message)
                    .also(first.name.span, "the first one")
                    .help("keep one of them"),
            );
            continue;
        }
        // What is wrong with a pack is no author's business; the tests see to it that nothing is.
        let Some((file, mut said)) = read(pack, run) else { continue };
        leave_out(&mut said, pack, &without, run.findings);
        used.push(UsedPack { name, file });
        common = common.under(said);
    }
    (used, common)
}

/// A pack's name, and the ids of the rules that are left out.
fn entry(node: &Node, findings: &mut Diagnostics) -> Option<(Spanned<&'static str>, Vec<Spanned<String>>)> {
    let Value::Map(_) = &node.value else {
        return Some((fields::word(node, packs::NAMES, findings)?, Vec::new()));
    };
    let fields = Fields::open(node, node.span, &USE, findings)?;
    let name = fields.word("pack", findings);
    let without = fields.items("without", findings).iter();
    let without = without.filter_map(|node| fields::text(node, "the id of a rule", 48, findings)).collect();
    Some((name?, without))
}

fn read(pack: &Pack, run: &mut Run<'_>) -> Option<(crate::source::FileId, Common)> {
    let file = run.sources.add(format!("{} (pack)", pack.name), pack.text);
    let root = syntax::read(run.sources, file, run.findings)?;
    let fields = Fields::open_part(&root, root.span, &POLICY, run.findings)?;
    Some((file, Common::of(&fields, run.findings)))
}

fn leave_out(said: &mut Common, pack: &Pack, without: &[Spanned<String>], findings: &mut Diagnostics) {
    let ids: Vec<String> = rules(said).map(|rule| rule.id.value.clone()).collect();
    for id in without.iter().filter(|id| !ids.contains(&id.value)) {
        let message = format!("the pack `{}` has no rule `{}`", pack.name, shorten(&id.value));
        findings.push(
            Diagnostic::new(&codes::UNKNOWN_NAME, id.span, message)
                .help(format!("`bartizan packs {}` shows its rules", pack.name))
                .maybe_help(
                    suggest::nearest(&id.value, ids.iter().map(String::as_str))
                        .map(|nearest| format!("did you mean `{nearest}`?")),
                ),
        );
    }
    for part in &mut said.threats {
        part.rules.retain(|rule| without.iter().all(|id| id.value != rule.id.value));
    }
}

fn rules(said: &Common) -> impl Iterator<Item = &Rule> {
    said.threats.iter().flat_map(|part| &part.rules)
}
