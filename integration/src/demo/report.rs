//! What the demo prints.

use std::net::SocketAddr;
use std::path::Path;

use crate::suite::{Gateway, LogLine};

use super::outcome::Row;

/// Prints the table, what is not as expected, and a few records. Says whether all is as expected.
pub(super) fn print(rows: &[Row], log: &[LogLine]) -> bool {
    println!();
    println!(
        "{:<24}{:>9}{:>9}{:>8}{:>11}{:>12}{:>9}{:>8}  {:<33}ok?",
        "traffic",
        "requests",
        "allowed",
        "tagged",
        "throttled",
        "challenged",
        "blocked",
        "masked",
        "expected"
    );
    for row in rows {
        let counts = row.counts;
        println!(
            "{:<24}{:>9}{:>9}{:>8}{:>11}{:>12}{:>9}{:>8}  {:<33}{}",
            row.who.name(),
            row.requests,
            counts.allowed(row.requests),
            counts.tagged,
            counts.throttled,
            counts.challenged,
            counts.blocked,
            counts.masked,
            row.expected,
            if row.faults.is_empty() { "yes" } else { "NO" },
        );
    }
    for row in rows {
        for fault in &row.faults {
            println!("not as expected: {}: {fault}", row.who.name());
        }
    }
    println!("\ndecision records, as the access log has them:");
    for action in ["tag", "throttle", "challenge", "block", "mask"] {
        if let Some(line) = log.iter().find(|line| line.text("do") == action) {
            println!("  {}", line.written);
        }
    }
    rows.iter().all(|row| row.faults.is_empty())
}

/// Says where an operator would look.
pub(super) fn where_to_look(admin: SocketAddr, gateway: &Gateway, directory: &Path) {
    println!("\nwhere to look:");
    println!("  admin page   http://{admin}/");
    println!("  metrics      http://{admin}/stats?filter=bartizan and http://{admin}/stats/prometheus");
    println!("  access log   {}", directory.join(format!("{}.access.log", gateway.name())).display());
    println!("  Envoy's log  {}", directory.join("envoy.log").display());
}

/// Lines to try by hand.
pub(super) fn curl_lines(gateway: SocketAddr) {
    println!("\nthe gateway stays at http://{gateway} until Ctrl-C; try:");
    println!("  curl -i -H 'host: shop.localhost' http://{gateway}/api/items/7");
    println!("  curl -i -H 'host: shop.localhost' http://{gateway}/api/orders/7");
    println!(
        "  curl -i -H 'host: shop.localhost' --data 'email=customer7%40example.org&password=correct-horse-7' \
         http://{gateway}/login"
    );
    println!(
        "  for n in $(seq 30); do curl -s -o /dev/null -w '%{{http_code}} ' --interface 127.0.9.9 \
         -H 'host: shop.localhost' --data \"email=user$n%40example.org&password=x\" http://{gateway}/login; done; echo"
    );
    println!(
        "  for n in $(seq 300); do curl -s -o /dev/null -w '%{{http_code}} ' --interface 127.0.9.10 \
         -H 'host: shop.localhost' http://{gateway}/api/items/$n; done; echo"
    );
}
