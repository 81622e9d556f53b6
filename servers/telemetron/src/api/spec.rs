//! The schemas of requests, made from the types that requests are read into.

use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::state::inventory::Inventory;
use crate::state::loading::Load;
use crate::state::locations::{LocationChange, NewLocation};
use crate::state::machines::MachineChange;
use crate::state::modems::{self, DataRequest, Dispense, ModemChange, ModemCommands, VendistaCredit};
use crate::state::planograms::NewPlanogram;
use crate::state::products::{NewComponent, NewPart, NewProduct, PartChange, ProductChange};

/// `components.schemas` of every request's body.
pub(crate) fn schemas() -> Value {
    let mut machine = schema::<MachineChange>();
    machine["required"] = json!(["name", "mm_id"]);
    let mut request = schema::<DataRequest>();
    request["anyOf"] = modems::one_of_them();
    json!({ "components": { "schemas": {
        "ModemChange": schema::<ModemChange>(),
        "ModemCommands": schema::<ModemCommands>(),
        "NewMachine": machine,
        "MachineChange": schema::<MachineChange>(),
        "Load": schema::<Load>(),
        "Inventory": schema::<Inventory>(),
        "DataRequest": request,
        "Dispense": schema::<Dispense>(),
        "Credit": schema::<VendistaCredit>(),
        "NewPlanogram": schema::<NewPlanogram>(),
        "NewProduct": schema::<NewProduct>(),
        "ProductChange": schema::<ProductChange>(),
        "NewPart": schema::<NewPart>(),
        "PartChange": schema::<PartChange>(),
        "NewComponent": schema::<NewComponent>(),
        "NewLocation": schema::<NewLocation>(),
        "LocationChange": schema::<LocationChange>(),
    } } })
}

/// The schema of a type as the reader of requests takes it.
fn schema<T: JsonSchema>() -> Value {
    let mut settings = schemars::generate::SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    let mut schema = Value::from(SchemaGenerator::new(settings).into_root_schema_for::<T>());
    lenient(&mut schema);
    if let Some(map) = schema.as_object_mut() {
        map.remove("title");
        map.insert("additionalProperties".into(), json!(true));
    }
    schema
}

/// A number, as a string.
const NUMBER: &str = r"-?\d{1,12}(\.\d{1,3})?";
/// A whole number, as a string.
const INTEGER: &str = r"-?\d{1,15}";

/// Numbers and flags may be strings (G1); a string without visible characters stands for `null`.
fn lenient(schema: &mut Value) {
    let Some(map) = schema.as_object_mut() else { return };
    if let Some(Value::Object(properties)) = map.get_mut("properties") {
        properties.values_mut().for_each(lenient);
        map.insert("additionalProperties".into(), json!(true));
    }
    if let Some(items) = map.get_mut("items") {
        lenient(items);
    }
    if let Some(of) = map.get_mut("anyOf").and_then(Value::as_array_mut) {
        of.iter_mut().for_each(lenient);
    }
    let types: Vec<String> = match map.get("type") {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    let is_optional = types.iter().any(|one| one == "null");
    let has = |name: &str| types.iter().any(|one| one == name);
    map.remove("format");
    map.remove("default");
    if let Some(chosen) = map.get_mut("enum").and_then(Value::as_array_mut) {
        let texts: Vec<Value> = chosen.iter().filter(|one| one.is_number()).map(|one| json!(one.to_string())).collect();
        chosen.extend(texts);
        if chosen.contains(&Value::Null) {
            chosen.push(json!(""));
        }
        map.remove("type");
    } else if has("boolean") {
        let mut chosen = vec![json!(true), json!(false), json!(1), json!(0)];
        chosen.extend(["1", "0", "true", "false"].map(Value::from));
        if is_optional {
            chosen.extend([json!(""), Value::Null]);
        }
        map.remove("type");
        map.insert("enum".into(), json!(chosen));
    } else if has("integer") || has("number") && !has("string") {
        let pattern = if has("integer") { INTEGER } else { NUMBER };
        number(map, pattern, is_optional);
        map.insert("type".into(), json!(types.into_iter().chain(["string".to_owned()]).collect::<Vec<_>>()));
    } else if has("string") && !is_optional && !map.contains_key("pattern") {
        map.insert("pattern".into(), json!(r"\S"));
    } else if has("string")
        && is_optional
        && let Some(pattern) = map.get("pattern").and_then(Value::as_str)
    {
        let inner = pattern.trim_start_matches('^').trim_end_matches('$');
        map.insert("pattern".into(), json!(format!("^({inner})?$")));
    }
}

/// The limits of a number, and its pattern as a string.
fn number(map: &mut Map<String, Value>, pattern: &str, is_optional: bool) {
    let is_positive = map.get("minimum").and_then(Value::as_i64).is_some_and(|least| least >= 0);
    let pattern = if is_positive { pattern.trim_start_matches("-?") } else { pattern };
    map.insert("pattern".into(), json!(if is_optional { format!("^({pattern})?$") } else { format!("^{pattern}$") }));
    if pattern.contains('.') {
        map.entry("minimum").or_insert(json!(-1e12));
        map.entry("maximum").or_insert(json!(1e12));
    }
}
