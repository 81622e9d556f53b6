//! Reading bodies: within limits, as they arrive, and in a charset that the platform understands (ruling G7).

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::error::PayloadError;
use actix_web::http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, TRANSFER_ENCODING,
};
use actix_web::{HttpRequest, web};
use bytes::{Bytes, BytesMut};
use encoding_rs::{Encoding, UTF_8};
use futures_core::Stream;

use crate::codec::{Unread, Unreadable};

/// How long a body may take to come.
const PATIENCE: Duration = Duration::from_secs(30);

/// The memory of bodies that are still being read.
static ROOM: Room = Room { taken: AtomicUsize::new(0), total: 256 * 1024 * 1024 };

/// What a body may be like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyRules {
    /// The most bytes.
    pub limit: usize,
    /// Whether the platform decodes other charsets than UTF-8, and skips a byte order mark, as Spring does.
    pub decodes: bool,
}

/// Memory that all bodies share while they are being read, in bytes.
struct Room {
    taken: AtomicUsize,
    total: usize,
}

/// What one body takes of a [`Room`], given back when dropped.
struct Share<'r> {
    room: &'r Room,
    bytes: usize,
}

impl Room {
    fn share(&self) -> Share<'_> {
        Share { room: self, bytes: 0 }
    }
}

impl Share<'_> {
    fn grow(&mut self, by: usize) -> Result<(), Unreadable> {
        self.bytes += by;
        let taken = self.room.taken.fetch_add(by, Ordering::Relaxed) + by;
        if taken > self.room.total { Err(Unreadable::NoRoom) } else { Ok(()) }
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.room.taken.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// Reads a body.
///
/// # Errors
/// Why it cannot be read.
pub async fn read_body(request: &HttpRequest, payload: web::Payload, rules: BodyRules) -> Result<Bytes, Unread> {
    let headers = request.headers();
    let declared: u64 = text(headers, CONTENT_LENGTH).and_then(|length| length.parse().ok()).unwrap_or(0);
    if declared == 0 && !headers.contains_key(TRANSFER_ENCODING) {
        return Ok(Bytes::new());
    }
    if declared > rules.limit as u64 {
        return Err(Unreadable::TooLarge(rules.limit).into());
    }
    let body = tokio::time::timeout(PATIENCE, collect(payload, rules.limit, &ROOM)).await;
    let body = body.map_err(|_| Unreadable::TooSlow)??;
    decode(headers, body.clone(), rules.decodes).map_err(|why| Unread { why, bytes: body })
}

/// Takes memory only for what has come.
async fn collect(
    mut pieces: impl Stream<Item = Result<Bytes, PayloadError>> + Unpin,
    limit: usize,
    room: &Room,
) -> Result<Bytes, Unreadable> {
    let mut share = room.share();
    let mut body = BytesMut::new();
    loop {
        match std::future::poll_fn(|context| Pin::new(&mut pieces).poll_next(context)).await {
            None => return Ok(body.freeze()),
            Some(Ok(piece)) if body.len() + piece.len() > limit => return Err(Unreadable::TooLarge(limit)),
            Some(Ok(piece)) => {
                share.grow(piece.len())?;
                body.extend_from_slice(&piece);
            }
            Some(Err(error)) => return Err(Unreadable::Broken(error.to_string())),
        }
    }
}

/// A body as UTF-8, or why it cannot be had so.
fn decode(headers: &HeaderMap, body: Bytes, decodes: bool) -> Result<Bytes, Unreadable> {
    if body.is_empty() {
        return Ok(body);
    }
    let shown = |value: &str| value.chars().take(60).collect::<String>();
    if let Some(encoding) = text(headers, CONTENT_ENCODING)
        && !matches!(encoding.trim().to_ascii_lowercase().as_str(), "" | "identity")
    {
        return Err(Unreadable::Encoded(shown(encoding.trim())));
    }
    if let Some((encoding, length)) = Encoding::for_bom(&body) {
        if !decodes {
            return Err(Unreadable::Mark(encoding.name()));
        }
        return Ok(in_utf8(encoding, body.slice(length..)));
    }
    let charset = text(headers, CONTENT_TYPE).and_then(charset).filter(|charset| !charset.is_empty());
    let Some(label) = charset else { return Ok(body) };
    match Encoding::for_label(label.as_bytes()) {
        Some(encoding) if encoding == UTF_8 => Ok(body),
        // ASCII is UTF-8, though the label stands for Windows-1252.
        Some(_) if label.eq_ignore_ascii_case("us-ascii") => Ok(body),
        Some(encoding) if decodes => Ok(in_utf8(encoding, body)),
        _ => Err(Unreadable::Charset(shown(label))),
    }
}

/// Why a body is no UTF-8, naming the charset that it looks like, with `advice` on that (ruling G7); none for UTF-8.
pub fn not_utf8(body: &[u8], advice: &str) -> Option<String> {
    let at = std::str::from_utf8(body).err()?.valid_up_to();
    let byte = body.get(at).copied().unwrap_or_default();
    let mut text = format!("the body is not UTF-8: byte 0x{byte:02X} at {at}");
    // Russian text in Windows-1251 is letters from 0xC0 on, with an occasional Ё, quote, dash or number sign.
    let high = body.iter().filter(|byte| **byte >= 0x80);
    let letters = high.clone().filter(|byte| **byte >= 0xC0 || b"\xA8\xB8\xAB\xBB\x96\x97\xB9".contains(byte));
    if letters.count() * 10 >= high.count() * 9 {
        text.push_str("; it looks like windows-1251; ");
        text.push_str(advice);
    }
    Some(text)
}

fn in_utf8(encoding: &'static Encoding, body: Bytes) -> Bytes {
    if encoding == UTF_8 {
        return body;
    }
    let (text, _) = encoding.decode_without_bom_handling(&body);
    text.into_owned().into()
}

/// The parameter `charset` of a content type.
fn charset(content_type: &str) -> Option<&str> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
    })
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use actix_web::test::TestRequest;
    use proptest::prelude::*;
    use proptest::test_runner::TestCaseError;

    use super::*;

    fn decoded(
        headers: &[(&'static str, &'static str)],
        body: &'static [u8],
        decodes: bool,
    ) -> Result<Bytes, Unreadable> {
        let request = headers.iter().fold(TestRequest::post(), |request, header| request.append_header(*header));
        decode(request.to_http_request().headers(), Bytes::from_static(body), decodes)
    }

    #[test]
    fn a_charset_is_decoded_where_the_platform_does_and_else_named() {
        let json = [("content-type", "application/json; charset=windows-1251")];
        assert_eq!(decoded(&json, b"\"\xcf\xe8\xe2\xee\"", true), Ok("\"Пиво\"".into()));
        assert_eq!(decoded(&json, b"\"\xcf\"", false), Err(Unreadable::Charset("windows-1251".into())));
        for utf8 in [
            "application/json",
            "application/json; charset=UTF-8",
            "text/plain; charset=\"utf8\"; x=y",
            "a; charset=us-ascii",
        ] {
            assert_eq!(decoded(&[("content-type", utf8)], b"{}", false), Ok("{}".into()), "{utf8}");
        }
        let odd = [("content-type", "application/json; charset=klingon")];
        assert_eq!(decoded(&odd, b"{}", true), Err(Unreadable::Charset("klingon".into())));
        assert_eq!(decoded(&odd, b"", true), Ok(Bytes::new()), "nothing has no charset");
    }

    #[test]
    fn a_body_of_another_charset_is_recognised() {
        assert_eq!(not_utf8("{\"a\": \"Борщ\"}".as_bytes(), "say so"), None);
        let russian = not_utf8(b"{\"a\": \"\xC1\xEE\xF0\xF9 \xB95\"}", "say so");
        let text = "the body is not UTF-8: byte 0xC1 at 7; it looks like windows-1251; say so";
        assert_eq!(russian.as_deref(), Some(text));
        let other = not_utf8(b"\"\x8f\x90\"", "say so");
        assert_eq!(other.as_deref(), Some("the body is not UTF-8: byte 0x8F at 1"));
    }

    #[test]
    fn byte_order_marks_and_compression_are_named() {
        assert_eq!(decoded(&[], b"\xef\xbb\xbf{}", true), Ok("{}".into()));
        assert_eq!(decoded(&[], b"\xef\xbb\xbf{}", false), Err(Unreadable::Mark("UTF-8")));
        assert_eq!(decoded(&[], b"\xff\xfe{\0}\0", true), Ok("{}".into()));
        assert_eq!(decoded(&[], b"\xff\xfe{\0}\0", false), Err(Unreadable::Mark("UTF-16LE")));
        for decodes in [true, false] {
            let gzip = [("content-encoding", "gzip")];
            assert_eq!(decoded(&gzip, b"\x1f\x8b", decodes), Err(Unreadable::Encoded("gzip".into())));
        }
        assert_eq!(decoded(&[("content-encoding", "identity")], b"{}", false), Ok("{}".into()));
    }

    #[test]
    fn bodies_that_are_being_read_share_what_there_is() {
        let room = Room { taken: AtomicUsize::new(0), total: 100 };
        let mut large = room.share();
        assert_eq!(large.grow(100), Ok(()));
        assert_eq!(room.share().grow(1), Err(Unreadable::NoRoom));
        drop(large);
        assert_eq!(room.share().grow(1), Ok(()), "what is read gives its share back");
    }

    /// Pieces of a body; `None` is a connection that breaks.
    struct Pieces(std::vec::IntoIter<Option<usize>>);

    impl Stream for Pieces {
        type Item = Result<Bytes, PayloadError>;

        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            let piece = self.0.next().map(|piece| piece.ok_or(PayloadError::Incomplete(None)));
            Poll::Ready(piece.map(|piece| piece.map(|length| Bytes::from(vec![b' '; length]))))
        }
    }

    proptest! {
        #[test]
        fn a_body_takes_what_has_come_within_its_limit_and_gives_it_back(
            pieces in proptest::collection::vec(proptest::option::weighted(0.95, 0_usize..40), 0..20),
            limit in 0_usize..200,
            total in 0_usize..300,
        ) {
            let room = Room { taken: AtomicUsize::new(0), total };
            let whole: Option<usize> = pieces.iter().copied().sum();
            let mut reading = pin!(collect(Pieces(pieces.into_iter()), limit, &room));
            let read = match reading.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(read) => read,
                Poll::Pending => return Err(TestCaseError::fail("it waits for nothing")),
            };
            prop_assert_eq!(room.taken.load(Ordering::Relaxed), 0);
            match (read, whole) {
                (Ok(body), Some(whole)) => prop_assert!(body.len() == whole && whole <= limit.min(total)),
                (Ok(_), None) => return Err(TestCaseError::fail("it broke")),
                (Err(Unreadable::TooLarge(_)), whole) => prop_assert!(whole.is_none_or(|whole| whole > limit)),
                (Err(Unreadable::NoRoom), whole) => prop_assert!(whole.is_none_or(|whole| whole > total)),
                (Err(_), whole) => prop_assert_eq!(whole, None),
            }
        }
    }
}
