//! What the bench prints.

use serde::Serialize;

use crate::envoy::Process;
use crate::failure::{Context, Failure};

use super::process::resident;
use super::{Sample, Variant};

/// The comparisons that are promised or of interest: which variant, with which.
const RATIOS: [(&str, &str); 5] = [
    ("noop", "plain"),
    ("bartizan", "noop"),
    ("bartizan-uninspected", "noop"),
    ("bartizan-login", "noop-login"),
    ("bartizan-login-stranger", "noop-login"),
];

/// What the JSON says about a variant.
#[derive(Serialize)]
struct Row {
    variant: &'static str,
    cpu_us_per_request: f64,
    requests_per_s: f64,
    p50_us: f64,
    p99_us: f64,
    rss_bytes: u64,
    /// What it takes more than the variant that it is compared with, see [`RATIOS`].
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu_us_more: Option<f64>,
}

impl Row {
    fn of(variant: &Variant, variants: &[Variant], rss_bytes: u64) -> Self {
        let median = |value: fn(&Sample) -> f64| rounded(of(variant, value));
        Self {
            variant: variant.name,
            cpu_us_per_request: median(|sample| sample.cpu_us_per_request),
            requests_per_s: median(|sample| sample.requests_per_s),
            p50_us: median(|sample| sample.p50_us),
            p99_us: median(|sample| sample.p99_us),
            rss_bytes,
            cpu_us_more: below(variant, variants).map(|below| rounded(cpu_us_more(variant, below))),
        }
    }
}

/// The variant that this one is compared with, if it is measured.
fn below<'v>(variant: &Variant, variants: &'v [Variant]) -> Option<&'v Variant> {
    let (_, below) = RATIOS.iter().find(|(above, _)| *above == variant.name)?;
    variants.iter().find(|variant| variant.name == *below)
}

/// The median of the differences within rounds.
fn cpu_us_more(above: &Variant, below: &Variant) -> f64 {
    let pairs = above.samples.iter().zip(&below.samples);
    median(pairs.map(|(above, below)| above.cpu_us_per_request - below.cpu_us_per_request))
}

/// Prints medians for each variant and the medians of the ratios within rounds.
pub(super) fn print(variants: &[Variant], processes: &[Process], as_json: bool) -> Result<(), Failure> {
    let mut rows = Vec::new();
    for variant in variants {
        let process = processes.get(variant.process).context("every variant has a process")?;
        rows.push((variant, resident(process.id())?));
    }
    if as_json {
        let objects: Result<Vec<_>, _> = rows
            .iter()
            .map(|(variant, rss)| serde_json::to_string(&Row::of(variant, variants, *rss)))
            .collect();
        let objects = objects?;
        println!("[\n{}\n]", objects.join(",\n"));
        return Ok(());
    }
    println!(
        "{:<24}{:>14}{:>12}{:>10}{:>10}{:>10}",
        "variant", "CPU us/request", "requests/s", "p50 us", "p99 us", "RSS MiB"
    );
    for (variant, rss) in &rows {
        println!(
            "{:<24}{:>14.2}{:>12.0}{:>10.0}{:>10.0}{:>10}",
            variant.name,
            of(variant, |sample| sample.cpu_us_per_request),
            of(variant, |sample| sample.requests_per_s),
            of(variant, |sample| sample.p50_us),
            of(variant, |sample| sample.p99_us),
            rss >> 20,
        );
    }
    println!("\nmedians within rounds:");
    for above in variants {
        let Some(below) = below(above, variants) else { continue };
        let ratio = |value: fn(&Sample) -> f64| {
            let pairs = above.samples.iter().zip(&below.samples);
            median(pairs.map(|(above, below)| value(above) / value(below)))
        };
        println!(
            "  {:<36} CPU {:.2} ({:+.1} us)   throughput {:.2}   p50 {:.2}",
            format!("{} / {}", above.name, below.name),
            ratio(|sample| sample.cpu_us_per_request),
            cpu_us_more(above, below),
            ratio(|sample| sample.requests_per_s),
            ratio(|sample| sample.p50_us),
        );
    }
    Ok(())
}

fn of(variant: &Variant, value: fn(&Sample) -> f64) -> f64 {
    median(variant.samples.iter().map(value))
}

/// The middle value; of an even number the mean of the two in the middle; 0 of none.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let at = |index: usize| values.get(index).copied().unwrap_or(0.0);
    if values.len().is_multiple_of(2) {
        f64::midpoint(at(middle.saturating_sub(1)), at(middle))
    } else {
        at(middle)
    }
}

fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_median_is_the_middle_value_or_the_mean_of_the_two_in_the_middle() {
        for (values, expected) in
            [(vec![], 0.0), (vec![3.0], 3.0), (vec![9.0, 1.0, 2.0], 2.0), (vec![4.0, 1.0, 2.0, 9.0], 3.0)]
        {
            assert!((median(values.iter().copied()) - expected).abs() < 1e-9, "median of {values:?}");
        }
    }
}
