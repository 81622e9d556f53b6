//! What the journal keeps of a request beside its body.

use actix_web::HttpRequest;
use actix_web::http::header::HeaderMap;
use stend_core::journal::Head;

use crate::pause::TICKET;

/// Method, target and headers of a request as the journal keeps them, the path without the world's prefix: one allocation.
pub fn head(request: &HttpRequest, path: &str) -> Head {
    let (method, query, headers) = (request.method().as_str(), request.query_string(), request.headers());
    let room: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 3).sum();
    let mut head = String::with_capacity(method.len() + path.len() + query.len() + 3 + room);
    head.push_str(method);
    head.push(' ');
    head.push_str(path);
    if !query.is_empty() {
        head.push('?');
        head.push_str(query);
    }
    head.push('\n');
    header_lines(headers, &mut head);
    head.into()
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
