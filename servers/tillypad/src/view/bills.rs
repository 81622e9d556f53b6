//! Bills that are open, deliveries on their way, bills that are closed.

use std::fmt;
use std::str::FromStr;

use jiff::civil::DateTime;
use rust_decimal::Decimal;
use stend_core::Timestamp;
use stend_core::view::{Cell, Column, Head, Kind, Layout, Offer, Row, Rows, Tone};

use super::{CLIENTS, division, moment, money};
use crate::State;
use crate::state::bill::Bill;
use crate::state::books::Book;
use crate::state::guid::Guid;
use crate::state::record::Record;
use crate::state::states::{Part, States};
use crate::state::tables::{delivery, guest, item};

pub(super) const OPEN: Head = Head::new(
    "bills",
    "Open bills",
    "Открытые счета",
    &[
        Column::new("bill", Kind::Text, "Bill", "Счёт"),
        Column::new("state", Kind::Badge, "State", "Состояние"),
        Column::new("place", Kind::Text, "Place", "Место"),
        Column::new("client", Kind::Link, "Client", "Клиент"),
        Column::new("dishes", Kind::Text, "Dishes", "Блюда"),
        Column::new("sum", Kind::Money, "Sum", "Сумма"),
        Column::new("paid", Kind::Money, "Paid", "Оплачено"),
        Column::new("opened", Kind::Time, "Opened", "Открыт"),
        Column::new("division", Kind::Text, "Division", "Подразделение"),
        Column::new("id", Kind::Text, "gest_ID", "gest_ID"),
    ],
);

pub(super) const DELIVERIES: Head = Head::new(
    "deliveries",
    "Delivery board",
    "Доставка",
    &[
        Column::new("bill", Kind::Link, "Bill", "Счёт"),
        Column::new("state", Kind::Badge, "State", "Состояние"),
        Column::new("client", Kind::Text, "Client", "Клиент"),
        Column::new("phone", Kind::Text, "Phone", "Телефон"),
        Column::new("address", Kind::Text, "Address", "Адрес"),
        Column::new("courier", Kind::Text, "Courier", "Курьер"),
        Column::new("sum", Kind::Money, "Sum", "Сумма"),
        Column::new("due", Kind::Time, "Wanted at", "Доставить к"),
        Column::new("left", Kind::Span, "Time left", "Осталось"),
        Column::new("task", Kind::Time, "Moves on", "Следующий шаг"),
    ],
)
.shown_as(Layout::Cards);

pub(super) const CLOSED: Head = Head::new(
    "closed_bills",
    "Closed bills",
    "Закрытые счета",
    &[
        Column::new("bill", Kind::Text, "Bill", "Счёт"),
        Column::new("closed", Kind::Time, "Closed", "Закрыт"),
        Column::new("client", Kind::Link, "Client", "Клиент"),
        Column::new("sum", Kind::Money, "Sum", "Сумма"),
        Column::new("division", Kind::Text, "Division", "Подразделение"),
        Column::new("id", Kind::Text, "gest_ID", "gest_ID"),
    ],
);

/// The bills that are not closed, the newest first; those in the hall.
pub(super) fn open(state: &State, rows: &mut Rows<'_>) {
    let until = rows.from::<u64>();
    rows.offer(Offer::new("seed_guests", "Make bills", "Создать счета").with("over", "1h").asking(&["count"]));
    rows.total(state.bills.open_count());
    rows.page(state.bills.open(until), |(serial, bill)| (serial, Some(open_row(state, bill))));
}

fn open_row(state: &State, bill: &Bill) -> Row {
    let tone = match state.states.part(States::Guest, Some(bill.state())) {
        Some(Part::Draft) => Tone::Idle,
        Some(Part::Paying) => Tone::Warn,
        _ => Tone::Busy,
    };
    let number = bill.guest.text(guest::PLACE_NUMBER);
    let place = number.or_else(|| state.books.name(Book::Places, bill.guest.guid(guest::PLACE)?));
    let row = Row::new(bill.id())
        .cell("bill", bill.name())
        .maybe("state", state.state_name(States::Guest, bill.state()).map(|name| Cell::badge(tone, name)))
        .maybe("place", place)
        .maybe("client", client(state, bill))
        .cell("dishes", dishes(state, bill))
        .cell("sum", money(bill.total()))
        .cell("paid", money(state.paid(bill)))
        .maybe("opened", bill.opened().and_then(|at| moment(state, at)))
        .maybe("division", division(state, bill.division()))
        .cell("id", bill.id().to_string());
    if state.is_closed(bill) {
        return row;
    }
    let here = |action, en, ru| Offer::new(action, en, ru).with("guest", bill.id().to_string());
    if state.is_settled(bill) {
        return row.offer(here("close_bill", "Close", "Закрыть"));
    }
    let unpaid = || state.prechecks_of(bill).filter(|precheck| precheck.receipt.is_none());
    let mut unprinted = false;
    bill.visit(|line| unprinted |= !line.record.has(item::PRECHECK));
    let row = row.offer(here("add_dish", "Add a dish", "Добавить блюдо").asking(&["dish"]));
    let row = row.offer_if(unprinted, || here("precheck", "Print the precheck", "Напечатать пречек"));
    let row = row.offer(here("take_money", "Take the money", "Принять оплату"));
    let row = row.offer_if(unpaid().next().is_some(), || here("begin_payment", "Card is put in", "Карта вставлена"));
    if !unpaid().any(|precheck| precheck.begun) {
        return row;
    }
    row.offer(here("end_payment", "Card approved", "Карта одобрена").with("result", "approved"))
        .offer(here("end_payment", "Card declined", "Карта отклонена").with("result", "declined"))
}

/// The deliveries that are not closed, the newest first.
pub(super) fn deliveries(state: &State, rows: &mut Rows<'_>, now: Timestamp) {
    let until = rows.from::<u64>();
    rows.page(state.bills.open(until), |(serial, bill)| {
        (serial, bill.delivery.as_ref().map(|row| delivery_row(state, bill, row, now)))
    });
}

/// The states that a delivery goes through, each with the next and what makes it come.
const STEPS: [(Part, Part, &str, &str); 4] = [
    (Part::WaitsForStart, Part::StartOfCooking, "Cook", "Готовить"),
    (Part::StartOfCooking, Part::Cooked, "Cooked", "Приготовлено"),
    (Part::Cooked, Part::Sent, "Send", "Отправить"),
    (Part::Sent, Part::Closed, "Delivered", "Доставлено"),
];

fn delivery_row(state: &State, bill: &Bill, row: &Record, now: Timestamp) -> Row {
    let id = row.int(delivery::STATE).unwrap_or(0);
    let part = state.delivery_part(bill);
    let tone = match part {
        None | Some(Part::New | Part::WaitsForExecutor) => Tone::Warn,
        Some(Part::Closed) => Tone::Ok,
        Some(Part::Cancelled) => Tone::Bad,
        Some(Part::WaitsForStart) => Tone::Idle,
        Some(_) => Tone::Busy,
    };
    let due = bill.opened().and_then(|at| moment(state, at));
    let courier = row.guid(delivery::COURIER).and_then(|user| state.books.name(Book::Users, user));
    let shown = Row::new(bill.id())
        .cell("bill", Cell::link(bill.name(), OPEN.id, bill.id()))
        .maybe("state", state.state_name(States::Delivery, id).map(|name| Cell::badge(tone, name)))
        .maybe("client", bill.guest.text(guest::CLIENT_NAME))
        .maybe("phone", bill.guest.text(guest::CLIENT_PHONE))
        .maybe("address", bill.guest.text(guest::CLIENT_ADDRESS))
        .maybe("courier", courier)
        .cell("sum", money(bill.total()))
        .maybe("due", due)
        .maybe("left", due.map(|due| Cell::Span(due.duration_since(now).as_secs())))
        .maybe("task", bill.due);
    let here = |action, en, ru| Offer::new(action, en, ru).with("guest", bill.id().to_string());
    if matches!(part, Some(Part::Closed | Part::Cancelled)) {
        return shown;
    }
    let confirmed = state.states.id(States::Delivery, Part::WaitsForStart).is_some();
    let unconfirmed = matches!(part, None | Some(Part::New | Part::WaitsForExecutor));
    let mut shown = shown.offer_if(unconfirmed && confirmed, || here("confirm", "Confirm", "Подтвердить"));
    let steps =
        STEPS.iter().filter(|(from, to, ..)| part == Some(*from) && state.states.id(States::Delivery, *to).is_some());
    for (_, to, en, ru) in steps {
        shown = shown.offer(here("delivery_state", en, ru).with("state", to.name()));
    }
    shown
        .offer(here("courier", "Give it to a courier", "Назначить курьера").asking(&["user"]))
        .offer_if(state.states.id(States::Delivery, Part::Cancelled).is_some(), || {
            here("delivery_state", "Call it off", "Отменить").with("state", Part::Cancelled.name())
        })
}

/// A closed bill's place among all: the moment, the number and the id.
#[derive(Clone, Copy)]
struct Spot(DateTime, u64, Guid);

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}_{}", self.0, self.1, self.2)
    }
}

impl FromStr for Spot {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split('_');
        let mut next = || parts.next().ok_or(());
        let (at, serial) = (next()?.parse().map_err(drop)?, next()?.parse().map_err(drop)?);
        Ok(Self(at, serial, Guid::parse(next()?).ok_or(())?))
    }
}

/// The bills that are closed, of all divisions, the last one first.
pub(super) fn closed(state: &State, rows: &mut Rows<'_>) {
    let after = rows.after::<Spot>().map(|Spot(at, serial, id)| (at, serial, id));
    rows.total(state.bills.len() - state.bills.open_count());
    let ids = state.divisions.keys().copied();
    let mut divisions: Vec<_> = ids.map(|id| state.bills.closed_before(id, after).peekable()).collect();
    let items = std::iter::from_fn(|| {
        let heads = divisions.iter_mut().enumerate().filter_map(|(i, of_one)| Some((*of_one.peek()?, i)));
        let (_, last) = heads.max()?;
        divisions[last].next()
    });
    rows.page(items, |(at, serial, id)| {
        (Spot(at, serial, id), state.bills.get(id).map(|bill| closed_row(state, bill, at)))
    });
}

fn closed_row(state: &State, bill: &Bill, at: DateTime) -> Row {
    Row::new(bill.id())
        .cell("bill", bill.name())
        .maybe("closed", moment(state, at))
        .maybe("client", client(state, bill))
        .cell("sum", money(bill.total()))
        .maybe("division", division(state, bill.division()))
        .cell("id", bill.id().to_string())
}

fn client(state: &State, bill: &Bill) -> Option<Cell> {
    let client = state.clients.get(&bill.client()?)?;
    Some(Cell::link(&client.name, CLIENTS.id, client.id))
}

/// The most dishes of a bill that a cell names.
const NAMED: usize = 20;

fn dishes(state: &State, bill: &Bill) -> String {
    let lines: Vec<_> = bill.orders.iter().flat_map(|order| &order.items).collect();
    let one = |line: &&crate::state::bill::Item| {
        let dish = line.record.guid(item::MENU).and_then(|id| state.menu.items.get(&id));
        let name = dish.map_or("?", |dish| dish.name.as_str());
        match line.record.number(item::COUNT).map(|count| count.normalize()) {
            Some(count) if count != Decimal::ONE => format!("{name} × {count}"),
            _ => name.to_owned(),
        }
    };
    let mut names: Vec<String> = lines.iter().take(NAMED).map(one).collect();
    if lines.len() > NAMED {
        names.push(format!("… {}", lines.len() - NAMED));
    }
    names.join(", ")
}
