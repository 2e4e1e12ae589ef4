//! Lists as they are written are read, in whole files and in slices; anything else gives no answer.

use super::page::{CHECKSUM_AT, checksum, key_of};
use super::write::{ListError, PartWriter, WrittenList};
use super::*;
use proptest::prelude::*;

fn digests(range: std::ops::Range<u32>) -> Vec<u64> {
    range.map(|number| password_digest(number.to_string().as_bytes())).collect()
}

fn part(lists: &[(Vec<u64>, u8)]) -> (Vec<u8>, Vec<WrittenList>) {
    let mut writer = PartWriter::default();
    let written = lists.iter().map(|(digests, bits)| writer.list(digests.clone(), *bits, |_, _| ()).unwrap());
    let written = written.collect();
    (writer.finish(), written)
}

fn held(part: &[u8]) -> HeldPages {
    HeldPages::of(&LeakedPart::parse(part).unwrap()).unwrap()
}

#[test]
fn every_entry_is_found_and_strangers_as_rarely_as_the_bits_say() {
    const ENTRIES: u32 = 50_000;
    const STRANGERS: u32 = 200_000;
    let (part, written) = part(&[(digests(0..ENTRIES), 8), (digests(0..ENTRIES), 16)]);
    let mut pages = held(&part);
    for WrittenList { list, entries, bytes } in written {
        assert_eq!(entries, u64::from(ENTRIES));
        for digest in digests(0..ENTRIES) {
            assert_eq!(contains(&list, digest, &mut pages), Some(true));
        }
        let found = digests(ENTRIES..ENTRIES + STRANGERS)
            .into_iter()
            .filter(|digest| contains(&list, *digest, &mut pages) == Some(true))
            .count();
        let rate = found as f64 / f64::from(STRANGERS);
        let expected = 1.0 / f64::from(1_u32 << list.bits);
        println!("{} bits: {rate:.7}, {:.2} bits an entry", list.bits, bytes as f64 * 8.0 / entries as f64);
        assert!(rate < expected * 1.15 + 0.00002, "{} bits: {rate}", list.bits);
    }
}

#[test]
fn our_reader_and_the_library_that_constructs_agree() {
    for bits in [8, 16] {
        let keys = digests(0..700);
        let (part, _) = part(&[(keys.clone(), bits)]);
        let bytes = held(&part).load(0).unwrap();
        let page = Page::read(&bytes).unwrap();
        let mut keys: Vec<u64> = keys.into_iter().map(key_of).collect();
        keys.sort_unstable();
        let (eight, sixteen) = (xorf::Xor8::from(&keys), xorf::Xor16::from(&keys));
        for key in digests(0..20_000) {
            let theirs = if bits == 8 {
                xorf::Filter::contains(&eight, &key)
            } else {
                xorf::Filter::contains(&sixteen, &key)
            };
            assert_eq!(page.contains(key), theirs);
        }
    }
}

#[test]
fn lists_of_any_size_find_their_entries() {
    for (entries, pages) in [(1, 1), (2, 1), (100, 1), (1613, 1), (1614, 2), (4000, 3)] {
        let (part, written) = part(&[(digests(0..entries), 8)]);
        let list = written[0].list;
        assert_eq!(list.pages, pages, "{entries} entries");
        let mut pages = held(&part);
        let all =
            digests(0..entries).into_iter().all(|digest| contains(&list, digest, &mut pages) == Some(true));
        assert!(all, "{entries} entries");
    }
}

#[test]
fn a_list_without_entries_has_no_pages_and_knows_nobody() {
    let (part, written) = part(&[(Vec::new(), 8)]);
    assert!(part.is_empty());
    assert_eq!(contains(&written[0].list, 7, &mut NoLeakedPages), Some(false));
}

#[test]
fn order_and_repetition_do_not_show_in_the_bytes() {
    let mut twice = digests(0..5000);
    twice.extend(digests(0..5000));
    twice.reverse();
    assert_eq!(part(&[(digests(0..5000), 16)]).0, part(&[(twice, 16)]).0);
}

#[test]
fn the_first_part_of_a_list_that_is_sorted_by_hash_spreads_over_all_pages() {
    let sorted: Vec<u64> = (0..100_000).collect();
    let (_, written) = part(&[(sorted, 8)]);
    assert!(written[0].bytes < 130_000, "{} bytes", written[0].bytes);
}

#[test]
fn made_up_digests_are_refused_and_so_are_other_bits() {
    // A run of keys that all lie in one page, whatever the number of pages.
    let together: Vec<u64> = (0..20_000).map(inverse_of_key).collect();
    let mut writer = PartWriter::default();
    assert_eq!(writer.list(together, 8, |_, _| ()), Err(ListError::Uneven));
    assert_eq!(writer.list(vec![1], 12, |_, _| ()), Err(ListError::Bits(12)));
}

/// The digest that has this key.
fn inverse_of_key(key: u64) -> u64 {
    let unmix = |bits: u64| bits ^ (bits >> 33);
    let inverse = |odd: u64| {
        (0..6).fold(odd, |inverse, _| inverse.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(inverse))))
    };
    let bits = unmix(key).wrapping_mul(inverse(0xc4ce_b9fe_1a85_ec53));
    let bits = unmix(bits).wrapping_mul(inverse(0xff51_afd7_ed55_8ccd));
    let digest = unmix(bits).wrapping_sub(0x_6261_7274_697a_616e);
    assert_eq!(key_of(digest), key);
    digest
}

#[test]
fn a_page_of_another_list_or_place_gives_no_answer() {
    let (part, written) = part(&[(digests(0..5000), 8), (digests(1..5001), 8)]);
    let mut pages = held(&part);
    let (first, second) = (written[0].list, written[1].list);
    assert_eq!(second.first_page, first.pages);
    let probe = digests(0..50);
    let answers = |list: LeakedList, pages: &mut HeldPages| {
        probe.iter().filter_map(|digest| contains(&list, *digest, pages)).count()
    };
    assert_eq!(answers(first, &mut pages), 50);
    assert_eq!(answers(LeakedList { digest: second.digest, ..first }, &mut pages), 0);
    assert_eq!(answers(LeakedList { bits: 16, ..first }, &mut pages), 0);
    assert_eq!(answers(LeakedList { first_page: first.first_page + 1, ..first }, &mut pages), 0);
    assert_eq!(answers(LeakedList { first_page: u32::MAX, ..first }, &mut pages), 0);
    assert_eq!(probe.iter().filter_map(|digest| contains(&first, *digest, &mut NoLeakedPages)).count(), 0);
}

#[test]
fn every_damaged_bit_of_a_page_is_noticed() {
    let (part, _) = part(&[(digests(0..300), 8)]);
    let mut page = held(&part).load(0).unwrap();
    assert!(Page::read(&page).is_some());
    for bit in 0..page.len() * 8 {
        page[bit / 8] ^= 1 << (bit % 8);
        assert!(Page::read(&page).is_none(), "bit {bit}");
        page[bit / 8] ^= 1 << (bit % 8);
    }
    for length in 0..page.len() {
        assert!(Page::read(&page[..length]).is_none(), "{length} bytes");
    }
    page.push(0);
    assert!(Page::read(&page).is_none());
}

#[test]
fn every_damaged_bit_of_a_part_is_noticed() {
    let (mut part, _) = part(&[(digests(0..20), 8), (digests(0..20), 16)]);
    for bit in 0..part.len() * 8 {
        part[bit / 8] ^= 1 << (bit % 8);
        let found = LeakedPart::parse(&part).and_then(|part| part.check());
        assert!(found.is_err(), "bit {bit}");
        part[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn pages_are_cut_from_slices_of_any_length() {
    let (part, written) = part(&[(digests(0..9000), 8), (digests(0..3000), 16)]);
    let pages = LeakedPart::parse(&part).unwrap().pages();
    for length in [PAGE_LEN, PAGE_LEN + 1, 5000, 65_536] {
        let (mut at, mut count) = (0, 0);
        while at < pages.len() {
            let slice = &pages[at..pages.len().min(at + length)];
            let mut used = 0;
            while let Next::Page(_, page) = next_page(&slice[used..]) {
                used += page.len();
                count += 1;
            }
            assert!(used > 0, "a slice of {length} bytes gave no page");
            at += used;
        }
        assert_eq!(count, written.iter().map(|list| list.list.pages).sum::<u32>());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_bytes_are_a_page_or_none(
        bytes in prop::collection::vec(any::<u8>(), 0..300), bits in 7_u8..18, block in 0_u16..100, key in any::<u64>()
    ) {
        let _ = Page::read(&bytes).map(|page| page.contains(key));
        let mut page = b"BZLP\x01".to_vec();
        page.push(bits);
        page.extend(block.to_le_bytes());
        page.extend(bytes);
        page.resize(Page::length(&page).unwrap_or(page.len()).max(HEADER_LEN), 0);
        let sum = checksum(&page).unwrap();
        page[CHECKSUM_AT..HEADER_LEN].copy_from_slice(&sum.to_le_bytes());
        if let Some(page) = Page::read(&page) {
            let _ = page.contains(key);
        }
    }

    #[test]
    fn any_bytes_are_a_part_or_an_error(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6), cut in any::<prop::sample::Index>()
    ) {
        let (mut part, written) = part(&[(digests(0..200), 8), (digests(0..200), 16)]);
        for (at, byte) in changes {
            let at = at.index(part.len());
            part[at] = byte;
        }
        part.truncate(cut.index(part.len()) + 1);
        if let Ok(part) = LeakedPart::parse(&part)
            && let Ok(mut pages) = HeldPages::of(&part)
        {
            contains(&written[1].list, 7, &mut pages);
        }
    }
}
