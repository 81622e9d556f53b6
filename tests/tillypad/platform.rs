//! HTTP as Spring has it: parameters in a form (G6), bodies in other charsets (G7).

use reqwest::Method;
use serde_json::{Value, json};

use super::{CAFE, CALL_CENTRE, assert_spring, get, guest, post_guest::short, store};
use crate::support::Bench;

#[tokio::test]
async fn g6_parameters_of_a_post_or_put_may_stand_in_a_form() {
    let bench = Bench::start().await;
    let send = |method: Method, target: &str, form: String| {
        let request = bench.client.request(method, format!("{}{target}", bench.url("tillypad")));
        bench.send(request.header("content-type", "application/x-www-form-urlencoded; charset=utf-8").body(form))
    };
    let opened = send(Method::POST, "/operate-archive", format!("division-id={CALL_CENTRE}")).await;
    assert_eq!(opened.status, 200, "{}", opened.text);
    let day = opened.json()["arch_ID"].as_str().expect("a day").to_owned();
    // Both are read; what closes a day must not say two things.
    let target = format!("/operate-archive?archive-id={day}");
    let both = send(Method::POST, &target, format!("archive-id={CAFE}")).await;
    assert_spring(&both, "/operate-archive", "'archive-id' is given twice");
    let blank = send(Method::POST, "/operate-archive", format!("division-id={CALL_CENTRE}&archive-id=")).await;
    assert_spring(&blank, "/operate-archive", "uniqueidentifier");
    let closed = send(Method::POST, &target, format!("archive-id={day}")).await;
    assert_eq!((closed.status.as_u16(), closed.text.as_str()), (200, ""));
    let wrong = send(Method::POST, "/operate-archive", "division-id=7".into()).await;
    assert_spring(&wrong, "/operate-archive", "uniqueidentifier");

    let place = "BB43306C-F103-5D4C-BBEF-9A6A972C7A2C";
    let id = store(&bench, &short("форма")).await;
    let placed = send(Method::PUT, "/update-guest-place", format!("guest-id={id}&place-id={place}")).await;
    assert_eq!(placed.status, 200, "{}", placed.text);
    assert_eq!(guest(&bench, &id).await["gest_plac_ID"], place);
    // A misspelt one is refused wherever it stands.
    let misspelt = send(Method::PUT, "/update-guest-place", format!("guest-id={id}&placeid={place}")).await;
    assert_spring(&misspelt, "/update-guest-place", "did you mean 'place-id'?");
    let journal = bench.steer(Method::GET, "/worlds/default/journal?operation=operate-archive", Value::Null).await;
    assert!(!journal.text.contains("reads no body"), "{}", journal.text);
}

#[proves("G7")]
#[tokio::test]
async fn g7_a_bill_in_windows_1251_is_read() {
    let bench = Bench::start().await;
    // «Борщ» in windows-1251, as Windows clients send it.
    let mut body = br#"{"gest_Name": ""#.to_vec();
    body.extend([0xC1, 0xEE, 0xF0, 0xF9]);
    body.extend(br#"", "orders": []}"#);
    let request = bench.client.post(format!("{}/post-guest", bench.url("tillypad")));
    let request = request.header("content-type", "application/json; charset=windows-1251").body(body.clone());
    let stored = bench.send(request).await;
    assert_eq!(stored.status, 200, "{}", stored.text);
    let found = get(&bench, "/get-guest-info?name=борщ&date=2026-11-21").await;
    assert_eq!(found[0]["ID"], stored.json()["gest_ID"]);
    // Undeclared, it is refused with the reason and what to send; here and for a payment, which answers a bare string.
    for path in ["/post-guest", "/calc-discount", "/pay-guest"] {
        let request = bench.client.post(format!("{}{path}", bench.url("tillypad")));
        let request = request.header("content-type", "application/json").body(body.clone());
        let refused = bench.send(request).await;
        assert_eq!(refused.status, 500, "{path}: {}", refused.text);
        for part in ["the body is not UTF-8: byte 0xC1 at 15", "looks like windows-1251", "charset=windows-1251"] {
            assert!(refused.text.contains(part), "{path}: {}", refused.text);
        }
    }
    // A charset that nobody knows is refused and named, in the vendor's shape.
    let request = bench.client.post(format!("{}/post-guest", bench.url("tillypad")));
    let request = request.header("content-type", "application/json; charset=klingon").body(json!({}).to_string());
    let refused = bench.send(request).await;
    assert!(refused.status.is_client_error(), "{}", refused.text);
    assert_eq!(refused.json()["path"], "/post-guest");
    assert!(refused.text.contains("klingon"), "{}", refused.text);
}
