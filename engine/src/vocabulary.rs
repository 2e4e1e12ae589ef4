//! The closed sets of words that a policy, its blob and a decision share.

/// What an exchange may be suspected of. Scores add up per threat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Threat {
    /// Logins with credentials that belong to somebody else.
    AccountTakeover = 0,
    /// Reading a catalogue or customer data at machine speed.
    Scraping = 1,
    /// Replies that carry what nobody meant to send.
    Leakage = 2,
    /// Probing for weaknesses.
    Injection = 3,
}

impl Threat {
    /// Every threat, in the order of its number.
    pub const ALL: [Self; 4] = [Self::AccountTakeover, Self::Scraping, Self::Leakage, Self::Injection];

    /// The name that policies, records and metrics use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AccountTakeover => "account-takeover",
            Self::Scraping => "scraping",
            Self::Leakage => "leakage",
            Self::Injection => "injection",
        }
    }
}

/// Whether decisions are carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Mode {
    /// Decide and record, never act.
    Report = 0,
    /// Decide, record and act.
    Enforce = 1,
}

/// What happens to an exchange when the filter itself cannot work, for example because its state is unreadable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum OnError {
    /// Let it through and count it.
    Allow = 0,
    /// Refuse it with 503 where the app enforces.
    Deny = 1,
}

/// What a counter counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// A request reached the filter. Gathered per worker, see [`crate::blob::draft::CounterDraft::flush_at`].
    Request,
    /// A login was tried. Reserved before the upstream sees it.
    LoginAttempt,
    /// A login succeeded. Reserved like an attempt, settled by the reply.
    LoginSuccess,
    /// A login succeeded from a device that this account had not used before.
    LoginNewDevice,
    /// A login was refused by the upstream. Reserved like an attempt, settled by the reply.
    LoginFailure,
    /// The upstream answered with this status; `4` stands for 400 to 499 and so on, numbers from 100 on for themselves.
    ResponseStatus(u16),
    /// Sensitive values found in replies; each value counts.
    SensitiveFound,
    /// A reply held far more sensitive values than the replies of its route usually do.
    SensitiveUnusual,
}

/// What a counter tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// The user name of a login.
    LoginUsername,
    /// The password of a login, as a keyed hash.
    LoginPassword,
    /// The client.
    Client,
    /// The address.
    Address,
    /// The network of the address.
    Network,
    /// The fingerprint of the request's head.
    Fingerprint,
    /// The normalised path.
    Path,
    /// The value of a named path parameter; the name is a string of the blob.
    PathParameter,
    /// A sensitive value in a reply, as a keyed hash.
    SensitiveValue,
}

/// What a counter is kept for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum CounterKey {
    /// The client's address, IPv6 cut to the policy's prefix.
    Address = 0,
    /// The client: the first of the policy's client keys that counts, or the address.
    Client = 1,
    /// The account that a login names.
    LoginUsername = 2,
    /// The route of the exchange; all clients together.
    Route = 3,
    /// The network of the client's address, /24 or /48; read on logins only, unless the counter counts something else.
    Network = 4,
    /// The fingerprint of the client's request head; read like a network.
    Fingerprint = 5,
    /// The password of a login. Kept as a sketch, which knows no password.
    LoginPassword = 6,
}

impl CounterKey {
    /// How many keys have cells; [`CounterKey::LoginPassword`] has none.
    pub const WITH_CELLS: usize = 6;

    /// Whether the key stands for many clients together. What the filter refuses counts there all the same, and nothing
    /// is reserved: such counts show how a whole crowd behaves, not how far one client may go.
    #[must_use]
    pub const fn is_aggregate(self) -> bool {
        matches!(self, Self::Route | Self::Network | Self::Fingerprint | Self::LoginPassword)
    }
}

/// Which logins a counter counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Whose {
    /// All.
    #[default]
    Anybody = 0,
    /// Those of strangers: neither from a device that is known to the account, nor from a network from which the account
    /// logged in successfully before.
    Strangers = 1,
}

/// At which moment a counter of different values takes a login's value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Moment {
    /// When the request is let through, or at once where the value is no login's.
    #[default]
    Request = 0,
    /// When the login is proven to have failed. Open attempts count as failures until then.
    Failure = 1,
    /// When the login is proven to have succeeded.
    Success = 2,
}

/// What a success teaches the filter to recognise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Newcomer {
    /// An account that never logged in.
    Account = 1,
    /// A network from which nobody logged in.
    Network = 2,
    /// A fingerprint with which nobody logged in.
    Fingerprint = 3,
}

/// What a session is bound to from its login on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Binding {
    /// The network of its client.
    Network = 1,
    /// The fingerprint of its client.
    Fingerprint = 2,
}

/// What the entries of a list of leaked credentials are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum LeakedKind {
    /// SHA-1 hashes of passwords in hexadecimal, `HASH` or `HASH:COUNT`.
    PasswordsSha1 = 1,
    /// Passwords.
    Passwords = 2,
    /// `user:password`.
    Pairs = 3,
}

/// What is looked for in replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Detector {
    /// Payment card numbers: length, issuer range and Luhn.
    PaymentCard = 0,
    /// International bank account numbers: country, length and mod 97.
    Iban = 1,
    /// US social security numbers, grouped, with the rules of the SSA.
    UsSsn = 2,
    /// E-mail addresses.
    Email = 3,
}

impl Detector {
    /// Every detector, in the order of its number.
    pub const ALL: [Self; 4] = [Self::PaymentCard, Self::Iban, Self::UsSsn, Self::Email];

    /// The name that policies, records and metrics use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PaymentCard => "payment_card",
            Self::Iban => "iban",
            Self::UsSsn => "us_ssn",
            Self::Email => "email",
        }
    }
}

/// An inclusive range of addresses. IPv4 is written as IPv4-mapped IPv6 (`::ffff:a.b.c.d`). Ranges of one list are
/// sorted and do not overlap or touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AddressRange {
    /// The first address.
    pub first: u128,
    /// The last address.
    pub last: u128,
}
