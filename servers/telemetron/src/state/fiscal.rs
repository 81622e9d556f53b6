//! Receipts and corrections of the cloud cash register (`stats/crt`).

use std::fmt::Write as _;

use rand::RngExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stend_core::{Problem, Streams, Timestamp};

use crate::state::access::Viewer;
use crate::state::money::positive;
use crate::state::number::{Percent, Roubles};
use crate::state::sale::{Payment, Sold, Vend};
use crate::state::time::{Moment, Period};
use crate::state::timeline::Timed;
use crate::state::{State, missing, take};

/// A receipt.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// Its id.
    pub id: i64,
    /// The machine.
    pub vm_id: i64,
    /// When it was made.
    pub created_at: Moment,
    /// What was sold, and where.
    pub input: Paper,
    /// 1 cash, 2 electronic.
    pub payment: u8,
    /// The sum.
    pub amount: Roubles,
    /// How many.
    pub qty: u32,
    /// The rate of VAT, 1 to 6.
    pub vat: u8,
    /// The product.
    pub name: String,
    /// What one cost.
    pub price: Roubles,
    /// What the register answered.
    pub output: Output,
    /// 1 income, 2 return of income, 3 expense, 4 return of expense.
    pub document_type: u8,
    /// The machine's inventory number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vm_inventory_number: Option<String>,
    /// The product's inventory number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_inventory_number: Option<String>,
}

/// What receipts and corrections say of the place.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Paper {
    /// The location's name.
    pub place: String,
    /// The document's id in the register.
    pub digest: String,
    /// The location's address.
    pub address: String,
    /// The machine's serial number.
    pub terminal: String,
}

/// What the register answered.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// Fiscal sign.
    pub fp: String,
    /// When, in the machine's time: `20191217T155100`.
    pub date: String,
    /// Taxpayer's number.
    pub inn: String,
    /// The register's number.
    pub device_rn: String,
    /// The fiscal storage's number.
    pub fs_number: String,
    /// The document's number.
    pub document_number: i64,
}

/// A correction.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    /// Its id.
    pub id: i64,
    /// The machine.
    pub vm_id: i64,
    /// When it was made.
    pub created_at: Moment,
    /// 1 income, 3 expense.
    pub kind: u8,
    /// VAT by rate.
    pub vats: [Roubles; 4],
    /// Where.
    pub input: Paper,
    /// The date of the document that is corrected.
    pub doc_date: String,
    /// Its name.
    pub doc_name: String,
    /// Its number.
    pub doc_number: String,
    /// Cash, electronic.
    pub payments: [Roubles; 2],
    /// 0 by oneself, 1 by order.
    pub correction_type: u8,
    /// What the register answered.
    pub output: Output,
    /// The sum of the document, as the register has it.
    #[serde(default)]
    pub total: Roubles,
}

/// A receipt that somebody asks for, without a sale.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) machine: i64,
    pub(crate) name: String,
    pub(crate) price: Roubles,
    pub(crate) number: u32,
    pub(crate) payment: Payment,
    pub(crate) vat: Option<Percent>,
    pub(crate) document_type: u8,
}

/// A correction that somebody asks for.
#[derive(Debug)]
pub(crate) struct Amendment {
    pub(crate) machine: i64,
    pub(crate) kind: u8,
    pub(crate) cash: Roubles,
    pub(crate) electronic: Roubles,
    pub(crate) vat: Option<Percent>,
    pub(crate) doc_date: String,
    pub(crate) doc_name: String,
    pub(crate) doc_number: String,
    pub(crate) by_order: bool,
}

/// The rates of VAT that receipts have numbers for: 20 %, 10 %, 0 %, 20/120 and 10/110.
const RATES: [(i64, u8); 5] = [(2000, 1), (1000, 2), (0, 3), (1667, 5), (909, 6)];

/// The same for people.
const LISTED: &str = "known: 20, 10, 0, 16.67 (20/120), 9.09 (10/110); left out: not subject to VAT";

/// The number of what is not subject to VAT.
const NO_VAT: u8 = 4;

/// Whether receipts have a number for the rate, or none is given.
pub(crate) fn is_listed(vat: Option<Percent>) -> bool {
    vat.is_none_or(|vat| RATES.iter().any(|(rate, _)| *rate == vat.0))
}

/// The rate of VAT as receipts number it. One that is not listed, such as the printed 12.5, is as good as none; whoever
/// sets it is warned.
pub(crate) fn vat_code(vat: Option<Percent>) -> u8 {
    let listed = vat.and_then(|vat| RATES.iter().find(|(rate, _)| *rate == vat.0));
    listed.map_or(NO_VAT, |(_, code)| *code)
}

/// What is said of a rate in a world file that receipts have no number for. The document itself sets one, and means it.
pub(crate) fn doubt(vat: Option<Percent>) -> Option<Problem> {
    const PRINTED: i64 = 1250;
    let vat = vat.filter(|vat| vat.0 != PRINTED && !is_listed(Some(*vat)))?;
    let text = format!("receipts have no number for a VAT of {vat} %: they will say 4, not subject to VAT");
    Some(Problem::new("no_number", text).hint(LISTED).under("vat"))
}

/// # Errors
/// A rate that receipts have no number for.
fn listed(vat: Option<Percent>) -> Result<(), Problem> {
    match vat.filter(|vat| !is_listed(Some(*vat))) {
        Some(vat) => {
            Err(Problem::invalid(format!("receipts have no number for a VAT of {vat} %")).hint(LISTED).under("vat"))
        }
        None => Ok(()),
    }
}

fn digest(random: &mut Streams) -> String {
    let stream = random.get("receipts");
    (0..4).fold(String::with_capacity(32), |mut text, _| {
        let _ = write!(text, "{:08x}", stream.random::<u32>());
        text
    })
}

fn fiscal_sign(random: &mut Streams) -> String {
    random.get("receipts").random::<u32>().to_string()
}

impl State {
    /// The machine's place as receipts print it.
    fn paper(&mut self, machine: i64) -> Paper {
        let digest = digest(&mut self.random);
        let machine = self.machines.get(&machine);
        let location = machine.and_then(|machine| self.locations.get(&machine.location_id?));
        Paper {
            place: location.map(|location| location.name.clone()).unwrap_or_default(),
            digest,
            address: location.and_then(|location| location.address.clone()).unwrap_or_default(),
            terminal: machine.and_then(|machine| machine.serial_number.clone()).unwrap_or_default(),
        }
    }

    /// What the register answers: the next document of the machine's legal entity, or of the first.
    fn registered(&mut self, machine: i64, at: Moment) -> Output {
        let fp = fiscal_sign(&mut self.random);
        let machine = self.machines.get(&machine);
        let zone = machine.map_or_else(crate::state::time::default_zone, |machine| machine.zone(true));
        let own = machine.and_then(|machine| machine.requisite_id).filter(|id| self.requisites.contains_key(id));
        let id = own.or_else(|| self.requisites.keys().next().copied());
        let entity = id.and_then(|id| self.requisites.get_mut(&id));
        let (inn, device_rn, fs_number, document_number) = match entity {
            Some(entity) => {
                entity.last_document += 1;
                (entity.inn.clone(), entity.device_rn.clone(), entity.fs_number.clone(), entity.last_document)
            }
            None => (String::new(), String::new(), String::new(), 0),
        };
        Output { fp, date: at.compact(&zone), inn, device_rn, fs_number, document_number }
    }

    /// A sale's receipt, if the machine makes them and the price is one that it makes them for.
    pub(crate) fn receipt_for(&mut self, machine: i64, sold: &Sold, product: Option<i64>, received: Moment) {
        // The register belongs to a legal entity.
        let Some(machine) = self.machines.get(&machine).filter(|_| !self.requisites.is_empty()) else { return };
        let in_range = machine.min_price.is_none_or(|least| sold.price >= least)
            && machine.max_price.is_none_or(|most| sold.price <= most);
        let taken = sold.vend == Vend::Paid && sold.payment != Payment::Token && sold.price.0 > 0;
        if !machine.is_crt_active || !taken || !in_range {
            return;
        }
        let product = product.and_then(|id| self.products.get(&id));
        let wanted = Wanted {
            machine: machine.id,
            name: sold.name.as_deref().unwrap_or("Товар").to_owned(),
            price: sold.price,
            number: sold.number,
            payment: sold.payment,
            vat: product.and_then(|product| product.vat),
            document_type: 1,
        };
        let own = machine.inventory_number.clone();
        let number = product.and_then(|product| product.inventory_number.clone());
        self.make_receipt(&wanted, own, number, sold.at, received);
    }

    /// Makes a receipt of what was sold at a moment, of which the system learns at another.
    fn make_receipt(
        &mut self,
        wanted: &Wanted,
        own: Option<String>,
        product: Option<String>,
        at: Moment,
        received: Moment,
    ) -> i64 {
        let receipt = Receipt {
            id: take(&mut self.next.receipt),
            vm_id: wanted.machine,
            created_at: received,
            input: self.paper(wanted.machine),
            payment: if wanted.payment == Payment::Cash { 1 } else { 2 },
            amount: Roubles::from_kopecks(wanted.price.0.saturating_mul(i64::from(wanted.number))),
            qty: wanted.number,
            vat: vat_code(wanted.vat),
            name: wanted.name.clone(),
            price: wanted.price,
            output: self.registered(wanted.machine, at),
            document_type: wanted.document_type,
            vm_inventory_number: own,
            product_inventory_number: product,
        };
        let id = receipt.id;
        self.receipts.push(receipt);
        id
    }

    /// # Errors
    /// There is no legal entity: nobody has a register.
    fn has_register(&self) -> Result<(), Problem> {
        if self.requisites.is_empty() {
            return Err(Problem::conflict("there is no legal entity whose cash register could do it")
                .hint("`requisites` of the world file lists them"));
        }
        Ok(())
    }

    /// A receipt without a sale.
    pub(crate) fn issue_receipt(&mut self, wanted: &Wanted, now: Timestamp) -> Result<i64, Problem> {
        positive(wanted.price, "price")?;
        listed(wanted.vat)?;
        let own = self.named(wanted.machine)?.inventory_number.clone();
        self.has_register()?;
        Ok(self.make_receipt(wanted, own, None, now.into(), now.into()))
    }

    /// A correction.
    pub(crate) fn issue_correction(&mut self, wanted: &Amendment, now: Timestamp) -> Result<i64, Problem> {
        if !self.machines.contains_key(&wanted.machine) {
            return Err(missing("machine", wanted.machine, self.machines.keys()).under("machine"));
        }
        let sum = Roubles::from_kopecks(wanted.cash.0.saturating_add(wanted.electronic.0));
        positive(sum, "cash")?;
        listed(wanted.vat)?;
        self.has_register()?;
        let mut vats = [Roubles::default(); 4];
        let code = vat_code(wanted.vat);
        if let (Some(rate), Some(part)) = (wanted.vat, vats.get_mut(usize::from(code) - 1)) {
            // The part of the sum that is tax: 25 at 20 % holds 4.17.
            *part = Roubles::from_f64(sum.to_f64() * rate.to_f64() / (100.0 + rate.to_f64())).unwrap_or_default();
        }
        let at = Moment::from(now);
        let correction = Correction {
            id: take(&mut self.next.receipt),
            vm_id: wanted.machine,
            created_at: at,
            kind: wanted.kind,
            vats,
            input: self.paper(wanted.machine),
            doc_date: wanted.doc_date.clone(),
            doc_name: wanted.doc_name.clone(),
            doc_number: wanted.doc_number.clone(),
            payments: [wanted.cash, wanted.electronic],
            correction_type: u8::from(wanted.by_order),
            output: self.registered(wanted.machine, at),
            // The sample's register answers 0.00 to a correction of 25.
            total: Roubles::default(),
        };
        let id = correction.id;
        self.corrections.push(correction);
        Ok(id)
    }

    /// The receipts of a period of the machines that somebody sees, or of one.
    pub(crate) fn receipts_of(
        &self,
        viewer: &Viewer,
        machine: Option<i64>,
        period: Period,
    ) -> impl Iterator<Item = &Receipt> {
        let mine = self.picked(viewer, machine);
        self.receipts.within(period).filter(move |receipt| mine.contains(&receipt.vm_id))
    }

    /// The same of corrections.
    pub(crate) fn corrections_of(
        &self,
        viewer: &Viewer,
        machine: Option<i64>,
        period: Period,
    ) -> impl Iterator<Item = &Correction> {
        let mine = self.picked(viewer, machine);
        self.corrections.within(period).filter(move |one| mine.contains(&one.vm_id))
    }

    fn picked(&self, viewer: &Viewer, machine: Option<i64>) -> std::collections::BTreeSet<i64> {
        self.seen(viewer).map(|seen| seen.id).filter(|id| machine.is_none_or(|machine| machine == *id)).collect()
    }
}

impl Timed for Receipt {
    fn at(&self) -> Moment {
        self.created_at
    }
}

impl Timed for Correction {
    fn at(&self) -> Moment {
        self.created_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[proves("TM-421", "TM-422", "TM-423", "TM-424", "TM-425", "TM-426")]
    #[test]
    fn vat_has_the_register_s_numbers() {
        for (vat, code) in
            [(Some(20.0), 1), (Some(10.0), 2), (Some(0.0), 3), (None, 4), (Some(16.67), 5), (Some(9.09), 6)]
        {
            assert_eq!(vat_code(vat.and_then(Percent::from_f64)), code, "{vat:?}");
        }
    }
}
