//! What a section's parts refer to must be there, or what such a world saves could not be read again.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use stend_core::Problem;
use stend_core::problem::Step;

use crate::state::State;
use crate::state::books::Book;
use crate::state::guid::Guid;
use crate::state::known::{absent, known, known_state};
use crate::state::loyalty::{Programme, Rule};
use crate::state::record::{Record, Value};
use crate::state::tables::{States, note};
use crate::world::section::{Defaults, Section};

/// Where rows stand in the file, that the state has by their ids.
pub(super) struct Places {
    divisions: Vec<Guid>,
    clients: Vec<Guid>,
    properties: Vec<Guid>,
    items: Vec<Guid>,
    days: Vec<Guid>,
}

impl Places {
    pub(super) fn of(section: &Section) -> Self {
        Self {
            divisions: section.divisions.iter().map(|row| row.id).collect(),
            clients: section.clients.iter().map(|row| row.id).collect(),
            properties: section.menu.properties.iter().map(|row| row.id).collect(),
            items: section.menu.items.iter().map(|row| row.id).collect(),
            days: section.days.iter().map(|row| row.id).collect(),
        }
    }
}

/// The number of a row in the file.
fn at(places: &[Guid], id: Guid) -> Step {
    places.iter().position(|place| *place == id).unwrap_or_default().into()
}

fn percent_ok(percent: Decimal) -> bool {
    !percent.is_sign_negative() && percent <= Decimal::ONE_HUNDRED
}

/// Checks what belongs together, and gives divisions their open days.
pub(super) fn check(state: &mut State, places: &Places) -> Result<(), Problem> {
    defaults(state)?;
    points(state)?;
    divisions(state, places)?;
    clients(state, places)?;
    menu(state, places).map_err(|problem| problem.under("menu"))?;
    for (i, one) in state.loyalty.programmes.iter().enumerate() {
        programme(state, i, one).map_err(|problem| problem.at(["programmes".into(), i.into()]))?;
    }
    for (i, one) in state.loyalty.rules.iter().enumerate() {
        rule(state, one).map_err(|problem| problem.at(["rules".into(), i.into()]))?;
    }
    days(state, places).map_err(|problem| problem.under("days"))
}

fn defaults(state: &State) -> Result<(), Problem> {
    let Defaults { division, user, device, movement, sale_group } = state.defaults;
    for (key, book, id) in
        [("division", Book::Divisions, division), ("user", Book::Users, user), ("device", Book::Devices, device)]
    {
        known(state, book, id).map_err(|problem| problem.at(["defaults".into(), key.into()]))?;
    }
    for (key, book, id) in [("movement", Book::MovementTypes, movement), ("sale_group", Book::SaleGroups, sale_group)] {
        id.map_or(Ok(()), |id| known(state, book, id))
            .map_err(|problem| problem.at(["defaults".into(), key.into()]))?;
    }
    Ok(())
}

fn points(state: &State) -> Result<(), Problem> {
    let applied = state.points.applied_note;
    for (i, note) in state.points.declared_notes.iter().enumerate() {
        let place = |problem: Problem| problem.at(["points".into(), "declared_notes".into(), i.into()]);
        known(state, Book::NoteTypes, *note).map_err(place)?;
        if *note == applied {
            let twice = Problem::conflict(format!("{note} keeps the applied sum; it cannot keep a declared one, too"));
            return Err(place(twice));
        }
    }
    known(state, Book::NoteTypes, applied).map_err(|problem| problem.at(["points".into(), "applied_note".into()]))
}

fn divisions(state: &State, places: &Places) -> Result<(), Problem> {
    for (id, division) in state.divisions.iter() {
        let place = |problem: Problem| problem.at(["divisions".into(), at(&places.divisions, *id)]);
        if division.max_points_percent.is_some_and(|percent| !percent_ok(percent)) {
            let wrong = Problem::invalid(format!("division {id}: points pay 0 to 100 per cent"));
            return Err(place(wrong.under("max_points_percent")));
        }
        for (i, dish) in division.stop_list.iter().enumerate() {
            known(state, Book::MenuItems, *dish)
                .map_err(|problem| place(problem.at(["stop_list".into(), i.into()])))?;
        }
    }
    Ok(())
}

fn clients(state: &State, places: &Places) -> Result<(), Problem> {
    let mut phones = BTreeSet::new();
    for client in state.clients.values() {
        let place = |problem: Problem| problem.at(["clients".into(), at(&places.clients, client.id)]);
        if let Some(group) = client.group {
            known(state, Book::ClientGroups, group).map_err(|problem| place(problem.under("group")))?;
        }
        for (i, phone) in client.phones.iter().enumerate() {
            if !phones.insert(phone.id) {
                let twice = Problem::conflict(format!("two phones have the id {}", phone.id));
                return Err(place(twice.at(["phones".into(), i.into(), "id".into()])));
            }
        }
        for (i, row) in client.points.iter().enumerate() {
            let under = |problem: Problem| place(problem.at(["points".into(), i.into(), "type".into()]));
            known(state, Book::PointTypes, row.kind).map_err(under)?;
        }
    }
    Ok(())
}

fn menu(state: &State, places: &Places) -> Result<(), Problem> {
    let groups = |id: Guid| {
        let there = state.menu.groups.contains_key(&id);
        let ids = || state.menu.groups.keys().copied().collect::<Vec<_>>();
        if there { Ok(()) } else { Err(absent("tp_MenuGroups", id, &ids())) }
    };
    for property in state.menu.properties.values() {
        for (i, group) in property.groups.iter().enumerate() {
            let place = ["properties".into(), at(&places.properties, property.id), "groups".into(), i.into()];
            groups(*group).map_err(|problem| problem.at(place))?;
        }
    }
    for item in state.menu.items.values() {
        let place =
            |problem: Problem, key: &'static str| problem.at(["items".into(), at(&places.items, item.id), key.into()]);
        if let Some(group) = item.group {
            groups(group).map_err(|problem| place(problem, "group"))?;
        }
        for (key, book, id) in
            [("movement", Book::MovementTypes, item.movement), ("sale_group", Book::SaleGroups, item.sale_group)]
        {
            id.map_or(Ok(()), |id| known(state, book, id)).map_err(|problem| place(problem, key))?;
        }
    }
    Ok(())
}

fn programme(state: &State, i: usize, programme: &Programme) -> Result<(), Problem> {
    if state.loyalty.programmes.iter().take(i).any(|before| before.name == programme.name) {
        let twice = Problem::conflict(format!("two programmes are called `{}`; rules go by the name", programme.name));
        return Err(twice.under("name"));
    }
    known(state, Book::DiscountTypes, programme.discount_type).map_err(|problem| problem.under("discount_type"))?;
    for (i, group) in programme.groups.iter().enumerate() {
        if !state.menu.groups.contains_key(group) {
            let ids: Vec<Guid> = state.menu.groups.keys().copied().collect();
            return Err(absent("tp_MenuGroups", *group, &ids).at(["groups".into(), i.into()]));
        }
    }
    let most = Decimal::from(1_000_000);
    let sums = [programme.off, programme.margin];
    if sums.into_iter().flatten().any(|sum| sum.is_sign_negative() || sum > most) {
        return Err(Problem::invalid("`off` and `margin` go from 0 to 1000000"));
    }
    let award = programme.points.as_ref();
    if award.and_then(|award| award.value).is_some_and(|value| value.abs() > most) {
        return Err(Problem::invalid("`value` of points goes to 1000000").under("points"));
    }
    let percents = [programme.percent, award.and_then(|award| award.percent)];
    if percents.into_iter().flatten().any(|percent| !percent_ok(percent)) {
        return Err(Problem::invalid("per cent go from 0 to 100"));
    }
    if let Some(award) = award {
        let place = |problem: Problem, key: &'static str| problem.at(["points".into(), key.into()]);
        known(state, Book::PointTypes, award.kind).map_err(|problem| place(problem, "type"))?;
        known_state(state, States::PointOperation, award.operation).map_err(|problem| place(problem, "operation"))?;
    }
    match &programme.note {
        Some(gift) => {
            known(state, Book::NoteTypes, gift.kind).map_err(|problem| problem.at(["note".into(), "type".into()]))?;
            let mut row = Record::default();
            row.set(note::TYPE, Value::Guid(gift.kind));
            row.set(note::VALUE, Value::Any(Box::new(gift.value.clone())));
            state.check_sum_notes(&[row]).map_err(|_| {
                let text = format!("a note of the type {} keeps a sum: a number from 0", gift.kind);
                Problem::invalid(text).at(["note".into(), "value".into()])
            })
        }
        None => Ok(()),
    }
}

fn rule(state: &State, rule: &Rule) -> Result<(), Problem> {
    let names = state.loyalty.programmes.iter().map(|programme| programme.name.as_str());
    if !names.clone().any(|name| name == rule.programme) {
        return Err(Problem::unknown("not_found", "programme", &rule.programme, names).under("programme"));
    }
    for (key, book, id) in [
        ("privilege", Book::SalePrivileges, rule.privilege),
        ("division", Book::Divisions, rule.division),
        ("client", Book::Clients, rule.client),
    ] {
        id.map_or(Ok(()), |id| known(state, book, id)).map_err(|problem| problem.under(key))?;
    }
    if rule.from.is_some_and(|from| from.time().is_none()) {
        return Err(Problem::invalid("24:00 is the end of a day, and nothing begins then")
            .hint("a day begins at 00:00")
            .under("from"));
    }
    match (rule.from, rule.to) {
        (Some(from), Some(to)) if from == to => {
            Err(Problem::invalid(format!("a rule from {from} to {to} has no time"))
                .hint("leave both out for the whole day")
                .under("to"))
        }
        _ => Ok(()),
    }
}

fn days(state: &mut State, places: &Places) -> Result<(), Problem> {
    let days: Vec<_> = state.days.values().cloned().collect();
    for day in days {
        let place = |problem: Problem, key: &'static str| problem.at([at(&places.days, day.id), key.into()]);
        known(state, Book::Divisions, day.division).map_err(|problem| place(problem, "division"))?;
        if let Some(closed) = day.closed.filter(|closed| *closed < day.opened) {
            let wrong = Problem::invalid(format!("closed at {closed}, before it was opened at {}", day.opened));
            return Err(place(wrong, "closed"));
        }
        let division = state.divisions.get_mut(&day.division).filter(|_| day.closed.is_none());
        if division.is_some_and(|division| division.day.replace(day.id).is_some()) {
            let twice = Problem::conflict(format!("division {} has two open days", day.division));
            return Err(place(twice, "division"));
        }
    }
    Ok(())
}
