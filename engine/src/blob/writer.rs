//! Collects records into sections, and texts into one pool.

use super::field::Record;
use super::header;
use std::collections::HashMap;

/// The string pool's section.
pub(crate) const STRINGS: u16 = 1;

/// Texts, each kept once.
#[derive(Default)]
pub(crate) struct StringPool {
    bytes: Vec<u8>,
    known: HashMap<String, (u32, u32)>,
}

impl StringPool {
    fn place(&mut self, text: &str) -> (u32, u32) {
        if let Some(place) = self.known.get(text) {
            return *place;
        }
        // A pool above 4 GiB cannot be addressed; `assemble` refuses blobs of that size.
        let place = (saturate(self.bytes.len()), saturate(text.len()));
        self.bytes.extend_from_slice(text.as_bytes());
        self.known.insert(text.to_owned(), place);
        place
    }
}

fn saturate(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Writes the fields of one record.
pub(crate) struct RecordWriter<'a> {
    out: &'a mut Vec<u8>,
    pool: &'a mut StringPool,
}

impl RecordWriter<'_> {
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    pub(crate) fn text(&mut self, text: &str) {
        let (offset, length) = self.pool.place(text);
        self.bytes(&offset.to_le_bytes());
        self.bytes(&length.to_le_bytes());
    }
}

/// Collects sections.
#[derive(Default)]
pub(crate) struct BlobWriter {
    pool: StringPool,
    sections: Vec<(u16, u16, Vec<u8>)>,
}

impl BlobWriter {
    pub(crate) fn section<'p, R: Record<'p>>(&mut self, records: &[R]) {
        let mut bytes = Vec::with_capacity(records.len().saturating_mul(R::LEN));
        for record in records {
            record.write(&mut RecordWriter { out: &mut bytes, pool: &mut self.pool });
        }
        self.sections.push((R::ID, u16::try_from(R::LEN).unwrap_or(u16::MAX), bytes));
    }

    pub(crate) fn finish(mut self, build: &str) -> Option<Vec<u8>> {
        self.sections.insert(0, (STRINGS, 1, self.pool.bytes));
        header::assemble(build, &self.sections)
    }
}
