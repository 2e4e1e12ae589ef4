//! What a hostcall answers.

/// The statuses of the ABI that the emulated host can give, faults included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum Status {
    /// Done.
    Ok = 0,
    /// Nothing of that name.
    NotFound = 1,
    /// Not possible with these arguments, or not in this phase.
    BadArgument = 2,
    /// A value that has no byte form.
    SerializationFailure = 3,
    /// Bytes that mean nothing.
    ParseFailure = 4,
    /// An address outside the module's memory, or no memory to put an answer in.
    InvalidMemoryAccess = 6,
    /// An empty queue.
    Empty = 7,
    /// Another writer came first.
    CasMismatch = 8,
    /// Refused by a capability restriction, or broken.
    InternalFailure = 10,
    /// Not available in this host.
    Unimplemented = 12,
}

impl Status {
    /// Every status, for tests that try all of them.
    pub const ALL: [Status; 10] = [
        Status::Ok,
        Status::NotFound,
        Status::BadArgument,
        Status::SerializationFailure,
        Status::ParseFailure,
        Status::InvalidMemoryAccess,
        Status::Empty,
        Status::CasMismatch,
        Status::InternalFailure,
        Status::Unimplemented,
    ];

    /// The number that crosses the border.
    pub fn number(self) -> u32 {
        self as u32
    }
}
