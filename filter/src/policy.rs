//! A policy that owns its blob.

use bartizan_engine::blob::{BlobError, Policy};

self_cell::self_cell!(
    /// The blob, and the policy that reads it in place. Freed with the last exchange that uses it, so that a VM outlives
    /// any number of reloads.
    pub(crate) struct OwnedPolicy {
        owner: Vec<u8>,
        #[covariant]
        dependent: Policy,
    }
);

impl OwnedPolicy {
    pub(crate) fn parse(blob: Vec<u8>) -> Result<Self, BlobError> {
        Self::try_new(blob, |blob| Policy::parse(blob))
    }
}
