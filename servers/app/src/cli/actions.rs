//! `stend actions`: what can happen on the far side of the APIs, with arguments and an example.

use std::fmt::Write as _;

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use stend_core::{AnyService, ClockSetting, Look, Timestamp, World, WorldFile, Worlds};

use super::{BAD, GOOD, err, out};

/// Arguments of `stend actions`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only of this service
    service: Option<String>,
}

pub(super) fn run(args: &Args) -> u8 {
    match text(args.service.as_deref()) {
        Ok(text) => out(&text),
        Err(why) => {
            err(&format!("error: {why}\n"));
            return BAD;
        }
    }
    GOOD
}

fn text(service: Option<&str>) -> Result<String, String> {
    let registry = stend::registry::services();
    let services = match service {
        Some(name) => vec![registry.get(name).map_err(|problem| {
            let help = problem.hint.iter().map(|hint| format!("\n  = help: {hint}")).collect::<String>();
            format!("unknown service `{name}`{help}")
        })?],
        None => registry.services().iter().copied().enumerate().collect(),
    };
    // Examples name what is there in the documented world.
    let noon = Timestamp::from_second(1_795_251_600).unwrap_or_default();
    let file = stend::library()
        .by_name(stend_core::library::DOCUMENTED, &registry)
        .map_err(|diagnostic| diagnostic.problem.to_string())?;
    let file = WorldFile { clock: Some(ClockSetting::frozen_at(noon)), ..file };
    let worlds = Worlds::new(registry.clone(), file).map_err(|problem| problem.to_string())?;
    let mut text = String::new();
    for (_, kind) in services {
        for action in kind.actions() {
            let schema = schema(kind, &action.name);
            let _ = writeln!(text, "{}\n  {}", action.name, action.summary);
            arguments(&mut text, &schema);
            let example = json!({ action.name: example(worlds.default_world(), &schema) });
            let _ = writeln!(text, "  e.g. {example}\n");
        }
    }
    Ok(text.trim_end().to_owned() + "\n")
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
fn arguments(text: &mut String, schema: &Value) {
    let needed = required(schema);
    for (name, of) in schema["properties"].as_object().into_iter().flatten() {
        let optional = if needed.contains(&name.as_str()) { "" } else { "?" };
        let pick = of["x-pick"].as_str().map(|pick| format!(" of {pick}")).unwrap_or_default();
        let about = of["description"].as_str().unwrap_or_default().replace('\n', " ");
        let _ = writeln!(text, "    {name}{optional}: {}{pick}  {about}", kind(of));
    }
}

/// The word for what a schema takes.
fn kind(schema: &Value) -> String {
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
    if let Some(key) = schema["x-pick"].as_str().and_then(|pick| picked(world, pick)) {
        let one = key.parse::<i64>().ok().filter(|_| !is("string")).map_or_else(|| json!(key), |number| json!(number));
        return if is("array") { json!([one]) } else { one };
    }
    if let Some(given) = schema["examples"].as_array().and_then(|all| all.first()) {
        return given.clone();
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
