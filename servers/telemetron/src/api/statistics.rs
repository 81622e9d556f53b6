//! Statistics of sales. Sums count money in kopecks unless the world says otherwise, product rows in roubles (T14).

use serde::Serialize;
use stend_transport::{Call, Reply};

use crate::Telemetron;
use crate::api::input::{Field, Rule, field};
use crate::api::look;
use crate::state::history::{Payment, Vend};
use crate::state::number::Roubles;
use crate::state::statistics::by_sort;
use crate::state::time::{Iso, STATISTICS};

const PERIOD: [&str; 3] = ["since", "until", "local"];

#[derive(Serialize)]
struct Sum {
    number: u64,
    value: Roubles,
}

/// How much was sold, over all machines.
pub(crate) fn summary(call: &mut Call<'_, Telemetron>) -> Reply {
    look(call, &PERIOD, |state, asked| {
        let sum = state.whole(&state.totals(asked.who, &asked.input.asked(&state.settings), asked.now)?);
        Ok(Reply::ok(&[Sum { number: sum.number, value: state.settings.show_sum(sum.value) }]))
    })
}

/// How much one machine sold.
pub(crate) fn machine_summary(call: &mut Call<'_, Telemetron>) -> Reply {
    look(call, &PERIOD, |state, asked| {
        let machine = state.machine(asked.who, asked.param("id"))?;
        let sum = state.whole(&state.totals_of(machine, &asked.input.asked(&state.settings), STATISTICS, asked.now)?);
        Ok(Reply::ok(&[Sum { number: sum.number, value: state.settings.show_sum(sum.value) }]))
    })
}

#[derive(Serialize)]
struct Group {
    quantity: u64,
    amount: Roubles,
    vend_type: u8,
    payment_type: u8,
}

/// How much was sold, by how it was given out and paid.
pub(crate) fn payments_summary(call: &mut Call<'_, Telemetron>) -> Reply {
    look(call, &PERIOD, |state, asked| {
        let totals = state.totals(asked.who, &asked.input.asked(&state.settings), asked.now)?;
        let group = |(vend, payment, tally): (Vend, Payment, crate::state::history::Tally)| Group {
            quantity: tally.number,
            amount: state.settings.show_sum(tally.value),
            vend_type: vend.number(),
            payment_type: payment.number(),
        };
        Ok(Reply::ok(&by_sort(&totals).map(group).collect::<Vec<_>>()))
    })
}

#[derive(Serialize)]
struct ProductRow<'a> {
    time: Iso,
    layout_number: &'a str,
    name: &'a str,
    vend_type: u8,
    price: Roubles,
    number: u64,
    value: Roubles,
    discount: Roubles,
    payment_type: u8,
}

#[derive(Serialize)]
struct PaymentRow<'a> {
    time: Iso,
    layout_number: &'a str,
    name: &'a str,
    payment_type: u8,
    price: Roubles,
    number: u64,
    value: Roubles,
    discount: Roubles,
    vend_type: u8,
}

const VENDS: &[Field] = &[field("type", &[Rule::OneOf(&["paid", "free", "test"])])];

/// The attribute's words, and those of the printed request, which asks for `paid` here too.
const PAYMENTS: &[Field] = &[field("type", &[Rule::OneOf(&["cash", "cashless", "token", "paid", "free", "test"])])];

const TYPED: [&str; 4] = ["type", "since", "until", "local"];

/// A word of `type` as a test of sales.
fn wanted(word: Option<&str>) -> impl Fn(Vend, Payment) -> bool {
    let (vend, payment) = match word {
        Some("paid") => (Some(Vend::Paid), None),
        Some("free") => (Some(Vend::Free), None),
        Some("test") => (Some(Vend::Test), None),
        Some("cash") => (None, Some(Payment::Cash)),
        Some("cashless") => (None, Some(Payment::Cashless)),
        Some("token") => (None, Some(Payment::Token)),
        _ => (None, None),
    };
    move |sold, paid| vend.is_none_or(|vend| vend == sold) && payment.is_none_or(|payment| payment == paid)
}

/// What one machine sold, product by product.
pub(crate) fn products(call: &mut Call<'_, Telemetron>) -> Reply {
    look(call, &TYPED, |state, asked| {
        let machine = state.machine(asked.who, asked.param("id"))?;
        asked.input.check(state, VENDS)?;
        let period = asked.input.asked(&state.settings);
        let zone = machine.zone(period.local);
        let word = asked.input.text("type");
        let rows = state.rows_of(machine, &period, STATISTICS, asked.now, wanted(word.as_deref()))?;
        let shown = rows.iter().map(|row| ProductRow {
            time: row.time.iso(&zone),
            layout_number: &row.layout,
            name: &row.name,
            vend_type: row.vend.number(),
            price: row.price,
            number: row.number,
            value: row.value,
            discount: row.discount,
            payment_type: row.payment.number(),
        });
        Ok(Reply::ok(&shown.collect::<Vec<_>>()))
    })
}

/// The same with the payment in front.
pub(crate) fn payments(call: &mut Call<'_, Telemetron>) -> Reply {
    look(call, &TYPED, |state, asked| {
        let machine = state.machine(asked.who, asked.param("id"))?;
        asked.input.check(state, PAYMENTS)?;
        let period = asked.input.asked(&state.settings);
        let zone = machine.zone(period.local);
        let word = asked.input.text("type");
        let rows = state.rows_of(machine, &period, STATISTICS, asked.now, wanted(word.as_deref()))?;
        let shown = rows.iter().map(|row| PaymentRow {
            time: row.time.iso(&zone),
            layout_number: &row.layout,
            name: &row.name,
            payment_type: row.payment.number(),
            price: row.price,
            number: row.number,
            value: row.value,
            discount: row.discount,
            vend_type: row.vend.number(),
        });
        Ok(Reply::ok(&shown.collect::<Vec<_>>()))
    })
}
