//! Reading bodies: within limits, as they arrive, and in a charset that the platform understands (ruling G7).

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, TRANSFER_ENCODING,
};
use actix_web::{HttpRequest, web};
use bytes::{Bytes, BytesMut};
use encoding_rs::{Encoding, UTF_8};

use crate::codec::{Unread, Unreadable};

/// How long a body may take to come.
const PATIENCE: Duration = Duration::from_secs(30);

/// The most that bodies which are still being read take together, in bytes.
const TOTAL: usize = 256 * 1024 * 1024;

static TAKEN: AtomicUsize = AtomicUsize::new(0);

/// What a body may be like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyRules {
    /// The most bytes.
    pub limit: usize,
    /// Whether the platform decodes other charsets than UTF-8, and skips a byte order mark, as Spring does.
    pub decodes: bool,
}

/// A share of [`TOTAL`], given back when dropped.
struct Share(usize);

impl Share {
    fn grow(&mut self, by: usize) -> Result<(), Unreadable> {
        self.0 += by;
        if TAKEN.fetch_add(by, Ordering::Relaxed) + by > TOTAL { Err(Unreadable::NoRoom) } else { Ok(()) }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        TAKEN.fetch_sub(self.0, Ordering::Relaxed);
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
    let body = tokio::time::timeout(PATIENCE, collect(payload, rules.limit)).await;
    let body = body.map_err(|_| Unreadable::TooSlow)??;
    decode(headers, body.clone(), rules.decodes).map_err(|why| Unread { why, bytes: body })
}

/// Takes memory only for what has come.
async fn collect(mut payload: web::Payload, limit: usize) -> Result<Bytes, Unreadable> {
    let mut share = Share(0);
    let mut body = BytesMut::new();
    loop {
        let piece = std::future::poll_fn(|context| {
            futures_core::Stream::poll_next(Pin::<&mut web::Payload>::new(&mut payload), context)
        });
        match piece.await {
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
    use actix_web::test::TestRequest;

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
        let mut large = Share(0);
        assert_eq!(large.grow(TOTAL), Ok(()));
        assert_eq!(Share(0).grow(1), Err(Unreadable::NoRoom));
        drop(large);
        assert_eq!(Share(0).grow(1), Ok(()), "what is read gives its share back");
    }
}
