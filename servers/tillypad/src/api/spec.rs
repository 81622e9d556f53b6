//! What of the specification the tables' descriptions give: a schema for each row as it is answered, and one as it may
//! be sent (`Wish…`).

use serde_json::{Map, Value as Json, json};

use crate::state::tables::{
    self, Field, Fill, Kind, Link, Need, Sign, Table, delivery, discount, guest, item, note, order, points, privilege,
};

/// A row of a bill: its table, the name of its schema, and what stands below it.
struct Row {
    schema: &'static str,
    table: &'static Table,
    below: &'static [(&'static str, Below)],
}

/// What stands under a key of a row.
#[derive(Clone, Copy)]
enum Below {
    /// One row.
    One(&'static str),
    /// Rows, also when there are none.
    Rows(&'static str),
    /// Rows; no key when there are none.
    SomeRows(&'static str),
    /// Rows; one of them alone is an object.
    RowOrRows(&'static str),
    /// Sums of points; no key when there are none.
    Sums,
}

const ROWS: [Row; 8] = [
    Row {
        schema: "Guest",
        table: &guest::TABLE,
        below: &[
            ("guestDeliveries", Below::One("GuestDelivery")),
            ("guestSalePrivileges", Below::SomeRows("GuestSalePrivilege")),
            ("orders", Below::Rows("Order")),
            ("guestDiscountPointOperations", Below::SomeRows("GuestDiscountPointOperation")),
            ("notes", Below::SomeRows("Note")),
            ("discountSum", Below::Sums),
            ("appliedDiscountSum", Below::Sums),
        ],
    },
    Row { schema: "GuestSalePrivilege", table: &privilege::TABLE, below: &[] },
    Row { schema: "GuestDelivery", table: &delivery::TABLE, below: &[] },
    Row { schema: "Order", table: &order::TABLE, below: &[("orderItems", Below::Rows("OrderItem"))] },
    Row {
        schema: "OrderItem",
        table: &item::TABLE,
        below: &[
            ("orderItems", Below::SomeRows("OrderItem")),
            ("orderItemDiscounts", Below::RowOrRows("OrderItemDiscount")),
        ],
    },
    Row { schema: "OrderItemDiscount", table: &discount::TABLE, below: &[] },
    Row { schema: "GuestDiscountPointOperation", table: &points::TABLE, below: &[] },
    Row { schema: "Note", table: &note::TABLE, below: &[] },
];

/// `components` of the specification, as far as the tables give them.
pub(crate) fn components() -> Json {
    let mut schemas = Map::new();
    schemas.insert(
        "DateTime".into(),
        json!({
            "description": "Without a zone, as it was given.",
            "type": "string",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,3})?$",
        }),
    );
    for row in &ROWS {
        schemas.insert(row.schema.into(), answered(row));
        schemas.insert(format!("Wish{}", row.schema), sent(row));
    }
    json!({ "components": { "schemas": schemas } })
}

fn reference(schema: &str) -> Json {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

fn answered(row: &Row) -> Json {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for field in row.table.fields {
        properties.insert(field.name.into(), described(answer(field.kind), field));
        if is_always_there(field) {
            required.push(field.name);
        }
    }
    for (key, below) in row.below {
        let schema = match below {
            Below::One(name) => reference(name),
            Below::Rows(name) => json!({ "type": "array", "items": reference(name) }),
            Below::SomeRows(name) => json!({ "type": "array", "minItems": 1, "items": reference(name) }),
            Below::RowOrRows(name) => json!({
                "description": "An object when there is one, unless `settings.single_discount` is list.",
                "oneOf": [reference(name), { "type": "array", "minItems": 1, "items": reference(name) }],
            }),
            Below::Sums => json!({ "type": "array", "minItems": 1, "items": reference("TypeSum") }),
        };
        properties.insert((*key).into(), schema);
        if matches!(below, Below::Rows(_)) {
            required.push(key);
        }
    }
    json!({
        "description": format!("A row of {}.", row.table.name),
        "type": "object",
        "additionalProperties": false,
        "required": required,
        "properties": properties,
    })
}

fn sent(row: &Row) -> Json {
    let mut properties = Map::new();
    for field in row.table.fields {
        properties.insert(field.name.into(), described(wish(field.kind), field));
    }
    for alias in tables::ALIASES.iter().filter(|alias| row.table.find(alias.0).is_some()) {
        properties.insert(alias.0.into(), json!({ "description": format!("The same as `{}`.", alias.1) }));
    }
    for (key, below) in row.below {
        let schema = match below {
            Below::One(name) => json!({ "oneOf": [
                reference(&format!("Wish{name}")),
                { "type": "array", "maxItems": 1, "items": reference(&format!("Wish{name}")) },
                { "type": "null" },
            ] }),
            Below::Rows(name) | Below::SomeRows(name) | Below::RowOrRows(name) => json!({
                "description": "A list; one object stands for a list of one.",
                "oneOf": [
                    { "type": "array", "items": reference(&format!("Wish{name}")) },
                    reference(&format!("Wish{name}")),
                    { "type": "null" },
                ],
            }),
            Below::Sums if *key == "appliedDiscountSum" => {
                json!({ "description": "Read past: what is applied is worked out anew." })
            }
            Below::Sums => reference("WishSums"),
        };
        properties.insert((*key).into(), schema);
    }
    let needed = |field: &&Field| field.need == Need::Client;
    json!({
        "description": format!("A row of {}, as it may be sent.", row.table.name),
        "type": "object",
        "required": row.table.fields.iter().filter(needed).map(|field| field.name).collect::<Vec<_>>(),
        "properties": properties,
    })
}

/// Whether every answered row has the field.
fn is_always_there(field: &Field) -> bool {
    match field.need {
        Need::Client => true,
        // What is not stored is shown without them; the printed bill has no division.
        Need::Server(Fill::Movement | Fill::SaleGroup) => false,
        Need::Server(Fill::Division) => field.name != order::TABLE.fields[order::DIVISION].name,
        Need::Server(_) => true,
        Need::Link(link) => link != Link::Master,
        Need::Later | Need::Optional => false,
    }
}

/// Who gives a field, for people.
fn described(mut schema: Json, field: &Field) -> Json {
    let who = match field.need {
        Need::Client => "required of the client",
        Need::Server(_) => "given by the client or filled in by the server",
        Need::Link(_) => "the server's own, whatever is sent",
        Need::Later => "set by the server later, whatever is sent",
        Need::Optional => "optional",
    };
    let ticks = match field.ticks {
        0 => "not in the document's table".to_owned(),
        1 => "1 tick".to_owned(),
        many => format!("{many} ticks"),
    };
    let rows = match field.kind {
        Kind::Ref(book) => format!(" A row of {}.", book.table()),
        Kind::State(states) => format!(" A row of {}.", states.table()),
        _ => String::new(),
    };
    schema["description"] = format!("{who}; {ticks}.{rows}").into();
    schema
}

fn answer(kind: Kind) -> Json {
    match kind {
        Kind::Guid | Kind::Ref(_) => reference("Guid"),
        Kind::Int | Kind::State(_) => json!({ "type": "integer", "minimum": 0 }),
        Kind::Number(Sign::Positive) => json!({ "type": "number", "exclusiveMinimum": 0 }),
        Kind::Number(Sign::NotNegative) => json!({ "type": "number", "minimum": 0 }),
        Kind::Number(Sign::Any) => json!({ "type": "number" }),
        Kind::Text => json!({ "type": "string" }),
        Kind::Date => reference("DateTime"),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Any => json!({}),
    }
}

fn wish(kind: Kind) -> Json {
    match kind {
        Kind::Guid | Kind::Ref(_) | Kind::Date => json!({ "type": ["string", "null"] }),
        Kind::Int | Kind::State(_) | Kind::Flag => json!({ "type": ["number", "string", "boolean", "null"] }),
        Kind::Number(_) => json!({ "type": ["number", "string", "null"] }),
        Kind::Text => json!({ "type": ["string", "number", "boolean", "null"] }),
        Kind::Any => json!({}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_in_it_with_every_field() {
        let components = components();
        for table in tables::ALL {
            let row = ROWS.iter().find(|row| row.table.name == table.name).expect("a row");
            for schema in [row.schema.to_owned(), format!("Wish{}", row.schema)] {
                let properties = &components["components"]["schemas"][&schema]["properties"];
                for field in table.fields {
                    assert!(properties.get(field.name).is_some(), "{schema} has no {}", field.name);
                }
            }
        }
    }
}
