//! The coding `br` (RFC 7932), with a window of at most 1 MiB.

mod memory;

use brotli_decompressor::{
    BrotliDecoderErrorCode, BrotliDecoderIsFinished, BrotliDecoderTakeOutput, BrotliDecompressStream,
    BrotliResult, BrotliState, HuffmanCode,
};
use memory::Allowance;

use super::output::Output;
use super::{CodingError, LONGEST_PIECE, Progress};

/// The largest window that is read, as the power of two that it is a little smaller than: 1 MiB.
const MOST_WINDOW_BITS: u8 = 20;

/// For the window, half of it while it grows to its full size, and the context maps (256 blocks of 64 contexts each).
const MOST_BYTES: usize = (1 << MOST_WINDOW_BITS) + (1 << (MOST_WINDOW_BITS - 1)) + 32 * 1024;

/// For the Huffman tables, four bytes an entry. Twelve megabytes of pages, JSON and text, compressed as well as brotli can,
/// take 110 KiB; 256 trees of each kind, which is what the format allows, would be megabytes.
const MOST_TABLE_ENTRIES: usize = 512 * 1024 / size_of::<HuffmanCode>();

/// For where each tree begins: 256 trees of three kinds.
const MOST_TREES: usize = 3 * 256;

/// The most memory that is held, in bytes.
pub(super) const MOST_MEMORY: usize = MOST_BYTES
    + MOST_TABLE_ENTRIES * size_of::<HuffmanCode>()
    + MOST_TREES * size_of::<u32>()
    + size_of::<State>()
    + size_of::<super::Decoder>();

type State = BrotliState<Allowance<u8>, Allowance<u32>, Allowance<HuffmanCode>>;

/// Reads one body of this coding.
pub(super) struct Brotli {
    /// Nothing in front of the first byte, which says how large the window is.
    state: Option<Box<State>>,
}

impl Brotli {
    pub(super) fn new() -> Self {
        Self { state: None }
    }

    pub(super) fn push(&mut self, input: &[u8], output: &mut Output<'_>) -> Result<Progress, CodingError> {
        let state = match &mut self.state {
            Some(state) => state,
            None => {
                let Some(first) = input.first() else { return Ok(Progress::GoesOn) };
                if window_bits(*first).ok_or(CodingError::Malformed)? > MOST_WINDOW_BITS {
                    return Err(CodingError::WindowTooLarge);
                }
                self.state.insert(Box::new(State::new_strict(
                    Allowance::new(MOST_BYTES),
                    Allowance::new(MOST_TREES),
                    Allowance::new(MOST_TABLE_ENTRIES),
                )))
            }
        };
        let mut left = input.len();
        let mut position = 0;
        loop {
            // Without room to write to, what is read stays in the window, from where it is taken.
            let result = BrotliDecompressStream(
                &mut left,
                &mut position,
                input,
                &mut 0,
                &mut 0,
                &mut [],
                &mut 0,
                state,
            );
            if matches!(result, BrotliResult::ResultFailure) {
                return Err(error(state.error_code));
            }
            take_output(state, output)?;
            if BrotliDecoderIsFinished(state) {
                return Ok(Progress::Finished);
            }
            if matches!(result, BrotliResult::NeedsMoreInput) {
                return Ok(Progress::GoesOn);
            }
        }
    }

    pub(super) fn memory(&self) -> usize {
        self.state.as_ref().map_or(0, |state| {
            let bytes = state.alloc_u8.used();
            let trees = state.alloc_u32.used().saturating_mul(size_of::<u32>());
            let tables = state.alloc_hc.used().saturating_mul(size_of::<HuffmanCode>());
            bytes.saturating_add(trees).saturating_add(tables).saturating_add(size_of::<State>())
        })
    }
}

/// Hands out what was read and not handed out yet.
fn take_output(state: &mut State, output: &mut Output<'_>) -> Result<(), CodingError> {
    loop {
        let mut length = LONGEST_PIECE;
        let piece = BrotliDecoderTakeOutput(state, &mut length);
        if piece.is_empty() {
            return Ok(());
        }
        output.write(piece)?;
    }
}

/// What went wrong. What the current step held and was not taken yet is lost.
fn error(code: BrotliDecoderErrorCode) -> CodingError {
    use BrotliDecoderErrorCode as Code;
    match code {
        Code::BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES
        | Code::BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MAP
        | Code::BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES
        | Code::BROTLI_DECODER_ERROR_ALLOC_RING_BUFFER_1
        | Code::BROTLI_DECODER_ERROR_ALLOC_RING_BUFFER_2
        | Code::BROTLI_DECODER_ERROR_ALLOC_TREE_GROUPS => CodingError::WindowTooLarge,
        _ => CodingError::Malformed,
    }
}

/// How large the window is, by the first byte (RFC 7932, 9.1); nothing for the value that is reserved.
fn window_bits(first: u8) -> Option<u8> {
    if first & 1 == 0 {
        return Some(16);
    }
    match (first >> 1 & 7, first >> 4 & 7) {
        (0, 0) => Some(17),
        (0, 1) => None,
        (0, small) => Some(small.saturating_add(8)),
        (large, _) => Some(large.saturating_add(17)),
    }
}
