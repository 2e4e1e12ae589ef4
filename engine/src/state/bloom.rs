//! Bloom filters (Bloom, 1970) over a slice of a page: a set that forgets nothing and may hold too much.

/// One of several independent places of a hash among `of`, by its `number`.
///
/// `SplitMix64` (Steele, Lea and Flood, 2014) spreads every bit of the hash, so that keys of one page, whose upper bits
/// picked it, do not share places. The hash itself must be keyed: this function is public.
pub(crate) fn place(hash: u64, number: u64, of: usize) -> usize {
    let mut mixed = hash.wrapping_add(number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^= mixed >> 31;
    let of = u64::try_from(of).unwrap_or(0).min(u64::from(u32::MAX));
    usize::try_from((mixed >> 32).wrapping_mul(of) >> 32).unwrap_or(0)
}

/// Whether the hash may have been inserted; never `false` for one that was. An empty slice holds nothing.
pub(crate) fn contains(map: &[u8], hash: u64, places: u64) -> bool {
    (0..places).all(|number| {
        let bit = place(hash, number, map.len() * 8);
        map.get(bit / 8).is_some_and(|byte| byte & (1 << (bit % 8)) != 0)
    })
}

/// Inserts a hash.
pub(crate) fn insert(map: &mut [u8], hash: u64, places: u64) {
    for number in 0..places {
        let bit = place(hash, number, map.len() * 8);
        if let Some(byte) = map.get_mut(bit / 8) {
            *byte |= 1 << (bit % 8);
        }
    }
}

/// How many bits are set.
pub(crate) fn ones(map: &[u8]) -> usize {
    map.iter().map(|byte| byte.count_ones() as usize).sum()
}
