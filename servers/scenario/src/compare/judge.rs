//! What traffic shows of claims and settings. A setting is tried: the same requests are asked of a bench that has it
//! otherwise, and whichever answers as the system did is right.

use std::collections::{BTreeMap, BTreeSet};

use schemars::SchemaGenerator;
use serde_json::Value;
use stend_core::interpretations::{Interpretation, of};
use stend_core::{AnyService, Problem};

use super::contract::Mismatch;
use super::diff::{Diff, json_path};
use super::matching::Seen;
use super::replay::{Outcome, Trial};
use super::rules::{Check, Rules, is_one};
use super::shown::asked;
use super::{ClaimSeen, SettingSeen, Verdict};
use crate::expect::Paths;
use crate::matcher::find;

/// The bench's answers, and what they show of settings.
pub(super) struct Judged {
    /// Of every exchange: where it differs under the settings that fit best, or why it was not asked.
    pub(super) outcomes: Vec<Outcome>,
    /// Of every exchange: where the bench differs as it is, with the setting that would make it answer so.
    pub(super) explained: BTreeMap<(usize, Diff), String>,
    pub(super) settings: Vec<SettingSeen>,
}

/// So many settings are adopted at the most; each is followed by another round.
const ROUNDS: usize = 8;

/// Asks the bench, and tries each setting that has another option.
///
/// # Errors
/// The world cannot be made.
pub(super) async fn settings(trial: &Trial<'_>, world: &Value) -> Result<Judged, Problem> {
    let kind = trial.kind;
    let mut world = world.clone();
    let mut current = trial.replay(&world).await?;
    let before = current.clone();
    let mut explained = BTreeMap::new();
    let mut adopted: BTreeMap<String, SettingSeen> = BTreeMap::new();
    let mut all: Vec<Interpretation> = of(kind);
    all.extend(others_of(kind, &all));
    let mut rows: BTreeMap<String, SettingSeen> = BTreeMap::new();
    for _ in 0..ROUNDS {
        let mut best: Option<(usize, Value, Vec<Outcome>, SettingSeen)> = None;
        rows.clear();
        let found = values(&current);
        for one in &all {
            if adopted.contains_key(&one.setting) {
                continue;
            }
            let mut row = SettingSeen::of(one);
            let (mut told_apart, mut options) = (BTreeSet::new(), 0);
            let is_open = one.options.is_empty() && !matches!(one.default, Some(Value::Bool(_)));
            for Other { value, claims, seen } in if is_open { guesses(one, &found) } else { others(one) } {
                // A value that was guessed tells nothing by being wrong.
                options += usize::from(!is_open);
                let mut tried = world.clone();
                put(&mut tried, kind.name(), &one.setting, value.clone());
                // An option may not go with this world, as a code without its event.
                let Ok(outcomes) = trial.replay(&tried).await else { continue };
                let (mut better, worse) = compared(&current, &outcomes);
                // A guess has to bring the very value that was seen: any long time would keep a machine from being idle.
                if let Some(seen) = &seen
                    && !better.iter().flat_map(|(_, gone)| gone).any(|diff| diff.seen == *seen)
                {
                    better.clear();
                }
                if !worse.is_empty() && !is_open {
                    told_apart.insert(options);
                }
                if !is_open {
                    row.exchanges = row.exchanges.max(better.len().max(worse.len()));
                }
                let gain: usize = better.iter().map(|(_, gone)| gone.len()).sum();
                if !better.is_empty() && worse.is_empty() && best.as_ref().is_none_or(|(most, ..)| gain > *most) {
                    let refuted = SettingSeen {
                        verdict: Verdict::Refuted,
                        instead: Some(value),
                        instead_claims: claims,
                        exchanges: better.len(),
                        ..row.clone()
                    };
                    best = Some((gain, tried, outcomes, refuted));
                } else if !better.is_empty() && !worse.is_empty() && !is_open {
                    row.mixed = true;
                }
            }
            if told_apart.len() == options && options > 0 && !row.mixed {
                row.verdict = Verdict::Confirmed;
            }
            rows.insert(one.setting.clone(), row);
        }
        let Some((_, tried, outcomes, row)) = best else { break };
        let name = format!("{}: {}", row.setting, row.instead.as_ref().map(word).unwrap_or_default());
        for (index, gone) in compared(&current, &outcomes).0 {
            for diff in gone {
                explained.entry((index, diff)).or_insert_with(|| name.clone());
            }
        }
        adopted.insert(row.setting.clone(), row);
        (world, current) = (tried, outcomes);
    }
    // What another setting has moved to another place is explained by it as well.
    for (index, (was, is)) in before.iter().zip(&current).enumerate() {
        let (Ok(was), Ok(is)) = (was, is) else { continue };
        for diff in was.iter().filter(|diff| !is.contains(diff)) {
            let all: Vec<String> = adopted
                .values()
                .map(|row| format!("{}: {}", row.setting, row.instead.as_ref().map(word).unwrap_or_default()))
                .collect();
            explained.entry((index, diff.clone())).or_insert_with(|| all.join(", "));
        }
    }
    rows.extend(adopted);
    let is_told =
        |row: &SettingSeen| row.verdict != Verdict::Untouched || of(kind).iter().any(|one| one.setting == row.setting);
    let settings = all.iter().filter_map(|one| rows.remove(&one.setting)).filter(is_told).collect();
    Ok(Judged { outcomes: current, explained, settings })
}

/// An exchange by its index, with the differences that are gone.
type Better = Vec<(usize, Vec<Diff>)>;

/// Exchanges that agree better after a change, and those that agree worse.
fn compared(before: &[Outcome], after: &[Outcome]) -> (Better, Vec<usize>) {
    let (mut better, mut worse) = (Vec::new(), Vec::new());
    for (index, (before, after)) in before.iter().zip(after).enumerate() {
        let (Ok(before), Ok(after)) = (before, after) else { continue };
        // An answer of another status says nothing of what stands in it.
        if after.iter().any(|diff| diff.path == "status") {
            if !before.iter().any(|diff| diff.path == "status") {
                worse.push(index);
            }
            continue;
        }
        let places: BTreeSet<&str> = before.iter().map(|diff| diff.path.as_str()).collect();
        let gone: Vec<Diff> = before.iter().filter(|diff| !after.contains(diff)).cloned().collect();
        // A place that differs in another way is no worse, and no better.
        let new = after.iter().any(|diff| !places.contains(diff.path.as_str()));
        let left: BTreeSet<&str> = after.iter().map(|diff| diff.path.as_str()).collect();
        let gone: Vec<Diff> = gone.into_iter().filter(|diff| !left.contains(diff.path.as_str())).collect();
        match (gone.is_empty(), new) {
            (false, false) => better.push((index, gone)),
            // Another status brings another body: what is nearer counts.
            (false, true) if after.len() < before.len() && gone.iter().any(|diff| diff.path == "status") => {
                better.push((index, gone))
            }
            (_, true) => worse.push(index),
            (true, false) => {}
        }
    }
    (better, worse)
}

/// A value that a setting could have.
struct Other {
    value: Value,
    /// The claims that hold under it.
    claims: Vec<String>,
    /// What was seen, where the value is guessed from that.
    seen: Option<String>,
}

/// The options beside the default.
fn others(one: &Interpretation) -> Vec<Other> {
    let other = |value: Value, claims: &[String]| Other { value, claims: claims.to_vec(), seen: None };
    match &one.default {
        Some(Value::Bool(default)) => vec![other(Value::Bool(!default), &[])],
        _ => one.options.iter().skip(1).map(|choice| other(choice.value.as_str().into(), &choice.claims)).collect(),
    }
}

/// The settings that choose between no interpretations, as a time that tokens live.
fn others_of(kind: &dyn AnyService, known: &[Interpretation]) -> Vec<Interpretation> {
    let mut generator = SchemaGenerator::default();
    let section = Value::from(kind.section_schema(&mut generator));
    let definitions = generator.take_definitions(true);
    let target = |schema: &Value| -> Value {
        let name = schema["$ref"].as_str().and_then(|text| text.rsplit('/').next());
        name.and_then(|name| definitions.get(name)).unwrap_or(schema).clone()
    };
    let settings = target(&target(&section)["properties"]["settings"]);
    let one = |(name, property): (&String, &Value)| Interpretation {
        setting: format!("settings.{name}"),
        about: property["description"].as_str().unwrap_or_default().replace('\n', " "),
        options: Vec::new(),
        default: property.get("default").cloned(),
        claims: Vec::new(),
        because: String::new(),
        off: property.get("x-off").cloned(),
    };
    let all = settings["properties"].as_object().into_iter().flatten().map(one);
    all.filter(|one| !known.iter().any(|known| known.setting.starts_with(&one.setting))).collect()
}

/// So many values that differ are tried for settings that take any.
const GUESSES: usize = 4;

/// Values that the system has where the bench has others.
fn values(outcomes: &[Outcome]) -> Vec<Value> {
    let diffs = outcomes.iter().flatten().flatten().filter(|diff| diff.path != "status");
    let mut found: Vec<Value> = Vec::new();
    for value in diffs.filter_map(|diff| serde_json::from_str::<Value>(&diff.seen).ok()) {
        let is_plain = value.is_number() || value.as_str().is_some_and(|text| !text.is_empty() && text.len() < 100);
        if is_plain && !found.contains(&value) && found.len() < GUESSES {
            found.push(value);
        }
    }
    found
}

/// What a setting that takes any value could be: one that was seen, as it is or as a number of seconds; or the value under
/// which there is nothing of the kind.
fn guesses(one: &Interpretation, found: &[Value]) -> Vec<Other> {
    let is_text = one.default.as_ref().is_none_or(Value::is_string);
    let guess = |value: &Value| {
        let guessed = match value {
            Value::Number(number) if is_text => format!("{number}s").into(),
            Value::String(_) if !is_text => return None,
            value => value.clone(),
        };
        Some(Other { value: guessed, claims: Vec::new(), seen: Some(value.to_string()) })
    };
    let mut guesses: Vec<Other> = found.iter().filter_map(guess).collect();
    guesses.extend(one.off.iter().map(|off| Other { value: off.clone(), claims: Vec::new(), seen: None }));
    guesses
}

/// A setting's value as it is written.
pub(super) fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

pub(super) fn put(world: &mut Value, service: &str, dotted: &str, value: Value) {
    let place = dotted.split('.').fold(&mut world[service], |place, key| &mut place[key]);
    *place = value;
}

/// A path with what was expected there and what was found.
type Unheld = (String, String, String);

/// Takes what an exchange shows of a check.
type Tell<'t> = &'t mut dyn FnMut(&Check, &Seen, Result<(), Unheld>);

/// What exchanges show of the claims that the rules speak of. `wrong` is what in each is not as the specification has it.
pub(super) fn claims(rules: &Rules, seen: &[Seen], wrong: &[Vec<Mismatch>], tell: Tell<'_>) {
    for check in &rules.checks {
        for (one, wrong) in seen.iter().zip(wrong).filter(|(one, _)| is_one(&check.operations, one.id())) {
            let (request, reply) = (asked(one), one.reply_json());
            let touched = check.status.as_ref().is_none_or(|status| status.check_status(one.status).is_ok())
                && holds(&check.request, &request).is_ok()
                && holds(&check.given, &reply).is_ok();
            if !touched {
                continue;
            }
            if let Some(field) = &check.field {
                match field.of(&reply, wrong) {
                    None => {}
                    Some(None) => tell(check, one, Ok(())),
                    Some(Some(otherwise)) => {
                        let Mismatch { pointer, expected, found, .. } = otherwise;
                        tell(check, one, Err((json_path(pointer), expected.clone(), found.clone())));
                    }
                }
                continue;
            }
            let answered = match &check.answered {
                Some(status) => status
                    .check_status(one.status)
                    .map_err(|_| ("status".to_owned(), status.describe(), one.status.to_string())),
                None => Ok(()),
            };
            tell(check, one, answered.and_then(|()| holds(&check.reply, &reply)));
        }
    }
}

/// Whether a value is as paths want it; else the path, what was expected, and what was found.
pub(super) fn holds(paths: &Paths, value: &Value) -> Result<(), Unheld> {
    paths.iter().try_for_each(|(text, path, matcher)| {
        let found = find(path, text, value);
        matcher.check(found.as_ref()).map_err(|_| {
            let found = found.as_ref().map_or_else(|| "nothing".to_owned(), crate::matcher::short);
            (text.clone(), matcher.describe(), found)
        })
    })
}

/// Counts verdicts by claim; one refutation outweighs any number of confirmations.
#[derive(Default)]
pub(super) struct Claims(pub(super) BTreeMap<String, ClaimSeen>);

impl Claims {
    pub(super) fn add(
        &mut self,
        id: &str,
        verdict: Verdict,
        times: usize,
        setting: Option<&str>,
        shape: Option<String>,
    ) {
        let known = self.0.entry(id.to_owned()).or_insert_with(|| ClaimSeen {
            id: id.to_owned(),
            verdict,
            times: 0,
            says: String::new(),
            kind: String::new(),
            setting: setting.map(str::to_owned),
            shape: None,
        });
        if verdict == Verdict::Refuted && known.verdict != Verdict::Refuted {
            known.verdict = verdict;
            known.times = 0;
            known.shape = None;
            known.setting = setting.map(str::to_owned);
        }
        if known.verdict == verdict {
            known.times += times;
            known.shape = known.shape.take().or(shape);
        }
    }
}
