//! A WebSocket client that speaks the queue's envelope.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::Connector;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::samples::holds;
use crate::support::Bench;

/// The MD5 of `12345`, as printed.
pub const PASSWORD: &str = "827ccb0eea8a706c4c34a16891f84e7b";

type Stream = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

/// A connection, and the session it speaks for.
pub struct Client {
    stream: Stream,
    /// Sent with every command, once there is one.
    pub token: Option<String>,
    next: u64,
    /// Frames without `id` that came while a reply was waited for.
    pushes: Vec<Value>,
}

/// How long a frame may take by the wall clock.
const GRACE: Duration = Duration::from_secs(10);

impl Client {
    /// Connects to the default world.
    pub async fn connect(bench: &Bench) -> Self {
        Self::to(&format!("{}/", bench.url("queue"))).await
    }

    /// Connects to this URL.
    pub async fn to(url: &str) -> Self {
        Self::over(url, None).await.expect("a connection")
    }

    /// Connects to this URL, over TLS with this connector; without one, as everybody does.
    pub async fn over(url: &str, connector: Option<Connector>) -> Result<Self, Error> {
        let (stream, _) = tokio_tungstenite::connect_async_tls_with_config(url, None, false, connector).await?;
        Ok(Self { stream, token: None, next: 0, pushes: Vec::new() })
    }

    /// Connects and logs in as the operator at window 11.
    pub async fn operator(bench: &Bench) -> Self {
        let mut client = Self::connect(bench).await;
        client
            .login(json!({"component": "workplace", "login": "operator", "password": PASSWORD, "workplace": 11}))
            .await;
        client
    }

    /// Connects and logs in as the administrator at window 18.
    pub async fn admin(bench: &Bench) -> Self {
        let mut client = Self::connect(bench).await;
        client.login(json!({"component": "workplace", "login": "admin", "password": PASSWORD, "workplace": 18})).await;
        client
    }

    /// Connects and logs in as the terminal.
    pub async fn terminal(bench: &Bench) -> Self {
        let mut client = Self::connect(bench).await;
        client.login(json!({"component": "registrator", "login": "terminal"})).await;
        client
    }

    /// Logs in and keeps the token.
    pub async fn login(&mut self, data: Value) -> Value {
        let reply = self.ask("login", data).await;
        self.token = Some(reply["token"].as_str().unwrap_or_else(|| panic!("no token in {reply}")).to_owned());
        reply
    }

    /// Sends a frame as it is.
    pub async fn raw(&mut self, message: Message) {
        self.stream.send(message).await.expect("it is sent");
    }

    /// Sends a command and gives its whole reply, without the `id` that was sent along.
    pub async fn ask(&mut self, command: &str, data: Value) -> Value {
        self.next += 1;
        let id = self.next.to_string();
        let mut frame = json!({"command": command, "data": data, "id": id});
        if let Some(token) = &self.token {
            frame["token"] = json!(token);
        }
        self.raw(Message::text(frame.to_string())).await;
        loop {
            let mut frame = self.frame().await;
            if frame["id"] == json!(id) {
                assert_eq!(frame["command"], command, "a reply echoes the command");
                frame.as_object_mut().expect("an object").remove("id");
                return frame;
            }
            self.pushes.push(frame);
        }
    }

    /// The `data` of a command that must succeed.
    pub async fn data(&mut self, command: &str, data: Value) -> Value {
        let mut reply = self.ask(command, data).await;
        assert!(reply.get("error").is_none(), "{command} failed: {reply}");
        reply["data"].take()
    }

    /// The error object of a command that must fail.
    pub async fn fails(&mut self, command: &str, data: Value) -> Value {
        let reply = self.ask(command, data).await;
        assert!(reply.get("error").is_some(), "{command} did not fail: {reply}");
        assert_eq!(reply["error"], reply["data"], "the error stands in both places");
        assert_error(&reply["error"]);
        reply["error"].clone()
    }

    /// The next frame of any kind.
    pub async fn message(&mut self) -> Option<Message> {
        match tokio::time::timeout(GRACE, self.stream.next()).await.expect("a frame in time") {
            Some(Ok(message)) => Some(message),
            Some(Err(_)) | None => None,
        }
    }

    /// The next text frame as JSON.
    pub async fn frame(&mut self) -> Value {
        loop {
            match self.message().await.expect("an open connection") {
                Message::Text(text) => return serde_json::from_str(&text).expect("JSON"),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("not text: {other:?}"),
            }
        }
    }

    /// The next push.
    pub async fn push(&mut self) -> Value {
        let push = if self.pushes.is_empty() { self.frame().await } else { self.pushes.remove(0) };
        assert!(push.get("id").is_none() && push.get("token").is_none(), "a push carries neither id nor token: {push}");
        let keys: Vec<&String> = push.as_object().expect("an object").keys().collect();
        assert_eq!(keys, ["dateTime", "command", "data"]);
        push
    }

    /// How many pushes came before the last reply and were not looked at yet.
    pub fn came_before(&self) -> usize {
        self.pushes.len()
    }

    /// That nothing has come, and that nothing comes before the reply to one more command.
    pub async fn nothing_came(&mut self) {
        self.ask("no such command", json!({})).await;
        assert!(self.pushes.is_empty(), "{:?}", self.pushes);
    }
}

/// An error has the documented shape, and its code is made of module and error.
pub fn assert_error(error: &Value) {
    let keys: Vec<&String> = error.as_object().unwrap_or_else(|| panic!("no error: {error}")).keys().collect();
    assert_eq!(keys, ["codeError", "codeModule", "code", "desc", "children"]);
    let number = |key: &str| error[key].as_i64().expect("a number");
    assert_eq!(number("code"), number("codeModule") * 4_294_967_296 + number("codeError"));
    assert!(!error["desc"].as_str().expect("a text").is_empty());
    assert_ne!(number("code"), 429_496_729_600, "that is no error");
}

/// "No errors", as printed.
pub fn no_errors() -> Value {
    json!({"codeError": 0, "codeModule": 100, "code": 429_496_729_600_i64, "desc": "No errors", "children": []})
}

/// That everything which is printed is there, key for key and value for value; the newer vintage has more keys (Q24).
pub fn assert_holds(actual: &Value, printed: &Value, at: &str) {
    holds(actual, printed, at).unwrap_or_else(|why| panic!("{why}\n{actual:#}"));
}
