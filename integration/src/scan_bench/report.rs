//! What the bench prints.

use super::Row;
use crate::failure::Failure;

/// Prints the rows, as a table with ratios or as JSON.
pub(super) fn print(rows: &[Row], as_json: bool) -> Result<(), Failure> {
    if as_json {
        let objects: Result<Vec<_>, _> = rows.iter().map(serde_json::to_string).collect();
        println!("[\n{}\n]", objects?.join(",\n"));
        return Ok(());
    }
    let width = rows.iter().map(|row| row.corpus.len()).max().unwrap_or(0).max(10) + 2;
    println!(
        "{:<8}{:<width$}{:<12}{:>10}{:>16}{:>14}",
        "where", "corpus", "engine", "MB/s", "MB/s, in all", "candidates"
    );
    for row in rows {
        println!(
            "{:<8}{:<width$}{:<12}{:>10.0}{:>16}{:>14}",
            row.r#where,
            row.corpus,
            row.engine,
            row.mb_per_s,
            row.total_mb_per_s.map_or_else(String::new, |total| format!("{total:.0}")),
            row.candidates_percent.map_or_else(String::new, |share| format!("{share:.1} %")),
        );
    }
    println!(
        "\nMB (10^6 bytes) a second on one core. In Envoy, `bartizan` is what the filter adds to `plain`.\n\nratios:"
    );
    for row in rows.iter().filter(|row| row.r#where == "native" && row.engine == "bartizan") {
        for other in rows.iter().filter(|other| other.corpus == row.corpus) {
            match (other.r#where.as_str(), other.engine.as_str()) {
                ("native", "bartizan") => {}
                ("native", engine) => {
                    ratio(&row.corpus, "native bartizan", row, &format!("native {engine}"), other)
                }
                ("envoy", "bartizan") => ratio(&row.corpus, "envoy bartizan", other, "native bartizan", row),
                _ => {}
            }
        }
    }
    Ok(())
}

fn ratio(corpus: &str, above: &str, row: &Row, below: &str, other: &Row) {
    println!("  {corpus}: {above} / {below} = {:.2}", row.mb_per_s / other.mb_per_s);
}
