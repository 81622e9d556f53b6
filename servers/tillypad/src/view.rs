//! What people see of the restaurants: bills, the delivery board, clients, the menu with its stop list, trading days.

mod bills;
mod kitchen;

use jiff::civil::DateTime;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use stend_core::view::{Cell, Column, Head, Kind, Offer, Row, Rows};
use stend_core::{Look, Timestamp, View};

use crate::State;
use crate::state::books::Book;
use crate::state::clients::Client;
use crate::state::guid::Guid;

const CLIENTS: Head = Head::new(
    "clients",
    "Clients",
    "Клиенты",
    &[
        Column::new("name", Kind::Text, "Name", "Имя"),
        Column::new("phone", Kind::Text, "Phone", "Телефон"),
        Column::new("group", Kind::Text, "Group", "Группа"),
        Column::new("points", Kind::Number, "Points", "Баллы"),
        Column::new("id", Kind::Text, "clnt_ID", "clnt_ID"),
    ],
);

const STAFF: Head = Head::new("staff", "Staff", "Сотрудники", &[Column::new("name", Kind::Text, "Name", "Имя")]);
const PAY_TYPES: Head =
    Head::new("pay_types", "Pay types", "Типы оплат", &[Column::new("name", Kind::Text, "Name", "Название")]);
const POINT_TYPES: Head =
    Head::new("point_types", "Types of points", "Типы баллов", &[Column::new("name", Kind::Text, "Name", "Название")]);
const GROUPS: Head = Head::new(
    "client_groups",
    "Groups of clients",
    "Группы клиентов",
    &[Column::new("name", Kind::Text, "Name", "Название")],
);

/// What people see of the state.
pub(crate) fn view(state: &State, now: Timestamp, look: &Look<'_>) -> View {
    View::new()
        .table(look, bills::OPEN, |rows| bills::open(state, rows))
        .table(look, bills::DELIVERIES, |rows| bills::deliveries(state, rows, now))
        .table(look, bills::CLOSED, |rows| bills::closed(state, rows))
        .table(look, CLIENTS, |rows| {
            rows.offer(Offer::new("add_client", "Add a client", "Завести клиента").asking(&["name", "phone"]));
            rows.ascending(&state.clients, |id, client| client_row(state, *id, client));
        })
        .table(look, kitchen::STOP_LIST, |rows| kitchen::stop_list(state, rows))
        .table(look, kitchen::MENU, |rows| kitchen::menu(state, rows))
        .table(look, kitchen::DIVISIONS, |rows| kitchen::divisions(state, rows))
        .table(look, kitchen::DAYS, |rows| kitchen::days(state, rows))
        .table(look, STAFF, |rows| book(state, Book::Users, rows))
        .table(look, PAY_TYPES, |rows| book(state, Book::PayTypes, rows))
        .table(look, POINT_TYPES, |rows| book(state, Book::PointTypes, rows))
        .table(look, GROUPS, |rows| book(state, Book::ClientGroups, rows))
}

fn client_row(state: &State, id: Guid, client: &Client) -> Row {
    let phones: Vec<&str> = client.phones.iter().map(|phone| phone.number.as_str()).collect();
    let points: Decimal = client.points.iter().map(|operation| operation.value).sum();
    let kind = state.books.ids(Book::PointTypes).first().copied();
    let row = Row::new(id)
        .cell("name", &client.name)
        .maybe("phone", (!phones.is_empty()).then(|| phones.join(", ")))
        .maybe("group", client.group.and_then(|group| state.books.name(Book::ClientGroups, group)))
        .cell("points", Cell::Number(points.to_f64().unwrap_or_default()))
        .cell("id", id.to_string());
    match kind {
        Some(kind) => row.offer(
            Offer::new("award_points", "Award points", "Начислить баллы")
                .with("client", id.to_string())
                .with("type", kind.to_string())
                .asking(&["value"]),
        ),
        None => row,
    }
}

/// The rows of a book, by their ids.
fn book(state: &State, book: Book, rows: &mut Rows<'_>) {
    rows.list(state.books.ids(book).into_iter(), |id| Row::new(id).maybe("name", state.books.name(book, id)));
}

/// A local time of the application server as a moment.
fn moment(state: &State, at: DateTime) -> Option<Timestamp> {
    state.zone.to_zoned(at).ok().map(|at| at.timestamp())
}

/// A sum in kopecks.
fn money(sum: Decimal) -> Cell {
    let kopecks = sum.checked_mul(Decimal::ONE_HUNDRED).and_then(|sum| sum.round().to_i64());
    Cell::Money(kopecks.unwrap_or(i64::MAX))
}

fn division(state: &State, id: Option<Guid>) -> Option<String> {
    state.divisions.get(&id?).map(|division| division.name.clone())
}
