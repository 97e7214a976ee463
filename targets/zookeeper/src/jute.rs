//! ZooKeeper's encoding: numbers in the network's order, strings of bytes with their length ahead.
//!
//! The shapes are those of `zookeeper.jute` in ZooKeeper's sources. What is received is checked against its own
//! length; nothing of it is trusted.

use thiserror::Error;

/// A message is not of the shape that its kind has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a message of ZooKeeper is too long or ends too early")]
pub struct Malformed;

/// Writes a message.
#[derive(Debug, Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn int(&mut self, value: i32) -> &mut Self {
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }

    pub(crate) fn long(&mut self, value: i64) -> &mut Self {
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }

    pub(crate) fn flag(&mut self, value: bool) -> &mut Self {
        self.0.push(u8::from(value));
        self
    }

    /// A list of strings.
    pub(crate) fn texts(&mut self, values: &[String]) -> &mut Self {
        self.int(i32::try_from(values.len()).unwrap_or(i32::MAX));
        for value in values {
            self.bytes(value.as_bytes());
        }
        self
    }

    /// Longer ones than a message may be are refused by the server, which reads no length beyond it.
    pub(crate) fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.int(i32::try_from(value.len()).unwrap_or(i32::MAX));
        self.0.extend_from_slice(value);
        self
    }

    /// Adds what another has written.
    #[cfg(test)]
    pub(crate) fn append(&mut self, other: &Writer) {
        self.0.extend_from_slice(&other.0);
    }

    /// The message with its length ahead.
    pub(crate) fn frame(&self) -> Vec<u8> {
        let mut frame = Writer::default();
        frame.bytes(&self.0);
        frame.0
    }
}

/// Reads a message.
#[derive(Debug)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn int(&mut self) -> Result<i32, Malformed> {
        let bytes = self.take(4)?.try_into().map_err(|_| Malformed)?;
        Ok(i32::from_be_bytes(bytes))
    }

    pub(crate) fn long(&mut self) -> Result<i64, Malformed> {
        let bytes = self.take(8)?.try_into().map_err(|_| Malformed)?;
        Ok(i64::from_be_bytes(bytes))
    }

    pub(crate) fn flag(&mut self) -> Result<bool, Malformed> {
        match self.take(1)? {
            [byte] => Ok(*byte != 0),
            _ => Err(Malformed),
        }
    }

    pub(crate) fn text(&mut self) -> Result<String, Malformed> {
        String::from_utf8(self.bytes()?.to_vec()).map_err(|_| Malformed)
    }

    /// A list of strings. Each takes four bytes at least, so a length that lies ends with the message.
    pub(crate) fn texts(&mut self) -> Result<Vec<String>, Malformed> {
        let count = self.int()?.max(0);
        (0..count).map(|_| self.text()).collect()
    }

    /// A byte string; one that is absent is as good as empty.
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.int()?;
        if length == -1 {
            return Ok(&[]);
        }
        self.take(usize::try_from(length).map_err(|_| Malformed)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let mut writer = Writer::default();
        writer.int(-2).long(1 << 40).bytes("día".as_bytes()).flag(true);
        let frame = writer.frame();
        let mut reader = Reader(&frame);
        assert_eq!(reader.int(), Ok(i32::try_from(frame.len()).unwrap() - 4));
        assert_eq!((reader.int(), reader.long()), (Ok(-2), Ok(1 << 40)));
        assert_eq!((reader.bytes(), reader.0), (Ok("día".as_bytes()), &[1][..]));
    }

    #[test]
    fn lists_are_read_and_their_lengths_not_trusted() {
        let mut writer = Writer::default();
        writer.texts(&["a".to_owned(), "bc".to_owned()]).flag(true);
        let frame = writer.frame();
        let mut reader = Reader(&frame[4..]);
        assert_eq!(reader.texts(), Ok(vec!["a".to_owned(), "bc".to_owned()]));
        assert_eq!((reader.flag(), reader.flag()), (Ok(true), Err(Malformed)));
        assert_eq!(Reader(&[0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0]).texts(), Err(Malformed));
        assert_eq!(Reader(&[0, 0, 0, 1, 0xff]).text(), Err(Malformed));
    }

    #[test]
    fn lengths_are_not_trusted() {
        for wrong in [&[0, 0, 0, 9, 1][..], &[0xff, 0, 0, 0], &[0, 0], &[0x7f, 0xff, 0xff, 0xff]] {
            assert_eq!(Reader(wrong).bytes(), Err(Malformed), "{wrong:?}");
        }
        assert_eq!(Reader(&[0xff; 4]).bytes(), Ok(&[][..]));
    }
}
