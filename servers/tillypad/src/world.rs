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
use crate::state::books::{Books, Named};
use crate::state::delivery::Division;
use crate::state::guid::Guid;
use crate::state::loyalty::Loyalty;
use crate::state::menu::Menu;
use crate::state::record::MOST_OF_A_LINE;
use crate::state::states::{Part, StateLists, States};
use crate::world::section::{Defaults, DivisionSection, Due, MenuSection, Section};

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
    let ours = Section::default();
    let mut lists = StateLists::default();
    for (states, list, default) in [
        (States::Guest, section.guest_states, &ours.guest_states),
        (States::Order, section.order_states, &ours.order_states),
        (States::Delivery, section.delivery_states, &ours.delivery_states),
        (States::Method, section.delivery_methods, &ours.delivery_methods),
        (States::PointOperation, section.point_operations, &ours.point_operations),
    ] {
        lists.read(states, list, default)?;
    }
    let closed_states = lists.ids(States::Guest, Part::Closed).collect();
    let mut books = section.books;
    // A world that names other books need not name those that the server itself refers to.
    let ours = ours.books;
    for (given, default) in [
        (&mut books.users, ours.users),
        (&mut books.devices, ours.devices),
        (&mut books.note_types, ours.note_types),
        (&mut books.movement_types, ours.movement_types),
        (&mut books.sale_groups, ours.sale_groups),
    ] {
        if given.is_empty() {
            *given = default;
        }
    }
    let first = |rows: &[Named]| rows.first().map(|row| row.id);
    let defaults = Defaults {
        movement: section.defaults.movement.or(first(&books.movement_types)),
        sale_group: section.defaults.sale_group.or(first(&books.sale_groups)),
        ..section.defaults
    };
    // In the order of the file: the first precheck of a bill is the one that was printed first.
    let printed = section.prechecks.iter().flat_map(|row| row.guests.iter().map(|guest| (*guest, row.id))).collect();
    let divisions = by_id("divisions", section.divisions, |division| division.id)?;
    let divisions = divisions.into_iter().map(|(id, division)| (id, Division::from(division))).collect();
    let mut state = State {
        settings: section.settings,
        zone,
        zone_name: section.time_zone,
        defaults,
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
        day_change: section.day_change,
        next_change: None,
        keep_closed: section.keep_closed,
        days: by_id("days", section.days, |day| day.id)?.into_iter().collect(),
        bills: Bills::new(closed_states),
        prechecks: by_id("prechecks", section.prechecks, |precheck| precheck.id)?.into_iter().collect(),
        waiting: Index::new(),
        random,
    };
    for (i, client) in section.clients.into_iter().enumerate() {
        if state.clients.contains_key(&client.id) {
            let twice = Problem::conflict(format!("the id {} is given twice", client.id));
            return Err(twice.at(["clients".into(), i.into(), "id".into()]));
        }
        if client.points.iter().any(|points| points.value.abs() > Decimal::from(100_000_000)) {
            return Err(Problem::invalid(format!("client {}: points go to 100000000", client.id)).under("clients"));
        }
        state.keep_client(client);
    }
    check::check(&mut state, &places)?;
    bills::guests(&mut state, section.guests, printed, &section.due, anew, seed.now)?;
    state.next_change = state.next_change_after(seed.now);
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
    let list = |states| state.states.rows(states).cloned().collect();
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
        day_change: state.day_change,
        keep_closed: state.keep_closed,
        guest_states: list(States::Guest),
        order_states: list(States::Order),
        delivery_states: list(States::Delivery),
        delivery_methods: list(States::Method),
        point_operations: list(States::PointOperation),
        books: state.books.save(),
        divisions: state.divisions.iter().map(division).collect(),
        clients: state.clients_in_order(),
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
            .iter()
            .map(|bill| {
                let mut out = Out::careful();
                out.bill(bill, &[]);
                serde_json::from_str(&out.finish()).unwrap_or_default()
            })
            .collect(),
        prechecks: state.prechecks_in_order(&bills),
        random: Some(state.random.save()),
    }
}
