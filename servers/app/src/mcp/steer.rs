//! What makes things happen: actions, the clock, faults.

use reqwest::Method;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::bench::{Bench, body, world};
use super::tools::Arguments;
use crate::cli::escaped;

/// Lists what can happen on the far side of the services: names and arguments. With `action`, that action's JSON Schema.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListActions {
    /// Only of this service.
    service: Option<String>,
    /// Only this action, with the schema of its arguments, such as `carbis.call_waiter`.
    action: Option<String>,
}

impl Arguments for ListActions {
    const NAME: &'static str = "list_actions";
    const TITLE: &'static str = "List actions";
    const READS: bool = true;

    async fn run(self, bench: &Bench) -> Result<Value, String> {
        let all = bench.get("/actions", &[("fake", self.service)]).await?;
        let all: Vec<&Value> = all.as_array().into_iter().flatten().collect();
        let name = |row: &Value| row["action"].as_str().unwrap_or_default().to_owned();
        if let Some(wanted) = self.action {
            let found = all.iter().find(|row| name(row) == wanted);
            return found.map(|row| (*row).clone()).ok_or_else(|| {
                let known: Vec<String> = all.iter().map(|row| name(row)).collect();
                let known = known.iter().map(String::as_str).collect::<Vec<_>>();
                super::tools::told(&stend_core::Problem::unknown("unknown_action", "action", &wanted, known))
            });
        }
        let short: Vec<Value> = all
            .iter()
            .map(|row| json!({ "action": row["action"], "arguments": named(&row["arguments"]), "summary": row["summary"] }))
            .collect();
        Ok(json!({ "actions": short }))
    }
}

/// The arguments' names, those that may be left out with a question mark.
fn named(schema: &Value) -> String {
    let needed: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let names = schema["properties"].as_object().into_iter().flatten().map(|(name, _)| {
        let optional = if needed.contains(&name.as_str()) { "" } else { "?" };
        format!("{name}{optional}")
    });
    names.collect::<Vec<_>>().join(", ")
}

/// Makes something happen on the far side of a service: a guest calls the waiter, a visitor takes a ticket, a machine sells.
/// list_actions says what there is; `view` shows rows with the actions that fit them.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Act {
    /// The world's id; left out, the default world.
    world: Option<String>,
    /// The action, such as `carbis.call_waiter`.
    #[schemars(extend("enum" = actions()))]
    action: String,
    /// Its arguments, such as {"table": 1000028}.
    #[serde(default)]
    arguments: Map<String, Value>,
}

/// The names of all actions of this build.
fn actions() -> Vec<String> {
    let registry = stend::registry::services();
    registry.services().iter().flat_map(|kind| kind.actions()).map(|action| action.name.clone()).collect()
}

impl Arguments for Act {
    const NAME: &'static str = "act";
    const TITLE: &'static str = "Make something happen";

    async fn run(self, bench: &Bench) -> Result<Value, String> {
        let body = json!({ self.action: self.arguments });
        bench.send(Method::POST, &world(self.world.as_deref(), "/actions"), Some(body)).await
    }
}

/// Lets a world's time pass: everything that falls due happens, in order, and has settled when the answer comes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AdvanceClock {
    /// The world's id; left out, the default world.
    world: Option<String>,
    /// How long, such as `5m`, `1h30m`, `2d`.
    by: Option<String>,
    /// Or up to when, such as 2026-11-21T12:00:00+03:00.
    to: Option<String>,
}

impl Arguments for AdvanceClock {
    const NAME: &'static str = "advance_clock";
    const TITLE: &'static str = "Let time pass";

    async fn run(self, bench: &Bench) -> Result<Value, String> {
        let body = body([("by", self.by.map(Value::from)), ("to", self.to.map(Value::from))]);
        bench.send(Method::POST, &world(self.world.as_deref(), "/clock/advance"), Some(body)).await
    }
}

/// Sets a world's clock, or shows it when nothing is given. Time that is skipped does not happen; advance_clock lets it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SetClock {
    /// The world's id; left out, the default world.
    world: Option<String>,
    /// How it runs; left out, as before.
    #[schemars(extend("enum" = ["real", "frozen", "scaled"]))]
    mode: Option<String>,
    /// The time, such as 2026-11-21T12:00:00+03:00, or `now`.
    now: Option<String>,
    /// Virtual seconds a real second, of a scaled clock.
    scale: Option<f64>,
}

impl Arguments for SetClock {
    const NAME: &'static str = "set_clock";
    const TITLE: &'static str = "Set or show the clock";

    async fn run(self, bench: &Bench) -> Result<Value, String> {
        let path = world(self.world.as_deref(), "/clock");
        let body = body([
            ("mode", self.mode.map(Value::from)),
            ("now", self.now.map(Value::from)),
            ("scale", self.scale.map(Value::from)),
        ]);
        if body == json!({}) {
            return bench.get(&path, &[]).await;
        }
        bench.send(Method::PUT, &path, Some(body)).await
    }
}

/// Makes matching exchanges misbehave: errors, delays, cut connections, lost answers. Which exchanges and what happens to
/// them stands in the schema.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SetFault {
    /// The world's id; left out, the default world.
    world: Option<String>,
    /// The fault, such as {"match": {"fake": "telemetron", "operation": "token"}, "respond": {"status": 503}, "times": 2}.
    #[schemars(with = "stend_core::fault::Fault")]
    fault: Value,
}

impl Arguments for SetFault {
    const NAME: &'static str = "set_fault";
    const TITLE: &'static str = "Set a fault";

    async fn run(self, bench: &Bench) -> Result<Value, String> {
        bench.send(Method::POST, &world(self.world.as_deref(), "/faults"), Some(self.fault)).await
    }
}

/// A world's faults, with their ids and how often each was applied.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListFaults {
    /// The world's id; left out, the default world.
    world: Option<String>,
}

impl Arguments for ListFaults {
    const NAME: &'static str = "list_faults";
    const TITLE: &'static str = "List the faults";
    const READS: bool = true;

    async fn run(self, bench: &Bench) -> Result<Value, String> {
        Ok(json!({ "faults": bench.get(&world(self.world.as_deref(), "/faults"), &[]).await? }))
    }
}

/// Removes a fault, or all faults of a world.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ClearFaults {
    /// The world's id; left out, the default world.
    world: Option<String>,
    /// The fault's id; left out, all go.
    id: Option<String>,
}

impl Arguments for ClearFaults {
    const NAME: &'static str = "clear_faults";
    const TITLE: &'static str = "Remove faults";

    async fn run(self, bench: &Bench) -> Result<Value, String> {
        let one = self.id.as_deref().map(|id| format!("/{}", escaped(id))).unwrap_or_default();
        bench.send(Method::DELETE, &world(self.world.as_deref(), &format!("/faults{one}")), None).await?;
        Ok(json!({ "cleared": self.id.as_deref().unwrap_or("all") }))
    }
}
