//! The demo's traffic: who asks for what, from where.
//!
//! Each kind has a network of its own in 127.0.0.0/8, so that the access log tells the kinds apart.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::task::JoinSet;

use crate::client::{Connection, Protocol, Reply, Request};
use crate::failure::Failure;
use crate::shop::password_of;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    /// People who log in (one in three mistypes a password first), look around and order.
    Customers,
    /// One address that tries a list of stolen credentials.
    Stuffing,
    /// The same over forty addresses, eight users each.
    SpreadStuffing,
    /// One address that reads the catalogue.
    Scraper,
    /// Calls to an API that leaks card numbers.
    LeakingOrders,
    /// A scanner that looks for WordPress, then for goods.
    Prober,
}

/// What one kind of traffic got.
pub(super) struct Kind {
    pub(super) who: Who,
    pub(super) replies: Vec<Reply>,
}

impl Who {
    pub(super) const ALL: [Self; 6] = [
        Self::Customers,
        Self::Stuffing,
        Self::SpreadStuffing,
        Self::Scraper,
        Self::LeakingOrders,
        Self::Prober,
    ];

    /// What the report calls it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Customers => "12 customers",
            Self::Stuffing => "stuffing, one address",
            Self::SpreadStuffing => "stuffing, 40 addresses",
            Self::Scraper => "catalogue scraper",
            Self::LeakingOrders => "orders that leak cards",
            Self::Prober => "scanner in a trap",
        }
    }

    /// The third byte of its addresses.
    const fn network(self) -> u8 {
        match self {
            Self::Customers => 1,
            Self::Stuffing => 2,
            Self::SpreadStuffing => 3,
            Self::Scraper => 4,
            Self::LeakingOrders => 5,
            Self::Prober => 6,
        }
    }

    /// Whether the access log's `client` is one of its addresses.
    pub(super) fn owns(self, client: &str) -> bool {
        client.parse::<Ipv4Addr>().is_ok_and(|address| address.octets()[2] == self.network())
    }

    const fn address(self, host: u8) -> Ipv4Addr {
        Ipv4Addr::new(127, 0, self.network(), host)
    }

    /// What each of its addresses asks for, in order.
    fn plan(self) -> Vec<(Ipv4Addr, Vec<Request>)> {
        match self {
            Self::Customers => (1..=12).map(|host| (self.address(host), customer(host))).collect(),
            Self::Stuffing => vec![(self.address(1), (0..60).map(stolen).collect())],
            Self::SpreadStuffing => (1..=40).map(|host| (self.address(host), spread(host))).collect(),
            Self::Scraper => {
                vec![(
                    self.address(1),
                    (1..=300).map(|id| Request::get(format!("/api/items/{id}"))).collect(),
                )]
            }
            Self::LeakingOrders => {
                vec![(
                    self.address(1),
                    (1..=20).map(|id| Request::get(format!("/api/orders/{id}"))).collect(),
                )]
            }
            Self::Prober => {
                let goods = (1..=9).map(|id| Request::get(format!("/api/items/{id}")));
                let trap = std::iter::once(Request::get("/wp-login.php"));
                vec![(self.address(1), trap.chain(goods).collect())]
            }
        }
    }
}

/// Sends all kinds at the same time.
pub(super) async fn send_all(gateway: SocketAddr) -> Result<Vec<Kind>, Failure> {
    let mut running = JoinSet::new();
    for who in Who::ALL {
        running.spawn(async move { send(who, gateway).await });
    }
    let mut kinds = Vec::new();
    while let Some(kind) = running.join_next().await {
        kinds.push(kind??);
    }
    kinds.sort_by_key(|kind| kind.who);
    Ok(kinds)
}

async fn send(who: Who, gateway: SocketAddr) -> Result<Kind, Failure> {
    let mut replies = Vec::new();
    for (from, requests) in who.plan() {
        let mut connection = Connection::open(Protocol::Http1, from, gateway).await?;
        for request in requests {
            replies.push(connection.send(with_browser_headers(request)).await?);
        }
    }
    Ok(Kind { who, replies })
}

fn customer(host: u8) -> Vec<Request> {
    let user = format!("customer{host}@example.org");
    let password = password_of(&user).unwrap_or_default();
    let mut requests = Vec::new();
    if host.is_multiple_of(3) {
        requests.push(Request::login(&user, "corect-horse"));
    }
    requests.push(Request::login(&user, &password));
    let sid = "sid=0123456789abcdef";
    requests.push(Request::get("/api/items").header("cookie", sid));
    for item in 0..6 {
        requests
            .push(Request::get(format!("/api/items/{}", 10 * u32::from(host) + item)).header("cookie", sid));
    }
    requests.push(Request::get(format!("/api/orders/{host}")).header("cookie", sid));
    requests
}

fn stolen(number: u32) -> Request {
    Request::login(&format!("leaked{number}@example.net"), "hunter2")
}

/// Eight users from one address. Neighbours overlap: each of forty users is tried from eight addresses.
fn spread(host: u8) -> Vec<Request> {
    (0..8)
        .map(|step| {
            let user = (u32::from(host) * 5 + step * 7) % 40;
            Request::login(&format!("victim{user}@example.net"), &format!("guess-{host}-{step}"))
        })
        .collect()
}

fn with_browser_headers(request: Request) -> Request {
    request
        .header("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
        .header("accept", "application/json")
        .header("accept-language", "en-GB,en;q=0.7")
}
