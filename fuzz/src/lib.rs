//! What the targets that drive whole exchanges share: a policy, exchanges of any bytes, and a client that checks what it
//! is sent.

// The world of the engine's own tests; not all of it is used here.
#[expect(dead_code, reason = "the engine's tests use the rest")]
#[path = "../../engine/tests/engine/world.rs"]
mod world;

mod exchange;
mod pieces;
pub mod scan;
mod store;

pub use exchange::Exchange;
pub use pieces::Pieces;
pub use store::DamagedStore;

use bartizan_engine::blob::Policy;
use bartizan_engine::blob::detectors::{IN_BODY, IN_HEADERS, IN_URL};
use bartizan_engine::blob::draft::{
    Confidence, FieldSource, HostPattern, LoginDraft, MaskStyle, OutcomeCondition, SensitiveAction,
    SensitiveDraft,
};
use bartizan_engine::state::store::PageStore;
use bartizan_engine::vocabulary::Mode;
use world::{World, path};

/// A blob with everything in it that the engine reads.
///
/// # Panics
///
/// Never: the policy is a constant one.
#[must_use]
pub fn blob() -> Vec<u8> {
    let mut policy = world::shop(Mode::Enforce);
    for app in &mut policy.apps {
        app.hosts.push(HostPattern::Any);
        app.logins.push(LoginDraft {
            name: "api-login".to_owned(),
            method: "POST".to_owned(),
            path: path("/api/login"),
            mode: Mode::Enforce,
            username: FieldSource::Json("/user".to_owned()),
            password: Some(FieldSource::Json("/password".to_owned())),
            success: OutcomeCondition::Json { pointer: "/ok".to_owned(), equals: "true".to_owned() },
            failure: OutcomeCondition::Not(Box::new(OutcomeCondition::Status(2))),
            only_if: None,
            plus_address: false,
            decoy: None,
        });
        app.sensitive.push(SensitiveDraft {
            find: vec![0],
            paths: path("/export/**"),
            action: SensitiveAction::Block,
            keep_first: 0,
            keep_last: 0,
            style: MaskStyle::Stars,
            confidence: Confidence::Likely,
            places: IN_BODY | IN_HEADERS | IN_URL,
        });
    }
    policy.write().expect("a constant policy")
}

/// Sends the exchanges through two workers that share a store.
pub fn run<S: PageStore>(policy: &Policy<'_>, store: S, hold_headers: bool, exchanges: &[Exchange]) {
    let mut world = World::new(policy, store, 2);
    world.settings.hold_headers = hold_headers;
    world.settings.buffer_limit = 256;
    world.settings.state_pages = 64;
    for exchange in exchanges {
        exchange.run(&mut world);
    }
    world.on_next(|surroundings| surroundings.flush(20));
}
