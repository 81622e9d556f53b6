//! What cannot be meant: the Spring object names it, and nothing is stored.

use reqwest::Method;
use serde_json::{Value, json};

use super::post_guest::{printed, short};
use super::{SOUP, ask, assert_spring, guest, keys, post, store};
use crate::support::Bench;
use stend::Config;

const NOBODY: &str = "11111111-2222-3333-4444-555555555555";

/// The type of a note, but of none that declares a sum.
const APPLIED: &str = "0412C97B-AF11-2447-88D9-B40FA0EB996D";

/// The short bill with a value at a path; `null` takes the key away.
fn with(path: &str, value: &Value) -> Value {
    let mut bill = short("плохой");
    bill["guestDeliveries"] = json!({});
    let (parent, key) = path.rsplit_once('/').expect("a path");
    let object = bill.pointer_mut(parent).expect("a parent").as_object_mut().expect("an object");
    if value.is_null() {
        object.remove(key);
    } else {
        object.insert(key.to_owned(), value.clone());
    }
    bill
}

#[proves("TP-253", "TP-127", "TP-129", "TP-212", "TP-241", "TP-243")]
#[tokio::test]
async fn every_mistake_names_its_field_and_stores_nothing() {
    let bench = Bench::start().await;
    let before = bench.state().await["tillypad"].clone();
    let item = "/orders/0/orderItems/0";
    let cases = [
        ("/gest_Name".to_owned(), Value::Null, "'gest_Name'"),
        ("/gest_Name".to_owned(), json!(" "), "'gest_Name'"),
        (format!("{item}/orit_mitm_ID"), Value::Null, "'orit_mitm_ID'"),
        (format!("{item}/orit_Count"), Value::Null, "'orit_Count'"),
        (format!("{item}/orit_Price"), Value::Null, "'orit_Price'"),
        (format!("{item}/orit_mitm_ID"), json!(NOBODY), NOBODY),
        (format!("{item}/orit_mitm_ID"), json!("пицца"), "'orit_mitm_ID'"),
        (format!("{item}/orit_mvtp_ID"), json!(NOBODY), "'orit_mvtp_ID'"),
        (format!("{item}/orit_Count"), json!(-1), "'orit_Count'"),
        (format!("{item}/orit_Count"), json!(0), "'orit_Count'"),
        (format!("{item}/orit_Count"), json!("две"), "'orit_Count'"),
        (format!("{item}/orit_Price"), json!(-0.01), "'orit_Price'"),
        (format!("{item}/orit_Price"), json!(1e300), "'orit_Price'"),
        (format!("{item}/orit_Volume"), json!(-1), "'orit_Volume'"),
        ("/gest_dvsn_ID".to_owned(), json!(NOBODY), "'gest_dvsn_ID'"),
        ("/gest_dvsn_ID".to_owned(), json!("274013BE"), "'gest_dvsn_ID'"),
        ("/gest_clnt_ID".to_owned(), json!(NOBODY), "tp_Clients"),
        ("/gest_DateOpen".to_owned(), json!("12.10.2020"), "'gest_DateOpen'"),
        ("/gest_DateOpen".to_owned(), json!("2020-02-30T12:00:00"), "'gest_DateOpen'"),
        ("/gest_DateOpen".to_owned(), json!("2020-10-12T24:00:00"), "'gest_DateOpen'"),
        ("/gest_DateOpen".to_owned(), json!("2020-10-12T23:59:60"), "'gest_DateOpen'"),
        ("/guestDeliveries".to_owned(), json!("x"), "guestDeliveries must be an object"),
        ("/gest_gsst_ID".to_owned(), json!(99), "'gest_gsst_ID'"),
        ("/gest_gsst_ID".to_owned(), json!(5), "Закрыт"),
        ("/gest_Count".to_owned(), json!(-20), "'gest_Count'"),
        ("/guestDeliveries/gsdlv_dlvrst_ID".to_owned(), json!(42), "'gsdlv_dlvrst_ID'"),
        ("/guestDeliveries/gsdlv_IsAutoStart".to_owned(), json!("maybe"), "'gsdlv_IsAutoStart'"),
        ("/guestDeliveries/gsdlv_cncpt_ID".to_owned(), json!(NOBODY), "'gsdlv_cncpt_ID'"),
        ("/orders/0/ordr_orst_ID".to_owned(), json!(7), "'ordr_orst_ID'"),
        ("/orders".to_owned(), json!("нет"), "orders must be an array"),
        (format!("{item}/orderItemDiscounts"), json!([{}]), "'oritd_dstp_ID'"),
        ("/notes".to_owned(), json!([{ "note_Value": 1 }]), "'note_nttp_ID'"),
        ("/guestSalePrivileges".to_owned(), json!([{}]), "'gsprv_sprv_ID'"),
        ("/guestDiscountPointOperations".to_owned(), json!([{ "gdpo_dspt_ID": NOBODY, "gdpo_Value": 1 }]), NOBODY),
        ("/discountSum".to_owned(), json!([{ "sum": -5 }]), "discountSum.sum"),
        ("/discountSum".to_owned(), json!([{ "type_ID": NOBODY, "sum": 5 }]), "'tp_NoteTypes' has no row"),
        ("/discountSum".to_owned(), json!([{ "type_ID": APPLIED, "sum": 5 }]), "check of column 'discountSum.type_ID'"),
        ("/discountSum".to_owned(), json!([{}]), "table 'discountSum'"),
    ];
    for (path, value, part) in &cases {
        let answer = post(&bench, "/post-guest", &with(path, value)).await;
        assert_spring(&answer, "/post-guest", part);
        let answer = post(&bench, "/calc-discount", &with(path, value)).await;
        // A draft may be in any state.
        if value != &json!(5) {
            assert_spring(&answer, "/calc-discount", part);
        }
    }
    let after = bench.state().await["tillypad"].clone();
    assert_eq!(after["guests"], before["guests"]);
}

#[proves("TP-245", "TP-246")]
#[tokio::test]
async fn what_is_no_bill_at_all_is_refused() {
    let bench = Bench::start().await;
    let deep = format!("{}{}", r#"{"orders":[{"orderItems":["#, "[".repeat(500));
    let mut nested = json!([]);
    for _ in 0..20 {
        nested = json!([{ "orit_mitm_ID": SOUP, "orit_Count": 1, "orit_Price": 1, "orderItems": nested }]);
    }
    let nested = json!({ "gest_Name": "глубокий", "orders": [{ "orderItems": nested }] }).to_string();
    for (body, part) in [
        ("", "missing"),
        ("{\"gest_Name\": ", "EOF"),
        ("[1, 2]", "must be an object"),
        ("\"счет\"", "must be an object"),
        (deep.as_str(), "nested too deep"),
        (nested.as_str(), "nested too deep"),
    ] {
        let request = bench.client.post(format!("{}/post-guest", bench.url("tillypad")));
        let answer = bench.send(request.header("content-type", "application/json").body(body.to_owned())).await;
        assert_spring(&answer, "/post-guest", part);
    }
    let request = bench.client.post(format!("{}/post-guest", bench.url("tillypad")));
    let answer = bench.send(request.body(vec![b' '; 2 * 1024 * 1024])).await;
    assert_eq!(answer.status, 413);
    assert_eq!(answer.json()["path"], "/post-guest");
}

#[proves("TP-003")]
#[tokio::test]
async fn a_body_has_to_come_as_json() {
    let bench = Bench::start().await;
    let send = |target: &str, kind: Option<&'static str>| {
        let request = bench.client.request(Method::POST, format!("{}{target}", bench.url("tillypad")));
        let request = request.body(printed().to_string());
        bench.send(match kind {
            Some(kind) => request.header("content-type", kind),
            None => request,
        })
    };
    for target in ["/post-guest", "/calc-discount", "/pay-guest", "/post-client"] {
        for kind in [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("application/jsonx")] {
            let refused = send(target, kind).await;
            assert_eq!(refused.status, 415, "{target}: {}", refused.text);
            let body = refused.json();
            assert_eq!((&body["error"], &body["path"]), (&json!("Unsupported Media Type"), &json!(target)));
        }
    }
    for kind in ["application/json;charset=UTF-8", "Application/JSON ; charset=utf-8", "application/vnd.site+json"] {
        assert_eq!(send("/post-guest", Some(kind)).await.status, 200, "{kind}");
    }
    // The other interpretation, and its old name.
    bench.set("tillypad", json!({ "content_type": "warned" })).await;
    assert_eq!(send("/post-guest", Some("text/plain")).await.status, 200);
    let journal =
        bench.steer(Method::GET, "/worlds/default/journal?operation=post-guest&status=200", Value::Null).await;
    assert!(journal.text.contains("must be application/json"), "{}", journal.text);
    let mut world = bench.state().await;
    world["tillypad"]["settings"]["content_type"] = json!("remarked");
    assert_eq!(bench.steer(Method::PUT, "/worlds/default/state", world).await.status, 200);
    assert_eq!(bench.state().await["tillypad"]["settings"]["content_type"], "warned");
}

#[tokio::test]
async fn a_bill_holds_two_thousand_rows_and_no_more() {
    let bench = Bench::start().await;
    let lines = |count: usize| {
        let mut bill = short("длинный");
        let line = bill["orders"][0]["orderItems"][0].clone();
        bill["orders"][0]["orderItems"] = json!(vec![line; count]);
        bill
    };
    // The order is one of the rows.
    store(&bench, &lines(1_999)).await;
    assert_spring(&post(&bench, "/post-guest", &lines(2_000)).await, "/post-guest", "2000 orders, lines and rows");
}

#[proves("TP-023", "TP-156", "TP-168")]
#[tokio::test]
async fn missing_and_malformed_parameters_are_named() {
    let bench = Bench::start().await;
    for (method, target, part) in [
        (Method::GET, "/get-guest", "'guest-id'"),
        (Method::GET, "/get-guest?guest-id=", "'guest-id'"),
        (Method::GET, "/get-guest?guest-id=7", "uniqueidentifier"),
        (Method::GET, "/get-guests", "'client-id'"),
        (Method::GET, "/get-guest-delivery-state", "'guest-id'"),
        (Method::GET, "/get-guest-info?date=2020-09-16", "'name'"),
        (Method::GET, "/get-guest-info?name=010", "'date'"),
        (Method::GET, "/get-guest-info?name=010&date=16.09.2020", "16.09.2020"),
        (Method::DELETE, "/delete-guest", "'id'"),
        (Method::PUT, "/update-guest-place", "'guest-id'"),
    ] {
        let answer = ask(&bench, method, target, None).await;
        assert_spring(&answer, target.split('?').next().unwrap(), part);
    }
    let unknown = format!("/get-guest?guest-id={NOBODY}");
    assert_spring(&ask(&bench, Method::GET, &unknown, None).await, "/get-guest", NOBODY);
}

#[proves("TP-245", "G4")]
#[tokio::test]
async fn unknown_paths_and_methods_answer_as_spring_does() {
    let bench = Bench::start().await;
    let answer = ask(&bench, Method::GET, "/get-everything", None).await;
    assert_eq!(answer.status, 404);
    assert_eq!((&answer.json()["error"], &answer.json()["path"]), (&json!("Not Found"), &json!("/get-everything")));
    let answer = ask(&bench, Method::GET, "/post-guest", None).await;
    assert_eq!((answer.status.as_u16(), &answer.headers["allow"]), (405, &"POST, OPTIONS".parse().unwrap()));
    assert_eq!(answer.json()["message"], "Request method 'GET' not supported");
}

#[proves("G1")]
#[tokio::test]
async fn unknown_fields_are_remarked_on_and_in_a_strict_world_refused() {
    let bench = Bench::start().await;
    let mut bill = printed();
    bill["orders"][0]["orderItems"][0]["orit_Prcie"] = json!(1);
    let id = store(&bench, &bill).await;
    assert!(!keys(&guest(&bench, &id).await["orders"][0]["orderItems"][0]).contains(&"orit_Prcie"));
    let journal =
        bench.steer(Method::GET, "/worlds/default/journal?fake=tillypad&operation=post-guest", Value::Null).await;
    assert!(
        journal.text.contains("unknown field `orit_Prcie` ignored; did you mean `orit_Price`?"),
        "{}",
        journal.text
    );

    let strict = Bench::with(Config { strict: true, ..Config::default() }).await;
    let refused = post(&strict, "/post-guest", &bill).await;
    assert_eq!(refused.status, 400, "{}", refused.text);
    assert!(refused.text.contains("orit_Prcie"));
    store(&strict, &printed()).await;
}
