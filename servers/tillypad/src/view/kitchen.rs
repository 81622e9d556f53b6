//! The menu, what is on a stop list, divisions and their trading days.

use std::ops::Bound;

use serde_json::json;
use stend_core::view::{Cell, Column, Head, Kind, Offer, Row, Rows, Tone};

use super::{division, moment, money};
use crate::State;
use crate::state::guid::Guid;

pub(super) const STOP_LIST: Head = Head::new(
    "stop_list",
    "Stop list",
    "Стоп-лист",
    &[
        Column::new("dish", Kind::Link, "Dish", "Блюдо"),
        Column::new("division", Kind::Text, "Division", "Подразделение"),
    ],
);

pub(super) const MENU: Head = Head::new(
    "menu",
    "Menu",
    "Меню",
    &[
        Column::new("dish", Kind::Text, "Dish", "Блюдо"),
        Column::new("price", Kind::Money, "Price", "Цена"),
        Column::new("group", Kind::Text, "Group", "Группа"),
        Column::new("state", Kind::Badge, "State", "Состояние"),
        Column::new("id", Kind::Text, "mitm_ID", "mitm_ID"),
    ],
);

pub(super) const DIVISIONS: Head = Head::new(
    "divisions",
    "Divisions",
    "Подразделения",
    &[
        Column::new("division", Kind::Text, "Division", "Подразделение"),
        Column::new("day", Kind::Badge, "Trading day", "Торговый день"),
        Column::new("opened", Kind::Time, "Opened", "Открыт"),
        Column::new("stopped", Kind::Number, "On the stop list", "В стоп-листе"),
    ],
);

pub(super) const DAYS: Head = Head::new(
    "days",
    "Trading days",
    "Торговые дни",
    &[
        Column::new("division", Kind::Text, "Division", "Подразделение"),
        Column::new("state", Kind::Badge, "State", "Состояние"),
        Column::new("opened", Kind::Time, "Opened", "Открыт"),
        Column::new("closed", Kind::Time, "Closed", "Закрыт"),
        Column::new("id", Kind::Text, "arch_ID", "arch_ID"),
    ],
);

pub(super) fn stop_list(state: &State, rows: &mut Rows<'_>) {
    let offer = Offer::new("stop_list", "Put on the stop list", "Поставить в стоп-лист");
    rows.offer(offer.with("division", state.defaults.division.to_string()).asking(&["add"]));
    let stopped: Vec<(Guid, Guid)> = state
        .divisions
        .iter()
        .flat_map(|(id, division)| division.stop_list.iter().map(move |dish| (*id, *dish)))
        .collect();
    rows.list(stopped.into_iter(), |(at, dish)| {
        let name = state.menu.items.get(&dish).map_or_else(|| dish.to_string(), |item| item.name.clone());
        let sell = Offer::new("stop_list", "Sell it again", "Снять со стопа");
        Row::new(format!("{at}_{dish}"))
            .cell("dish", Cell::link(name, MENU.id, dish))
            .maybe("division", division(state, Some(at)))
            .offer(sell.with("division", at.to_string()).with("remove", json!([dish.to_string()])))
    });
}

pub(super) fn menu(state: &State, rows: &mut Rows<'_>) {
    let home = state.divisions.get(&state.defaults.division);
    rows.total(state.menu.items.len());
    let from = (rows.from::<Guid>(), Bound::Unbounded);
    rows.page(state.menu.items.range(from), |(id, dish)| {
        let stopped = home.is_some_and(|division| division.stop_list.contains(id));
        let badge = if stopped {
            Cell::word(Tone::Bad, "on the stop list", "в стоп-листе")
        } else {
            Cell::word(Tone::Ok, "on sale", "продаётся")
        };
        let group = dish.group.and_then(|group| state.menu.groups.get(&group));
        let dishes = json!([id.to_string()]);
        let offer = if stopped {
            Offer::new("stop_list", "Sell it again", "Снять со стопа").with("remove", dishes)
        } else {
            Offer::new("stop_list", "Stop selling", "В стоп-лист").with("add", dishes)
        };
        let row = Row::new(id)
            .cell("dish", &dish.name)
            .cell("price", money(dish.price))
            .maybe("group", group.map(|group| &group.name))
            .cell("state", badge)
            .cell("id", id.to_string());
        (*id, Some(row.offer(offer)))
    });
}

pub(super) fn divisions(state: &State, rows: &mut Rows<'_>) {
    rows.ascending(&state.divisions, |id, division| {
        let day = division.day.and_then(|day| state.days.get(&day));
        let (badge, offer) = match day {
            Some(_) => {
                (Cell::word(Tone::Ok, "open", "открыт"), Offer::new("close_day", "Close the day", "Закрыть день"))
            }
            None => (Cell::word(Tone::Idle, "closed", "закрыт"), Offer::new("open_day", "Open a day", "Открыть день")),
        };
        Row::new(id)
            .cell("division", &division.name)
            .cell("day", badge)
            .maybe("opened", day.and_then(|day| moment(state, day.opened)))
            .maybe("stopped", i64::try_from(division.stop_list.len()).ok())
            .offer(offer.with("division", id.to_string()))
    });
}

/// All trading days, the last that was opened first.
pub(super) fn days(state: &State, rows: &mut Rows<'_>) {
    let mut days: Vec<_> = state.days.values().collect();
    days.sort_by_key(|day| std::cmp::Reverse((day.opened, day.id)));
    rows.list(days.into_iter(), |day| {
        let badge = match day.closed {
            None => Cell::word(Tone::Ok, "open", "открыт"),
            Some(_) => Cell::word(Tone::Idle, "closed", "закрыт"),
        };
        Row::new(day.id)
            .maybe("division", division(state, Some(day.division)))
            .cell("state", badge)
            .maybe("opened", moment(state, day.opened))
            .maybe("closed", day.closed.and_then(|at| moment(state, at)))
            .cell("id", day.id.to_string())
            .offer_if(day.closed.is_none(), || {
                Offer::new("close_day", "Close the day", "Закрыть день").with("division", day.division.to_string())
            })
    });
}
