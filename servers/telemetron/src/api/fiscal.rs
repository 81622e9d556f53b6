//! Receipts and corrections of the cloud cash register, and collections.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stend_transport::Reply;

use crate::api::Cx;
use crate::api::request::Request;
use crate::errors::{Error, Invalid};
use crate::state::State;
use crate::state::fiscal::{Correction, Receipt};
use crate::state::number::Roubles;
use crate::state::settings::{DisputedFields, Settings};
use crate::state::time::{Asked, COLLECTIONS, Iso, Period, STATISTICS, default_zone};

/// Which receipts.
#[derive(Debug, Deserialize)]
pub(crate) struct Selection {
    vm_id: Option<i64>,
    since: Option<String>,
    until: Option<String>,
}

impl Selection {
    /// The machine that is asked for, if one is, and the period.
    fn of(self, state: &State, cx: &Cx<'_>) -> Result<(Option<i64>, Period), Error> {
        if self.vm_id.is_some_and(|id| state.machine(cx.viewer, &id.to_string()).is_err()) {
            return Err(Invalid::one("vm_id", "The selected vm id is invalid.").into());
        }
        let asked = Asked::new(self.since, self.until, None, &state.settings);
        Ok((self.vm_id, asked.period(&default_zone(), STATISTICS, cx.now)?))
    }
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
pub(crate) fn receipts(state: &mut State, cx: &Cx<'_>, request: Request<Selection>) -> Result<Reply, Error> {
    let (machine, period) = request.valid()?.of(state, cx)?;
    let receipts = state.receipts_of(cx.viewer, machine, period);
    Ok(Reply::ok(&receipts.map(|one| receipt(&state.settings, one)).collect::<Vec<_>>()))
}

/// Corrections.
pub(crate) fn corrections(state: &mut State, cx: &Cx<'_>, request: Request<Selection>) -> Result<Reply, Error> {
    let (machine, period) = request.valid()?.of(state, cx)?;
    Ok(Reply::ok(&state.corrections_of(cx.viewer, machine, period).map(correction).collect::<Vec<_>>()))
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

/// A period without a zone of its own.
#[derive(Debug, Deserialize)]
pub(crate) struct Dates {
    since: Option<String>,
    until: Option<String>,
}

/// Collections of all machines.
pub(crate) fn collections(state: &mut State, cx: &Cx<'_>, request: Request<Dates>) -> Result<Reply, Error> {
    let Dates { since, until } = request.valid()?;
    let zone = default_zone();
    let period = Asked::new(since, until, None, &state.settings).period(&zone, COLLECTIONS, cx.now)?;
    let seen = |id: i64| state.machines.get(&id).is_some_and(|machine| state.sees(cx.viewer, machine));
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
}
