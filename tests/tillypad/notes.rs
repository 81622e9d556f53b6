//! Sums in notes: declared through a note, unique, real numbers, and what was applied the server's own (P9).

use serde_json::{Value, json};

use super::{CAFE, assert_spring, guest, keys, post, post_guest::short, store};
use crate::support::Bench;

const DECLARED: &str = "60D367B5-15D2-D24D-8A74-A28F40C8CB9D";
const APPLIED: &str = "0412C97B-AF11-2447-88D9-B40FA0EB996D";

fn note(kind: &str, value: Value) -> Value {
    json!({ "note_nttp_ID": kind, "note_Value": value })
}

/// A bill of two steaks at 350 with these notes.
fn noted(notes: &[Value]) -> Value {
    let mut bill = short("с заметкой");
    bill["orders"][0]["orderItems"][0] =
        json!({ "orit_mitm_ID": "FBE3CE39-94AA-D149-A993-1628A1092830", "orit_Count": 2, "orit_Price": 350 });
    bill["notes"] = json!(notes);
    bill
}

/// What is shown of the points of a bill.
fn points(bill: &Value) -> Value {
    let item = &bill["orders"][0]["orderItems"][0];
    json!([bill["discountSum"], bill["appliedDiscountSum"], item["orit_Price"], item["orit_PriceDiscount"]])
}

#[proves("TP-256")]
#[tokio::test]
async fn a_sum_declared_in_a_note_is_applied_as_one_under_discount_sum() {
    let bench = Bench::start().await;
    let mut declared = noted(&[]);
    declared["discountSum"] = json!([{ "sum": 50 }]);
    let expected = points(&guest(&bench, &store(&bench, &declared).await).await);
    assert_eq!(expected[2], 325);
    for value in [json!({ "value": 50, "type": "float" }), json!(50), json!("50")] {
        let bill = noted(&[note(DECLARED, value)]);
        let stored = guest(&bench, &store(&bench, &bill).await).await;
        assert_eq!(points(&stored), expected);
        let calculated = post(&bench, "/calc-discount", &bill).await.json();
        assert_eq!(points(&calculated), expected);
    }
    // What stands under `discountSum` takes the note's place.
    let mut both = noted(&[note(DECLARED, json!(10))]);
    both["discountSum"] = json!([{ "sum": 50 }]);
    assert_eq!(points(&guest(&bench, &store(&bench, &both).await).await), expected);
    // Where points are not set up it is declared alone.
    let mut cafe = noted(&[note(DECLARED, json!(50))]);
    cafe["gest_dvsn_ID"] = json!(CAFE);
    let stored = guest(&bench, &store(&bench, &cafe).await).await;
    assert_eq!((&stored["discountSum"][0]["sum"], stored.get("appliedDiscountSum")), (&json!(50.0), None));
}

#[proves("TP-214", "TP-255")]
#[tokio::test]
async fn a_note_of_a_sum_is_unique_and_a_real_number() {
    let bench = Bench::start().await;
    let before = bench.state().await["tillypad"].clone();
    for (notes, part, code) in [
        (vec![note(DECLARED, json!(1)), note(DECLARED, json!(2))], DECLARED, 2627),
        (vec![note(DECLARED, json!("abc"))], "'note_Value'", 8114),
        (vec![note(DECLARED, json!({ "value": "abc", "type": "float" }))], "'abc' to data type float", 8114),
        (vec![note(DECLARED, json!({ "type": "float" }))], "'note_Value'", 8114),
        (vec![note(DECLARED, json!(-1))], "-1", 547),
        (vec![note(DECLARED, json!(null))], "'note_Value'", 515),
    ] {
        for path in ["/post-guest", "/calc-discount"] {
            let answer = post(&bench, path, &noted(&notes)).await;
            assert_spring(&answer, path, part);
            assert_eq!(answer.json()["errorcode"], code, "{}", answer.text);
        }
    }
    assert_eq!(bench.state().await["tillypad"], before);
}

#[proves("TP-257")]
#[tokio::test]
async fn what_was_applied_the_server_says_alone() {
    let bench = Bench::start().await;
    let given = note(APPLIED, json!(999));
    let stored = guest(&bench, &store(&bench, &noted(std::slice::from_ref(&given))).await).await;
    assert!(!keys(&stored).contains(&"notes") && !keys(&stored).contains(&"appliedDiscountSum"), "{stored}");
    let both = noted(&[given.clone(), note(APPLIED, json!("abc")), note(DECLARED, json!(50))]);
    let stored = guest(&bench, &store(&bench, &both).await).await;
    assert_eq!(stored["appliedDiscountSum"], json!([{ "type_ID": APPLIED, "sum": 50.0 }]));
    let strict = Bench::with(stend::Config { strict: true, ..stend::Config::default() }).await;
    let refused = post(&strict, "/post-guest", &noted(&[given])).await;
    assert!(refused.status == 400 && refused.text.contains("applied sum"), "{}", refused.text);
}
