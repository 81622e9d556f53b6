//! Which of a service's operations an exchange is for.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use percent_encoding::percent_decode_str;
use serde_json::Value;
use stend_core::envelope::Envelope;
use stend_core::journal::Channel;
use stend_core::traffic::{HttpExchange, Message, SocketTraffic, Traffic};
use stend_core::{AnyService, Operation, Timestamp};

/// One exchange of a service: a request with its reply, a command with its reply, or a push.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Its number in the file, from 1; the messages of a socket share one.
    pub entry: usize,
    /// When it was.
    pub at: Option<Timestamp>,
    /// Over HTTP, a command, or a push.
    pub channel: Channel,
    /// The operation; nothing of an HTTP request that is for none.
    pub operation: Option<&'static Operation>,
    /// The socket that it came over, by its number.
    pub socket: usize,
    /// Method and path, or the command, for people.
    pub title: String,
    /// The path as the service knows it, without what stands before it.
    pub path: String,
    /// The query without the question mark.
    pub query: String,
    /// The values in the braces of the operation's path.
    pub params: BTreeMap<String, String>,
    /// Headers of the request, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The request's body, or frame.
    pub request: Vec<u8>,
    /// The status; of a frame 200, or 400 for an error.
    pub status: u16,
    /// Headers of the reply.
    pub reply_headers: Vec<(String, String)>,
    /// The reply's body, frame, or the push.
    pub reply: Vec<u8>,
}

impl Seen {
    /// The request's JSON; `null` where it is none.
    pub fn request_json(&self) -> Value {
        serde_json::from_slice(&self.request).unwrap_or_default()
    }

    /// The reply's JSON; `null` where it is none.
    pub fn reply_json(&self) -> Value {
        serde_json::from_slice(&self.reply).unwrap_or_default()
    }

    /// The operation's id.
    pub fn id(&self) -> &'static str {
        self.operation.map_or("(no operation)", |operation| operation.id)
    }

    /// The fields of the query, decoded.
    pub fn fields(&self) -> BTreeMap<String, String> {
        pairs(&self.query)
    }
}

/// The fields of a query or a form, decoded; of those that are given twice the last.
pub(super) fn pairs(text: &str) -> BTreeMap<String, String> {
    let decoded = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name), decoded(value))
    };
    text.split('&').filter(|pair| !pair.is_empty()).map(pair).collect()
}

/// Something that was not compared, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Unmatched {
    /// What: method and path, a command, a host.
    pub what: String,
    /// Why.
    pub why: String,
    /// How often.
    pub times: usize,
}

/// A URL in its parts: what stands before the path, the path, the query.
pub(super) fn parts(url: &str) -> (&str, &str, &str) {
    let after = url.find("://").map_or(0, |at| at + 3);
    let path = url[after..].find(['/', '?', '#']).map_or(url.len(), |at| after + at);
    let (base, rest) = url.split_at(path);
    let rest = rest.split('#').next().unwrap_or_default();
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    (base, if path.is_empty() { "/" } else { path }, query)
}

/// Host and port of a URL, as they stand in it.
pub(super) fn authority(url: &str) -> &str {
    let (base, ..) = parts(url);
    let authority = base.split_once("://").map_or(base, |(_, rest)| rest);
    authority.rsplit('@').next().unwrap_or_default()
}

/// The host of an authority, without its port.
fn host(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

/// A path whose ids are `*`, so that requests of a kind are listed once.
fn general(path: &str) -> String {
    let is_id =
        |part: &str| part.len() > 40 || part.bytes().any(|byte| byte.is_ascii_digit()) && !part.starts_with('v');
    path.split('/').map(|part| if is_id(part) { "*" } else { part }).collect::<Vec<_>>().join("/")
}

/// An operation whose path a request's path ends with: the operation, what stands before, and the values in the braces.
type Place = (&'static Operation, String, BTreeMap<String, String>);

/// The operation of a path, and whether its method fits. The longest template that fits counts, then the one with the fewest braces.
fn operation(kind: &dyn AnyService, method: &str, path: &str) -> Option<(Place, bool)> {
    let segments: Vec<&str> = path.trim_end_matches('/').split('/').skip(1).collect();
    let mut best: Option<((bool, usize, usize), Place)> = None;
    for operation in kind.operations() {
        let (Some(known), Some(template)) = (operation.method, operation.path) else { continue };
        let words: Vec<&str> = template.trim_end_matches('/').split('/').skip(1).collect();
        let Some(before) = segments.len().checked_sub(words.len()) else { continue };
        let mut params = BTreeMap::new();
        let fits = words.iter().zip(&segments[before..]).all(|(word, segment)| match word.strip_prefix('{') {
            Some(name) => {
                let value = percent_decode_str(segment).decode_utf8_lossy().into_owned();
                params.insert(name.trim_end_matches('}').to_owned(), value);
                !segment.is_empty()
            }
            None => word == segment || percent_decode_str(segment).decode_utf8().is_ok_and(|segment| *word == segment),
        });
        let is_method = known == method || (method == "HEAD" && known == "GET");
        let rank = (is_method, words.len(), words.len() - params.len());
        if fits && best.as_ref().is_none_or(|(known, _)| rank > *known) {
            let before: String = segments[..before].iter().map(|segment| format!("/{segment}")).collect();
            best = Some((rank, (operation, before, params)));
        }
    }
    best.map(|((is_method, ..), place)| (place, is_method))
}

/// Whether a request's path is that of an operation.
pub(super) fn has_operation(kind: &dyn AnyService, http: &HttpExchange) -> bool {
    operation(kind, &http.method, parts(&http.url).1).is_some()
}

/// Traffic of one service, picked out of a file.
#[derive(Debug, Default)]
pub struct Matched {
    /// The service's exchanges, in the order in which they were.
    pub seen: Vec<Seen>,
    /// What was left aside.
    pub unmatched: Vec<Unmatched>,
    /// The bases of the URLs that are the service's: `https://host/prefix`.
    pub bases: BTreeSet<String>,
    /// How many entries there were.
    pub entries: usize,
}

/// Counts what is left aside.
#[derive(Default)]
struct Aside(BTreeMap<(String, String), usize>);

impl Aside {
    fn add(&mut self, what: impl Into<String>, why: impl Into<String>) {
        *self.0.entry((what.into(), why.into())).or_default() += 1;
    }
}

/// Picks a service's exchanges out of traffic. Without `hosts`, the hosts count that the most of its operations were asked of.
pub fn matched(kind: &'static dyn AnyService, traffic: Vec<Traffic>, hosts: &[String]) -> Matched {
    let mut found = Matched { entries: traffic.len(), ..Matched::default() };
    let mut aside = Aside::default();
    let chosen = chosen(kind, &traffic, hosts);
    for (index, one) in traffic.into_iter().enumerate() {
        let entry = index + 1;
        let authority = authority(one.url());
        if !chosen.contains(authority) && !chosen.contains(host(authority)) {
            aside.add(authority, "another host");
            continue;
        }
        match one {
            Traffic::Http(http) => of_http(kind, entry, *http, &mut found, &mut aside),
            Traffic::Socket(socket) => match kind.envelope() {
                Some(envelope) => of_socket(kind, envelope, entry, socket, &mut found, &mut aside),
                None => aside.add(socket.url, format!("a socket; {} speaks plain HTTP", kind.name())),
            },
        }
    }
    found.seen.sort_by_key(|seen| (seen.at.is_none(), seen.at));
    let row = |((what, why), times): ((String, String), usize)| Unmatched { what, why, times };
    found.unmatched = aside.0.into_iter().map(row).collect();
    found
}

/// The hosts whose traffic is the service's.
fn chosen(kind: &dyn AnyService, traffic: &[Traffic], hosts: &[String]) -> BTreeSet<String> {
    if !hosts.is_empty() {
        return hosts.iter().map(|host| host.to_ascii_lowercase()).collect();
    }
    let mut operations: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for one in traffic {
        let (_, path, _) = parts(one.url());
        let asked: Vec<&str> = match (one, kind.envelope()) {
            (Traffic::Http(http), None) => {
                let found = operation(kind, &http.method, path).filter(|(_, is_method)| *is_method);
                found.map(|((operation, ..), _)| operation.id).into_iter().collect()
            }
            (Traffic::Socket(socket), Some(envelope)) => {
                let names = socket.messages.iter().filter_map(|message| {
                    let frame: Value = serde_json::from_str(&message.text).ok()?;
                    let name = envelope.command(&frame)?;
                    kind.operations().iter().find(|operation| operation.command == Some(name))
                });
                names.map(|operation| operation.id).collect()
            }
            _ => Vec::new(),
        };
        if !asked.is_empty() {
            operations.entry(authority(one.url())).or_default().extend(asked);
        }
    }
    let most = operations.values().map(BTreeSet::len).max().unwrap_or(0);
    // A host that shares only a short path such as `/auth` with the service is another one's.
    let is_its = |asked: &BTreeSet<&str>| asked.len() * 4 >= most;
    operations.into_iter().filter(|(_, asked)| is_its(asked)).map(|(host, _)| host.to_owned()).collect()
}

fn of_http(kind: &'static dyn AnyService, entry: usize, http: HttpExchange, found: &mut Matched, aside: &mut Aside) {
    let (base, path, query) = parts(&http.url);
    let title = format!("{} {path}", http.method);
    // Preflights are the browser's.
    if http.method == "OPTIONS" {
        return aside.add(title, "asked by a browser and not by the client");
    }
    let Some(((operation, before, params), is_method)) = operation(kind, &http.method, path) else {
        return aside.add(general(&title), format!("no operation of {}", kind.name()));
    };
    if !is_method {
        return aside.add(title, format!("{} takes no {}", operation.path.unwrap_or_default(), http.method));
    }
    if let Some(why) = http.unreadable {
        return aside.add(title, why);
    }
    if http.status == 0 {
        return aside.add(title, "no reply came");
    }
    found.bases.insert(format!("{base}{before}"));
    found.seen.push(Seen {
        entry,
        at: http.at,
        channel: Channel::Http,
        operation: Some(operation),
        socket: 0,
        title: format!("{} {}", http.method, &path[before.len()..]),
        path: path[before.len()..].to_owned(),
        query: query.to_owned(),
        params,
        headers: http.headers,
        request: http.body,
        status: http.status,
        reply_headers: http.reply_headers,
        reply: http.reply,
    });
}

fn of_socket(
    kind: &'static dyn AnyService,
    envelope: &'static dyn Envelope,
    entry: usize,
    socket: SocketTraffic,
    found: &mut Matched,
    aside: &mut Aside,
) {
    if let Some(why) = socket.unreadable {
        aside.add(socket.url.clone(), why);
    }
    found.bases.insert(socket.url.clone());
    let command = |name: &str| kind.operations().iter().find(|operation| operation.command == Some(name));
    let mut asked: VecDeque<(Option<u64>, Seen)> = VecDeque::new();
    for Message { at, from_client, text } in socket.messages {
        let frame: Option<Value> = serde_json::from_str(&text).ok();
        let Some(frame) = frame else {
            aside.add(socket.url.clone(), "a message that is no JSON");
            continue;
        };
        let name = envelope.command(&frame).unwrap_or_default().to_owned();
        let Some(operation) = command(&name) else {
            aside.add(format!("command `{name}`"), format!("no command of {}", kind.name()));
            continue;
        };
        let mut seen = Seen {
            entry,
            at: at.or(socket.at),
            channel: Channel::Frame,
            operation: Some(operation),
            socket: entry,
            title: name,
            path: String::new(),
            query: String::new(),
            params: BTreeMap::new(),
            headers: Vec::new(),
            request: Vec::new(),
            status: 200,
            reply_headers: Vec::new(),
            reply: Vec::new(),
        };
        let id = envelope.reply_id(&frame);
        if from_client {
            seen.request = text.into_bytes();
            asked.push_back((id, seen));
            continue;
        }
        // A reply carries its request's id where that had one; else it names the command that was asked last.
        let place = asked.iter().position(|(wanted, one)| match (id, wanted) {
            (Some(id), Some(wanted)) => id == *wanted,
            (None, None) => one.title == seen.title,
            _ => false,
        });
        match place.and_then(|place| asked.remove(place)) {
            Some((_, mut request)) => {
                request.status = if envelope.is_error(&frame) { 400 } else { 200 };
                request.reply = text.into_bytes();
                found.seen.push(request);
            }
            None => {
                seen.channel = Channel::Push;
                seen.reply = text.into_bytes();
                found.seen.push(seen);
            }
        }
    }
    for (_, seen) in asked {
        aside.add(format!("command `{}`", seen.title), "no reply came");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_fall_into_their_parts() {
        assert_eq!(parts("https://h:1/a/b?c=d#e"), ("https://h:1", "/a/b", "c=d"));
        assert_eq!(parts("http://h"), ("http://h", "/", ""));
        assert_eq!(parts("http://h?x"), ("http://h", "/", "x"));
        assert_eq!(
            (authority("https://u:p@h.example:8443/a"), host("h.example:8443"), host("[::1]:7703")),
            ("h.example:8443", "h.example", "[::1]")
        );
        assert_eq!(general("/v2/vending_machines/123/loading"), "/v2/vending_machines/*/loading");
        assert_eq!(
            pairs("a=1&b=%D0%9A+x&a=2&c").into_iter().collect::<Vec<_>>(),
            [("a".to_owned(), "2".to_owned()), ("b".to_owned(), "К x".to_owned()), ("c".to_owned(), String::new())]
        );
    }
}
