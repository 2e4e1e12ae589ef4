//! Any bytes are a page of a leaked list or none; a damaged file splits into what its readers take or refuse.
#![no_main]

use std::sync::LazyLock;

use bartizan_engine::leaked::write::PartWriter;
use bartizan_engine::leaked::{HeldPages, LeakedList, LeakedPages, LeakedPart, Page, contains, split};
use bartizan_fuzz::blob;
use libfuzzer_sys::fuzz_target;

/// Where a page keeps its checksum, and where its fingerprints start.
const CHECKSUM: std::ops::Range<usize> = 28..32;

/// A policy with a leaked part behind it, where the part starts, and its only list.
static FILE: LazyLock<(Vec<u8>, usize, LeakedList)> = LazyLock::new(|| {
    let mut file = blob();
    let start = file.len();
    let mut writer = PartWriter::default();
    let digests = (0..4000_u64).map(|number| number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let list = writer.list(digests.collect(), 16, |_, _| ()).expect("a good list").list;
    file.extend(writer.finish());
    (file, start, list)
});

/// The same bytes for every page.
struct OnePage(Vec<u8>);

impl LeakedPages for OnePage {
    fn load(&mut self, _: u32) -> Option<Vec<u8>> {
        Some(self.0.clone())
    }
}

fuzz_target!(|input: (Vec<u8>, Vec<(u16, u8)>, u64, Option<(u32, u32, u8)>)| {
    let (bytes, damage, digest, other) = input;
    let (file, start, list) = &*FILE;
    let _ = split(&bytes);
    let mut damaged = file.clone();
    for (position, value) in &damage {
        damaged[start + usize::from(*position) % (file.len() - start)] = *value;
    }
    if let Ok((_, Some(part))) = split(&damaged) {
        let _ = HeldPages::of(&part);
    }
    let whole = LeakedPart::parse(&file[*start..]).expect("a good part");
    let mut pages = HeldPages::of(&whole).expect("good pages");
    assert!(contains(list, digest, &mut pages).is_some(), "a page of the list is missing");

    // A page with a good checksum and anything else in it, under the list that it claims to be of.
    let mut page = bytes;
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(page.get(..CHECKSUM.start).unwrap_or_default());
    checksum.update(page.get(CHECKSUM.end..).unwrap_or_default());
    if let Some(slot) = page.get_mut(CHECKSUM) {
        slot.copy_from_slice(&checksum.finalize().to_le_bytes());
    }
    let read = Page::read(&page).map(|page| (page.list, page.bits));
    let (digest_of_list, bits) = read.unwrap_or_default();
    let (first_page, pages, bits) = other.unwrap_or((0, 1, bits));
    let claimed = LeakedList { first_page, pages, bits, digest: digest_of_list };
    let _ = contains(&claimed, digest, &mut OnePage(page));
});
