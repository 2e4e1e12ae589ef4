//! How a client is told from another, and what happens when the filter cannot work.

use super::field::{record, word_field};
use crate::vocabulary::OnError;

record! {
    /// The policy's single values. Exactly one record.
    Basics in "basics" as 2 {
        /// What happens when the filter itself cannot work.
        on_error: OnError,
        /// 0: the address is what the host says. Otherwise so many hops of `X-Forwarded-For` are trusted, 1 to 16.
        trusted_hops: u8,
        /// How many bits of an IPv6 address tell clients apart, 32 to 128.
        ipv6_prefix: u8,
        /// The lower-case name of the header in which a proxy in front writes the client's country; empty for none.
        country_header: &'p str,
    }
}

/// What kind of thing names a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ClientKeyKind {
    /// A cookie that the upstream set.
    IssuedCookie = 1,
    /// A header value that the upstream accepted.
    AcceptedHeader = 2,
    /// A claim of a verified JWT.
    VerifiedClaim = 3,
}
word_field!(
    ClientKeyKind,
    "a known kind of client key",
    ClientKeyKind::IssuedCookie,
    ClientKeyKind::AcceptedHeader,
    ClientKeyKind::VerifiedClaim
);

record! {
    /// One way to name a client; the first that counts wins.
    ClientKeyRecord in "client keys" as 3 {
        /// What kind of thing.
        kind: ClientKeyKind,
        /// The cookie's, header's or claim's name.
        name: &'p str,
        /// Where the claim's JWT is: `payload_in_metadata` of Envoy's `jwt_authn`; else empty.
        payload: &'p str,
    }
}

record! {
    /// A part of a client's fingerprint.
    FingerprintRecord in "fingerprint" as 25 {
        /// The header whose value counts; empty for the order of all headers.
        header: &'p str,
    }
}

record! {
    /// The signed cookie that devices get. At most one record.
    Devices in "devices" as 24 {
        /// The cookie's name.
        cookie: &'p str,
        /// How long a device stays known, in seconds.
        for_seconds: u32,
    }
}
