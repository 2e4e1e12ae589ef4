//! The inside of a JSON string, decoded while it streams.

/// How a string went on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StringStep {
    /// It reaches beyond the chunk.
    More,
    /// Its closing quote was read.
    End,
    /// It has an escape sequence that JSON does not know.
    Broken,
}

/// Decodes a string from behind its opening quote.
#[derive(Debug, Default)]
pub(super) struct TextReader {
    escape: Escape,
    /// The first half of a surrogate pair that waits for its second.
    high_surrogate: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default)]
enum Escape {
    #[default]
    None,
    Backslash,
    /// `\u` with so many digits read, and their value.
    Unicode {
        digits: u8,
        value: u32,
    },
}

impl TextReader {
    /// Reads on; decoded bytes go to `emit`. Returns what follows the string, or nothing where it is not over.
    pub(super) fn read<'a>(
        &mut self,
        chunk: &'a [u8],
        mut emit: impl FnMut(&[u8]),
    ) -> (StringStep, &'a [u8]) {
        let mut rest = chunk;
        while let Some((&byte, after)) = rest.split_first() {
            match self.escape {
                Escape::None => {
                    let special = memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
                    let (plain, from_special) = rest.split_at(special);
                    if !plain.is_empty() {
                        self.drop_surrogate(&mut emit);
                        emit(plain);
                    }
                    let Some((&special, behind)) = from_special.split_first() else { break };
                    if special == b'"' {
                        self.drop_surrogate(&mut emit);
                        return (StringStep::End, behind);
                    }
                    self.escape = Escape::Backslash;
                    rest = behind;
                }
                Escape::Backslash => {
                    if !self.short_escape(byte, &mut emit) {
                        return (StringStep::Broken, &[]);
                    }
                    rest = after;
                }
                Escape::Unicode { digits, value } => {
                    let Some(digit) = char::from(byte).to_digit(16) else { return (StringStep::Broken, &[]) };
                    let value = value.wrapping_mul(16).wrapping_add(digit);
                    if digits < 3 {
                        self.escape = Escape::Unicode { digits: digits.saturating_add(1), value };
                    } else {
                        self.escape = Escape::None;
                        self.unit(value, &mut emit);
                    }
                    rest = after;
                }
            }
        }
        (StringStep::More, &[])
    }

    /// The byte after a backslash.
    fn short_escape(&mut self, byte: u8, emit: &mut impl FnMut(&[u8])) -> bool {
        let decoded = match byte {
            b'"' | b'\\' | b'/' => byte,
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                self.escape = Escape::Unicode { digits: 0, value: 0 };
                return true;
            }
            _ => return false,
        };
        self.escape = Escape::None;
        self.drop_surrogate(emit);
        emit(&[decoded]);
        true
    }

    /// One UTF-16 unit of a `\u` escape.
    fn unit(&mut self, unit: u32, emit: &mut impl FnMut(&[u8])) {
        if let (Some(high), 0xdc00..=0xdfff) = (self.high_surrogate, unit) {
            self.high_surrogate = None;
            let low = unit.wrapping_sub(0xdc00);
            emit_char(0x10000_u32.wrapping_add(high.wrapping_sub(0xd800) << 10).wrapping_add(low), emit);
            return;
        }
        self.drop_surrogate(emit);
        if (0xd800..=0xdbff).contains(&unit) {
            self.high_surrogate = Some(unit);
        } else {
            emit_char(unit, emit);
        }
    }

    /// Half a pair alone stands for nothing that can be written.
    fn drop_surrogate(&mut self, emit: &mut impl FnMut(&[u8])) {
        if let Some(high) = self.high_surrogate.take() {
            emit_char(high, emit);
        }
    }
}

/// Emits a character, or the replacement character where the number stands for none.
fn emit_char(number: u32, emit: &mut impl FnMut(&[u8])) {
    let character = char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER);
    emit(character.encode_utf8(&mut [0; 4]).as_bytes());
}
