//! Randomness that depends on the seed only.

use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng as _, SeedableRng as _};

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub(crate) struct Random(Pcg64Mcg);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Pcg64Mcg::seed_from_u64(seed))
    }

    /// 64 random bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// At least 0, less than `limit`; 0 where the limit is 0.
    pub(crate) fn below(&mut self, limit: u32) -> u32 {
        let product = (self.bits() >> 32).wrapping_mul(u64::from(limit));
        u32::try_from(product >> 32).unwrap_or(0)
    }

    /// At least `low`, at most `high`.
    pub(crate) fn between(&mut self, low: u32, high: u32) -> u32 {
        low.saturating_add(self.below(high.saturating_sub(low).saturating_add(1)))
    }

    /// Whether something happens that does so once in this many times.
    pub(crate) fn once_in(&mut self, times: u32) -> bool {
        self.below(times) == 0
    }

    /// One of some words.
    pub(crate) fn pick<'w>(&mut self, words: &[&'w str]) -> &'w str {
        let limit = u32::try_from(words.len()).unwrap_or(u32::MAX);
        words.get(self.below(limit) as usize).copied().unwrap_or_default()
    }

    /// So many characters of an ASCII alphabet.
    pub(crate) fn string(&mut self, alphabet: &[u8], length: usize) -> String {
        let size = u32::try_from(alphabet.len()).unwrap_or(u32::MAX);
        let character = |_| alphabet.get(self.below(size) as usize).copied().map_or('-', char::from);
        (0..length).map(character).collect()
    }
}

/// A number that looks random and follows from another one (the finalizer of SplitMix64).
pub(crate) const fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}
