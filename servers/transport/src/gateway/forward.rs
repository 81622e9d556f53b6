//! A proxied request over plain HTTP (absolute-form) to a system elsewhere, made into one for the system itself.

use bytes::BytesMut;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

use super::accept::Refusal;

/// The most bytes of a head; the server says so to whoever sends more.
const MOST: usize = 64 * 1024;

/// The most headers of a request.
const HEADERS: usize = 100;

/// A request for a host of its own.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Forward {
    /// In lower case, without brackets and without a dot at its end.
    pub(super) host: String,
    pub(super) port: u16,
    /// How many bytes its head takes as it was sent.
    pub(super) length: usize,
    /// The head for the system. It asks for the connection's end after the reply, unless it asks for a socket: what a client
    /// sends next over its connection to a proxy may be for another host.
    pub(super) head: Vec<u8>,
}

/// Reads a request's head as far as is needed; `None` for what names no host in its target.
pub(super) async fn read(socket: &mut TcpStream, read: &mut BytesMut) -> Result<Option<Forward>, Refusal> {
    loop {
        match parse(read) {
            Parsed::Forward(forward) => return Ok(Some(forward)),
            Parsed::Other => return Ok(None),
            Parsed::Partial if read.len() >= MOST => return Ok(None),
            Parsed::Partial => {}
        }
        read.reserve(1024);
        if socket.read_buf(read).await.map_err(Refusal::Gone)? == 0 {
            return Ok(None);
        }
    }
}

enum Parsed {
    Forward(Forward),
    Partial,
    /// Something else: a request in another form, or no HTTP.
    Other,
}

fn parse(bytes: &[u8]) -> Parsed {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let parsed = request.parse(bytes);
    if request.path.is_some_and(|target| split(target).is_none()) {
        return Parsed::Other;
    }
    let length = match parsed {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Parsed::Partial,
        Err(_) => return Parsed::Other,
    };
    let target = request.path.and_then(split);
    let (Some((authority, rest)), Some(method)) = (target, request.method) else { return Parsed::Other };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().ok()),
        _ => (authority, Some(80)),
    };
    let (Some(host), Some(port)) = (super::plain_host(host), port) else { return Parsed::Other };
    let slash = if rest.starts_with('/') { "" } else { "/" };
    let version = request.version.unwrap_or(1);
    let mut head = format!("{method} {slash}{rest} HTTP/1.{version}\r\nHost: {authority}\r\n").into_bytes();
    let is_upgrade = request.headers.iter().any(|header| header.name.eq_ignore_ascii_case("upgrade"));
    for header in request.headers.iter() {
        let name = header.name.to_ascii_lowercase();
        let is_hop =
            name.starts_with("proxy-") || (!is_upgrade && ["connection", "keep-alive"].contains(&name.as_str()));
        if name == "host" || is_hop {
            continue;
        }
        head.extend_from_slice(header.name.as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(header.value);
        head.extend_from_slice(b"\r\n");
    }
    if !is_upgrade {
        head.extend_from_slice(b"Connection: close\r\n");
    }
    head.extend_from_slice(b"\r\n");
    Parsed::Forward(Forward { host, port, length, head })
}

/// The authority of an absolute target over plain HTTP, and what follows it.
fn split(target: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = target.split_once("://")?;
    if !["http", "ws"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) || rest.starts_with('/') {
        return None;
    }
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    (!authority.contains('@')).then_some((authority, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forwarded(text: &str) -> Option<(String, u16, usize, String)> {
        match parse(text.as_bytes()) {
            Parsed::Forward(Forward { host, port, length, head }) => {
                Some((host, port, length, String::from_utf8_lossy(&head).into_owned()))
            }
            Parsed::Partial | Parsed::Other => None,
        }
    }

    #[test]
    fn a_proxied_request_becomes_one_for_the_system() {
        let text = "POST http://POS.example.com:8080/a?b=1 HTTP/1.1\r\nHost: other\r\nProxy-Connection: keep-alive\r\nX: 1\r\nContent-Length: 2\r\n\r\n";
        let head = "POST /a?b=1 HTTP/1.1\r\nHost: POS.example.com:8080\r\nX: 1\r\nContent-Length: 2\r\nConnection: close\r\n\r\n";
        assert_eq!(
            forwarded(&format!("{text}{{}}")),
            Some(("pos.example.com".into(), 8080, text.len(), head.into())),
            "the body stays"
        );
        let socket = "GET http://[::1]/ HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
        let head = "GET / HTTP/1.1\r\nHost: [::1]\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
        assert_eq!(forwarded(socket), Some(("::1".into(), 80, socket.len(), head.into())));
        let bare = "GET http://a?b HTTP/1.0\r\n\r\n";
        assert_eq!(
            forwarded(bare).map(|found| found.3).as_deref(),
            Some("GET /?b HTTP/1.0\r\nHost: a\r\nConnection: close\r\n\r\n")
        );
    }

    #[test]
    fn everything_else_is_the_servers() {
        for other in [
            "GET / HTTP/1.1\r\n\r\n",
            "GET / HT",
            "\u{16}\u{3}",
            "GET https://a/ HTTP/1.1\r\n\r\n",
            "GET http://u@a/ HTTP/1.1\r\n\r\n",
            "OPTIONS * HTTP/1.1\r\n\r\n",
            "GET http:///x HTTP/1.1\r\n\r\n",
        ] {
            assert!(matches!(parse(other.as_bytes()), Parsed::Other), "{other}");
        }
        for partial in ["GE", "GET http://a/ HTTP/1.1\r\nHost: a\r\n"] {
            assert!(matches!(parse(partial.as_bytes()), Parsed::Partial), "{partial}");
        }
    }
}
