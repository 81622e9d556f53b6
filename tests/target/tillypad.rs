//! `STEND_TARGET_TILLYPAD`, with `_CLIENT` (a GUID), `_PHONE`, `_NAME`, `_DATE`, `_FROM` and `_TO`, each where it is known.

use super::Target;

#[tokio::test]
async fn answers_as_specified() {
    let mut target = Target::of("tillypad").await;
    look(&mut target).await;
    target.conclude();
}

/// Bills, clients and the menu, as far as the settings name them.
pub async fn look(target: &mut Target) {
    let client = target.setting("CLIENT", "707A901A-D652-994C-9159-65D366C16FC6");
    if let Some(client) = client {
        let bills = target.read("get-guests", &format!("/get-guests?client-id={client}"), &[]).await;
        if let Some(bill) = bills[0]["gest_ID"].as_str() {
            target.read("get-guest", &format!("/get-guest?guest-id={bill}"), &[]).await;
            let path = format!("/get-guest-delivery-state?guest-id={bill}");
            // A bill need not be a delivery.
            target.get("get-guest-delivery-state", &path, &[], "200 or 500").await;
        }
    } else {
        target.note("get-guests, get-guest, get-guest-delivery-state", "STEND_TARGET_TILLYPAD_CLIENT is not set");
    }
    match target.setting("PHONE", "79824974833") {
        Some(phone) => {
            target.read("get-client-by-phone", &format!("/get-client-by-phone?phone={phone}"), &[]).await;
        }
        None => target.note("get-client-by-phone", "STEND_TARGET_TILLYPAD_PHONE is not set"),
    }
    match (target.setting("NAME", "Client"), target.setting("DATE", "2021-12-03")) {
        (Some(name), Some(date)) => {
            target.read("get-guest-info", &format!("/get-guest-info?name={name}&date={date}"), &[]).await;
        }
        _ => target.note("get-guest-info", "STEND_TARGET_TILLYPAD_NAME and _DATE are not set"),
    }
    match (target.setting("FROM", "2022-01-01"), target.setting("TO", "2022-12-31")) {
        (Some(from), Some(to)) => {
            target.read("get-closed-guests-id", &format!("/get-closed-guests-id?from={from}&to={to}"), &[]).await;
        }
        _ => target.note("get-closed-guests-id", "STEND_TARGET_TILLYPAD_FROM and _TO are not set"),
    }
    let nobody = "/get-guest?guest-id=00000000-0000-0000-0000-000000000000";
    target.get("get-guest", nobody, &[], "500").await;
}
