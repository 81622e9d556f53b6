//! What people see of the company: machines, what lies in their spirals, last sales, modems, cash.

use stend_core::view::{Cell, Column, Head, Kind, Layout, Offer, Row, Rows, Tone};
use stend_core::{Look, Timestamp, View};

use crate::State;
use crate::state::company::Modem;
use crate::state::machine::Machine;
use crate::state::number::Quantity;
use crate::state::time::Moment;

mod planogram;
mod sales;

const MACHINES: Head = Head::new(
    "machines",
    "Machines",
    "Автоматы",
    &[
        Column::new("machine", Kind::Text, "Machine", "Автомат"),
        Column::new("state", Kind::Badge, "State", "Состояние"),
        Column::new("failures", Kind::Text, "Failures", "Неисправности"),
        Column::new("stock", Kind::Meter, "Stock", "Загрузка"),
        Column::new("sold", Kind::Money, "Sold in 24 h", "Продано за сутки"),
        Column::new("hours", Kind::Series, "Sales by hour", "Продажи по часам"),
        Column::new("last_sale", Kind::Time, "Last sale", "Последняя продажа"),
        Column::new("location", Kind::Text, "Location", "Место"),
        Column::new("model", Kind::Text, "Model", "Модель"),
    ],
)
.shown_as(Layout::Cards);

const MODEMS: Head = Head::new(
    "modems",
    "Modems",
    "Модемы",
    &[
        Column::new("imei", Kind::Text, "IMEI", "IMEI"),
        Column::new("machine", Kind::Link, "Machine", "Автомат"),
        Column::new("state", Kind::Badge, "Connection", "Связь"),
        Column::new("heard", Kind::Time, "Heard of", "На связи"),
        Column::new("phone", Kind::Text, "Phone", "Телефон"),
        Column::new("firmware", Kind::Text, "Firmware", "Прошивка"),
        Column::new("waits", Kind::Number, "Not sent", "Не передано"),
    ],
);

const CASH: Head = Head::new(
    "cash",
    "Cash",
    "Наличные",
    &[
        Column::new("machine", Kind::Link, "Machine", "Автомат"),
        Column::new("coins", Kind::Money, "Coins", "Монеты"),
        Column::new("banknotes", Kind::Money, "Notes", "Купюры"),
        Column::new("change", Kind::Money, "Change", "Сдача"),
        Column::new("credit", Kind::Money, "Credit", "Внесено"),
        Column::new("collected", Kind::Time, "Collected", "Инкассация"),
    ],
);

const CODES: Head = Head::new(
    "error_codes",
    "Error codes",
    "Коды ошибок",
    &[
        Column::new("code", Kind::Text, "Code", "Код"),
        Column::new("name", Kind::Text, "Name", "Название"),
        Column::new("severity", Kind::Number, "Severity", "Важность"),
    ],
);

/// What people see of the state.
pub(crate) fn view(state: &State, now: Timestamp, look: &Look<'_>) -> View {
    let now = Moment::from(now);
    View::new()
        .table(look, MACHINES, |rows| {
            rows.offer(Offer::new("seed_sales", "Many sales", "Много продаж").with("over", "1d").asking(&["count"]));
            rows.ascending(&state.machines, |_, machine| machine_row(state, machine, now));
        })
        .table(look, planogram::PLANOGRAM, |rows| planogram::fill(state, rows))
        .table(look, sales::SALES, |rows| sales::fill(state, rows))
        .table(look, MODEMS, |rows| modems(state, rows))
        .table(look, CASH, |rows| {
            rows.ascending(&state.machines, |_, machine| cash_row(machine));
        })
        .table(look, CODES, |rows| {
            rows.list(state.error_codes.iter(), |known| {
                Row::new(&known.code)
                    .cell("code", &known.code)
                    .cell("name", &known.name)
                    .cell("severity", known.severity)
            });
        })
}

fn machine_row(state: &State, machine: &Machine, now: Moment) -> Row {
    let id = machine.id;
    let modem = machine.modem_id.and_then(|id| state.modems.get(&id));
    let badge = match modem {
        None => Cell::word(Tone::Idle, "no modem", "нет модема"),
        Some(_) if !machine.failures.is_empty() => Cell::word(Tone::Bad, "broken", "неисправен"),
        Some(modem) if modem.offline => Cell::word(Tone::Warn, "no connection", "нет связи"),
        Some(_) => Cell::word(Tone::Ok, "works", "работает"),
    };
    let failures: Vec<&str> = machine.failures.iter().map(|failure| failure.code.as_str()).collect();
    let row = Row::new(id)
        .cell("machine", &machine.name)
        .cell("state", badge)
        .maybe("failures", (!failures.is_empty()).then(|| failures.join(", ")))
        .maybe("stock", planogram::stock(state, machine))
        .cell("sold", Cell::Money(sales::sold_since(machine, now.after(-24 * 3600), now)))
        .cell("hours", sales::by_hour(machine, now))
        .maybe("last_sale", machine.last.sale.map(Moment::timestamp))
        .maybe("location", machine.location_id.and_then(|id| state.locations.get(&id)).map(|place| &place.name))
        .maybe("model", machine.mm_id.and_then(|id| state.models.get(&id)).map(|model| &model.name));
    let here = |action, en, ru| Offer::new(action, en, ru).with("machine", id);
    let Some(modem) = modem else { return row };
    let first = planogram::of(state, machine).and_then(|planogram| planogram.layout.first());
    let row = match first {
        Some(place) => row
            .offer(here("sell", "Sell", "Продать").with("layout", place.number.as_str()).with("payment", "cashless"))
            .offer(here("load", "Load up", "Загрузить")),
        None => row.offer(here("sell", "Sell", "Продать").with("payment", "cashless").asking(&["price"])),
    };
    let row = row.offer(here("fail", "Break it", "Сломать").asking(&["code"]));
    let row = row.offer_if(!machine.failures.is_empty(), || here("recover", "Repair", "Починить"));
    connection(row, id, modem)
}

/// What a modem can be made to do.
fn connection(row: Row, machine: i64, modem: &Modem) -> Row {
    let here = |action, en, ru| Offer::new(action, en, ru).with("machine", machine);
    if modem.offline {
        return row.offer(here("modem_online", "Modem online", "Модем на связи"));
    }
    row.offer(here("modem_offline", "Modem offline", "Модем без связи")).offer(here("ping", "Ping", "Пинг"))
}

fn modems(state: &State, rows: &mut Rows<'_>) {
    let in_machines: std::collections::BTreeMap<i64, &Machine> =
        state.machines.values().filter_map(|machine| Some((machine.modem_id?, machine))).collect();
    rows.ascending(&state.modems, |id, modem| {
        let machine = in_machines.get(id);
        let badge = match modem.offline {
            true => Cell::word(Tone::Warn, "offline", "нет связи"),
            false => Cell::word(Tone::Ok, "online", "на связи"),
        };
        let row = Row::new(id)
            .cell("imei", &modem.imei)
            .maybe("machine", machine.map(|machine| link(machine)))
            .cell("state", badge)
            .maybe("heard", modem.heard.map(Moment::timestamp))
            .maybe("phone", modem.phone.as_ref())
            .maybe("firmware", modem.firmware.as_ref())
            .maybe("waits", machine.and_then(|machine| i64::try_from(machine.waiting.len()).ok()));
        match machine {
            Some(machine) => connection(row, machine.id, modem),
            None => row,
        }
    });
}

fn cash_row(machine: &Machine) -> Row {
    let row = Row::new(machine.id).cell("machine", link(machine));
    let row = match &machine.money {
        Some(cash) => row
            .cell("coins", Cell::Money(cash.coins.0))
            .cell("banknotes", Cell::Money(cash.banknotes.0))
            .cell("change", Cell::Money(cash.change.0))
            .cell("credit", Cell::Money(cash.credit.0)),
        None => row,
    };
    let here = |action, en, ru| Offer::new(action, en, ru).with("machine", machine.id);
    row.maybe("collected", machine.last.collection.map(Moment::timestamp))
        .offer_if(machine.modem_id.is_some(), || here("insert_coin", "Put in 10 ₽", "Монета 10 ₽").with("value", 10))
        .offer_if(machine.modem_id.is_some(), || here("insert_note", "Put in 100 ₽", "Купюра 100 ₽").with("value", 100))
        .offer_if(machine.modem_id.is_some(), || here("load", "Load change", "Загрузить сдачу").asking(&["change"]))
        .offer_if(machine.modem_id.is_some(), || here("collect", "Collect", "Инкассировать"))
}

/// A link to a machine.
fn link(machine: &Machine) -> Cell {
    Cell::link(&machine.name, MACHINES.id, machine.id)
}

/// How full something is; nothing where nothing fits in.
fn meter(there: Quantity, room: Quantity) -> Option<Cell> {
    (room.0 > 0).then(|| Cell::meter(there.to_f64(), room.to_f64()))
}
