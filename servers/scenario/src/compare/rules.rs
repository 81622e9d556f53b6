//! What is known of a service's traffic as data: `fixtures/<service>/traffic.yaml`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};
use serde_json_path::JsonPath;
use stend_core::{AnyService, Node, Problem, Raw};

use super::ask::Ask;
use super::contract::Mismatch;
use crate::expect::{Paths, read_paths};
use crate::matcher::{Domain, Matcher, path};

/// The rules of a service.
#[derive(Debug, Default)]
pub struct Rules {
    /// Keys whose values differ from one system to the next and are not compared with the bench's.
    pub(super) ignore: Vec<String>,
    /// Names of headers, parameters and keys that hold personal data.
    pub(super) personal: Vec<String>,
    pub(super) takings: Vec<Taking>,
    /// Operations whose replies show what they have made.
    pub(super) creates: Vec<String>,
    pub(super) checks: Vec<Check>,
    /// What a system can be asked, in this order.
    pub(super) asks: Vec<Ask>,
    /// Headers of all requests.
    pub(super) headers: BTreeMap<String, String>,
}

/// Where a part of the world's section is taken from.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Taking {
    /// The list of the section, dotted; `.` is the section itself.
    pub(super) to: String,
    /// The operations whose replies show it.
    pub(super) from: Vec<String>,
    /// Whether the request shows it, and not the reply.
    #[serde(default)]
    pub(super) asked: bool,
    /// A JSONPath to the things in it.
    #[serde(default = "whole")]
    pub(super) each: String,
    /// The key by which a thing is known, in the section.
    #[serde(default)]
    pub(super) key: Option<String>,
    /// Whether keys of the same name are taken.
    #[serde(default = "yes")]
    pub(super) copy: bool,
    /// Names of keys, at any depth of a thing, with those that the section has for them.
    #[serde(default)]
    pub(super) rename: BTreeMap<String, String>,
    /// Keys whose maps hold, in the section, each value under a key of its own, beside others.
    #[serde(default)]
    pub(super) wrap: BTreeMap<String, Wrap>,
    /// Keys that are not taken.
    #[serde(default)]
    pub(super) without: Vec<String>,
    /// Whether an empty text stands for nothing.
    #[serde(default)]
    pub(super) drop_empty: bool,
    /// What the reply holds, or nothing is taken from it.
    #[serde(default)]
    when: Option<Raw>,
    #[serde(skip)]
    pub(super) given: Paths,
    /// Only where the list holds nothing so far.
    #[serde(default)]
    pub(super) if_none: bool,
    /// Whether the reply is about one thing and shows more of it than lists do.
    #[serde(default)]
    pub(super) alone: bool,
    /// Whether what is there already learns from it.
    #[serde(default = "yes")]
    pub(super) known: bool,
    /// Keys of the section, with where they come from: a JSONPath into the thing, `@path.NAME`, `@query.NAME`,
    /// `@header.NAME`, `@bearer`, `@request.JSONPATH`, `@reply.JSONPATH`, `@hundredth.JSONPATH`, `@first.LIST.KEY` of the
    /// section, `@at` (the time of the exchange), or `=TEXT` itself.
    #[serde(default)]
    pub(super) take: BTreeMap<String, String>,
    /// Keys of the section with values that the bench needs and no reply shows; `@next` is a number of its own.
    #[serde(default)]
    pub(super) set: Map<String, Value>,
}

/// Stands for every operation.
const ANY: &str = "*";

/// Whether an operation is one of these.
pub(super) fn is_one(ids: &[String], operation: &str) -> bool {
    ids.iter().any(|id| id == operation || id == ANY)
}

fn whole() -> String {
    "$".into()
}

fn yes() -> bool {
    true
}

/// How the values of a map are held in the section.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wrap {
    /// The key of each value.
    pub(super) under: String,
    /// Keys beside it, with JSONPaths into the thing.
    #[serde(default)]
    pub(super) with: BTreeMap<String, String>,
}

/// What an exchange shows of claims.
#[derive(Debug)]
pub(super) struct Check {
    pub(super) claims: Vec<String>,
    pub(super) operations: Vec<String>,
    pub(super) status: Option<Matcher>,
    /// What the request holds where the claims are touched.
    pub(super) request: Paths,
    /// What the reply holds where they are touched.
    pub(super) given: Paths,
    /// What the reply holds if they hold.
    pub(super) reply: Paths,
    /// The status that it has if they hold.
    pub(super) answered: Option<Matcher>,
    /// The field that they are about, which is as the specification has it if they hold.
    pub(super) field: Option<Field>,
}

/// A field of a reply.
#[derive(Debug)]
pub(super) struct Field {
    path: JsonPath,
    /// Its key, and where what holds it is; nothing for a field at any depth.
    key: String,
    holder: Option<JsonPath>,
}

impl Field {
    /// A path that ends with the field's key: `$.id`, `$.data[*].id`, `$..id`.
    fn read(text: &str) -> Result<Self, Problem> {
        let (holder, key) = text.rsplit_once('.').unwrap_or(("$", text));
        let holder = if holder.ends_with('.') { None } else { Some(path(holder)?) };
        Ok(Self { path: path(text)?, key: key.to_owned(), holder })
    }

    /// Whether the exchange has the field, or lacks it against the specification; then, what of it is otherwise. What is
    /// wrong with the parts of a field is their own.
    pub(super) fn of<'m>(&self, reply: &Value, wrong: &'m [Mismatch]) -> Option<Option<&'m Mismatch>> {
        let pointers = |path: &JsonPath| -> Vec<String> {
            path.query_located(reply).iter().map(|node| node.location().to_json_pointer()).collect()
        };
        let places = pointers(&self.path);
        let holders = self.holder.as_ref().map(pointers);
        let is_missing = |one: &Mismatch| {
            one.missing.as_ref() == Some(&self.key)
                && holders.as_ref().is_none_or(|holders| holders.contains(&one.pointer))
        };
        let about = wrong
            .iter()
            .filter(|one| one.part != "request")
            .find(|one| is_missing(one) || places.contains(&one.pointer));
        (about.is_some() || !places.is_empty()).then_some(about)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    ignore: Vec<String>,
    #[serde(default)]
    personal: Vec<String>,
    #[serde(default)]
    creates: Vec<String>,
    #[serde(default)]
    world: Vec<Taking>,
    #[serde(default)]
    claims: Vec<CheckFile>,
    #[serde(default)]
    ask: Vec<Ask>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckFile {
    #[serde(default)]
    shows: Vec<String>,
    /// Claims about one field each, with its JSONPath.
    #[serde(default)]
    fields: BTreeMap<String, String>,
    of: Vec<String>,
    #[serde(default)]
    status: Option<Raw>,
    #[serde(default)]
    request: Option<Raw>,
    #[serde(default)]
    given: Option<Raw>,
    #[serde(default)]
    reply: Option<Raw>,
    #[serde(default)]
    answered: Option<Raw>,
}

impl Rules {
    /// Reads the rules of a service. An operation that it does not have is a mistake.
    ///
    /// # Errors
    /// What cannot be meant, with its place.
    pub fn read(text: &str, kind: &dyn AnyService) -> Result<Self, Problem> {
        let node = Node::parse(text)?;
        let mut file: File = node.read().map_err(|problem| node.locate(problem))?;
        let known = |ids: &[String]| {
            let operations = kind.operations().iter().map(|operation| operation.id);
            match ids
                .iter()
                .filter(|id| *id != ANY)
                .find(|id| !kind.operations().iter().any(|operation| operation.id == **id))
            {
                Some(id) => Err(Problem::unknown("unknown_operation", "operation", id, operations)),
                None => Ok(()),
            }
        };
        known(&file.creates)?;
        for taking in &mut file.world {
            taking.given = taking.when.as_ref().map_or(Ok(Vec::new()), |when| read_paths(&when.0.to_json()))?;
            known(&taking.from)?;
            path(&taking.each)?;
            for from in taking.take.values().filter(|from| from.starts_with('$')) {
                path(from)?;
            }
        }
        for ask in &file.ask {
            known(std::slice::from_ref(&ask.of))?;
            ask.capture.values().try_for_each(|from| path(from).map(drop))?;
        }
        let paths = |raw: &Option<Raw>| raw.as_ref().map_or(Ok(Vec::new()), |raw| read_paths(&raw.0.to_json()));
        let status =
            |raw: &Option<Raw>| raw.as_ref().map(|raw| Matcher::read(&raw.0.to_json(), Domain::Status)).transpose();
        let check = |check: CheckFile| {
            known(&check.of)?;
            let one = |claims: Vec<String>, field: Option<Field>| {
                Ok::<_, Problem>(Check {
                    claims,
                    operations: check.of.clone(),
                    status: status(&check.status)?,
                    request: paths(&check.request)?,
                    given: paths(&check.given)?,
                    reply: paths(&check.reply)?,
                    answered: status(&check.answered)?,
                    field,
                })
            };
            let whole = (!check.shows.is_empty()).then(|| one(check.shows.clone(), None));
            let fields = check.fields.iter().map(|(claim, text)| one(vec![claim.clone()], Some(Field::read(text)?)));
            whole.into_iter().chain(fields).collect::<Result<Vec<_>, _>>()
        };
        let checks = file.claims.into_iter().map(check).collect::<Result<Vec<Vec<_>>, _>>()?;
        let checks = checks.into_iter().flatten().collect();
        Ok(Self {
            ignore: file.ignore,
            personal: file.personal,
            takings: file.world,
            creates: file.creates,
            checks,
            asks: file.ask,
            headers: file.headers,
        })
    }

    /// Names of headers, parameters and keys that hold personal data.
    pub fn personal(&self) -> &[String] {
        &self.personal
    }

    /// The claims that the rules speak of.
    pub fn claims(&self) -> impl Iterator<Item = &str> {
        self.checks.iter().flat_map(|check| &check.claims).map(String::as_str)
    }
}
