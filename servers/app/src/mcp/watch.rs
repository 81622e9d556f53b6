//! What shows what has happened and what there is: journal, expectations, views, operations.

use reqwest::{Method, StatusCode};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use stend_core::Span;

use super::bench::{Bench, world};
use super::tools::Arguments;
use crate::cli::escaped;

/// Entries and rows, unless asked otherwise, and at the most.
const PAGE: usize = 20;
const LARGEST_PAGE: usize = 100;

/// The longest that a tool waits, in seconds: most clients give a tool a minute.
const LONGEST: f64 = 50.0;

fn waits(name: &str, text: Option<String>) -> Result<Option<String>, String> {
    let Some(text) = text else { return Ok(None) };
    let span: Span = text.parse().map_err(|why| format!("{name}: {why}"))?;
    if span.as_secs_f64() > LONGEST {
        return Err(format!("{name}: `{text}` is too long\n  = help: {LONGEST} s at the most; ask again to wait on"));
    }
    Ok(Some(text))
}

fn page(limit: Option<usize>) -> Result<Option<String>, String> {
    super::tools::limit(limit, PAGE, LARGEST_PAGE).map(|limit| Some(limit.to_string()))
}

/// What clients sent and got: the newest exchanges of a world, or with `since` those after an entry. `warnings` of an entry say
/// what was suspicious about the request.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadJournal {
    /// The world's id; left out, the default world.
    world: Option<String>,
    /// Only of this service.
    service: Option<String>,
    /// Only of this operation (list_operations); `*` stands for any run of characters.
    operation: Option<String>,
    /// Only of this status: a number, or a class such as `4xx`; 0 is what got no status.
    status: Option<String>,
    /// Only `http`, `frame`, `push` or `ping`.
    channel: Option<String>,
    /// Only of this client: a login or a token.
    client: Option<String>,
    /// Only what this fault was applied to.
    fault: Option<String>,
    /// Only after this entry, by its `seq`, or from this time on.
    since: Option<String>,
    /// With `since`: waits so long for the first such entry, such as `10s`; 50s at the most.
    wait: Option<String>,
    /// The most entries, 1 to 100; 20 unless given.
    limit: Option<usize>,
    /// Whether to show headers and bodies, long ones cut.
    #[serde(default)]
    bodies: bool,
}

impl Arguments for ReadJournal {
    const NAME: &'static str = "read_journal";
    const TITLE: &'static str = "Read the journal";
    const READS: bool = true;

    async fn run(self, bench: &Bench) -> Result<Value, String> {
        let query = [
            ("fake", self.service),
            ("operation", self.operation),
            ("status", self.status),
            ("way", self.channel),
            ("client", self.client),
            ("fault", self.fault),
            ("since", self.since),
            ("wait", waits("wait", self.wait)?),
            ("limit", page(self.limit)?),
            ("bodies", Some(self.bodies.to_string())),
        ];
        let mut read = bench.get(&world(self.world.as_deref(), "/journal"), &query).await?;
        for entry in read["entries"].as_array_mut().into_iter().flatten() {
            let Some(entry) = entry.as_object_mut() else { continue };
            // The same under names of before.
            entry.remove("remarks");
            entry.remove("way");
            entry.retain(|_, value| !value.is_null() && value.as_array().is_none_or(|all| !all.is_empty()));
        }
        Ok(read)
    }
}

/// Checks an expectation of what clients have done or of a world's state, or waits for it. When it does not hold, the answer
/// names the nearest miss. Examples: {"journal": {"fake": "telemetron", "operation": "token", "status": 200, "count": 1}};
/// {"never": {"status": "5xx"}}; {"state": {"$.carbis.tables[0].id": 1000028}}.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Verify {
    /// The world's id; left out, the default world.
    world: Option<String>,
    /// The expectation: one of `journal`, `push`, `never`, `order`, `before`, `state`, as in a scenario's `expect`.
    #[schemars(with = "serde_json::Map<String, Value>")]
    expect: Value,
    /// Waits so long for it to hold, such as `10s`; 50s at the most.
    within: Option<String>,
}

impl Arguments for Verify {
    const NAME: &'static str = "verify";
    const TITLE: &'static str = "Check an expectation";
    const READS: bool = true;

    async fn run(self, bench: &Bench) -> Result<Value, String> {
        let mut body = self.expect;
        if let (Some(within), Value::Object(body)) = (waits("within", self.within)?, &mut body) {
            body.insert("within".into(), within.into());
        }
        let path = world(self.world.as_deref(), "/verify");
        let (status, answer) = bench.remote().answer(Method::POST, &path, &[], Some(body)).await?;
        let missed = &answer["error"];
        if status == StatusCode::CONFLICT && missed["code"] == "not_as_expected" {
            let mut told = json!({ "passed": false, "message": missed["message"] });
            for key in ["nearest", "unmet"] {
                if let Some(value) = missed.get(key) {
                    told[key] = value.clone();
                }
            }
            return Ok(told);
        }
        bench.judged(status, answer)
    }
}

/// Shows a service's state as people see it: tables with rows, and with each row the actions that fit it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct View {
    /// The world's id; left out, the default world.
    world: Option<String>,
    /// The service.
    service: String,
    /// Only this table, by its id.
    table: Option<String>,
    /// The most rows of a table, 1 to 100; 20 unless given.
    limit: Option<usize>,
    /// With `table`: the page after this, the `next` of the page before.
    after: Option<String>,
}

impl Arguments for View {
    const NAME: &'static str = "view";
    const TITLE: &'static str = "View a service";
    const READS: bool = true;

    async fn run(self, bench: &Bench) -> Result<Value, String> {
        let path = world(self.world.as_deref(), &format!("/view/{}", escaped(&self.service)));
        let query = [("table", self.table), ("limit", page(self.limit)?), ("after", self.after)];
        let mut view = bench.get(&path, &query).await?;
        in_english(&mut view);
        Ok(view)
    }
}

/// Leaves of each title in two languages the English one.
fn in_english(value: &mut Value) {
    match value {
        Value::Object(map) => match (map.len(), map.get("en"), map.contains_key("ru")) {
            (2, Some(english), true) => *value = english.clone(),
            _ => map.values_mut().for_each(in_english),
        },
        Value::Array(all) => all.iter_mut().for_each(in_english),
        _ => {}
    }
}

/// The operations of a service, which journal, expectations and faults name.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListOperations {
    /// The service.
    service: String,
}

impl Arguments for ListOperations {
    const NAME: &'static str = "list_operations";
    const TITLE: &'static str = "List operations";
    const READS: bool = true;

    async fn run(self, bench: &Bench) -> Result<Value, String> {
        Ok(json!({ "operations": bench.get("/operations", &[("fake", Some(self.service))]).await? }))
    }
}
