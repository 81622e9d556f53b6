//! What the journal keeps of a request beside its body.

use std::borrow::Cow;
use std::cell::Cell;

use actix_web::HttpRequest;
use actix_web::http::header::HeaderMap;
use smallvec::SmallVec;

use crate::pause::GUARD_HEADER;
use crate::pipeline::Head;

/// The head of a request over HTTP, the handshake of a socket among them.
pub(crate) struct RequestHead<'a> {
    pub(crate) request: &'a HttpRequest,
    /// The path without the world's prefix.
    pub(crate) path: &'a str,
}

impl Head for RequestHead<'_> {
    fn header(&self, name: &str) -> Option<String> {
        self.request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
    }

    fn headers(&self) -> Vec<(&str, &str)> {
        let headers = self.request.headers().iter();
        headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))).collect()
    }

    fn show(&self, see: &mut dyn FnMut(&str)) {
        with_head(self.request, self.path, see);
    }
}

thread_local! {
    /// Where heads are put together: the journal mostly has the same one already.
    static LINES: Cell<String> = const { Cell::new(String::new()) };
}

/// Room that is kept between requests, in bytes.
const ROOM: usize = 4096;

/// Shows method, target and headers of a request as the journal keeps them, the path without the world's prefix.
pub(crate) fn with_head<T>(request: &HttpRequest, path: &str, show: impl FnOnce(&str) -> T) -> T {
    let mut lines = LINES.take();
    lines.clear();
    lines.push_str(request.method().as_str());
    lines.push(' ');
    lines.push_str(path);
    let query = request.query_string();
    if !query.is_empty() {
        lines.push('?');
        lines.push_str(query);
    }
    lines.push('\n');
    header_lines(request.headers(), &mut lines);
    let shown = show(&lines);
    if lines.capacity() <= ROOM {
        LINES.set(lines);
    }
    shown
}

/// Writes headers, `name: value` a line, in the order of their names, but for the bench's own. In what order they came is
/// not known: the map that holds them has another order each time.
pub(crate) fn header_lines(headers: &HeaderMap, lines: &mut String) {
    // A header's value holds no control character, so no line break. What is not UTF-8 is Latin-1, as HTTP once had it.
    let shown = headers.iter().filter(|(name, _)| name.as_str() != GUARD_HEADER).map(|(name, value)| {
        let bytes = value.as_bytes();
        let text =
            std::str::from_utf8(bytes).map_or_else(|_| bytes.iter().copied().map(char::from).collect(), Cow::from);
        (name.as_str(), text)
    });
    let mut shown: SmallVec<[(&str, Cow<'_, str>); 16]> = shown.collect();
    // Values of one name keep their order.
    shown.sort_by_key(|(name, _)| *name);
    for (name, value) in shown {
        lines.push_str(name);
        lines.push_str(": ");
        lines.push_str(&value);
        lines.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn the_same_request_has_the_same_head_each_time() {
        for _ in 0..50 {
            let request = TestRequest::get().uri("/api/v4/events?hash=none");
            let headers =
                [("user-agent", "curl"), ("token", "a"), ("accept", "*/*"), (GUARD_HEADER, "1"), ("token", "b")];
            let request = headers.into_iter().fold(request, TestRequest::append_header).to_http_request();
            let head = with_head(&request, "/api/v4/events", str::to_owned);
            assert_eq!(head, "GET /api/v4/events?hash=none\naccept: */*\ntoken: a\ntoken: b\nuser-agent: curl\n");
        }
    }
}
