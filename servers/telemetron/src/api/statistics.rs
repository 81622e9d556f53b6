//! Statistics of sales. Sums count money in kopecks unless the world says otherwise, product rows in roubles (T14).

use serde::{Deserialize, Serialize};
use stend_transport::Reply;

use crate::api::Cx;
use crate::api::request::Request;
use crate::errors::Error;
use crate::state::State;
use crate::state::number::Roubles;
use crate::state::sale::{Payment, Tally, Vend};
use crate::state::statistics::by_sort;
use crate::state::time::{Asked, Iso, STATISTICS};

/// A period, by the machine's own zone with `local`.
#[derive(Debug, Deserialize)]
pub(crate) struct Dates {
    since: Option<String>,
    until: Option<String>,
    local: Option<bool>,
}

impl Dates {
    pub(crate) fn asked(self, state: &State) -> Asked {
        Asked::new(self.since, self.until, self.local, &state.settings)
    }
}

#[derive(Serialize)]
struct Sum {
    number: u64,
    value: Roubles,
}

/// How much was sold, over all machines.
pub(crate) fn summary(state: &mut State, cx: &Cx<'_>, request: Request<Dates>) -> Result<Reply, Error> {
    let asked = request.valid()?.asked(state);
    let sum = state.whole(&state.totals(cx.viewer, &asked, cx.now)?);
    Ok(Reply::ok(&[Sum { number: sum.number, value: state.settings.show_sum(sum.value) }]))
}

/// How much one machine sold.
pub(crate) fn machine_summary(state: &mut State, cx: &Cx<'_>, request: Request<Dates>) -> Result<Reply, Error> {
    let machine = state.machine(cx.viewer, cx.param("id"))?;
    let asked = request.valid()?.asked(state);
    let sum = state.whole(&state.totals_of(machine, &asked, STATISTICS, cx.now)?);
    Ok(Reply::ok(&[Sum { number: sum.number, value: state.settings.show_sum(sum.value) }]))
}

#[derive(Serialize)]
struct Group {
    quantity: u64,
    amount: Roubles,
    vend_type: u8,
    payment_type: u8,
}

/// How much was sold, by how it was given out and paid.
pub(crate) fn payments_summary(state: &mut State, cx: &Cx<'_>, request: Request<Dates>) -> Result<Reply, Error> {
    let asked = request.valid()?.asked(state);
    let totals = state.totals(cx.viewer, &asked, cx.now)?;
    let group = |(vend, payment, tally): (Vend, Payment, Tally)| Group {
        quantity: tally.number,
        amount: state.settings.show_sum(tally.value),
        vend_type: vend.number(),
        payment_type: payment.number(),
    };
    Ok(Reply::ok(&by_sort(&totals).map(group).collect::<Vec<_>>()))
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

/// How something was given out, in a query.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum VendWord {
    Paid,
    Free,
    Test,
}

/// How it was paid; and the words of [`VendWord`], for the printed request asks for `paid` here too.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PaymentWord {
    Cash,
    Cashless,
    Token,
    Paid,
    Free,
    Test,
}

/// Which sales of a machine, as `T` has words for them.
#[derive(Debug, Deserialize)]
pub(crate) struct Sales<T> {
    #[serde(rename = "type")]
    kind: Option<T>,
    since: Option<String>,
    until: Option<String>,
    local: Option<bool>,
}

impl<T> Sales<T> {
    fn split(self, state: &State) -> (Option<T>, Asked) {
        (self.kind, Asked::new(self.since, self.until, self.local, &state.settings))
    }
}

/// What one machine sold, product by product.
pub(crate) fn products(state: &mut State, cx: &Cx<'_>, request: Request<Sales<VendWord>>) -> Result<Reply, Error> {
    let machine = state.machine(cx.viewer, cx.param("id"))?;
    let (word, asked) = request.valid()?.split(state);
    let zone = machine.zone(asked.local);
    let wanted = word.map(|word| match word {
        VendWord::Paid => Vend::Paid,
        VendWord::Free => Vend::Free,
        VendWord::Test => Vend::Test,
    });
    let is_wanted = |vend, _| wanted.is_none_or(|wanted| wanted == vend);
    let rows = state.rows_of(machine, &asked, STATISTICS, cx.now, is_wanted)?;
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
}

/// The same with the payment in front.
pub(crate) fn payments(state: &mut State, cx: &Cx<'_>, request: Request<Sales<PaymentWord>>) -> Result<Reply, Error> {
    let machine = state.machine(cx.viewer, cx.param("id"))?;
    let (word, asked) = request.valid()?.split(state);
    let zone = machine.zone(asked.local);
    let is_wanted = |vend, payment| match word {
        None => true,
        Some(PaymentWord::Cash) => payment == Payment::Cash,
        Some(PaymentWord::Cashless) => payment == Payment::Cashless,
        Some(PaymentWord::Token) => payment == Payment::Token,
        Some(PaymentWord::Paid) => vend == Vend::Paid,
        Some(PaymentWord::Free) => vend == Vend::Free,
        Some(PaymentWord::Test) => vend == Vend::Test,
    };
    let rows = state.rows_of(machine, &asked, STATISTICS, cx.now, is_wanted)?;
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
}
