//! `pay-guest` (P9): the flag, the four printed errors, points, receipts.

use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::errors::{ALREADY_PAID, ALREADY_PASSED, Error, NO_PAY_TYPE, OTHER_SUM, SHARED};
use crate::state::books::Book;
use crate::state::guid::Guid;
use crate::state::record::{Record, Value};
use crate::state::sent::Declared;
use crate::state::settings::{MissingFlag, PaidBill, PartPaid};
use crate::state::states::Part;
use crate::state::tables::{delivery, guest, item, points};

use super::State;
use super::bill::Bill;
use super::clients::Operation;
use super::prechecks::Receipt;

/// What becomes of prechecks that are there (`delete-prechecks`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prechecks {
    /// 0: they stay.
    Keep,
    /// 1: all go.
    DeleteAll,
    /// 2: those that are not paid go.
    DeleteUnpaid,
}

/// A payment as it was sent.
#[derive(Debug)]
pub(crate) struct Payment {
    pub(crate) guest: Guid,
    pub(crate) pay_type: Option<Guid>,
    pub(crate) sum: Option<Decimal>,
    /// Left out, nothing is deleted, and unpaid prechecks can be paid as they are.
    pub(crate) prechecks: Option<Prechecks>,
    pub(crate) declared: Vec<Declared>,
    pub(crate) points: Vec<Record>,
}

/// What a payment's reply says.
#[derive(Debug, PartialEq)]
pub(crate) struct Paid {
    /// Declared sums by the type of their note.
    pub(crate) declared: Vec<(Guid, Decimal)>,
    /// Applied sums; none where points are not set up.
    pub(crate) applied: Option<Vec<(Guid, Decimal)>>,
}

impl State {
    /// Pays a bill, or with no sum only notes how it is to be paid.
    ///
    /// # Errors
    /// The four printed errors, and what is unknown or malformed; the bill is as it was.
    pub(crate) fn pay(&mut self, mut payment: Payment, now: Timestamp) -> Result<Paid, Error> {
        let mut bill = self.bills.get(payment.guest).ok_or(Error::NoGuest(payment.guest))?.clone();
        let before = self.name_dates(&bill);
        let pay_type = self.pay_type(&bill, &payment)?;
        self.check_declared(&payment.declared)?;
        self.check_rows(&points::TABLE, &payment.points)?;
        if self.settings.missing_flag == MissingFlag::Keep {
            payment.prechecks.get_or_insert(Prechecks::Keep);
        }
        if payment.sum.is_some() {
            self.check_days_to_pay(&bill)?;
        }
        let cancelled = self.free_lines(&mut bill, &payment)?;

        // Drawing ids for discounts that are refused after all must not shift later draws.
        let drawn = self.random.clone();
        let local = self.local(now);
        // Without a sum what has been applied stays as it is.
        if !payment.declared.is_empty() {
            self.use_points(&mut bill, &payment.declared, local);
        }
        let due = match self.settings.part_paid {
            PartPaid::Rest => bill.total() - self.paid(&bill),
            PartPaid::Total => bill.total(),
        };
        if payment.sum.is_some_and(|sum| sum != due) {
            self.random = drawn;
            return Err(Error::Pay(OTHER_SUM.into()));
        }

        for id in cancelled {
            self.prechecks.remove(&id);
        }
        if let (Some(id), Some(row)) = (payment.pay_type, &mut bill.delivery) {
            row.set(delivery::PREPAID, Value::Guid(id));
        }
        self.fill_later(&bill, &points::TABLE, &mut payment.points, local);
        bill.points.append(&mut payment.points);
        if payment.sum.is_some() {
            self.settle(&mut bill, pay_type, now);
        }
        let declared = self.declared_sums(&bill);
        let applied = self.applied_sums(&bill);
        let applied = (!applied.is_empty() || self.takes_points(&bill)).then_some(applied);
        let after = self.name_dates(&bill);
        self.bills.replace(bill, &before, &after);
        Ok(Paid { declared, applied })
    }

    fn pay_type(&self, bill: &Bill, payment: &Payment) -> Result<Guid, Error> {
        if let Some(id) = payment.pay_type {
            self.check("payType_ID", Book::PayTypes, id)?;
            return Ok(id);
        }
        let prepaid = bill.delivery.as_ref().and_then(|row| row.guid(delivery::PREPAID));
        prepaid.ok_or_else(|| Error::Pay(NO_PAY_TYPE.into()))
    }

    /// Whether an unpaid precheck of a bill has lines of other bills.
    pub(crate) fn has_shared_precheck(&self, bill: &Bill) -> bool {
        self.prechecks_of(bill).any(|precheck| precheck.guests.len() > 1 && precheck.receipt.is_none())
    }

    /// Does with the prechecks what the flag says; says which go.
    fn free_lines(&self, bill: &mut Bill, payment: &Payment) -> Result<Vec<Guid>, Error> {
        if self.has_shared_precheck(bill) {
            return Err(Error::Pay(SHARED.into()));
        }
        let all_passed = |bill: &Bill| {
            let mut passed = !bill.prechecks.is_empty();
            bill.visit(|line| passed &= line.record.has(item::PRECHECK));
            passed || self.is_closed(bill)
        };
        let any_paid = self.is_closed(bill) || self.prechecks_of(bill).any(|precheck| precheck.receipt.is_some());
        match payment.prechecks {
            Some(Prechecks::DeleteAll) if any_paid => Err(Error::Pay(ALREADY_PAID.into())),
            Some(Prechecks::DeleteAll | Prechecks::DeleteUnpaid) => {
                let gone = self.cancel_prechecks(bill);
                if all_passed(bill) { Err(Error::Pay(ALREADY_PAID.into())) } else { Ok(gone) }
            }
            Some(Prechecks::Keep) if all_passed(bill) => Err(Error::Pay(ALREADY_PASSED.into())),
            None if all_passed(bill) => {
                let unpaid = self.prechecks_of(bill).any(|precheck| precheck.receipt.is_none());
                if unpaid && payment.declared.is_empty() && !self.is_authorised(bill) {
                    Ok(Vec::new())
                } else {
                    Err(Error::Pay(ALREADY_PASSED.into()))
                }
            }
            // What was added since can be paid by itself; a precheck whose card is being authorised cannot.
            Some(Prechecks::Keep) | None if payment.sum.is_some() && self.is_authorised(bill) => {
                Err(Error::Pay(ALREADY_PASSED.into()))
            }
            Some(Prechecks::Keep) | None => Ok(Vec::new()),
        }
    }

    /// Whether a card is being authorised for a precheck of a bill.
    pub(crate) fn is_authorised(&self, bill: &Bill) -> bool {
        self.prechecks_of(bill).any(|precheck| precheck.begun && precheck.receipt.is_none())
    }

    /// Everything is paid: the rest gets its precheck, all get receipts, the points reach the client.
    pub(crate) fn settle(&mut self, bill: &mut Bill, pay_type: Guid, now: Timestamp) {
        let at = self.local(now);
        // Where paying needs no open day and there is none, a paid order stays as it was.
        self.tie_to_days(bill, true);
        self.make_precheck(bill, true);
        for id in &bill.prechecks {
            let receipt = self.new_id("prechecks");
            if let Some(precheck) = self.prechecks.get_mut(id).filter(|precheck| precheck.receipt.is_none()) {
                precheck.receipt = Some(Receipt { id: receipt, pay_type, at });
            }
        }
        // A bill of nothing has no precheck to show that it is paid.
        if self.settings.paid_bill == PaidBill::Closed || bill.prechecks.is_empty() || self.is_delivered(bill) {
            self.close(bill, now);
        } else {
            self.set_state(bill, Part::Paying);
        }
        let client = bill.client().and_then(|id| self.clients.get_mut(&id));
        if let Some(client) = client {
            client.points.extend(bill.points.iter().filter_map(|row| {
                Some(Operation {
                    kind: row.guid(points::TYPE)?,
                    name: row.text(points::NAME).unwrap_or_default().to_owned(),
                    value: row.number(points::VALUE)?,
                })
            }));
        }
    }

    /// Whether all of a bill is paid, and it is not closed for it yet.
    pub(crate) fn is_settled(&self, bill: &Bill) -> bool {
        let mut passed = !self.is_closed(bill) && !bill.prechecks.is_empty();
        bill.visit(|line| passed &= line.record.has(item::PRECHECK));
        passed && self.prechecks_of(bill).all(|precheck| precheck.receipt.is_some())
    }

    /// Nothing more is done with a bill.
    pub(crate) fn close(&self, bill: &mut Bill, now: Timestamp) {
        self.set_state(bill, Part::Closed);
        bill.guest.set(guest::CLOSED, Value::Date(self.local(now)));
    }
}
