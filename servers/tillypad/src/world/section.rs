//! The section `tillypad` of a world file, as it is written.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use stend_core::Span;
use stend_core::random::Drawn;

use crate::state::books::{BooksSection, Named};
use crate::state::clients::Client;
use crate::state::days::Day;
use crate::state::guid::Guid;
use crate::state::hours::Hour;
use crate::state::loyalty::{Programme, Rule};
use crate::state::menu::{MenuGroup, MenuItem, SaleProperty};
use crate::state::prechecks::Precheck;
use crate::state::settings::Settings;
use crate::state::states::{Part, StateName};
use crate::world::generate::Generate;

/// Restaurants on Tillypad.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Section {
    /// How the document is read where it allows two readings.
    pub settings: Settings,
    /// The zone of the application server's clock.
    #[schemars(extend("x-claims" = ["TP-014"], "x-because" = "Times are printed without a zone; the vendor and its printed addresses are in Saint Petersburg."))]
    pub time_zone: String,
    /// What the server fills in where a client names nothing.
    pub defaults: Defaults,
    /// The system object that notes of bills belong to (`note_tpsyso_ID`).
    pub system_object: Guid,
    /// How points are used to pay.
    pub points: Points,
    /// How often system tasks look for deliveries that they can move on.
    #[schemars(extend("x-claims" = ["TP-017"], "x-because" = "The document names the tasks, not how often they run."))]
    pub task_period: Span,
    /// When trading days change by themselves, as a restaurant's do at night: open ones are closed, the next ones opened.
    /// Left out, only clients and actions open and close them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_change: Option<Hour>,
    /// How many closed bills such a change leaves; older ones go to the archive, where no operation finds them. Left out,
    /// all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_closed: Option<u32>,
    /// States of bills.
    pub guest_states: Vec<StateName>,
    /// States of orders.
    pub order_states: Vec<StateName>,
    /// States of deliveries.
    #[schemars(extend("x-claims" = ["P5"], "x-because" = "The document prints 2 and 6 of the delivery's states, 0 and 4 of the bill's, and names three more of the delivery's."))]
    pub delivery_states: Vec<StateName>,
    /// Methods of delivery.
    pub delivery_methods: Vec<StateName>,
    /// Operations with points.
    pub point_operations: Vec<StateName>,
    /// Tables that are referred to.
    pub books: BooksSection,
    /// Divisions.
    pub divisions: Vec<DivisionSection>,
    /// Regular clients.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clients: Vec<Client>,
    /// Entities to make up beside those that are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generate: Option<Generate>,
    /// What is sold.
    pub menu: MenuSection,
    /// Loyalty programmes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub programmes: Vec<Programme>,
    /// When and for whom programmes apply.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// Trading days; a division has one open at the most.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Day>,
    /// Bills as `get-guest` shows them: nothing is filled in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub guests: Vec<Json>,
    /// Prechecks and receipts; a saved world carries them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub prechecks: Vec<Precheck>,
    /// When system tasks take which bills; a saved world carries it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub due: Vec<Due>,
    /// How far the random streams were drawn; a saved world carries it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub random: Option<Drawn>,
}

/// What the server fills in where a client names nothing.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Defaults {
    /// The division.
    pub division: Guid,
    /// The user.
    pub user: Guid,
    /// The device.
    pub device: Guid,
    /// The movement type of lines whose dish has none; left out, the first of the books.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub movement: Option<Guid>,
    /// The sale group of lines whose dish has none; left out, the first of the books.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sale_group: Option<Guid>,
}

/// How points are used to pay.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Points {
    /// Types of notes that keep the declared sum; the first is the default.
    #[schemars(extend("x-claims" = ["TP-215"], "x-because" = "The setting note-type-Id; several types are known, for the samples use two, and the first is the default."))]
    pub declared_notes: Vec<Guid>,
    /// The type of the note that keeps the applied sum.
    #[schemars(extend("x-claims" = ["TP-216"], "x-because" = "The setting applied-note-type-Id."))]
    pub applied_note: Guid,
    /// Whether only whole roubles are used, as the vendor's programme does.
    #[serde(default = "yes")]
    #[schemars(extend("x-claims" = ["TP-222"], "x-because" = "The name of the programme says so; it can be switched off for another programme."))]
    pub whole_roubles: bool,
}

fn yes() -> bool {
    true
}

/// A division: a restaurant, or the call centre.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DivisionSection {
    /// Its id.
    pub id: Guid,
    /// Its name.
    pub name: String,
    /// Whether it is the call centre: orders wait there for an operator.
    #[serde(default)]
    pub call_centre: bool,
    /// How long cooking takes where a bill does not say.
    #[serde(default = "half_an_hour")]
    pub cooking_time: Span,
    /// How long the way takes where a bill does not say.
    #[serde(default = "half_an_hour")]
    pub delivery_time: Span,
    /// Whether the task runs that takes confirmed-by-nobody orders to "waits for the start of cooking".
    #[serde(default = "yes")]
    pub accepts: bool,
    /// Whether the task runs that starts the cooking in time.
    #[serde(default = "yes")]
    pub starts: bool,
    /// How much of a bill points can pay, in per cent; left out, points are not set up here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<f64>")]
    pub max_points_percent: Option<Decimal>,
    /// Dishes that cannot be had now.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub stop_list: BTreeSet<Guid>,
}

fn half_an_hour() -> Span {
    Span::from_secs(1_800)
}

/// What is sold.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MenuSection {
    /// Sale properties.
    pub properties: Vec<SaleProperty>,
    /// Menu groups.
    pub groups: Vec<MenuGroup>,
    /// Dishes.
    pub items: Vec<MenuItem>,
}

/// When a system task takes a bill.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Due {
    /// The bill.
    pub guest: Guid,
    /// When.
    #[schemars(with = "String")]
    pub at: Timestamp,
}

fn id(text: &str) -> Guid {
    Guid::parse(text).unwrap_or(Guid::draft(0))
}

fn names(list: &[(i64, &str, Option<Part>)]) -> Vec<StateName> {
    list.iter().map(|(id, name, part)| StateName { id: *id, name: (*name).to_owned(), part: *part }).collect()
}

impl Default for Section {
    fn default() -> Self {
        let named = |guid: &str, name: &str| vec![Named { id: id(guid), name: name.to_owned() }];
        let declared = id("60D367B5-15D2-D24D-8A74-A28F40C8CB9D");
        let applied = id("0412C97B-AF11-2447-88D9-B40FA0EB996D");
        let division = id("7BF665B0-2793-4B26-946E-D03A82E7EECB");
        let note = |id, name: &str| Named { id, name: name.to_owned() };
        Self {
            settings: Settings::default(),
            time_zone: "Europe/Moscow".into(),
            defaults: Defaults {
                division,
                user: id("5D7FEB83-5686-4DCB-9F09-C64C51B0A41D"),
                device: id("F721D056-4AAF-4EF1-86F3-57A1BF588FDA"),
                movement: None,
                sale_group: None,
            },
            system_object: id("7F40833C-3722-4502-BC11-45EC786A4621"),
            points: Points { declared_notes: vec![declared], applied_note: applied, whole_roubles: true },
            task_period: Span::from_secs(10),
            day_change: None,
            keep_closed: None,
            guest_states: names(&[
                (0, "Черновик", Some(Part::Draft)),
                (1, "Заказ", None),
                (2, "Обслуживается", None),
                (3, "Подготовка", None),
                (4, "В оплате", Some(Part::Paying)),
                (5, "Закрыт", Some(Part::Closed)),
            ]),
            order_states: names(&[(0, "Черновик", Some(Part::Draft)), (1, "Зарегистрирован", Some(Part::Registered))]),
            // 0, 2 and 6 are printed; the other ids are those of a public program over a live database (P5).
            delivery_states: names(&[
                (0, "Новая", Some(Part::New)),
                (1, "Закрыта", Some(Part::Closed)),
                (2, "Ждет подтверждения исполнителя", Some(Part::WaitsForExecutor)),
                (3, "Ждет начала приготовления", Some(Part::WaitsForStart)),
                (4, "Отменена", Some(Part::Cancelled)),
                (5, "Начали готовить", Some(Part::StartOfCooking)),
                (6, "Приготовлена, не отправлена", Some(Part::Cooked)),
                (7, "Отправлена", Some(Part::Sent)),
                (8, "Отказ", Some(Part::Cancelled)),
            ]),
            delivery_methods: names(&[(1, "Доставка", Some(Part::Courier)), (2, "Самовывоз", Some(Part::Pickup))]),
            point_operations: names(&[
                (0, "Новые", Some(Part::New)),
                (1, "Подтвержденные", None),
                (2, "Списанные", None),
                (3, "Начисленные", None),
            ]),
            books: BooksSection {
                users: named("5D7FEB83-5686-4DCB-9F09-C64C51B0A41D", "Tillypad API"),
                devices: named("F721D056-4AAF-4EF1-86F3-57A1BF588FDA", "Сервер приложений"),
                movement_types: named("5224EB11-E8BE-1846-98C6-895B4B449B91", "Продажа"),
                sale_groups: named("25E3A39D-43E3-E840-8CCC-ED0DC12A4A37", "Кухня"),
                note_types: vec![
                    note(declared, "Сумма заявленной абсолютной скидки на счет"),
                    note(applied, "Сумма примененной абсолютной скидки на счет"),
                ],
                ..BooksSection::default()
            },
            divisions: vec![DivisionSection {
                id: division,
                name: "Ресторан".into(),
                call_centre: false,
                cooking_time: half_an_hour(),
                delivery_time: half_an_hour(),
                accepts: true,
                starts: true,
                max_points_percent: None,
                stop_list: BTreeSet::new(),
            }],
            clients: Vec::new(),
            generate: None,
            menu: MenuSection::default(),
            programmes: Vec::new(),
            rules: Vec::new(),
            days: Vec::new(),
            guests: Vec::new(),
            prechecks: Vec::new(),
            due: Vec::new(),
            random: None,
        }
    }
}
