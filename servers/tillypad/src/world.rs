//! The section `tillypad` of a world file: into the state, and back.

mod bills;
mod check;
mod generate;
pub(crate) mod section;

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use stend_core::{Index, Problem, Seed, Streams, Table};

use crate::api::wire::out::Out;
use crate::state::State;
use crate::state::bills::Bills;
use crate::state::books::Books;
use crate::state::delivery::Division;
use crate::state::guid::Guid;
use crate::state::loyalty::Loyalty;
use crate::state::menu::Menu;
use crate::state::record::MOST_OF_A_LINE;
use crate::world::section::{DivisionSection, Due, MenuSection, Section, StateName};

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
    let mut random = match &section.random {
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
    let mut section = section;
    if let Some(generate) = section.generate.take() {
        section.clients.extend(generate::clients(&generate, &section.books, &mut random)?);
    }
    let anew = section.random.is_none();
    let places = check::Places::of(&section);
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
    let mut books = section.books;
    // A world that names other books need not name those that the server itself refers to.
    let ours = Section::default().books;
    for (given, default) in
        [(&mut books.users, ours.users), (&mut books.devices, ours.devices), (&mut books.note_types, ours.note_types)]
    {
        if given.is_empty() {
            *given = default;
        }
    }
    let divisions = by_id("divisions", section.divisions, |division| division.id)?;
    let divisions = divisions.into_iter().map(|(id, division)| (id, Division::from(division))).collect();
    let mut state = State {
        settings: section.settings,
        zone,
        zone_name: section.time_zone,
        defaults: section.defaults,
        system_object: section.system_object,
        points: section.points,
        task_period: section.task_period,
        states: lists.into(),
        books: Books::read(books).map_err(|problem| problem.under("books"))?.into(),
        divisions,
        clients: Table::new(),
        phones: Index::new(),
        phone_ids: Index::new(),
        menu: menu(section.menu).map_err(|problem| problem.under("menu"))?.into(),
        loyalty: Loyalty { programmes: section.programmes, rules: section.rules }.into(),
        days: by_id("days", section.days, |day| day.id)?.into_iter().collect(),
        bills: Bills::default(),
        prechecks: by_id("prechecks", section.prechecks, |precheck| precheck.id)?.into_iter().collect(),
        waiting: Index::new(),
        random,
    };
    for client in by_id("clients", section.clients, |client| client.id)?.into_values() {
        if client.points.iter().any(|points| points.value.abs() > Decimal::from(100_000_000)) {
            return Err(Problem::invalid(format!("client {}: points go to 100000000", client.id)).under("clients"));
        }
        state.keep_client(client);
    }
    check::check(&mut state, &places)?;
    bills::guests(&mut state, section.guests, &section.due, anew, seed.now)?;
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
    Ok(menu)
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
        settings: state.settings,
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
        generate: None,
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
