//! Which rules did it: what hindered customers, what stopped attackers, and what the tries that passed had scored.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::json;

use crate::counts::ByRule;
use crate::report::Outcome;
use crate::report::row::percent;

/// Minutes of an attack that are shown.
const MINUTES: usize = 15;
/// Days that are shown.
const DAYS: usize = 16;

pub(super) fn write(outcome: &Outcome, out: &mut impl Write) -> io::Result<()> {
    let counts = &outcome.counts;
    let actions = |actions: &BTreeMap<&'static str, u64>| {
        actions.iter().map(|(action, count)| format!("{action} {count}")).collect::<Vec<_>>().join(", ")
    };
    writeln!(out, "  attackers' tries refused: {}", actions(&counts.malicious_actions))?;
    writeln!(out, "  customers' tries refused during: {}", actions(&counts.customer_actions))?;
    writeln!(
        out,
        "  new device in a new network: {} of {} hindered ({})",
        counts.during.strangers_hindered,
        counts.during.strangers,
        percent(counts.during.strangers_hindered, counts.during.strangers),
    )?;
    if counts.affected.good > 0 {
        let (hindered, good) = (counts.affected.hindered, counts.affected.good);
        writeln!(out, "  whom it is about: {hindered} of {good} hindered ({})", percent(hindered, good))?;
    }
    rules("refused customers' tries during, by rule", hindered(outcome, 0), out)?;
    rules("refused customers' tries outside, by rule", hindered(outcome, 1), out)?;
    rules("refused tries of known devices, by rule", &counts.known_device_hindered_by, out)?;
    rules("stopped tries, by rule", &counts.stopped_by, out)?;
    rules("tries that passed, by rule that scored", &counts.passed_despite, out)?;
    let minutes = counts.minutes.iter().take(MINUTES).map(|(tries, passed)| format!("{passed}/{tries}"));
    writeln!(out, "  passed of the tries of each minute: {}", minutes.collect::<Vec<_>>().join(" "))?;
    let days = counts.days.iter().take(DAYS).map(|(good, hindered)| percent(*hindered, *good));
    writeln!(out, "  hindered outside on each day: {}\n", days.collect::<Vec<_>>().join(", "))
}

fn hindered(outcome: &Outcome, position: usize) -> &ByRule {
    let [during, outside] = &outcome.counts.hindered_by;
    if position == 0 { during } else { outside }
}

fn rules(what: &str, rules: &ByRule, out: &mut impl Write) -> io::Result<()> {
    if rules.is_empty() {
        return Ok(());
    }
    writeln!(out, "  {what}:")?;
    let mut sorted: Vec<(&String, &u64)> = rules.iter().collect();
    sorted.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), name.as_str()));
    for (name, count) in sorted {
        writeln!(out, "    {count:>10}  {name}")?;
    }
    Ok(())
}

pub(super) fn write_json(outcome: &Outcome, out: &mut impl Write) -> io::Result<()> {
    let counts = &outcome.counts;
    let object = json!({
        "explain": outcome.name,
        "seed": outcome.seed,
        "malicious_actions": counts.malicious_actions,
        "customer_actions": counts.customer_actions,
        "hindered_by": hindered(outcome, 0),
        "hindered_outside_by": hindered(outcome, 1),
        "known_device_hindered_by": counts.known_device_hindered_by,
        "stopped_by": counts.stopped_by,
        "passed_despite": counts.passed_despite,
        "minutes": counts.minutes,
        "days_outside": counts.days,
    });
    writeln!(out, "{object}")
}
