//! Reading a `CONNECT`, and the world that a proxy's user names.

use base64::Engine as _;
use bytes::BytesMut;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

use super::accept::Refusal;

/// The most bytes of a `CONNECT` with its headers.
const MOST: usize = 16 * 1024;

/// The most headers of a `CONNECT`.
const HEADERS: usize = 64;

/// A `CONNECT` as it was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Connect {
    /// In lower case, without brackets and without a dot at its end.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) user: Option<String>,
}

const EXPECTED: &str = "expected `CONNECT host:443 HTTP/1.1`";

/// Reads the rest of a `CONNECT` and takes it from `read`.
pub(super) async fn read(socket: &mut TcpStream, read: &mut BytesMut) -> Result<Connect, Refusal> {
    loop {
        if let Some((length, connect)) = parse(read)? {
            let _ = read.split_to(length);
            return Ok(connect);
        }
        if read.len() >= MOST {
            return Err(Refusal::new(
                "431 Request Header Fields Too Large",
                format!("a CONNECT may take {MOST} bytes"),
            ));
        }
        read.reserve(1024);
        if socket.read_buf(read).await.map_err(Refusal::Gone)? == 0 {
            return Err(Refusal::Gone(std::io::ErrorKind::UnexpectedEof.into()));
        }
    }
}

/// A whole `CONNECT` and its length in bytes; `None` while it is not.
fn parse(bytes: &[u8]) -> Result<Option<(usize, Connect)>, Refusal> {
    let bad = |what: String| Refusal::new("400 Bad Request", what);
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let length = match request.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => {
            let why = format!("a CONNECT may have {HEADERS} headers");
            return Err(Refusal::new("431 Request Header Fields Too Large", why));
        }
        Err(error) => return Err(bad(format!("this CONNECT cannot be read ({error}); {EXPECTED}"))),
    };
    let target = request.path.unwrap_or_default();
    let (host, port) =
        authority(target).ok_or_else(|| bad(format!("`{target}` is no host with a port; {EXPECTED}")))?;
    let mut user = None;
    for header in request.headers.iter() {
        if ["content-length", "transfer-encoding"].iter().any(|name| header.name.eq_ignore_ascii_case(name))
            && header.value != b"0"
        {
            return Err(bad("a CONNECT has no body".into()));
        }
        if header.name.eq_ignore_ascii_case("proxy-authorization") {
            if user.is_some() {
                return Err(bad("two Proxy-Authorization headers".into()));
            }
            user = Some(proxy_user(std::str::from_utf8(header.value).unwrap_or_default())?);
        }
    }
    Ok(Some((length, Connect { host, port, user: user.flatten() })))
}

/// The host, in lower case, and the port of `host:port`.
fn authority(text: &str) -> Option<(String, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let port = port.parse().ok().filter(|port| digits && *port != 0)?;
    Some((super::plain_host(host)?, port))
}

/// The user of `Basic …`: a world, or none.
pub(super) fn proxy_user(authorization: &str) -> Result<Option<String>, Refusal> {
    let wrong = |why: &str| {
        let text = format!("{why}; the proxy's user name is a world, e.g. http://checkout@127.0.0.1:7705");
        Refusal::new("407 Proxy Authentication Required", text)
    };
    let (kind, value) = authorization.trim().split_once(' ').unwrap_or((authorization, ""));
    if !kind.eq_ignore_ascii_case("basic") {
        return Err(wrong("Proxy-Authorization is not `Basic`"));
    }
    let decoded = base64::engine::general_purpose::STANDARD.decode(value.trim());
    let text = decoded.ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let text = text.ok_or_else(|| wrong("Proxy-Authorization is not base64 of `user:password`"))?;
    let user = text.split_once(':').map_or(text.as_str(), |(user, _)| user);
    Ok((!user.is_empty()).then(|| user.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Result<Option<Connect>, String> {
        let read = parse((lines.join("\r\n") + "\r\n\r\n").as_bytes());
        read.map(|found| found.map(|(_, connect)| connect)).map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn a_connect_names_host_port_and_perhaps_a_world() {
        let connect = |host: &str, port, user: Option<&str>| {
            Ok(Some(Connect { host: host.into(), port, user: user.map(str::to_owned) }))
        };
        assert_eq!(read(&["CONNECT API.Telemetron.net.:443 HTTP/1.1"]), connect("api.telemetron.net", 443, None));
        let user = "Proxy-Authorization: Basic Y2hlY2tvdXQ6";
        assert_eq!(read(&["CONNECT a:80 HTTP/1.0", "Host: a:80", user]), connect("a", 80, Some("checkout")));
        assert_eq!(read(&["CONNECT [::1]:443 HTTP/1.1"]), connect("::1", 443, None));
        assert_eq!(parse(b"CONNECT a:80 HTTP/1.1\r\n").map(|found| found.is_none()).ok(), Some(true));
    }

    #[test]
    fn what_is_no_connect_is_told_with_what_was_expected() {
        for wrong in
            ["a", ":443", "a:x", "a:", "a:0", "a:99999", "a:+80", "u@a:443", "::1:443", "[::1:443", "a b:443", "a/:80"]
        {
            let said = read(&[&format!("CONNECT {wrong} HTTP/1.1")]).expect_err(wrong);
            assert!(
                said.starts_with("400 Bad Request") && said.contains("CONNECT host:443 HTTP/1.1"),
                "{wrong}: {said}"
            );
        }
        let body = read(&["CONNECT a:80 HTTP/1.1", "Content-Length: 5"]).expect_err("a body");
        assert!(body.contains("has no body"), "{body}");
        let twice = ["CONNECT a:80 HTTP/1.1", "Proxy-Authorization: Basic YTo=", "Proxy-Authorization: Basic Yjo="];
        assert!(read(&twice).expect_err("two").contains("two Proxy-Authorization"));
        for odd in ["Bearer x", "Basic !", "", "Basic /w=="] {
            let said = proxy_user(odd).expect_err(odd).to_string();
            assert!(said.starts_with("407") && said.contains("http://checkout@127.0.0.1:7705"), "{odd}: {said}");
        }
        assert_eq!(proxy_user("Basic OnB3").ok(), Some(None), "a password alone names no world");
        let many: Vec<String> = (0..70).map(|n| format!("x-{n}: 1")).collect();
        let many: Vec<&str> = ["CONNECT a:80 HTTP/1.1"].into_iter().chain(many.iter().map(String::as_str)).collect();
        assert!(read(&many).expect_err("too many").starts_with("431"));
    }
}
