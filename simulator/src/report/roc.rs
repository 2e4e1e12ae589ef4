//! What each threshold of the account-takeover score would stop and hinder.

use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;

use crate::report::Outcome;

/// Thresholds of the table.
const THRESHOLDS: [u16; 15] = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 120, 140, 160, 180, 200];

/// A profile's curve.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Curve {
    roc: &'static str,
    seed: u64,
    points: Vec<Point>,
}

/// What one threshold does.
#[derive(Clone, Copy, Debug, Serialize)]
struct Point {
    threshold: u16,
    /// Share of the malicious tries at or above it, in percent; nothing where there are none.
    stopped_percent: Option<f64>,
    /// Share of the good logins with a try at or above it, in percent.
    hindered_percent: Option<f64>,
}

impl Curve {
    pub(super) fn of(outcome: &Outcome) -> Self {
        let counts = &outcome.counts;
        let point = |threshold: u16| Point {
            threshold,
            stopped_percent: share(&counts.malicious_scores, threshold),
            hindered_percent: share(&counts.visit_scores, threshold),
        };
        // Where the curve bends, every score counts.
        let points = (1..=200).map(point).collect();
        Self { roc: outcome.name, seed: outcome.seed, points }
    }

    fn at(&self, threshold: u16) -> Option<&Point> {
        self.points.iter().find(|point| point.threshold == threshold)
    }
}

fn share(scores: &[u64], threshold: u16) -> Option<f64> {
    let all: u64 = scores.iter().sum();
    let above: u64 = scores.iter().skip(usize::from(threshold)).sum();
    (all > 0).then(|| above as f64 * 100.0 / all as f64)
}

/// A table in Markdown: stopped / hindered, in percent, for each profile and threshold.
pub(super) fn write_table(curves: &[Curve], out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\nStopped % / hindered % at each threshold of the account-takeover score:\n")?;
    let head: Vec<String> = THRESHOLDS.iter().map(ToString::to_string).collect();
    writeln!(out, "| profile | seed | {} |", head.join(" | "))?;
    writeln!(out, "|---|---{}|", "|---".repeat(THRESHOLDS.len()))?;
    for curve in curves {
        let cells: Vec<String> = THRESHOLDS
            .iter()
            .filter_map(|threshold| curve.at(*threshold))
            .map(|point| {
                let text = |share: Option<f64>, digits: usize| {
                    share.map_or_else(|| "-".to_owned(), |share| format!("{share:.digits$}"))
                };
                format!("{} / {}", text(point.stopped_percent, 1), text(point.hindered_percent, 2))
            })
            .collect();
        writeln!(out, "| {} | {} | {} |", curve.roc, curve.seed, cells.join(" | "))?;
    }
    Ok(())
}

const COLOURS: [&str; 6] = ["#0b6e99", "#c4501b", "#3f7d20", "#7a3e9d", "#b58900", "#555555"];

/// The curves as SVG: hindered good logins from 0 to 5 % to the right, stopped malicious tries from 0 to 100 % upwards.
pub(super) fn draw(curves: &[Curve]) -> String {
    let (left, top, width, height) = (60.0, 20.0, 560.0, 380.0);
    let x = |hindered: f64| left + (hindered / 5.0).min(1.0) * width;
    let y = |stopped: f64| top + (1.0 - stopped / 100.0) * height;
    let mut svg = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 860 450\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"860\" height=\"450\" fill=\"white\"/>\n",
    );
    // Writing to a string cannot fail.
    for tenth in 0..=10 {
        let share = f64::from(tenth) * 10.0;
        let _ = writeln!(
            svg,
            "<path d=\"M{left} {0:.1}H{1:.1}\" stroke=\"#ddd\"/><text x=\"52\" y=\"{2:.1}\" text-anchor=\"end\">{share}</text>",
            y(share),
            left + width,
            y(share) + 4.0,
        );
    }
    for share in 0..=5 {
        let at = x(f64::from(share));
        let _ = writeln!(
            svg,
            "<path d=\"M{at:.1} {top}V{0:.1}\" stroke=\"#ddd\"/><text x=\"{at:.1}\" y=\"416\" text-anchor=\"middle\">{share}</text>",
            top + height,
        );
    }
    svg.push_str(
        "<text x=\"340\" y=\"438\" text-anchor=\"middle\">good logins hindered, %</text>\n<text transform=\"translate(16 210) \
         rotate(-90)\" text-anchor=\"middle\">malicious tries stopped, %</text>\n",
    );
    let attacks =
        curves.iter().filter(|curve| curve.at(1).is_some_and(|point| point.stopped_percent.is_some()));
    for (number, curve) in attacks.enumerate() {
        let colour = COLOURS.get(number % COLOURS.len()).copied().unwrap_or("black");
        let dashes = if number >= COLOURS.len() { " stroke-dasharray=\"5 3\"" } else { "" };
        let points: Vec<String> = curve
            .points
            .iter()
            .filter_map(|point| {
                Some(format!("{:.1},{:.1}", x(point.hindered_percent?), y(point.stopped_percent?)))
            })
            .collect();
        let line = 30.0 + number as f64 * 20.0;
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"{dashes}/>\n<path d=\"M640 \
             {line}h24\" stroke=\"{colour}\" stroke-width=\"2\"{dashes}/><text x=\"670\" y=\"{:.0}\">{} ({})</text>",
            points.join(" "),
            line + 4.0,
            curve.roc,
            curve.seed,
        );
    }
    svg.push_str("</svg>\n");
    svg
}
