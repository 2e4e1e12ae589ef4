//! The leaked part behind a policy: in one file with it, and never taken for anything else.

use crate::world::shop;
use bartizan_engine::blob::Policy;
use bartizan_engine::leaked::write::PartWriter;
use bartizan_engine::leaked::{HeldPages, contains, password_digest, policy_length, split};
use bartizan_engine::vocabulary::Mode;

fn policy() -> Vec<u8> {
    shop(Mode::Enforce).write().unwrap()
}

fn part() -> Vec<u8> {
    let mut writer = PartWriter::default();
    let digests = (0..2000).map(|number: u32| password_digest(number.to_string().as_bytes()));
    writer.list(digests.collect(), 8, |_, _| ()).unwrap();
    writer.finish()
}

#[test]
fn a_file_splits_into_the_policy_and_the_leaked_part() {
    let (policy, mut writer) = (policy(), PartWriter::default());
    let list = writer.list(vec![password_digest(b"hunter2")], 16, |_, _| ()).unwrap().list;
    let file = [policy.clone(), writer.finish()].concat();
    assert_eq!(policy_length(&file[..12]), Some(policy.len()));
    let (found, leaked) = split(&file).unwrap();
    assert!(Policy::parse(found).is_ok());
    let mut pages = HeldPages::of(&leaked.unwrap()).unwrap();
    assert_eq!(contains(&list, password_digest(b"hunter2"), &mut pages), Some(true));
    assert_eq!(contains(&list, password_digest(b"hunter3"), &mut pages), Some(false));
    let (found, leaked) = split(&policy).unwrap();
    assert!(leaked.is_none() && Policy::parse(found).is_ok());
}

#[test]
fn what_is_neither_policy_nor_leaked_part_is_refused() {
    let policy = policy();
    for trailing in [&b"x"[..], b"BZL", b"BZP1 and more", &policy] {
        let file = [&policy, trailing].concat();
        let (found, leaked) = split(&file).unwrap();
        assert!(leaked.is_none() && Policy::parse(found).is_err());
    }
    assert!(Policy::parse(split(b"BZLK").unwrap().0).is_err());
    assert!(Policy::parse(&[policy, part()].concat()).is_err(), "the parts are read apart");
}

#[test]
fn a_leaked_part_is_one_only_to_its_last_byte() {
    let policy = policy();
    let file = [policy.clone(), part()].concat();
    for length in policy.len() + 4..file.len() {
        assert!(split(&file[..length]).is_err(), "{length} bytes");
    }
    assert!(split(&[file, vec![0]].concat()).is_err());
}
