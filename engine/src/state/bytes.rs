//! Little-endian numbers in a page. Offsets come from a checked policy; one outside reads as zero and writes nothing.

macro_rules! access {
    ($read:ident, $write:ident, $number:ty, $len:literal) => {
        pub(crate) fn $read(bytes: &[u8], at: usize) -> $number {
            let value = bytes.get(at..).and_then(<[u8]>::first_chunk::<$len>);
            value.map_or(0, |value| <$number>::from_le_bytes(*value))
        }
        pub(crate) fn $write(bytes: &mut [u8], at: usize, value: $number) {
            if let Some(slot) = bytes.get_mut(at..).and_then(<[u8]>::first_chunk_mut::<$len>) {
                *slot = value.to_le_bytes();
            }
        }
    };
}

access!(read_u16, write_u16, u16, 2);
access!(read_u32, write_u32, u32, 4);
access!(read_u64, write_u64, u64, 8);
