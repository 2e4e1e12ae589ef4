//! The body functions' rules: what can be read, and that only a prefix can be replaced.

use super::exchange::{Flow, OpenBuffer};
use super::status::Status;

impl Flow {
    /// The buffer that is open now.
    pub fn open_body(&mut self) -> Option<&mut Vec<u8>> {
        match self.open_buffer {
            OpenBuffer::Nothing => None,
            OpenBuffer::Chunk => Some(&mut self.chunk),
            OpenBuffer::Buffered => Some(self.buffered.get_or_insert_default()),
        }
    }
}

/// The part of a buffer that a read of `length` from `start` gets: clamped to what there is.
pub(super) fn slice(buffer: &[u8], start: u32, length: u32) -> Result<&[u8], Status> {
    let (start, length) = (start as usize, length as usize);
    let end = start.saturating_add(length);
    if end > u32::MAX as usize {
        return Err(Status::BadArgument);
    }
    Ok(buffer.get(start.min(buffer.len())..end.min(buffer.len())).unwrap_or_default())
}

/// Replaces `length` bytes from the start, or appends; anything in the middle is refused.
pub(super) fn write(buffer: &mut Vec<u8>, start: u32, length: u32, data: &[u8]) -> Status {
    let (start, length) = (start as usize, length as usize);
    if start == 0 {
        buffer.splice(..length.min(buffer.len()), data.iter().copied());
        return Status::Ok;
    }
    if start >= buffer.len() {
        buffer.extend_from_slice(data);
        return Status::Ok;
    }
    Status::BadArgument
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_start_and_the_end_can_be_written() {
        let mut buffer = b"0123456789".to_vec();
        assert_eq!(write(&mut buffer, 0, 3, b"ab"), Status::Ok);
        assert_eq!(buffer, b"ab3456789");
        assert_eq!(write(&mut buffer, 0, 0, b">"), Status::Ok);
        assert_eq!(write(&mut buffer, 10, 0, b"<"), Status::Ok);
        assert_eq!(buffer, b">ab3456789<");
        assert_eq!(write(&mut buffer, 4, 2, b"xx"), Status::BadArgument);
        assert_eq!(write(&mut buffer, 0, u32::MAX, b"all"), Status::Ok);
        assert_eq!(buffer, b"all");
    }

    #[test]
    fn reads_are_clamped() {
        assert_eq!(slice(b"abc", 1, 100), Ok(&b"bc"[..]));
        assert_eq!(slice(b"abc", 7, 1), Ok(&b""[..]));
        assert_eq!(slice(b"abc", 2, u32::MAX), Err(Status::BadArgument));
    }
}
