//! Ratios of counters that do not belong together, and of numbers that are too small.

use bartizan_engine::blob::draft::CounterSource;

use super::conditions;
use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::model::{Condition, ConditionKind, CounterBody, Policy, Ratio};
use crate::source::Spanned;

pub(super) fn check(policy: &Policy, findings: &mut Diagnostics) {
    for condition in conditions(policy) {
        let ConditionKind::Ratio(ratio) = &condition.kind else { continue };
        let (Some(part), Some(whole)) = (body(policy, &ratio.part), body(policy, &ratio.whole)) else {
            continue;
        };
        let uncounted = [(&ratio.part, part), (&ratio.whole, whole)]
            .into_iter()
            .find(|(_, body)| !matches!(body.source.value, CounterSource::Count(_) | CounterSource::Slow(_)));
        if let Some((name, body)) = uncounted {
            let message = format!("`{}` does not count occurrences", name.value);
            findings.push(
                Diagnostic::new(&codes::RATIO_MISMATCH, name.span, message)
                    .also(body.source.span, "what it counts")
                    .help("compare two counters with `count`"),
            );
        } else if part.key.value != whole.key.value {
            mismatch(ratio, "are kept for different things", [part.key.span, whole.key.span], findings);
        } else if part.window_ms != whole.window_ms || is_slow(part) != is_slow(whole) {
            let places = [part.source.span, whole.source.span];
            mismatch(ratio, "count over different times", places, findings);
        }
    }
}

fn is_slow(body: &CounterBody) -> bool {
    matches!(body.source.value, CounterSource::Slow(_))
}

fn body<'policy>(policy: &'policy Policy, name: &Spanned<String>) -> Option<&'policy CounterBody> {
    policy.counters.iter().find(|counter| counter.name.value == name.value)?.body.as_ref()
}

fn mismatch(ratio: &Ratio, how: &str, places: [crate::source::Span; 2], findings: &mut Diagnostics) {
    let [part, whole] = places;
    let message = format!("`{}` and `{}` {how}", ratio.part.value, ratio.whole.value);
    findings.push(
        Diagnostic::new(&codes::RATIO_MISMATCH, ratio.part.span, message)
            .also(part, format!("`{}`", ratio.part.value))
            .also(whole, format!("`{}`", ratio.whole.value))
            .help("give both the same `per` and the same `window` or `half_life`"),
    );
}

pub(super) fn advise(policy: &Policy, findings: &mut Diagnostics) {
    for rule in policy.threats.iter().flat_map(|part| &part.rules) {
        few(&rule.when, &[], findings);
    }
}

/// `above` are the counters of which a lowest number is asked beside this condition. Conditions have at most eight levels.
fn few(condition: &Condition, above: &[&str], findings: &mut Diagnostics) {
    match &condition.kind {
        ConditionKind::Ratio(ratio) => {
            if [&ratio.part, &ratio.whole].iter().any(|name| above.contains(&name.value.as_str())) {
                return;
            }
            let whole = &ratio.whole.value;
            findings.push(
                Diagnostic::new(&codes::RATIO_OF_FEW, condition.span, "this holds for the first few already")
                    .help(format!(
                        "ask for a lowest number as well: `all: [{{ {whole}: {{ over: 30 }} }}, …]`"
                    )),
            );
        }
        ConditionKind::All(parts) => {
            let asked = parts.iter().filter_map(|part| match &part.kind {
                ConditionKind::Counter(name, _) => Some(name.value.as_str()),
                _ => None,
            });
            let above: Vec<&str> = above.iter().copied().chain(asked).collect();
            parts.iter().for_each(|part| few(part, &above, findings));
        }
        _ => condition.parts().iter().for_each(|part| few(part, above, findings)),
    }
}
