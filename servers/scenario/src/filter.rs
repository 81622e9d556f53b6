//! How far a journal entry is from what is meant: which conditions it does not meet.

use serde::Serialize;
use serde_json::Value;
use stend_core::World;
use stend_core::fault::glob;
use stend_core::journal::{Entry, body};

use crate::entries::Wanted;
use crate::expect::{Paths, check_status, describe_status};
use crate::matcher::{find, is_long, short};

/// A condition that an entry does not meet.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Unmet {
    /// What was asked for: `status`, or `reply $.data.id`.
    pub condition: String,
    /// What was expected.
    pub expected: String,
    /// What was found; nothing where there is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<Value>,
    /// Both in a sentence.
    #[serde(skip)]
    why: String,
    /// How much it matters: another operation is farther than another status.
    #[serde(skip)]
    weight: u32,
}

impl Unmet {
    fn text(condition: &str, weight: u32, expected: &str, found: &str) -> Self {
        Self {
            condition: condition.to_owned(),
            expected: expected.to_owned(),
            found: Some(found.into()),
            why: format!("expected {expected}, found {found}"),
            weight,
        }
    }
}

/// As a sentence.
impl std::fmt::Display for Unmet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.condition, self.why)
    }
}

/// From this weight on an entry is of another kind than what is meant.
const OF_ANOTHER_KIND: u32 = 16;

/// The entry that came nearest, and what keeps it from being meant.
pub(crate) struct Nearest<'e> {
    pub(crate) entry: &'e Entry,
    pub(crate) unmet: Vec<Unmet>,
}

impl Nearest<'_> {
    /// Whether it is of the operation that is meant.
    pub(crate) fn is_of_the_kind(&self) -> bool {
        self.unmet.iter().map(|unmet| unmet.weight).sum::<u32>() < OF_ANOTHER_KIND
    }
}

impl std::fmt::Display for Nearest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let unmet: Vec<String> = self.unmet.iter().map(Unmet::to_string).collect();
        write!(f, "nearest is {}: {}", named(self.entry), unmet.join("; "))
    }
}

/// An entry in a few words.
pub(crate) fn named(entry: &Entry) -> String {
    format!("{} {} at {}", entry.method(), entry.path(), entry.at)
}

/// Conditions on journal entries, ready to be asked.
pub(crate) struct Filter<'a> {
    pub(crate) wanted: &'a Wanted,
    pub(crate) status: Option<Value>,
    pub(crate) request: Paths,
    pub(crate) reply: Paths,
}

impl Filter<'_> {
    /// Whether all conditions are met.
    pub(crate) fn matches(&self, entry: &Entry) -> bool {
        self.head_matches(entry) && self.bodies(entry, &mut |_| false)
    }

    /// The entries above `after` that match, oldest first; what can be told without reading bodies is told first.
    pub(crate) fn read(&self, world: &World, after: u64) -> Vec<Entry> {
        let mut entries = world.journal.read(after, |entry| self.head_matches(entry));
        entries.retain(|entry| self.bodies(entry, &mut |_| false));
        entries
    }

    /// All conditions that an entry does not meet.
    fn unmet(&self, entry: &Entry) -> Vec<Unmet> {
        let mut unmet = Vec::new();
        self.head(entry, &mut |one| {
            unmet.push(one());
            true
        });
        self.bodies(entry, &mut |one| {
            unmet.push(one());
            true
        });
        unmet
    }

    /// Of entries that do not match, the one that misses least, and what it misses; of several the latest.
    pub(crate) fn nearest<'e>(&self, entries: &'e [Entry]) -> Option<Nearest<'e>> {
        let missing =
            entries.iter().rev().map(|entry| (entry, self.unmet(entry))).filter(|(_, unmet)| !unmet.is_empty());
        let weight = |unmet: &[Unmet]| unmet.iter().map(|unmet| unmet.weight).sum::<u32>();
        let (entry, unmet) = missing.min_by_key(|(_, unmet)| weight(unmet))?;
        Some(Nearest { entry, unmet })
    }

    fn head_matches(&self, entry: &Entry) -> bool {
        self.head(entry, &mut |_| false)
    }

    /// Asks all but the bodies; tells of each condition that is not met, and goes on while it is told to.
    fn head(&self, entry: &Entry, tell: &mut dyn FnMut(&dyn Fn() -> Unmet) -> bool) -> bool {
        let wanted = &self.wanted.entries;
        let mut met = true;
        let mut ask = |holds: bool, unmet: &dyn Fn() -> Unmet| {
            met &= holds;
            holds || tell(unmet)
        };
        let text = |key: &'static str, weight: u32, wanted: &Option<String>, found: &str| {
            let expected = wanted.clone().unwrap_or_default();
            let found = found.to_owned();
            move || Unmet::text(key, weight, &expected, &found)
        };
        let fits = |wanted: &Option<String>, given: &str| wanted.as_deref().is_none_or(|wanted| glob(wanted, given));
        let ways = if let Some(way) = &wanted.way { std::slice::from_ref(way) } else { self.wanted.ways };
        let words = || ways.iter().map(|way| way.word()).collect::<Vec<_>>().join(" or ");
        let operation = entry.operation.unwrap_or("none");
        let clients = || entry.clients().collect::<Vec<_>>().join(", ");
        let header = |name: &str| entry.headers().find(|(known, _)| known.eq_ignore_ascii_case(name));
        let fault = entry.fault.as_deref().unwrap_or("");
        let any_case = |given: &str| wanted.method.as_deref().is_none_or(|method| method.eq_ignore_ascii_case(given));
        let goes_on = ask(fits(&wanted.fake, entry.fake), &|| text("fake", 32, &wanted.fake, entry.fake)())
            && ask(ways.is_empty() || ways.contains(&entry.way), &|| {
                Unmet::text("way", 16, &words(), entry.way.word())
            })
            && ask(fits(&wanted.operation, operation), &|| text("operation", 16, &wanted.operation, operation)())
            && ask(fits(&wanted.path, entry.path()), &|| text("path", 16, &wanted.path, entry.path())())
            && ask(any_case(entry.method()), &|| text("method", 4, &wanted.method, entry.method())())
            && ask(
                wanted.client.as_deref().is_none_or(|wanted| entry.clients().any(|given| glob(wanted, given))),
                &|| text("client", 2, &wanted.client, &clients())(),
            )
            && wanted.header.iter().all(|(name, value)| {
                let given = header(name).map(|(_, given)| given);
                ask(given.is_some_and(|given| glob(value, given)), &|| {
                    Unmet::text(&format!("header {name}"), 2, value, given.unwrap_or("nothing"))
                })
            })
            && ask(fits(&wanted.fault, fault), &|| {
                text("fault", 1, &wanted.fault, if fault.is_empty() { "none" } else { fault })()
            })
            && self.status.as_ref().is_none_or(|status| {
                let told = check_status(status, entry.status);
                ask(told.is_ok(), &|| Unmet {
                    condition: "status".into(),
                    expected: describe_status(status),
                    found: Some(entry.status.into()),
                    why: told.clone().err().unwrap_or_default(),
                    weight: 1,
                })
            });
        if goes_on {
            let remarks = || if entry.remarks.is_empty() { "none".into() } else { format!("{:?}", entry.remarks) };
            let expected = if wanted.remarked == Some(true) { "some" } else { "none" };
            ask(wanted.remarked.is_none_or(|wanted| wanted != entry.remarks.is_empty()), &|| {
                Unmet::text("remarks", 1, expected, &remarks())
            });
        }
        met
    }

    /// The same for the bodies.
    fn bodies(&self, entry: &Entry, tell: &mut dyn FnMut(&dyn Fn() -> Unmet) -> bool) -> bool {
        let mut met = true;
        for (key, paths, bytes) in [("request", &self.request, &entry.request), ("reply", &self.reply, &entry.reply)] {
            if paths.is_empty() {
                continue;
            }
            let value = body(bytes);
            for (text, path, matcher) in paths {
                let found = find(path, text, &value);
                let Err(why) = matcher.check(found.as_ref()) else { continue };
                met = false;
                let goes_on = tell(&|| Unmet {
                    condition: format!("{key} {text}"),
                    expected: matcher.describe(),
                    found: found.as_ref().map(|found| if is_long(found) { short(found).into() } else { found.clone() }),
                    why: why.clone(),
                    weight: 1,
                });
                if !goes_on {
                    return false;
                }
            }
        }
        met
    }
}
