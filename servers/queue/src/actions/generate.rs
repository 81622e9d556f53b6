//! Halls that are made up: `generate` of a world file.

use std::collections::{BTreeMap, BTreeSet};

use rand::RngExt;
use rand::seq::IndexedRandom;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stend_core::{Problem, Streams};

use crate::state::books::MOST_ROWS;
use crate::state::keyed::Keyed;
use crate::state::rows::{Clerk, Operation, RoleClerk, Service, TicketRange, User, UserRole, Workplace};
use crate::world::{PRINTED_PASSWORD, Section};

/// How many of each to make up, with ids from 1001 on. Every service can be served at some window; clerks log in as
/// `clerk1`, `clerk2`… with the password `12345`, one for each window.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Generate {
    /// Services, each with an operation and a range of its own.
    pub services: u32,
    /// Windows, each with a user.
    pub windows: u32,
}

const VERBS: [&str; 10] =
    ["Приём", "Выдача", "Оплата", "Проверка", "Замена", "Оформление", "Продление", "Отмена", "Запись", "Сверка"];
const THINGS: [&str; 10] =
    ["документов", "справок", "карт", "пропусков", "заявлений", "договоров", "талонов", "счетов", "копий", "анкет"];

/// The first id of rows that are made up.
const FIRST: i64 = 1001;

/// Adds rows to the section, drawn from the stream `hall`.
///
/// # Errors
/// Too many.
pub(crate) fn make_up(generate: &Generate, section: &mut Section, random: &mut Streams) -> Result<(), Problem> {
    for (key, count) in [("services", generate.services), ("windows", generate.windows)] {
        if count as usize > MOST_ROWS / 10 {
            return Err(Problem::invalid(format!("{count} {key}; {} at the most", MOST_ROWS / 10)).under(key));
        }
    }
    let stream = random.get("hall");
    let service_ids: Vec<i64> = (0..i64::from(generate.services)).map(|n| FIRST + n).collect();
    for (n, id) in service_ids.iter().enumerate() {
        let name = format!("{} {}", VERBS.choose(stream).unwrap_or(&""), THINGS.choose(stream).unwrap_or(&""));
        let letter = char::from_u32(u32::from('А') + (n % 32) as u32).unwrap_or('А');
        let prefix = if n < 32 { letter.to_string() } else { format!("{letter}{}", n / 32) };
        let regulated_sec = stream.random_range(2..=8) * 60;
        section.operations.push(Operation {
            id: *id,
            name: name.clone(),
            regulated_sec,
            danger_sec: regulated_sec * 2,
            ..Operation::default()
        });
        let range = TicketRange { id: *id, name: prefix.clone(), prefix, ..TicketRange::default() };
        section.ticket_ranges.push(range);
        section.services.push(Service {
            id: *id,
            name,
            priority: stream.random_range(3..=7) * 10,
            ticket_range_id: *id,
            operations: Keyed(BTreeMap::from([(50, vec![*id])])),
            ..Service::default()
        });
    }
    if generate.windows == 0 {
        return Ok(());
    }
    let role = RoleClerk { id: FIRST, all_operations: 1, ..RoleClerk::default() };
    section
        .user_roles
        .push(UserRole { id: FIRST, name: "Оператор".into(), clerk: Some(role), ..UserRole::default() });
    for n in 0..i64::from(generate.windows) {
        let id = FIRST + n;
        // Every service has its window, and further ones by chance.
        let mut operations: BTreeSet<i64> = service_ids
            .iter()
            .copied()
            .filter(|service| (service - FIRST) % i64::from(generate.windows) == n)
            .collect();
        let more = stream.random_range(2..=5);
        operations.extend((0..more).filter_map(|_| service_ids.choose(stream).copied()));
        section.workplaces.push(Workplace {
            id,
            name: format!("Окно {}", n + 1),
            operations: operations.into_iter().collect(),
            ..Workplace::default()
        });
        section.users.push(User {
            id,
            login: format!("clerk{}", n + 1),
            password: PRINTED_PASSWORD.into(),
            surname: format!("Оператор {}", n + 1),
            role_id: FIRST,
            clerk: Some(Clerk { id, default_workplace: Some(id), ..Clerk::default() }),
            ..User::default()
        });
    }
    Ok(())
}
