//! What a credential is on a list: 64 bits of SHA-1, because that is what public lists of passwords hold.

use sha1::{Digest as _, Sha1};

/// The digest of a password: the first eight bytes of its SHA-1, as a big-endian number.
///
/// Sixty-four of 160 bits tell ten million entries apart from everything else with a chance of an error of one in a
/// trillion for each look-up; that SHA-1 collides for whoever computes long enough gives nobody anything here.
#[must_use]
pub fn password_digest(password: &[u8]) -> u64 {
    first_eight(Sha1::new().chain_update(password))
}

/// The digest of a user name with a password: SHA-1 over the name, a zero byte and the password.
///
/// The name is given as the policy normalises it; a list's names went through the same.
#[must_use]
pub fn pair_digest(user: &[u8], password: &[u8]) -> u64 {
    first_eight(Sha1::new().chain_update(user).chain_update([0]).chain_update(password))
}

fn first_eight(hash: Sha1) -> u64 {
    let digest: [u8; 20] = hash.finalize().into();
    digest.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_the_start_of_its_public_hash() {
        // `password` stands in the public lists as 5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8.
        assert_eq!(password_digest(b"password"), 0x5BAA_61E4_C9B9_3F3F);
        assert_eq!(password_digest(b""), 0xDA39_A3EE_5E6B_4B0D);
    }

    #[test]
    fn a_pair_is_neither_its_password_nor_another_pair_of_the_same_letters() {
        assert_ne!(pair_digest(b"ann", b"secret"), password_digest(b"annsecret"));
        assert_ne!(pair_digest(b"ann", b"secret"), pair_digest(b"anns", b"ecret"));
        assert_eq!(pair_digest(b"ann", b"secret"), password_digest(b"ann\0secret"));
    }
}
