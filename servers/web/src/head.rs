//! What the journal keeps of a request beside its body.

use std::cell::Cell;

use actix_web::HttpRequest;
use actix_web::http::header::HeaderMap;

use crate::pause::TICKET;

thread_local! {
    /// Where heads are put together: the journal mostly has the same one already.
    static LINES: Cell<String> = const { Cell::new(String::new()) };
}

/// Room that is kept between requests, in bytes.
const ROOM: usize = 4096;

/// Shows method, target and headers of a request as the journal keeps them, the path without the world's prefix.
pub fn with_head<T>(request: &HttpRequest, path: &str, show: impl FnOnce(&str) -> T) -> T {
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

/// Writes headers, `name: value` a line, but for the bench's own.
pub fn header_lines(headers: &HeaderMap, lines: &mut String) {
    for (name, value) in headers {
        // A header's value holds no control character, so no line break; what is not ASCII is left out. Asked of the
        // whole at once: `HeaderValue::to_str` looks at byte after byte.
        if value.as_bytes().is_ascii()
            && let Ok(value) = std::str::from_utf8(value.as_bytes())
            && name.as_str() != TICKET
        {
            lines.push_str(name.as_str());
            lines.push_str(": ");
            lines.push_str(value);
            lines.push('\n');
        }
    }
}
