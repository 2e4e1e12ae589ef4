//! Address lists and exemptions: sorted ranges, searched in place.

use super::error::BlobError;
use super::field::{Field as _, Fields, Record, Span, record};

record! {
    /// A named list of addresses.
    AddressList in "lists" as 5 {
        /// Its name in the policy.
        name: &'p str,
        /// Its ranges.
        ranges: Span,
    }
}

record! {
    /// An exemption.
    Exemption in "exemptions" as 6 {
        /// Whom it exempts.
        ranges: Span,
        /// From which threats, a bit for each by its number.
        skip: u8,
        /// Why.
        because: &'p str,
    }
}

record! {
    /// An inclusive range of addresses; IPv4 as IPv4-mapped IPv6.
    Range in "address ranges" as 4 {
        /// The first address.
        first: u128,
        /// The last address.
        last: u128,
    }
}

/// All ranges of the blob, unread until they are searched.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ranges<'p> {
    bytes: &'p [u8],
}

const RANGE_LEN: usize = 32;

impl<'p> Ranges<'p> {
    pub(crate) fn new(bytes: &'p [u8], record_len: usize) -> Result<Self, BlobError> {
        if record_len == RANGE_LEN && bytes.len().is_multiple_of(RANGE_LEN) {
            Ok(Self { bytes })
        } else {
            Err(BlobError::expected(Range::NAME, "records of 32 bytes"))
        }
    }

    pub(crate) const fn len(&self) -> usize {
        self.bytes.len() / RANGE_LEN
    }

    fn at(&self, index: usize) -> Option<(u128, u128)> {
        let start = index.checked_mul(RANGE_LEN)?;
        let bytes = self.bytes.get(start..start.checked_add(RANGE_LEN)?)?;
        let mut fields = Fields { section: Range::NAME, bytes, strings: "", is_older: false };
        Some((u128::read(&mut fields).ok()?, u128::read(&mut fields).ok()?))
    }

    /// Every list must be sorted without overlaps, or the search would miss.
    pub(crate) fn check(&self, span: Span, section: &'static str) -> Result<(), BlobError> {
        let mut previous = None;
        for (first, last) in span.positions().filter_map(|index| self.at(index)) {
            if last < first || previous.is_some_and(|previous| first <= previous) {
                return Err(BlobError::expected(section, "sorted ranges that do not overlap"));
            }
            previous = Some(last);
        }
        Ok(())
    }

    /// Whether one of the ranges contains the address. Logarithmic in their number.
    #[must_use]
    pub fn contain(&self, span: Span, address: u128) -> bool {
        let mut range = span.positions();
        while !range.is_empty() {
            let middle = range.start + range.len() / 2;
            match self.at(middle) {
                Some((first, _)) if address < first => range.end = middle,
                Some((_, last)) if address > last => range.start = middle + 1,
                Some(_) => return true,
                None => return false,
            }
        }
        false
    }
}
