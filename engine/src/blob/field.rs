//! Fields and records: how one value of a section is read and written.
//!
//! A record's reader and writer come from one list of fields (the `record!` macro), so that they cannot disagree. All
//! numbers are little-endian and unaligned; on wasm32 such a read is one load.

use super::error::{BlobError, Problem};
#[cfg(feature = "write")]
use super::writer::RecordWriter;
use crate::vocabulary::{CounterKey, LeakedKind, Mode, Moment, OnError, Threat, Whose};

/// Reads the fields of one record in turn.
pub(crate) struct Fields<'p> {
    pub(crate) section: &'static str,
    pub(crate) bytes: &'p [u8],
    /// The string pool, known to be UTF-8 as a whole.
    pub(crate) strings: &'p str,
    /// Whether the record was written before its last fields existed: what is not there reads as zero.
    pub(crate) is_older: bool,
}

impl<'p> Fields<'p> {
    pub(crate) fn take<const N: usize>(&mut self) -> Result<[u8; N], BlobError> {
        if self.is_older && self.bytes.is_empty() {
            return Ok([0; N]);
        }
        let short = BlobError { section: self.section, problem: Problem::TooShort };
        let (head, rest) = self.bytes.split_first_chunk::<N>().ok_or(short)?;
        self.bytes = rest;
        Ok(*head)
    }

    pub(crate) const fn expected(&self, what: &'static str) -> BlobError {
        BlobError::expected(self.section, what)
    }
}

/// A value of fixed size in a record.
pub(crate) trait Field<'p>: Sized {
    const LEN: usize;
    fn read(fields: &mut Fields<'p>) -> Result<Self, BlobError>;
    #[cfg(feature = "write")]
    fn write(&self, out: &mut RecordWriter<'_>);
}

/// One row of a section.
pub(crate) trait Record<'p>: Sized {
    /// The section's number in the directory; never reused.
    const ID: u16;
    /// The section's name in messages and in `inspect`.
    const NAME: &'static str;
    const LEN: usize;
    fn read(fields: &mut Fields<'p>) -> Result<Self, BlobError>;
    #[cfg(feature = "write")]
    fn write(&self, out: &mut RecordWriter<'_>);
}

macro_rules! number_fields {
    ($($number:ty),*) => {$(
        impl<'p> Field<'p> for $number {
            const LEN: usize = size_of::<$number>();
            fn read(fields: &mut Fields<'p>) -> Result<Self, BlobError> {
                Ok(Self::from_le_bytes(fields.take()?))
            }
            #[cfg(feature = "write")]
            fn write(&self, out: &mut RecordWriter<'_>) {
                out.bytes(&self.to_le_bytes());
            }
        }
    )*};
}
number_fields!(u8, u16, u32, u64, u128);

impl<'p> Field<'p> for bool {
    const LEN: usize = 1;
    fn read(fields: &mut Fields<'p>) -> Result<Self, BlobError> {
        match fields.take::<1>()? {
            [0] => Ok(false),
            [1] => Ok(true),
            _ => Err(fields.expected("a flag of 0 or 1")),
        }
    }
    #[cfg(feature = "write")]
    fn write(&self, out: &mut RecordWriter<'_>) {
        out.bytes(&[u8::from(*self)]);
    }
}

impl<'p> Field<'p> for &'p str {
    const LEN: usize = 8;
    fn read(fields: &mut Fields<'p>) -> Result<Self, BlobError> {
        let offset = u32::from_le_bytes(fields.take()?) as usize;
        let length = u32::from_le_bytes(fields.take()?) as usize;
        // The pool was checked once; here only its borders are, or many references to one long text would take forever.
        let text = offset.checked_add(length).and_then(|end| fields.strings.get(offset..end));
        text.ok_or(fields.expected("a text inside the string pool"))
    }
    #[cfg(feature = "write")]
    fn write(&self, out: &mut RecordWriter<'_>) {
        out.text(self);
    }
}

/// A run of records in another section.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The first record.
    pub first: u32,
    /// How many.
    pub count: u32,
}

impl Span {
    /// The records as positions.
    #[must_use]
    pub fn positions(self) -> std::ops::Range<usize> {
        let first = self.first as usize;
        first..first.saturating_add(self.count as usize)
    }

    pub(crate) fn of<T>(self, rows: &[T]) -> &[T] {
        rows.get(self.positions()).unwrap_or_default()
    }
}

/// Checks that the spans of a table lie behind each other in the table they refer to, and inside it. Overlapping spans
/// would let a small blob describe any amount of work.
pub(crate) struct Tiles {
    rows: usize,
    next: u64,
    section: &'static str,
}

impl Tiles {
    pub(crate) const fn new(rows: usize, section: &'static str) -> Self {
        Self { rows, next: 0, section }
    }

    pub(crate) fn place(&mut self, span: Span) -> Result<(), BlobError> {
        if u64::from(span.first) != self.next {
            return Err(BlobError::expected(self.section, "references that follow each other"));
        }
        self.next += u64::from(span.count);
        if self.next > self.rows as u64 {
            return Err(BlobError::expected(self.section, "references inside their section"));
        }
        Ok(())
    }
}

impl<'p> Field<'p> for Span {
    const LEN: usize = 8;
    fn read(fields: &mut Fields<'p>) -> Result<Self, BlobError> {
        Ok(Self { first: u32::read(fields)?, count: u32::read(fields)? })
    }
    #[cfg(feature = "write")]
    fn write(&self, out: &mut RecordWriter<'_>) {
        self.first.write(out);
        self.count.write(out);
    }
}

impl<'p, const N: usize> Field<'p> for [u16; N] {
    const LEN: usize = 2 * N;
    fn read(fields: &mut Fields<'p>) -> Result<Self, BlobError> {
        let mut numbers = [0; N];
        for number in &mut numbers {
            *number = u16::read(fields)?;
        }
        Ok(numbers)
    }
    #[cfg(feature = "write")]
    fn write(&self, out: &mut RecordWriter<'_>) {
        for number in self {
            number.write(out);
        }
    }
}

/// A closed set of words as one byte.
macro_rules! word_field {
    ($word:ty, $expected:literal, $($variant:path),+ $(,)?) => {
        impl<'p> $crate::blob::field::Field<'p> for $word {
            const LEN: usize = 1;
            fn read(
                fields: &mut $crate::blob::field::Fields<'p>,
            ) -> Result<Self, $crate::blob::error::BlobError> {
                let [byte] = fields.take::<1>()?;
                $(if byte == $variant as u8 { return Ok($variant); })+
                Err(fields.expected($expected))
            }
            #[cfg(feature = "write")]
            fn write(&self, out: &mut $crate::blob::writer::RecordWriter<'_>) {
                out.bytes(&[*self as u8]);
            }
        }
    };
}
pub(crate) use word_field;

word_field!(
    Threat,
    "a known threat",
    Threat::AccountTakeover,
    Threat::Scraping,
    Threat::Leakage,
    Threat::Injection
);
word_field!(Mode, "a known mode", Mode::Report, Mode::Enforce);
word_field!(OnError, "a known answer to errors", OnError::Allow, OnError::Deny);
word_field!(
    CounterKey,
    "a known counter key",
    CounterKey::Address,
    CounterKey::Client,
    CounterKey::LoginUsername,
    CounterKey::Route,
    CounterKey::Network,
    CounterKey::Fingerprint,
    CounterKey::LoginPassword
);
word_field!(Whose, "known logins", Whose::Anybody, Whose::Strangers);
word_field!(Moment, "a known moment", Moment::Request, Moment::Failure, Moment::Success);
word_field!(
    LeakedKind,
    "a known kind of leaked credentials",
    LeakedKind::PasswordsSha1,
    LeakedKind::Passwords,
    LeakedKind::Pairs
);

/// Declares the records of a section: one list of fields makes the structure, its reader and its writer.
macro_rules! record {
    (
        $(#[$meta:meta])*
        $name:ident in $section:literal as $id:literal {
            $( $(#[$field_meta:meta])* $field:ident : $kind:ty, )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name<'p> {
            $( $(#[$field_meta])* pub $field: $kind, )*
            /// Ties the record to its blob even where no field borrows from it.
            pub(crate) blob: std::marker::PhantomData<&'p [u8]>,
        }

        impl<'p> $crate::blob::field::Record<'p> for $name<'p> {
            const ID: u16 = $id;
            const NAME: &'static str = $section;
            const LEN: usize = 0 $( + <$kind as $crate::blob::field::Field<'p>>::LEN )*;
            fn read(
                fields: &mut $crate::blob::field::Fields<'p>,
            ) -> Result<Self, $crate::blob::error::BlobError> {
                Ok(Self {
                    $( $field: <$kind as $crate::blob::field::Field<'p>>::read(fields)?, )*
                    blob: std::marker::PhantomData,
                })
            }
            #[cfg(feature = "write")]
            fn write(&self, out: &mut $crate::blob::writer::RecordWriter<'_>) {
                $( $crate::blob::field::Field::write(&self.$field, out); )*
            }
        }
    };
}
pub(crate) use record;
