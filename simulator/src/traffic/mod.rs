//! Labelled traffic as JSON lines: written from a profile, or brought along and replayed.
//!
//! One object for each login try, in the order of time:
//!
//! | key | what |
//! |---|---|
//! | `t` | when: seconds, since 1970 or since any other start, or a text after RFC 3339 |
//! | `ip` | the client's address |
//! | `user` | the user name |
//! | `password_ok` | whether the app lets this password in |
//! | `label` | `good` for a customer; anything else, such as `attack`, for an attacker |
//! | `device` | optional: which cookie jar the try comes from; without it there are no cookies |
//! | `ua` | optional: the user agent |
//! | `password` | optional: the password; without it the account's one right one, or one that nobody else tries |
//! | `route` | optional: the number of the login route, 0 to 255; 0 where it is absent |
//! | `headers` | optional: names and values in their order, as pairs or as an object; `ua` then only fills a gap |
//! | `headers_name` | optional: with `headers` it names them for later lines, without it takes those that a line before named |
//! | `visit` | optional: tries with the same text are one visit of a customer; without it, tries of the same user and device or address up to the right password are |
//!
//! Other keys may stand there and mean nothing.

mod read;
mod replay;
mod row;
pub mod write;

pub use read::Reader;
pub use replay::{Replayed, replay};
pub use row::Row;
