//! Memory has a ceiling, and a flood of invented names, cookies and addresses cannot push attackers out of it.

use bartizan_simulator::capacity::{Options, measure};
use bartizan_simulator::options::Format;

/// What the shared data of a proxy may take, in bytes.
const MOST_SHARED: usize = 64 << 20;

/// `cargo xtask simulate capacity` goes to ten million.
#[test]
fn a_million_addresses_and_accounts_fit_and_attackers_stay_known() {
    let options =
        Options { customers: 1_000_000, workers: 4, state_pages: 24_576, seed: 1, format: Format::Json };
    let mut found = Vec::new();
    measure(&options, |measured| {
        found.push(*measured);
        Ok(())
    })
    .unwrap();
    let [_, tenth, whole] = found.as_slice() else { unreachable!("a measurement at each power of ten") };
    assert_eq!((tenth.customers, whole.customers), (100_000, 1_000_000));
    assert!(whole.succeeded > 600_000 && whole.failed > 300_000, "{whole:?}");
    assert!(whole.shared_bytes <= MOST_SHARED, "{whole:?}");
    assert_eq!(whole.shared_bytes, tenth.shared_bytes, "ten times as many take no more");
    for measured in &found {
        assert_eq!(measured.persistent_known, measured.attackers, "{measured:?}");
        assert_eq!(measured.silent_known, measured.attackers, "{measured:?}");
        assert_eq!(measured.innocent_accused, 0, "{measured:?}");
    }
}
