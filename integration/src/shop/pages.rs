//! What the shop sells, and to whom.

use serde_json::{Value, json};

/// The card number that every order leaks: a well-known test number.
pub const CARD: &str = "4111 1111 1111 1111";

/// The bank account that every order leaks: the example of the German banks.
pub const IBAN: &str = "DE89370400440532013000";

/// Items in the catalogue; their ids are 1 to this.
const ITEMS: u32 = 5_000;

/// The password of a customer. Customers are `customer<n>@example.org`; nobody else has an account.
#[must_use]
pub fn password_of(user: &str) -> Option<String> {
    let number = user.strip_prefix("customer")?.strip_suffix("@example.org")?;
    let number: u32 = number.parse().ok()?;
    Some(format!("correct-horse-{number}"))
}

/// A page: its status and its JSON.
pub(super) struct Page {
    pub(super) status: u16,
    pub(super) json: Value,
}

/// The page at a path, except the login.
pub(super) fn page(path: &str) -> Page {
    let segments: Vec<_> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    match segments.as_slice() {
        ["api", "status"] => Page { status: 200, json: json!({ "status": "ok" }) },
        ["api", "items"] => {
            let items: Vec<_> = (1..=50).map(item).collect();
            Page { status: 200, json: json!({ "items": items, "total": ITEMS }) }
        }
        ["api", "items", id] => match id.parse() {
            Ok(id) if (1..=ITEMS).contains(&id) => Page { status: 200, json: item(id) },
            _ => not_found(),
        },
        ["api", "orders", id] => match id.parse::<u32>() {
            Ok(id) => Page { status: 200, json: order(id) },
            Err(_) => not_found(),
        },
        ["account"] => Page { status: 200, json: json!({ "account": "yours" }) },
        [] => Page { status: 200, json: json!({ "shop": "open" }) },
        _ => not_found(),
    }
}

fn item(id: u32) -> Value {
    json!({
        "id": id,
        "name": format!("Item {id}"),
        "price": { "amount": 199 + id % 700, "currency": "EUR" },
        "stock": id % 40,
        "description": "Made to be looked at. ".repeat(12),
    })
}

/// An order with everything in it that a shop should not send.
fn order(id: u32) -> Value {
    json!({
        "order": id,
        "total": { "amount": 4_200 + id % 100, "currency": "EUR" },
        "payment": { "card": CARD, "holder": "A. Customer" },
        "refund_to": { "iban": IBAN },
        "lines": [item(1 + id % ITEMS)],
    })
}

fn not_found() -> Page {
    Page { status: 404, json: json!({ "error": "not_found" }) }
}
