//! A text cut into blocks of whole lines.

use std::io::{BufRead, Read};

use memchr::memrchr;

use crate::source::MAX_FORM_BYTES;

/// About how many bytes a block has. Some thousand events: enough that handing it to another thread costs
/// nothing beside reading it.
pub(super) const BLOCK_BYTES: usize = 1 << 20;

/// Why a text cannot be cut further.
#[derive(Debug)]
pub(super) enum Cut {
    /// The input cannot be read.
    Io(std::io::Error),
    /// After the blocks before comes a line that is longer than any event.
    TooLong,
}

/// Cuts a text into blocks.
pub(super) struct Blocks<R> {
    input: R,
    /// The beginning of a line, whose end is not read yet.
    begun: Vec<u8>,
    failed: Option<Cut>,
}

impl<R: BufRead> Blocks<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, begun: Vec::new(), failed: None }
    }

    /// The next block: whole lines, except that the last block of a text ends as the text does.
    ///
    /// What cannot be read ends the text, but only after the whole lines ahead of it were handed out.
    pub(super) fn next(&mut self) -> Result<Option<Vec<u8>>, Cut> {
        let mut block = std::mem::take(&mut self.begun);
        while self.failed.is_none() {
            let known = block.len();
            let wanted = BLOCK_BYTES.saturating_sub(known).max(BLOCK_BYTES / 4);
            if let Err(error) = self.input.by_ref().take(wanted as u64).read_to_end(&mut block) {
                self.failed = Some(Cut::Io(error));
            } else if block.len() - known < wanted {
                // The end of the text.
                return Ok(Some(block).filter(|block| !block.is_empty()));
            }
            let newline = memrchr(b'\n', &block[known..]).map(|at| known + at);
            let unfinished = block.len() - newline.map_or(0, |at| at + 1);
            if unfinished > MAX_FORM_BYTES {
                self.failed.get_or_insert(Cut::TooLong);
            }
            if let Some(newline) = newline {
                self.begun = block.split_off(newline + 1);
                return Ok(Some(block));
            }
        }
        self.failed.take().map_or(Ok(None), Err)
    }
}
