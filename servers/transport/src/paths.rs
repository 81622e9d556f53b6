//! Operation tables by path: which row answers, and what stands in the braces of its path.

use actix_web::http::header::{self, HeaderValue};
use matchit::Router;
use percent_encoding::percent_decode_str;

use crate::call::Params;
use crate::reply::Reply;

/// The rows of an operation table, by path and by method.
pub struct Paths<R: 'static>(Router<Place<R>>);

/// What is found at a path: the words in its braces, and its methods.
struct Place<R: 'static> {
    names: Vec<&'static str>,
    methods: Vec<(&'static str, &'static R)>,
}

/// What a request is for.
pub enum Found<R: 'static> {
    /// This row, with these values in the braces of its path, decoded.
    Row(&'static R, Params),
    /// A path that takes only these methods.
    OtherMethods(Allowed),
    /// Nothing that is known.
    Nothing,
}

/// The methods that a path takes, as the header `Allow` has them.
pub struct Allowed(pub String);

impl<R> Paths<R> {
    /// Of rows with their methods and paths.
    ///
    /// # Panics
    /// Two paths mean the same, which a start finds out.
    pub fn new(table: &str, rows: impl IntoIterator<Item = (&'static str, &'static str, &'static R)>) -> Self {
        let mut places: Vec<(&'static str, Place<R>)> = Vec::new();
        for (method, path, row) in rows {
            match places.iter_mut().find(|(known, _)| *known == path) {
                Some((_, place)) => place.methods.push((method, row)),
                None => {
                    let words = path.split('{').skip(1);
                    let names = words.filter_map(|part| part.split_once('}').map(|(name, _)| name)).collect();
                    places.push((path, Place { names, methods: vec![(method, row)] }));
                }
            }
        }
        let mut router = Router::new();
        for (path, place) in places {
            router.insert(path, place).unwrap_or_else(|error| panic!("the route table of {table} has {path}: {error}"));
        }
        Self(router)
    }

    /// What answers this method at this path.
    pub fn find(&self, method: &str, path: &str) -> Found<R> {
        let Ok(matched) = self.0.at(path) else { return Found::Nothing };
        let Place { names, methods } = matched.value;
        let Some((_, row)) = methods.iter().find(|(known, _)| *known == method) else {
            let methods: Vec<&str> = methods.iter().map(|(method, _)| *method).collect();
            return Found::OtherMethods(Allowed(methods.join(", ")));
        };
        let value = |name| percent_decode_str(matched.params.get(name).unwrap_or("")).decode_utf8_lossy().into_owned();
        Found::Row(row, names.iter().map(|name| (*name, value(name))).collect())
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
