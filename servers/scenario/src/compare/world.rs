//! A world from traffic: what replies have shown, as a section of a world file.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use stend_core::journal::Channel;
use stend_core::node::to_yaml;
use stend_core::world_file::VERSION;
use stend_core::{AnyService, Node, Problem, Registry, Step, WorldFile, Worlds};

use super::diff::is_id;
use super::judge::{holds, put as put_at, word};
use super::matching::Seen;
use super::rules::{Rules, Taking, is_one};
use super::schema::Schema;
use super::shown::{asked, renamed, value_of, wrapped};
use super::{SettingSeen, Verdict};
use crate::matcher::path;

/// A world that was built from what was seen.
#[derive(Debug, Clone)]
pub struct Built {
    /// The world file.
    pub file: Value,
    /// What it leaves out or takes from the defaults, a sentence each.
    pub notes: Vec<String>,
    /// How many things there are in each list.
    pub counts: BTreeMap<String, usize>,
}

impl Built {
    /// Puts settings of a service that were found in traffic into the world, and notes them. One that does not go with what
    /// the world holds stays at its default.
    pub fn set(&mut self, registry: &Registry, service: &str, found: &[SettingSeen]) {
        for row in found {
            let Some(value) = row.instead.as_ref().filter(|_| row.verdict == Verdict::Refuted) else { continue };
            let mut file = self.file.clone();
            put_at(&mut file, service, &row.setting, value.clone());
            let name = format!("{service}.{}: {}", row.setting, word(value));
            self.notes.push(match made(registry, &file) {
                Ok(()) => {
                    self.file = file;
                    format!("{name}, as the system answers; the default is {}", word(&row.default))
                }
                Err(problem) => format!("{name} would answer as the system does, and is left out: {problem}"),
            });
        }
    }

    /// As YAML.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn text(&self) -> Result<String, Problem> {
        let notes: String = self.notes.iter().map(|note| format!("# {note}\n")).collect();
        let yaml = to_yaml(&self.file).ok();
        let yaml = yaml.filter(|yaml| Node::parse(yaml).is_ok_and(|node| node.to_json() == self.file));
        Ok(notes + &yaml.unwrap_or_else(|| format!("{:#}\n", self.file)))
    }
}

/// Which moment of the traffic a world stands at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Before it: what its requests have changed and made is as it was, for them to be asked again.
    Before,
    /// After it: what was seen last counts.
    After,
}

/// So many parts are left out before the world is given up.
const REPAIRS: usize = 500;

/// The world that exchanges have shown. What was not seen stays at the default, and the notes say so.
///
/// # Errors
/// No world can be made of it.
pub fn build(
    registry: &Registry,
    parts: &[(&'static dyn AnyService, &Rules, &[Seen])],
    title: &str,
    moment: Moment,
) -> Result<Built, Problem> {
    let mut file = Map::new();
    file.insert("stend".into(), json!(VERSION));
    file.insert("title".into(), json!(title));
    let mut notes = Vec::new();
    for (kind, rules, seen) in parts {
        let schema = Schema::of(*kind);
        let Section { section, shown, .. } = Section::of(rules, seen, &schema, moment);
        notes.extend(seen_in_lists(rules, &section, &shown).map(|note| format!("{}.{note}", kind.name())));
        let lists: BTreeSet<&str> =
            rules.takings.iter().map(|taking| taking.to.as_str()).filter(|to| *to != ".").collect();
        let unseen: Vec<&str> = lists.into_iter().filter(|list| count(&section, list) == 0).collect();
        if !unseen.is_empty() {
            notes.push(format!("{}: not seen, and so at the default: {}", kind.name(), unseen.join(", ")));
        }
        file.insert(kind.name().into(), section);
    }
    let mut file = Value::Object(file);
    let mut left_out: BTreeMap<(String, String), usize> = BTreeMap::new();
    for _ in 0..REPAIRS {
        let problem = match made(registry, &file) {
            Ok(()) => {
                notes.extend(left_out.iter().map(|((place, why), times)| match times {
                    1 => format!("{place} is left out: {why}"),
                    _ => format!("{place} is left out, {times} times: {why}"),
                }));
                return Ok(Built { counts: counts(&file, parts), file, notes });
            }
            Err(problem) => problem,
        };
        match leave_out(&mut file, &problem) {
            Some(place) => *left_out.entry((place, problem.message)).or_insert(0_usize) += 1,
            None => return Err(problem),
        }
    }
    Err(Problem::invalid(format!("more than {REPAIRS} parts of what was seen do not fit together"))
        .hint(left_out.keys().next().map(|(place, why)| format!("{place}: {why}")).unwrap_or_default()))
}

fn count(section: &Value, list: &str) -> usize {
    at(section, list).and_then(Value::as_array).map_or(0, Vec::len)
}

/// How many things there are in each list that has some.
fn counts(file: &Value, parts: &[(&'static dyn AnyService, &Rules, &[Seen])]) -> BTreeMap<String, usize> {
    let lists = parts.iter().flat_map(|(kind, rules, _)| rules.takings.iter().map(|taking| (kind.name(), &taking.to)));
    let row = |(service, list): (&str, &String)| (format!("{service}.{list}"), count(&file[service], list));
    lists.map(row).filter(|(_, count)| *count > 0).collect()
}

fn made(registry: &Registry, file: &Value) -> Result<(), Problem> {
    let file = WorldFile::read(&Node::from_json(file), registry)?;
    Worlds::new(registry.clone(), file).map(drop)
}

/// Removes what a problem is about; the place of it.
fn leave_out(file: &mut Value, problem: &Problem) -> Option<String> {
    let mut steps = problem.path.0.clone();
    // A key that is missing, or a part of a text, is not there: what holds it goes.
    while !steps.is_empty() && value_at(file, &steps).is_none_or(|value| value.is_null()) {
        steps.pop();
    }
    // The head of the file and whole sections are not thrown away.
    if steps.len() < 3 {
        return None;
    }
    // Places of a kind are told once.
    let general = steps.iter().map(|step| match step {
        Step::Index(_) => "[*]".to_owned(),
        Step::Key(key) if key.bytes().all(|byte| byte.is_ascii_digit()) => ".*".to_owned(),
        Step::Key(key) => format!(".{key}"),
    });
    let place = general.collect::<String>().trim_start_matches('.').to_owned();
    let last = steps.pop()?;
    match (value_at(file, &steps)?, last) {
        (Value::Object(map), Step::Key(key)) => drop(map.shift_remove(&key)?),
        (Value::Array(list), Step::Index(index)) if index < list.len() => drop(list.remove(index)),
        _ => return None,
    }
    Some(place)
}

fn value_at<'v>(value: &'v mut Value, steps: &[Step]) -> Option<&'v mut Value> {
    steps.iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.get_mut(key.as_str()),
        Step::Index(index) => value.get_mut(*index),
    })
}

fn at<'v>(section: &'v Value, dotted: &str) -> Option<&'v Value> {
    dotted.split('.').try_fold(section, |value, key| value.get(key))
}

/// A part of a thing: its list, its key, and the part's name.
type Part = (String, String, String);

/// A section that grows.
struct Section<'s> {
    schema: &'s Schema,
    section: Value,
    moment: Moment,
    /// Ids of what was made by the traffic itself.
    made: BTreeSet<String>,
    /// Which rule each part is from, by its number; `None` for what the bench needs and nobody has seen. What a later rule
    /// shows is more exact.
    parts: BTreeMap<Part, Option<usize>>,
    /// Parts that were seen to hold nothing, by the same.
    nothing: BTreeMap<Part, usize>,
    /// The lists and keys of things that replies about one thing have shown, each with the operation.
    shown: BTreeSet<Part>,
}

/// What lists alone have shown, where a reply about one thing would have shown more, a sentence a list.
fn seen_in_lists(rules: &Rules, section: &Value, shown: &BTreeSet<Part>) -> impl Iterator<Item = String> {
    let mut lists: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for taking in rules.takings.iter().filter(|taking| taking.alone) {
        let (Some(list), Some(key)) = (at(section, &taking.to).and_then(Value::as_array), &taking.key) else {
            continue;
        };
        for operation in &taking.from {
            let part = |thing: &Value| (taking.to.clone(), text(&thing[key.as_str()]), operation.clone());
            let without: Vec<String> =
                list.iter().map(part).filter(|part| !shown.contains(part)).map(|(_, id, _)| id).collect();
            if !without.is_empty() {
                let few: Vec<&str> = without.iter().take(NAMED).map(String::as_str).collect();
                let more = if without.len() > NAMED { ", …" } else { "" };
                let said = format!("{operation} of {} of {} ({}{more})", without.len(), list.len(), few.join(", "));
                lists.entry(&taking.to).or_default().push(said);
            }
        }
    }
    let note = |(list, said): (&str, Vec<String>)| {
        format!("{list}: not seen, and so at the default in them: {}", said.join("; "))
    };
    lists.into_iter().map(note).collect::<Vec<_>>().into_iter()
}

/// The most things that a note names.
const NAMED: usize = 5;

impl<'s> Section<'s> {
    fn of(rules: &Rules, seen: &[Seen], schema: &'s Schema, moment: Moment) -> Self {
        let made = if moment == Moment::Before { made_by(rules, seen) } else { BTreeSet::new() };
        let (parts, nothing, shown) = Default::default();
        let mut section = Self { schema, section: json!({}), moment, made, parts, nothing, shown };
        for (rule, taking) in rules.takings.iter().enumerate() {
            for one in seen
                .iter()
                .filter(|one| one.status < 300 && one.channel != Channel::Push && is_one(&taking.from, one.id()))
            {
                section.take(rule, taking, one);
            }
        }
        section
    }

    fn take(&mut self, rule: usize, taking: &Taking, seen: &Seen) {
        let (request, reply) = (asked(seen), seen.reply_json());
        let is_there = at(&self.section, &taking.to).and_then(Value::as_array).is_some_and(|list| !list.is_empty());
        if holds(&taking.given, &reply).is_err() || (taking.if_none && is_there) {
            return;
        }
        let from = if taking.asked { &request } else { &reply };
        let things: Vec<Value> = match path(&taking.each) {
            Ok(each) => each.query(from).all().into_iter().map(|thing| renamed(thing, taking)).collect(),
            Err(_) => return,
        };
        let whole = taking.to == ".";
        let list = if whole { &self.schema.root } else { self.schema.property(&self.schema.root, &taking.to) };
        let schema = if whole { self.schema.target(list) } else { self.schema.item(list) };
        for thing in things {
            let thing = wrapped(thing, taking);
            let copied = if taking.copy { self.schema.fit(schema, &thing) } else { None };
            let mut made = copied.and_then(|value| value.as_object().cloned()).unwrap_or_default();
            for (key, from) in &taking.take {
                let value = match from.strip_prefix("@first.").and_then(|place| place.rsplit_once('.')) {
                    Some((list, key)) => at(&self.section, list).and_then(|list| list.get(0)?.get(key)).cloned(),
                    None => value_of(from, &thing, seen, &request, &reply),
                };
                let Some(value) = value else { continue };
                if let Some(value) = self.schema.fit(self.schema.property(schema, key), &value) {
                    put(&mut made, key, value);
                }
            }
            if taking.key.as_ref().is_some_and(|key| !made.contains_key(key)) || (made.is_empty() && !taking.if_none) {
                continue;
            }
            let key = taking.key.as_ref().map(|key| text(&made[key.as_str()])).unwrap_or_default();
            if self.made.contains(&key) {
                continue;
            }
            if taking.alone {
                self.shown.insert((taking.to.clone(), key.clone(), seen.id().to_owned()));
            }
            self.join(rule, taking, &key, made);
            if let Some(thing) = thing.as_object().filter(|_| taking.copy) {
                let nothing = thing.iter().filter(|(_, value)| value.is_null());
                let part = |(name, _): (&String, _)| ((taking.to.clone(), key.clone(), name.clone()), rule);
                self.nothing.extend(nothing.map(part));
            }
        }
    }

    /// Adds a thing, or what is new of one that is there.
    fn join(&mut self, rule: usize, taking: &Taking, id: &str, mut made: Map<String, Value>) {
        let part = |name: &str| (taking.to.clone(), id.to_owned(), name.to_owned());
        if self.moment == Moment::Before {
            made.retain(|name, _| self.nothing.get(&part(name)).is_none_or(|other| *other < rule));
        }
        let Some(section) = self.section.as_object_mut() else { return };
        if taking.to == "." {
            merge(section, made);
            return;
        }
        let Some(list) = list_at(section, &taking.to) else { return };
        let key = taking.key.as_deref();
        let next = list.len() + 1;
        let same = |known: &&mut Value| key.is_some_and(|key| text(&known[key]) == id);
        let Some(known) = list.iter_mut().find(same).and_then(Value::as_object_mut) else {
            self.parts.extend(made.keys().map(|name| (part(name), Some(rule))));
            for (name, value) in &taking.set {
                let value = if value == "@next" { json!(next) } else { value.clone() };
                if !made.contains_key(name) {
                    self.parts.insert(part(name), None);
                    made.insert(name.clone(), value);
                }
            }
            list.push(Value::Object(made));
            return;
        };
        if !taking.known {
            return;
        }
        for (name, value) in made {
            let from = self.parts.entry(part(&name)).or_default();
            let gives_way = self.moment == Moment::After || from.is_none_or(|from| from < rule);
            *from = (*from).max(Some(rule));
            put_in(known, name, value, gives_way);
        }
        for (name, value) in taking.set.iter().filter(|(_, value)| *value != "@next") {
            known.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
}

/// The list at a dotted place, made where there is none.
fn list_at<'v>(section: &'v mut Map<String, Value>, dotted: &str) -> Option<&'v mut Vec<Value>> {
    match dotted.split_once('.') {
        Some((key, rest)) => list_at(section.entry(key).or_insert_with(|| json!({})).as_object_mut()?, rest),
        None => section.entry(dotted).or_insert_with(|| json!([])).as_array_mut(),
    }
}

/// The ids that replies of operations have shown first that make something.
fn made_by(rules: &Rules, seen: &[Seen]) -> BTreeSet<String> {
    let (mut known, mut made) = (BTreeSet::new(), BTreeSet::new());
    for one in seen {
        let mut shown = BTreeSet::new();
        ids(&one.reply_json(), &mut shown);
        if one.status < 300 && is_one(&rules.creates, one.id()) {
            made.extend(shown.difference(&known).cloned());
        }
        ids(&one.request_json(), &mut shown);
        known.extend(shown);
    }
    made
}

fn ids(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| ids(item, into)),
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(_) | Value::Number(_) if is_id(key) => drop(into.insert(text(value))),
                    value => ids(value, into),
                }
            }
        }
        _ => {}
    }
}

/// What was seen later counts; what is only known from before stays.
fn merge(known: &mut Map<String, Value>, made: Map<String, Value>) {
    made.into_iter().for_each(|(key, value)| put_in(known, key, value, true));
}

/// Puts a value in a map, in the place of another only if that gives way. Maps in it are joined.
fn put_in(known: &mut Map<String, Value>, key: String, value: Value, gives_way: bool) {
    match (known.get_mut(&key), value) {
        (Some(Value::Object(inner)), Value::Object(value)) => {
            value.into_iter().for_each(|(key, value)| put_in(inner, key, value, gives_way));
        }
        // A path that leads nowhere has taken nothing.
        (Some(known), _) if !gives_way && known.as_array().is_none_or(|list| !list.is_empty()) => {}
        (_, value) => drop(known.insert(key, value)),
    }
}

fn put(made: &mut Map<String, Value>, dotted: &str, value: Value) {
    match dotted.split_once('.') {
        None => drop(made.insert(dotted.to_owned(), value)),
        Some((key, rest)) => {
            if let Value::Object(inner) = made.entry(key).or_insert_with(|| json!({})) {
                put(inner, rest, value);
            }
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
