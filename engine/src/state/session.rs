//! What a session began with, and when its steps were taken.

use super::bytes::{read_u32, write_u32};

/// What a session is bound to. Hashes are cut to 32 bits; 0 stands for what is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// When it began, in seconds; 0 where no session is kept.
    pub began: u32,
    /// The network that it began in.
    pub network: u32,
    /// The fingerprint that it began with.
    pub fingerprint: u32,
    /// When it began, in seconds, if its login came from a device that was new to the account; else 0.
    pub new_device: u32,
}

impl Session {
    /// Reads [`crate::blob::counters::SESSION_LEN`] bytes.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        Self {
            began: read_u32(bytes, 0),
            network: read_u32(bytes, 4),
            fingerprint: read_u32(bytes, 8),
            new_device: read_u32(bytes, 12),
        }
    }

    pub(crate) fn write(self, bytes: &mut [u8]) {
        for (position, word) in
            [self.began, self.network, self.fingerprint, self.new_device].into_iter().enumerate()
        {
            write_u32(bytes, position * 4, word);
        }
    }
}
