//! Receipts and corrections of the cloud cash register, and collections.

use serde::Serialize;
use serde_json::{Value, json};
use stend_transport::{Call, Reply};

use crate::Telemetron;
use crate::api::input::{Field, Rule, field};
use crate::api::{Asked, look};
use crate::errors::{Error, Invalid};
use crate::state::State;
use crate::state::fiscal::{Correction, Receipt};
use crate::state::number::Roubles;
use crate::state::settings::{DisputedFields, Settings};
use crate::state::time::{COLLECTIONS, Iso, Period, STATISTICS, default_zone};

const QUERY: [&str; 3] = ["vm_id", "since", "until"];

const MACHINE: &[Field] = &[field("vm_id", &[Rule::Integer])];

/// The machine that is asked for, if one is, and the period.
fn selection(state: &State, asked: &Asked<'_>) -> Result<(Option<i64>, Period), Error> {
    asked.input.check(state, MACHINE)?;
    let machine = asked.input.id("vm_id");
    if machine.is_some_and(|id| state.machine(asked.who, &id.to_string()).is_err()) {
        return Err(Invalid::one("vm_id", "The selected vm id is invalid.").into());
    }
    Ok((machine, asked.input.asked(&state.settings).period(&default_zone(), STATISTICS, asked.now)?))
}

fn receipt(settings: &Settings, receipt: &Receipt) -> Value {
    let mut aux = serde_json::Map::new();
    let inventory_number = match settings.disputed_fields {
        DisputedFields::Samples => "vm_inventory_number",
        DisputedFields::Attributes => "inventory_number",
    };
    let numbers = [
        (inventory_number, &receipt.vm_inventory_number),
        ("product_inventory_number", &receipt.product_inventory_number),
    ];
    for (key, number) in numbers {
        if let Some(number) = number {
            aux.insert(key.into(), json!(number));
        }
    }
    json!({
        "id": receipt.id,
        "vm_id": receipt.vm_id,
        "created_at": receipt.created_at.short_utc(),
        "input": {
            "place": receipt.input.place,
            "digest": receipt.input.digest,
            "address": receipt.input.address,
            "payments": [{ "type": receipt.payment, "amount": receipt.amount }],
            "terminal": receipt.input.terminal,
            "positions": [{ "qty": receipt.qty, "vat": receipt.vat, "name": receipt.name, "price": receipt.price }]
        },
        "output": {
            "fp": receipt.output.fp,
            "date": receipt.output.date,
            "device_rn": receipt.output.device_rn,
            "fs_number": receipt.output.fs_number,
            "document_type": receipt.document_type,
            "document_number": receipt.output.document_number,
            "total_payment_amount": receipt.amount.two_decimals()
        },
        "aux": if aux.is_empty() { json!([]) } else { Value::Object(aux) }
    })
}

fn correction(one: &Correction) -> Value {
    let numbered = |amounts: &[Roubles]| -> Value {
        let row = |(i, amount): (usize, &Roubles)| json!({ "type": i + 1, "amount": amount.to_string() });
        amounts.iter().enumerate().map(row).collect()
    };
    json!({
        "id": one.id,
        "vm_id": one.vm_id,
        "created_at": one.created_at.short_utc(),
        "input": {
            "type": one.kind.to_string(),
            "vats": numbered(&one.vats),
            "place": one.input.place,
            "digest": one.input.digest,
            "reason": { "doc_date": one.doc_date, "doc_name": one.doc_name, "doc_number": one.doc_number },
            "address": one.input.address,
            "payments": numbered(&one.payments),
            "terminal": one.input.terminal,
            "correction_type": one.correction_type.to_string()
        },
        "output": {
            "fp": one.output.fp,
            "inn": one.output.inn,
            "date": one.output.date,
            "device_rn": one.output.device_rn,
            "fs_number": one.output.fs_number,
            "document_type": one.kind,
            "document_number": one.output.document_number,
            "total_payment_amount": one.total.two_decimals()
        },
        "aux": []
    })
}

/// Receipts.
pub(crate) fn receipts(call: &mut Call<'_, Telemetron>) -> Reply {
    look(call, &QUERY, |state, asked| {
        let (machine, period) = selection(state, asked)?;
        Ok(Reply::ok(
            &state.receipts_of(asked.who, machine, period).map(|one| receipt(&state.settings, one)).collect::<Vec<_>>(),
        ))
    })
}

/// Corrections.
pub(crate) fn corrections(call: &mut Call<'_, Telemetron>) -> Reply {
    look(call, &QUERY, |state, asked| {
        let (machine, period) = selection(state, asked)?;
        Ok(Reply::ok(&state.corrections_of(asked.who, machine, period).map(correction).collect::<Vec<_>>()))
    })
}

#[derive(Serialize)]
struct Collection {
    time: Iso,
    vm_id: i64,
    hands_add: Roubles,
    change: Roubles,
    summary_coins: Roubles,
    summary_banknotes: Roubles,
}

/// Collections of all machines.
pub(crate) fn collections(call: &mut Call<'_, Telemetron>) -> Reply {
    look(call, &QUERY[1..], |state, asked| {
        let zone = default_zone();
        let period = asked.input.asked(&state.settings).period(&zone, COLLECTIONS, asked.now)?;
        let seen = |id: i64| state.machines.get(&id).is_some_and(|machine| state.sees(asked.who, machine));
        let within = state.collections.within(period).filter(|one| seen(one.vm_id));
        let shown = within.map(|one| Collection {
            time: one.time.iso(&zone),
            vm_id: one.vm_id,
            hands_add: one.hands_add,
            change: one.change,
            summary_coins: one.summary_coins,
            summary_banknotes: one.summary_banknotes,
        });
        Ok(Reply::ok(&shown.collect::<Vec<_>>()))
    })
}
