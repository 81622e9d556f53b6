//! Sale rules and programmes, one kind at a time.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Value as Json, json};
use stend_core::{Seed, Service};

use crate::Tillypad;
use crate::state::State;
use crate::state::books::Named;
use crate::state::guid::Guid;
use crate::state::sent::Sent;
use crate::world::section::Section;

const COFFEE: &str = "2A8BA73F-8DC0-F74C-8BA8-B081FEF9C2CC";
const SYRUP: &str = "6D6EC248-EC86-5F4E-84B3-C450C1919221";
const DRINKS: &str = "A8D3C1E4-2F6B-4D57-9B1E-7C3F5A9D2E11";
const EXTRAS: &str = "A8D3C1E4-2F6B-4D57-9B1E-7C3F5A9D2E12";
const TYPE: &str = "B9EC5388-9B01-8C47-932E-5F449A5EFA79";
const PRIVILEGE: &str = "D572B760-99CB-C64D-9CE0-77FD5FD1171E";
const OTHER: &str = "274013BE-AA55-294F-ADC6-99DE44BEA4E1";
const CLIENT: &str = "7F944ABD-0729-D948-A052-531D74B3482F";
const POINTS: &str = "A976C6ED-C511-4755-B942-636645A6A1B0";

fn now() -> Timestamp {
    "2026-11-21T12:00:00+03:00".parse().expect("good")
}

/// A café with these programmes and rules; each programme gets the discount type.
fn cafe(programmes: Json, rules: Json) -> State {
    let mut programmes = programmes;
    for programme in programmes.as_array_mut().expect("a list") {
        programme["discount_type"] = json!(TYPE);
    }
    let mut section: Section = serde_json::from_value(json!({
        "menu": {
            "groups": [{ "id": DRINKS, "name": "Напитки" }, { "id": EXTRAS, "name": "Добавки" }],
            "items": [
                { "id": COFFEE, "name": "Кофе", "price": 100, "group": DRINKS, "vat": 20 },
                { "id": SYRUP, "name": "Сироп", "price": 50, "group": EXTRAS },
            ],
        },
        "divisions": [
            { "id": "7BF665B0-2793-4B26-946E-D03A82E7EECB", "name": "Кофейня" }, { "id": OTHER, "name": "Другая" },
        ],
        "clients": [{ "id": CLIENT, "name": "Клиент" }],
        "programmes": programmes,
        "rules": rules,
    }))
    .expect("a section");
    let named = |id: &str| vec![Named { id: Guid::parse(id).expect("good"), name: "…".into() }];
    section.books.discount_types = named(TYPE);
    section.books.sale_privileges = named(PRIVILEGE);
    section.books.point_types = named(POINTS);
    Tillypad::seed(Some(section), Seed { seed: 1, now: now() }).expect("a good section")
}

/// Two coffees, the first with syrup; opened on a Saturday at noon.
fn bill() -> Json {
    json!({
        "gest_Name": "счет", "gest_DateOpen": "2026-11-21T12:00:00",
        "orders": [{ "orderItems": [
            {
                "orit_mitm_ID": COFFEE, "orit_Count": 1, "orit_Price": 100,
                "orderItems": [{ "orit_mitm_ID": SYRUP, "orit_Count": 1, "orit_Price": 50 }],
            },
            { "orit_mitm_ID": COFFEE, "orit_Count": 1, "orit_Price": 100 },
        ] }],
    })
}

/// Prices of coffee, syrup and the other coffee once the bill is calculated, and the whole reply.
fn calculated(state: &mut State, bill: &Json) -> ([Decimal; 3], Json) {
    let sent = Sent::read(&bill.into()).expect("a good bill");
    let bill = state.calculate(sent, now()).expect("calculated");
    let mut prices = Vec::new();
    bill.visit(|line| prices.push(line.price()));
    let reply = serde_json::from_str(&state.bill_json(&bill)).expect("JSON");
    (prices.try_into().expect("three lines"), reply)
}

fn prices(programmes: Json, rules: Json, bill: &Json) -> [i64; 3] {
    let (prices, _) = calculated(&mut cafe(programmes, rules), bill);
    prices.map(|price| i64::try_from(price).expect("whole"))
}

#[proves("TP-154")]
#[test]
fn per_cent_margins_and_groups() {
    let rules = json!([{ "programme": "п" }]);
    let drinks = json!([{ "name": "п", "percent": 10, "groups": [DRINKS] }]);
    assert_eq!(prices(drinks, rules.clone(), &bill()), [90, 50, 90]);
    assert_eq!(prices(json!([{ "name": "п", "margin": 7 }]), rules.clone(), &bill()), [107, 57, 107]);
    assert_eq!(prices(json!([{ "name": "п", "off": 70 }]), rules, &bill()), [30, 0, 30], "never below nothing");
}

#[proves("TP-034")]
#[test]
fn several_programmes_are_a_list_and_follow_each_other() {
    let programmes =
        json!([{ "name": "десятая", "percent": 10 }, { "name": "рубль", "off": 1 }, { "name": "ночь", "margin": 2 }]);
    let rules = json!([{ "programme": "десятая" }, { "programme": "рубль" }, { "programme": "ночь" }]);
    let (got, reply) = calculated(&mut cafe(programmes, rules), &bill());
    assert_eq!(got, [91.into(), 46.into(), 91.into()]);
    let item = &reply["orders"][0]["orderItems"][0];
    assert_eq!((&item["orit_PriceDiscount"], &item["orit_PriceMargin"]), (&json!(11), &json!(2)));
    let discounts = item["orderItemDiscounts"].as_array().expect("a list of several");
    let seen: Vec<(i64, i64)> = discounts
        .iter()
        .map(|row| (row["oritd_Order"].as_i64().expect("whole"), row["oritd_Price"].as_i64().expect("whole")))
        .collect();
    assert_eq!(seen, [(1, 90), (2, 89), (3, 91)]);
    assert_eq!(item["orit_PriceVat"], 15.17, "20 per cent in 91");
}

#[proves("TP-154", "TP-221")]
#[test]
fn rules_say_for_whom_and_when() {
    let programmes = || json!([{ "name": "п", "off": 10 }]);
    let with = |rule: Json, bill: &Json| {
        let mut rule = rule;
        rule["programme"] = json!("п");
        prices(programmes(), json!([rule]), bill)[0]
    };
    let plain = bill();
    assert_eq!(with(json!({ "days": ["sat", "sun"] }), &plain), 90);
    assert_eq!(with(json!({ "days": ["mon"] }), &plain), 100);
    assert_eq!(with(json!({ "from": "12:00:00", "to": "15:00:00" }), &plain), 90);
    assert_eq!(with(json!({ "to": "12:00:00" }), &plain), 100);
    assert_eq!(with(json!({ "division": "7BF665B0-2793-4B26-946E-D03A82E7EECB" }), &plain), 90);
    assert_eq!(with(json!({ "division": OTHER }), &plain), 100);
    assert_eq!(with(json!({ "client": CLIENT }), &plain), 100);
    assert_eq!(with(json!({ "privilege": PRIVILEGE }), &plain), 100);
    let mut entitled = plain.clone();
    entitled["gest_sprv_ID"] = json!(PRIVILEGE);
    assert_eq!(with(json!({ "privilege": PRIVILEGE }), &entitled), 90);
    // A privilege of one line is for that line.
    let mut line = plain;
    line["orders"][0]["orderItems"][1]["orit_sprv_ID"] = json!(PRIVILEGE);
    let rules = json!([{ "programme": "п", "privilege": PRIVILEGE }]);
    assert_eq!(prices(programmes(), rules, &line), [100, 50, 90]);
}

#[proves("TP-154")]
#[test]
fn a_rule_over_midnight_belongs_to_the_day_on_which_it_began() {
    let at = |rule: Json, opened: &str| {
        let mut rule = rule;
        rule["programme"] = json!("п");
        let mut bill = bill();
        bill["gest_DateOpen"] = json!(opened);
        prices(json!([{ "name": "п", "off": 10 }]), json!([rule]), &bill)[0] == 90
    };
    let night = || json!({ "from": "22:00", "to": "02:00" });
    let friday = || json!({ "from": "22:00", "to": "02:00", "days": ["fri"] });
    // 2026-11-20 is a Friday.
    for (opened, any, on_friday) in [
        ("2026-11-20T21:59:59", false, false),
        ("2026-11-20T22:00:00", true, true),
        ("2026-11-21T00:00:00", true, true),
        ("2026-11-21T01:59:59", true, true),
        ("2026-11-21T02:00:00", false, false),
        ("2026-11-20T01:00:00", true, false),
        ("2026-11-21T23:00:00", true, false),
    ] {
        assert_eq!((at(night(), opened), at(friday(), opened)), (any, on_friday), "{opened}");
    }
    for end in ["00:00", "24:00"] {
        let evening = || json!({ "from": "18:00", "to": end });
        assert!(at(evening(), "2026-11-20T23:59:59") && !at(evening(), "2026-11-20T00:00:00"), "{end}");
        assert!(!at(evening(), "2026-11-20T17:59:59") && at(json!({ "to": end }), "2026-11-20T00:00:00"), "{end}");
    }
}

#[test]
fn points_are_a_value_or_a_share_of_what_is_left_to_pay() {
    let award = |points: Json| {
        let programmes = json!([{ "name": "п", "off": 10, "points": points }]);
        let (_, reply) = calculated(&mut cafe(programmes, json!([{ "programme": "п" }])), &bill());
        reply["guestDiscountPointOperations"][0].clone()
    };
    let share = award(json!({ "type": POINTS, "operation": 0, "percent": 5 }));
    assert_eq!((&share["gdpo_Value"], &share["gdpo_Name"]), (&json!(11), &json!("счет")), "5 per cent of 220");
    let value = award(json!({ "type": POINTS, "operation": 3, "name": "8", "value": 3 }));
    assert_eq!(
        (&value["gdpo_Value"], &value["gdpo_Name"], &value["gdpo_gdpot_ID"]),
        (&json!(3), &json!("8"), &json!(3))
    );
}
