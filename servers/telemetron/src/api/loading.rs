//! What a machine is loaded with: `loading`, `inventory`, `loading_tx`.

use serde::Serialize;
use serde_json::json;
use stend_transport::{Call, Reply, StatusCode};

use crate::Telemetron;
use crate::api::input::{Field, Input, Rule, field, list};
use crate::api::{change, look};
use crate::state::loading::{Line, Work};
use crate::state::machine::Change;
use crate::state::number::Quantity;
use crate::state::time::HISTORY;

#[derive(Serialize)]
struct Slot {
    component_id: i64,
    value: Quantity,
    #[serde(skip_serializing_if = "Option::is_none")]
    layout_number: Option<String>,
}

/// The present loading.
pub(crate) fn show(call: &mut Call<'_, Telemetron>) -> Reply {
    look(call, &[], |state, asked| {
        let levels = state.levels(state.machine(asked.who, asked.param("id"))?);
        let slot = |((component_id, layout_number), value)| Slot { component_id, value, layout_number };
        Ok(Reply::ok(&levels.into_iter().map(slot).collect::<Vec<_>>()))
    })
}

const NOTE: Field = field("note", &[Rule::Text(65_535)]);
const CREATED_AT: Field = field("created_at", &[Rule::Date]);
const COMPONENT: Field = field("component_id", &[Rule::Required, Rule::Integer]);
const LAYOUT: Field = field("layout_number", &[Rule::Code(255)]);

pub(crate) const LOAD: &[Field] = &[
    list("data", &[Rule::List], &[COMPONENT, LAYOUT, field("add", &[Rule::Required, Rule::Number])]),
    NOTE,
    CREATED_AT,
];

pub(crate) const STOCK: &[Field] = &[
    list("data", &[Rule::List], &[COMPONENT, LAYOUT, field("loaded", &[Rule::Required, Rule::Number, Rule::Min(0)])]),
    NOTE,
    CREATED_AT,
];

fn work(input: &Input, amount: &str) -> Work {
    let line = |item: Input| Line {
        component: item.id("component_id").unwrap_or_default(),
        layout: item.text("layout_number").filter(|number| !number.is_empty()),
        amount: item.number(amount).and_then(Quantity::from_f64).unwrap_or_default(),
    };
    Work {
        lines: input.items("data").into_iter().map(line).collect(),
        note: input.text("note"),
        created_at: input.moment("created_at"),
    }
}

/// Loads and unloads.
pub(crate) fn load(call: &mut Call<'_, Telemetron>) -> Reply {
    change(call, &[], LOAD, |state, asked| {
        let id = state.machine(asked.who, asked.param("id"))?.id;
        asked.input.check(state, LOAD)?;
        let digest = state.load(asked.who, id, &work(asked.input, "add"), asked.now)?;
        Ok(Reply::json(StatusCode::CREATED, &json!({ "digest": digest })))
    })
}

/// Sets what there is: 201 when something differed, 200 when nothing did (T7).
pub(crate) fn inventory(call: &mut Call<'_, Telemetron>) -> Reply {
    change(call, &[], STOCK, |state, asked| {
        let id = state.machine(asked.who, asked.param("id"))?.id;
        asked.input.check(state, STOCK)?;
        let (differed, digest) = state.take_stock(asked.who, id, &work(asked.input, "loaded"), asked.now)?;
        let status = if differed { StatusCode::CREATED } else { StatusCode::OK };
        Ok(Reply::json(status, &json!({ "res": true, "digest": digest })))
    })
}

#[derive(Serialize)]
struct Transaction<'a> {
    id: i64,
    vm_id: i64,
    created_at: String,
    user_id: i64,
    data: &'a [Change],
}

/// The history of loadings.
pub(crate) fn history(call: &mut Call<'_, Telemetron>) -> Reply {
    look(call, &["since", "until", "local"], |state, asked| {
        let machine = state.machine(asked.who, asked.param("id"))?;
        let period = asked.input.asked(&state.settings);
        let zone = machine.zone(period.local);
        let period = period.period(&zone, HISTORY, asked.now)?;
        let within = machine.loading_tx.within(period);
        let shown = |transaction: &'_ crate::state::machine::Transaction| -> serde_json::Value {
            json!(Transaction {
                id: transaction.id,
                vm_id: machine.id,
                created_at: transaction.created_at.plain(&zone),
                user_id: transaction.user_id,
                data: &transaction.data,
            })
        };
        Ok(Reply::ok(&within.map(shown).collect::<Vec<_>>()))
    })
}
