//! Payments. Every error of this operation is a bare JSON string (P1).

use stend_core::json::{Json, Object};
use stend_transport::{Reply, StatusCode};

use crate::api::wire::out::Out;
use crate::api::wire::read::{self, Sent};
use crate::api::wire::scalar;
use crate::errors::Error;
use crate::state::guid::Guid;
use crate::state::pay::{Paid, Payment, Prechecks};
use crate::state::settings::PaymentReply;
use crate::state::tables;

use super::{Denied, Request, body, reply, warn};

/// The flag's names: the page cuts the printed one after `delete`.
const FLAGS: [&str; 3] = ["delete-prechecks", "DeletePrechecks", "deletePrechecks"];
const BODY: [&str; 5] = ["Payment", "DiscountSum", "DiscountSums", "discountSum", "guestDiscountPointOperations"];
const PAYMENT: [&str; 3] = ["gest_ID", "payType_ID", "paySum"];

/// `POST /pay-guest` (P9).
pub(crate) fn pay(call: Request<'_, '_>) -> Reply {
    reply(call, |call| {
        answer(call).map_err(|denied| match denied {
            // Refused before the payment is looked at.
            early @ (Denied::Strict(_) | Denied::Error(Error::MediaType(_))) => early,
            Denied::Error(error) => Denied::Error(Error::Pay(error.message())),
        })
    })
}

fn answer(call: Request<'_, '_>) -> Result<Reply, Denied> {
    call.expect_query(&FLAGS)?;
    let prechecks = flag(call)?;
    let body = body(call)?;
    let mut sent = Sent::default();
    let payment = payment(&read::json(&body)?, prechecks, &mut sent)?;
    warn(call, &sent.odd)?;
    let (paid, keys) =
        call.state(|state, now| state.pay(payment, now).map(|paid| (paid, state.settings.payment_reply)))?;
    Ok(Reply::json_bytes(StatusCode::OK, shown(&paid, keys)))
}

fn flag(call: Request<'_, '_>) -> Result<Option<Prechecks>, Error> {
    for name in FLAGS {
        let Some(value) = call.query(name).filter(|value| !value.is_empty()) else { continue };
        return match &*value {
            "0" => Ok(Some(Prechecks::Keep)),
            "1" => Ok(Some(Prechecks::DeleteAll)),
            "2" => Ok(Some(Prechecks::DeleteUnpaid)),
            other => Err(Error::Parameter { name, value: other.to_owned(), expected: "0, 1 or 2" }),
        };
    }
    Ok(None)
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
