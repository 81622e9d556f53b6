//! What holds of every bill's sums, whatever is on it.

use jiff::Timestamp;
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::{Value as Json, json};
use stend_core::{Seed, Service};

use crate::Tillypad;
use crate::errors::{Error, OTHER_SUM};
use crate::state::State;
use crate::state::guid::Guid;
use crate::state::pay::Payment;
use crate::state::record::Value;
use crate::state::sent::{Declared, Sent};
use crate::state::settings::ModifierCount;
use crate::state::tables::item;
use crate::world::section::{DivisionSection, Section};

const DISH: &str = "FBE3CE39-94AA-D149-A993-1628A1092830";
const TYPE: &str = "6F1C0A35-58B0-4E0B-9C43-2F0F6C0B7A11";
const PAY: &str = "CADA63B6-6833-574F-8427-AB98AE931814";

fn guid(text: &str) -> Guid {
    Guid::parse(text).expect("good")
}

fn now() -> Timestamp {
    "2026-11-21T12:00:00+03:00".parse().expect("good")
}

/// A restaurant where points pay up to so many per cent.
fn restaurant(percent: u32, whole: bool) -> State {
    let extra = json!({
        "menu": { "items": [{ "id": DISH, "name": "Стейк", "price": 375, "vat": 20 }] },
        "programmes": [{ "name": "баллы", "discount_type": TYPE, "absolute": true }],
        "rules": [{ "programme": "баллы" }],
    });
    let mut section: Section = serde_json::from_value(extra).expect("a section");
    let named = |id: &str| vec![crate::state::books::Named { id: guid(id), name: "…".into() }];
    section.books.discount_types = named(TYPE);
    section.books.pay_types = named(PAY);
    section.points.whole_roubles = whole;
    let division: &mut DivisionSection = &mut section.divisions[0];
    division.max_points_percent = Some(percent.into());
    let mut state = Tillypad::seed(Some(section), Seed { seed: 1, now: now() }).expect("a good section");
    state.open_day(state.defaults.division, now()).expect("opened");
    state
}

/// Price in kopecks, count, volume in thousandths, and modifiers.
#[derive(Debug, Clone)]
struct Line(i64, u32, u32, Vec<Line>);

impl Line {
    fn json(&self) -> Json {
        json!({
            "orit_mitm_ID": DISH,
            "orit_Price": Decimal::new(self.0, 2).to_string(),
            "orit_Count": self.1,
            "orit_Volume": Decimal::new(self.2.into(), 3).to_string(),
            "orderItems": self.3.iter().map(Self::json).collect::<Vec<_>>(),
        })
    }

    /// What so many of it cost with their modifiers.
    fn sum(&self, times: u32, counted: ModifierCount) -> Decimal {
        let units = times * self.1;
        let own = Decimal::new(self.0, 2) * Decimal::from(units);
        let times = if counted == ModifierCount::PerUnit { units } else { 1 };
        super::bill::round(own) + self.3.iter().map(|modifier| modifier.sum(times, counted)).sum::<Decimal>()
    }
}

fn sum(lines: &[Line], counted: ModifierCount) -> Decimal {
    lines.iter().map(|line| line.sum(1, counted)).sum()
}

fn counted() -> impl Strategy<Value = ModifierCount> {
    prop_oneof![Just(ModifierCount::Own), Just(ModifierCount::PerUnit)]
}

fn lines() -> impl Strategy<Value = Vec<Line>> {
    let volume = || prop_oneof![Just(1_000_u32), 1_u32..5_000];
    let plain =
        (0_i64..100_000, 1_u32..30, volume()).prop_map(|(price, count, volume)| Line(price, count, volume, vec![]));
    let line = plain.prop_recursive(3, 12, 3, move |inner| {
        (0_i64..100_000, 1_u32..30, volume(), prop::collection::vec(inner, 0..3))
            .prop_map(|(price, count, volume, modifiers)| Line(price, count, volume, modifiers))
    });
    prop::collection::vec(line, 1..6)
}

fn post(state: &mut State, lines: &[Line], points: Option<Decimal>) -> Guid {
    let mut bill = json!({
        "gest_Name": "счет",
        "orders": [{ "orderItems": lines.iter().map(Line::json).collect::<Vec<_>>() }],
    });
    if let Some(points) = points {
        bill["discountSum"] = json!([{ "sum": points.to_string() }]);
    }
    let sent = Sent::read(&(&bill).into()).expect("a good bill");
    state.post(sent, now()).expect("stored")
}

fn total(state: &State, id: Guid) -> Decimal {
    state.bills.get(id).expect("stored").total()
}

fn applied(state: &State, id: Guid) -> Decimal {
    state.applied_sums(state.bills.get(id).expect("stored")).iter().map(|(_, sum)| sum).sum()
}

fn payment(guest: Guid, sum: Decimal, declared: Vec<Declared>) -> Payment {
    Payment { guest, pay_type: Some(guid(PAY)), sum: Some(sum), prechecks: None, declared, points: Vec::new() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[proves("TP-159", "TP-240")]
    #[test]
    fn a_bill_costs_what_its_lines_cost(lines in lines(), counted in counted()) {
        let mut state = restaurant(50, true);
        state.settings.modifier_count = counted;
        let id = post(&mut state, &lines, None);
        prop_assert_eq!(total(&state, id), sum(&lines, counted));
        // Writing it and reading it again changes no kopeck.
        let text = state.guest_json(id).expect("stored");
        let mut again = Sent::read(&serde_json::from_str(&text).expect("JSON")).expect("a good bill").bill;
        state.check_bill(&mut again).expect("a good bill");
        prop_assert_eq!(again.total(), total(&state, id));
    }

    #[proves("TP-217", "TP-218", "TP-222")]
    #[test]
    fn points_stay_under_the_cap_and_are_exact(
        lines in lines(), points in 0_i64..50_000_000, percent in 0_u32..=100, whole: bool, counted in counted(),
    ) {
        let points = Decimal::new(points, 2);
        let mut state = restaurant(percent, whole);
        state.settings.modifier_count = counted;
        let id = post(&mut state, &lines, Some(points));
        let before = sum(&lines, counted);
        let used = applied(&state, id);
        prop_assert!(used <= points && used >= Decimal::ZERO);
        prop_assert!(used <= before * Decimal::from(percent) / Decimal::ONE_HUNDRED);
        prop_assert_eq!(total(&state, id) + used, before, "what is taken off is what is written down");
        let (mut off, mut left, mut splits) = (Decimal::ZERO, Decimal::ZERO, false);
        state.bills.get(id).expect("stored").visit(|line| {
            let price = line.price();
            assert!(price >= Decimal::ZERO && price.scale() <= 2, "{price} is no sum of kopecks");
            off += line.record.number(item::DISCOUNT).unwrap_or_default() * line.quantity();
            left += price * line.quantity();
            splits |= line.items.is_empty() && line.times == Decimal::ONE && price >= Decimal::ONE;
        });
        prop_assert_eq!(off, used);
        prop_assert_eq!(left, total(&state, id), "printed prices times counts add up to the printed sum");
        // All of it is used wherever a unit of something can have a line of its own.
        let cap = before * Decimal::from(percent) / Decimal::ONE_HUNDRED;
        let wanted = if whole { points.floor().min(cap.floor()) } else { points.min(cap.trunc_with_scale(2)) };
        prop_assert!(used == wanted || !splits, "{} of {}", used, wanted);
    }

    #[test]
    fn a_saved_world_keeps_every_digit(lines in lines(), points in 0_i64..50_000_000, counted in counted()) {
        let mut state = restaurant(90, false);
        state.settings.modifier_count = counted;
        let id = post(&mut state, &lines, Some(Decimal::new(points, 2)));
        let paid = post(&mut state, &lines, None);
        let due = total(&state, paid);
        state.pay(payment(paid, due, Vec::new()), now()).expect("paid");
        // By way of text, as a world file goes.
        let text = serde_json::to_string(&Tillypad::save(&state)).expect("JSON");
        let node = stend_core::Node::parse(&text).expect("a document");
        let again = Tillypad::seed(Some(node.read().expect("a section")), Seed { seed: 9, now: now() }).expect("good");
        for id in [id, paid] {
            prop_assert_eq!(again.guest_json(id), state.guest_json(id));
            prop_assert_eq!(total(&again, id), total(&state, id));
        }
        prop_assert_eq!(&again.prechecks, &state.prechecks);
        prop_assert_eq!(again.random.save(), state.random.save());
    }

    #[proves("TP-205")]
    #[test]
    fn paying_never_changes_the_total(lines in lines(), points in 0_i64..5_000_000, later in 0_i64..5_000_000) {
        let mut state = restaurant(50, true);
        let before = sum(&lines, ModifierCount::Own);
        let id = post(&mut state, &lines, Some(Decimal::new(points, 2)));
        let due = total(&state, id);

        // A wrong sum is refused and leaves everything as it was.
        let shown = state.guest_json(id).expect("stored");
        let drawn = state.random.save();
        let wrong = payment(id, due + Decimal::ONE, vec![Declared { key: "DiscountSum", kind: None, sum: Decimal::new(points, 2) }]);
        prop_assert_eq!(state.pay(wrong, now()), Err(Error::Pay(OTHER_SUM.into())));
        prop_assert_eq!(state.guest_json(id).expect("stored"), shown);
        prop_assert_eq!(state.random.save(), drawn);

        // Points declared anew take the place of the old ones.
        let later = Declared { key: "DiscountSum", kind: None, sum: Decimal::new(later, 2) };
        let noted = Payment { sum: None, ..payment(id, due, vec![later]) };
        state.pay(noted, now()).expect("noted");
        let due = total(&state, id);
        prop_assert_eq!(due + applied(&state, id), before);
        state.pay(payment(id, due, Vec::new()), now()).expect("paid");
        prop_assert_eq!(total(&state, id), due);
        prop_assert_eq!(state.paid(state.bills.get(id).expect("stored")), due);
    }
}

/// Numbers that break careless arithmetic, as numbers and as strings.
fn extremes() -> impl Strategy<Value = Json> {
    prop_oneof![
        Just(json!(1e8)),
        Just(json!("100000000")),
        Just(json!(1e6)),
        Just(json!("1000000")),
        Just(json!("0.0000000001")),
        Just(json!("99999999.9999999999")),
        Just(json!("79228162514264337593543950335")),
        Just(json!("-79228162514264337593543950335")),
        Just(json!("0.0000000000000000000000000001")),
        Just(json!(1e-300)),
        Just(json!(1e300)),
        Just(json!(-1)),
        Just(json!(0)),
        any::<f64>().prop_map(|number| json!(number)),
        "[0-9]{0,30}(\\.[0-9]{0,30})?(e-?[0-9]{1,3})?".prop_map(|text| json!(text)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_number_breaks_the_sums(
        prices in prop::collection::vec((extremes(), extremes(), extremes(), extremes()), 1..4),
        points in extremes(), note in extremes(), sum in extremes(),
    ) {
        let mut state = restaurant(100, false);
        let line = |(price, count, volume, vat): (Json, Json, Json, Json)| json!({
            "orit_mitm_ID": DISH, "orit_Price": price, "orit_Count": count, "orit_Volume": volume, "orit_VAT": vat,
        });
        let bill = json!({
            "gest_Name": "счет",
            "orders": [{ "orderItems": prices.into_iter().map(line).collect::<Vec<_>>() }],
            "notes": [{ "note_nttp_ID": "60D367B5-15D2-D24D-8A74-A28F40C8CB9D", "note_Value": note }],
            "discountSum": [{ "sum": points }, { "sum": points }],
        });
        // Refused or stored, never anything else.
        if let Ok(id) = Sent::read(&(&bill).into()).and_then(|sent| state.post(sent, now())) {
            let due = total(&state, id);
            let sum = crate::state::scalar::number(&(&sum).into()).unwrap_or(due);
            let _ = state.pay(payment(id, sum, vec![Declared { key: "DiscountSum", kind: None, sum: 1.into() }]), now());
            let _ = state.info_json("счет", now().to_zoned(jiff::tz::TimeZone::UTC).date());
            prop_assert!(state.guest_json(id).is_some());
        }
    }
}

#[test]
fn the_largest_and_the_smallest_that_are_taken_add_up() {
    let (prices, amounts) = (["100000000", "0.0000000001", "0"], ["1000000", "0.0000000001"]);
    let cases = prices.iter().flat_map(|price| amounts.iter().map(move |count| (price, count)));
    for (price, count, volume) in cases.flat_map(|case| amounts.iter().map(move |volume| (case.0, case.1, volume))) {
        let mut state = restaurant(100, false);
        let line = json!({
            "orit_mitm_ID": DISH, "orit_Price": price, "orit_Count": count, "orit_Volume": volume, "orit_VAT": 100_000_000,
        });
        let bill = json!({
            "gest_Name": "счет",
            "orders": [{ "orderItems": vec![line; 1_000] }],
            "discountSum": [{ "sum": 100_000_000 }, { "sum": "99999999.99" }],
        });
        let id = state.post(Sent::read(&(&bill).into()).expect("taken"), now()).expect("stored");
        let due = total(&state, id);
        state.pay(payment(id, due, Vec::new()), now()).expect("paid");
        assert!(due >= Decimal::ZERO && applied(&state, id) <= Decimal::from(200_000_000));
    }
}

#[test]
fn vat_follows_the_price() {
    let mut state = restaurant(50, true);
    let id = post(&mut state, &[Line(12_000, 1, 1_000, vec![])], Some(60.into()));
    let mut seen = None;
    state.bills.get(id).expect("stored").visit(|line| seen = line.record.get(item::PRICE_VAT).cloned());
    assert_eq!(seen, Some(Value::Number(10.into())), "20 per cent in 60");
}
