//! One page of a leaked list: a header that says whose it is, and an xor filter. `docs/blob-format.md` has every byte.

/// The most bytes that a page has.
pub const PAGE_LEN: usize = 2048;
/// The bytes before the fingerprints.
pub const HEADER_LEN: usize = 32;

pub(super) const MAGIC: [u8; 4] = *b"BZLP";
pub(super) const LAYOUT: u8 = 1;
/// The checksum covers every byte of the page but itself.
pub(super) const CHECKSUM_AT: usize = 28;

/// A page that was read and found whole.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// Bits of a fingerprint.
    pub bits: u8,
    /// The digest of the list that it belongs to.
    pub list: u64,
    /// Which page of that list it is.
    pub position: u32,
    seed: u64,
    /// Fingerprints in each of the filter's three blocks, at least 1.
    block: usize,
    fingerprints: &'a [u8],
}

fn word<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

impl<'a> Page<'a> {
    /// How many bytes the page has whose header this is. `None` where it is no header of a page, or is cut off.
    #[must_use]
    pub fn length(header: &[u8]) -> Option<usize> {
        let [bits] = word(header, 5)?;
        let block = usize::from(u16::from_le_bytes(word(header, 6)?));
        let bytes = match bits {
            8 => 1,
            16 => 2,
            _ => return None,
        };
        let length = HEADER_LEN + 3 * block * bytes;
        let is_header = word(header, 0) == Some(MAGIC) && word(header, 4) == Some([LAYOUT]);
        (is_header && block > 0 && length <= PAGE_LEN).then_some(length)
    }

    /// Reads a page. `None` for anything but a whole page, without a byte behind it.
    #[must_use]
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        if Self::length(bytes)? != bytes.len() {
            return None;
        }
        if checksum(bytes)? != u32::from_le_bytes(word(bytes, CHECKSUM_AT)?) {
            return None;
        }
        Some(Self {
            bits: word::<1>(bytes, 5)?[0],
            block: usize::from(u16::from_le_bytes(word(bytes, 6)?)),
            list: u64::from_le_bytes(word(bytes, 8)?),
            seed: u64::from_le_bytes(word(bytes, 16)?),
            position: u32::from_le_bytes(word(bytes, 24)?),
            fingerprints: bytes.get(HEADER_LEN..)?,
        })
    }

    /// Whether the filter knows a key, see [`key_of`]. Reads what `xorf::Xor8` and `xorf::Xor16` construct.
    #[must_use]
    pub fn contains(&self, key: u64) -> bool {
        let hash = mix(key.wrapping_add(self.seed));
        let mut found = hash ^ (hash >> 32);
        for number in 0..3_u32 {
            // 32 bits of the hash, another 32 for each block, scaled to the block's length.
            let part = hash.rotate_left(21 * number) & u64::from(u32::MAX);
            let slot = ((part * self.block as u64) >> 32) as usize + number as usize * self.block;
            found ^= self.fingerprint(slot);
        }
        found.trailing_zeros() >= u32::from(self.bits)
    }

    fn fingerprint(&self, slot: usize) -> u64 {
        let found = if self.bits == 8 {
            self.fingerprints.get(slot).map(|byte| u64::from(*byte))
        } else {
            word(self.fingerprints, 2 * slot).map(|bytes| u64::from(u16::from_le_bytes(bytes)))
        };
        // Every slot exists: the length was checked against the block.
        found.unwrap_or(0)
    }
}

/// The checksum that a page should have.
pub(super) fn checksum(page: &[u8]) -> Option<u32> {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(page.get(..CHECKSUM_AT)?);
    hasher.update(page.get(HEADER_LEN..)?);
    Some(hasher.finalize())
}

/// The digest as lists order and store it. Digests of one part of a list that is sorted by hash start alike; their keys do
/// not, so that they spread over all pages.
pub(super) const fn key_of(digest: u64) -> u64 {
    mix(digest.wrapping_add(0x_6261_7274_697a_616e))
}

/// The page of a key. It rises with the key.
pub(super) fn position_of(key: u64, pages: u32) -> u32 {
    u32::try_from((u128::from(key) * u128::from(pages)) >> 64).unwrap_or(u32::MAX)
}

/// The last step of MurmurHash3 for 64 bits (Appleby): a permutation in which every bit depends on every other.
const fn mix(mut bits: u64) -> u64 {
    bits ^= bits >> 33;
    bits = bits.wrapping_mul(0xff51_afd7_ed55_8ccd);
    bits ^= bits >> 33;
    bits = bits.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    bits ^ (bits >> 33)
}
