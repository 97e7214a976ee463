//! Zstandard (RFC 8878): files as streams of frames.

use std::io::{self, BufRead, Read, Write};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

/// What a frame begins with (RFC 8878, section 3.1.1).
pub(crate) const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// How far back a frame may refer, in bytes; it is held in memory. The format's own tool refuses more than
/// this unless it is told otherwise.
const MAX_WINDOW_BYTES: u64 = 128 << 20;

/// How much goes into one frame that we write.
const FRAME_BYTES: usize = 4 << 20;

/// Decompresses frame after frame, to the end of the input.
pub(crate) struct Decoder<R> {
    input: R,
    frame: FrameDecoder,
    begun: bool,
}

impl<R: BufRead> Decoder<R> {
    pub(crate) fn new(input: R) -> Self {
        let mut frame = FrameDecoder::new();
        frame.set_max_window_size(MAX_WINDOW_BYTES);
        Self { input, frame, begun: false }
    }

    /// Goes on to the next frame; false at the end of the input.
    fn next_frame(&mut self) -> io::Result<bool> {
        while !self.input.fill_buf()?.is_empty() {
            match self.frame.reset(&mut self.input) {
                Ok(()) => {
                    self.begun = true;
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => self.skip(u64::from(length))?,
                Err(error) => return Err(damaged(error)),
            }
        }
        Ok(false)
    }

    /// Leaves out a frame that holds no content.
    fn skip(&mut self, length: u64) -> io::Result<()> {
        let skipped = io::copy(&mut self.input.by_ref().take(length), &mut io::sink())?;
        if skipped < length {
            return Err(damaged("it ends within a frame"));
        }
        Ok(())
    }

    /// Compares the checksum of a frame that is through with that of its content.
    fn verify(&self) -> io::Result<()> {
        let told = self.frame.get_checksum_from_data();
        if told.is_some() && told != self.frame.get_calculated_checksum() {
            return Err(damaged("the checksum of a frame is not that of its content"));
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Decoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if self.begun && self.frame.can_collect() > 0 {
                return self.frame.read(buffer);
            }
            if self.begun && !self.frame.is_finished() {
                let blocks = BlockDecodingStrategy::UptoBlocks(1);
                self.frame.decode_blocks(&mut self.input, blocks).map_err(damaged)?;
                continue;
            }
            if self.begun {
                self.verify()?;
                self.begun = false;
            }
            if !self.next_frame()? {
                return Ok(0);
            }
        }
    }
}

/// An error in the compressed content.
fn damaged(error: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("expected whole zstd frames: {error}"))
}

/// Compresses what is written to it. The last frame is written by [`Encoder::finish`].
pub(crate) struct Encoder<W> {
    output: W,
    pending: Vec<u8>,
}

impl<W: Write> Encoder<W> {
    pub(crate) fn new(output: W) -> Self {
        Self { output, pending: Vec::new() }
    }

    fn write_frame(&mut self) -> io::Result<()> {
        let frame = compress_to_vec(self.pending.as_slice(), CompressionLevel::Fastest);
        self.pending.clear();
        self.output.write_all(&frame)
    }

    /// Writes what is left, and gives the output back.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        if !self.pending.is_empty() {
            self.write_frame()?;
        }
        Ok(self.output)
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(FRAME_BYTES - self.pending.len());
        self.pending.extend_from_slice(&bytes[..taken]);
        if self.pending.len() == FRAME_BYTES {
            self.write_frame()?;
        }
        Ok(taken)
    }

    /// Hands on the frames that are complete; what is pending waits for the end of its frame.
    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}
