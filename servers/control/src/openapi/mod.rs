//! The OpenAPI document of the control API, made from its route table.

pub(crate) mod schemas;

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::routes::{Parameter, ROUTES, Row};

/// The OpenAPI 3.1 document of the control API at `server`; with `token`, of one that asks for it.
pub fn openapi(version: &str, server: &str, token: bool) -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    let mut generator = SchemaGenerator::new(settings);
    let mut paths = Map::new();
    for row in ROUTES {
        let item = paths.entry(row.path).or_insert_with(|| json!({}));
        item[row.method.to_lowercase()] = operation(row, token, &mut generator);
    }
    let mut components = json!({ "schemas": generator.take_definitions(true) });
    components["schemas"]["Error"] = schemas::error();
    // The page of another origin, a foreign host and a wrong token are refused before an operation is found.
    components["responses"] = json!({
        "Error": {
            "description": "Refused: the body says why.",
            "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Error" } } },
        },
    });
    if token {
        components["securitySchemes"] = json!({ "token": { "type": "http", "scheme": "bearer" } });
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "stend, control API",
            "version": version,
            "summary": "Worlds, clocks, actions, faults, journals and scenarios of a running bench.",
            "description": "An unknown query parameter or key is an error everywhere. Requests whose `Host` is not a name of the bench are refused with 421; with `--control-token` all but `health` need a bearer token.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": server }],
        "security": if token { json!([{ "token": [] }]) } else { json!([]) },
        "tags": [{ "name": "control", "description": "All operations." }],
        "paths": paths,
        "components": components,
    })
}

fn operation(row: &Row, token: bool, generator: &mut SchemaGenerator) -> Value {
    let words = row.path.split('{').skip(1).filter_map(|part| part.split_once('}').map(|(name, _)| name));
    let in_path = words.map(|name| {
        json!({
            "name": name, "in": "path", "required": true, "description": format!("The {name}."),
            "schema": { "type": "string", "minLength": 1 },
        })
    });
    let in_query = row.query.iter().flat_map(in_query);
    let parameters: Vec<Value> = in_path.chain(in_query).collect();
    let (status, schema) = row.reply;
    let mut success = json!({ "description": "Done." });
    if let Some(schema) = schema {
        let schema = schema(generator);
        success["content"] = json!({ row.media: { "schema": schema } });
        if row.yaml {
            success["content"]["application/yaml"] = json!({ "schema": { "type": ["object", "string"] } });
        }
    }
    let mut operation = json!({
        "operationId": row.id,
        "summary": row.summary.split_inclusive(['.', ';']).next().unwrap_or(row.summary).trim_end_matches(['.', ';']),
        "description": row.summary,
        "tags": ["control"],
        "responses": { status.to_string(): success, "4XX": { "$ref": "#/components/responses/Error" } },
    });
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if let Some((schema, optional)) = row.body {
        let schema = schema(generator);
        operation["requestBody"] =
            json!({ "required": !optional, "content": { "application/json": { "schema": schema } } });
    }
    if token && row.id == "health" {
        operation["security"] = json!([]);
    }
    operation
}

fn in_query(parameter: &'static Parameter) -> impl Iterator<Item = Value> {
    let schema: Value = serde_json::from_str(parameter.schema).unwrap_or_default();
    [parameter.name].into_iter().chain(parameter.alias).map(
        move |name| json!({ "name": name, "in": "query", "description": parameter.summary, "schema": schema.clone() }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_described_and_every_reference_leads_somewhere() {
        let document = openapi("1.2.3", "http://127.0.0.1:7700", true);
        for row in ROUTES {
            let operation = &document["paths"][row.path][row.method.to_lowercase()];
            assert_eq!(operation["operationId"], row.id);
            assert_eq!(operation["responses"][row.reply.0.to_string()]["description"], "Done.", "{}", row.id);
        }
        fn references(value: &Value, into: &mut Vec<String>) {
            match value {
                Value::Object(map) => {
                    into.extend(map.get("$ref").and_then(Value::as_str).map(str::to_owned));
                    map.values().for_each(|value| references(value, into));
                }
                Value::Array(items) => items.iter().for_each(|item| references(item, into)),
                _ => {}
            }
        }
        let mut all = Vec::new();
        references(&document, &mut all);
        assert!(all.len() > 30);
        for reference in all {
            assert!(document.pointer(&reference[1..]).is_some(), "{reference}");
        }
    }

    #[test]
    fn only_a_bench_with_a_token_asks_for_one() {
        assert!(openapi("1", "http://h", false)["components"]["securitySchemes"].is_null());
        let with = openapi("1", "http://h", true);
        assert_eq!(with["paths"]["/control/v1/health"]["get"]["security"], json!([]));
        assert!(with["paths"]["/control/v1/worlds"]["get"]["security"].is_null());
    }
}
