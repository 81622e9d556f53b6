//! What a connection begins with: a `CONNECT`, a TLS hello, or plain HTTP.

use std::fmt;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;
use rustls::ServerConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::connect::{self, Connect};
use super::forward::{self, Forward};
use super::stream::{Before, Connection, Peeked, Stream};
use super::tap::{Speaker, Tap};
use super::{Destination, Gateway, Recording};

/// How long a connection may take to say what it wants, or to shake hands.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a tunnel may stay silent at its beginning: browsers open some in advance.
const IDLE: Duration = Duration::from_secs(60);

/// How long the host of a tunnel may take to answer.
const CONNECTING: Duration = Duration::from_secs(10);

/// The first byte of a TLS hello.
const TLS: u8 = 0x16;

/// Why a connection goes no further.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It is answered with this status and text.
    Told(&'static str, String),
    /// Its client has gone, or is served already.
    Gone(io::Error),
}

impl Refusal {
    pub(super) fn new(status: &'static str, text: impl Into<String>) -> Self {
        Self::Told(status, text.into())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Told(status, text) => write!(f, "{status}: {text}"),
            Self::Gone(error) => error.fmt(f),
        }
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Gone(error)
    }
}

/// What comes before HTTP on the gateway's port.
///
/// # Errors
/// The connection was refused, was a tunnel that has ended, or is gone.
pub(super) async fn gateway(gateway: Arc<Gateway>, mut socket: TcpStream) -> io::Result<Connection> {
    let _ = socket.set_nodelay(true);
    let mut read = BytesMut::with_capacity(1024);
    let begun = match tokio::time::timeout(PATIENCE, begin(&gateway, &mut socket, &mut read)).await {
        Ok(Ok(begun)) => begun,
        Ok(Err(Refusal::Gone(error))) => return Err(error),
        Ok(Err(Refusal::Told(status, text))) => return refuse(socket, status, &text).await,
        Err(_) => {
            let text = format!("nothing whole came within {} s", PATIENCE.as_secs());
            return refuse(socket, "408 Request Timeout", &text).await;
        }
    };
    let before = match begun {
        Begun::Speaks => Before::default(),
        Begun::Tunnel(before) => {
            if read.is_empty() {
                let first = tokio::time::timeout(IDLE, more(&mut socket, &mut read)).await;
                first.map_err(|_| io::ErrorKind::TimedOut)??;
            }
            before
        }
        Begun::Through(server) => return Err(tunnel(Peeked { socket, read: read.freeze() }, server).await),
        Begun::Recorded(server, host, port) => {
            if read.is_empty() {
                let first = tokio::time::timeout(IDLE, more(&mut socket, &mut read)).await;
                first.map_err(|_| io::ErrorKind::TimedOut)??;
            }
            let Some(recording) = &gateway.recording else { return Err(io::ErrorKind::ConnectionAborted.into()) };
            let client = Peeked { socket, read: read.freeze() };
            return Err(recorded(recording, &gateway.tls, client, server, &host, port).await);
        }
    };
    let is_tls = read.first() == Some(&TLS);
    let peeked = Peeked { socket, read: read.freeze() };
    if !is_tls {
        return Ok(Connection { stream: Stream::Plain(peeked), before });
    }
    let tls = shake_hands(&gateway.tls, peeked).await?;
    let named = tls.get_ref().1.server_name().map(|name| name.trim_end_matches('.').to_ascii_lowercase());
    let before = Before { host: before.host.or(named), ..before };
    Ok(Connection { stream: Stream::Tls(Box::new(tls)), before })
}

enum Begun {
    /// HTTP or TLS for the gateway itself.
    Speaks,
    /// A tunnel to a service.
    Tunnel(Before),
    /// A connection to somewhere else.
    Through(TcpStream),
    /// The same, to this host and port, and what goes through is recorded.
    Recorded(TcpStream, String, u16),
}

async fn begin(gateway: &Gateway, socket: &mut TcpStream, read: &mut BytesMut) -> Result<Begun, Refusal> {
    const WORD: &[u8] = b"CONNECT ";
    more(socket, read).await?;
    while read.len() < WORD.len() && WORD.starts_with(read) {
        more(socket, read).await?;
    }
    if !read.starts_with(WORD) {
        // A proxied request over plain HTTP goes on where its host is let through; everything else is the server's.
        if gateway.through.is_empty() {
            return Ok(Begun::Speaks);
        }
        return match forward::read(socket, read).await? {
            Some(Forward { host, port, length, head }) if gateway.is_through(&host, port) => {
                let begun = through(gateway, host, port).await?;
                let rest = read.split_off(length);
                *read = BytesMut::from(&head[..]);
                read.unsplit(rest);
                Ok(begun)
            }
            _ => Ok(Begun::Speaks),
        };
    }
    let Connect { host, port, user } = connect::read(socket, read).await?;
    let begun = match gateway.destination(&host, port)? {
        Destination::Service => Begun::Tunnel(Before { host: Some(host), user }),
        Destination::Own(address) => Begun::Through(TcpStream::connect(address).await?),
        Destination::Through => through(gateway, host, port).await?,
    };
    socket.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    Ok(begun)
}

/// Connects to a system elsewhere.
async fn through(gateway: &Gateway, host: String, port: u16) -> Result<Begun, Refusal> {
    let connecting = tokio::time::timeout(CONNECTING, TcpStream::connect((host.as_str(), port)));
    let connected = connecting.await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
    let connected = connected
        .map_err(|error| Refusal::new("502 Bad Gateway", format!("{host}:{port} cannot be reached: {error}")))?;
    Ok(if gateway.recording.is_some() { Begun::Recorded(connected, host, port) } else { Begun::Through(connected) })
}

/// Whether a connection to a port that speaks plain HTTP may go on; a TLS hello is answered by a text, over TLS where it can.
///
/// # Errors
/// It was a TLS hello, or is gone.
pub(super) async fn plain(tls: Option<&Arc<ServerConfig>>, socket: TcpStream) -> io::Result<TcpStream> {
    let mut first = [0];
    // A connection that says nothing is the server's to end.
    let Ok(peeked) = tokio::time::timeout(IDLE, socket.peek(&mut first)).await else { return Ok(socket) };
    if peeked? == 0 || first[0] != TLS {
        return Ok(socket);
    }
    // In a box: each connection would keep the handshake's 18 KB as long as it lives.
    Box::pin(refuse_hello(tls, socket)).await
}

async fn refuse_hello(tls: Option<&Arc<ServerConfig>>, socket: TcpStream) -> io::Result<TcpStream> {
    let port = socket.local_addr().map_or(0, |address| address.port());
    tracing::warn!(target: "stend", port, "a TLS hello on a port that speaks plain HTTP: use http://, or start with --tls");
    let text = format!("port {port} speaks plain HTTP: ask for http://, or start stend with `--tls`");
    let Some(tls) = tls else { return refuse(socket, "400 Bad Request", &text).await };
    refuse(shake_hands(tls, Peeked { socket, read: Bytes::new() }).await?, "400 Bad Request", &text).await
}

/// A connection to a port that speaks TLS; plain HTTP is answered by a text.
///
/// # Errors
/// It was plain, its handshake failed, or it is gone.
pub(super) async fn secure(tls: &Arc<ServerConfig>, mut socket: TcpStream) -> io::Result<Connection> {
    let _ = socket.set_nodelay(true);
    let mut read = BytesMut::with_capacity(1024);
    tokio::time::timeout(IDLE, more(&mut socket, &mut read)).await.map_err(|_| io::ErrorKind::TimedOut)??;
    if read.first() != Some(&TLS) {
        let text = "this port speaks TLS, as stend was started with `--tls`: ask for https:// or wss://";
        return refuse(socket, "400 Bad Request", text).await;
    }
    let tls = shake_hands(tls, Peeked { socket, read: read.freeze() }).await?;
    Ok(Connection { stream: Stream::Tls(Box::new(tls)), before: Before::default() })
}

async fn shake_hands(tls: &Arc<ServerConfig>, peeked: Peeked) -> io::Result<tokio_rustls::server::TlsStream<Peeked>> {
    let hands = tokio::time::timeout(PATIENCE, TlsAcceptor::from(Arc::clone(tls)).accept(peeked)).await;
    let shaken = hands.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
    shaken.inspect_err(|error| {
        // An alert says what the client thinks of the certificate.
        if error.kind() == io::ErrorKind::InvalidData {
            tracing::warn!(target: "stend", %error, "a TLS handshake failed; `stend ca path` names the authority that clients have to trust");
        }
    })
}

/// Reads what comes next; the end is an error.
async fn more(socket: &mut TcpStream, read: &mut BytesMut) -> io::Result<()> {
    if socket.read_buf(read).await? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

/// Answers a connection that goes no further, and waits a moment for what its client still sends: an end with bytes unread
/// would take the answer back.
async fn refuse<T>(mut stream: impl AsyncRead + AsyncWrite + Unpin, status: &str, text: &str) -> io::Result<T> {
    let (length, ask) = (text.len() + "stend: \n".len(), if status.starts_with("407") { ASK } else { "" });
    let reply = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\n{ask}Content-Length: {length}\r\nConnection: close\r\n\r\nstend: {text}\n"
    );
    let farewell = async {
        stream.write_all(reply.as_bytes()).await?;
        stream.shutdown().await?;
        let mut rest = [0; 1024];
        let mut left = 64 * 1024_usize;
        while left > 0 {
            match stream.read(&mut rest).await? {
                0 => break,
                came => left = left.saturating_sub(came),
            }
        }
        io::Result::Ok(())
    };
    let _ = tokio::time::timeout(Duration::from_secs(1), farewell).await;
    Err(io::Error::other(text.to_owned()))
}

/// What asks for a user name.
const ASK: &str = "Proxy-Authenticate: Basic realm=\"stend world\"\r\n";

/// Carries bytes both ways until both have ended.
async fn tunnel(mut client: Peeked, mut server: TcpStream) -> io::Error {
    let _ = server.set_nodelay(true);
    match tokio::io::copy_bidirectional(&mut client, &mut server).await {
        Ok(_) => io::ErrorKind::ConnectionAborted.into(),
        Err(error) => error,
    }
}

/// Carries bytes both ways as they are, and listens. TLS is ended on either side.
async fn recorded(
    recording: &Recording,
    tls: &Arc<ServerConfig>,
    client: Peeked,
    server: TcpStream,
    host: &str,
    port: u16,
) -> io::Error {
    let _ = server.set_nodelay(true);
    let is_tls = client.read.first() == Some(&TLS);
    let authority = match (is_tls, port) {
        (true, 443) | (false, 80) => host.to_owned(),
        _ => format!("{host}:{port}"),
    };
    let scheme = if is_tls { "https" } else { "http" };
    let tap = Tap::new(format!("{scheme}://{authority}"), Arc::clone(&recording.recorder));
    if !is_tls {
        return tapped(client, server, tap).await;
    }
    let client = match shake_hands(tls, client).await {
        Ok(client) => client,
        Err(error) => return error,
    };
    let name = match ServerName::try_from(host.to_owned()) {
        Ok(name) => name,
        Err(error) => return io::Error::other(error),
    };
    let hands = TlsConnector::from(Arc::clone(&recording.tls)).connect(name, server);
    let shaken = tokio::time::timeout(CONNECTING, hands).await;
    match shaken.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
        Ok(server) => tapped(client, server, tap).await,
        Err(error) => {
            let text = format!("no TLS with {authority}: {error}");
            refuse::<()>(client, "502 Bad Gateway", &text).await.err().unwrap_or(error)
        }
    }
}

async fn tapped(client: impl AsyncRead + AsyncWrite, server: impl AsyncRead + AsyncWrite, tap: Tap) -> io::Error {
    let tap = Mutex::new(tap);
    let (from_client, to_client) = tokio::io::split(client);
    let (from_server, to_server) = tokio::io::split(server);
    let up = pump(from_client, to_server, |bytes| tap.lock().hear(Speaker::Client, bytes));
    let down = pump(from_server, to_client, |bytes| tap.lock().hear(Speaker::System, bytes));
    match tokio::try_join!(up, down) {
        Ok(_) => io::ErrorKind::ConnectionAborted.into(),
        Err(error) => error,
    }
}

/// Carries bytes one way until they end. What is heard is heard before it is passed on: a reply cannot come before its request.
async fn pump(from: impl AsyncRead, to: impl AsyncWrite, hear: impl Fn(&[u8])) -> io::Result<()> {
    let (mut from, mut to) = (pin!(from), pin!(to));
    let mut bytes = vec![0; 16 * 1024];
    loop {
        match from.read(&mut bytes).await? {
            0 => return to.shutdown().await,
            read => {
                hear(&bytes[..read]);
                to.write_all(&bytes[..read]).await?;
                to.flush().await?;
            }
        }
    }
}
