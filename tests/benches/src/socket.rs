//! WebSocket clients of the queue, and a bare actix-ws server.

use std::process::Command;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::MaybeTlsStream;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use crate::Outcome;
use crate::process::{Process, Stend, beside, free_port, pinned, scratch};

pub(crate) type Socket = tokio_tungstenite::WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

/// What a bare server does with a text that comes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bound {
    /// Sends its text to all.
    All,
    /// Sends its text back.
    Back,
}

/// A bare server process.
pub(crate) struct BareWs {
    pub(crate) process: Process,
    pub(crate) url: String,
}

impl BareWs {
    pub(crate) fn start(text: &str, bound: Bound) -> Outcome<Self> {
        Self::launch(pinned(beside("bare-ws")?), text, bound)
    }

    /// The same with a command of its own.
    pub(crate) fn launch(mut command: Command, text: &str, bound: Bound) -> Outcome<Self> {
        let (port, file) = (free_port()?, scratch("push")?);
        std::fs::write(&file, text)?;
        let bound = match bound {
            Bound::All => "all",
            Bound::Back => "back",
        };
        let process = Process::start(command.arg(port.to_string()).arg(&file).arg(bound))?;
        for _ in 0..12_000 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                let _ = std::fs::remove_file(&file);
                return Ok(Self { process, url: format!("ws://127.0.0.1:{port}/") });
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        Err("the bare WebSocket server did not come up within a minute".into())
    }
}

pub(crate) fn runtime() -> Outcome<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

pub(crate) async fn connect(url: &str) -> Outcome<Socket> {
    // Without Nagle's delay: frames that are sent in one go shall not wait for each other.
    Ok(tokio_tungstenite::connect_async_with_config(url, None, true).await?.0)
}

/// The next text.
pub(crate) async fn text(socket: &mut Socket) -> Outcome<Utf8Bytes> {
    loop {
        if let Message::Text(text) = socket.next().await.ok_or("the socket was closed")?? {
            return Ok(text);
        }
    }
}

/// Sends a command with an `id`, and waits for its reply.
pub(crate) async fn ask(socket: &mut Socket, frame: Value) -> Outcome<Value> {
    socket.send(Message::text(frame.to_string())).await?;
    loop {
        let reply: Value = serde_json::from_str(&text(socket).await?)?;
        if reply["id"] == frame["id"] {
            return if reply.get("error").is_none() { Ok(reply) } else { Err(reply.to_string().into()) };
        }
    }
}

pub(crate) async fn log_in(socket: &mut Socket) -> Outcome<String> {
    let data = json!({"component": "workplace", "login": "admin", "password": "827ccb0eea8a706c4c34a16891f84e7b", "workplace": 18});
    let reply = ask(socket, json!({"command": "login", "id": 1, "data": data})).await?;
    Ok(reply["token"].as_str().ok_or("no token")?.to_owned())
}

/// Sends these frames, each after the reply to the one before. Whatever else comes is not counted, nor may it come.
pub(crate) async fn command(socket: &mut Socket, frames: &[Message]) -> Outcome<()> {
    for frame in frames {
        socket.send(frame.clone()).await?;
        let reply = text(socket).await?;
        if reply.contains("\"error\":") {
            return Err(reply.to_string().into());
        }
    }
    Ok(())
}

/// CPU seconds of the server for a frame, of so many rounds of these frames, after a tenth of them to warm up.
pub(crate) async fn cost(socket: &mut Socket, server: &Process, frames: &[Message], rounds: usize) -> Outcome<f64> {
    for _ in 0..=rounds / 10 {
        command(socket, frames).await?;
    }
    let before = server.cpu()?;
    for _ in 0..rounds {
        command(socket, frames).await?;
    }
    Ok((server.cpu()? - before) / (rounds * frames.len()) as f64)
}

/// Makes a hall `hall` with one window and one service on a clock that stands, and lets visitors come, a hundred
/// thousand at a time; the URL of its socket.
pub(crate) fn hall(stend: &Stend, id: &str, waiting: u32) -> Outcome<String> {
    stend.world(&json!({"id": id, "clock": {"mode": "frozen", "now": "2026-11-21T09:00:00Z"}, "world": {"stend": 1, "queue": {
        "operations": [{"id": 1, "name": "o"}],
        "ticket_ranges": [{"id": 1, "name": "r", "last": 999_999}],
        "services": [{"id": 1, "name": "s", "ticket_range_id": 1, "operations": {"1": [1]}}],
        "workplaces": [{"id": 18, "name": "w", "all_operations": 1}],
        "user_roles": [{"id": 1, "name": "r", "clerk": {"all_operations": 1}}],
        "users": [{"id": 1, "login": "admin", "password": "827ccb0eea8a706c4c34a16891f84e7b", "role_id": 1, "clerk": {"id": 1}}],
    }}}))?;
    let mut left = waiting;
    while left > 0 {
        let come = left.min(100_000);
        stend.act(id, &json!({"queue.visitors": {"count": come, "over": "1m"}}))?;
        stend.post(&format!("/worlds/{id}/clock/advance"), r#"{"by": "1m"}"#)?;
        left -= come;
    }
    Ok(format!("{}/w/{id}/", stend.url("queue")?))
}
