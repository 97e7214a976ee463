//! Frames: `[u32 length][u32 CRC-32 of length and payload][payload]`, numbers little-endian.
//!
//! The length is under the checksum too, so that a frame found at a wrong offset is no frame. The
//! payload of a record is JSON, which holds no byte below 0x20; every header of a frame shorter than
//! 512 MiB does. So a frame is never found inside another one's payload.

/// Bytes ahead of the payload.
pub(super) const HEADER: usize = 8;

/// Reserves a header at the end of a buffer; the payload is to be written behind it.
pub(super) fn begin(buffer: &mut Vec<u8>) -> usize {
    let start = buffer.len();
    buffer.extend_from_slice(&[0; HEADER]);
    start
}

/// Fills in the header of the frame begun at `start`. The payload's length as the error, if it is
/// too long for a frame.
pub(super) fn seal(buffer: &mut [u8], start: usize) -> Result<(), usize> {
    let (header, payload) = buffer[start..].split_at_mut(HEADER);
    let length = u32::try_from(payload.len()).map_err(|_| payload.len())?.to_le_bytes();
    header[..4].copy_from_slice(&length);
    header[4..].copy_from_slice(&checksum(length, payload).to_le_bytes());
    Ok(())
}

/// What stands at an offset.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    /// A whole frame, and where the next one begins.
    Frame { payload: &'a [u8], next: usize },
    /// The bytes end here.
    End,
    /// The bytes end inside the frame.
    Short(String),
    /// The checksum is wrong.
    Broken(String),
}

/// Reads the frame at an offset.
pub(super) fn read(bytes: &[u8], offset: usize) -> Found<'_> {
    let rest = &bytes[offset..];
    if rest.is_empty() {
        return Found::End;
    }
    let Some((header, rest)) = rest.split_at_checked(HEADER) else {
        return Found::Short(format!("expected a header of {HEADER} bytes, found {}", rest.len()));
    };
    let (length, expected) = (number(&header[..4]), number(&header[4..]));
    let Some(payload) = rest.get(..length as usize) else {
        return Found::Short(format!("expected a payload of {length} bytes, found {}", rest.len()));
    };
    let found = checksum(length.to_le_bytes(), payload);
    if found != expected {
        return Found::Broken(format!("expected checksum {expected:08x}, found {found:08x}"));
    }
    Found::Frame { payload, next: offset + HEADER + payload.len() }
}

/// Whether a whole frame begins anywhere at or after an offset.
pub(super) fn any_frame_from(bytes: &[u8], offset: usize) -> bool {
    (offset..bytes.len()).any(|at| is_frame(&bytes[at..]))
}

/// As [`read`], without words for what is wrong, because it is asked at every offset.
fn is_frame(bytes: &[u8]) -> bool {
    let Some((header, rest)) = bytes.split_at_checked(HEADER) else { return false };
    let length = number(&header[..4]);
    let payload = rest.get(..length as usize);
    payload.is_some_and(|payload| checksum(length.to_le_bytes(), payload) == number(&header[4..]))
}

fn number(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

fn checksum(length: [u8; 4], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&length);
    hasher.update(payload);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_reads_back_and_says_where_the_next_begins() {
        let mut bytes = vec![b'x'; 3];
        let start = begin(&mut bytes);
        bytes.extend_from_slice(b"{}");
        seal(&mut bytes, start).unwrap();
        assert_eq!(read(&bytes, 3), Found::Frame { payload: b"{}", next: 13 });
        assert_eq!(read(&bytes, 13), Found::End);
        assert_eq!(bytes[3..7], [2, 0, 0, 0], "little-endian length");
    }

    #[test]
    fn zeros_are_no_frame() {
        assert!(matches!(read(&[0; 64], 0), Found::Broken(_)));
        assert!(!any_frame_from(&[0; 64], 0));
    }
}
