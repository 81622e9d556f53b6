//! Regular clients that a world file only counts.

use rand::RngExt;
use rand::seq::IndexedRandom;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stend_core::{Problem, Streams};

use crate::state::books::BooksSection;
use crate::state::clients::{Client, Operation, Phone};
use crate::state::guid::Guid;

/// How many entities to make up. They are drawn from the stream `generate`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Generate {
    /// Regular clients, each with a phone, a birthday and a card; every other one has points.
    pub clients: u32,
}

/// The most clients that are made up.
const MOST: u32 = 100_000;

const WOMEN: [&str; 12] =
    ["Анна", "Мария", "Екатерина", "Ольга", "Наталья", "Ирина", "Светлана", "Дарья", "Полина", "Алина", "Вера", "Юлия"];
const MEN: [&str; 12] =
    ["Александр", "Дмитрий", "Сергей", "Андрей", "Иван", "Михаил", "Павел", "Никита", "Роман", "Олег", "Егор", "Тимур"];
/// Surnames in the form for men; the one for women ends in `а`.
const SURNAMES: [&str; 24] = [
    "Иванов",
    "Смирнов",
    "Кузнецов",
    "Попов",
    "Васильев",
    "Петров",
    "Соколов",
    "Михайлов",
    "Новиков",
    "Фёдоров",
    "Морозов",
    "Волков",
    "Алексеев",
    "Лебедев",
    "Семёнов",
    "Егоров",
    "Павлов",
    "Козлов",
    "Степанов",
    "Николаев",
    "Орлов",
    "Андреев",
    "Макаров",
    "Захаров",
];

/// Makes up regular clients.
///
/// # Errors
/// More than may be made up.
pub(super) fn clients(generate: &Generate, books: &BooksSection, random: &mut Streams) -> Result<Vec<Client>, Problem> {
    if generate.clients > MOST {
        let many = Problem::invalid(format!("{} clients; {MOST} at most", generate.clients));
        return Err(many.at(["generate".into(), "clients".into()]));
    }
    let mut made = Vec::new();
    for n in 0..generate.clients {
        let mut id = || Guid::of(random.guid_bytes("generate"));
        let (client, phone) = (id(), id());
        let draws = random.get("generate");
        let woman = draws.random_bool(0.55);
        let first = if woman { &WOMEN } else { &MEN }.choose(draws).copied().unwrap_or_default();
        let surname = SURNAMES.choose(draws).copied().unwrap_or_default();
        let surname = if woman { format!("{surname}а") } else { surname.to_owned() };
        let number = format!("+79{:09}", draws.random_range(0..1_000_000_000_u32));
        let (year, month, day) =
            (draws.random_range(1950..=2006), draws.random_range(1..=12), draws.random_range(1..=28));
        let people = [
            ("pepl_FirstName", first.to_owned()),
            ("pepl_SecondName", surname.clone()),
            ("pepl_BirthDay", format!("{year}-{month:02}-{day:02}")),
            ("pepl_PhoneCell", number.clone()),
            ("pepl_CardNumber", format!("{:08}", 780_000 + n)),
        ];
        let group = books.client_groups.choose(draws).map(|group| group.id);
        let value = Decimal::from(draws.random_range(1..=600) * 5);
        let points = books.point_types.first().filter(|_| n % 2 == 0);
        made.push(Client {
            serial: 0,
            id: client,
            name: format!("{first} {surname}"),
            group,
            person: None,
            disabled: false,
            phones: vec![Phone { id: phone, number }],
            people: people.into_iter().map(|(key, value)| (key.to_owned(), Value::from(value))).collect::<Map<_, _>>(),
            points: points
                .map(|points| Operation { kind: points.id, name: points.name.clone(), value })
                .into_iter()
                .collect(),
        });
    }
    Ok(made)
}
