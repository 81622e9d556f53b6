//! Masking: secrets and personal data of traffic become pseudonyms, each the same everywhere, so that references still match.

mod pseudonyms;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::{Map, Value};
use stend_core::traffic::Traffic;

use super::body::escaped;
use pseudonyms::Pseudonyms;

/// Headers that carry secrets whatever the service.
const HEADERS: [&str; 4] = ["authorization", "proxy-authorization", "x-api-key", "x-auth-token"];

/// Parts of names that speak of secrets whatever the service, without what is no letter.
const WORDS: [&str; 9] =
    ["password", "passwd", "passphrase", "secret", "token", "apikey", "credential", "csrf", "xsrf"];

/// Whole names that do.
const NAMES: [&str; 5] = ["pwd", "pass", "jwt", "sid", "otp"];

/// The shortest text that may be base64 of something.
const CODED: usize = 16;

/// How deep texts within texts are looked into: JSON in a string, base64 of JSON.
const LEVELS: usize = 4;

/// What was masked at the places of one name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Masked {
    /// The header, parameter or key.
    pub name: String,
    /// Whether it holds personal data, and no secret.
    pub personal: bool,
    /// How many different values there were.
    pub values: usize,
    /// What stands for one of them.
    pub example: String,
}

/// Masks traffic in place: secrets and personal data at places of these names, and the same values wherever else they
/// stand. What is `known` to be no secret stays. Says what was masked.
pub fn mask(traffic: &mut [Traffic], secrets: &[&str], personal: &[String], known: BTreeSet<String>) -> Vec<Masked> {
    mask_all(traffic, secrets, personal, known).0
}

/// The same, with all that stands for something.
pub(crate) fn mask_all(
    traffic: &mut [Traffic],
    secrets: &[&str],
    personal: &[String],
    known: BTreeSet<String>,
) -> (Vec<Masked>, BTreeSet<String>) {
    let mut masker = Masker::new(secrets, personal, known);
    // First all places, so that what was sent before its place was seen is masked, too.
    for one in traffic.iter() {
        masker.traffic(&mut one.clone());
    }
    masker.pseudonyms.all_are_known();
    traffic.iter_mut().for_each(|one| masker.traffic(one));
    let row = |((name, personal), values): ((String, bool), BTreeSet<String>)| Masked {
        example: values.first().cloned().unwrap_or_default(),
        values: values.len(),
        name,
        personal,
    };
    (masker.places.into_iter().map(row).collect(), masker.pseudonyms.into_all())
}

/// Adds the texts at places of secrets in a JSON value, however they are nested.
pub(crate) fn at_places(value: &Value, secrets: &[&str], into: &mut BTreeSet<String>) {
    Masker::new(secrets, &[], BTreeSet::new()).texts_at_places(value, false, into);
}

struct Masker {
    secrets: BTreeSet<String>,
    personal: BTreeSet<String>,
    pseudonyms: Pseudonyms,
    /// The pseudonyms by the names of their places, and whether these are personal.
    places: BTreeMap<(String, bool), BTreeSet<String>>,
    /// How deep within texts it is.
    level: usize,
}

/// A place whose values are masked.
#[derive(Clone, Copy)]
struct Place<'n> {
    name: &'n str,
    personal: bool,
}

impl Masker {
    fn new(secrets: &[&str], personal: &[String], known: BTreeSet<String>) -> Self {
        Self {
            secrets: secrets.iter().map(|name| name.to_lowercase()).collect(),
            personal: personal.iter().map(|name| name.to_lowercase()).collect(),
            pseudonyms: Pseudonyms::new(known),
            places: BTreeMap::new(),
            level: 0,
        }
    }

    fn texts_at_places(&self, value: &Value, is_place: bool, into: &mut BTreeSet<String>) {
        match value {
            Value::String(text) if is_place => drop(into.insert(text.clone())),
            Value::Number(number) if is_place => drop(into.insert(number.to_string())),
            Value::Array(items) => items.iter().for_each(|item| self.texts_at_places(item, is_place, into)),
            Value::Object(map) => map
                .iter()
                .for_each(|(key, value)| self.texts_at_places(value, is_place || self.place(key).is_some(), into)),
            _ => {}
        }
    }

    /// Whether what is called so is masked.
    fn place<'n>(&self, name: &'n str) -> Option<Place<'n>> {
        let lower = name.to_lowercase();
        let plain: String = lower.chars().filter(|c| c.is_alphanumeric()).collect();
        // How long a token lives, and of which type it is, is no secret.
        let is_about = ["type", "expires", "lifetime"].iter().any(|word| plain.contains(word));
        let has_word = WORDS.iter().any(|word| plain.contains(word)) || NAMES.contains(&plain.as_str());
        if self.secrets.contains(&lower) || (has_word && !is_about) {
            return Some(Place { name, personal: false });
        }
        self.personal.contains(&lower).then_some(Place { name, personal: true })
    }

    /// What stands for a value at a place.
    fn value(&mut self, place: Place<'_>, value: &str) -> String {
        self.pseudonyms.personal(value, place.personal);
        let masked = self.pseudonyms.of(value, true);
        self.masked_at(place, value, masked)
    }

    /// The same for a value that may be a common word, as a user's name, and is then masked nowhere else.
    fn word(&mut self, place: Place<'_>, value: &str) -> String {
        let is_word = value.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-' || byte == b'_');
        let masked = self.pseudonyms.of(value, !is_word);
        self.masked_at(place, value, masked)
    }

    fn masked_at(&mut self, place: Place<'_>, value: &str, masked: String) -> String {
        if masked != value {
            self.places.entry((place.name.to_owned(), place.personal)).or_default().insert(masked.clone());
        }
        masked
    }

    fn traffic(&mut self, traffic: &mut Traffic) {
        match traffic {
            Traffic::Http(http) => {
                http.url = self.url(&http.url);
                self.headers(&mut http.headers);
                self.headers(&mut http.reply_headers);
                self.body(&mut http.body, &http.headers);
                self.body(&mut http.reply, &http.reply_headers);
            }
            Traffic::Socket(socket) => {
                socket.url = self.url(&socket.url);
                self.headers(&mut socket.headers);
                for message in &mut socket.messages {
                    message.text = self.text(&message.text);
                }
            }
        }
    }

    fn url(&mut self, url: &str) -> String {
        let (url, fragment) = url.split_once('#').map_or((url, None), |(url, fragment)| (url, Some(fragment)));
        let (head, query) = url.split_once('?').map_or((url, None), |(head, query)| (head, Some(query)));
        let (scheme, rest) = head.split_once("://").map_or(("", head), |(scheme, rest)| (scheme, rest));
        let (authority, path) = rest.split_once('/').map_or((rest, None), |(authority, path)| (authority, Some(path)));
        let mut out = if scheme.is_empty() { String::new() } else { format!("{scheme}://") };
        match authority.rsplit_once('@') {
            Some((user, host)) => {
                out += &self.user(Place { name: "URL", personal: false }, &decoded(user), true);
                out += &format!("@{host}");
            }
            None => out += &self.pseudonyms.text(authority),
        }
        if let Some(path) = path {
            for segment in path.split('/') {
                let plain = percent_decode_str(segment).decode_utf8_lossy().into_owned();
                let masked = self.pseudonyms.text(&plain);
                out.push('/');
                out += &if masked == plain { segment.to_owned() } else { escaped(&masked) };
            }
        }
        for (mark, pairs) in [('?', query), ('#', fragment)] {
            if let Some(pairs) = pairs {
                out.push(mark);
                out += &self.pairs(pairs);
            }
        }
        out
    }

    /// A user with a password.
    fn user(&mut self, place: Place<'_>, text: &str, is_escaped: bool) -> String {
        let (user, password) = text.split_once(':').map_or((text, None), |(user, password)| (user, Some(password)));
        let escape = |text: String| if is_escaped { escaped(&text) } else { text };
        let user = escape(self.word(place, user));
        match password {
            Some(password) => format!("{user}:{}", escape(self.value(place, password))),
            None => user,
        }
    }

    fn headers(&mut self, headers: &mut [(String, String)]) {
        for (name, value) in headers {
            *value = match name.as_str() {
                "cookie" => value.split(';').map(|pair| self.cookie(name, pair)).collect::<Vec<_>>().join(";"),
                "set-cookie" => {
                    let (pair, more) = value.split_at(value.find(';').unwrap_or(value.len()));
                    self.cookie(name, pair) + more
                }
                _ => self.header(name, value),
            };
        }
    }

    fn cookie(&mut self, header: &str, pair: &str) -> String {
        let place = Place { name: header, personal: false };
        match pair.split_once('=') {
            Some((name, value)) => format!("{name}={}", self.word(place, value.trim())),
            None => self.word(place, pair.trim()),
        }
    }

    fn header(&mut self, name: &str, value: &str) -> String {
        let is_secret = HEADERS.contains(&name).then_some(Place { name, personal: false });
        let Some(place) = is_secret.or_else(|| self.place(name)) else { return self.text(value) };
        match value.split_once(' ') {
            // `Bearer`, `Basic`: the scheme is no secret.
            Some((scheme, secret)) if name.ends_with("authorization") => {
                let user = STANDARD.decode(secret).ok().and_then(|bytes| String::from_utf8(bytes).ok());
                match user.filter(|_| scheme.eq_ignore_ascii_case("basic")) {
                    Some(user) => format!("{scheme} {}", STANDARD.encode(self.user(place, &user, false))),
                    None => format!("{scheme} {}", self.value(place, secret)),
                }
            }
            _ => self.value(place, value),
        }
    }

    /// A query or a form.
    fn pairs(&mut self, text: &str) -> String {
        let mut pair = |pair: &str| {
            let Some((name, value)) = pair.split_once('=') else { return self.pseudonyms.text(pair) };
            let (name, plain) = (name, decoded(value));
            let masked = match self.place(&decoded(name)) {
                Some(place) => self.value(place, &plain),
                None => self.text(&plain),
            };
            if masked == plain { pair.to_owned() } else { format!("{name}={}", escaped(&masked)) }
        };
        text.split('&').map(&mut pair).collect::<Vec<_>>().join("&")
    }

    fn body(&mut self, body: &mut Vec<u8>, headers: &[(String, String)]) {
        if body.is_empty() {
            return;
        }
        let kind = headers.iter().find(|(name, _)| name == "content-type").map_or("", |(_, kind)| kind.as_str());
        let boundary =
            kind.split(';').find_map(|part| part.trim().strip_prefix("boundary=")).map(|at| at.trim_matches('"'));
        match (std::str::from_utf8(body), boundary) {
            (Ok(text), Some(boundary)) => *body = self.parts(text, boundary).into_bytes(),
            (Ok(text), None) if kind.contains("x-www-form-urlencoded") => {
                let plain = text.trim_end();
                *body = (self.pairs(plain) + &text[plain.len()..]).into_bytes();
            }
            (Ok(text), None) => *body = self.text(text).into_bytes(),
            (Err(_), _) => *body = self.pseudonyms.bytes(body),
        }
    }

    /// A form in parts.
    fn parts(&mut self, text: &str, boundary: &str) -> String {
        let mark = format!("--{boundary}");
        let part = |part: &str| {
            let Some((head, value)) = part.split_once("\r\n\r\n") else { return self.pseudonyms.text(part) };
            let name = head.split("name=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
            let plain = value.strip_suffix("\r\n").unwrap_or(value);
            let masked = match self.place(name) {
                Some(place) => self.value(place, plain),
                None => self.text(plain),
            };
            format!("{}\r\n\r\n{masked}{}", self.pseudonyms.text(head), &value[plain.len()..])
        };
        text.split(&mark).map(part).collect::<Vec<_>>().join(&mark)
    }

    fn json(&mut self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => items.iter().map(|item| self.json(item)).collect(),
            Value::Object(map) => {
                let mut masked = Map::with_capacity(map.len());
                for (key, value) in map {
                    let value = match self.place(key) {
                        Some(place) => self.all_of(place, value),
                        None => self.json(value),
                    };
                    // Some maps have tokens or phones for their keys.
                    masked.insert(self.pseudonyms.key(key), value);
                }
                Value::Object(masked)
            }
            Value::Number(number) => {
                let text = number.to_string();
                let masked = self.pseudonyms.text(&text);
                if masked == text { value.clone() } else { as_number(masked) }
            }
            other => other.clone(),
        }
    }

    /// Everything at a place, however it is nested.
    fn all_of(&mut self, place: Place<'_>, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.value(place, text)),
            Value::Number(number) => {
                let text = number.to_string();
                let masked = self.value(place, &text);
                if masked == text { value.clone() } else { as_number(masked) }
            }
            Value::Array(items) => items.iter().map(|item| self.all_of(place, item)).collect(),
            Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), self.all_of(place, value))).collect(),
            other => other.clone(),
        }
    }

    /// A text at no place of its own: what is masked elsewhere is masked in it, and so are the places that it has if it is
    /// JSON, a form, a URL, or base64 of such.
    fn text(&mut self, text: &str) -> String {
        if self.level >= LEVELS {
            return self.pseudonyms.text(text);
        }
        self.level += 1;
        let masked = self.within(text);
        self.level -= 1;
        masked
    }

    fn within(&mut self, text: &str) -> String {
        let plain = text.trim();
        if plain.starts_with(['{', '['])
            && let Ok(json) = serde_json::from_str::<Value>(plain)
        {
            let masked = self.json(&json);
            // What holds nothing to mask stays as it was written.
            return if masked == json { text.to_owned() } else { masked.to_string() };
        }
        if !plain.contains(['<', '\n', ' ']) {
            if plain.contains("://") && plain.contains(['?', '@', '#']) {
                return self.url(text);
            }
            if plain.contains('=') && !plain.trim_end_matches('=').is_empty() && !plain.ends_with('=') {
                return self.pairs(text);
            }
            let coded = (plain.len() >= CODED).then(|| STANDARD.decode(plain).ok()).flatten();
            if let Some(inner) = coded.and_then(|bytes| String::from_utf8(bytes).ok()) {
                let masked = self.text(&inner);
                if masked != inner {
                    return STANDARD.encode(masked);
                }
            }
        }
        self.pseudonyms.text(text)
    }
}

/// A masked number: it keeps its type where it can.
fn as_number(text: String) -> Value {
    serde_json::from_str::<serde_json::Number>(&text).map_or(Value::String(text), Value::Number)
}

fn decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}
