//! Texts on their way out: what goes over the socket and what the journal keeps share their bytes, and so do all
//! subscribers of a push.

use bytes::Bytes;

/// The longest head of a frame that the server sends: it masks nothing.
const HEAD: usize = 10;

/// A text in its frame.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    frame: Bytes,
    head: usize,
}

impl Text {
    /// What `write` writes, for which there is room for so many bytes at first.
    pub(crate) fn of(room: usize, write: impl FnOnce(&mut Vec<u8>)) -> Self {
        let mut bytes = Vec::with_capacity(HEAD + room);
        bytes.extend([0; HEAD]);
        write(&mut bytes);
        if bytes.capacity() - bytes.len() > bytes.len() / 4 + 64 {
            // The journal keeps it.
            bytes.shrink_to_fit();
        }
        let length = bytes.len() - HEAD;
        let head = match length {
            0..126 => 2,
            126..=0xffff => 4,
            _ => HEAD,
        };
        let start = HEAD - head;
        // A whole text message.
        bytes[start] = 0x81;
        match head {
            2 => bytes[start + 1] = length as u8,
            4 => {
                bytes[start + 1] = 126;
                bytes[start + 2..HEAD].copy_from_slice(&(length as u16).to_be_bytes());
            }
            _ => {
                bytes[start + 1] = 127;
                bytes[start + 2..HEAD].copy_from_slice(&(length as u64).to_be_bytes());
            }
        }
        Self { frame: Bytes::from(bytes).slice(start..), head }
    }

    /// Bytes of the frame.
    pub(crate) fn len(&self) -> usize {
        self.frame.len()
    }

    /// The frame as it goes over the socket.
    pub(crate) fn frame(&self) -> Bytes {
        self.frame.clone()
    }

    /// The text without its frame.
    pub(crate) fn bytes(&self) -> Bytes {
        self.frame.slice(self.head..)
    }

    /// So many per cent of it, cut between two characters.
    pub(crate) fn part(&self, percent: u8) -> Self {
        let text = &self.frame[self.head..];
        let mut keep = text.len() * usize::from(percent) / 100;
        // Bytes within a character begin with the bits 10.
        while text.get(keep).is_some_and(|byte| byte & 0xc0 == 0x80) {
            keep -= 1;
        }
        text[..keep].into()
    }
}

impl From<&[u8]> for Text {
    fn from(text: &[u8]) -> Self {
        Self::of(text.len(), |out| out.extend_from_slice(text))
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        text.as_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use actix_http::ws::{OpCode, Parser};
    use bytes::BytesMut;

    use super::*;

    #[test]
    fn frames_of_all_lengths_are_read_again() {
        for length in [0, 1, 125, 126, 0xffff, 0x1_0000] {
            let text = "x".repeat(length);
            let sent = Text::from(text.as_str());
            let mut bytes = BytesMut::from(&sent.frame()[..]);
            let (ends, code, body) = Parser::parse(&mut bytes, false, usize::MAX).expect("a frame").expect("whole");
            assert_eq!((ends, code, bytes.len()), (true, OpCode::Text, 0));
            assert_eq!(body.unwrap_or_default(), text, "{length}");
            assert_eq!(sent.bytes(), text);
        }
    }

    #[test]
    fn a_part_ends_between_two_characters() {
        assert_eq!(Text::from("ффф").part(50).bytes(), "ф");
        assert_eq!(Text::from("ффф").part(100).bytes(), "ффф");
        assert_eq!(Text::from("ф").part(0).bytes(), "");
    }
}
