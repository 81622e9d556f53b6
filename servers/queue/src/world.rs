//! The section `queue` of a world file: into the state, and back.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stend_core::random::Drawn;
use stend_core::{Index, Problem, Seed, Span, Streams, Table, near};

use crate::actions::generate::{Generate, make_up};
use crate::state::books::{Book, Books, Shelf};
use crate::state::keyed::Keyed;
use crate::state::line::Line;
use crate::state::open_sessions::Sessions;
use crate::state::people::{People, Planned, SimulatedClerk};
use crate::state::rows::{
    Administrator, Clerk, ConsumerPreRegistered, Operation, QBoard, Registrator, RoleClerk, Row, ScoreBoard, Service,
    ServiceGroup, TicketRange, User, UserRole, Workplace,
};
use crate::state::sessions::Session;
use crate::state::tickets::{Consumer, Stand};
use crate::state::{MOST_CONSUMERS, Settings, State, Totals};

/// The MD5 that the document prints: `12345`.
pub(crate) const PRINTED_PASSWORD: &str = "827ccb0eea8a706c4c34a16891f84e7b";

/// A hall with an electronic queue.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Section {
    /// What can be set of it.
    pub settings: Settings,
    /// What clerks do.
    pub operations: Vec<Operation>,
    /// What consumers come for.
    pub services: Vec<Service>,
    /// Prefixes and numbers of tickets.
    pub ticket_ranges: Vec<TicketRange>,
    /// Windows.
    pub workplaces: Vec<Workplace>,
    /// Roles.
    pub user_roles: Vec<UserRole>,
    /// Users.
    pub users: Vec<User>,
    /// LCD boards.
    pub q_boards: Vec<QBoard>,
    /// LED boards.
    pub score_boards: Vec<ScoreBoard>,
    /// Registration terminals.
    pub registrators: Vec<Registrator>,
    /// Groups of services.
    pub service_groups: Vec<ServiceGroup>,
    /// Today's tickets.
    pub consumers: Vec<Consumer>,
    /// Appointments.
    pub consumers_pre_registered: Vec<ConsumerPreRegistered>,
    /// Rows to make up beside those that are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generate: Option<Generate>,
    /// The ids of the next new rows, by the names of these lists; left out, one more than the highest.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("propertyNames" = { "enum": LISTS.map(|(name, _)| name) }))]
    pub next: BTreeMap<String, i64>,
    /// The last number given out today, by range; a saved world carries it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub numbers: Vec<Number>,
    /// When the day of these numbers began; a saved world carries it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub today: Option<Timestamp>,
    /// Tickets of earlier days, for the statistics; a saved world carries them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub archive: Vec<Consumer>,
    /// Open sessions; a saved world carries them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sessions: Vec<Session>,
    /// Tokens of the latest sessions that have ended unused; a saved world carries them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub expired: Vec<Arc<str>>,
    /// Simulated clerks; a saved world carries them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clerks: Vec<SimulatedClerk>,
    /// What simulated people are going to do; a saved world carries it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub planned: Vec<Planned>,
    /// What has happened so far.
    pub totals: Totals,
    /// How far the random streams were drawn; a saved world carries it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub random: Option<Drawn>,
}

/// The last number of a range.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Number {
    /// The range.
    pub ticket_range: i64,
    /// The number.
    pub last: i64,
}

/// The names under which `next` knows the books.
const LISTS: [(&str, Book); 12] = [
    ("operations", Book::Operation),
    ("services", Book::Service),
    ("ticket_ranges", Book::TicketRange),
    ("workplaces", Book::Workplace),
    ("user_roles", Book::UserRole),
    ("users", Book::User),
    ("q_boards", Book::QBoard),
    ("score_boards", Book::ScoreBoard),
    ("registrators", Book::Registrator),
    ("consumers", Book::Consumer),
    ("consumers_pre_registered", Book::ConsumerPreRegistered),
    ("service_groups", Book::ServiceGroup),
];

impl Section {
    /// The smallest hall that works: a service, a window, a user and a terminal.
    pub(crate) fn smallest() -> Self {
        let clerk = RoleClerk { id: 1, all_operations: 1, ..RoleClerk::default() };
        Self {
            operations: vec![Operation { id: 1, name: "Обслуживание".into(), ..Operation::default() }],
            ticket_ranges: vec![TicketRange {
                id: 1, name: "А".into(), prefix: "А".into(), ..TicketRange::default()
            }],
            services: vec![Service {
                id: 1,
                name: "Обслуживание".into(),
                ticket_range_id: 1,
                operations: Keyed(BTreeMap::from([(1, vec![1])])),
                ..Service::default()
            }],
            workplaces: vec![Workplace {
                id: 1, name: "Окно 1".into(), operations: vec![1], ..Workplace::default()
            }],
            user_roles: vec![UserRole {
                id: 1,
                name: "Администратор".into(),
                administrator: Some(Administrator { id: 1 }),
                clerk: Some(clerk),
                ..UserRole::default()
            }],
            users: vec![User {
                id: 1,
                login: "admin".into(),
                password: PRINTED_PASSWORD.into(),
                role_id: 1,
                clerk: Some(Clerk { id: 1, default_workplace: Some(1), ..Clerk::default() }),
                ..User::default()
            }],
            registrators: vec![Registrator { id: 1, name: "terminal".into(), ..Registrator::default() }],
            ..Self::default()
        }
    }
}

/// Builds the state.
///
/// # Errors
/// Ids given twice, references to what is not there, tickets that contradict the windows.
pub(crate) fn seed(mut section: Section, seed: Seed) -> Result<State, Problem> {
    let mut random = match &section.random {
        Some(drawn) => Streams::restore(drawn, seed.seed, "queue"),
        None => Streams::new(seed.seed, "queue"),
    };
    let settings = std::mem::take(&mut section.settings);
    check_settings(&settings).map_err(|problem| problem.under("settings"))?;
    if let Some(generate) = section.generate.take() {
        make_up(&generate, &mut section, &mut random).map_err(|problem| problem.under("generate"))?;
    }
    for name in section.next.keys() {
        if !LISTS.iter().any(|(known, _)| known == name) {
            let known = LISTS.iter().map(|(known, _)| *known);
            return Err(Problem::unknown("unknown_key", "book", name, known).under(name.clone()).under("next"));
        }
    }
    let next = |list: &str| section.next.get(list).copied();
    let now = seed.now;
    fn shelf<T: Row>(list: &'static str, rows: Vec<T>, next: Option<i64>, now: Timestamp) -> Result<Shelf<T>, Problem> {
        Shelf::seed(rows, next, now).map_err(|problem| problem.under(list))
    }
    let books = Books {
        operations: shelf("operations", section.operations, next("operations"), now)?,
        services: shelf("services", section.services, next("services"), now)?,
        ticket_ranges: shelf("ticket_ranges", section.ticket_ranges, next("ticket_ranges"), now)?,
        workplaces: shelf("workplaces", section.workplaces, next("workplaces"), now)?,
        user_roles: shelf("user_roles", section.user_roles, next("user_roles"), now)?,
        users: shelf("users", section.users, next("users"), now)?,
        q_boards: shelf("q_boards", section.q_boards, next("q_boards"), now)?,
        score_boards: shelf("score_boards", section.score_boards, next("score_boards"), now)?,
        registrators: shelf("registrators", section.registrators, next("registrators"), now)?,
        pre_registered: shelf(
            "consumers_pre_registered",
            section.consumers_pre_registered,
            next("consumers_pre_registered"),
            now,
        )?,
        service_groups: shelf("service_groups", section.service_groups, next("service_groups"), now)?,
    };
    check_references(&books)?;
    let archive = by_id("archive", section.archive)?;
    let consumers = by_id("consumers", section.consumers)?;
    let highest = [consumers.last(), archive.last()].into_iter().flatten().map(|(id, _)| *id).max();
    let highest = highest.unwrap_or(0);
    let next_consumer = section.next.get("consumers").copied().unwrap_or(highest + 1).max(highest + 1);
    let numbers = section.numbers.iter().map(|number| (number.ticket_range, number.last)).collect();
    let sessions = Sessions::restore(section.sessions, section.expired, settings.session_timeout);
    let mut state = State {
        books,
        consumers,
        next_consumer,
        archive,
        line: Line::default(),
        postponed: Index::new(),
        numbers,
        today: now,
        tomorrow: now,
        sessions,
        people: People::restore(section.clerks, section.planned),
        settings: settings.into(),
        totals: section.totals,
        random,
    };
    state.set_today(section.today.unwrap_or(now));
    place(&mut state, section.today.is_none())?;
    Ok(state)
}

fn check_settings(settings: &Settings) -> Result<(), Problem> {
    if TimeZone::get(&settings.time_zone).is_err() {
        let text = format!("`{}` is no time zone", settings.time_zone);
        let zones: Vec<String> = jiff::tz::db().available().map(|zone| zone.to_string()).collect();
        let hint = match near::nearest(&settings.time_zone, zones.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "an IANA name such as `Europe/Moscow`".to_owned(),
        };
        return Err(Problem::invalid(text).hint(hint).under("time_zone"));
    }
    if settings.ping < Span::from_millis(10) {
        return Err(Problem::invalid(format!("a ping every {}; 10 ms at least", settings.ping)).under("ping"));
    }
    if settings.session_timeout.is_zero() {
        return Err(Problem::invalid("sessions of no time at all").under("session_timeout"));
    }
    if settings.session_timeout < Span::from_secs(1) {
        let text = format!("sessions of {}; 1 s at least", settings.session_timeout);
        return Err(Problem::invalid(text).under("session_timeout"));
    }
    if let Some(i) = settings.postpone_delays.iter().position(|minutes| !(1..=1440).contains(minutes)) {
        let text = format!("{} minutes; from 1 to 1440", settings.postpone_delays[i]);
        return Err(Problem::invalid(text).under(i).under("postpone_delays"));
    }
    Ok(())
}

/// A hint that lists the ids that there are, if there are any.
pub(crate) fn known_ids(ids: impl Iterator<Item = i64>) -> Option<String> {
    let known: Vec<String> = ids.take(12).map(|id| id.to_string()).collect();
    (!known.is_empty()).then(|| format!("known: {}", known.join(", ")))
}

fn check_references(books: &Books) -> Result<(), Problem> {
    for (list, book) in LISTS {
        let Some(shelf) = books.shelf(book) else { continue };
        for (i, id) in shelf.ids().into_iter().enumerate() {
            for (to, other, field) in shelf.refers(id) {
                let Some(target) = books.shelf(to) else { continue };
                if target.row(other).is_none() {
                    let mut problem = Problem::not_found(format!("there is no {} {other}", to.title()));
                    problem.hint = known_ids(target.ids().into_iter());
                    return Err(problem.at([list.into(), i.into(), field.into()]));
                }
            }
        }
    }
    Ok(())
}

fn by_id(list: &'static str, consumers: Vec<Consumer>) -> Result<Table<i64, Consumer>, Problem> {
    if consumers.len() > MOST_CONSUMERS {
        return Err(Problem::invalid(format!("{} tickets; {MOST_CONSUMERS} at the most", consumers.len())).under(list));
    }
    let mut map = Table::new();
    for (i, consumer) in consumers.into_iter().enumerate() {
        let id = consumer.id;
        if id < 1 {
            return Err(Problem::invalid(format!("{id} is no id; from 1")).at([list.into(), i.into(), "id".into()]));
        }
        if map.insert(id, consumer).is_some() {
            let text = format!("the id {id} is given twice");
            return Err(Problem::conflict(text).at([list.into(), i.into(), "id".into()]));
        }
    }
    Ok(map)
}

/// Puts tickets where they belong: at windows, into the line, among the postponed. A saved world knows its numbers; in
/// one that a person wrote they follow from the tickets.
fn place(state: &mut State, count: bool) -> Result<(), Problem> {
    let at = |i: usize, field: &'static str, problem: Problem| problem.at(["consumers".into(), i.into(), field.into()]);
    state.books.workplaces.rows.change(|window| window.consumer_id != -1, |window| window.consumer_id = -1);
    for (i, consumer) in state.consumers.values().enumerate() {
        match consumer.state {
            Stand::Serving => {
                let window = state.books.workplaces.rows.get_mut(&consumer.workplace_id);
                let Some(window) = window else {
                    let text = format!("there is no workplace {}", consumer.workplace_id);
                    return Err(at(i, "workplace_id", Problem::not_found(text)));
                };
                if window.consumer_id >= 0 {
                    let text = format!("workplace {} serves consumer {} already", window.id, window.consumer_id);
                    return Err(at(i, "workplace_id", Problem::conflict(text)));
                }
                window.consumer_id = consumer.id;
            }
            Stand::Postpone => {
                let Some(to) = consumer.postpone_to else {
                    return Err(at(i, "state", Problem::invalid("a postponed ticket needs `postpone_to`")));
                };
                state.postponed.insert((to, consumer.id));
            }
            Stand::Waiting | Stand::Served | Stand::Rejected => {}
        }
    }
    if count {
        state.count_numbers();
    }
    state.line_up();
    Ok(())
}

/// The section that makes this state.
pub(crate) fn save(state: &State) -> Section {
    fn rows<T: Row>(shelf: &Shelf<T>) -> Vec<T> {
        shelf.rows.values().cloned().collect()
    }
    let books = &state.books;
    let next = [
        ("operations", books.operations.next),
        ("services", books.services.next),
        ("ticket_ranges", books.ticket_ranges.next),
        ("workplaces", books.workplaces.next),
        ("user_roles", books.user_roles.next),
        ("users", books.users.next),
        ("q_boards", books.q_boards.next),
        ("score_boards", books.score_boards.next),
        ("registrators", books.registrators.next),
        ("consumers", state.next_consumer),
        ("consumers_pre_registered", books.pre_registered.next),
        ("service_groups", books.service_groups.next),
    ];
    Section {
        settings: Settings::clone(&state.settings),
        operations: rows(&books.operations),
        services: rows(&books.services),
        ticket_ranges: rows(&books.ticket_ranges),
        workplaces: rows(&books.workplaces),
        user_roles: rows(&books.user_roles),
        users: rows(&books.users),
        q_boards: rows(&books.q_boards),
        score_boards: rows(&books.score_boards),
        registrators: rows(&books.registrators),
        service_groups: rows(&books.service_groups),
        consumers: state.consumers.values().cloned().collect(),
        consumers_pre_registered: rows(&books.pre_registered),
        generate: None,
        next: next.into_iter().map(|(list, id)| (list.to_owned(), id)).collect(),
        numbers: state.numbers.iter().map(|(range, last)| Number { ticket_range: *range, last: *last }).collect(),
        today: Some(state.today),
        archive: state.archive.values().cloned().collect(),
        sessions: state.sessions.values().cloned().collect(),
        expired: state.sessions.expired(),
        clerks: state.people.clerks.values().cloned().collect(),
        planned: state.people.planned(),
        totals: state.totals.clone(),
        random: Some(state.random.save()),
    }
}
