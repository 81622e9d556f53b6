//! Reading HAR 1.2 entry by entry, so that a file of any size takes the memory of its largest entry; and pages of the
//! journal, whose entries stand at the top.

use std::cell::Cell;
use std::fmt;
use std::io::{self, BufReader, Read};
use std::rc::Rc;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use stend_core::traffic::{HttpExchange, Message, SocketTraffic, Traffic};
use stend_core::{Problem, Timestamp};

use super::body::{self, Coded};
#[cfg(test)]
use super::utf8::utf8;

/// The most bytes that one entry may have in the file.
const LARGEST_ENTRY: u64 = 128 * 1024 * 1024;

/// What a file holds.
pub(super) enum Item {
    /// An entry of a HAR file.
    Traffic(Traffic),
    /// An entry of our journal, and how many bytes of the file it takes.
    Journal(Value, usize),
}

/// Reads a file in UTF-8 and hands over what it holds, in its order; says how many entries that were.
///
/// # Errors
/// What is no such file, is cut short, or has an entry larger than [`LARGEST_ENTRY`]; the message says where.
pub(super) fn read(input: impl Read, take: &mut dyn FnMut(Item)) -> Result<usize, Problem> {
    read_within(LARGEST_ENTRY, input, take)
}

fn read_within(limit: u64, input: impl Read, take: &mut dyn FnMut(Item)) -> Result<usize, Problem> {
    let spent = Rc::new(Cell::new(0));
    let input = Limited { input, limit, spent: Rc::clone(&spent) };
    let mut json = serde_json::Deserializer::from_reader(BufReader::with_capacity(256 * 1024, input));
    let state = State { spent, count: Cell::new(0), found: Cell::new(false) };
    let read = Within { state: &state, take, key: "log" }.deserialize(&mut json).and_then(|()| json.end());
    match read {
        Ok(()) if state.found.get() => Ok(state.count.get()),
        Ok(()) => Err(Problem::invalid(
            "expected HAR: an object with `log.entries`, or a page of the journal; found other JSON",
        )),
        Err(error) if error.is_eof() => Err(Problem::invalid(format!(
            "the file is cut short at line {}: {} whole entries came before",
            error.line(),
            state.count.get()
        ))
        .hint("save it again; what is cut short is not compared in part")),
        Err(error) => {
            let at = state.count.get() + 1;
            Err(Problem::invalid(format!("entry {at}: {error}"))
                .hint("expected HAR 1.2, as browsers and proxies save it"))
        }
    }
}

struct State {
    /// Bytes read since the entry before.
    spent: Rc<Cell<u64>>,
    count: Cell<usize>,
    /// Whether there was a list of entries.
    found: Cell<bool>,
}

/// Ends reading where an entry is too large.
struct Limited<R> {
    input: R,
    limit: u64,
    spent: Rc<Cell<u64>>,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.spent.get() > self.limit {
            let text = format!("larger than {} MiB", self.limit / 1024 / 1024);
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
        let read = self.input.read(into)?;
        self.spent.set(self.spent.get() + read as u64);
        Ok(read)
    }
}

/// An object of which one key is read by another visitor: `log` of the document, `entries` of the log.
struct Within<'a> {
    state: &'a State,
    take: &'a mut dyn FnMut(Item),
    key: &'static str,
}

impl<'de> DeserializeSeed<'de> for Within<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Within<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HAR: an object with `{}`", self.key)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            let (state, take) = (self.state, &mut *self.take);
            match (self.key, key.as_str()) {
                ("log", "log") => map.next_value_seed(Within { state, take, key: "entries" })?,
                ("entries", "entries") => map.next_value_seed(Entries { state, take, journal: false })?,
                ("log", "entries") => map.next_value_seed(Entries { state, take, journal: true })?,
                _ => {
                    // Pages hold screenshots in some exports.
                    state.spent.set(0);
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// The list of entries, each handed over before the next is read.
struct Entries<'a> {
    state: &'a State,
    take: &'a mut dyn FnMut(Item),
    /// Whether they are the journal's.
    journal: bool,
}

impl<'de> DeserializeSeed<'de> for Entries<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of entries")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        self.state.found.set(true);
        self.state.spent.set(0);
        loop {
            let item = if self.journal {
                let entry = items.next_element::<Value>()?;
                entry.map(|entry| Item::Journal(entry, usize::try_from(self.state.spent.get()).unwrap_or(usize::MAX)))
            } else {
                items.next_element::<Entry>()?.map(|entry| Item::Traffic(traffic(entry)))
            };
            let Some(item) = item else { return Ok(()) };
            self.state.spent.set(0);
            self.state.count.set(self.state.count.get() + 1);
            (self.take)(item);
        }
    }
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "startedDateTime", default)]
    started: Option<String>,
    #[serde(default)]
    time: Option<f64>,
    request: Request,
    response: Response,
    #[serde(rename = "_webSocketMessages", default)]
    messages: Option<Vec<Frame>>,
}

#[derive(Deserialize)]
struct Request {
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<Pair>,
    #[serde(rename = "postData", default)]
    body: Option<PostData>,
}

#[derive(Deserialize)]
struct PostData {
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    params: Option<Vec<Pair>>,
    #[serde(alias = "_encoding", default)]
    encoding: Option<String>,
    #[serde(rename = "mimeType", default)]
    mime: Option<String>,
}

#[derive(Deserialize)]
struct Response {
    /// 0 or -1 where no reply came.
    #[serde(default)]
    status: i64,
    #[serde(default)]
    headers: Vec<Pair>,
    #[serde(default)]
    content: Option<Content>,
}

#[derive(Deserialize)]
struct Content {
    /// -1 where it is not known.
    #[serde(default)]
    size: Option<i64>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    encoding: Option<String>,
    #[serde(rename = "mimeType", default)]
    mime: Option<String>,
}

#[derive(Deserialize)]
struct Pair {
    name: String,
    #[serde(default)]
    value: Option<String>,
}

/// A message of a socket, as Chromium and mitmproxy write it.
#[derive(Deserialize)]
struct Frame {
    #[serde(rename = "type")]
    way: String,
    /// Seconds since 1970.
    #[serde(default)]
    time: Option<f64>,
    #[serde(default = "text")]
    opcode: i64,
    #[serde(default)]
    data: Option<String>,
}

fn text() -> i64 {
    1
}

fn pairs(list: Vec<Pair>) -> Vec<(String, String)> {
    let plain = |pair: Pair| (pair.name.to_ascii_lowercase(), pair.value.unwrap_or_default());
    // HTTP/2 names the request line so.
    list.into_iter().filter(|pair| !pair.name.starts_with(':')).map(plain).collect()
}

fn traffic(entry: Entry) -> Traffic {
    let at: Option<Timestamp> = entry.started.as_deref().and_then(|text| text.parse().ok());
    let headers = pairs(entry.request.headers);
    let scheme = entry.request.url.split(':').next().unwrap_or_default();
    let is_socket = entry.messages.is_some() || ["ws", "wss"].contains(&scheme);
    if is_socket {
        let mut skipped = 0;
        let mut messages = Vec::new();
        for frame in entry.messages.unwrap_or_default() {
            match (frame.opcode, frame.data) {
                (1, Some(text)) => messages.push(Message {
                    at: frame.time.and_then(moment),
                    from_client: frame.way == "send" || frame.way == "request",
                    text,
                }),
                // Pings, pongs and closes say nothing.
                (8..=10, _) => {}
                _ => skipped += 1,
            }
        }
        let unreadable = (skipped > 0).then(|| format!("{skipped} messages are no text"));
        return Traffic::Socket(SocketTraffic { url: entry.request.url, headers, at, messages, unreadable });
    }
    let reply_headers = pairs(entry.response.headers);
    let (body, mut unreadable) = match entry.request.body {
        None => (Vec::new(), None),
        Some(PostData { text: None, params: Some(params), .. }) => {
            let pairs = params.iter().map(|pair| (pair.name.as_str(), pair.value.as_deref().unwrap_or_default()));
            (body::form(pairs), None)
        }
        Some(post) => body::decoded(Coded {
            text: post.text.unwrap_or_default(),
            base64: post.encoding.as_deref() == Some("base64"),
            mime: post.mime.as_deref(),
            headers: &headers,
        }),
    };
    let content = entry.response.content;
    let mime = content.as_ref().and_then(|content| content.mime.clone());
    let base64 = content.as_ref().is_some_and(|content| content.encoding.as_deref() == Some("base64"));
    let size = content.as_ref().and_then(|content| content.size).unwrap_or(0);
    let text = content.and_then(|content| content.text);
    // Browsers leave out bodies that nobody has read; their size is not known then.
    let may_have_one = entry.request.method != "HEAD" && ![204, 304].contains(&entry.response.status);
    if text.is_none() && size != 0 && entry.response.status > 0 && may_have_one {
        unreadable.get_or_insert_with(|| "the file has no body of the reply".to_owned());
    }
    let text = text.unwrap_or_default();
    let (reply, why) = body::decoded(Coded { text, base64, mime: mime.as_deref(), headers: &reply_headers });
    unreadable = unreadable.or(why);
    Traffic::Http(Box::new(HttpExchange {
        at,
        took_ms: entry.time.filter(|time| time.is_finite() && *time >= 0.0),
        method: entry.request.method.to_ascii_uppercase(),
        url: entry.request.url,
        headers,
        body,
        status: u16::try_from(entry.response.status).unwrap_or(0),
        reply_headers,
        reply,
        unreadable,
    }))
}

/// A time in seconds since 1970.
fn moment(seconds: f64) -> Option<Timestamp> {
    // Some exporters write milliseconds.
    let milliseconds = if seconds > 1e11 { seconds } else { seconds * 1000.0 };
    (milliseconds.is_finite() && milliseconds.abs() < 1e15)
        .then(|| Timestamp::from_millisecond(milliseconds.round() as i64).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8]) -> Result<Vec<Traffic>, String> {
        let mut found = Vec::new();
        let input = utf8(bytes);
        read(input, &mut |item| {
            if let Item::Traffic(traffic) = item {
                found.push(traffic)
            }
        })
        .map_err(|problem| problem.to_string())?;
        Ok(found)
    }

    const ONE: &str = r#"{"log": {"version": "1.2", "pages": [{"x": 1}], "entries": [{
        "startedDateTime": "2026-11-21T09:00:00.000Z", "time": 12.5,
        "request": {"method": "get", "url": "http://h/api/v4/events?hash=none", "headers": [{"name": "Token", "value": "t"}, {"name": ":method", "value": "GET"}]},
        "response": {"status": 200, "headers": [], "content": {"mimeType": "application/json", "text": "eyJhIjoxfQ==", "encoding": "base64"}}
    }]}}"#;

    #[test]
    fn an_entry_is_read_with_headers_in_lower_case_and_its_body_decoded() {
        let found = all(ONE.as_bytes()).expect("HAR");
        let [Traffic::Http(http)] = &found[..] else { panic!("{found:?}") };
        assert_eq!((http.method.as_str(), http.status, &http.reply[..]), ("GET", 200, &b"{\"a\":1}"[..]));
        assert_eq!(http.headers, [("token".to_owned(), "t".to_owned())]);
        assert_eq!(http.at, "2026-11-21T09:00:00Z".parse().ok());
    }

    #[test]
    fn byte_order_marks_and_utf_16_are_read() {
        let marked = [b"\xEF\xBB\xBF", ONE.as_bytes()].concat();
        let wide: Vec<u8> = [0xFEFF].into_iter().chain(ONE.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = [0xFEFF].into_iter().chain(ONE.encode_utf16()).flat_map(u16::to_be_bytes).collect();
        for bytes in [marked, wide, big] {
            assert_eq!(all(&bytes), all(ONE.as_bytes()));
        }
    }

    #[test]
    fn a_socket_keeps_its_text_messages_in_order() {
        let text = r#"{"log": {"entries": [{"request": {"method": "GET", "url": "ws://h/"}, "response": {"status": 101},
            "_webSocketMessages": [{"type": "send", "time": 1795251600.5, "opcode": 1, "data": "{}"},
            {"type": "receive", "time": 1795251601000.5, "opcode": 1, "data": "[]"}, {"type": "receive", "opcode": 9, "data": ""},
            {"type": "send", "opcode": 2, "data": "AA=="}]}]}}"#;
        let found = all(text.as_bytes()).expect("HAR");
        let [Traffic::Socket(socket)] = &found[..] else { panic!("{found:?}") };
        let texts: Vec<(bool, &str)> = socket.messages.iter().map(|one| (one.from_client, one.text.as_str())).collect();
        assert_eq!(texts, [(true, "{}"), (false, "[]")]);
        let times: Vec<i64> = socket.messages.iter().filter_map(|one| Some(one.at?.as_second())).collect();
        assert_eq!(times, [1_795_251_600, 1_795_251_601], "seconds, and milliseconds");
        assert_eq!(socket.unreadable.as_deref(), Some("1 messages are no text"));
    }

    #[test]
    fn what_is_no_har_or_cut_short_is_told_with_its_place() {
        for (bytes, part) in [
            (&ONE.as_bytes()[..ONE.len() - 4], "cut short at line 5: 0 whole entries came before"),
            (&ONE.as_bytes()[..300], "cut short at line 4: 0 whole entries"),
            (b"{}", "expected HAR"),
            (b"[1]", "entry 1: invalid type: sequence, expected HAR"),
            (b"{\"log\": {\"entries\": [{\"request\": 1}]}}", "entry 1: invalid type"),
            (b"\x1f\x8b\x08", "entry 1: expected value"),
            (b"", "cut short at line 1"),
        ] {
            let why = all(bytes).expect_err("not HAR");
            assert!(why.contains(part), "{part} is not in {why}");
        }
    }

    const MIB: u64 = 1024 * 1024;

    /// Writes as many entries as are asked for without holding them.
    struct Endless {
        entry: Vec<u8>,
        left: usize,
        at: usize,
        given: u64,
    }

    impl Read for Endless {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            if self.at == self.entry.len() {
                if self.left == 0 {
                    return Ok(0);
                }
                self.left -= 1;
                self.at = 0;
            }
            let give = into.len().min(self.entry.len() - self.at);
            into[..give].copy_from_slice(&self.entry[self.at..self.at + give]);
            self.at += give;
            self.given += give as u64;
            Ok(give)
        }
    }

    #[test]
    fn a_file_of_any_size_is_read_entry_by_entry_and_an_entry_has_a_limit() {
        let body = "x".repeat(64 * 1024);
        let entry = format!(
            r#"{{"request": {{"method": "GET", "url": "http://h/"}}, "response": {{"content": {{"text": "{body}"}}}}}},"#
        );
        let mut many = Endless { at: entry.len(), entry: entry.clone().into_bytes(), left: 40, given: 0 };
        let head = br#"{"log": {"entries": ["#;
        let mut largest = 0;
        let whole = head
            .chain(&mut many)
            .chain(&br#"{"request": {"method": "GET", "url": "http://h/"}, "response": {}}]}}"#[..]);
        let count = read_within(MIB, whole, &mut |item| {
            if let Item::Traffic(one) = item {
                largest = largest.max(one.weight());
            }
        })
        .expect("HAR");
        assert_eq!(count, 41);
        assert!(many.given > 2 * MIB && largest < 128 * 1024, "{} {largest}", many.given);
        // One string that does not end.
        let mut one = Endless { at: 64 * 1024, entry: vec![b'x'; 64 * 1024], left: 1024 * 1024, given: 0 };
        let start = &br#"{"log": {"entries": [{"request": {"method": ""#[..];
        let why = read_within(MIB, start.chain(&mut one), &mut |_| {}).expect_err("too large").to_string();
        assert!(why.contains("entry 1: larger than 1 MiB"), "{why}");
    }
}
