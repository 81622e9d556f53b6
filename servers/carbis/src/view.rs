//! What people see of the restaurant: tables and their orders, waiters' calls, the feed, the menu.

use std::ops::Bound;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::Deserialize;
use stend_core::view::{Cell, Column, Head, Kind, Layout, Offer, Row, Rows, Tone};
use stend_core::{Look, Timestamp, View};

use crate::State;
use crate::state::feed::{Kept, print};
use crate::state::menu::Table;
use crate::state::orders::{Line, Order};

const TABLES: Head = Head::new(
    "tables",
    "Tables",
    "Столы",
    &[
        Column::new("table", Kind::Text, "Table", "Стол"),
        Column::new("seats", Kind::Number, "Seats", "Мест"),
        Column::new("state", Kind::Badge, "State", "Состояние"),
        Column::new("waiter", Kind::Text, "Waiter", "Официант"),
        Column::new("dishes", Kind::Text, "Dishes", "Блюда"),
        Column::new("sum", Kind::Money, "Sum", "Сумма"),
        Column::new("unpaid", Kind::Money, "Unpaid", "Не оплачено"),
    ],
)
.shown_as(Layout::Cards);

const ORDERS: Head = Head::new(
    "orders",
    "Open orders",
    "Открытые заказы",
    &[
        Column::new("table", Kind::Link, "Table", "Стол"),
        Column::new("invoice", Kind::Number, "Invoice", "Счёт"),
        Column::new("waiter", Kind::Text, "Waiter", "Официант"),
        Column::new("dishes", Kind::Text, "Dishes", "Блюда"),
        Column::new("sum", Kind::Money, "Sum", "Сумма"),
        Column::new("paid", Kind::Money, "Paid", "Оплачено"),
        Column::new("guid", Kind::Text, "GUID", "GUID"),
    ],
);

const CALLS: Head = Head::new(
    "calls",
    "Waiters' calls",
    "Вызовы официанта",
    &[
        Column::new("table", Kind::Link, "Table", "Стол"),
        Column::new("at", Kind::Time, "At", "Когда"),
        Column::new("ago", Kind::Span, "Ago", "Назад"),
    ],
);

const FEED: Head = Head::new(
    "feed",
    "Event feed",
    "Лента событий",
    &[
        Column::new("at", Kind::Time, "At", "Когда"),
        Column::new("code", Kind::Badge, "Event", "Событие"),
        Column::new("table", Kind::Link, "Table", "Стол"),
        Column::new("hash", Kind::Text, "Hash", "Хеш"),
        Column::new("leaves", Kind::Time, "Kept until", "Хранится до"),
    ],
)
.shown_as(Layout::Feed);

const DISHES: Head = Head::new(
    "dishes",
    "Menu",
    "Меню",
    &[
        Column::new("dish", Kind::Text, "Dish", "Блюдо"),
        Column::new("price", Kind::Money, "Price", "Цена"),
        Column::new("modifiers", Kind::Text, "Modifiers", "Модификаторы"),
    ],
);

const WAITERS: Head =
    Head::new("waiters", "Waiters", "Официанты", &[Column::new("waiter", Kind::Text, "Waiter", "Официант")]);

/// What people see of the state.
pub(crate) fn view(state: &State, now: Timestamp, look: &Look<'_>) -> View {
    View::new()
        .table(look, TABLES, |rows| tables(state, rows))
        .table(look, ORDERS, |rows| rows.ascending(&state.orders, |id, order| order_row(state, *id, order)))
        .table(look, CALLS, |rows| {
            let is_call = |event: &Kept, seen: &Seen| {
                let row = Row::new(print(event.hash)).cell("table", table_link(state, seen.table));
                let row = row.cell("at", event.at).cell("ago", Cell::since(event.at, now));
                (seen.code == "waiter_call").then_some(row)
            };
            feed(state, rows, is_call);
        })
        .table(look, FEED, |rows| {
            rows.total(state.feed.len());
            feed(state, rows, |event, seen| Some(feed_row(state, event, seen)));
        })
        .table(look, DISHES, |rows| {
            rows.total(state.dishes.len());
            let from = (rows.from::<i64>(), Bound::Unbounded);
            rows.page(state.dishes.range(from), |(id, dish)| {
                let modifiers: Vec<&str> = dish.modifiers.iter().map(|one| one.name.as_str()).collect();
                let row = Row::new(id).cell("dish", &dish.name).cell("price", money(dish.price));
                (*id, Some(row.cell("modifiers", modifiers.join(", "))))
            });
        })
        .table(look, WAITERS, |rows| {
            rows.total(state.waiters.len());
            let from = (rows.from::<i64>(), Bound::Unbounded);
            rows.page(state.waiters.range(from), |(id, waiter)| (*id, Some(Row::new(id).cell("waiter", &waiter.name))));
        })
}

fn tables(state: &State, rows: &mut Rows<'_>) {
    rows.offer(Offer::new("seat_guests", "Guests come", "Приходят гости").with("over", "10m").asking(&["parties"]));
    rows.total(state.tables.len());
    let from = (rows.from::<i64>(), Bound::Unbounded);
    rows.page(state.tables.range(from), |(id, table)| (*id, Some(table_row(state, table))));
}

fn table_row(state: &State, table: &Table) -> Row {
    let row = Row::new(table.id).cell("table", &table.name).cell("seats", table.max_guests);
    let row = match state.orders.get(&table.id) {
        None => row.cell("state", Cell::word(Tone::Idle, "free", "свободен")),
        Some(order) => {
            let unpaid = order.unpaid();
            let paid = unpaid.is_zero() && !order.paid.is_zero();
            let badge = if paid {
                Cell::word(Tone::Ok, "paid", "оплачен")
            } else {
                Cell::word(Tone::Busy, "order open", "заказ открыт")
            };
            row.cell("state", badge)
                .cell("waiter", waiter(state, order.waiter))
                .cell("dishes", dishes(&order.dishes))
                .cell("sum", money(order.sum()))
                .cell("unpaid", money(unpaid))
        }
    };
    let row = row.offer(Offer::new("call_waiter", "Call the waiter", "Позвать официанта").with("table", table.id));
    offers(row, table.id, state.orders.get(&table.id))
}

/// What can be done with a table and its order.
fn offers(row: Row, table: i64, order: Option<&Order>) -> Row {
    let Some(order) = order else {
        return row
            .offer(Offer::new("order", "Open an order", "Открыть заказ").with("table", table).asking(&["dishes"]));
    };
    let add = Offer::new("additional_order", "Add dishes", "Добавить блюда").with("table", table).asking(&["dishes"]);
    let row = row.offer(add).offer_if(!order.unpaid().is_zero() || order.paid.is_zero(), || {
        Offer::new("pay_online", "Pay online", "Оплатить онлайн").with("table", table)
    });
    row.offer(Offer::new("close_order", "Close the order", "Закрыть заказ").with("table", table))
}

fn order_row(state: &State, table: i64, order: &Order) -> Row {
    let row = Row::new(table)
        .cell("table", table_link(state, table))
        .cell("invoice", order.invoice)
        .cell("waiter", waiter(state, order.waiter))
        .cell("dishes", dishes(&order.dishes))
        .cell("sum", money(order.sum()))
        .cell("paid", money(order.paid))
        .cell("guid", &order.guid);
    offers(row, table, Some(order))
}

/// What is shown of an event that is kept as it is sent.
#[derive(Deserialize)]
struct Seen {
    code: String,
    table: i64,
}

/// Events, the newest first.
fn feed(state: &State, rows: &mut Rows<'_>, row: impl Fn(&Kept, &Seen) -> Option<Row>) {
    let until = rows.from::<u64>();
    rows.page(state.feed.until(until), |(number, event)| {
        (*number, serde_json::from_str(&event.json).ok().and_then(|seen| row(event, &seen)))
    });
}

fn feed_row(state: &State, event: &Kept, seen: &Seen) -> Row {
    let tone = match seen.code.as_str() {
        "waiter_call" => Tone::Warn,
        "online_payment" => Tone::Ok,
        _ => Tone::Busy,
    };
    Row::new(print(event.hash))
        .cell("at", event.at)
        .cell("code", Cell::badge(tone, &seen.code))
        .cell("table", table_link(state, seen.table))
        .cell("hash", print(event.hash))
        .cell("leaves", state.feed.retention.after(event.at))
}

fn table_link(state: &State, id: i64) -> Cell {
    let name = state.tables.get(&id).map_or_else(|| id.to_string(), |table| table.name.clone());
    Cell::link(name, TABLES.id, id)
}

fn waiter(state: &State, id: i64) -> String {
    state.waiters.get(&id).map_or_else(|| id.to_string(), |waiter| waiter.name.clone())
}

/// The most dishes of an order that a cell names.
const NAMED: usize = 20;

fn dishes(lines: &[Line]) -> String {
    let one = |line: &Line| {
        let count = line.count.normalize();
        if count == Decimal::ONE { line.name.clone() } else { format!("{} × {count}", line.name) }
    };
    let mut names: Vec<String> = lines.iter().take(NAMED).map(one).collect();
    if lines.len() > NAMED {
        names.push(format!("… {}", lines.len() - NAMED));
    }
    names.join(", ")
}

/// A sum in kopecks.
fn money(sum: Decimal) -> Cell {
    Cell::Money(sum.checked_mul(Decimal::ONE_HUNDRED).and_then(|sum| sum.round().to_i64()).unwrap_or(i64::MAX))
}
