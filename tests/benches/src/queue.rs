//! The electronic queue: one change to ten thousand subscribers beside a bare actix-ws server, and calling the next of
//! a hundred thousand beside calling the next of a thousand.

use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio_tungstenite::MaybeTlsStream;
use tokio_tungstenite::tungstenite::Message;

use crate::process::{Stend, beside, free_port, pinned};
use crate::{Outcome, median};

/// Sockets subscribed to one book.
const SOCKETS: usize = 10_000;
/// Rounds of each server, in turns of so many.
const ROUNDS: usize = 9;
const TURNS: usize = 3;

type Socket = tokio_tungstenite::WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

/// A bare server process, ended when dropped.
struct BareWs {
    child: Child,
    url: String,
}

impl BareWs {
    fn start(text: &str) -> Outcome<Self> {
        let port = free_port()?;
        let file = std::env::temp_dir().join(format!("stend-bench-{}-{port}.push", std::process::id()));
        std::fs::write(&file, text)?;
        let child = pinned(beside("bare-ws")?).arg(port.to_string()).arg(&file).spawn()?;
        std::thread::sleep(Duration::from_millis(300));
        let _ = std::fs::remove_file(&file);
        Ok(Self { child, url: format!("ws://127.0.0.1:{port}/") })
    }
}

impl Drop for BareWs {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn runtime() -> Outcome<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

async fn ask(socket: &mut Socket, frame: Value) -> Outcome<Value> {
    socket.send(Message::text(frame.to_string())).await?;
    loop {
        match socket.next().await.ok_or("closed")?? {
            Message::Text(text) => {
                let reply: Value = serde_json::from_str(&text)?;
                if reply["id"] == frame["id"] {
                    return if reply.get("error").is_none() { Ok(reply) } else { Err(reply.to_string().into()) };
                }
            }
            _ => continue,
        }
    }
}

async fn connect(url: &str) -> Outcome<Socket> {
    Ok(tokio_tungstenite::connect_async(url).await?.0)
}

async fn log_in(socket: &mut Socket, data: Value) -> Outcome<String> {
    let reply = ask(socket, json!({"command": "login", "id": 1, "data": data})).await?;
    Ok(reply["token"].as_str().ok_or("no token")?.to_owned())
}

/// What the readers of all sockets count.
#[derive(Default)]
struct Count {
    came: AtomicUsize,
    all: Notify,
}

fn read_on(mut socket: Socket, count: Arc<Count>) {
    tokio::spawn(async move {
        while let Some(Ok(message)) = socket.next().await {
            if matches!(message, Message::Text(_)) && count.came.fetch_add(1, Ordering::AcqRel) + 1 == SOCKETS {
                count.all.notify_one();
            }
        }
    });
}

async fn round(steering: &mut Socket, frame: Message, count: &Count) -> Outcome<f64> {
    count.came.store(0, Ordering::Release);
    let began = Instant::now();
    steering.send(frame).await?;
    tokio::time::timeout(Duration::from_secs(60), count.all.notified()).await?;
    Ok(began.elapsed().as_secs_f64() * 1e3)
}

fn change(token: &str, n: usize) -> Value {
    let data = json!({"id": 3, "description": format!("change {n:06}")});
    json!({"command": "setService", "token": token, "id": 1, "data": data})
}

fn admin() -> Value {
    json!({"component": "workplace", "login": "admin", "password": "827ccb0eea8a706c4c34a16891f84e7b", "workplace": 18})
}

/// One change, ten thousand subscribers: until all have it.
pub(crate) fn fan_out() -> Outcome<()> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let mut bytes = 0;
    for _ in 0..TURNS {
        let text = runtime()?.block_on(async {
            let stend = Stend::start()?;
            let url = format!("{}/", stend.url("queue")?);
            let mut steering = connect(&url).await?;
            let token = log_in(&mut steering, admin()).await?;
            let count = Arc::new(Count::default());
            for _ in 1..SOCKETS {
                let mut socket = connect(&url).await?;
                ask(&mut socket, json!({"command": "subscribeServices", "token": token, "id": 1})).await?;
                read_on(socket, Arc::clone(&count));
            }
            // The last one is looked at: what it gets is what the bare server will send.
            let mut last = connect(&url).await?;
            ask(&mut last, json!({"command": "subscribeServices", "token": token, "id": 1})).await?;
            ask(&mut steering, change(&token, 0)).await?;
            let text = last.next().await.ok_or("closed")??.into_text()?.to_string();
            read_on(last, Arc::clone(&count));
            tokio::time::sleep(Duration::from_secs(1)).await;
            for n in 1..=ROUNDS {
                ours.push(round(&mut steering, Message::text(change(&token, n).to_string()), &count).await?);
                steering.next().await;
            }
            Ok::<_, Box<dyn std::error::Error>>(text)
        })?;
        bytes = text.len();
        runtime()?.block_on(async {
            let bare = BareWs::start(&text)?;
            let count = Arc::new(Count::default());
            let mut steering = connect(&bare.url).await?;
            for _ in 0..SOCKETS {
                read_on(connect(&bare.url).await?, Arc::clone(&count));
            }
            round(&mut steering, Message::text("go"), &count).await?;
            for _ in 0..ROUNDS {
                theirs.push(round(&mut steering, Message::text("go"), &count).await?);
            }
            Ok::<_, Box<dyn std::error::Error>>(())
        })?;
    }
    let (ours, theirs) = (median(ours), median(theirs));
    println!(
        "\nQueue, one change to {SOCKETS} subscribers, {bytes} bytes each: {ours:.1} ms until all have it, {:.2} times a bare actix-ws server ({theirs:.1} ms)",
        ours / theirs
    );
    Ok(())
}

/// Calls and serves so many of `waiting`; milliseconds a pair of commands.
async fn call_all(stend: &Stend, waiting: u32, calls: u32) -> Outcome<f64> {
    let id = format!("n{waiting}");
    let hall = json!({"id": id, "clock": {"mode": "frozen", "now": "2026-11-21T09:00:00Z"}, "world": {"stend": 1, "queue": {
        "operations": [{"id": 1, "name": "o"}],
        "ticket_ranges": [{"id": 1, "name": "r", "last": 999_999}],
        "services": [{"id": 1, "name": "s", "ticket_range_id": 1, "operations": {"1": [1]}}],
        "workplaces": [{"id": 18, "name": "w", "all_operations": 1}],
        "user_roles": [{"id": 1, "name": "r", "clerk": {"all_operations": 1}}],
        "users": [{"id": 1, "login": "admin", "password": "827ccb0eea8a706c4c34a16891f84e7b", "role_id": 1, "clerk": {"id": 1}}],
    }}});
    stend.post("/control/v1/worlds", &hall.to_string())?;
    let visitors = json!({"queue.visitors": {"count": waiting, "over": "1m"}});
    stend.post(&format!("/control/v1/worlds/{id}/actions"), &visitors.to_string())?;
    stend.post(&format!("/control/v1/worlds/{id}/clock/advance"), r#"{"by": "1m"}"#)?;
    let mut socket = connect(&format!("{}/w/{id}/", stend.url("queue")?)).await?;
    let token = log_in(&mut socket, admin()).await?;
    let command = |name: &str| json!({"command": name, "token": token, "id": 1, "data": {"workplace": 18}});
    let began = Instant::now();
    for _ in 0..calls {
        let reply = ask(&mut socket, command("nextConsumer")).await?;
        if reply["data"]["state"] != "SERVING" {
            return Err(format!("nobody was called: {reply}").into());
        }
        ask(&mut socket, command("serveConsumer")).await?;
    }
    Ok(began.elapsed().as_secs_f64() * 1e3 / f64::from(calls))
}

/// Calling the next of many.
pub(crate) fn next_consumer() -> Outcome<()> {
    const CALLS: u32 = 500;
    let (mut few, mut many) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        // A process for each pair: worlds of a hundred thousand are not kept.
        let stend = Stend::start()?;
        few.push(runtime()?.block_on(call_all(&stend, 1_000, CALLS))?);
        many.push(runtime()?.block_on(call_all(&stend, 100_000, CALLS))?);
    }
    let (few, many) = (median(few), median(many));
    println!(
        "Queue, nextConsumer and serveConsumer over a socket: {:.0} µs with 100,000 waiting, {:.2} times what it is with 1,000 ({:.0} µs)",
        many * 1e3,
        many / few,
        few * 1e3
    );
    Ok(())
}
