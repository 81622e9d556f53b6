//! Logs of `curl -v`: heads behind `>` and `<`, notes behind `*`, and replies as they are.

use stend_core::Timestamp;
use stend_core::traffic::{HttpExchange, Traffic};

/// What a note begins with that follows a reply on its own line, as curl writes no newline after a body.
const AFTER: [&str; 2] = ["* Connection #", "* Closing connection"];

/// Whether a text looks like such a log.
pub(super) fn is_log(head: &str) -> bool {
    let mut lines = head.lines().map(plain);
    lines.any(|line| line.starts_with("> ") && line.contains(" HTTP/") || line.starts_with("* ") || is_progress(line))
}

/// The exchanges of a log. Such a log has no bodies of requests.
pub(super) fn read(text: &str) -> Vec<Traffic> {
    let mut log = Log { rest: text, secure: false };
    let mut found = Vec::new();
    while let Some(line) = log.line() {
        log.note(line);
        let Some(first) = line.strip_prefix("> ").filter(|first| first.contains(" HTTP/")) else { continue };
        let exchange = log.exchange(first);
        // A tunnel is the proxy's.
        if exchange.method != "CONNECT" {
            found.push(Traffic::Http(Box::new(exchange)));
        }
    }
    found
}

struct Log<'t> {
    rest: &'t str,
    /// Whether the connection speaks TLS.
    secure: bool,
}

/// A line without what the progress meter has left before it.
fn plain(line: &str) -> &str {
    let line = line.rsplit('\r').find(|part| !part.is_empty()).unwrap_or_default();
    let after = line.rfind(METER).map_or(0, |at| at + METER.len());
    match after {
        0 => line,
        _ => {
            line[after..].find(['>', '<', '*', '{', '}']).map_or(line, |at| line.get(after + at..).unwrap_or_default())
        }
    }
}

const METER: &str = "--:--:--";

fn is_progress(line: &str) -> bool {
    line.contains(METER) || line.starts_with("  % Total") || line.trim_start().starts_with("Dload")
}

fn is_note(line: &str) -> bool {
    line.starts_with("* ") || line.starts_with("{ [") || line.starts_with("} [") || is_progress(line)
}

impl<'t> Log<'t> {
    fn line(&mut self) -> Option<&'t str> {
        if self.rest.is_empty() {
            return None;
        }
        let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        self.rest = rest;
        Some(plain(line))
    }

    fn note(&mut self, line: &str) {
        if line.starts_with("*   Trying") || line.starts_with("* Trying") {
            self.secure = false;
        } else if line.starts_with("* SSL connection using") || line.starts_with("* TLS") {
            self.secure = true;
        }
    }

    /// Lines behind this mark, as headers, up to the one that is empty.
    fn headers(&mut self, mark: &str) -> Vec<(String, String)> {
        let mut headers = Vec::new();
        while let Some(line) = self.line() {
            let Some(header) = line.strip_prefix(mark) else {
                self.note(line);
                continue;
            };
            match header.split_once(':') {
                Some((name, value)) => headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned())),
                None => break,
            }
        }
        headers
    }

    fn exchange(&mut self, first: &str) -> HttpExchange {
        let mut words = first.split(' ');
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or("/"));
        let mut exchange = HttpExchange { method: method.to_ascii_uppercase(), ..HttpExchange::default() };
        exchange.headers = self.headers(">");
        let host = exchange.header("host").unwrap_or_default();
        let scheme = if self.secure { "https" } else { "http" };
        exchange.url = if target.contains("://") { target.to_owned() } else { format!("{scheme}://{host}{target}") };
        let has_body = exchange.header("content-length").is_some_and(|length| length != "0")
            || exchange.header("transfer-encoding").is_some();
        if has_body {
            exchange.unreadable = Some("a log of curl has no body of the request".to_owned());
        }
        while self.next_is(|line| is_note(line) || line.starts_with("< HTTP/")) {
            let Some(line) = self.line() else { break };
            self.note(line);
            let Some(status) = line.strip_prefix("< HTTP/") else { continue };
            let status = status.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
            let headers = self.headers("<");
            // A word that another reply will follow.
            if (100..200).contains(&status) && status != 101 {
                continue;
            }
            (exchange.status, exchange.reply_headers) = (status, headers);
            exchange.at = exchange.reply_header("date").and_then(moment);
            self.body(&mut exchange);
            break;
        }
        exchange
    }

    fn next_is(&self, wanted: impl Fn(&str) -> bool) -> bool {
        let line = self.rest.split('\n').next().unwrap_or_default();
        !self.rest.is_empty() && wanted(plain(line))
    }

    fn body(&mut self, exchange: &mut HttpExchange) {
        let bare =
            exchange.method == "HEAD" || exchange.method == "CONNECT" || [101, 204, 304].contains(&exchange.status);
        let length = exchange.reply_header("content-length").and_then(|length| length.parse::<usize>().ok());
        if bare || length == Some(0) {
            return;
        }
        while self.next_is(is_note) {
            if let Some(line) = self.line() {
                self.note(line);
            }
        }
        if self.rest.is_empty() || self.next_is(|line| line.starts_with("> ")) {
            exchange.unreadable.get_or_insert_with(|| "the log has no body of the reply".to_owned());
            return;
        }
        // The length is that of the compressed body, the log has it decompressed.
        let length = length.filter(|_| exchange.reply_header("content-encoding").is_none());
        let end = length.filter(|length| self.rest.is_char_boundary(*length)).unwrap_or_else(|| self.end());
        let (body, rest) = self.rest.split_at(end);
        (exchange.reply, self.rest) = (body.as_bytes().to_vec(), rest);
    }

    /// Where a body ends whose length is not known.
    fn end(&self) -> usize {
        let mut at = 0;
        for line in self.rest.split_inclusive('\n') {
            let after = AFTER.iter().filter_map(|note| line.find(note)).min();
            if let Some(after) = after {
                return at + after;
            }
            if line.starts_with("> ") || is_note(line) {
                break;
            }
            at += line.len();
        }
        at
    }
}

/// A time of HTTP, as `Fri, 27 Nov 2026 09:00:00 GMT`.
fn moment(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(text).ok().map(|at| at.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "*   Trying 127.0.0.1:7701...\n* Connected to h (127.0.0.1) port 7701 (#0)\n\
        > GET /api/v4/events?hash=none HTTP/1.1\r\n> Host: h:7701\r\n> token: demo-token\r\n> \r\n\
        < HTTP/1.1 200 OK\r\n< content-length: 15\r\n< date: Fri, 27 Nov 2026 09:00:00 GMT\r\n< \r\n\
        {\"result\":true}* Connection #0 to host h left intact\n\
        * Re-using existing connection!\n> POST /a HTTP/1.1\r\n> Host: h:7701\r\n> Content-Length: 2\r\n> \r\n\
        < HTTP/1.1 100 Continue\r\n< \r\n} [2 bytes data]\n< HTTP/1.1 404 Not Found\r\n< \r\n{\n  \"a\": 1\n}\n* Closing connection 0\n";

    #[test]
    fn heads_and_replies_are_read() {
        let found = read(LOG);
        let [Traffic::Http(first), Traffic::Http(second)] = &found[..] else { panic!("{found:?}") };
        assert_eq!((first.url.as_str(), first.status), ("http://h:7701/api/v4/events?hash=none", 200));
        assert_eq!((first.header("token"), &first.reply[..]), (Some("demo-token"), &b"{\"result\":true}"[..]));
        assert_eq!(first.at, "2026-11-27T09:00:00Z".parse().ok());
        assert_eq!(
            (second.method.as_str(), second.status, &second.reply[..]),
            ("POST", 404, &b"{\n  \"a\": 1\n}\n"[..])
        );
        assert_eq!(second.unreadable.as_deref(), Some("a log of curl has no body of the request"));
        assert!(is_log(LOG) && !is_log("{\"log\": {}}") && !is_log("stend: 1\ntimeline: []\n"));
    }

    #[test]
    fn tunnels_meters_and_missing_bodies_are_taken_for_what_they_are() {
        let log = "* Trying 127.0.0.1:7705...\n> CONNECT h:443 HTTP/1.1\r\n> Host: h:443\r\n> \r\n< HTTP/1.1 200 Connection established\r\n< \r\n\
            * SSL connection using TLSv1.3\n\r  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0> GET / HTTP/2\r\n> Host: h\r\n> \r\n\
            < HTTP/2 200 \r\n< content-length: 5\r\n< \r\n{ [5 bytes data]\n\r100     5  100     5    0     0     1      0 --:--:-- --:--:-- --:--:--     1\n* Connection #0 to host h left intact\n";
        let found = read(log);
        let [Traffic::Http(one)] = &found[..] else { panic!("{found:?}") };
        assert_eq!((one.url.as_str(), one.status), ("https://h/", 200));
        assert_eq!(one.unreadable.as_deref(), Some("the log has no body of the reply"));
        // What is cut short.
        for cut in 0..log.len() {
            if log.is_char_boundary(cut) {
                read(&log[..cut]);
                read(&LOG[..cut.min(LOG.len())]);
            }
        }
    }
}
