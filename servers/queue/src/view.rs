//! What people see of the hall: windows, the waiting line, tickets, boards, appointments, services, clerks.

use std::ops::Bound;

use jiff::Timestamp;
use stend_core::view::{Cell, Column, Draw, Head, Kind, Offer, Row, Rows, Tone};
use stend_core::{Look, View};

use crate::State;
use crate::state::line::Rank;
use crate::state::picture::Picture;
use crate::state::rows::{Service, User, Workplace};
use crate::state::sessions::Component;
use crate::state::tickets::{Consumer, Stand};

const WINDOWS: Head = Head::new(
    "windows",
    "Windows",
    "Окна",
    &[
        Column::new("window", Kind::Text, "Window", "Окно"),
        Column::new("state", Kind::Badge, "State", "Состояние"),
        Column::new("clerk", Kind::Text, "Clerk", "Оператор"),
        Column::new("ticket", Kind::Link, "Ticket", "Талон"),
        Column::new("called", Kind::Span, "Called", "Вызван"),
    ],
);

const WAITING: Head = Head::new(
    "waiting",
    "Waiting line",
    "Очередь",
    &[
        Column::new("ticket", Kind::Link, "Ticket", "Талон"),
        Column::new("services", Kind::Text, "For", "За чем"),
        Column::new("waits", Kind::Span, "Waits", "Ждёт"),
        Column::new("priority", Kind::Number, "Priority", "Приоритет"),
    ],
);

const TICKETS: Head = Head::new(
    "tickets",
    "Today's tickets",
    "Талоны за сегодня",
    &[
        Column::new("ticket", Kind::Text, "Ticket", "Талон"),
        Column::new("state", Kind::Badge, "State", "Состояние"),
        Column::new("services", Kind::Text, "For", "За чем"),
        Column::new("window", Kind::Link, "Window", "Окно"),
        Column::new("taken", Kind::Time, "Taken", "Взят"),
        Column::new("returns", Kind::Time, "Comes back", "Вернётся"),
        Column::new("picture", Kind::Picture, "Picture", "Вид"),
    ],
);

const BOARDS: Head = Head::new(
    "boards",
    "Boards and terminals",
    "Табло и терминалы",
    &[
        Column::new("name", Kind::Text, "Name", "Имя"),
        Column::new("kind", Kind::Badge, "Kind", "Вид"),
        Column::new("state", Kind::Badge, "State", "Состояние"),
    ],
);

const APPOINTMENTS: Head = Head::new(
    "appointments",
    "Appointments",
    "Предварительная запись",
    &[
        Column::new("time", Kind::Time, "Time", "Время"),
        Column::new("name", Kind::Text, "Name", "Имя"),
        Column::new("services", Kind::Text, "For", "За чем"),
        Column::new("ticket", Kind::Link, "Ticket", "Талон"),
    ],
);

const SERVICES: Head = Head::new(
    "services",
    "Services",
    "Услуги",
    &[
        Column::new("service", Kind::Text, "Service", "Услуга"),
        Column::new("letter", Kind::Text, "Letter", "Буква"),
        Column::new("state", Kind::Badge, "State", "Состояние"),
    ],
);

const CLERKS: Head = Head::new(
    "clerks",
    "Clerks",
    "Операторы",
    &[
        Column::new("name", Kind::Text, "Name", "Имя"),
        Column::new("login", Kind::Text, "Login", "Логин"),
        Column::new("window", Kind::Link, "Window", "Окно"),
    ],
);

/// What people see of the state.
pub(crate) fn view(state: &State, now: Timestamp, look: &Look<'_>) -> View {
    View::new()
        .table(look, WINDOWS, |rows| {
            rows.ascending(&state.books.workplaces.rows, |id, window| window_row(state, *id, window, now));
        })
        .table(look, WAITING, |rows| waiting(state, rows, now))
        .table(look, TICKETS, |rows| {
            rows.descending(&state.consumers, |id, ticket| ticket_row(state, *id, ticket));
        })
        .table(look, BOARDS, |rows| boards(state, rows))
        .table(look, APPOINTMENTS, |rows| {
            rows.ascending(&state.books.pre_registered.rows, |id, row| {
                let ticket = ticket_link(state, row.consumer_id);
                Row::new(id)
                    .cell("time", row.time)
                    .cell("name", &row.name)
                    .cell("services", names(state, row.services.iter().copied()))
                    .offer_if(row.consumer_id < 0, || {
                        Offer::new("arrive", "Arrives", "Пришёл").with("pre_registered", *id)
                    })
                    .maybe("ticket", ticket)
            });
        })
        .table(look, SERVICES, |rows| {
            rows.ascending(&state.books.services.rows, |id, service| service_row(state, *id, service));
        })
        .table(look, CLERKS, |rows| {
            rows.total(state.books.users.rows.values().filter(|user| user.clerk.is_some()).count());
            let from = (rows.from::<i64>(), Bound::Unbounded);
            rows.page(state.books.users.rows.range(from), |(id, user)| {
                (*id, user.clerk.as_ref().map(|_| clerk_row(state, *id, user)))
            });
        })
}

fn window_row(state: &State, id: i64, window: &Workplace, now: Timestamp) -> Row {
    let clerk = state.user_at(id).and_then(|user| state.books.users.rows.get(&user));
    let ticket = state.consumer_at(id).and_then(|consumer| state.consumers.get(&consumer));
    let badge = match (window.disabled, clerk, ticket) {
        (_, _, Some(_)) => Cell::word(Tone::Busy, "serving", "обслуживает"),
        (_, Some(_), None) => Cell::word(Tone::Ok, "free", "свободно"),
        (0, None, None) => Cell::word(Tone::Idle, "nobody there", "никого нет"),
        _ => Cell::word(Tone::Idle, "closed", "закрыто"),
    };
    let row = Row::new(id)
        .cell("window", &window.name)
        .cell("state", badge)
        .maybe("clerk", clerk.map(full_name))
        .maybe("ticket", ticket.and_then(|ticket| ticket_link(state, ticket.id)))
        .maybe("called", ticket.and_then(|ticket| ticket.last_call).map(|call| Cell::since(call, now)));
    let here = |action, en, ru| Offer::new(action, en, ru).with("workplace", id);
    let row = match (clerk, ticket) {
        (Some(_), Some(_)) => row
            .offer(here("serve", "Served", "Обслужен"))
            .offer(here("serve", "Rejected", "Отказать").with("outcome", "reject")),
        (Some(_), None) => row.offer(here("call_next", "Call next", "Вызвать следующего")),
        (None, _) => row.offer_if(window.disabled == 0 && !state.people.works_at(id), || {
            here("clerk", "A clerk sits down", "Посадить оператора").asking(&["user"])
        }),
    };
    row.offer_if(state.people.works_at(id), || here("clerk_leaves", "The clerk leaves", "Оператор уходит"))
}

fn waiting(state: &State, rows: &mut Rows<'_>, now: Timestamp) {
    rows.offer(Offer::new("take_ticket", "Take a ticket", "Взять талон").asking(&["services"]));
    rows.offer(Offer::new("visitors", "Visitors come", "Приходят посетители").with("over", "10m").asking(&["count"]));
    rows.total(state.line.len());
    let from = rows.from::<Place>();
    rows.page(state.line.after(at(from)), |rank| {
        let row = state.consumers.get(&rank.3).map(|ticket| {
            Row::new(ticket.id)
                .cell("ticket", Cell::link(ticket.ticket(), TICKETS.id, ticket.id))
                .cell("services", services(state, ticket))
                .cell("waits", Cell::since(ticket.registration, now))
                .cell("priority", ticket.priority)
                .offer(cancel(ticket.id))
        });
        (Place(rank), row)
    });
}

/// A place in the line as a word: service priority, ticket priority, second of the registration, id.
struct Place(Rank);

fn at(from: Bound<Place>) -> Bound<Rank> {
    match from {
        Bound::Included(Place(rank)) => Bound::Included(rank),
        Bound::Excluded(Place(rank)) => Bound::Excluded(rank),
        Bound::Unbounded => Bound::Unbounded,
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self((service, ticket, registration, id)) = self;
        write!(f, "{service}_{ticket}_{}_{id}", registration.as_nanosecond())
    }
}

impl std::str::FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split('_').map(|part| part.parse::<i128>().map_err(drop));
        let mut next = || parts.next().ok_or(())?;
        let (service, ticket, registration, id) = (next()?, next()?, next()?, next()?);
        let narrow = |number: i128| i64::try_from(number).map_err(drop);
        let registration = Timestamp::from_nanosecond(registration).map_err(drop)?;
        Ok(Self((narrow(service)?, narrow(ticket)?, registration, narrow(id)?)))
    }
}

fn ticket_row(state: &State, id: i64, ticket: &Consumer) -> Row {
    let badge = match ticket.state {
        Stand::Waiting => Cell::word(Tone::Idle, "waiting", "ждёт"),
        Stand::Serving => Cell::word(Tone::Busy, "at a window", "у окна"),
        Stand::Served => Cell::word(Tone::Ok, "served", "обслужен"),
        Stand::Rejected => Cell::word(Tone::Bad, "rejected", "отказано"),
        Stand::Postpone => Cell::word(Tone::Warn, "postponed", "отложен"),
    };
    let window = state.books.workplaces.rows.get(&ticket.workplace_id);
    Row::new(id)
        .cell("ticket", ticket.ticket())
        .cell("state", badge)
        .cell("services", services(state, ticket))
        .maybe("window", window.map(|window| Cell::link(&window.name, WINDOWS.id, window.id)))
        .cell("taken", ticket.registration)
        .maybe("returns", ticket.postpone_to)
        .cell("picture", Cell::Picture(id.to_string()))
        .offer_if(matches!(ticket.state, Stand::Waiting | Stand::Postpone), || cancel(id))
}

fn cancel(ticket: i64) -> Offer {
    Offer::new("cancel_ticket", "Goes away", "Уходит").with("consumer", ticket)
}

fn boards(state: &State, rows: &mut Rows<'_>) {
    let books = &state.books;
    let q_boards = books.q_boards.rows.values().map(|row| (Component::Qboard, row.id, &row.name, row.disabled));
    let others = books.score_boards.rows.values().map(|row| (Component::Scoreboard, row.id, &row.name, row.disabled));
    let terminals =
        books.registrators.rows.values().map(|row| (Component::Registrator, row.id, &row.name, row.disabled));
    let all: Vec<_> = q_boards.chain(others).chain(terminals).collect();
    let open: std::collections::BTreeSet<_> =
        state.sessions.values().map(|session| (kind_of(session.component).0, session.who)).collect();
    rows.list(all.into_iter(), |(component, id, name, disabled)| {
        let (word, kind) = kind_of(component);
        let badge = match (open.contains(&(word, id)), disabled) {
            (true, _) => Cell::word(Tone::Ok, "logged in", "вошло"),
            (false, 0) => Cell::word(Tone::Idle, "not logged in", "не вошло"),
            (false, _) => Cell::word(Tone::Idle, "switched off", "отключено"),
        };
        Row::new(format!("{word}-{id}")).cell("name", name).cell("kind", kind).cell("state", badge)
    });
}

fn kind_of(component: Component) -> (&'static str, Cell) {
    match component {
        Component::Workplace => ("window", Cell::word(Tone::Idle, "window", "окно")),
        Component::Registrator => ("terminal", Cell::word(Tone::Idle, "terminal", "терминал")),
        Component::Qboard => ("qboard", Cell::word(Tone::Idle, "LCD board", "ЖК-табло")),
        Component::Scoreboard => ("scoreboard", Cell::word(Tone::Idle, "LED board", "светодиодное табло")),
    }
}

fn service_row(state: &State, id: i64, service: &Service) -> Row {
    let letter = state.books.ticket_ranges.rows.get(&service.ticket_range_id).map(|range| &range.prefix);
    let badge = match service.disabled {
        0 => Cell::word(Tone::Ok, "open", "открыта"),
        _ => Cell::word(Tone::Idle, "switched off", "отключена"),
    };
    let take = || {
        let offer = Offer::new("take_ticket", "Take a ticket", "Взять талон").with("services", vec![id]);
        match &service.pin_code {
            Some(pin_code) => offer.with("pin_code", pin_code.as_str()),
            None => offer,
        }
    };
    Row::new(id)
        .cell("service", &service.name)
        .maybe("letter", letter)
        .cell("state", badge)
        .offer_if(service.disabled == 0, take)
}

/// The key is the login, which is what actions name a clerk by.
fn clerk_row(state: &State, id: i64, user: &User) -> Row {
    let window = state.sessions.windows_of(id).next().or_else(|| {
        let simulated = state.people.clerks.values().find(|clerk| clerk.user == id);
        simulated.map(|clerk| clerk.workplace)
    });
    let window = window.and_then(|window| state.books.workplaces.rows.get(&window));
    Row::new(&user.login)
        .cell("name", full_name(user))
        .cell("login", &user.login)
        .maybe("window", window.map(|window| Cell::link(&window.name, WINDOWS.id, window.id)))
}

fn full_name(user: &User) -> String {
    let parts = [&user.surname, &user.name, &user.patronymic];
    let parts: Vec<&str> = parts.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { user.login.clone() } else { parts.join(" ") }
}

fn ticket_link(state: &State, id: i64) -> Option<Cell> {
    state.consumers.get(&id).map(|ticket| Cell::link(ticket.ticket(), TICKETS.id, id))
}

fn services(state: &State, ticket: &Consumer) -> String {
    names(state, ticket.services.keys().copied())
}

fn names(state: &State, ids: impl Iterator<Item = i64>) -> String {
    let name = |id: i64| state.books.services.rows.get(&id).map_or_else(|| id.to_string(), |row| row.name.clone());
    ids.map(name).collect::<Vec<_>>().join(", ")
}

/// The picture of a ticket of today, by its id.
pub(crate) fn picture(state: &State, ticket: &str) -> Option<Draw> {
    let ticket = state.consumers.get(&ticket.parse::<i64>().ok()?)?;
    let picture = Picture::of(ticket, state);
    Some(Box::new(move || picture.png()))
}

#[cfg(test)]
mod tests {
    use stend_core::{Node, Seed, Service as _};

    use super::*;
    use crate::Queue;
    use crate::state::consumers::Registration;

    fn hall() -> (State, Timestamp) {
        let yaml = r#"
operations: [{id: 1, name: a}, {id: 2, name: b}]
ticket_ranges: [{id: 1, name: r, prefix: A, last: 100000}]
services:
  - {id: 1, name: one, priority: 50, ticket_range_id: 1, operations: {"1": [1, 2]}}
  - {id: 2, name: two, priority: 25, ticket_range_id: 1, operations: {"1": [2]}}
workplaces: [{id: 1, name: w1, all_operations: 1}]
"#;
        let section = Node::parse(yaml).and_then(|node| node.read()).expect("a good section");
        let now = "2026-11-21T09:00:00Z".parse().expect("a moment");
        (Queue::seed(Some(section), Seed { seed: 1, now }).expect("a good hall"), now)
    }

    fn take(state: &mut State, services: &[i64], now: Timestamp) -> i64 {
        let wanted = Registration { services: services.to_vec(), ..Registration::default() };
        state.register(wanted, now).expect("a ticket")
    }

    fn line(state: &State, now: Timestamp, limit: usize, after: Option<&str>) -> (Vec<String>, Option<String>) {
        let mut view = view(state, now, &Look { table: Some("waiting"), limit, after });
        let table = view.tables.remove(0);
        (table.rows.into_iter().map(|row| row.key).collect(), table.next)
    }

    #[test]
    fn the_line_is_paged_in_call_order_and_each_ticket_stands_in_it_once() {
        let (mut state, now) = hall();
        let first = take(&mut state, &[1], now);
        let both = take(&mut state, &[1, 2], now);
        let urgent = take(&mut state, &[2], now);
        let all = state.line.everybody(9).iter().map(i64::to_string).collect::<Vec<_>>();
        assert_eq!(all, [both, urgent, first].map(|id| id.to_string()));
        assert_eq!(line(&state, now, 9, None), (all.clone(), None));
        let (page, next) = line(&state, now, 1, None);
        assert_eq!(page, all[..1]);
        // Who stands before the place goes away, and the place stays.
        state.drop_consumer(both);
        assert_eq!(line(&state, now, 9, next.as_deref()), (all[1..].to_vec(), None));
    }

    #[test]
    fn a_window_offers_what_fits_it() {
        let (state, now) = hall();
        let view = view(&state, now, &Look { table: Some("windows"), ..Look::default() });
        let offers: Vec<&str> = view.tables[0].rows[0].actions.iter().map(|offer| offer.name.as_str()).collect();
        assert_eq!(offers, ["clerk"]);
    }
}
