//! The requests that were seen, asked of the bench in a world of its own.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::Value;
use stend_core::journal::Channel;
use stend_core::{AnyService, ClockSetting, NewWorld, Node, Problem, Timestamp, World, WorldFile, Worlds};
use tokio_tungstenite::tungstenite::Message;

use super::diff::{Diff, Differ};
use super::matching::Seen;

/// A running bench in this process.
#[derive(Debug, Clone, Copy)]
pub struct Bench<'a> {
    /// Its worlds.
    pub worlds: &'a Worlds,
    /// The URL of the service's port, without a slash at the end.
    pub base: &'a str,
}

/// How long an answer of the bench may take by the wall clock.
const PATIENCE: Duration = Duration::from_secs(30);

/// When a world stands whose traffic has no times.
const SOME_DAY: i64 = 1_795_251_600;

/// Headers that belong to the connection or to the client's library.
const OWN_HEADERS: [&str; 11] = [
    "accept-encoding",
    "connection",
    "content-length",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
    "upgrade-insecure-requests",
];

/// What came of one exchange.
pub(super) type Outcome = Result<Vec<Diff>, String>;

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

/// What is asked again, and of whom.
pub(super) struct Trial<'a> {
    pub(super) bench: Bench<'a>,
    pub(super) kind: &'static dyn AnyService,
    /// What was seen.
    pub(super) seen: &'a [Seen],
    pub(super) differ: Differ,
    client: reqwest::Client,
}

impl<'a> Trial<'a> {
    /// # Errors
    /// No HTTP client can be made.
    pub(super) fn new(
        bench: Bench<'a>,
        kind: &'static dyn AnyService,
        seen: &'a [Seen],
        differ: Differ,
    ) -> Result<Self, Problem> {
        let client =
            reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).timeout(PATIENCE);
        let client = client.build();
        let client = client.map_err(|error| Problem::invalid(format!("no HTTP client can be made: {error}")))?;
        Ok(Self { bench, kind, seen, differ, client })
    }

    /// Asks everything again in a new world, and compares the answers.
    ///
    /// # Errors
    /// The world cannot be made.
    pub(super) async fn replay(&self, world: &Value) -> Result<Vec<Outcome>, Problem> {
        const ID: &str = "compare";
        let file = WorldFile::read(&Node::from_json(world), self.bench.worlds.registry())?;
        let start = self.seen.iter().find_map(|one| one.at).or_else(|| Timestamp::from_second(SOME_DAY).ok());
        let clock = start.map(ClockSetting::frozen_at);
        let new = NewWorld { id: Some(ID.into()), file, clock, ..NewWorld::default() };
        let world = self.bench.worlds.create(new)?;
        let mut player = Player {
            base: format!("{}/w/{ID}", self.bench.base),
            kind: self.kind,
            client: self.client.clone(),
            sockets: BTreeMap::new(),
            names: Names::default(),
        };
        let mut outcomes = Vec::with_capacity(self.seen.len());
        for one in self.seen {
            outcomes.push(player.play(&world, one, &self.differ).await);
        }
        drop(player);
        self.bench.worlds.remove(ID)?;
        Ok(outcomes)
    }
}

struct Player {
    base: String,
    kind: &'static dyn AnyService,
    client: reqwest::Client,
    sockets: BTreeMap<usize, Socket>,
    names: Names,
}

/// Ids and tokens of the system that was seen, and what the bench gave in their place.
#[derive(Default)]
struct Names(BTreeMap<String, Value>);

impl Names {
    fn learn(&mut self, seen: &Value, ours: &Value) {
        let text = plain(seen);
        if text.len() >= 4 && plain(ours) != text {
            self.0.insert(text, ours.clone());
        }
    }

    fn text(&self, text: &str) -> String {
        if let Some(ours) = self.0.get(text) {
            return plain(ours);
        }
        // A bearer token stands behind a word.
        match text.rsplit_once(' ').and_then(|(word, token)| Some((word, self.0.get(token)?))) {
            Some((word, ours)) => format!("{word} {}", plain(ours)),
            None => text.to_owned(),
        }
    }

    fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.0.get(text).cloned().unwrap_or_else(|| value.clone()),
            Value::Number(number) => self.0.get(&number.to_string()).cloned().unwrap_or_else(|| value.clone()),
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), self.value(value))).collect(),
            other => other.clone(),
        }
    }

    /// Fields of a query or a form.
    fn pairs(&self, text: &str) -> String {
        let pair = |pair: &str| match pair.split_once('=') {
            Some((name, value)) => {
                let plain = percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned();
                let ours = self.text(&plain);
                if ours == plain {
                    pair.to_owned()
                } else {
                    format!("{name}={}", utf8_percent_encode(&ours, NON_ALPHANUMERIC))
                }
            }
            None => pair.to_owned(),
        };
        text.split('&').map(pair).collect::<Vec<_>>().join("&")
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl Player {
    async fn play(&mut self, world: &World, seen: &Seen, differ: &Differ) -> Outcome {
        if let Some(at) = seen.at.filter(|at| *at > world.now()) {
            world.advance(at).await.map_err(|problem| problem.to_string())?;
        }
        let (status, reply) = match seen.channel {
            Channel::Http => self.http(seen).await?,
            Channel::Frame => self.frame(seen).await?,
            _ => return Err("a push follows from what happens elsewhere".into()),
        };
        let mut found = Vec::new();
        if status != seen.status {
            found.push(Diff { path: "status".into(), ours: status.to_string(), seen: seen.status.to_string() });
        }
        let (theirs, ours) = (serde_json::from_slice::<Value>(&seen.reply), serde_json::from_slice::<Value>(&reply));
        match (theirs, ours) {
            (Ok(mut theirs), Ok(mut ours)) => {
                if let Some(envelope) = self.kind.envelope() {
                    for message in [&mut theirs, &mut ours] {
                        message.as_object_mut().map(|map| map.shift_remove(envelope.id_key()));
                    }
                }
                let names = &mut self.names;
                found.extend(differ.differences(&theirs, &ours, &mut |seen, ours| names.learn(seen, ours)));
            }
            // Texts are compared whole, but for one whose letters a charset has lost.
            _ if seen.reply == reply || String::from_utf8_lossy(&seen.reply).contains('\u{fffd}') => {}
            _ => {
                let short = |bytes: &[u8]| String::from_utf8_lossy(bytes).chars().take(120).collect::<String>();
                found.push(Diff { path: "$".into(), ours: short(&reply), seen: short(&seen.reply) });
            }
        }
        Ok(found)
    }

    async fn http(&mut self, seen: &Seen) -> Result<(u16, Vec<u8>), String> {
        let path: Vec<String> = seen.path.split('/').map(|part| self.names.text(part)).collect();
        let query = if seen.query.is_empty() { String::new() } else { format!("?{}", self.names.pairs(&seen.query)) };
        let method = seen.title.split(' ').next().unwrap_or("GET");
        let method = Method::from_bytes(method.as_bytes()).map_err(|error| error.to_string())?;
        let mut request = self.client.request(method, format!("{}{}{query}", self.base, path.join("/")));
        for (name, value) in seen.headers.iter().filter(|(name, _)| !OWN_HEADERS.contains(&name.as_str())) {
            request = request.header(name, self.names.text(value));
        }
        if !seen.request.is_empty() {
            let body = match serde_json::from_slice::<Value>(&seen.request) {
                Ok(json) if self.names.value(&json) != json => self.names.value(&json).to_string().into_bytes(),
                Ok(_) => seen.request.clone(),
                Err(_) => match std::str::from_utf8(&seen.request) {
                    Ok(text) => self.names.pairs(text).into_bytes(),
                    Err(_) => seen.request.clone(),
                },
            };
            request = request.body(body);
        }
        let answer = request.send().await.map_err(|error| format!("the bench gave no answer: {error}"))?;
        let status = answer.status().as_u16();
        let kind = answer.headers().get("content-type").and_then(|kind| kind.to_str().ok()).map(str::to_owned);
        let bytes = answer.bytes().await.map_err(|error| format!("the bench gave no whole answer: {error}"))?;
        Ok((status, super::body::plain(bytes.to_vec(), None, kind.as_deref()).0))
    }

    async fn frame(&mut self, seen: &Seen) -> Result<(u16, Vec<u8>), String> {
        let envelope = self.kind.envelope().ok_or("not a service of sockets")?;
        let wait = |what: &str| format!("the bench gave no {what} within {} s", PATIENCE.as_secs());
        if !self.sockets.contains_key(&seen.socket) {
            let url = self.base.replacen("http", "ws", 1) + "/";
            let opened = tokio::time::timeout(PATIENCE, tokio_tungstenite::connect_async(url)).await;
            let (socket, _) = opened.map_err(|_| wait("socket"))?.map_err(|error| error.to_string())?;
            self.sockets.insert(seen.socket, socket);
        }
        let frame = self.names.value(&seen.request_json());
        let socket = self.sockets.get_mut(&seen.socket).ok_or("the socket is gone")?;
        socket.send(Message::text(frame.to_string())).await.map_err(|error| error.to_string())?;
        let (id, command) = (envelope.reply_id(&frame), envelope.command(&frame).map(str::to_owned));
        let answered = async {
            while let Some(message) = socket.next().await {
                let Ok(text) = message.map_err(|error| error.to_string())?.into_text() else { continue };
                let Ok(reply) = serde_json::from_str::<Value>(&text) else { continue };
                let is_reply = match id {
                    Some(id) => envelope.reply_id(&reply) == Some(id),
                    None => envelope.command(&reply).map(str::to_owned) == command,
                };
                if is_reply {
                    return Ok((if envelope.is_error(&reply) { 400 } else { 200 }, text.as_bytes().to_vec()));
                }
            }
            Err("the bench closed the socket".to_owned())
        };
        tokio::time::timeout(PATIENCE, answered).await.map_err(|_| wait("reply"))?
    }
}
