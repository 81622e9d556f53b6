//! The frames of a WebSocket as its messages, compressed ones too (RFC 6455, RFC 7692).

use flate2::{Decompress, FlushDecompress, Status};

/// The largest message that is read.
const LARGEST: usize = 32 * 1024 * 1024;

/// One direction of a socket.
pub(super) struct Frames {
    bytes: Vec<u8>,
    message: Vec<u8>,
    /// Whether the message that is under way is compressed, and whether it is text.
    compressed: bool,
    text: bool,
    inflate: Option<Decompress>,
    /// Whether what was inflated before is needed for what comes.
    takes_over: bool,
    lost: bool,
}

impl Frames {
    pub(super) fn new(deflate: bool, takes_over: bool) -> Self {
        Self {
            bytes: Vec::new(),
            message: Vec::new(),
            compressed: false,
            text: false,
            inflate: deflate.then(|| Decompress::new(false)),
            takes_over,
            lost: false,
        }
    }

    /// The text messages that are whole with these bytes; an error for one that cannot be read.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Vec<Result<String, String>> {
        let mut found = Vec::new();
        if self.lost {
            return found;
        }
        self.bytes.extend_from_slice(bytes);
        while let Some(header) = Header::read(&self.bytes) {
            if header.length > LARGEST || self.message.len() + header.length > LARGEST {
                self.lost = true;
                found.push(Err(format!("a message is larger than {} MiB", LARGEST / 1024 / 1024)));
                self.bytes.clear();
                break;
            }
            let end = header.size + header.length;
            if self.bytes.len() < end {
                break;
            }
            let mut payload: Vec<u8> = self.bytes.drain(..end).skip(header.size).collect();
            if let Some(mask) = header.mask {
                payload.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
            }
            match header.opcode {
                0 => {}
                1 | 2 => (self.text, self.compressed) = (header.opcode == 1, header.compressed),
                _ => continue,
            }
            self.message.extend(payload);
            if header.last {
                found.extend(self.whole());
            }
        }
        found
    }

    fn whole(&mut self) -> Option<Result<String, String>> {
        let mut message = std::mem::take(&mut self.message);
        if self.compressed {
            message = match self.inflated(message) {
                Ok(message) => message,
                Err(why) => return Some(Err(why)),
            };
        }
        let binary = || Err("a message is no text".to_owned());
        if !self.text {
            return Some(binary());
        }
        Some(String::from_utf8(message).or_else(|_| binary()))
    }

    fn inflated(&mut self, mut message: Vec<u8>) -> Result<Vec<u8>, String> {
        let wrong = || "a compressed message cannot be read".to_owned();
        let inflate = self.inflate.as_mut().ok_or_else(wrong)?;
        // What every message ends with, and is not sent.
        message.extend([0, 0, 0xFF, 0xFF]);
        let mut out = Vec::with_capacity(message.len() * 4);
        let before = inflate.total_in();
        loop {
            if out.len() > LARGEST {
                return Err(format!("a message is larger than {} MiB", LARGEST / 1024 / 1024));
            }
            out.reserve(16 * 1024);
            let at = usize::try_from(inflate.total_in() - before).map_err(|_| wrong())?;
            let status =
                inflate.decompress_vec(&message[at..], &mut out, FlushDecompress::Sync).map_err(|_| wrong())?;
            let read = usize::try_from(inflate.total_in() - before).map_err(|_| wrong())?;
            if status == Status::StreamEnd || (read == message.len() && out.len() < out.capacity()) {
                break;
            }
            if status == Status::BufError && out.len() < out.capacity() {
                break;
            }
        }
        if !self.takes_over {
            inflate.reset(false);
        }
        Ok(out)
    }
}

/// What a frame begins with.
struct Header {
    last: bool,
    compressed: bool,
    opcode: u8,
    mask: Option<[u8; 4]>,
    /// Bytes before the payload.
    size: usize,
    length: usize,
}

impl Header {
    /// `None` where it has not come whole.
    fn read(bytes: &[u8]) -> Option<Self> {
        let (first, second) = (*bytes.first()?, *bytes.get(1)?);
        let (length, mut size) = match second & 0x7F {
            126 => (u64::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?)), 4),
            127 => (u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?), 10),
            length => (u64::from(length), 2),
        };
        let mask = if second & 0x80 == 0 {
            None
        } else {
            size += 4;
            Some(bytes.get(size - 4..size)?.try_into().ok()?)
        };
        let length = usize::try_from(length).unwrap_or(usize::MAX / 2);
        Some(Self { last: first & 0x80 != 0, compressed: first & 0x40 != 0, opcode: first & 0x0F, mask, size, length })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compressed_messages_are_read_with_what_came_before() {
        // The examples of RFC 7692, 7.2.3: "Hello", and "Hello" again by what came before.
        let first = [0xC1, 0x07, 0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00];
        let second = [0xC1, 0x05, 0xF2, 0x00, 0x11, 0x00, 0x00];
        let mut frames = Frames::new(true, true);
        assert_eq!(frames.read(&first), [Ok("Hello".to_owned())]);
        assert_eq!(frames.read(&second), [Ok("Hello".to_owned())]);
        let mut frames = Frames::new(true, false);
        assert_eq!(frames.read(&first), [Ok("Hello".to_owned())]);
        assert_eq!(frames.read(&first), [Ok("Hello".to_owned())]);
        assert!(Frames::new(false, false).read(&first)[0].is_err());
    }

    #[test]
    fn fragments_are_one_message_and_a_binary_one_is_told() {
        let mut frames = Frames::new(false, false);
        assert_eq!(frames.read(&[0x01, 1, b'a', 0x89, 0]), []);
        assert_eq!(
            frames.read(&[0x80, 1, b'b', 0x82, 1, 7]),
            [Ok("ab".to_owned()), Err("a message is no text".to_owned())]
        );
        let huge = [0x81, 127, 0, 0, 1, 0, 0, 0, 0, 0];
        assert!(frames.read(&huge)[0].as_ref().is_err_and(|why| why.contains("larger")));
    }
}
