//! Asking a real system: what only reads, by the rows of `fixtures/<service>/traffic.yaml`. What changes something is sent
//! only where somebody has named it.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value};
use stend_core::clock::wall;
use stend_core::envelope::{Command, Envelope};
use stend_core::traffic::{HttpExchange, Message, SocketTraffic, Traffic};
use stend_core::{AnyService, Operation, Problem};
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use super::body::escaped;
use super::matching::{Unmatched, authority};
use super::rules::Rules;
use crate::matcher::{find, path};

/// One request that can be asked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    /// The operation.
    pub(super) of: String,
    /// Values for the braces of its path.
    #[serde(default)]
    path: BTreeMap<String, String>,
    #[serde(default)]
    query: BTreeMap<String, String>,
    /// Headers; left out, those of all requests.
    #[serde(default)]
    headers: Option<BTreeMap<String, String>>,
    /// A body as JSON, or a command's data.
    #[serde(default)]
    json: Option<Map<String, Value>>,
    /// Names for what the reply shows, with JSONPaths; the first thing that is found counts.
    #[serde(default)]
    pub(super) capture: BTreeMap<String, String>,
    /// Whether it only signs in, whatever its method.
    #[serde(default)]
    signs_in: bool,
    /// Whether it changes something.
    #[serde(default)]
    pub(super) changes: bool,
}

/// A system that is asked.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its URL, as it is known to people.
    pub url: String,
    /// Where it is reached: the same, or the near end of a way through TLS. `http` or `ws`.
    pub reached: String,
}

/// How it is asked.
#[derive(Debug)]
pub struct Asking<'a> {
    /// Values by name: credentials, ids.
    pub given: BTreeMap<String, String>,
    /// The operations that may be sent although they change something.
    pub allowed: &'a [String],
    /// How long a reply may take.
    pub patience: Duration,
}

/// The largest reply that is read.
const LARGEST: usize = 64 * 1024 * 1024;

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

/// Asks a system all that is known how to ask. What was not asked is told with its reason.
///
/// # Errors
/// It cannot be reached, or an operation is allowed that there is not.
pub async fn ask(
    target: &Target,
    kind: &'static dyn AnyService,
    rules: &Rules,
    asking: Asking<'_>,
) -> Result<(Vec<Traffic>, Vec<Unmatched>), Problem> {
    let known = || kind.operations().iter().map(|operation| operation.id);
    for name in asking.allowed {
        if !known().any(|id| id == name) {
            return Err(Problem::unknown("unknown_operation", "operation", name, known()));
        }
    }
    let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    let client = client.timeout(asking.patience).build();
    let client = client.map_err(|error| Problem::invalid(format!("no HTTP client can be made: {error}")))?;
    let mut asker = Asker { target, asking, client, traffic: Vec::new(), socket: None, left_out: Vec::new() };
    for row in &rules.asks {
        let Some(operation) = kind.operations().iter().find(|operation| operation.id == row.of) else { continue };
        let may = operation.only_reads() || row.signs_in || operation.command.is_some() && !row.changes;
        if !may && !asker.asking.allowed.contains(&row.of) {
            let why = format!("it changes something; `--allow-mutating {}` sends it", row.of);
            asker.leave_out(&row.of, why);
            continue;
        }
        match kind.envelope() {
            Some(envelope) => asker.frame(envelope, row).await?,
            None => asker.http(&rules.headers, operation, row).await?,
        }
    }
    if let Some((_, socket)) = asker.socket.take() {
        asker.traffic.push(Traffic::Socket(socket));
    }
    Ok((asker.traffic, asker.left_out))
}

struct Asker<'a> {
    target: &'a Target,
    asking: Asking<'a>,
    client: reqwest::Client,
    traffic: Vec<Traffic>,
    socket: Option<(Socket, SocketTraffic)>,
    left_out: Vec<Unmatched>,
}

impl Asker<'_> {
    fn leave_out(&mut self, what: &str, why: String) {
        self.left_out.push(Unmatched { what: what.to_owned(), why, times: 1 });
    }

    /// A text with what is known in the place of `${name}`.
    fn filled(&self, text: &str) -> Result<String, String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            let (before, after) = rest.split_at(at);
            let (name, tail) = after[2..].split_once('}').ok_or("a placeholder that does not end")?;
            let value = self.asking.given.get(name);
            let value = value.ok_or_else(|| {
                format!("`{name}` is not known: no reply has shown it, and no `--with {name}=VALUE` gives it")
            })?;
            out.push_str(before);
            out.push_str(value);
            rest = tail;
        }
        Ok(out + rest)
    }

    fn filled_json(&self, value: &Value) -> Result<Value, String> {
        Ok(match value {
            Value::String(text) => {
                // `${id:number}` is sent as a number.
                let name = text.strip_prefix("${").and_then(|rest| rest.strip_suffix(":number}"));
                match name {
                    Some(name) => {
                        let filled = self.filled(&format!("${{{name}}}"))?;
                        serde_json::from_str::<serde_json::Number>(&filled)
                            .map(Value::Number)
                            .map_err(|_| format!("`{name}` is `{filled}`, and a number is wanted"))?
                    }
                    None => self.filled(text)?.into(),
                }
            }
            Value::Array(items) => items.iter().map(|item| self.filled_json(item)).collect::<Result<_, _>>()?,
            Value::Object(map) => {
                let entry = |(key, value): (&String, &Value)| Ok((key.clone(), self.filled_json(value)?));
                Value::Object(map.iter().map(entry).collect::<Result<_, String>>()?)
            }
            other => other.clone(),
        })
    }

    fn capture(&mut self, row: &Ask, reply: &Value) {
        for (name, from) in &row.capture {
            let found = path(from).ok().and_then(|parsed| find(&parsed, from, reply));
            let first = match found {
                Some(Value::Array(items)) => items.into_iter().next(),
                other => other,
            };
            if let Some(value) = first.filter(|value| !value.is_null()) {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                self.asking.given.entry(name.clone()).or_insert(text);
            }
        }
    }

    /// The parts of a request: its path with its query, headers, body.
    #[expect(clippy::type_complexity, reason = "three plain parts of one request")]
    fn parts(
        &self,
        common: &BTreeMap<String, String>,
        operation: &Operation,
        row: &Ask,
    ) -> Result<(String, Vec<(String, String)>, Vec<u8>), String> {
        let mut target = operation.path.unwrap_or("/").to_owned();
        for (name, value) in &row.path {
            target = target.replace(&format!("{{{name}}}"), &escaped(&self.filled(value)?));
        }
        for (n, (name, value)) in row.query.iter().enumerate() {
            target += &format!(
                "{}{}={}",
                if n == 0 { '?' } else { '&' },
                escaped(name).replace("%2D", "-"),
                escaped(&self.filled(value)?)
            );
        }
        let headers = row.headers.as_ref().unwrap_or(common);
        let headers = headers.iter().map(|(name, value)| Ok((name.to_ascii_lowercase(), self.filled(value)?)));
        let mut headers: Vec<(String, String)> = headers.collect::<Result<_, String>>()?;
        let mut body = Vec::new();
        if let Some(json) = &row.json {
            body = self.filled_json(&Value::Object(json.clone()))?.to_string().into_bytes();
            headers.push(("content-type".into(), "application/json".into()));
        }
        Ok((target, headers, body))
    }

    async fn http(
        &mut self,
        common: &BTreeMap<String, String>,
        operation: &Operation,
        row: &Ask,
    ) -> Result<(), Problem> {
        let (path, headers, body) = match self.parts(common, operation, row) {
            Ok(parts) => parts,
            Err(why) => {
                self.leave_out(&row.of, why);
                return Ok(());
            }
        };
        let method = operation.method.unwrap_or("GET");
        let verb = Method::from_bytes(method.as_bytes()).map_err(|error| Problem::invalid(error.to_string()))?;
        let mut request = self.client.request(verb, format!("{}{path}", self.target.reached));
        request = request.header("host", authority(&self.target.url));
        request = headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        let mut exchange = HttpExchange {
            at: Some(wall()),
            method: method.to_owned(),
            url: format!("{}{path}", self.target.url),
            headers,
            body: body.clone(),
            ..HttpExchange::default()
        };
        match request.body(body).send().await {
            Ok(answer) => {
                exchange.status = answer.status().as_u16();
                let header = |(name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue)| {
                    (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
                };
                exchange.reply_headers = answer.headers().iter().map(header).collect();
                match whole(answer).await {
                    Ok(reply) => exchange.reply = reply,
                    Err(why) => exchange.unreadable = Some(why),
                }
            }
            // Nobody there is an error at once; one slow answer is none.
            Err(error) if error.is_connect() && self.traffic.is_empty() => {
                return Err(Problem::invalid(format!("{} cannot be reached: {}", self.target.url, source(&error))));
            }
            Err(error) => {
                let within = format!("no reply within {} s", self.asking.patience.as_secs());
                self.leave_out(&row.of, if error.is_timeout() { within } else { source(&error) });
                return Ok(());
            }
        }
        let traffic = super::decoded(Traffic::Http(Box::new(exchange)));
        if let Traffic::Http(http) = &traffic
            && http.status < 300
        {
            let reply = serde_json::from_slice(&http.reply).unwrap_or_default();
            self.capture(row, &reply);
        }
        self.traffic.push(traffic);
        Ok(())
    }

    async fn open(&self) -> Result<Socket, String> {
        let url = self.target.reached.replacen("http", "ws", 1) + "/";
        let mut request = url.into_client_request().map_err(|error| error.to_string())?;
        let host = authority(&self.target.url).parse().map_err(|_| "its host is no host".to_owned())?;
        request.headers_mut().insert(tungstenite::http::header::HOST, host);
        let opened = tokio::time::timeout(self.asking.patience, tokio_tungstenite::connect_async(request)).await;
        let opened = opened.map_err(|_| format!("no answer within {} s", self.asking.patience.as_secs()))?;
        Ok(opened.map_err(|error| error.to_string())?.0)
    }

    async fn frame(&mut self, envelope: &'static dyn Envelope, row: &Ask) -> Result<(), Problem> {
        let data = self.filled_json(&Value::Object(row.json.clone().unwrap_or_default()));
        let token = if row.signs_in { Ok(None) } else { self.filled("${token}").map(Some) };
        let (data, token) = match (data, token) {
            (Ok(data), Ok(token)) => (data, token),
            (Err(why), _) | (_, Err(why)) => {
                self.leave_out(&row.of, why);
                return Ok(());
            }
        };
        if self.socket.is_none() {
            let socket = self.open().await;
            let socket =
                socket.map_err(|why| Problem::invalid(format!("{} cannot be reached: {why}", self.target.url)))?;
            let url = format!("{}/", self.target.url.trim_end_matches('/'));
            self.socket = Some((socket, SocketTraffic { url, at: Some(wall()), ..SocketTraffic::default() }));
        }
        let patience = self.asking.patience;
        let Some((socket, heard)) = &mut self.socket else { return Ok(()) };
        let id = heard.messages.len() as u64 + 1;
        let frame = envelope.write(&Command { name: row.of.clone(), token, data }, id).to_string();
        heard.messages.push(Message { at: Some(wall()), from_client: true, text: frame.clone() });
        let answered = async {
            socket.send(tungstenite::Message::text(frame)).await.map_err(|error| error.to_string())?;
            while let Some(message) = socket.next().await {
                let Ok(text) = message.map_err(|error| error.to_string())?.into_text() else { continue };
                if text.is_empty() {
                    continue;
                }
                heard.messages.push(Message { at: Some(wall()), from_client: false, text: text.to_string() });
                let Ok(reply) = serde_json::from_str::<Value>(&text) else { continue };
                // A system that does not repeat ids names the command.
                let by_name = envelope.reply_id(&reply).is_none() && envelope.command(&reply) == Some(&row.of);
                if envelope.reply_id(&reply) == Some(id) || by_name {
                    return Ok(reply);
                }
            }
            Err("the system closed the socket".to_owned())
        };
        let reply = tokio::time::timeout(patience, answered).await;
        match reply.unwrap_or_else(|_| Err(format!("no reply within {} s", patience.as_secs()))) {
            Ok(reply) => self.capture(row, &reply),
            Err(why) => self.leave_out(&row.of, why),
        }
        Ok(())
    }
}

/// A reply's body, within its limit.
async fn whole(mut answer: reqwest::Response) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(|error| source(&error))? {
        if bytes.len() + piece.len() > LARGEST {
            return Err(format!("a reply is larger than {} MiB", LARGEST / 1024 / 1024));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

/// The innermost cause of an error.
fn source(error: &reqwest::Error) -> String {
    let mut last: &dyn std::error::Error = error;
    while let Some(inner) = last.source() {
        last = inner;
    }
    last.to_string()
}
