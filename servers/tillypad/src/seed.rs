//! The section `tillypad` of a world file: into the state, and back.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use stend_core::random::Drawn;
use stend_core::{Problem, Seed, Span, Streams, near};

use crate::books::{Book, Books, BooksSection, Named};
use crate::guid::Guid;
use crate::record::MOST_OF_A_LINE;
use crate::state::State;
use crate::state::bills::Bills;
use crate::state::clients::Client;
use crate::state::days::Day;
use crate::state::delivery::Division;
use crate::state::loyalty::{Loyalty, Programme, Rule};
use crate::state::menu::{Menu, MenuGroup, MenuItem, SaleProperty};
use crate::state::prechecks::Precheck;
use crate::wire::out::Out;
use crate::wire::read::Sent;

/// Restaurants on Tillypad.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Section {
    /// The zone of the application server's clock.
    pub time_zone: String,
    /// What the server fills in where a client names nothing.
    pub defaults: Defaults,
    /// The system object that notes of bills belong to (`note_tpsyso_ID`).
    pub system_object: Guid,
    /// How points are used to pay.
    pub points: Points,
    /// How often system tasks look for deliveries that they can move on.
    pub task_period: Span,
    /// States of bills.
    pub guest_states: Vec<StateName>,
    /// States of orders.
    pub order_states: Vec<StateName>,
    /// States of deliveries.
    pub delivery_states: Vec<StateName>,
    /// Methods of delivery.
    pub delivery_methods: Vec<StateName>,
    /// Operations with points.
    pub point_operations: Vec<StateName>,
    /// Tables that are referred to.
    pub books: BooksSection,
    /// Divisions.
    pub divisions: Vec<DivisionSection>,
    /// Regular clients.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clients: Vec<Client>,
    /// What is sold.
    pub menu: MenuSection,
    /// Loyalty programmes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub programmes: Vec<Programme>,
    /// When and for whom programmes apply.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// Trading days; a division has one open at the most.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Day>,
    /// Bills as `get-guest` shows them: nothing is filled in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub guests: Vec<Json>,
    /// Prechecks and receipts; a saved world carries them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub prechecks: Vec<Precheck>,
    /// When system tasks take which bills; a saved world carries it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub due: Vec<Due>,
    /// How far the random streams were drawn; a saved world carries it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub random: Option<Drawn>,
}

/// What the server fills in where a client names nothing.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Defaults {
    /// The division.
    pub division: Guid,
    /// The user.
    pub user: Guid,
    /// The device.
    pub device: Guid,
}

/// How points are used to pay.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Points {
    /// Types of notes that keep the declared sum; the first is the default.
    pub declared_notes: Vec<Guid>,
    /// The type of the note that keeps the applied sum.
    pub applied_note: Guid,
    /// Whether only whole roubles are used, as the vendor's programme does.
    #[serde(default = "yes")]
    pub whole_roubles: bool,
}

fn yes() -> bool {
    true
}

/// A state and its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StateName {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
}

/// A division: a restaurant, or the call centre.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DivisionSection {
    /// Its id.
    pub id: Guid,
    /// Its name.
    pub name: String,
    /// Whether it is the call centre: orders wait there for an operator.
    #[serde(default)]
    pub call_centre: bool,
    /// How long cooking takes where a bill does not say.
    #[serde(default = "half_an_hour")]
    pub cooking_time: Span,
    /// How long the way takes where a bill does not say.
    #[serde(default = "half_an_hour")]
    pub delivery_time: Span,
    /// Whether the task runs that takes confirmed-by-nobody orders to "waits for the start of cooking".
    #[serde(default = "yes")]
    pub accepts: bool,
    /// Whether the task runs that starts the cooking in time.
    #[serde(default = "yes")]
    pub starts: bool,
    /// How much of a bill points can pay, in per cent; left out, points are not set up here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<f64>")]
    pub max_points_percent: Option<Decimal>,
    /// Dishes that cannot be had now.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub stop_list: BTreeSet<Guid>,
}

fn half_an_hour() -> Span {
    Span::from_secs(1_800)
}

/// What is sold.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MenuSection {
    /// Sale properties.
    pub properties: Vec<SaleProperty>,
    /// Menu groups.
    pub groups: Vec<MenuGroup>,
    /// Dishes.
    pub items: Vec<MenuItem>,
}

/// When a system task takes a bill.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Due {
    /// The bill.
    pub guest: Guid,
    /// When.
    #[schemars(with = "String")]
    pub at: Timestamp,
}

fn id(text: &str) -> Guid {
    Guid::parse(text).unwrap_or(Guid::draft(0))
}

fn names(list: &[(i64, &str)]) -> Vec<StateName> {
    list.iter().map(|(id, name)| StateName { id: *id, name: (*name).to_owned() }).collect()
}

impl Default for Section {
    fn default() -> Self {
        let named = |guid: &str, name: &str| vec![Named { id: id(guid), name: name.to_owned() }];
        let declared = id("60D367B5-15D2-D24D-8A74-A28F40C8CB9D");
        let applied = id("0412C97B-AF11-2447-88D9-B40FA0EB996D");
        let division = id("7BF665B0-2793-4B26-946E-D03A82E7EECB");
        let note = |id, name: &str| Named { id, name: name.to_owned() };
        Self {
            time_zone: "Europe/Moscow".into(),
            defaults: Defaults {
                division,
                user: id("5D7FEB83-5686-4DCB-9F09-C64C51B0A41D"),
                device: id("F721D056-4AAF-4EF1-86F3-57A1BF588FDA"),
            },
            system_object: id("7F40833C-3722-4502-BC11-45EC786A4621"),
            points: Points { declared_notes: vec![declared], applied_note: applied, whole_roubles: true },
            task_period: Span::from_secs(10),
            guest_states: names(&[
                (0, "Черновик"),
                (1, "Заказ"),
                (2, "Обслуживается"),
                (3, "Подготовка"),
                (4, "В оплате"),
                (5, "Закрыт"),
            ]),
            order_states: names(&[(0, "Черновик"), (1, "Зарегистрирован")]),
            delivery_states: names(&[
                (0, "Новая"),
                (1, "Ждет подтверждения оператора"),
                (2, "Ждет подтверждения исполнителя"),
                (3, "Ждет начала приготовления"),
                (4, "Начали готовить"),
                (5, "Готовится"),
                (6, "Приготовлена, не отправлена"),
                (7, "Отправлена"),
                (8, "Закрыта"),
                (9, "Отменена"),
            ]),
            delivery_methods: names(&[(0, "Самовывоз"), (1, "Доставка")]),
            point_operations: names(&[(0, "Новые"), (1, "Подтвержденные"), (2, "Списанные"), (3, "Начисленные")]),
            books: BooksSection {
                users: named("5D7FEB83-5686-4DCB-9F09-C64C51B0A41D", "Tillypad API"),
                devices: named("F721D056-4AAF-4EF1-86F3-57A1BF588FDA", "Сервер приложений"),
                note_types: vec![
                    note(declared, "Сумма заявленной абсолютной скидки на счет"),
                    note(applied, "Сумма примененной абсолютной скидки на счет"),
                ],
                ..BooksSection::default()
            },
            divisions: vec![DivisionSection {
                id: division,
                name: "Ресторан".into(),
                call_centre: false,
                cooking_time: half_an_hour(),
                delivery_time: half_an_hour(),
                accepts: true,
                starts: true,
                max_points_percent: None,
                stop_list: BTreeSet::new(),
            }],
            clients: Vec::new(),
            menu: MenuSection::default(),
            programmes: Vec::new(),
            rules: Vec::new(),
            days: Vec::new(),
            guests: Vec::new(),
            prechecks: Vec::new(),
            due: Vec::new(),
            random: None,
        }
    }
}

fn by_id<T>(key: &'static str, list: Vec<T>, id: impl Fn(&T) -> Guid) -> Result<BTreeMap<Guid, T>, Problem> {
    let mut map = BTreeMap::new();
    for (i, item) in list.into_iter().enumerate() {
        let id = id(&item);
        if map.insert(id, item).is_some() {
            let twice = Problem::conflict(format!("the id {id} is given twice"));
            return Err(twice.at([key.into(), i.into(), "id".into()]));
        }
    }
    Ok(map)
}

fn states(key: &'static str, list: Vec<StateName>, needed: &[i64]) -> Result<BTreeMap<i64, String>, Problem> {
    let mut map = BTreeMap::new();
    for (i, row) in list.into_iter().enumerate() {
        if row.id < 0 || map.insert(row.id, row.name).is_some() {
            let twice = Problem::conflict(format!("the id {} is below 0 or given twice", row.id));
            return Err(twice.at([key.into(), i.into(), "id".into()]));
        }
    }
    match needed.iter().find(|id| !map.contains_key(id)) {
        Some(id) => {
            Err(Problem::invalid(format!("the state {id} is missing; bills come into it by themselves")).under(key))
        }
        None => Ok(map),
    }
}

/// Builds the state.
///
/// # Errors
/// Ids given twice, references to what is not there, bills that cannot be read: with the path.
pub(crate) fn seed(section: Section, seed: Seed) -> Result<State, Problem> {
    let random = match &section.random {
        Some(drawn) => Streams::restore(drawn, seed.seed, "tillypad"),
        None => Streams::new(seed.seed, "tillypad"),
    };
    let zone = TimeZone::get(&section.time_zone).map_err(|_| {
        Problem::invalid(format!("`{}` is no time zone", section.time_zone))
            .hint("e.g. Europe/Moscow")
            .under("time_zone")
    })?;
    if section.points.declared_notes.is_empty() {
        return Err(Problem::invalid("no note for declared sums").at(["points".into(), "declared_notes".into()]));
    }
    if section.task_period.is_zero() {
        return Err(Problem::invalid("tasks that run all the time leave none for anything else").under("task_period"));
    }
    let mut lists = BTreeMap::new();
    for (key, list, needed) in [
        ("guest_states", section.guest_states, &[0, 4, 5][..]),
        ("order_states", section.order_states, &[0, 1]),
        ("delivery_states", section.delivery_states, &[0, 2, 3, 4, 6, 7, 8]),
        ("delivery_methods", section.delivery_methods, &[0, 1]),
        ("point_operations", section.point_operations, &[0]),
    ] {
        lists.insert(key, states(key, list, needed)?);
    }
    let divisions = by_id("divisions", section.divisions, |division| division.id)?;
    let divisions = divisions.into_iter().map(|(id, division)| (id, Division::from(division))).collect();
    let mut state = State {
        zone,
        zone_name: section.time_zone,
        defaults: section.defaults,
        system_object: section.system_object,
        points: section.points,
        task_period: section.task_period,
        states: lists,
        books: Books::read(section.books).map_err(|problem| problem.under("books"))?,
        divisions,
        clients: BTreeMap::new(),
        phones: BTreeSet::new(),
        menu: menu(section.menu).map_err(|problem| problem.under("menu"))?,
        loyalty: Loyalty { programmes: section.programmes, rules: section.rules },
        days: by_id("days", section.days, |day| day.id)?,
        bills: Bills::default(),
        prechecks: by_id("prechecks", section.prechecks, |precheck| precheck.id)?,
        waiting: BTreeSet::new(),
        random,
    };
    for client in by_id("clients", section.clients, |client| client.id)?.into_values() {
        if client.points.iter().any(|points| points.value.abs() > Decimal::from(100_000_000)) {
            return Err(Problem::invalid(format!("client {}: points go to 100000000", client.id)).under("clients"));
        }
        state.keep_client(client);
    }
    check(&mut state)?;
    guests(&mut state, section.guests, &section.due, seed.now)?;
    Ok(state)
}

fn menu(section: MenuSection) -> Result<Menu, Problem> {
    for (i, item) in section.items.iter().enumerate() {
        let odd = |text: String, key: &'static str| Problem::invalid(text).at(["items".into(), i.into(), key.into()]);
        let most = Decimal::from(100_000_000);
        if item.price.is_sign_negative() || item.price > most {
            return Err(odd(format!("a price of {}", item.price), "price"));
        }
        if item.volume <= Decimal::ZERO || item.volume > Decimal::from(MOST_OF_A_LINE) {
            return Err(odd(format!("a volume of {}", item.volume), "volume"));
        }
        if item.vat.is_sign_negative() || item.vat > Decimal::ONE_HUNDRED {
            return Err(odd(format!("a VAT of {} per cent", item.vat), "vat"));
        }
    }
    let menu = Menu {
        properties: by_id("properties", section.properties, |property| property.id)?,
        groups: by_id("groups", section.groups, |group| group.id)?,
        items: by_id("items", section.items, |item| item.id)?,
    };
    for item in menu.items.values() {
        if let Some(group) = item.group.filter(|group| !menu.groups.contains_key(group)) {
            return Err(Problem::not_found(format!(
                "the dish {} is in the group {group}, which is not there",
                item.id
            ))
            .under("items"));
        }
    }
    Ok(menu)
}

/// What the settings refer to must be there.
fn check(state: &mut State) -> Result<(), Problem> {
    let missing = |text: String, key: &'static str| Err(Problem::not_found(text).under(key));
    let Defaults { division, user, device } = state.defaults;
    for (book, id) in [(Book::Divisions, division), (Book::Users, user), (Book::Devices, device)] {
        if !state.knows(book, id) {
            return missing(format!("{} has no row {id}", book.table()), "defaults");
        }
    }
    let notes = state.points.declared_notes.iter().copied().chain([state.points.applied_note]);
    for note in notes.collect::<Vec<_>>() {
        if !state.knows(Book::NoteTypes, note) {
            return missing(format!("{} has no row {note}", Book::NoteTypes.table()), "points");
        }
    }
    let percent_ok = |percent: Decimal| !percent.is_sign_negative() && percent <= Decimal::ONE_HUNDRED;
    for (id, division) in &state.divisions {
        if division.max_points_percent.is_some_and(|percent| !percent_ok(percent)) {
            return Err(Problem::invalid(format!("division {id}: points pay 0 to 100 per cent")).under("divisions"));
        }
    }
    for (i, programme) in state.loyalty.programmes.iter().enumerate() {
        let place = |problem: Problem| problem.at(["programmes".into(), i.into()]);
        if !state.knows(Book::DiscountTypes, programme.discount_type) {
            let text = format!("{} has no row {}", Book::DiscountTypes.table(), programme.discount_type);
            return Err(place(Problem::not_found(text).under("discount_type")));
        }
        let most = Decimal::from(1_000_000);
        let sums = [programme.off, programme.margin];
        if sums.into_iter().flatten().any(|sum| sum.is_sign_negative() || sum > most) {
            return Err(place(Problem::invalid("`off` and `margin` go from 0 to 1000000")));
        }
        let award = programme.points.as_ref();
        if award.and_then(|award| award.value).is_some_and(|value| value.abs() > most) {
            return Err(place(Problem::invalid("`value` of points goes to 1000000").under("points")));
        }
        let percents = [programme.percent, award.and_then(|award| award.percent)];
        if percents.into_iter().flatten().any(|percent| !percent_ok(percent)) {
            return Err(place(Problem::invalid("per cent go from 0 to 100")));
        }
    }
    for (i, rule) in state.loyalty.rules.iter().enumerate() {
        let known = state.loyalty.programmes.iter().map(|programme| programme.name.as_str());
        if !known.clone().any(|name| name == rule.programme) {
            let problem = Problem::unknown("not_found", "programme", &rule.programme, known);
            return Err(problem.at(["rules".into(), i.into(), "programme".into()]));
        }
    }
    for day in state.days.values() {
        let Some(division) = state.divisions.get_mut(&day.division) else {
            return missing(format!("the day {} is of a division that is not there", day.id), "days");
        };
        if day.closed.is_none() && division.day.replace(day.id).is_some() {
            return Err(Problem::conflict(format!("division {} has two open days", day.division)).under("days"));
        }
    }
    Ok(())
}

fn guests(state: &mut State, guests: Vec<Json>, due: &[Due], now: Timestamp) -> Result<(), Problem> {
    let due: BTreeMap<Guid, Timestamp> = due.iter().map(|due| (due.guest, due.at)).collect();
    let mut prechecks: BTreeMap<Guid, Vec<Guid>> = BTreeMap::new();
    for precheck in state.prechecks.values() {
        for guest in &precheck.guests {
            prechecks.entry(*guest).or_default().push(precheck.id);
        }
    }
    for (i, json) in guests.into_iter().enumerate() {
        let place = |problem: Problem| problem.at(["guests".into(), i.into()]);
        let sent = Sent::read(&json).map_err(|error| place(Problem::invalid(error.message())))?;
        if let Some(odd) = sent.odd.first() {
            let mut problem = Problem::new("unknown_key", format!("unknown key `{}`", odd.name));
            problem.hint = near::hint(&odd.name, odd.known.iter().copied());
            return Err(place(problem));
        }
        if !sent.declared.is_empty() {
            return Err(place(
                Problem::invalid("declared and applied sums stand in `notes` here").under("discountSum"),
            ));
        }
        state.check_bill(&sent.bill).map_err(|error| place(Problem::invalid(error.message())))?;
        let mut bill = sent.bill;
        let Some(id) = bill.guest.guid(crate::tables::guest::ID) else {
            return Err(place(Problem::new("missing_key", "missing key `gest_ID`")));
        };
        if state.bills.has(id) {
            return Err(place(Problem::conflict(format!("the bill {id} is given twice"))));
        }
        bill.prechecks = prechecks.remove(&id).unwrap_or_default();
        match due.get(&id) {
            Some(at) => bill.due = Some(*at),
            None => state.schedule(&mut bill, now),
        }
        let dates = state.name_dates(&bill);
        state.bills.put(bill, &dates);
    }
    match prechecks.keys().next() {
        Some(id) => {
            Err(Problem::not_found(format!("a precheck is of the bill {id}, which is not there")).under("prechecks"))
        }
        None => Ok(()),
    }
}

impl From<DivisionSection> for Division {
    fn from(section: DivisionSection) -> Self {
        Self {
            name: section.name,
            call_centre: section.call_centre,
            cooking_time: section.cooking_time,
            delivery_time: section.delivery_time,
            accepts: section.accepts,
            starts: section.starts,
            max_points_percent: section.max_points_percent,
            stop_list: section.stop_list,
            day: None,
        }
    }
}

/// The section that makes this state.
pub(crate) fn save(state: &State) -> Section {
    let list = |key: &str| {
        let rows = state.states.get(key).into_iter().flatten();
        rows.map(|(id, name)| StateName { id: *id, name: name.clone() }).collect()
    };
    let division = |(id, division): (&Guid, &Division)| DivisionSection {
        id: *id,
        name: division.name.clone(),
        call_centre: division.call_centre,
        cooking_time: division.cooking_time,
        delivery_time: division.delivery_time,
        accepts: division.accepts,
        starts: division.starts,
        max_points_percent: division.max_points_percent,
        stop_list: division.stop_list.clone(),
    };
    let bills = state.bills.in_order();
    Section {
        time_zone: state.zone_name.clone(),
        defaults: state.defaults,
        system_object: state.system_object,
        points: state.points.clone(),
        task_period: state.task_period,
        guest_states: list("guest_states"),
        order_states: list("order_states"),
        delivery_states: list("delivery_states"),
        delivery_methods: list("delivery_methods"),
        point_operations: list("point_operations"),
        books: state.books.save(),
        divisions: state.divisions.iter().map(division).collect(),
        clients: state.clients.values().cloned().collect(),
        menu: MenuSection {
            properties: state.menu.properties.values().cloned().collect(),
            groups: state.menu.groups.values().cloned().collect(),
            items: state.menu.items.values().cloned().collect(),
        },
        programmes: state.loyalty.programmes.clone(),
        rules: state.loyalty.rules.clone(),
        days: state.days.values().cloned().collect(),
        due: bills.iter().filter_map(|bill| Some(Due { guest: bill.id(), at: bill.due? })).collect(),
        guests: bills
            .into_iter()
            .map(|bill| {
                let mut out = Out::careful();
                out.bill(bill, &[]);
                serde_json::from_str(&out.finish()).unwrap_or_default()
            })
            .collect(),
        prechecks: state.prechecks.values().cloned().collect(),
        random: Some(state.random.save()),
    }
}
