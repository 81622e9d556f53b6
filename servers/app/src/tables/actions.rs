//! What can happen on the far side of the APIs, with arguments and an example, from the registry.

use std::fmt::Write as _;

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use stend_core::{AnyService, ClockSetting, Look, Problem, Timestamp, World, WorldFile, Worlds};

/// An action, described.
#[derive(Debug)]
pub struct Described {
    /// Its full name.
    pub name: String,
    /// What happens, in a sentence.
    pub summary: String,
    /// Its arguments, a line each: name, type, what it is.
    pub arguments: Vec<String>,
    /// Actions that the example needs before it.
    pub before: Vec<Value>,
    /// The action as it is written, with things of the documented world.
    pub example: Value,
}

/// The actions of one service, or of all; or one action, by its full name.
///
/// # Errors
/// An unknown service or action, with the nearest.
pub fn actions(of: Option<&str>) -> Result<Vec<Described>, Problem> {
    let registry = crate::registry::services();
    let services = match of {
        Some(name) if name.contains('.') => vec![registry.action(name)?.1],
        Some(name) => vec![registry.get(name)?.1],
        None => registry.services().to_vec(),
    };
    let asked = |name: &str| of.is_none_or(|of| !of.contains('.') || of == name);
    // Examples name what is there in the documented world.
    let noon = Timestamp::from_second(1_795_251_600).unwrap_or_default();
    let documented = crate::library().by_name(stend_core::library::DOCUMENTED, &registry);
    let file = documented.map_err(|diagnostic| diagnostic.problem)?;
    let file = WorldFile { clock: Some(ClockSetting::frozen_at(noon)), ..file };
    let worlds = Worlds::new(registry.clone(), file)?;
    let world = worlds.default_world();
    let describe = |kind: &'static dyn AnyService| {
        kind.actions().into_iter().filter(|action| asked(&action.name)).map(move |action| {
            let schema = schema(kind, &action.name);
            Described {
                summary: action.summary.to_string(),
                arguments: arguments(&schema),
                before: schema["x-after"].as_array().cloned().unwrap_or_default(),
                example: json!({ action.name.clone(): example(world, &schema) }),
                name: action.name,
            }
        })
    };
    Ok(services.into_iter().flat_map(describe).collect())
}

/// The chapter of the manual.
pub(super) fn chapter() -> String {
    let mut text = String::from(
        "# Actions\n\nWhat happens on the far side of the APIs: a guest calls, a snack is sold. In a scenario an action stands under `do`, over the control API it is \
         the body of `POST /control/v1/worlds/{world}/actions`, in a world file it stands under `history`; in the page it is a button. `stend actions SERVICE` prints \
         those of a service. An argument with `?` may be left out. The examples are for the documented world.\n",
    );
    for kind in crate::registry::services().services() {
        let _ = write!(text, "\n## {}\n", kind.name());
        for action in actions(Some(kind.name())).unwrap_or_default() {
            let _ = write!(text, "\n### `{}`\n\n{}\n\n", action.name, action.summary);
            for line in &action.arguments {
                let _ = writeln!(text, "- {line}");
            }
            let gap = if action.arguments.is_empty() { "" } else { "\n" };
            let lines: String = action.before.iter().chain([&action.example]).map(|one| format!("{one}\n")).collect();
            let _ = write!(text, "{gap}```json\n{lines}```\n");
        }
    }
    text
}

/// The schema of an action's arguments, nothing of it elsewhere.
fn schema(kind: &dyn AnyService, name: &str) -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    let short = name.split_once('.').map_or("", |(_, short)| short);
    kind.action_schema(short, &mut SchemaGenerator::new(settings)).map(schemars::Schema::to_value).unwrap_or_default()
}

fn required(schema: &Value) -> Vec<&str> {
    schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Each argument on a line: name, type, what it is.
fn arguments(schema: &Value) -> Vec<String> {
    let needed = required(schema);
    let line = |(name, of): (&String, &Value)| {
        let optional = if needed.contains(&name.as_str()) { "" } else { "?" };
        let pick = of["x-pick"].as_str().map(|pick| format!(" of {pick}")).unwrap_or_default();
        let about = of["description"].as_str().unwrap_or_default().replace('\n', " ");
        format!("{name}{optional}: {}{pick}  {about}", kind(of))
    };
    schema["properties"].as_object().into_iter().flatten().map(line).collect()
}

/// The word for what a schema takes.
pub(super) fn kind(schema: &Value) -> String {
    let words: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).filter(|word| *word != "null").collect(),
        _ => Vec::new(),
    };
    let choices = schema["enum"].as_array().or_else(|| schema["oneOf"].as_array()).into_iter().flatten();
    let choices: Vec<&str> =
        choices.filter_map(|choice| choice.as_str().or_else(|| choice["const"].as_str())).collect();
    match (words.as_slice(), choices.as_slice()) {
        (_, [_, ..]) => choices.join(" | "),
        (["array"], _) => format!("{}[]", kind(&schema["items"])),
        ([], _) => match schema["anyOf"].as_array().and_then(|any| any.first()) {
            Some(first) => kind(first),
            None => "any".to_owned(),
        },
        (words, _) => words.join(" | "),
    }
}

/// The required arguments, filled in from the world where they are picked from a table.
fn example(world: &World, schema: &Value) -> Value {
    let is = |word: &str| {
        schema["type"] == word || schema["type"].as_array().is_some_and(|all| all.iter().any(|one| one == word))
    };
    if let Some(given) = schema["examples"].as_array().and_then(|all| all.first()) {
        return given.clone();
    }
    if let Some(key) = schema["x-pick"].as_str().and_then(|pick| picked(world, pick)) {
        let one = key.parse::<i64>().ok().filter(|_| !is("string")).map_or_else(|| json!(key), |number| json!(number));
        return if is("array") { json!([one]) } else { one };
    }
    let choice = schema["enum"].as_array().and_then(|all| all.first()).or_else(|| schema.get("const"));
    if let Some(choice) = choice {
        return choice.clone();
    }
    if let Some(first) = [&schema["oneOf"], &schema["anyOf"]].into_iter().find_map(|of| of.as_array()?.first()) {
        return example(world, first);
    }
    if is("array") {
        return json!([example(world, &schema["items"])]);
    }
    if is("object") {
        let needed = required(schema).into_iter();
        let filled: Map<String, Value> =
            needed.map(|name| (name.to_owned(), example(world, &schema["properties"][name]))).collect();
        return Value::Object(filled);
    }
    match () {
        () if is("integer") || is("number") => json!(1),
        () if is("boolean") => json!(true),
        () if schema["format"] == "date-time" => json!("2026-11-21T12:00:00+03:00"),
        () => json!("…"),
    }
}

/// The key of the first row of a table.
fn picked(world: &World, pick: &str) -> Option<String> {
    let (service, table) = pick.split_once('.')?;
    let (index, _) = world.registry().find(service)?;
    let look = Look { table: Some(table), limit: 1, after: None };
    let (_, view) = world.view(index, &look).ok()?;
    view.tables.into_iter().flat_map(|table| table.rows).map(|row| row.key).next()
}
