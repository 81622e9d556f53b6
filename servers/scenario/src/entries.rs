//! Which journal entries are meant, and how far an entry is from being one of them.

use serde::Deserialize;
use serde_json::Value;
use stend_core::fault::glob;
use stend_core::journal::{Entry, body};
use stend_core::{Problem, Registry, World};

use crate::expect::{Miss, Paths, check_paths, check_status, read_paths};
use crate::matcher::Matcher;
use crate::subst::{Captured, fill};

/// Which journal entries are meant; what is left out matches all.
#[derive(Debug, Clone, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entries {
    /// The fake.
    pub(crate) fake: Option<String>,
    /// The operation's id.
    pub(crate) operation: Option<String>,
    /// The status: 200, or a class such as 5xx.
    #[schemars(with = "Option<serde_json::Value>")]
    pub(crate) status: Option<stend_core::Raw>,
    /// The HTTP method.
    pub(crate) method: Option<String>,
    /// The path without query; `*` stands for any run of characters.
    pub(crate) path: Option<String>,
    /// Only entries with a remark, or without.
    pub(crate) remarked: Option<bool>,
    /// JSONPaths into what the client sent, with what is expected there.
    #[schemars(with = "Option<std::collections::BTreeMap<String, serde_json::Value>>")]
    pub(crate) request: Option<stend_core::Raw>,
    /// JSONPaths into what the client got, with what is expected there.
    #[schemars(with = "Option<std::collections::BTreeMap<String, serde_json::Value>>")]
    pub(crate) reply: Option<stend_core::Raw>,
    /// Only the n-th of those that match all else, from 1.
    pub(crate) nth: Option<u64>,
    /// How many there are to be: a number or a matcher; left out, at least one.
    #[schemars(with = "Option<serde_json::Value>")]
    pub(crate) count: Option<stend_core::Raw>,
}

impl Entries {
    /// Whether it can be meant.
    pub(crate) fn check(&self, registry: &Registry) -> Result<(), Problem> {
        known_operation(self.fake.as_deref(), self.operation.as_deref(), registry)?;
        if self.nth == Some(0) {
            return Err(Problem::invalid("the first is 1").under("nth"));
        }
        for (key, paths) in [("request", &self.request), ("reply", &self.reply)] {
            if let Some(paths) = paths {
                read_paths(&paths.0.to_json()).map_err(|problem| problem.under(key))?;
            }
        }
        for (key, matcher) in [("status", &self.status), ("count", &self.count)] {
            if let Some(matcher) = matcher {
                Matcher::read(&matcher.0.to_json()).map_err(|problem| problem.under(key))?;
            }
        }
        Ok(())
    }

    /// The conditions with what has been captured so far.
    pub(crate) fn filter(&self, captured: &Captured) -> Result<Filter<'_>, Problem> {
        let read = |paths: &Option<stend_core::Raw>| match paths {
            Some(paths) => fill(&paths.0.to_json(), captured).and_then(|paths| read_paths(&paths)),
            None => Ok(Vec::new()),
        };
        let status = self.status.as_ref().map(|status| fill(&status.0.to_json(), captured)).transpose()?;
        Ok(Filter { entries: self, status, request: read(&self.request)?, reply: read(&self.reply)? })
    }

    /// Whether as many entries match as there are to be; `word` is `journal` or `never`.
    pub(crate) fn count(&self, world: &World, captured: &Captured, word: &str) -> Result<(), Miss> {
        let filter = self.filter(captured).map_err(Miss::of)?;
        let entries = world.journal.read(0, |_| true);
        let mut count = 0_u64;
        let mut first = None;
        for entry in entries.iter().filter(|entry| filter.failing(entry).is_empty()) {
            count += 1;
            first.get_or_insert(entry);
        }
        let wanted = match (&self.count, word) {
            (_, "never") => Matcher::Equals(Value::from(0)),
            (Some(count), _) => {
                fill(&count.0.to_json(), captured).and_then(|count| Matcher::read(&count)).map_err(Miss::of)?
            }
            (None, _) => Matcher::Compare("ge", 1.0),
        };
        let dropped = world.journal.fill().dropped;
        let Err(why) = wanted.check(Some(&Value::from(count))) else {
            if dropped > 0 && !matches!(wanted, Matcher::Compare("ge" | "gt", _)) {
                let message = format!(
                    "{word}: the journal has dropped {dropped} entries, so this count cannot be trusted; raise `journal` in the world"
                );
                return Err(Miss { message, nearest: None });
            }
            return Ok(());
        };
        let mut message = format!("{word}: {count} of {} entries match: {why}", entries.len());
        if dropped > 0 {
            message.push_str(&format!("; {dropped} older entries were dropped"));
        }
        let mut nearest = None;
        if let ("never", Some(first)) = (word, first) {
            message.push_str(&format!("; the first is {} {} at {}", first.method(), first.path(), first.at));
            nearest = Some(first.to_json());
        } else if count == 0
            && let Some((entry, why)) = filter.nearest(&entries)
        {
            message.push_str(&format!("; {why}"));
            nearest = Some(entry.to_json());
        }
        Err(Miss { message, nearest })
    }
}

/// Whether there is such a fake, and an operation of that name in it, or in any where no fake is named. `*` stands for
/// any run of characters.
pub(crate) fn known_operation(fake: Option<&str>, operation: Option<&str>, registry: &Registry) -> Result<(), Problem> {
    let kinds = match fake {
        Some(name) if name.contains('*') => registry.kinds().to_vec(),
        Some(name) => vec![registry.get(name).map_err(|problem| problem.under("fake"))?.1],
        None => registry.kinds().to_vec(),
    };
    let Some(operation) = operation else { return Ok(()) };
    let known: Vec<&str> = kinds.iter().flat_map(|kind| kind.operations()).map(|operation| operation.id).collect();
    if known.iter().any(|id| glob(operation, id)) {
        return Ok(());
    }
    let what = fake.map_or("operation of any fake".to_owned(), |fake| format!("operation of {fake}"));
    Err(Problem::unknown("unknown_operation", &what, operation, known.iter().copied()).under("operation"))
}

/// Conditions on journal entries, ready to be asked.
pub(crate) struct Filter<'a> {
    entries: &'a Entries,
    status: Option<Value>,
    request: Paths,
    reply: Paths,
}

impl Filter<'_> {
    /// The conditions that an entry does not meet, a sentence each.
    pub(crate) fn failing(&self, entry: &Entry) -> Vec<String> {
        let wanted = self.entries;
        let mut failing = Vec::new();
        let mut text = |key: &str, wanted: &Option<String>, given: &str, any_case: bool| {
            if let Some(wanted) = wanted
                && !(glob(wanted, given) || any_case && wanted.eq_ignore_ascii_case(given))
            {
                failing.push(format!("{key}: expected {wanted}, found {given}"));
            }
        };
        text("fake", &wanted.fake, entry.fake, false);
        text("operation", &wanted.operation, entry.operation.unwrap_or("none"), false);
        text("method", &wanted.method, entry.method(), true);
        text("path", &wanted.path, entry.path(), false);
        if let Some(Err(why)) = self.status.as_ref().map(|status| check_status(status, entry.status)) {
            failing.push(format!("status: {why}"));
        }
        if wanted.remarked.is_some_and(|wanted| wanted == entry.remarks.is_empty()) {
            failing.push(format!("remarks: {:?}", entry.remarks));
        }
        for (key, paths, bytes) in [("request", &self.request, &entry.request), ("reply", &self.reply, &entry.reply)] {
            if !paths.is_empty()
                && let Err(why) = check_paths(paths, &body(bytes))
            {
                failing.push(format!("{key} {why}"));
            }
        }
        failing
    }

    /// Of entries that do not match, the one that fails the fewest conditions, and which those are.
    pub(crate) fn nearest<'e>(&self, entries: &'e [Entry]) -> Option<(&'e Entry, String)> {
        let failing =
            entries.iter().map(|entry| (entry, self.failing(entry))).filter(|(_, failing)| !failing.is_empty());
        let (entry, failing) = failing.min_by_key(|(_, failing)| failing.len())?;
        let why = failing.join("; ");
        Some((entry, format!("nearest is {} {} at {}: {why}", entry.method(), entry.path(), entry.at)))
    }
}
