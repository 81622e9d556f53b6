//! The printed samples of all four documents, one file each in `fixtures/<api>/samples/<operation>/`: the world that
//! they speak of, what has to happen before, the printed request, and the printed answer, equal to the letter.
//!
//! A file holds `given` (`clock`; `world`: the API's section, else the documented world; `do`: actions and `advance`;
//! `login`: who asks, where the API wants to know; `requests`: what is asked or happens before), `request`, `response`,
//! `masks` (places whose value is drawn by chance, and the form it must have), and `differs`: why the file is not the
//! print to the letter. With `compare: same` keys may stand in another order, with `compare: holds` the answer may have more of
//! them than the print, which `differs` explains.

mod frames;
mod http;
mod mask;

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Map, Value, json};
use stend::registry::scheme;

use crate::support::{Bench, NOON, root};

/// The keys of a sample, and of what is given.
const KEYS: [&str; 6] = ["given", "request", "response", "masks", "compare", "differs"];
const GIVEN: [&str; 5] = ["clock", "world", "do", "login", "requests"];

/// One file.
struct Sample {
    /// `operation/case`.
    name: String,
    operation: String,
    body: Value,
}

/// All files of an API, in the order of their names; a new service has none yet.
fn files(api: &str) -> Vec<PathBuf> {
    let folder = root().join("fixtures").join(api).join("samples");
    let Ok(folders) = fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = folders
        .flat_map(|folder| fs::read_dir(folder.expect("a folder").path()).expect("a folder of samples"))
        .map(|entry| entry.expect("a file").path())
        .collect();
    files.sort();
    files
}

/// Where an API's samples are, as the claims ledger names them.
pub fn paths(api: &str) -> Vec<String> {
    let below =
        |file: &PathBuf| file.strip_prefix(root()).expect("below the root").to_str().expect("a path").to_owned();
    files(api).iter().map(below).collect()
}

/// All samples of an API.
fn samples(api: &str) -> Vec<Sample> {
    let sample = |file: &PathBuf| {
        let part = |path: Option<&std::ffi::OsStr>| path.and_then(|name| name.to_str()).expect("a name").to_owned();
        let operation = part(file.parent().and_then(|folder| folder.file_name()));
        let text = fs::read_to_string(file).expect("a sample");
        let body = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        Sample { name: format!("{operation}/{}", part(file.file_stem())), operation, body }
    };
    files(api).iter().map(sample).collect()
}

/// Plays all samples of an API; returns what differs.
async fn play(api: &str) -> String {
    let bench = Bench::start().await;
    let samples = samples(api);
    let mut wrong = String::new();
    for (i, sample) in samples.iter().enumerate() {
        let world = World::make(&bench, api, &format!("s{i}"), &sample.body["given"]).await;
        let played = match &world {
            Err(why) => Err(why.clone()),
            Ok(world) if scheme(api) == "ws" => frames::replay(world, sample).await,
            Ok(world) => http::replay(world, sample).await,
        };
        if let Err(why) = played {
            let _ = write!(wrong, "\n--- {api}/{}: {why}\n", sample.name);
        }
        if let Ok(world) = world {
            world.remove().await;
        }
    }
    wrong
}

#[tokio::test]
async fn every_sample_is_answered_as_printed() {
    let services = stend::registry::services();
    let wrong: Vec<String> = join_all(services.services().iter().map(|service| play(service.name()))).await;
    assert!(wrong.iter().all(String::is_empty), "{}", wrong.concat());
}

/// What a sample is played in.
struct World<'b> {
    bench: &'b Bench,
    id: String,
    api: &'b str,
    /// Where the API answers.
    base: String,
}

impl<'b> World<'b> {
    async fn make(bench: &'b Bench, api: &'b str, id: &str, given: &Value) -> Result<Self, String> {
        let mut wish = json!({"id": id, "clock": given["clock"].as_str().unwrap_or(NOON)});
        if let Some(section) = given.get("world") {
            let section = if api == "telemetron" { http::telemetron_section(section) } else { section.clone() };
            wish["world"] = json!({"stend": 1, api: section});
        }
        let made = bench.steer(Method::POST, "/worlds", wish).await;
        if made.status != 201 {
            return Err(made.text);
        }
        let base = made.json()["urls"][api].as_str().expect("a URL").to_owned();
        let world = Self { bench, id: id.to_owned(), api, base };
        for step in given["do"].as_array().into_iter().flatten() {
            world.step(step.as_object().ok_or("a step is a map")?).await?;
        }
        Ok(world)
    }

    async fn step(&self, step: &Map<String, Value>) -> Result<(), String> {
        self.bench.step_in(&self.id, step).await
    }

    /// The section of its API in the world as it is now.
    async fn state(&self) -> Value {
        let answer = self.bench.steer(Method::GET, &format!("/worlds/{}/state", self.id), Value::Null).await;
        answer.json()[self.api].clone()
    }

    async fn remove(self) {
        self.bench.steer(Method::DELETE, &format!("/worlds/{}", self.id), Value::Null).await;
    }
}

/// The answer beside the print, once what is drawn by chance has been looked at.
fn compare(sample: &Value, mut answer: Value, printed: &Value) -> Result<(), String> {
    for (place, form) in sample["masks"].as_object().into_iter().flatten() {
        mask::check(&mut answer, printed, place, form.as_str().ok_or("a mask names a form")?)?;
    }
    let pretty = |value: &Value| serde_json::to_string_pretty(value).expect("JSON");
    if sample["compare"] == "holds" {
        return holds(&answer, printed, "$").map_err(|why| format!("{why}\n{}", pretty(&answer)));
    }
    if sample["compare"] == "same" && answer == *printed {
        return Ok(());
    }
    let (answer, printed) = (pretty(&answer), pretty(printed));
    if answer == printed { Ok(()) } else { Err(format!("answered\n{answer}\nprinted\n{printed}")) }
}

/// That everything which is printed is there, key for key and value for value.
pub fn holds(actual: &Value, printed: &Value, at: &str) -> Result<(), String> {
    match (actual, printed) {
        (Value::Object(actual), Value::Object(printed)) => printed.iter().try_for_each(|(key, value)| {
            let there = actual.get(key).ok_or_else(|| format!("{at}.{key} is missing"))?;
            holds(there, value, &format!("{at}.{key}"))
        }),
        (Value::Array(actual), Value::Array(printed)) if actual.len() == printed.len() => {
            let mut pairs = actual.iter().zip(printed).enumerate();
            pairs.try_for_each(|(i, (actual, printed))| holds(actual, printed, &format!("{at}[{i}]")))
        }
        _ if actual == printed => Ok(()),
        _ => Err(format!("{at}: answered {actual}, printed {printed}")),
    }
}

/// A sample belongs to an operation, says nothing that nobody reads, and is silent about no difference.
#[test]
fn every_sample_is_well_formed() {
    for kind in stend::registry::services().services() {
        let operations: Vec<&str> = kind.operations().iter().map(|operation| operation.id).collect();
        for Sample { name, operation, body } in samples(kind.name()) {
            let name = format!("{}/{name}", kind.name());
            assert!(operations.contains(&operation.as_str()), "{name} is of no operation");
            let known = |map: &Value, keys: &[&str]| {
                let map = map.as_object().unwrap_or_else(|| panic!("{name}: {map} is no map"));
                map.keys().find(|key| !keys.contains(&key.as_str())).cloned()
            };
            assert_eq!(known(&body, &KEYS), None, "{name}: unknown key");
            assert_eq!(known(&body["given"], &GIVEN), None, "{name}: unknown key");
            let differs = body.get("differs").map(|why| why.as_str().is_some_and(|why| why.len() > 10));
            assert_ne!(differs, Some(false), "{name}: `differs` tells why, in words");
            match body.get("compare") {
                None => {}
                Some(how) => {
                    let known = how == "same" || how == "holds";
                    assert!(
                        known && differs == Some(true),
                        "{name}: `compare` is `same` or `holds`, and wants `differs`"
                    )
                }
            }
        }
    }
}
