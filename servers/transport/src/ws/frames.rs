//! Looks at the heads of frames as their bytes come, before anything keeps a payload: what breaks the protocol or the limit
//! ends the socket with the code of RFC 6455 (ruling Q9), whatever length a frame claims.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::error::PayloadError;
use actix_web::{FromRequest, HttpRequest, dev, web};
use actix_ws::CloseCode;
use bytes::Bytes;
use futures_core::Stream;

/// The most fragments of a message.
const FRAGMENTS: u32 = 16_384;

/// Why a socket is closed for what its client sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Violation {
    /// A message over the limit.
    TooLarge,
    /// Broken framing.
    Protocol(&'static str),
}

impl Violation {
    pub(crate) fn code(self) -> CloseCode {
        match self {
            Self::TooLarge => CloseCode::Size,
            Self::Protocol(_) => CloseCode::Protocol,
        }
    }

    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::TooLarge => "message too large",
            Self::Protocol(reason) => reason,
        }
    }
}

/// Follows the frames of one connection.
struct Heads {
    limit: u64,
    /// The head that is being read.
    head: Vec<u8>,
    /// Bytes of payload that are still to come.
    skip: u64,
    /// The size of the message so far, if one is under way, and its fragments.
    message: Option<(u64, u32)>,
}

impl Heads {
    fn new(limit: usize) -> Self {
        Self { limit: limit as u64, head: Vec::with_capacity(14), skip: 0, message: None }
    }

    /// Takes further bytes in; an error carries how many of them precede the head of the refused frame.
    fn take(&mut self, bytes: &[u8]) -> Result<(), (usize, Violation)> {
        let mut at = 0;
        let mut began = 0;
        while at < bytes.len() {
            if self.skip > 0 {
                let here = self.skip.min((bytes.len() - at) as u64);
                self.skip -= here;
                at += usize::try_from(here).unwrap_or(usize::MAX);
                began = at;
                continue;
            }
            self.head.push(bytes[at]);
            at += 1;
            match self.judge() {
                Ok(Some(length)) => {
                    self.head.clear();
                    self.skip = length;
                    began = at;
                }
                Ok(None) => {}
                Err(violation) => return Err((began, violation)),
            }
        }
        Ok(())
    }

    /// Looks at what there is of a head; gives the payload's length once the head is whole.
    fn judge(&mut self) -> Result<Option<u64>, Violation> {
        let broken = |why| Err(Violation::Protocol(why));
        let first = self.head[0];
        let (ends, code) = (first & 0x80 != 0, first & 0x0f);
        let is_control = code & 0x08 != 0;
        if first & 0x70 != 0 {
            return broken("reserved bits are set");
        }
        if !matches!(code, 0..=2 | 8..=10) {
            return broken("unknown opcode");
        }
        if is_control && !ends {
            return broken("a control frame is fragmented");
        }
        if !is_control && (code == 0) != self.message.is_some() {
            return broken("a fragment is out of place");
        }
        let Some(second) = self.head.get(1).copied() else { return Ok(None) };
        if second & 0x80 == 0 {
            return broken("a frame is not masked");
        }
        let short = second & 0x7f;
        if is_control && short > 125 {
            return broken("a control frame is over 125 bytes");
        }
        if code == 8 && short == 1 {
            return broken("a close frame has half a code");
        }
        let wide = match short {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let Some(digits) = self.head.get(2..2 + wide) else { return Ok(None) };
        let length = match wide {
            0 => u64::from(short),
            _ => digits.iter().fold(0, |length, digit| length << 8 | u64::from(*digit)),
        };
        if length > i64::MAX as u64 {
            return broken("a frame's length is negative");
        }
        let (before, fragments) = self.message.unwrap_or((0, 0));
        if !is_control && (before + length > self.limit || fragments >= FRAGMENTS) {
            return Err(Violation::TooLarge);
        }
        if self.head.len() < 2 + wide + 4 {
            return Ok(None);
        }
        if !is_control {
            self.message = (!ends).then_some((before + length, fragments + 1));
        }
        Ok(Some(length))
    }
}

/// The bytes of one connection.
struct Wire {
    payload: web::Payload,
    heads: Heads,
    violation: Option<Violation>,
    /// Whether what came before the violation was read.
    reported: bool,
}

/// A connection's bytes, up to the first frame that is not let in.
#[derive(Clone)]
pub(crate) struct Checked(Rc<RefCell<Wire>>);

impl Checked {
    pub(crate) fn new(payload: web::Payload, limit: usize) -> Self {
        Self(Rc::new(RefCell::new(Wire { payload, heads: Heads::new(limit), violation: None, reported: false })))
    }

    /// As a payload for actix-ws.
    pub(crate) fn payload(&self, request: &HttpRequest) -> Option<web::Payload> {
        let stream: Pin<Box<dyn Stream<Item = _>>> = Box::pin(self.clone());
        let mut payload = dev::Payload::Stream { payload: stream };
        web::Payload::from_request(request, &mut payload).into_inner().ok()
    }

    /// Why the bytes ended, if the client broke a rule.
    pub(crate) fn violation(&self) -> Option<Violation> {
        self.0.borrow().violation
    }

    /// Throws away what comes next; `None` at the end of the connection.
    pub(crate) async fn discard(&self) -> Option<usize> {
        std::future::poll_fn(|context| {
            let mut wire = self.0.borrow_mut();
            Pin::new(&mut wire.payload).poll_next(context)
        })
        .await
        .and_then(Result::ok)
        .map(|bytes| bytes.len())
    }
}

impl Stream for Checked {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let wire = &mut *self.0.borrow_mut();
        if wire.violation.is_some() {
            // What came before it is read first: an error would overtake it.
            if std::mem::replace(&mut wire.reported, true) {
                return Poll::Ready(Some(Err(PayloadError::Incomplete(None))));
            }
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let mut bytes = match std::task::ready!(Pin::new(&mut wire.payload).poll_next(context)) {
            Some(Ok(bytes)) => bytes,
            other => return Poll::Ready(other),
        };
        if let Err((before, violation)) = wire.heads.take(&bytes) {
            wire.violation = Some(violation);
            bytes.truncate(before);
        }
        Poll::Ready(Some(Ok(bytes)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_bytes_come_no_more_than_a_head_is_kept_and_no_more_than_the_limit_let_in(
            frames in proptest::collection::vec((any::<u8>(), any::<u8>(), proptest::collection::vec(any::<u8>(), 0..40)), 1..30),
            step in 1_usize..50,
        ) {
            let bytes: Vec<u8> = frames.into_iter().flat_map(|(first, second, rest)| [vec![first, second | 0x80], rest].concat()).collect();
            let mut heads = Heads::new(LIMIT);
            for piece in bytes.chunks(step) {
                if heads.take(piece).is_err() {
                    break;
                }
                prop_assert!(heads.head.len() < 14 && heads.skip <= LIMIT as u64, "{} {}", heads.head.len(), heads.skip);
                prop_assert!(heads.message.is_none_or(|(size, fragments)| size <= LIMIT as u64 && fragments <= FRAGMENTS));
            }
        }
    }

    const LIMIT: usize = 1000;

    fn frame(first: u8, length: usize) -> Vec<u8> {
        let mut bytes = vec![first];
        match length {
            short @ 0..126 => bytes.push(0x80 | short as u8),
            medium => {
                bytes.push(0x80 | 126);
                bytes.extend((medium as u16).to_be_bytes());
            }
        }
        bytes.extend([0; 4]);
        bytes.extend(std::iter::repeat_n(b'x', length));
        bytes
    }

    /// What is wrong with these bytes, and how many of them are let in, in pieces of any size.
    fn judged(bytes: &[u8]) -> Option<(usize, Violation)> {
        let mut verdicts = [1, 3, 7, 100_000].map(|step| {
            let mut heads = Heads::new(LIMIT);
            let mut before = 0;
            for piece in bytes.chunks(step) {
                match heads.take(piece) {
                    Ok(()) => before += piece.len(),
                    Err((here, violation)) => return Some((before + here, violation)),
                }
            }
            None
        });
        let whole = verdicts[3].take();
        let codes = verdicts.iter().take(3).map(|verdict| verdict.map(|(_, violation)| violation));
        assert!(codes.into_iter().all(|verdict| verdict == whole.map(|(_, violation)| violation)), "{verdicts:?}");
        whole
    }

    #[test]
    fn what_the_protocol_has_is_let_in() {
        let mut bytes = frame(0x81, 5);
        bytes.extend(frame(0x01, 400));
        bytes.extend(frame(0x89, 125));
        bytes.extend(frame(0x00, 0));
        bytes.extend(frame(0x80, 600));
        bytes.extend(frame(0x82, LIMIT));
        bytes.extend(frame(0x8a, 0));
        bytes.extend(frame(0x88, 2));
        assert_eq!(judged(&bytes), None);
    }

    #[test]
    fn a_message_over_the_limit_is_known_by_its_heads() {
        let first = frame(0x81, 3);
        let mut bytes = first.clone();
        bytes.extend(frame(0x81, LIMIT + 1));
        assert_eq!(judged(&bytes), Some((first.len(), Violation::TooLarge)));
        let mut fragments = frame(0x01, 600);
        let before = fragments.len();
        fragments.extend(&frame(0x80, 401)[..8]);
        assert_eq!(judged(&fragments), Some((before, Violation::TooLarge)));
        let huge = [0x82, 0xff, 0, 0, 1, 0, 0, 0, 0, 0];
        assert_eq!(judged(&huge), Some((0, Violation::TooLarge)), "without its payload, and without its mask");
    }

    #[test]
    fn empty_fragments_do_not_go_on_without_end() {
        let mut bytes = frame(0x01, 0);
        (0..FRAGMENTS).for_each(|_| bytes.extend(frame(0x00, 0)));
        assert_eq!(judged(&bytes).map(|(_, violation)| violation), Some(Violation::TooLarge));
    }

    #[test]
    fn broken_framing_is_known_by_its_head() {
        let code = |bytes: &[u8]| judged(bytes).map(|(_, violation)| violation.code());
        for (bytes, what) in [
            (vec![0x89, 0xff, 0, 0, 1, 0, 0, 0, 0, 0], "a ping of 2^40 bytes"),
            (vec![0x89, 0xfe], "a ping over 125 bytes"),
            (vec![0x09, 0x80], "a ping in fragments"),
            (vec![0xc1], "a reserved bit"),
            (vec![0x83], "an unknown opcode"),
            (vec![0x8b], "an unknown control opcode"),
            (vec![0x81, 0x05], "no mask"),
            (vec![0x80], "a continuation of nothing"),
            ([frame(0x01, 1), vec![0x81]].concat(), "a message within another"),
            (vec![0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0], "a negative length"),
            (vec![0x88, 0x81], "half a close code"),
        ] {
            assert_eq!(code(&bytes), Some(CloseCode::Protocol), "{what}");
        }
    }
}
