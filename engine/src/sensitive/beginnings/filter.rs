//! Tells quickly that no literal begins with some bytes.

/// Bits of the tables of beginnings, as a power of two: 8 KiB each, so that they stay in the fastest cache.
const TABLE_BITS: u32 = 16;
/// The same of literals of three bytes, of which there are few.
const SHORT_BITS: u32 = 12;
/// The same of the table of lengths.
const LENGTH_BITS: u32 = 12;
/// How many bytes of a literal are looked up first, and how many are compared then.
pub(super) const LOOKED_UP: usize = 4;
pub(super) const COMPARED: usize = 8;

/// Says of nearly all beginnings that are none of a literal's that they are none: a bit for each hash of one that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sensitive) struct Filter {
    /// Of the first four bytes.
    fours: [u64; 1 << (TABLE_BITS - 6)],
    /// Of the first three, where a literal has no more.
    threes: [u64; 1 << (SHORT_BITS - 6)],
    /// Of as many as are compared.
    wholes: [u64; 1 << (TABLE_BITS - 6)],
    /// How many that is, by the hash of the first four: bit `n - 1` for `n` bytes.
    lengths: [u8; 1 << LENGTH_BITS],
}

impl Filter {
    /// Without a literal.
    pub(super) fn new() -> Box<Self> {
        Box::new(Self {
            fours: [0; 1 << (TABLE_BITS - 6)],
            threes: [0; 1 << (SHORT_BITS - 6)],
            wholes: [0; 1 << (TABLE_BITS - 6)],
            lengths: [0; 1 << LENGTH_BITS],
        })
    }

    /// Adds a beginning; what has less than three bytes is not found.
    pub(super) fn add(&mut self, beginning: &[u8]) {
        let whole = folded_beginning(beginning);
        let four = first_four(whole);
        match beginning.len().min(COMPARED) {
            0..3 => return,
            3 => set(&mut self.threes, hash(four, SHORT_BITS)),
            length => {
                set(&mut self.fours, hash(four, TABLE_BITS));
                if let Some(lengths) = self.lengths.get_mut(hash(four, LENGTH_BITS)) {
                    *lengths |= 1 << (length - 1);
                }
            }
        }
        for place in places_of_whole(whole) {
            set(&mut self.wholes, place);
        }
    }

    /// 1 where a literal may begin with these four bytes, 0 where none does.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "asked for every word; a call costs as much again")]
    pub(in crate::sensitive) fn may_begin(&self, four: [u8; LOOKED_UP]) -> u64 {
        let four = u32::from_le_bytes(four) | first_four(FOLDED);
        bit(&self.fours, hash(four, TABLE_BITS)) | bit(&self.threes, hash(four & THREE, SHORT_BITS))
    }

    /// How many of these bytes, which are folded, a literal may begin with: bit `n - 1` for `n` bytes. Asked where the first
    /// four may begin one.
    #[inline]
    pub(super) fn lengths(&self, bytes: u64) -> u8 {
        let four = first_four(bytes);
        let lengths = self.lengths.get(hash(four, LENGTH_BITS)).copied().unwrap_or(0);
        lengths | u8::from(bit(&self.threes, hash(four & THREE, SHORT_BITS)) != 0) << 2
    }

    /// Whether a literal may begin with as many bytes as are compared of it.
    #[inline]
    pub(super) fn may_be(&self, whole: u64) -> bool {
        let [first, second] = places_of_whole(whole);
        bit(&self.wholes, first) & bit(&self.wholes, second) != 0
    }

    /// Whether a literal may begin with these bytes, as far as they are compared; hardly ever said where none does. Asked
    /// where the first four may begin one.
    #[inline(never)]
    pub(in crate::sensitive) fn begins(&self, bytes: [u8; COMPARED]) -> bool {
        let bytes = folded(bytes);
        let mut lengths = self.lengths(bytes);
        while lengths != 0 {
            if self.may_be(next_whole(bytes, &mut lengths)) {
                return true;
            }
        }
        false
    }
}

const THREE: u32 = 0x00ff_ffff;

/// Small and capital letters are the same with this bit, and some other characters too: what is found is compared anyway.
const FOLD: u8 = 0x20;
const FOLDED: u64 = u64::from_le_bytes([FOLD; COMPARED]);

/// The first bytes of a literal, as many as are compared. Of fewer the rest is zero, which no folded byte is.
pub(super) fn folded_beginning(beginning: &[u8]) -> u64 {
    let mut bytes = [0; COMPARED];
    bytes.iter_mut().zip(beginning).for_each(|(slot, byte)| *slot = byte | FOLD);
    u64::from_le_bytes(bytes)
}

/// Bytes of a text in the same form.
#[inline]
pub(super) const fn folded(bytes: [u8; COMPARED]) -> u64 {
    u64::from_le_bytes(bytes) | FOLDED
}

/// Takes the shortest of some lengths, and as many of the bytes.
#[inline]
pub(super) const fn next_whole(bytes: u64, lengths: &mut u8) -> u64 {
    let whole = bytes & (u64::MAX >> (56 - 8 * lengths.trailing_zeros()));
    *lengths &= lengths.wrapping_sub(1);
    whole
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "no instruction at all")]
#[expect(clippy::cast_possible_truncation, reason = "the first four of eight bytes")]
const fn first_four(bytes: u64) -> u32 {
    bytes as u32
}

/// Fibonacci hashing: the golden ratio's bits spread neighbours.
#[inline(always)]
#[expect(clippy::inline_always, reason = "a few instructions, for every word")]
const fn hash(beginning: u32, bits: u32) -> usize {
    (beginning.wrapping_mul(0x9e37_79b1) >> (32 - bits)) as usize
}

/// The same of all bytes that are compared.
#[inline(always)]
#[expect(clippy::inline_always, reason = "a few instructions")]
pub(super) const fn hash_of_whole(whole: u64) -> u64 {
    whole.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Two places in the table of wholes: together they are seldom those of other bytes.
#[inline(always)]
#[expect(clippy::inline_always, reason = "a few instructions")]
const fn places_of_whole(whole: u64) -> [usize; 2] {
    let hash = hash_of_whole(whole);
    [(hash >> (64 - TABLE_BITS)) as usize, (hash >> (64 - 2 * TABLE_BITS)) as usize % (1 << TABLE_BITS)]
}

fn set(table: &mut [u64], place: usize) {
    if let Some(word) = table.get_mut(place >> 6) {
        *word |= 1 << (place & 63);
    }
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "asked for every word; a call costs as much again")]
fn bit(table: &[u64], place: usize) -> u64 {
    table.get(place >> 6).map_or(0, |word| word >> (place & 63) & 1)
}
