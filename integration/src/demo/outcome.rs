//! What became of each kind of traffic, from what clients saw and what the access log says.

use crate::client::Reply;
use crate::shop::{CARD, IBAN, Seen};
use crate::suite::LogLine;

use super::traffic::{Kind, Who};

/// One row of the report.
pub(super) struct Row {
    pub(super) who: Who,
    pub(super) requests: usize,
    pub(super) counts: Counts,
    pub(super) expected: &'static str,
    /// What is not as expected; empty where all is well.
    pub(super) faults: Vec<String>,
}

/// How many requests met which fate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) tagged: usize,
    pub(super) throttled: usize,
    pub(super) challenged: usize,
    pub(super) blocked: usize,
    pub(super) masked: usize,
}

impl Counts {
    /// Requests that the upstream never saw.
    const fn refused(self) -> usize {
        self.throttled + self.challenged + self.blocked
    }

    /// Requests to which nothing happened.
    pub(super) const fn allowed(self, requests: usize) -> usize {
        requests.saturating_sub(self.refused() + self.tagged + self.masked)
    }
}

/// Judges every kind of traffic.
pub(super) fn judge(kinds: &[Kind], log: &[LogLine], seen: &[Seen]) -> Vec<Row> {
    kinds.iter().map(|kind| row(kind, log, seen)).collect()
}

fn row(kind: &Kind, log: &[LogLine], seen: &[Seen]) -> Row {
    let who = kind.who;
    let requests = kind.replies.len();
    let lines: Vec<_> = log.iter().filter(|line| who.owns(line.field("client"))).collect();
    let logged = |action: &str| lines.iter().filter(|line| line.text("do") == action).count();
    let by_clients =
        |error: &str| kind.replies.iter().filter(|reply| refusal(reply).as_deref() == Some(error)).count();
    let counts = Counts {
        tagged: logged("tag"),
        throttled: by_clients("throttled"),
        challenged: by_clients("challenge"),
        blocked: by_clients("blocked"),
        masked: kind.replies.iter().filter(|reply| is_masked(reply)).count(),
    };
    let mut faults = Vec::new();
    let mut check = |holds: bool, fault: String| {
        if !holds {
            faults.push(fault);
        }
    };
    check(lines.len() == requests, format!("{} of {requests} requests are in the access log", lines.len()));
    for (action, count) in
        [("throttle", counts.throttled), ("challenge", counts.challenged), ("block", counts.blocked)]
    {
        let logged = logged(action);
        check(logged == count, format!("clients saw {count} times {action}, the access log has {logged}"));
    }
    let leaks = kind.replies.iter().filter(|reply| leaks(reply)).count();
    check(leaks == 0, format!("{leaks} replies leaked a card or an account number"));
    let reached = reached(who, seen);
    check(
        reached + counts.refused() == requests,
        format!("{reached} requests reached the shop and {} were refused, of {requests}", counts.refused()),
    );
    let expected = expectation(who, requests, counts, &mut check);
    Row { who, requests, counts, expected, faults }
}

/// What the demo's policy promises for each kind.
fn expectation(
    who: Who,
    requests: usize,
    counts: Counts,
    check: &mut impl FnMut(bool, String),
) -> &'static str {
    match who {
        Who::Customers => {
            check(counts.refused() == 0, format!("{} customers' requests were refused", counts.refused()));
            check(counts.masked == 12, format!("{} of 12 orders were masked", counts.masked));
            "nobody refused, orders masked"
        }
        Who::Stuffing => {
            let reached = requests - counts.refused();
            check(reached <= 5, format!("{reached} of {requests} tries reached the shop"));
            "at most 5 tries reach the shop"
        }
        Who::SpreadStuffing => {
            check(
                counts.refused() * 3 >= requests,
                format!("only {} of {requests} were refused", counts.refused()),
            );
            "at least a third refused"
        }
        Who::Scraper => {
            check(
                counts.refused() * 3 >= requests,
                format!("only {} of {requests} were refused", counts.refused()),
            );
            "at least a third refused"
        }
        Who::LeakingOrders => {
            check(counts.masked == requests, format!("{} of {requests} were masked", counts.masked));
            "every card masked"
        }
        Who::Prober => {
            check(counts.blocked == requests, format!("{} of {requests} were blocked", counts.blocked));
            "blocked from the trap on"
        }
    }
}

/// The filter's own answer, if it is one.
fn refusal(reply: &Reply) -> Option<String> {
    reply.header("x-bartizan-id")?;
    Some(reply.json().ok()?.get("error")?.as_str()?.to_owned())
}

fn leaks(reply: &Reply) -> bool {
    let text = reply.text();
    text.contains(CARD) || text.contains(IBAN)
}

/// An order without its card number, of which the last four digits stay.
fn is_masked(reply: &Reply) -> bool {
    reply.status == 200
        && !leaks(reply)
        && reply
            .json()
            .ok()
            .and_then(|order| Some(order.pointer("/payment/card")?.as_str()?.ends_with("1111")))
            .unwrap_or(false)
}

/// How many requests of this kind the shop saw; it knows clients from what Envoy puts into `x-forwarded-for`.
fn reached(who: Who, seen: &[Seen]) -> usize {
    seen.iter().filter(|seen| seen.header("x-forwarded-for").is_some_and(|client| who.owns(client))).count()
}
