//! A scenario's sockets: commands get their replies by `id`, everything else that comes is a push.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use parking_lot::Mutex;
use serde_json::Value;
use tokio::sync::{Notify, oneshot};
use tokio_tungstenite::tungstenite::Message;

type Stream = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;
type Sink = futures_util::stream::SplitSink<Stream, Message>;

/// The most pushes that wait to be looked at; the oldest go.
const INBOX: usize = 10_000;

/// The connections of one play, by fake's URL and name.
#[derive(Default)]
pub(crate) struct Sockets(BTreeMap<(String, String), Connection>);

struct Connection {
    sink: Sink,
    next: u64,
    shared: Arc<Shared>,
    reader: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    desk: Mutex<Desk>,
    came: Notify,
}

#[derive(Default)]
struct Desk {
    asked: BTreeMap<u64, oneshot::Sender<String>>,
    pushes: VecDeque<Value>,
    closed: bool,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Sockets {
    /// Sends a frame on a connection, which is opened if need be, and waits for the reply with its `id`.
    pub(crate) async fn ask(&mut self, base: &str, name: &str, mut frame: Value) -> Result<String, String> {
        let key = (base.to_owned(), name.to_owned());
        if self.0.get(&key).is_none_or(|connection| connection.shared.desk.lock().closed) {
            self.0.insert(key.clone(), Connection::open(base).await?);
        }
        let connection = self.0.get_mut(&key).ok_or("the connection is gone")?;
        connection.next += 1;
        let id = connection.next;
        frame["id"] = id.into();
        let (answer, answered) = oneshot::channel();
        connection.shared.desk.lock().asked.insert(id, answer);
        let sent = connection.sink.send(Message::text(frame.to_string())).await;
        sent.map_err(|error| format!("cannot send: {error}"))?;
        answered.await.map_err(|_| "the connection was closed without a reply".into())
    }

    /// The next push of this command on a connection, waiting up to `grace` by the wall clock.
    pub(crate) async fn push(&mut self, base: &str, name: &str, command: &str, grace: Duration) -> Option<Value> {
        let shared = Arc::clone(&self.0.get(&(base.to_owned(), name.to_owned()))?.shared);
        let wait = async {
            loop {
                let came = shared.came.notified();
                {
                    let mut desk = shared.desk.lock();
                    let found = desk.pushes.iter().position(|push| push["command"] == command);
                    if let Some(index) = found {
                        return desk.pushes.remove(index);
                    }
                    if desk.closed {
                        return None;
                    }
                }
                came.await;
            }
        };
        tokio::time::timeout(grace, wait).await.ok().flatten()
    }
}

impl Connection {
    async fn open(base: &str) -> Result<Self, String> {
        let url = format!("{}/", base.trim_end_matches('/'));
        let (stream, _) =
            tokio_tungstenite::connect_async(url).await.map_err(|error| format!("cannot connect: {error}"))?;
        let (sink, mut frames) = stream.split();
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let reader = tokio::spawn(async move {
            while let Some(Ok(frame)) = frames.next().await {
                let Message::Text(text) = frame else { continue };
                theirs.deliver(text.as_str());
            }
            let mut desk = theirs.desk.lock();
            desk.closed = true;
            desk.asked.clear();
            drop(desk);
            theirs.came.notify_waiters();
        });
        Ok(Self { sink, next: 0, shared, reader })
    }
}

impl Shared {
    fn deliver(&self, text: &str) {
        let frame: Value = serde_json::from_str(text).unwrap_or_default();
        let mut desk = self.desk.lock();
        let asked = frame["id"].as_u64().and_then(|id| desk.asked.remove(&id));
        match asked {
            Some(answer) => {
                // One who gave up waiting needs no answer.
                let _ = answer.send(text.to_owned());
            }
            None => {
                if desk.pushes.len() >= INBOX {
                    desk.pushes.pop_front();
                }
                desk.pushes.push_back(frame);
                drop(desk);
                self.came.notify_waiters();
            }
        }
    }
}
