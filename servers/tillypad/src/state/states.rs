//! The lists of states that a world has, and the parts that their rows play: rules ask for parts and never for ids, so
//! that any installation's tables can be played (P5).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stend_core::Problem;

/// A list of states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum States {
    Guest,
    Order,
    Delivery,
    Method,
    PointOperation,
}

/// All lists, with the parts that rows of each can play. A list without a row for one of the first parts, up to the
/// number that is given, is refused: the server puts rows into those states by itself.
const PARTS: [(States, usize, &[Part]); 5] = [
    (States::Guest, 3, &[Part::Draft, Part::Paying, Part::Closed]),
    (States::Order, 2, &[Part::Draft, Part::Registered]),
    (
        States::Delivery,
        1,
        &[
            Part::New,
            Part::WaitsForExecutor,
            Part::WaitsForStart,
            Part::StartOfCooking,
            Part::Cooked,
            Part::Sent,
            Part::Closed,
            Part::Cancelled,
        ],
    ),
    (States::Method, 1, &[Part::Courier, Part::Pickup]),
    (States::PointOperation, 1, &[Part::New]),
];

/// The part that a state plays in the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// A bill or an order that is being put together.
    Draft,
    /// A bill with a precheck, «В оплате».
    Paying,
    /// A bill that is paid or a delivery that is handed over: nothing more is done with it.
    Closed,
    /// An order that is tied to a trading day.
    Registered,
    /// A delivery or an operation with points that has just come.
    New,
    /// A delivery that waits for the executor to confirm.
    WaitsForExecutor,
    /// A delivery that waits for the time at which cooking has to begin.
    WaitsForStart,
    /// A delivery whose cooking has begun.
    StartOfCooking,
    /// A delivery that is cooked and not sent.
    Cooked,
    /// A delivery that is on its way.
    Sent,
    /// A delivery that is called off.
    Cancelled,
    /// A courier brings it.
    Courier,
    /// The guest comes for it.
    Pickup,
}

impl Part {
    /// Its name in a world file.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Paying => "paying",
            Self::Closed => "closed",
            Self::Registered => "registered",
            Self::New => "new",
            Self::WaitsForExecutor => "waits_for_executor",
            Self::WaitsForStart => "waits_for_start",
            Self::StartOfCooking => "start_of_cooking",
            Self::Cooked => "cooked",
            Self::Sent => "sent",
            Self::Cancelled => "cancelled",
            Self::Courier => "courier",
            Self::Pickup => "pickup",
        }
    }
}

/// A state: its id, its name and the part that it plays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StateName {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// The part that it plays in the rules; left out, that of the row of this name in the default list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
}

impl States {
    /// The key of the list in a world file.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Guest => "guest_states",
            Self::Order => "order_states",
            Self::Delivery => "delivery_states",
            Self::Method => "delivery_methods",
            Self::PointOperation => "point_operations",
        }
    }

    /// Its table in the vendor's database.
    pub(crate) fn table(self) -> &'static str {
        match self {
            Self::Guest => "tp_GuestStates",
            Self::Order => "tp_OrderStates",
            Self::Delivery => "tp_DeliveryStates",
            Self::Method => "tp_DeliveryMethods",
            Self::PointOperation => "tp_GuestDiscountPointOperationTypes",
        }
    }

    /// The parts that its rows can play, and how many of them, from the first, some row has to play.
    fn parts(self) -> (&'static [Part], usize) {
        let found = PARTS.iter().find(|(states, ..)| *states == self);
        found.map_or((&[], 0), |(_, needed, parts)| (*parts, *needed))
    }
}

/// The lists of a world.
#[derive(Debug, Clone, Default)]
pub(crate) struct StateLists(BTreeMap<States, BTreeMap<i64, StateName>>);

impl StateLists {
    /// Takes a list of a world file; `default` is the list that a world has which gives none.
    ///
    /// # Errors
    /// An id below 0 or given twice, a part that does not belong to the list, or a part that no row plays.
    pub(crate) fn read(&mut self, states: States, rows: Vec<StateName>, default: &[StateName]) -> Result<(), Problem> {
        let key = states.key();
        let (parts, needed) = states.parts();
        let names = || parts.iter().map(|part| part.name());
        let mut list = BTreeMap::new();
        for (i, mut row) in rows.into_iter().enumerate() {
            let place = |problem: Problem, field: &'static str| problem.at([key.into(), i.into(), field.into()]);
            if row.part.is_none() {
                row.part = default.iter().find(|known| known.name == row.name).and_then(|known| known.part);
            }
            if let Some(part) = row.part.filter(|part| !parts.contains(part)) {
                let wrong = Problem::invalid(format!("`{}` is not a part of {key}", part.name()));
                let hint = format!("known: {}", names().collect::<Vec<_>>().join(", "));
                return Err(place(wrong.hint(hint), "part"));
            }
            let id = row.id;
            if id < 0 || list.insert(id, row).is_some() {
                return Err(place(Problem::conflict(format!("the id {id} is below 0 or given twice")), "id"));
            }
        }
        let plays = |part: &&Part| list.values().any(|row: &StateName| row.part == Some(**part));
        if let Some(part) = parts.iter().take(needed).find(|part| !plays(part)) {
            let text = format!("no state plays the part `{}`; the server puts rows into it by itself", part.name());
            return Err(Problem::invalid(text).hint(format!("give one row `part: {}`", part.name())).under(key));
        }
        self.0.insert(states, list);
        Ok(())
    }

    /// The rows of a list, by their ids.
    pub(crate) fn rows(&self, states: States) -> impl Iterator<Item = &StateName> {
        self.0.get(&states).into_iter().flat_map(BTreeMap::values)
    }

    /// A row.
    pub(crate) fn get(&self, states: States, id: i64) -> Option<&StateName> {
        self.0.get(&states)?.get(&id)
    }

    /// The part that a state plays.
    pub(crate) fn part(&self, states: States, id: Option<i64>) -> Option<Part> {
        self.get(states, id?)?.part
    }

    /// The state that the server puts a row into: of several with the part the one with the lowest id.
    pub(crate) fn id(&self, states: States, part: Part) -> Option<i64> {
        self.ids(states, part).next()
    }

    /// All states that play a part.
    pub(crate) fn ids(&self, states: States, part: Part) -> impl Iterator<Item = i64> {
        self.rows(states).filter(move |row| row.part == Some(part)).map(|row| row.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: i64, name: &str, part: Option<Part>) -> StateName {
        StateName { id, name: name.into(), part }
    }

    #[test]
    fn a_row_without_a_part_plays_the_part_of_its_name() {
        let default = [row(0, "Черновик", Some(Part::Draft)), row(1, "Зарегистрирован", Some(Part::Registered))];
        let rows = vec![row(7, "Зарегистрирован", None), row(5, "Новый", Some(Part::Draft)), row(9, "Прочее", None)];
        let mut lists = StateLists::default();
        lists.read(States::Order, rows, &default).expect("both parts are there");
        assert_eq!(lists.id(States::Order, Part::Registered), Some(7));
        assert_eq!(lists.part(States::Order, Some(5)), Some(Part::Draft));
        assert_eq!(lists.part(States::Order, Some(9)), None);
    }

    #[test]
    fn a_list_without_a_part_and_a_part_of_another_list_are_refused() {
        let mut lists = StateLists::default();
        let missing = lists.read(States::Order, vec![row(0, "A", Some(Part::Draft))], &[]).expect_err("no part");
        assert!(missing.message.contains("`registered`"), "{}", missing.message);
        let strange = lists.read(States::Order, vec![row(0, "A", Some(Part::Sent))], &[]).expect_err("no such part");
        assert!(strange.message.contains("`sent`"), "{}", strange.message);
    }
}
