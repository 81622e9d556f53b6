//! Tillypad: each printed request and reply, each ruling.

mod archive;
mod bad_input;
mod calc_discount;
mod closed;
mod delivery;
mod documented;
mod fields;
mod guest;
mod guest_info;
mod interpretations;
mod lines;
mod money;
mod notes;
mod observed;
mod pay_guest;
mod platform;
mod points;
pub(crate) mod post_guest;
mod repeated;
mod restore;
mod rows;
mod staff;
mod states;
mod warnings;

use reqwest::Method;
use serde_json::Value;

use crate::support::{Answer, Bench, root};

/// A division without points, with a trading day in the documented world.
pub(crate) const CAFE: &str = "8051B912-B90C-1045-9AA9-05A049551B57";
/// The division to which the sample of `post-guest` goes.
pub(crate) const DELIVERY: &str = "274013BE-AA55-294F-ADC6-99DE44BEA4E1";
/// The call centre, which has no trading day in the documented world.
pub(crate) const CALL_CENTRE: &str = "C21850A8-238E-B947-B9D0-CAF27739EDB1";
/// The division that the server fills in.
pub(crate) const RESTAURANT: &str = "7BF665B0-2793-4B26-946E-D03A82E7EECB";
/// A dish of 315.
pub(crate) const SOUP: &str = "B981C624-DA3A-F846-B35D-6D07E8A974FA";
/// A way to pay.
pub(crate) const INTERNET: &str = "CADA63B6-6833-574F-8427-AB98AE931814";

/// A printed sample, by operation and case.
pub(crate) fn sample(name: &str) -> Value {
    let path = root().join("fixtures/tillypad/samples").join(name).with_extension("json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).expect("the sample is JSON")
}

/// What a printed request sends.
pub(crate) fn sent(name: &str) -> Value {
    sample(name)["request"]["body"].clone()
}

/// What the document prints as the reply.
pub(crate) fn printed(name: &str) -> Value {
    sample(name)["response"]["body"].clone()
}

/// Asks Tillypad.
pub(crate) async fn ask(bench: &Bench, method: Method, target: &str, body: Option<&Value>) -> Answer {
    let mut request = bench.client.request(method, format!("{}{target}", bench.url("tillypad")));
    if let Some(body) = body {
        request = request.json(body);
    }
    bench.send(request).await
}

/// Reads; it must succeed.
pub(crate) async fn get(bench: &Bench, target: &str) -> Value {
    let answer = ask(bench, Method::GET, target, None).await;
    assert_eq!(answer.status, 200, "{target}: {}", answer.text);
    assert_eq!(answer.headers["content-type"], "application/json");
    answer.json()
}

/// Posts.
pub(crate) async fn post(bench: &Bench, target: &str, body: &Value) -> Answer {
    ask(bench, Method::POST, target, Some(body)).await
}

/// Posts a bill, which must be stored; its id.
pub(crate) async fn store(bench: &Bench, bill: &Value) -> String {
    let answer = post(bench, "/post-guest", bill).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let reply = answer.json();
    assert_eq!(keys(&reply), ["gest_ID"]);
    let id = reply["gest_ID"].as_str().expect("an id").to_owned();
    assert_guid(&id);
    id
}

/// The whole bill.
pub(crate) async fn guest(bench: &Bench, id: &str) -> Value {
    get(bench, &format!("/get-guest?guest-id={id}")).await
}

/// The keys of an object, in order.
pub(crate) fn keys(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

/// A GUID as printed: upper case.
pub(crate) fn assert_guid(text: &str) {
    let good = text.len() == 36
        && text.char_indices().all(|(i, char)| match i {
            8 | 13 | 18 | 23 => char == '-',
            _ => char.is_ascii_digit() || ('A'..='F').contains(&char),
        });
    assert!(good, "{text} is no GUID in upper case");
}

/// The Spring object, and in it this message.
pub(crate) fn assert_spring(answer: &Answer, path: &str, part: &str) {
    assert_eq!(answer.status, 500, "{}", answer.text);
    let body = answer.json();
    assert_eq!(keys(&body), ["timestamp", "status", "error", "exception", "message", "path", "errorcode"]);
    assert_eq!(body["status"], 500);
    assert_eq!(body["error"], "Internal Server Error");
    assert_eq!(body["path"], path);
    let message = body["message"].as_str().expect("a message");
    assert!(message.contains(part), "`{part}` is not in `{message}`");
}
