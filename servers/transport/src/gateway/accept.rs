//! What a connection to the gateway begins with: a `CONNECT`, a TLS hello, or plain HTTP.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use bytes::BytesMut;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::Gateway;
use super::stream::{Connection, Peeked, Stream};

/// How long a connection may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(30);

/// The most bytes of a `CONNECT` with its headers.
const HEAD: usize = 16 * 1024;

/// The first byte of a TLS hello.
const TLS: u8 = 0x16;

/// A `CONNECT` as it was read.
#[derive(Debug, PartialEq, Eq)]
struct Connect {
    host: String,
    port: u16,
    user: Option<String>,
}

/// Does all that comes before HTTP. `None`: the connection was served, or refused, already.
pub(super) async fn accept(gateway: Arc<Gateway>, socket: TcpStream) -> io::Result<Option<Connection>> {
    let _ = socket.set_nodelay(true);
    match tokio::time::timeout(PATIENCE, begin(&gateway, socket)).await {
        Ok(Ok(Begun::Speaks(connection))) => Ok(Some(connection)),
        Ok(Ok(Begun::PassesThrough(client, server))) => {
            tunnel(client, server).await;
            Ok(None)
        }
        Ok(Ok(Begun::Refused)) | Err(_) => Ok(None),
        Ok(Err(error)) => {
            tracing::debug!(target: "stend", %error, "a connection to the gateway ended before its first request");
            Ok(None)
        }
    }
}

enum Begun {
    Speaks(Connection),
    PassesThrough(Peeked, TcpStream),
    Refused,
}

async fn begin(gateway: &Gateway, mut socket: TcpStream) -> io::Result<Begun> {
    let mut read = BytesMut::with_capacity(1024);
    first_byte(&mut socket, &mut read).await?;
    let (mut host, mut user) = (None, None);
    if is_connect(&mut socket, &mut read).await? {
        let Some(connect) = head(&mut socket, &mut read).await? else {
            refuse(&mut socket, "400 Bad Request", "stend: this CONNECT cannot be read; expected CONNECT host:443 HTTP/1.1\n").await?;
            return Ok(Begun::Refused);
        };
        let Connect { host: name, port, user: world } = connect;
        let is_ours = gateway.routes.find(&name).is_some();
        if is_ours && ![80, 443].contains(&port) {
            let text = format!("stend: {name} is served on ports 80 and 443, not on {port}\n");
            refuse(&mut socket, "502 Bad Gateway", &text).await?;
            return Ok(Begun::Refused);
        }
        if !is_ours {
            // The bench's own ports are let through for clients that send everything to their proxy.
            let local = gateway.is_own_port(&name, port);
            if !local && !gateway.pass_through.iter().any(|host| host.eq_ignore_ascii_case(&name)) {
                refuse(&mut socket, "502 Bad Gateway", &gateway.routes.unknown(&name)).await?;
                return Ok(Begun::Refused);
            }
            return match TcpStream::connect((name.as_str(), port)).await {
                Ok(server) => {
                    established(&mut socket).await?;
                    Ok(Begun::PassesThrough(Peeked { socket, read: read.freeze() }, server))
                }
                Err(error) => {
                    let text = format!("stend: {name}:{port} cannot be reached: {error}\n");
                    refuse(&mut socket, "502 Bad Gateway", &text).await?;
                    Ok(Begun::Refused)
                }
            };
        }
        established(&mut socket).await?;
        (host, user) = (Some(name), world);
        if read.is_empty() {
            first_byte(&mut socket, &mut read).await?;
        }
    }
    let is_tls = read.first() == Some(&TLS);
    let peeked = Peeked { socket, read: read.freeze() };
    if !is_tls {
        return Ok(Begun::Speaks(Connection { stream: Stream::Plain(peeked), host, user }));
    }
    let tls = TlsAcceptor::from(Arc::clone(&gateway.tls)).accept(peeked).await?;
    let named = tls.get_ref().1.server_name().map(str::to_owned);
    Ok(Begun::Speaks(Connection { stream: Stream::Tls(Box::new(tls)), host: host.or(named), user }))
}

async fn first_byte(socket: &mut TcpStream, read: &mut BytesMut) -> io::Result<()> {
    if socket.read_buf(read).await? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

/// Whether a `CONNECT` comes; reads as far as that takes.
async fn is_connect(socket: &mut TcpStream, read: &mut BytesMut) -> io::Result<bool> {
    const WORD: &[u8] = b"CONNECT ";
    while read.len() < WORD.len() && WORD.starts_with(read) {
        first_byte(socket, read).await?;
    }
    Ok(read.starts_with(WORD))
}

/// Reads the rest of a `CONNECT` and takes it from `read`.
async fn head(socket: &mut TcpStream, read: &mut BytesMut) -> io::Result<Option<Connect>> {
    let end = loop {
        if let Some(at) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if read.len() > HEAD {
            return Ok(None);
        }
        first_byte(socket, read).await?;
    };
    let head = read.split_to(end);
    Ok(std::str::from_utf8(&head).ok().and_then(parse))
}

fn parse(head: &str) -> Option<Connect> {
    let mut lines = head.split("\r\n");
    let mut words = lines.next()?.split(' ');
    let (Some("CONNECT"), Some(authority), Some(version)) = (words.next(), words.next(), words.next()) else {
        return None;
    };
    let (host, port) = authority.rsplit_once(':')?;
    let host = host.trim_matches(['[', ']']);
    if !version.starts_with("HTTP/1.") || host.is_empty() {
        return None;
    }
    let user = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("proxy-authorization").then(|| proxy_user(value.trim())).flatten()
    });
    Some(Connect { host: host.to_ascii_lowercase(), port: port.parse().ok()?, user })
}

/// The user of `Basic …`: a world.
pub(super) fn proxy_user(authorization: &str) -> Option<String> {
    let (kind, value) = authorization.split_once(' ')?;
    if !kind.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = base64::engine::general_purpose::STANDARD.decode(value.trim()).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let user = text.split_once(':').map_or(text.as_str(), |(user, _)| user);
    (!user.is_empty()).then(|| user.to_owned())
}

async fn established(socket: &mut TcpStream) -> io::Result<()> {
    socket.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await
}

async fn refuse(socket: &mut TcpStream, status: &str, text: &str) -> io::Result<()> {
    let length = text.len();
    let reply = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}"
    );
    socket.write_all(reply.as_bytes()).await?;
    socket.shutdown().await
}

async fn tunnel(mut client: Peeked, mut server: TcpStream) {
    let _ = server.set_nodelay(true);
    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connect_names_host_port_and_perhaps_a_world() {
        let read = |lines: &[&str]| parse(&(lines.join("\r\n") + "\r\n\r\n"));
        let connect = |host: &str, port, user: Option<&str>| {
            Some(Connect { host: host.into(), port, user: user.map(str::to_owned) })
        };
        assert_eq!(read(&["CONNECT API.Telemetron.net:443 HTTP/1.1"]), connect("api.telemetron.net", 443, None));
        assert_eq!(
            read(&["CONNECT a:80 HTTP/1.0", "Host: a:80", "Proxy-Authorization: Basic Y2hlY2tvdXQ6"]),
            connect("a", 80, Some("checkout"))
        );
        assert_eq!(read(&["CONNECT [::1]:443 HTTP/1.1"]), connect("::1", 443, None));
        for wrong in ["CONNECT a HTTP/1.1", "CONNECT :443 HTTP/1.1", "CONNECT a:x HTTP/1.1", "CONNECT a:443", "GET / HTTP/1.1"] {
            assert_eq!(read(&[wrong]), None, "{wrong}");
        }
        assert_eq!(proxy_user("Bearer x"), None);
        assert_eq!(proxy_user("Basic !"), None);
    }
}
