//! Payments. Every error of this operation is a bare JSON string (P1).

use stend_core::json::{Json, Object};
use stend_core::near;
use stend_transport::{Reply, StatusCode};

use crate::api::wire::out::Out;
use crate::api::wire::read::{self, Odd, Sent};
use crate::api::wire::scalar;
use crate::errors::Error;
use crate::state::guid::Guid;
use crate::state::pay::{Paid, Payment, Prechecks};
use crate::state::settings::PaymentReply;
use crate::state::tables;

use super::{Denied, Request, body, only_query, reply, shown, warn};

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
    only_query(call, &FLAGS)?;
    let prechecks = flag(call)?;
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
    let (paid, keys) =
        call.state(|state, now| state.pay(payment, now).map(|paid| (paid, state.settings.payment_reply)))?;
    Ok(Reply::json_bytes(StatusCode::OK, written(&paid, keys)))
}

fn flag(call: Request<'_, '_>) -> Result<Option<Prechecks>, Error> {
    let mut flag = None;
    for name in FLAGS {
        let Some(value) = call.query(name).filter(|value| !value.is_empty()) else { continue };
        let given = match &*value {
            "0" => Prechecks::Keep,
            "1" => Prechecks::DeleteAll,
            "2" => Prechecks::DeleteUnpaid,
            other => return Err(Error::Parameter { name, value: shown(other), expected: "0, 1 or 2" }),
        };
        if flag.replace(given).is_some_and(|before| before != given) {
            return Err(Error::ParameterTwice(name));
        }
    }
    Ok(flag)
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

fn written(paid: &Paid, keys: PaymentReply) -> String {
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
