//! The sample shop: the upstream of every test and of the demo.
//!
//! It has a login, a catalogue and orders that leak card numbers; it remembers what reached it; and a request with the
//! header `x-shop-script` gets exactly the reply that the header describes, chunk by chunk. A second address lets a test
//! ask what was seen, also from another container.

mod control;
mod ledger;
mod pages;
mod script;
mod server;

pub use control::ShopControl;
pub use ledger::Seen;
pub use pages::{CARD, IBAN, password_of};
pub use script::Script;
pub use server::Shop;
