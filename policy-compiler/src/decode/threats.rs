//! Rules and steps of each threat.

use bartizan_engine::blob::draft::{ActionDraft, ReplyDraft};
use bartizan_engine::vocabulary::Mode;

use super::addresses::threat;
use super::conditions;
use super::fields::{self, Fields};
use super::texts::{delay, duration, rate};
use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::model::{Rule, Step, ThreatPart};
use crate::source::Spanned;
use crate::syntax::fields::{RULE, RULE_ID, STEP, THREAT, THREATS};
use crate::syntax::node::shorten;
use crate::syntax::{Entry, Node, suggest};

/// The most steps of a ladder.
const MAX_STEPS: usize = 8;

pub(super) fn decode(policy: &Fields<'_>, findings: &mut Diagnostics) -> Vec<ThreatPart> {
    let mut threats = Vec::new();
    for Entry { key, node } in policy.named("threats", findings) {
        let Some(threat) = threat(&key.value) else {
            findings.push(
                Diagnostic::new(
                    &codes::UNKNOWN_KEY,
                    key.span,
                    format!("there is no threat `{}`", shorten(&key.value)),
                )
                .maybe_help(suggest::hint(
                    &key.value,
                    THREATS.iter().copied(),
                    "threats are",
                )),
            );
            continue;
        };
        let Some(fields) = Fields::open(node, key.span, &THREAT, findings) else { continue };
        let rules = fields.items("score", findings).iter().enumerate();
        let rules: Vec<Rule> =
            rules.filter_map(|(at, node)| rule(node, threat.name(), at + 1, findings)).collect();
        let nodes = fields.items("steps", findings);
        if nodes.len() > MAX_STEPS {
            let message = format!("{} steps, at most {MAX_STEPS} are possible", nodes.len());
            findings.push(Diagnostic::new(&codes::TOO_MUCH, key.span, message));
        }
        let steps = nodes.iter().filter_map(|node| step(node, findings)).collect();
        threats.push(ThreatPart { threat: Spanned::new(threat, key.span), rules, steps });
    }
    threats
}

fn rule(node: &Node, threat: &str, position: usize, findings: &mut Diagnostics) -> Option<Rule> {
    let fields = Fields::open(node, node.span, &RULE, findings)?;
    let id = match fields.entry("id") {
        Some(_) => fields.text("id", findings).filter(|id| fields::name(id, &RULE_ID, 48, findings)),
        None => Some(Spanned::new(format!("{threat}-{position}"), node.span)),
    };
    let when = fields.entry("when").and_then(|entry| conditions::decode(entry, findings));
    let points = fields.integer("add", findings);
    let because = fields.because(findings);
    let mode = rule_mode(&fields, findings);
    // What is missing has been reported; the rest of the rule is still checked.
    let points = points.unwrap_or(Spanned::new(0, node.span));
    Some(Rule { id: id?, when: when?, points, because: because.unwrap_or_default(), mode })
}

/// A rule is shared by all apps, so it has no mode to be stronger than: it can only stay out of enforcement.
fn rule_mode(fields: &Fields<'_>, findings: &mut Diagnostics) -> Mode {
    let Some(entry) = fields.entry("mode") else { return Mode::Enforce };
    if entry.node.scalar().is_some_and(|scalar| scalar.text == "enforce") {
        findings.push(
            Diagnostic::new(
                &codes::MODE_TOO_STRONG,
                entry.node.span,
                "a rule cannot be stronger than the apps that it is used in",
            )
            .help("leave `mode` out: the rule acts wherever the app enforces"),
        );
        return Mode::Enforce;
    }
    fields.word("mode", findings);
    Mode::Report
}

fn step(node: &Node, findings: &mut Diagnostics) -> Option<Step> {
    let fields = Fields::open(node, node.span, &STEP, findings)?;
    let at = fields.integer("at", findings);
    let word = fields.word("do", findings);
    let reply = reply(&fields, findings);
    let rate = fields.text("to", findings).and_then(|text| rate(&text, findings));
    let duration = fields.text("for", findings).and_then(|text| duration(&text, findings));
    let word = word?;
    let beside = format!("do: {}", word.value);
    let action = match word.value {
        "tag" => {
            fields.refuse(&["to", "for", "delay", "status", "json", "html"], &beside, findings);
            Some(ActionDraft::Tag)
        }
        "throttle" => {
            fields.refuse(&["for"], &beside, findings);
            if !fields.has("to") {
                findings.push(
                    Diagnostic::new(&codes::MISSING_KEY, fields.at, "a throttle needs the key `to`")
                        .help("say at which rate requests go through: `to: 5/m`"),
                );
            }
            rate.map(|per_minute| ActionDraft::Throttle { per_minute, reply })
        }
        "challenge" => {
            fields.refuse(&["to", "for"], &beside, findings);
            Some(ActionDraft::Challenge { reply })
        }
        "deceive" => {
            fields.refuse(&["to", "for"], &beside, findings);
            Some(ActionDraft::Deceive { reply })
        }
        _ => {
            fields.refuse(&["to"], &beside, findings);
            let for_ms = if fields.has("for") { duration } else { Some(0) };
            for_ms.map(|for_ms| ActionDraft::Block { for_ms, reply })
        }
    };
    Some(Step { at: at?, action: Spanned::new(action?, word.span) })
}

fn reply(fields: &Fields<'_>, findings: &mut Diagnostics) -> ReplyDraft {
    let status = fields.integer("status", findings).and_then(|status| u16::try_from(status.value).ok());
    let json = fields.text("json", findings);
    if let Some(json) = &json
        && let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(&json.value)
    {
        let reason = if error.is_eof() { "it ends too early" } else { "it has a mistake" };
        findings.push(
            Diagnostic::new(&codes::BAD_REPLY_BODY, json.span, "the text is not valid JSON")
                .label(format!("{reason} at character {}", error.column()))
                .help("names and texts stand in double quotes: json: '{\"error\":\"challenge\"}'"),
        );
    }
    let html = fields.text("html", findings).map(|text| text.value);
    let delay_ms = fields.text("delay", findings).and_then(|text| delay(&text, findings));
    ReplyDraft { status, json: json.map(|text| text.value), html, delay_ms: delay_ms.unwrap_or(0) }
}
