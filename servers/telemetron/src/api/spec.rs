//! The schemas of requests, made from the same tables of fields that requests are checked by.

use serde_json::{Map, Value, json};

use crate::api::input::{Field, Rule};
use crate::api::{catalog, loading, locations, machines, modems, planograms, products, telemetry};

/// `components.schemas` of every request's body.
pub(crate) fn schemas() -> Value {
    let made = |fields| object(fields, false);
    let changed = |fields| object(fields, true);
    json!({ "components": { "schemas": {
        "ModemChange": changed(modems::CHANGE),
        "ModemCommands": made(modems::SET),
        "NewMachine": made(machines::MACHINE),
        "MachineChange": changed(machines::MACHINE),
        "Load": made(loading::LOAD),
        "Inventory": made(loading::STOCK),
        "DataRequest": made(telemetry::REQUEST),
        "Dispense": made(telemetry::DISPENSE),
        "Credit": made(telemetry::CREDIT),
        "NewPlanogram": made(planograms::PLANOGRAM),
        "NewProduct": made(products::NEW),
        "ProductChange": changed(products::CHANGED),
        "NewPart": made(products::PART),
        "PartChange": made(products::VOLUME),
        "NewComponent": made(catalog::COMPONENT),
        "NewLocation": made(locations::LOCATION),
        "LocationChange": changed(locations::LOCATION),
    } } })
}

/// An object of these fields. What it has beside them is let pass, with a warning (G1).
fn object(fields: &[Field], is_change: bool) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    let mut either = Vec::new();
    for field in fields {
        let is_required = field.rules.iter().any(|rule| matches!(rule, Rule::Required));
        if is_required && !is_change {
            required.push(field.name);
        }
        for rule in field.rules {
            if let Rule::RequiredWithout(other) = rule {
                either.extend([json!({ "required": [field.name] }), json!({ "required": [other] })]);
            }
        }
        properties.insert(field.name.to_owned(), value(field, is_required));
    }
    let mut schema = json!({ "type": "object", "properties": properties, "additionalProperties": true });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    if !either.is_empty() {
        schema["anyOf"] = json!(either);
    }
    schema
}

/// A number, as a string.
const NUMBER: &str = r"-?\d{1,12}(\.\d{1,3})?";
/// A whole number, as a string.
const INTEGER: &str = r"-?\d{1,15}";

/// One field. Numbers may be strings (G1); null and an empty string stand for none where nothing is required.
fn value(field: &Field, is_required: bool) -> Value {
    let mut types: Vec<&str> = Vec::new();
    let mut schema = Map::new();
    let mut notes: Vec<&str> = Vec::new();
    let mut chosen: Vec<Value> = Vec::new();
    let is_positive = field.rules.iter().any(|rule| matches!(rule, Rule::Min(0..) | Rule::Between(0.., _)));
    let pattern = |pattern: &str| {
        let pattern = if is_positive { pattern.trim_start_matches("-?") } else { pattern };
        json!(if is_required { format!("^{pattern}$") } else { format!("^({pattern})?$") })
    };
    for rule in field.rules {
        match rule {
            Rule::Required | Rule::RequiredWithout(_) => {}
            Rule::Text(most) | Rule::Code(most) => {
                types.push("string");
                if matches!(rule, Rule::Code(_)) {
                    types.push("number");
                }
                schema.insert("maxLength".into(), json!(most));
                if is_required {
                    schema.insert("pattern".into(), json!(r"\S"));
                }
            }
            Rule::Number => {
                types.extend(["number", "string"]);
                schema.insert("pattern".into(), pattern(NUMBER));
                schema.insert("minimum".into(), json!(-1e12));
                schema.insert("maximum".into(), json!(1e12));
            }
            Rule::Integer => {
                types.extend(["integer", "string"]);
                schema.insert("pattern".into(), pattern(INTEGER));
            }
            Rule::Flag => {
                chosen.extend([json!(true), json!(false), json!(1), json!(0), json!("1"), json!("0")]);
                chosen.extend([json!("true"), json!("false")]);
            }
            Rule::Min(least) => {
                schema.insert("minimum".into(), json!(least));
            }
            Rule::Between(least, most) => {
                schema.insert("minimum".into(), json!(least));
                schema.insert("maximum".into(), json!(most));
            }
            Rule::In(known) => {
                chosen.extend(known.iter().flat_map(|one| [json!(one), json!(one.to_string())]));
            }
            Rule::OneOf(known) => chosen.extend(known.iter().map(|one| json!(one))),
            Rule::Date => {
                types.push("string");
                schema.insert("pattern".into(), pattern(r"\s*\d{4}-\d{2}-\d{2}.*"));
            }
            Rule::List => {
                types.push("array");
                schema.insert("items".into(), object(field.items, false));
            }
            Rule::Zone => notes.push("A time zone's name."),
            Rule::Credit => {
                types.extend(["string", "number"]);
                schema.insert("pattern".into(), pattern(r"\s*[^,]+(,\s*\d+\s*(,\s*[01]\s*)?)?"));
                notes.push("The credit, how many times, and whether without asking.");
            }
            Rule::Exists(_) => notes.push("Something that exists."),
            Rule::Unique(_) => notes.push("No other has it."),
            Rule::Distinct => notes.push("No two items have the same."),
        }
    }
    if !notes.is_empty() {
        schema.insert("description".into(), json!(notes.join(" ")));
    }
    if !chosen.is_empty() {
        if !is_required {
            chosen.extend([json!(""), Value::Null]);
        }
        schema.retain(|key, _| key == "description");
        schema.insert("enum".into(), json!(chosen));
        return Value::Object(schema);
    }
    if !is_required && !types.is_empty() {
        types.push("null");
    }
    types.sort_unstable();
    types.dedup();
    if !types.is_empty() {
        schema.insert("type".into(), json!(types));
    }
    Value::Object(schema)
}
