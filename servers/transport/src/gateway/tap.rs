//! Listening to a connection that goes through the gateway: its bytes, which pass unchanged, as exchanges.

use std::collections::VecDeque;
use std::sync::Arc;

use stend_core::clock::wall;
use stend_core::traffic::{HttpExchange, Message, SocketTraffic, Traffic};

use super::frames::Frames;

/// Takes what went through the gateway to systems elsewhere.
pub trait Recorder: std::fmt::Debug + Send + Sync {
    /// One exchange, or a socket that has ended. Bodies are as they were sent: compressed, and in any charset.
    fn take(&self, traffic: Traffic);
}

/// The largest head that is read.
const LARGEST_HEAD: usize = 256 * 1024;
/// The largest body that is kept.
const LARGEST_BODY: usize = 32 * 1024 * 1024;
/// The most headers of a message.
const HEADERS: usize = 200;

/// Who has sent something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaker {
    Client,
    System,
}

/// One connection.
pub(super) struct Tap {
    /// `https://host`, or with its port.
    base: String,
    recorder: Arc<dyn Recorder>,
    requests: Side,
    replies: Side,
    /// Requests without a reply so far.
    open: VecDeque<HttpExchange>,
    socket: Option<(SocketTraffic, Frames, Frames)>,
    /// Whether what comes cannot be followed any more.
    lost: bool,
}

/// What one side says: messages after each other.
#[derive(Default)]
struct Side {
    bytes: Vec<u8>,
    state: State,
    body: Vec<u8>,
    /// Whether the body is larger than what is kept.
    cut: bool,
}

#[derive(Default)]
enum State {
    #[default]
    Head,
    /// So many bytes of the body are to come.
    Length(u64),
    /// A chunk's size comes next.
    Size,
    /// So many bytes of a chunk are to come, and the end of its line.
    Chunk(u64),
    /// Lines after the last chunk.
    Trailer,
    /// Everything up to the end of the connection.
    ToEnd,
    /// The body is whole.
    Whole,
}

impl Side {
    fn keep(&mut self, count: usize) {
        let room = LARGEST_BODY.saturating_sub(self.body.len());
        self.body.extend_from_slice(&self.bytes[..count.min(room)]);
        self.cut |= count > room;
        self.bytes.drain(..count);
    }

    /// A line without its end, if it has come.
    fn line(&mut self) -> Option<Vec<u8>> {
        let end = self.bytes.iter().position(|byte| *byte == b'\n')?;
        let mut line: Vec<u8> = self.bytes.drain(..=end).collect();
        while line.last().is_some_and(|byte| b"\r\n".contains(byte)) {
            line.pop();
        }
        Some(line)
    }

    /// Takes what there is of a body; whether it is whole. `Err`: it cannot be followed.
    fn take_body(&mut self) -> Result<bool, ()> {
        loop {
            let there = self.bytes.len() as u64;
            match self.state {
                State::Head => return Ok(false),
                State::Whole => return Ok(true),
                State::Length(left) => {
                    let take = left.min(there);
                    self.keep(usize::try_from(take).map_err(|_| ())?);
                    self.state = if take == left { State::Whole } else { State::Length(left - take) };
                    if take < left {
                        return Ok(false);
                    }
                }
                State::ToEnd => {
                    self.keep(self.bytes.len());
                    return Ok(false);
                }
                State::Size => {
                    let Some(line) = self.line() else { return if there > 4096 { Err(()) } else { Ok(false) } };
                    let text = String::from_utf8_lossy(&line);
                    let size =
                        u64::from_str_radix(text.split(';').next().unwrap_or_default().trim(), 16).map_err(|_| ())?;
                    self.state = if size == 0 { State::Trailer } else { State::Chunk(size) };
                }
                State::Chunk(0) => {
                    let Some(line) = self.line() else { return Ok(false) };
                    if !line.is_empty() {
                        return Err(());
                    }
                    self.state = State::Size;
                }
                State::Chunk(left) => {
                    if there == 0 {
                        return Ok(false);
                    }
                    let take = left.min(there);
                    self.keep(usize::try_from(take).map_err(|_| ())?);
                    self.state = State::Chunk(left - take);
                }
                State::Trailer => match self.line() {
                    None => return if there > LARGEST_HEAD as u64 { Err(()) } else { Ok(false) },
                    Some(line) if line.is_empty() => self.state = State::Whole,
                    Some(_) => {}
                },
            }
        }
    }

    /// The body, for the next message to begin.
    fn finish(&mut self) -> (Vec<u8>, bool) {
        self.state = State::Head;
        (std::mem::take(&mut self.body), std::mem::take(&mut self.cut))
    }
}

type Headers = Vec<(String, String)>;

fn headers(parsed: &[httparse::Header<'_>]) -> Headers {
    let one = |header: &httparse::Header<'_>| {
        (header.name.to_ascii_lowercase(), String::from_utf8_lossy(header.value).trim().to_owned())
    };
    parsed.iter().map(one).collect()
}

fn find<'h>(headers: &'h Headers, name: &str) -> Option<&'h str> {
    headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// How long the body of a message is; `None` where it says nothing of it.
fn framing(headers: &Headers) -> Option<State> {
    if find(headers, "transfer-encoding").is_some_and(|coding| coding.to_ascii_lowercase().contains("chunked")) {
        return Some(State::Size);
    }
    find(headers, "content-length").and_then(|length| length.trim().parse().ok()).map(State::Length)
}

impl Tap {
    pub(super) fn new(base: String, recorder: Arc<dyn Recorder>) -> Self {
        Self {
            base,
            recorder,
            requests: Side::default(),
            replies: Side::default(),
            open: VecDeque::new(),
            socket: None,
            lost: false,
        }
    }

    /// What one side has sent.
    pub(super) fn hear(&mut self, from: Speaker, bytes: &[u8]) {
        if self.lost {
            return;
        }
        if let Some((socket, client, system)) = &mut self.socket {
            let frames = if from == Speaker::Client { client } else { system };
            return tell(socket, frames, bytes, from == Speaker::Client);
        }
        let side = if from == Speaker::Client { &mut self.requests } else { &mut self.replies };
        side.bytes.extend_from_slice(bytes);
        let read = if from == Speaker::Client { self.read_requests() } else { self.read_replies() };
        self.lost |= read.is_err();
    }

    fn read_requests(&mut self) -> Result<(), ()> {
        loop {
            if matches!(self.requests.state, State::Head) {
                // What comes after this may be frames: the reply tells.
                if self.open.back().is_some_and(|last| find(&last.headers, "upgrade").is_some()) {
                    return if self.requests.bytes.len() > LARGEST_HEAD { Err(()) } else { Ok(()) };
                }
                let mut parsed = [httparse::EMPTY_HEADER; HEADERS];
                let mut request = httparse::Request::new(&mut parsed);
                let length = match request.parse(&self.requests.bytes).map_err(|_| ())? {
                    httparse::Status::Complete(length) => length,
                    _ if self.requests.bytes.len() > LARGEST_HEAD => return Err(()),
                    _ => return Ok(()),
                };
                let path = request.path.unwrap_or("/");
                let url = if path.starts_with('/') { format!("{}{path}", self.base) } else { path.to_owned() };
                let headers = headers(request.headers);
                self.requests.state = framing(&headers).unwrap_or(State::Whole);
                self.open.push_back(HttpExchange {
                    at: Some(wall()),
                    method: request.method.unwrap_or_default().to_owned(),
                    url,
                    headers,
                    ..HttpExchange::default()
                });
                self.requests.bytes.drain(..length);
            }
            if !self.requests.take_body()? {
                return Ok(());
            }
            let (body, cut) = self.requests.finish();
            if let Some(last) = self.open.back_mut() {
                last.body = body;
                last.unreadable = cut.then(too_large);
            }
            if self.requests.bytes.is_empty() {
                return Ok(());
            }
        }
    }

    fn read_replies(&mut self) -> Result<(), ()> {
        loop {
            if matches!(self.replies.state, State::Head) {
                let mut parsed = [httparse::EMPTY_HEADER; HEADERS];
                let mut reply = httparse::Response::new(&mut parsed);
                let length = match reply.parse(&self.replies.bytes).map_err(|_| ())? {
                    httparse::Status::Complete(length) => length,
                    _ if self.replies.bytes.len() > LARGEST_HEAD => return Err(()),
                    _ => return Ok(()),
                };
                let status = reply.code.unwrap_or(0);
                let headers = headers(reply.headers);
                self.replies.bytes.drain(..length);
                // A word that another reply will follow.
                if (100..200).contains(&status) && status != 101 {
                    continue;
                }
                let Some(request) = self.open.front_mut() else { return Err(()) };
                request.status = status;
                let bare = request.method == "HEAD" || status == 204 || status == 304;
                if status == 101 {
                    return self.upgraded(&headers);
                }
                self.replies.state = if bare { State::Whole } else { framing(&headers).unwrap_or(State::ToEnd) };
                request.reply_headers = headers;
            }
            if !self.replies.take_body()? {
                return Ok(());
            }
            self.replied();
            // The system has declined to upgrade: what waits is requests.
            self.read_requests()?;
            if self.replies.bytes.is_empty() {
                return Ok(());
            }
        }
    }

    /// A reply is whole.
    fn replied(&mut self) {
        let (body, cut) = self.replies.finish();
        let Some(mut exchange) = self.open.pop_front() else { return };
        exchange.reply = body;
        if cut {
            exchange.unreadable = Some(too_large());
        }
        exchange.took_ms = exchange.at.map(|at| (wall().as_millisecond() - at.as_millisecond()).max(0) as f64);
        self.recorder.take(Traffic::Http(Box::new(exchange)));
    }

    /// The connection becomes a socket; what has come of it already is read.
    fn upgraded(&mut self, headers: &Headers) -> Result<(), ()> {
        if !find(headers, "upgrade").is_some_and(|to| to.eq_ignore_ascii_case("websocket")) {
            return Err(());
        }
        let exchange = self.open.pop_front().ok_or(())?;
        let url = exchange.url.replacen("http", "ws", 1);
        let socket = SocketTraffic { url, headers: exchange.headers, at: exchange.at, ..SocketTraffic::default() };
        let extensions = find(headers, "sec-websocket-extensions").unwrap_or_default().to_ascii_lowercase();
        let deflate = extensions.contains("permessage-deflate");
        let client = Frames::new(deflate, !extensions.contains("client_no_context_takeover"));
        let server = Frames::new(deflate, !extensions.contains("server_no_context_takeover"));
        let (sent, received) = (std::mem::take(&mut self.requests.bytes), std::mem::take(&mut self.replies.bytes));
        self.socket = Some((socket, client, server));
        self.hear(Speaker::Client, &sent);
        self.hear(Speaker::System, &received);
        Ok(())
    }
}

/// The connection has ended: a reply that goes on to the end is whole, a socket is closed, and requests without a reply are
/// kept as such.
impl Drop for Tap {
    fn drop(&mut self) {
        if let Some((socket, ..)) = self.socket.take() {
            self.recorder.take(Traffic::Socket(socket));
            return;
        }
        if matches!(self.replies.state, State::ToEnd) {
            self.replied();
        }
        let why = if self.lost {
            "what was said on this connection is not HTTP/1.1"
        } else {
            "the connection ended before the reply"
        };
        for mut exchange in std::mem::take(&mut self.open) {
            exchange.status = 0;
            exchange.unreadable.get_or_insert_with(|| why.to_owned());
            self.recorder.take(Traffic::Http(Box::new(exchange)));
        }
    }
}

fn too_large() -> String {
    format!("a body is larger than {} MiB", LARGEST_BODY / 1024 / 1024)
}

/// The most messages of one socket that are kept.
const MESSAGES: usize = 100_000;

fn tell(socket: &mut SocketTraffic, frames: &mut Frames, bytes: &[u8], from_client: bool) {
    for text in frames.read(bytes) {
        match text {
            Ok(text) if socket.messages.len() < MESSAGES => {
                socket.messages.push(Message { at: Some(wall()), from_client, text });
            }
            Ok(_) => drop(socket.unreadable.get_or_insert_with(|| format!("more than {MESSAGES} messages"))),
            Err(why) => drop(socket.unreadable.get_or_insert(why)),
        }
    }
}

#[cfg(test)]
mod tests {
    use parking_lot::Mutex;

    use super::*;

    #[derive(Debug, Default)]
    struct Kept(Mutex<Vec<Traffic>>);

    impl Recorder for Kept {
        fn take(&self, traffic: Traffic) {
            self.0.lock().push(traffic);
        }
    }

    /// What a tap makes of bytes that come in pieces of this size.
    fn heard(sent: &[u8], received: &[u8], size: usize) -> Vec<Traffic> {
        let kept = Arc::new(Kept::default());
        let mut tap = Tap::new("https://h".into(), Arc::clone(&kept) as Arc<dyn Recorder>);
        sent.chunks(size).for_each(|piece| tap.hear(Speaker::Client, piece));
        received.chunks(size).for_each(|piece| tap.hear(Speaker::System, piece));
        drop(tap);
        std::mem::take(&mut *kept.0.lock())
    }

    #[test]
    fn requests_and_replies_are_matched_however_they_are_cut() {
        let sent = b"POST /a?b=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello\
            HEAD /b HTTP/1.1\r\nHost: h\r\n\r\nPUT /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\nGET /d HTTP/1.1\r\n\r\n";
        let received = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwiki\r\n0\r\n\r\n\
            HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nHTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end";
        for size in [1, 7, 4096] {
            let heard = heard(sent, received, size);
            let rows: Vec<(String, String, u16, String)> = heard
                .iter()
                .map(|one| match one {
                    Traffic::Http(http) => (
                        format!("{} {}", http.method, http.url),
                        String::from_utf8_lossy(&http.body).into_owned(),
                        http.status,
                        String::from_utf8_lossy(&http.reply).into_owned(),
                    ),
                    Traffic::Socket(_) => panic!("no socket"),
                })
                .collect();
            let row = |what: &str, body: &str, status, reply: &str| {
                (what.to_owned(), body.to_owned(), status, reply.to_owned())
            };
            assert_eq!(
                rows,
                [
                    row("POST https://h/a?b=1", "hello", 200, "wiki"),
                    row("HEAD https://h/b", "", 200, ""),
                    row("PUT https://h/c", "abcde", 204, ""),
                    row("GET https://h/d", "", 200, "to the end"),
                ]
            );
        }
    }

    #[test]
    fn a_socket_is_heard_both_ways() {
        let handshake = b"GET /s HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";
        let masked = [0x81, 0x82, 1, 2, 3, 4, b'h' ^ 1, b'i' ^ 2];
        let reply = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x01\x02yo\x89\x00\x80\x01u";
        for size in [1, 1000] {
            let heard = heard(&[&handshake[..], &masked].concat(), reply, size);
            let [Traffic::Socket(socket)] = &heard[..] else { panic!("{heard:?}") };
            assert_eq!(socket.url, "wss://h/s");
            let texts: Vec<(bool, &str)> =
                socket.messages.iter().map(|one| (one.from_client, one.text.as_str())).collect();
            assert_eq!(texts, [(true, "hi"), (false, "you")]);
        }
    }

    #[test]
    fn what_is_no_http_and_what_has_no_reply_are_told() {
        let why = |sent: &[u8], received: &[u8]| match &heard(sent, received, 100)[..] {
            [Traffic::Http(http)] => (http.status, http.unreadable.clone().unwrap_or_default()),
            other => panic!("{other:?}"),
        };
        assert_eq!(why(b"GET / HTTP/1.1\r\n\r\n", b""), (0, "the connection ended before the reply".into()));
        assert!(why(b"GET / HTTP/1.1\r\n\r\n", b"SSH-2.0\r\n\r\n").1.contains("not HTTP/1.1"));
        assert_eq!(heard(b"\x00\x01\x02", b"\x00", 100), []);
    }
}
