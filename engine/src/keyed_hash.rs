//! The keyed hash that stands for every address, user name, password, cookie and header value.
//!
//! SipHash-2-4 (Aumasson and Bernstein, 2012) under a key of 128 bits: an attacker who does not know the key can neither
//! aim two identities at one cell nor find an address by trying all of them.

use siphasher::sip::SipHasher24;
use std::hash::Hasher as _;

/// A secret key, and a public number that tells keys apart.
#[derive(Clone)]
pub struct HashKey {
    key: [u8; 16],
    id: u32,
}

impl std::fmt::Debug for HashKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "HashKey({:08x})", self.id)
    }
}

/// What a hash is for. The same bytes in two roles have unrelated hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Role {
    /// A client's address.
    Address = 1,
    /// A cookie that names a client.
    Cookie = 2,
    /// A header value that names a client.
    Header = 3,
    /// A user name.
    Username = 4,
    /// A password.
    Password = 5,
    /// A route.
    Route = 6,
    /// A path.
    Path = 7,
    /// A path parameter.
    Parameter = 8,
    /// The number of a decision.
    Decision = 9,
    /// The key's own public number.
    KeyId = 10,
    /// A claim that names a client.
    Claim = 11,
    /// A network.
    Network = 12,
    /// A fingerprint.
    Fingerprint = 13,
    /// What a successful login came with.
    Seen = 14,
    /// A user name and a password together.
    Pair = 15,
    /// A sensitive value in a reply.
    Sensitive = 16,
    /// The token that takes a sensitive value's place.
    Token = 17,
}

impl HashKey {
    /// A key made of any secret of at least 16 bytes; shorter ones are refused because they can be guessed.
    #[must_use]
    pub fn from_secret(secret: &[u8]) -> Option<Self> {
        use sha2::{Digest as _, Sha256};
        if secret.len() < 16 {
            return None;
        }
        let digest: [u8; 32] = Sha256::digest(secret).into();
        digest.first_chunk().map(|key| Self::from_bytes(*key))
    }

    /// A key of 16 random bytes.
    #[must_use]
    pub fn from_bytes(key: [u8; 16]) -> Self {
        let mut made = Self { key, id: 0 };
        let [a, b, c, d, ..] = made.hash(Role::KeyId, &[]).to_le_bytes();
        made.id = u32::from_le_bytes([a, b, c, d]);
        made
    }

    /// The public number: state that was kept under another key means nothing under this one.
    #[must_use]
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// The hash of some parts in a role. Parts are told apart by their lengths, so that `ab`, `c` differs from `a`, `bc`.
    #[must_use]
    pub fn hash(&self, role: Role, parts: &[&[u8]]) -> u64 {
        let mut hasher = SipHasher24::new_with_key(&self.key);
        hasher.write_u8(role as u8);
        for part in parts {
            hasher.write_u64(part.len() as u64);
            hasher.write(part);
        }
        hasher.finish()
    }
}
