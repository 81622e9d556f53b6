//! Operation tables by path: which row answers, and what stands in the braces of its path.

use std::borrow::Cow;

use actix_web::http::header::{self, HeaderValue};
use matchit::Router;
use percent_encoding::percent_decode_str;

use crate::call::Params;
use crate::reply::Reply;

/// The rows of an operation table, by path and by method.
pub struct Paths<R: 'static>(Router<Place<R>>);

/// A row of a table: its method and path, and whether its `GET` changes something.
pub struct Entry<R: 'static> {
    /// The HTTP method.
    pub method: &'static str,
    /// The path, parameters in braces.
    pub path: &'static str,
    /// Whether its `GET` changes something, so that `HEAD` does not stand for it.
    pub changes: bool,
    /// The row.
    pub row: &'static R,
}

/// What is found at a path: the words in its braces, and its methods.
struct Place<R: 'static> {
    names: Vec<&'static str>,
    methods: Vec<(&'static str, &'static R)>,
    /// What answers `HEAD`.
    head: Option<&'static R>,
}

/// What a request is for.
pub enum Found<R: 'static> {
    /// This row, with these values in the braces of its path, decoded.
    Row(&'static R, Params),
    /// `OPTIONS` of a path with these methods.
    Options(Allowed),
    /// A path that takes only these methods.
    OtherMethods(Allowed),
    /// Nothing that is known.
    Nothing,
}

/// The methods that a path takes, as the header `Allow` has them.
pub struct Allowed(pub String);

/// A path as it is looked up: unreserved characters decoded, and without a slash at its end (ruling G6).
pub fn normal(path: &str) -> Cow<'_, str> {
    if !path.contains('%') {
        return Cow::Borrowed(trimmed(path));
    }
    let mut plain = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        let (before, escape) = rest.split_at(at);
        plain.push_str(before);
        let byte = escape.get(1..3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte.filter(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(byte)) {
            Some(byte) => {
                plain.push(char::from(byte));
                rest = &escape[3..];
            }
            None => {
                plain.push('%');
                rest = &escape[1..];
            }
        }
    }
    plain.push_str(rest);
    plain.truncate(trimmed(&plain).len());
    Cow::Owned(plain)
}

fn trimmed(path: &str) -> &str {
    path.strip_suffix('/').filter(|rest| !rest.is_empty()).unwrap_or(path)
}

impl<R> Paths<R> {
    /// The paths of a table.
    ///
    /// # Panics
    /// Two paths mean the same, which a start finds out.
    pub fn new(table: &str, entries: impl IntoIterator<Item = Entry<R>>) -> Self {
        let mut places: Vec<(&'static str, Place<R>)> = Vec::new();
        for Entry { method, path, changes, row } in entries {
            let path = trimmed(path);
            let known = places.iter().position(|(known, _)| *known == path).unwrap_or_else(|| {
                let words = path.split('{').skip(1);
                let names = words.filter_map(|part| part.split_once('}').map(|(name, _)| name)).collect();
                places.push((path, Place { names, methods: Vec::new(), head: None }));
                places.len() - 1
            });
            let place = &mut places[known].1;
            if place.methods.iter().all(|(known, _)| *known != method) {
                place.methods.push((method, row));
                if method == "GET" && !changes {
                    place.head = Some(row);
                }
            }
        }
        let mut router = Router::new();
        for (path, place) in places {
            router.insert(path, place).unwrap_or_else(|error| panic!("the route table of {table} has {path}: {error}"));
        }
        Self(router)
    }

    /// What answers this method at this path, which must be [`normal`].
    pub fn find(&self, method: &str, path: &str) -> Found<R> {
        let Ok(matched) = self.0.at(path) else { return Found::Nothing };
        let place = matched.value;
        let row = match method {
            "HEAD" => place.head,
            _ => place.methods.iter().find(|(known, _)| *known == method).map(|(_, row)| *row),
        };
        match row {
            Some(row) => {
                let value =
                    |name| percent_decode_str(matched.params.get(name).unwrap_or("")).decode_utf8_lossy().into_owned();
                Found::Row(row, place.names.iter().map(|name| (*name, value(name))).collect())
            }
            None if method == "OPTIONS" => Found::Options(place.allowed()),
            None => Found::OtherMethods(place.allowed()),
        }
    }
}

impl<R> Place<R> {
    fn allowed(&self) -> Allowed {
        let mut methods: Vec<&str> = Vec::new();
        for (method, _) in &self.methods {
            methods.push(method);
            if *method == "GET" && self.head.is_some() {
                methods.push("HEAD");
            }
        }
        methods.push("OPTIONS");
        Allowed(methods.join(", "))
    }
}

impl Allowed {
    /// The reply with the header `Allow`.
    pub fn on(&self, reply: Reply) -> Reply {
        match HeaderValue::from_str(&self.0) {
            Ok(allowed) => reply.header(header::ALLOW, allowed),
            Err(_) => reply,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static ROWS: [&str; 3] = ["show", "change", "logout"];

    fn paths() -> Paths<&'static str> {
        let entry = |method, path, changes, row| Entry { method, path, changes, row };
        Paths::new(
            "a test",
            [
                entry("GET", "/v2/things/{id}", false, &ROWS[0]),
                entry("PUT", "/v2/things/{id}/", false, &ROWS[1]),
                entry("GET", "/logout", true, &ROWS[2]),
            ],
        )
    }

    fn found(method: &str, path: &str) -> String {
        match paths().find(method, &normal(path)) {
            Found::Row(row, params) => {
                params.iter().fold((*row).to_string(), |text, (name, value)| format!("{text} {name}={value}"))
            }
            Found::Options(allowed) => format!("options {}", allowed.0),
            Found::OtherMethods(allowed) => format!("only {}", allowed.0),
            Found::Nothing => "nothing".into(),
        }
    }

    #[test]
    fn a_slash_at_the_end_and_unreserved_escapes_make_no_other_resource() {
        for path in ["/v2/things/7", "/v2/things/7/", "/v2/thi%6Egs/7", "/%76%32/things/%37/"] {
            assert_eq!(found("GET", path), "show id=7", "{path}");
        }
        assert_eq!(found("PUT", "/v2/things/a%2fb"), "change id=a/b", "a reserved escape is part of the value");
        assert_eq!(found("GET", "/v2/things/%zz%"), "show id=%zz%");
        assert_eq!(found("GET", "/v2/things/%ф"), "show id=%ф");
        assert_eq!(found("GET", "/v2//things/7"), "nothing");
        assert_eq!(normal("/"), "/");
    }

    #[test]
    fn head_stands_for_a_get_that_only_reads_and_options_names_the_methods() {
        assert_eq!(found("HEAD", "/v2/things/7"), "show id=7");
        assert_eq!(found("OPTIONS", "/v2/things/7"), "options GET, HEAD, PUT, OPTIONS");
        assert_eq!(found("HEAD", "/logout"), "only GET, OPTIONS");
        assert_eq!(found("POST", "/v2/things/7"), "only GET, HEAD, PUT, OPTIONS");
        assert_eq!(found("OPTIONS", "/nowhere"), "nothing");
    }
}
