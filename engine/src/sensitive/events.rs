//! Where an event of an event stream ends: at an empty line (HTML, 9.2.6).

/// The line breaks at the end of what was read so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct EventLines {
    /// Nothing stands in the last line yet, and there was one before.
    is_line_empty: bool,
    /// The last byte was a carriage return: a line feed belongs to it.
    after_return: bool,
}

impl EventLines {
    /// Reads on. Where an event ends in these bytes, its end; the rest is to be given again.
    pub(super) fn event_end(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut behind = 0_usize;
        for at in memchr::memchr2_iter(b'\n', b'\r', bytes) {
            if at > behind {
                *self = Self::default();
            }
            behind = at.saturating_add(1);
            let is_return = bytes.get(at) == Some(&b'\r');
            let belongs = self.after_return && !is_return;
            self.after_return = is_return;
            if belongs {
                continue;
            }
            if self.is_line_empty {
                return Some(behind);
            }
            self.is_line_empty = true;
        }
        if bytes.len() > behind {
            *self = Self::default();
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(pieces: &[&[u8]]) -> Vec<usize> {
        let mut lines = EventLines::default();
        let (mut ends, mut read) = (Vec::new(), 0);
        for piece in pieces {
            let mut rest = *piece;
            while let Some(end) = lines.event_end(rest) {
                read += end;
                ends.push(read);
                rest = &rest[end..];
            }
            read += rest.len();
        }
        ends
    }

    #[test]
    fn events_end_at_empty_lines_however_the_stream_is_cut() {
        for (text, expected) in [
            ("data: a\n\ndata: b\n\n", vec![9, 18]),
            ("data: a\r\n\r\nx", vec![10]),
            ("a\rb\r\rc", vec![5]),
            ("a\r\nb\nc\r", vec![]),
            ("a\n\n\nb", vec![3, 4]),
        ] {
            let bytes = text.as_bytes();
            assert_eq!(ends(&[bytes]), expected, "{text:?}");
            for cut in 0..=bytes.len() {
                assert_eq!(ends(&[&bytes[..cut], &bytes[cut..]]), expected, "{text:?} cut at {cut}");
            }
        }
    }
}
