//! Blobs: what is written is read, and anything else is refused without a panic.

use crate::world::{path, shop};
use bartizan_engine::blob::Policy;
use bartizan_engine::http::path::segments;
use bartizan_engine::vocabulary::Mode;
use proptest::prelude::*;

#[test]
fn the_same_policy_gives_the_same_bytes_and_another_one_another_hash() {
    let (one, same) = (shop(Mode::Enforce).write().unwrap(), shop(Mode::Enforce).write().unwrap());
    let other = shop(Mode::Report).write().unwrap();
    assert_eq!(one, same);
    let hash = |blob: &[u8]| Policy::parse(blob).unwrap().header.policy_hash;
    assert_ne!(hash(&one), hash(&other));
}

#[test]
fn every_cut_is_refused() {
    let blob = shop(Mode::Enforce).write().unwrap();
    for length in 0..blob.len() {
        assert!(Policy::parse(&blob[..length]).is_err(), "{length} bytes");
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    let mut blob = shop(Mode::Enforce).write().unwrap();
    for bit in 0..blob.len() * 8 {
        blob[bit / 8] ^= 1 << (bit % 8);
        assert!(Policy::parse(&blob).is_err(), "bit {bit}");
        blob[bit / 8] ^= 1 << (bit % 8);
    }
}

/// Repairs length and checksum, so that what comes behind them is reached.
fn sealed(mut blob: Vec<u8>) -> Vec<u8> {
    let length = u32::try_from(blob.len()).unwrap();
    blob[8..12].copy_from_slice(&length.to_le_bytes());
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(&blob[..12]);
    checksum.update(&blob[16..]);
    let checksum = checksum.finalize();
    blob[12..16].copy_from_slice(&checksum.to_le_bytes());
    blob
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn damage_behind_a_good_checksum_gives_a_policy_or_an_error(
        changes in prop::collection::vec((64_usize..4000, any::<u8>()), 1..12)
    ) {
        let mut blob = shop(Mode::Enforce).write().unwrap();
        for (at, byte) in changes {
            let at = at % blob.len();
            blob[at.max(16)] = byte;
        }
        if let Ok(policy) = Policy::parse(&sealed(blob)) {
            for root in 0..4 {
                let _ = policy.trie().find(root, segments(b"/api/items/7/a/b/c"), b"GET");
            }
        }
    }

    #[test]
    fn any_bytes_give_a_policy_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = Policy::parse(&bytes);
        let mut blob = b"BZP1\x01\0\x01\0".to_vec();
        blob.extend(bytes);
        if blob.len() >= 16 {
            let _ = Policy::parse(&sealed(blob));
        }
    }
}

#[test]
fn the_most_specific_path_wins_and_methods_are_told_apart() {
    let mut draft = shop(Mode::Enforce);
    let template = draft.apps[0].routes[0].clone();
    draft.apps[0].routes = [
        ("exact", "/api/items/new", vec!["GET"]),
        ("parameter", "/api/items/{id}", vec![]),
        ("star", "/api/*/new", vec![]),
        ("deep", "/api/items/new/**", vec!["POST"]),
        ("rest", "/api/**", vec![]),
    ]
    .into_iter()
    .map(|(name, pattern, methods)| {
        let methods = methods.into_iter().map(str::to_owned).collect();
        let mut route = template.clone();
        route.name = name.to_owned();
        route.methods = methods;
        route.path = path(pattern);
        route
    })
    .collect();
    let blob = draft.write().unwrap();
    let policy = Policy::parse(&blob).unwrap();
    let find = |method: &str, path: &str| {
        let found = policy.trie().find(policy.apps[0].root, segments(path.as_bytes()), method.as_bytes());
        found.route.map(|route| policy.routes[route as usize].name)
    };
    assert_eq!(find("GET", "/api/items/new"), Some("exact"));
    assert_eq!(find("PUT", "/api/items/new"), Some("parameter"));
    assert_eq!(find("POST", "/api/items/new"), Some("deep"));
    assert_eq!(find("GET", "/api/items/7"), Some("parameter"));
    assert_eq!(find("GET", "/api/carts/new"), Some("star"));
    assert_eq!(find("POST", "/api/items/new/a/b"), Some("deep"));
    assert_eq!(find("GET", "/api/items/new/a/b"), Some("rest"));
    assert_eq!(find("GET", "/api"), Some("rest"));
    assert_eq!(find("GET", "/"), None);
    assert_eq!(find("POST", "/login"), Some("login"));
    assert_eq!(find("GET", "/login"), None);
}
