//! Frames as they come, put together to messages. An oversize one is skipped without being kept, and told of, so that
//! the socket can stay open (Q9); nothing in here takes more memory than one message may have.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use actix_http::ws::{OpCode, Parser};
use actix_web::web;
use actix_ws::{CloseReason, ProtocolError};
use bytes::{Bytes, BytesMut};
use bytestring::ByteString;
use futures_core::Stream;

/// The largest message, in bytes: what an HTTP service takes for a body.
pub(crate) const LIMIT: usize = 1024 * 1024;

/// The most fragments of a message.
const FRAGMENTS: usize = 16_384;

/// What came.
pub(crate) enum Incoming {
    Text(ByteString),
    Binary,
    TooLarge,
    NotUtf8,
    Ping(Bytes),
    Pong,
    Close(Option<CloseReason>),
    /// What RFC 6455 forbids.
    Broken,
}

/// A message of which parts have come.
#[derive(Default)]
struct Message {
    body: BytesMut,
    fragments: usize,
    is_text: bool,
    /// It is too large: its parts are thrown away until it ends.
    dropped: bool,
}

/// The frames of one socket.
pub(crate) struct Frames {
    payload: Pin<Box<web::Payload>>,
    buffer: BytesMut,
    /// Bytes of an oversize frame that are still to come.
    skip: u64,
    /// Whether the frame that is skipped ends its message.
    skip_ends: bool,
    message: Option<Message>,
}

impl Frames {
    pub(crate) fn new(payload: web::Payload) -> Self {
        Self { payload: Box::pin(payload), buffer: BytesMut::new(), skip: 0, skip_ends: false, message: None }
    }

    /// The next that has come; `None` when the connection has ended. Nobody is woken when more comes: whoever asks
    /// writes to the same connection, and is asked for more after everything that was read from it.
    pub(crate) fn poll(&mut self) -> Poll<Option<Incoming>> {
        loop {
            match self.parse() {
                Ok(Some(incoming)) => return Poll::Ready(Some(incoming)),
                Ok(None) => {}
                Err(_) => return Poll::Ready(Some(Incoming::Broken)),
            }
            let mut context = Context::from_waker(Waker::noop());
            match std::task::ready!(Stream::poll_next(self.payload.as_mut(), &mut context)) {
                Some(Ok(bytes)) if self.buffer.is_empty() => match self.one(&bytes) {
                    Some(text) => return Poll::Ready(Some(text)),
                    None => self.buffer = bytes.into(),
                },
                Some(Ok(bytes)) => self.buffer.extend_from_slice(&bytes),
                Some(Err(_)) | None => return Poll::Ready(None),
            }
        }
    }

    /// Bytes that are one text message and nothing else, as nearly all that come are: it is copied once.
    fn one(&self, bytes: &[u8]) -> Option<Incoming> {
        let head = Head::read(bytes).filter(|head| {
            let whole = head.size as u64 + head.length == bytes.len() as u64;
            whole && bytes[0] == 0x81 && !head.is_broken && head.length <= LIMIT as u64
        })?;
        if self.skip > 0 || self.message.is_some() {
            return None;
        }
        let (head, body) = bytes.split_at(head.size);
        let mask: [u8; 4] = head.last_chunk().copied()?;
        let mut body = body.to_vec();
        let twice = u64::from_ne_bytes([mask, mask].as_flattened().try_into().ok()?);
        let (words, rest) = body.as_chunks_mut::<8>();
        for word in words {
            *word = (u64::from_ne_bytes(*word) ^ twice).to_ne_bytes();
        }
        for (byte, mask) in rest.iter_mut().zip(mask.iter().cycle()) {
            *byte ^= mask;
        }
        Some(String::from_utf8(body).map_or(Incoming::NotUtf8, |text| Incoming::Text(text.into())))
    }

    /// What the bytes at hand are enough for.
    fn parse(&mut self) -> Result<Option<Incoming>, ProtocolError> {
        loop {
            if self.skip > 0 {
                let here = self.skip.min(self.buffer.len() as u64);
                let _ = self.buffer.split_to(usize::try_from(here).unwrap_or(self.buffer.len()));
                self.skip -= here;
                if self.skip > 0 {
                    return Ok(None);
                }
                if self.skip_ends {
                    self.message = None;
                    return Ok(Some(Incoming::TooLarge));
                }
            }
            let kept = self.message.as_ref().map_or(0, |message| message.body.len());
            if let Some(head) = Head::read(&self.buffer)
                && !head.is_control
                && kept as u64 + head.length > LIMIT as u64
            {
                // What the parser would refuse in any case is refused before it is skipped.
                if head.is_broken || head.is_continuation != self.message.is_some() {
                    return Err(ProtocolError::ContinuationNotStarted);
                }
                let message = self.message.get_or_insert_with(Message::default);
                message.dropped = true;
                message.body.clear();
                let _ = self.buffer.split_to(head.size);
                self.skip = head.length;
                self.skip_ends = head.ends;
                continue;
            }
            let Some((ends, code, body)) = Parser::parse(&mut self.buffer, true, LIMIT)? else { return Ok(None) };
            let body = body.unwrap_or_default();
            match code {
                OpCode::Ping if ends => return Ok(Some(Incoming::Ping(body.freeze()))),
                OpCode::Pong if ends => return Ok(Some(Incoming::Pong)),
                OpCode::Close if ends => {
                    return Ok(Some(Incoming::Close(Parser::try_parse_close_payload(&body)?)));
                }
                OpCode::Text | OpCode::Binary if self.message.is_none() => {
                    let is_text = code == OpCode::Text;
                    if ends {
                        return Ok(Some(whole(is_text, body)));
                    }
                    self.message = Some(Message { body, fragments: 1, is_text, dropped: false });
                }
                OpCode::Continue => {
                    let Some(message) = &mut self.message else { return Err(ProtocolError::ContinuationNotStarted) };
                    message.fragments += 1;
                    if message.fragments > FRAGMENTS {
                        message.dropped = true;
                        message.body.clear();
                    }
                    if !message.dropped {
                        message.body.extend_from_slice(&body);
                    }
                    if ends && let Some(message) = self.message.take() {
                        if message.dropped {
                            return Ok(Some(Incoming::TooLarge));
                        }
                        return Ok(Some(whole(message.is_text, message.body)));
                    }
                }
                _ => return Err(ProtocolError::BadOpCode),
            }
        }
    }
}

fn whole(is_text: bool, body: BytesMut) -> Incoming {
    if !is_text {
        return Incoming::Binary;
    }
    match ByteString::try_from(body.freeze()) {
        Ok(text) => Incoming::Text(text),
        Err(_) => Incoming::NotUtf8,
    }
}

/// The head of a frame, as far as sizes go.
struct Head {
    /// Bytes of the head.
    size: usize,
    /// Bytes of the payload.
    length: u64,
    ends: bool,
    is_control: bool,
    is_continuation: bool,
    /// Reserved bits, an unknown code or no mask.
    is_broken: bool,
}

impl Head {
    fn read(buffer: &[u8]) -> Option<Self> {
        let (first, second) = (*buffer.first()?, *buffer.get(1)?);
        let (size, length) = match second & 0x7f {
            126 => (4, u64::from(u16::from_be_bytes(buffer.get(2..4)?.try_into().ok()?))),
            127 => (10, u64::from_be_bytes(buffer.get(2..10)?.try_into().ok()?)),
            short => (2, u64::from(short)),
        };
        let size = size + 4;
        if buffer.len() < size {
            return None;
        }
        let code = first & 0x0f;
        Some(Self {
            size,
            length,
            ends: first & 0x80 != 0,
            is_control: code & 0x08 != 0,
            is_continuation: code == 0,
            is_broken: first & 0x70 != 0 || code > 2 || second & 0x80 == 0 || length > i64::MAX as u64,
        })
    }
}

#[cfg(test)]
mod tests {
    use actix_web::FromRequest;
    use actix_web::dev::Payload;

    use super::*;

    fn frame(first: u8, body: &[u8]) -> Vec<u8> {
        let mut bytes = vec![first];
        match body.len() {
            short @ 0..126 => bytes.push(0x80 | short as u8),
            medium @ 126..=0xffff => {
                bytes.push(0x80 | 126);
                bytes.extend((medium as u16).to_be_bytes());
            }
            long => {
                bytes.push(0x80 | 127);
                bytes.extend((long as u64).to_be_bytes());
            }
        }
        // A mask of zeros masks nothing.
        bytes.extend([0; 4]);
        bytes.extend(body);
        bytes
    }

    fn frames() -> Frames {
        let request = actix_web::test::TestRequest::default().to_http_request();
        let payload = web::Payload::from_request(&request, &mut Payload::None).into_inner().expect("a payload");
        Frames::new(payload)
    }

    fn all(bytes: &[u8], step: usize) -> Vec<String> {
        let mut frames = frames();
        let mut seen = Vec::new();
        for piece in bytes.chunks(step) {
            frames.buffer.extend_from_slice(piece);
            loop {
                match frames.parse() {
                    Ok(None) => break,
                    Ok(Some(incoming)) => seen.push(match incoming {
                        Incoming::Text(text) => text.to_string(),
                        Incoming::Binary => "binary".into(),
                        Incoming::TooLarge => "too large".into(),
                        Incoming::NotUtf8 => "not UTF-8".into(),
                        Incoming::Ping(_) => "ping".into(),
                        Incoming::Pong => "pong".into(),
                        Incoming::Close(_) => "close".into(),
                        Incoming::Broken => "broken".into(),
                    }),
                    Err(_) => {
                        seen.push("broken".into());
                        return seen;
                    }
                }
            }
            assert!(frames.buffer.len() <= LIMIT + 64, "an oversize frame is not kept");
        }
        seen
    }

    #[test]
    fn any_fragmentation_gives_the_same_messages() {
        let mut bytes = frame(0x01, "{\"a\"".as_bytes());
        bytes.extend(frame(0x89, b"hi"));
        bytes.extend(frame(0x00, b""));
        bytes.extend(frame(0x80, ":1}".as_bytes()));
        bytes.extend(frame(0x82, b"\x00\x01"));
        bytes.extend(frame(0x81, b"\xff"));
        bytes.extend(frame(0x88, b""));
        for step in [1, 2, 3, 7, 1000] {
            assert_eq!(all(&bytes, step), ["ping", "{\"a\":1}", "binary", "not UTF-8", "close"], "{step}");
        }
    }

    #[test]
    fn oversize_messages_are_skipped_and_told_of_and_the_next_is_read() {
        let mut bytes = frame(0x81, &vec![b'x'; LIMIT + 1]);
        bytes.extend(frame(0x81, b"one"));
        // In fragments, with a ping between them.
        bytes.extend(frame(0x01, &vec![b'x'; LIMIT / 2]));
        bytes.extend(frame(0x00, &vec![b'x'; LIMIT / 2 + 1]));
        bytes.extend(frame(0x89, b""));
        bytes.extend(frame(0x00, b"more"));
        bytes.extend(frame(0x80, b"end"));
        bytes.extend(frame(0x81, b"two"));
        for step in [4096, 1 << 20] {
            assert_eq!(all(&bytes, step), ["too large", "one", "ping", "too large", "two"]);
        }
    }

    #[test]
    fn what_the_protocol_forbids_is_broken() {
        for first in [0x00, 0x80, 0x83, 0xc1, 0x09] {
            assert_eq!(all(&frame(first, b"x"), 64), ["broken"], "{first:x}");
        }
        assert_eq!(all(&[0x81, 0x01, b'x'], 64), ["broken"], "not masked");
    }

    #[test]
    fn one_text_alone_is_read_as_any_other() {
        let mask = [0x12, 0x34, 0x56, 0x78];
        for length in [0, 1, 7, 8, 9, 125, 126, 1000] {
            let text = "фx".repeat(length / 3);
            let mut bytes = frame(0x81, text.as_bytes());
            let head = bytes.len() - text.len();
            bytes[head - 4..head].copy_from_slice(&mask);
            bytes[head..].iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
            assert!(matches!(frames().one(&bytes), Some(Incoming::Text(read)) if read == text), "{length}");
            assert_eq!(all(&bytes, bytes.len()), [text]);
        }
        assert!(matches!(frames().one(&frame(0x81, b"\xff")), Some(Incoming::NotUtf8)));
        let two = [frame(0x81, b"a"), frame(0x81, b"b")].concat();
        for other in [&two, &two[..3], &frame(0x01, b"a"), &frame(0x82, b"a"), &frame(0x89, b""), &[0x81, 0x01, b'x']] {
            assert!(frames().one(other).is_none(), "{other:?}");
        }
    }
}
