use serde::Deserialize;
use serde_json::json;

use super::*;

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Mode {
    Snack,
    Basic,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(try_from = "i64")]
struct Unit(i64);

impl TryFrom<i64> for Unit {
    type Error = String;

    fn try_from(number: i64) -> Result<Self, String> {
        if (1..=3).contains(&number) { Ok(Self(number)) } else { Err(format!("{number} is no unit")) }
    }
}

#[derive(Debug, Deserialize, PartialEq)]
struct Item {
    id: i64,
    number: Code<4>,
    critical: Option<f64>,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Order {
    name: Text<5>,
    mode: Mode,
    unit: Unit,
    sugar: Between<i64, 0, 4>,
    discount: Option<Between<f64, 0>>,
    local: Option<bool>,
    address: Change<Text<255>>,
    note: Patch<Text<255>>,
    #[serde(default)]
    items: Vec<Item>,
}

const LARAVEL: Style = Style { blank_is_null: true };

fn wrong(value: &Value) -> Vec<(String, Reason)> {
    let read = read::<Order>(value, LARAVEL);
    read.invalid.into_iter().map(|one| (one.path.to_string(), one.reason)).collect()
}

fn good() -> Value {
    json!({ "name": "Кофе", "mode": "snack", "unit": "2", "sugar": "3" })
}

#[test]
fn scalars_are_lenient() {
    let mut value = good();
    value["discount"] = json!("1.5");
    value["local"] = json!("True");
    value["items"] = json!([{ "id": "7", "number": 12, "critical": "" }]);
    let order = read::<Order>(&value, LARAVEL).valid().expect("a valid request");
    let expected = Order {
        name: Text("Кофе".into()),
        mode: Mode::Snack,
        unit: Unit(2),
        sugar: Between(3),
        discount: Some(Between(1.5)),
        local: Some(true),
        address: Change(None),
        note: Patch::Absent,
        items: vec![Item { id: 7, number: Code("12".into()), critical: None }],
    };
    assert_eq!(order, expected);
}

#[test]
fn absent_null_and_given_differ() {
    for (sent, expected) in
        [(json!(null), Patch::Null), (json!(" "), Patch::Null), (json!("x"), Patch::Given(Text("x".to_owned())))]
    {
        let mut value = good();
        value["note"] = sent;
        assert_eq!(read::<Order>(&value, LARAVEL).valid().expect("a valid request").note, expected);
    }
    let mut value = good();
    value["note"] = json!("");
    let note = read::<Order>(&value, Style::default()).valid().expect("a valid request").note;
    assert_eq!(note, Patch::Given(Text(String::new())));
    value["address"] = json!(null);
    assert_eq!(wrong(&value), [("address".to_owned(), Reason::Required)]);
    let mut address = Some("before".to_owned());
    Patch::<String>::Absent.apply(&mut address);
    assert_eq!(address.as_deref(), Some("before"));
    Patch::<String>::Null.apply(&mut address);
    assert_eq!(address, None);
}

#[test]
fn all_mistakes_are_listed_in_the_order_of_declaration() {
    let value = json!({
        "items": [{ "id": 1.5, "number": [] }, { "id": 1, "number": "12345", "critical": "x" }, 5, { "number": "1" }],
        "note": 7, "local": "yes", "discount": -1, "sugar": 5, "unit": 9, "mode": "tea", "name": "too long",
        "address": "  "
    });
    let expected = [
        ("name", Reason::TooLong(5)),
        ("mode", Reason::NotOneOf(&["snack", "basic"])),
        ("unit", Reason::Refused("9 is no unit".into())),
        ("sugar", Reason::Expected("between 0 and 4".into())),
        ("discount", Reason::Expected("at least 0".into())),
        ("local", Reason::NotFlag),
        ("address", Reason::Required),
        ("note", Reason::NotText),
        ("items[0].id", Reason::NotInteger),
        ("items[0].number", Reason::Expected("a string".into())),
        ("items[1].number", Reason::TooLong(4)),
        ("items[1].critical", Reason::NotNumber),
        ("items[2]", Reason::NotObject),
        ("items[3].id", Reason::Required),
    ];
    assert_eq!(wrong(&value), expected.map(|(path, reason)| (path.to_owned(), reason)));
}

#[test]
fn missing_fields_and_the_first_mistake_of_a_value() {
    let required = ["name", "mode", "unit", "sugar"].map(|name| (name.to_owned(), Reason::Required));
    assert_eq!(wrong(&json!({})), required);
    assert_eq!(wrong(&json!({ "name": "", "mode": null, "unit": "", "sugar": null })), required);
    let mut value = good();
    value["unit"] = json!("x");
    assert_eq!(wrong(&value), [("unit".to_owned(), Reason::NotInteger)]);
    assert_eq!(wrong(&json!([])), [(String::new(), Reason::NotObject)]);
}

#[test]
fn what_is_right_is_there_for_further_checks() {
    let mut value = good();
    value["unit"] = json!(9);
    value["name"] = json!(5);
    let read = read::<Order>(&value, LARAVEL);
    assert_eq!(read.invalid.len(), 2);
    assert_eq!(read.value.map(|order| order.sugar), Some(Between(3)));
}

#[test]
fn unknown_fields_are_listed_with_the_nearest() {
    let mut value = good();
    value["lokal"] = json!(1);
    value["items"] = json!([{ "id": 1, "number": "1", "zebra": 1 }]);
    let unknown = read::<Order>(&value, LARAVEL).unknown;
    let texts: Vec<String> = unknown.iter().map(Unknown::to_string).collect();
    assert_eq!(texts, ["unknown field `lokal` ignored; did you mean `local`?", "unknown field `zebra` ignored"]);
    assert_eq!(unknown[1].path.to_string(), "items[0].zebra");
}

#[test]
fn many_mistakes_end_in_time() {
    let items: Vec<Value> = (0..5_000).map(|_| json!({ "id": "x", "number": "too long" })).collect();
    let mut value = good();
    value["items"] = json!(items);
    let invalid = wrong(&value);
    assert!(invalid.len() > 30, "{}", invalid.len());
    value["items"] = json!((0..5_000).map(|_| json!({})).collect::<Vec<_>>());
    assert_eq!(wrong(&value).len(), 10_000);
}
