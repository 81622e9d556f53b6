//! Traffic from outside of the bench: what a client and a system said to each other, however it was recorded.

use jiff::Timestamp;

/// One exchange over HTTP, or the messages of one socket.
#[derive(Debug, Clone, PartialEq)]
pub enum Traffic {
    /// A request and its reply.
    Http(Box<HttpExchange>),
    /// A socket, from its handshake to its end.
    Socket(SocketTraffic),
}

/// A request over HTTP and its reply.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HttpExchange {
    /// When it was sent.
    pub at: Option<Timestamp>,
    /// How long the reply took, in milliseconds.
    pub took_ms: Option<f64>,
    /// The method, in capitals.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// Headers of the request; names in lower case, in their order.
    pub headers: Vec<(String, String)>,
    /// The request's body, decoded: no transfer coding, no compression, UTF-8 where it is text.
    pub body: Vec<u8>,
    /// The status of the reply; 0 where none came.
    pub status: u16,
    /// Headers of the reply.
    pub reply_headers: Vec<(String, String)>,
    /// The reply's body, decoded.
    pub reply: Vec<u8>,
    /// Why a body could not be decoded, if it could not.
    pub unreadable: Option<String>,
}

/// A socket and its messages.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SocketTraffic {
    /// The URL of its handshake.
    pub url: String,
    /// Headers of the handshake; names in lower case.
    pub headers: Vec<(String, String)>,
    /// When it was opened.
    pub at: Option<Timestamp>,
    /// Text messages both ways, in order.
    pub messages: Vec<Message>,
    /// Why some messages could not be read, if they could not.
    pub unreadable: Option<String>,
}

/// A message on a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// When it was sent.
    pub at: Option<Timestamp>,
    /// Whether the client sent it.
    pub from_client: bool,
    /// Its text.
    pub text: String,
}

impl Traffic {
    /// The URL.
    pub fn url(&self) -> &str {
        match self {
            Self::Http(http) => &http.url,
            Self::Socket(socket) => &socket.url,
        }
    }

    /// When it began.
    pub fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Http(http) => http.at,
            Self::Socket(socket) => socket.at,
        }
    }

    /// What it takes to keep it, in bytes.
    pub fn weight(&self) -> usize {
        let headers =
            |list: &[(String, String)]| list.iter().map(|(name, value)| name.len() + value.len() + 48).sum::<usize>();
        match self {
            Self::Http(http) => {
                size_of::<HttpExchange>()
                    + http.url.len()
                    + headers(&http.headers)
                    + headers(&http.reply_headers)
                    + http.body.len()
                    + http.reply.len()
            }
            Self::Socket(socket) => {
                let messages = socket.messages.iter().map(|message| message.text.len() + size_of::<Message>());
                size_of::<SocketTraffic>() + socket.url.len() + headers(&socket.headers) + messages.sum::<usize>()
            }
        }
    }
}

impl HttpExchange {
    /// The value of a header of the request, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// The value of a header of the reply, by its name in lower case.
    pub fn reply_header(&self, name: &str) -> Option<&str> {
        find(&self.reply_headers, name)
    }
}

fn find<'h>(headers: &'h [(String, String)], name: &str) -> Option<&'h str> {
    headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}
