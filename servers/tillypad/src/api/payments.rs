//! Payments. Every error of this operation is a bare JSON string (P1).

use serde::de::{Error as _, Unexpected};
use serde::{Deserialize, Deserializer};
use stend_core::json::{Json, Object};
use stend_core::near;
use stend_transport::{
    At, Call, Context, DOCUMENTED, Decode, Failure, On, Operation, Outcome, Refusal, Reply, StatusCode,
};

use crate::Tillypad;
use crate::api::reply::{Written, written};
use crate::api::request::{Unknown, body, query, warn};
use crate::api::wire::out::Out;
use crate::api::wire::read;
use crate::errors::Error;
use crate::state::State;
use crate::state::guid::Guid;
use crate::state::pay::{Paid, Payment, Prechecks};
use crate::state::scalar;
use crate::state::sent::{Odd, Sent};
use crate::state::settings::PaymentReply;
use crate::state::tables;

/// Pays a bill (P9).
pub(crate) const PAY: Operation<Tillypad> =
    Operation::new("pay-guest", On::Post("/pay-guest"), DOCUMENTED, |call| call.answer(pay));

/// The flag's names: the page cuts the printed one after `delete`.
const FLAGS: [&str; 3] = ["delete-prechecks", "DeletePrechecks", "deletePrechecks"];
const BODY: [&str; 5] = ["Payment", "DiscountSum", "DiscountSums", "discountSum", "guestDiscountPointOperations"];
const PAYMENT: [&str; 3] = ["gest_ID", "payType_ID", "paySum"];

/// An error of this operation.
pub(crate) struct Wrong(Error);

impl From<Error> for Wrong {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl From<Refusal> for Wrong {
    fn from(refusal: Refusal) -> Self {
        Self(refusal.into())
    }
}

impl Failure<Tillypad> for Wrong {
    fn reply(&self, state: Option<&State>, at: &At<'_>) -> Reply {
        match &self.0 {
            // Refused before the payment is looked at.
            early @ (Error::Bench(_) | Error::MediaType(_)) => early.reply(state, at),
            error => Reply::json(StatusCode::INTERNAL_SERVER_ERROR, &error.message()),
        }
    }
}

/// The flag, under one of its names.
#[derive(Deserialize)]
struct Flags {
    #[serde(rename = "delete-prechecks")]
    printed: Option<Prechecks>,
    #[serde(rename = "DeletePrechecks")]
    upper: Option<Prechecks>,
    #[serde(rename = "deletePrechecks")]
    lower: Option<Prechecks>,
}

impl<'de> Deserialize<'de> for Prechecks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match &*String::deserialize(deserializer)? {
            "0" => Ok(Self::Keep),
            "1" => Ok(Self::DeleteAll),
            "2" => Ok(Self::DeleteUnpaid),
            other => Err(D::Error::invalid_value(Unexpected::Str(other), &"0, 1 or 2")),
        }
    }
}

impl Flags {
    fn flag(&self) -> Result<Option<Prechecks>, Error> {
        let mut flag = None;
        for (name, given) in FLAGS.into_iter().zip([self.printed, self.upper, self.lower]) {
            if given.is_some() && flag.is_some() && flag != given {
                return Err(Error::ParameterTwice(name));
            }
            flag = flag.or(given);
        }
        Ok(flag)
    }
}

impl Decode<Tillypad> for Payment {
    type Error = Wrong;

    fn decode(call: &mut Call<'_, Tillypad>) -> Result<Self, Wrong> {
        let flags: Flags = query(call, &FLAGS, Unknown::Refused)?;
        let prechecks = flags.flag()?;
        let body = body(call)?;
        let mut sent = Sent::default();
        let payment = payment(&read::json(&body)?, prechecks, &mut sent)?;
        // Money never goes by a field that was misspelt (P16).
        for odd in &sent.odd {
            if let Odd::Field { name, known } = odd {
                let near = near::nearest(name, known.iter().copied());
                return Err(Error::UnknownField { name: name.clone(), near }.into());
            }
        }
        warn(call, &sent.odd)?;
        Ok(payment)
    }
}

fn pay(state: &mut State, context: &mut Context<'_>, payment: Payment) -> Result<Outcome<Written>, Wrong> {
    let paid = state.pay(payment, context.now)?;
    Ok(written(shown(&paid, state.settings.payment_reply)))
}

fn payment(json: &Json<'_>, prechecks: Option<Prechecks>, sent: &mut Sent) -> Result<Payment, Error> {
    let map = read::object(json, "the payment")?;
    for name in map.keys().filter(|name| !BODY.contains(name)) {
        sent.odd(name, BODY.into_iter());
    }
    let missing = Error::Missing { table: "Payment", field: "gest_ID" };
    let row = match map.get("Payment").filter(|json| !json.is_null()) {
        Some(json) => read::object(json, "Payment")?,
        None => return Err(missing),
    };
    for name in row.keys().filter(|name| !PAYMENT.contains(name)) {
        sent.odd(name, PAYMENT.into_iter());
    }
    let mut declared = Vec::new();
    for key in ["DiscountSum", "DiscountSums", "discountSum"] {
        declared.extend(sent.declared(map, key)?);
    }
    Ok(Payment {
        guest: id(row, "gest_ID")?.ok_or(missing)?,
        pay_type: id(row, "payType_ID")?,
        sum: sum(row)?,
        prechecks,
        declared,
        points: sent.records(&tables::points::TABLE, map, "guestDiscountPointOperations")?,
    })
}

fn id(row: &Object<'_>, name: &str) -> Result<Option<Guid>, Error> {
    match row.get(name).filter(|json| !json.is_null() && json.as_str() != Some("")) {
        None => Ok(None),
        Some(json) => json.as_str().and_then(Guid::parse).map(Some).ok_or_else(|| Error::Malformed {
            field: name.to_owned(),
            value: scalar::shown(json),
            expected: "uniqueidentifier",
        }),
    }
}

fn sum(row: &Object<'_>) -> Result<Option<rust_decimal::Decimal>, Error> {
    let Some(json) = row.get("paySum").filter(|json| !json.is_null() && json.as_str() != Some("")) else {
        return Ok(None);
    };
    let malformed = || Error::Malformed { field: "paySum".into(), value: scalar::shown(json), expected: "decimal" };
    let sum = scalar::number(json).ok_or_else(malformed)?;
    if sum.is_sign_negative() && !sum.is_zero() {
        return Err(Error::Range { field: "paySum".into(), value: scalar::shown(json), expected: "0 or above" });
    }
    Ok(Some(sum))
}

fn shown(paid: &Paid, keys: PaymentReply) -> String {
    let (declared, applied) = match keys {
        PaymentReply::Plural => ("DiscountSums", "AppliedDiscountSums"),
        PaymentReply::Singular => ("DiscountSum", "AppliedDiscountSum"),
    };
    let mut out = Out::with_room(256);
    out.object(|out| {
        out.key(declared).list(&paid.declared, |out, (kind, sum)| out.type_sum(*kind, |out| out.number(*sum)));
        if let Some(sums) = &paid.applied {
            out.key(applied).list(sums, |out, (kind, sum)| out.type_sum(*kind, |out| out.number(*sum)));
        }
    });
    out.finish()
}
