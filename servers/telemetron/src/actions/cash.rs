//! What customers and operators put in and take out.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stend_core::service::Act;
use stend_core::{Problem, Timestamp};

use crate::Telemetron;
use crate::state::State;
use crate::state::loading::Line;
use crate::state::machine::Cash;
use crate::state::number::{Quantity, Roubles};

/// The cash in a machine.
#[derive(Debug, Serialize)]
pub(super) struct Holding {
    credit: Roubles,
    change: Roubles,
    coins: Roubles,
    banknotes: Roubles,
}

impl From<Cash> for Holding {
    fn from(cash: Cash) -> Self {
        let Cash { credit, change, coins, banknotes, .. } = cash;
        Self { credit, change, coins, banknotes }
    }
}

/// Arguments of `telemetron.insert_coin`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InsertCoin {
    /// The machine.
    #[schemars(extend("x-pick" = "telemetron.machines"))]
    machine: i64,
    /// The coin, in roubles.
    value: Roubles,
}

impl Act<Telemetron> for InsertCoin {
    const NAME: &'static str = "insert_coin";
    const SUMMARY: &'static str = "A customer puts in a coin, which the next cash sale uses.";
    type Output = Holding;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Holding, Problem> {
        state.insert_coin(self.machine, self.value, now).map(Holding::from)
    }
}

/// Arguments of `telemetron.insert_note`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InsertNote {
    /// The machine.
    #[schemars(extend("x-pick" = "telemetron.machines"))]
    machine: i64,
    /// The note, in roubles.
    value: Roubles,
}

impl Act<Telemetron> for InsertNote {
    const NAME: &'static str = "insert_note";
    const SUMMARY: &'static str = "A customer puts in a note, which the next cash sale uses.";
    type Output = Holding;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Holding, Problem> {
        state.insert_note(self.machine, self.value, now).map(Holding::from)
    }
}

/// Arguments of `telemetron.collect`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Collect {
    /// The machine.
    #[schemars(extend("x-pick" = "telemetron.machines"))]
    machine: i64,
}

/// What was collected.
#[derive(Debug, Serialize)]
pub(super) struct Collected {
    coins: Roubles,
    banknotes: Roubles,
    change: Roubles,
    hands_add: Roubles,
}

impl Act<Telemetron> for Collect {
    const NAME: &'static str = "collect";
    const SUMMARY: &'static str = "An operator empties coin box and stacker; the tubes stay as they are.";
    type Output = Collected;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Collected, Problem> {
        let one = state.collect(self.machine, now.into())?;
        let collected = Collected {
            coins: one.summary_coins,
            banknotes: one.summary_banknotes,
            change: one.change,
            hands_add: one.hands_add,
        };
        Ok(collected)
    }
}

/// One component of a loading.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Added {
    /// The component.
    component_id: i64,
    /// The spiral, for a product.
    layout_number: Option<String>,
    /// How much is put in, or taken out when negative.
    add: Quantity,
}

/// Arguments of `telemetron.load`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Load {
    /// The machine.
    #[schemars(extend("x-pick" = "telemetron.machines"))]
    machine: i64,
    /// What is loaded; left out, everything up to the planogram's capacity.
    data: Option<Vec<Added>>,
    /// Change put into the tubes, in roubles; alone, only that is loaded.
    change: Option<Roubles>,
}

/// The loading.
#[derive(Debug, Serialize)]
pub(super) struct Loaded {
    /// How many slots have changed.
    slots: usize,
}

impl Act<Telemetron> for Load {
    const NAME: &'static str = "load";
    const SUMMARY: &'static str = "An operator loads goods, ingredients or change.";
    type Output = Loaded;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Loaded, Problem> {
        let lines = match (self.data, self.change) {
            (Some(data), _) => data
                .into_iter()
                .map(|one| Line { component: one.component_id, layout: one.layout_number, amount: one.add })
                .collect(),
            (None, Some(_)) => Vec::new(),
            (None, None) => state.missing_from(self.machine)?,
        };
        let slots = lines.len();
        state.check_lines(self.machine, &lines)?;
        if let Some(change) = self.change {
            state.fill_change(self.machine, change, now.into())?;
        }
        state.stock(self.machine, lines, now.into())?;
        Ok(Loaded { slots })
    }
}
