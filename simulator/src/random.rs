//! Randomness that depends on the seed only: the same on every machine and in every build.
//!
//! A PCG (O'Neill, 2014) gives the numbers; logarithms and cosines come from `libm`, because those of the platform may differ
//! in their last bit.

use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng as _, SeedableRng as _};

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct Random(Pcg64Mcg);

impl Random {
    /// The stream with this number; streams of one seed are unrelated.
    #[must_use]
    pub fn new(seed: u64, stream: u64) -> Self {
        Self(Pcg64Mcg::seed_from_u64(mix(seed ^ mix(stream))))
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// At least 0, less than `limit`; 0 where the limit is 0.
    pub fn below(&mut self, limit: u32) -> u32 {
        let product = (self.bits() >> 32) * u64::from(limit);
        u32::try_from(product >> 32).unwrap_or(0)
    }

    /// At least `low`, at most `high`.
    pub fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high.saturating_sub(low).saturating_add(1))
    }

    /// At least 0, less than 1.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Whether something of this probability happens.
    pub fn happens(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A time until the next of many independent events, with this mean.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -libm::log(1.0 - self.unit()) * mean
    }

    /// One of some values.
    pub fn pick<'v, T>(&mut self, values: &'v [T]) -> Option<&'v T> {
        values.get(self.below(u32::try_from(values.len()).unwrap_or(u32::MAX)) as usize)
    }

    /// Puts values into a random order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, values: &mut [T]) {
        for last in (1..values.len()).rev() {
            let other = self.below(u32::try_from(last + 1).unwrap_or(u32::MAX)) as usize;
            values.swap(last, other);
        }
    }
}

/// A number that looks random and follows from another one (the finalizer of SplitMix64).
#[must_use]
pub const fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

/// Draws positions with given weights.
#[derive(Clone, Debug, Default)]
pub struct Weighted {
    /// What all weights up to each position add up to.
    sums: Vec<f64>,
}

impl Weighted {
    /// Weights by position; negative ones count as 0.
    #[must_use]
    pub fn new(weights: impl IntoIterator<Item = f64>) -> Self {
        let mut sum = 0.0;
        let add = |weight: f64| {
            sum += weight.max(0.0);
            sum
        };
        Self { sums: weights.into_iter().map(add).collect() }
    }

    /// Popularities after Zipf: the share of a position is its number, counted from one, to the power of `-exponent`.
    #[must_use]
    pub fn zipf(count: u32, exponent: f64) -> Self {
        Self::new((1..=count).map(|rank| libm::pow(f64::from(rank), -exponent)))
    }

    /// A position.
    pub fn draw(&self, random: &mut Random) -> u32 {
        let at = random.unit() * self.sums.last().copied().unwrap_or(0.0);
        let position = self.sums.partition_point(|sum| *sum <= at).min(self.sums.len().saturating_sub(1));
        u32::try_from(position).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Random, Weighted};

    #[test]
    fn streams_are_the_same_for_a_seed_and_differ_between_seeds_and_streams() {
        let first = |seed, stream| Random::new(seed, stream).bits();
        assert_eq!(first(1, 2), first(1, 2));
        assert_ne!(first(1, 2), first(2, 2));
        assert_ne!(first(1, 2), first(1, 3));
        assert_ne!(first(1, 2), first(2, 1));
    }

    #[test]
    fn draws_have_their_means() {
        let mut random = Random::new(7, 0);
        let count = 100_000;
        let mean = (0..count).map(|_| random.exponential(50.0)).sum::<f64>() / f64::from(count);
        assert!((mean - 50.0).abs() < 1.0, "{mean}");
        let mean = (0..count).map(|_| f64::from(random.between(3, 8))).sum::<f64>() / f64::from(count);
        assert!((mean - 5.5).abs() < 0.05, "{mean}");
        let weighted = Weighted::new([1.0, 0.0, 3.0]);
        let mut drawn = [0; 3];
        for _ in 0..count {
            drawn[weighted.draw(&mut random) as usize] += 1;
        }
        assert_eq!(drawn[1], 0);
        assert!((f64::from(drawn[2]) / f64::from(count) - 0.75).abs() < 0.01, "{drawn:?}");
    }

    #[test]
    fn popularities_follow_zipf() {
        let mut random = Random::new(8, 0);
        let zipf = Weighted::zipf(3000, 1.0);
        let draws = 200_000;
        let first = (0..draws).filter(|_| zipf.draw(&mut random) == 0).count();
        // 1 / H(3000) = 0.1165
        assert!((first as f64 / f64::from(draws) - 0.1165).abs() < 0.004, "{first}");
    }

    #[test]
    fn a_shuffle_keeps_every_value() {
        let mut values: Vec<u32> = (0..1000).collect();
        Random::new(9, 0).shuffle(&mut values);
        assert_ne!(values, (0..1000).collect::<Vec<_>>());
        values.sort_unstable();
        assert_eq!(values, (0..1000).collect::<Vec<_>>());
    }
}
