//! Documents of the cloud cash register.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stend_core::service::Act;
use stend_core::{Problem, Timestamp};

use super::one;
use crate::Telemetron;
use crate::state::State;
use crate::state::fiscal::{Amendment, Wanted};
use crate::state::number::{Percent, Roubles};
use crate::state::sale::Payment;

/// Arguments of `telemetron.issue_receipt`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct IssueReceipt {
    /// The machine.
    #[schemars(extend("x-pick" = "telemetron.machines"))]
    machine: i64,
    /// The product's name on it.
    name: String,
    /// What one cost, in roubles.
    price: Roubles,
    /// How many.
    #[serde(default = "one")]
    count: u32,
    /// What it was paid with.
    #[serde(default)]
    payment: Payment,
    /// VAT in percent.
    vat: Option<Percent>,
    /// 1 income, 2 return of income, 3 expense, 4 return of expense.
    #[serde(default = "income")]
    document_type: u8,
}

fn income() -> u8 {
    1
}

/// The document's id.
#[derive(Debug, Serialize)]
pub(super) struct Issued {
    id: i64,
}

impl Act<Telemetron> for IssueReceipt {
    const NAME: &'static str = "issue_receipt";
    const SUMMARY: &'static str = "The cloud cash register makes a receipt without a sale of the machine.";
    type Output = Issued;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Issued, Problem> {
        if !(1..=4).contains(&self.document_type) {
            return Err(Problem::invalid(format!("{} is none of 1 to 4", self.document_type)).under("document_type"));
        }
        if self.count == 0 || self.count > 1000 {
            return Err(Problem::invalid(format!("{} at once; 1 to 1000 are possible", self.count)).under("count"));
        }
        let wanted = Wanted {
            machine: self.machine,
            name: self.name,
            price: self.price,
            number: self.count,
            payment: self.payment,
            vat: self.vat,
            document_type: self.document_type,
        };
        let id = state.issue_receipt(&wanted, now)?;
        Ok(Issued { id })
    }
}

/// Arguments of `telemetron.issue_correction`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("examples" = [{"machine": 123, "cash": 100, "doc_date": "2026-11-20", "doc_name": "акт", "doc_number": "17"}]))]
pub(super) struct IssueCorrection {
    /// The machine.
    #[schemars(extend("x-pick" = "telemetron.machines"))]
    machine: i64,
    /// 1 income, 3 expense.
    #[serde(rename = "type", default = "income")]
    kind: u8,
    /// The part in cash, in roubles.
    #[serde(default)]
    cash: Roubles,
    /// The electronic part, in roubles.
    #[serde(default)]
    electronic: Roubles,
    /// VAT in percent.
    vat: Option<Percent>,
    /// The document that is corrected: its date.
    doc_date: String,
    /// Its name.
    doc_name: String,
    /// Its number.
    doc_number: String,
    /// Whether by order of the tax office.
    #[serde(default)]
    by_order: bool,
}

impl Act<Telemetron> for IssueCorrection {
    const NAME: &'static str = "issue_correction";
    const SUMMARY: &'static str = "The cloud cash register makes a correction.";
    type Output = Issued;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Issued, Problem> {
        if !matches!(self.kind, 1 | 3) {
            return Err(Problem::invalid(format!("{} is neither 1, income, nor 3, expense", self.kind)).under("type"));
        }
        let wanted = Amendment {
            machine: self.machine,
            kind: self.kind,
            cash: self.cash,
            electronic: self.electronic,
            vat: self.vat,
            doc_date: self.doc_date,
            doc_name: self.doc_name,
            doc_number: self.doc_number,
            by_order: self.by_order,
        };
        let id = state.issue_correction(&wanted, now)?;
        Ok(Issued { id })
    }
}
