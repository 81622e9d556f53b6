//! Cash in machines, and its collection.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stend_core::{Problem, Timestamp};

use crate::state::State;
use crate::state::counters::Counter;
use crate::state::link::Message;
use crate::state::machine::{Cash, Event, Machine};
use crate::state::number::Roubles;
use crate::state::sale::Tally;
use crate::state::time::Moment;
use crate::state::timeline::Timed;

/// A collection of a machine's cash, in roubles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Collection {
    /// When.
    pub time: Moment,
    /// From which machine.
    pub vm_id: i64,
    /// Change loaded by hand since the collection before.
    pub hands_add: Roubles,
    /// Change in the tubes.
    pub change: Roubles,
    /// Coins collected.
    pub summary_coins: Roubles,
    /// Notes collected.
    pub summary_banknotes: Roubles,
}

impl Cash {
    /// A coin falls into a tube while there is room, then into the box. Returns how much fell into the tubes.
    fn take_coin(&mut self, value: Roubles, tubes: Roubles) -> Roubles {
        let room = (self.tubes.unwrap_or(tubes).0 - self.change.0).max(0);
        let kept = value.0.min(room);
        self.change.0 += kept;
        self.coins.0 = self.coins.0.saturating_add(value.0 - kept);
        Roubles::from_kopecks(kept)
    }

    /// Pays out what was put in and not spent, as far as there is change; says how much.
    pub(crate) fn give_change(&mut self) -> Roubles {
        let paid = self.credit.0.min(self.change.0);
        self.change.0 -= paid;
        self.credit.0 -= paid;
        Roubles::from_kopecks(paid)
    }

    /// What a collection would bring.
    pub(crate) fn revenue(&self) -> Roubles {
        Roubles::from_kopecks(self.coins.0.saturating_add(self.banknotes.0))
    }
}

/// The most that a hand puts in at once.
const MOST: Roubles = Roubles::whole(999_999);

pub(crate) fn positive(value: Roubles, key: &str) -> Result<(), Problem> {
    if value.0 <= 0 || value > MOST {
        return Err(
            Problem::invalid(format!("{value} roubles; more than 0 and at most {MOST} are possible")).under(key)
        );
    }
    Ok(())
}

impl Machine {
    /// Coins are put in, and are a credit for the next sale.
    pub(crate) fn put_in_coins(&mut self, value: Roubles, tubes: Roubles, at: Moment) {
        let cash = self.money.get_or_insert_default();
        cash.credit.0 = cash.credit.0.saturating_add(value.0);
        let kept = cash.take_coin(value, tubes);
        self.counters.coins_in.add(1, value.0);
        self.counters.coins_to_tubes.add(1, kept.0);
        self.last.coin = self.last.coin.max(Some(at));
    }

    /// A note is put in, and is a credit for the next sale.
    pub(crate) fn put_in_note(&mut self, value: Roubles, at: Moment) {
        let cash = self.money.get_or_insert_default();
        cash.credit.0 = cash.credit.0.saturating_add(value.0);
        cash.banknotes.0 = cash.banknotes.0.saturating_add(value.0);
        self.counters.notes_in.add(1, value.0);
        self.last.note = self.last.note.max(Some(at));
    }
}

impl State {
    /// A coin is put in.
    pub(crate) fn insert_coin(&mut self, id: i64, value: Roubles, now: Timestamp) -> Result<Cash, Problem> {
        positive(value, "value")?;
        let tubes = self.settings.tubes;
        let machine = self.connected(id)?;
        machine.put_in_coins(value, tubes, now.into());
        Ok(self.held_cash(id, now.into()))
    }

    /// A note is put in.
    ///
    /// # Errors
    /// One that the tubes have no change for, whatever is bought: the machine gives it back.
    pub(crate) fn insert_note(&mut self, id: i64, value: Roubles, now: Timestamp) -> Result<Cash, Problem> {
        positive(value, "value")?;
        self.connected(id)?;
        let machine = self.machines.get(&id);
        let planogram = machine.and_then(|machine| self.planograms.get(&machine.planogram_id?));
        let prices = planogram.map_or(&[][..], |planogram| &planogram.layout).iter().map(|place| place.price);
        let cheapest = prices.min().unwrap_or_default();
        let cash = machine.and_then(|machine| machine.money.clone()).unwrap_or_default();
        let rest = cash.credit.0.saturating_add(value.0).saturating_sub(cheapest.0);
        if rest > cash.change.0 {
            let text =
                format!("{value} roubles: the tubes hold {} roubles of change, so the note is given back", cash.change);
            return Err(Problem::conflict(text).hint("telemetron.load with `change` fills the tubes").under("value"));
        }
        if let Some(machine) = self.machines.get_mut(&id) {
            machine.put_in_note(value, now.into());
        }
        Ok(self.held_cash(id, now.into()))
    }

    fn held_cash(&mut self, id: i64, now: Moment) -> Cash {
        self.hear(id, now);
        self.machines.get(&id).and_then(|machine| machine.money.clone()).unwrap_or_default()
    }

    /// Change is loaded by hand; the machine reports it.
    pub(crate) fn fill_change(&mut self, id: i64, value: Roubles, now: Moment) -> Result<(), Problem> {
        positive(value, "change")?;
        let machine = self.connected(id)?;
        let cash = machine.money.get_or_insert_default();
        cash.change.0 = cash.change.0.saturating_add(value.0);
        cash.hands_add.0 = cash.hands_add.0.saturating_add(value.0);
        machine.counters.filled.add(1, value.0);
        self.emit(id, [Message::Service(now)]);
        Ok(())
    }

    /// Somebody empties box and stacker.
    pub(crate) fn collect(&mut self, id: i64, now: Moment) -> Result<Collection, Problem> {
        let machine = self.connected(id)?;
        let cash = machine.money.get_or_insert_default();
        let collection = Collection {
            time: now,
            vm_id: id,
            hands_add: std::mem::take(&mut cash.hands_add),
            change: cash.change,
            summary_coins: std::mem::take(&mut cash.coins),
            summary_banknotes: std::mem::take(&mut cash.banknotes),
        };
        let counters = &mut machine.counters;
        counters.resets += 1;
        let selections = counters.selections.values_mut().flat_map(|one| [&mut one.paid, &mut one.free, &mut one.test]);
        let rest = [
            &mut counters.cash,
            &mut counters.cashless,
            &mut counters.token,
            &mut counters.coins_in,
            &mut counters.coins_to_tubes,
            &mut counters.notes_in,
            &mut counters.paid_out,
            &mut counters.filled,
        ];
        let all = selections.chain(rest).chain(counters.failures.values_mut());
        all.for_each(|counter: &mut Counter| counter.reset = Tally::default());
        let payload: Value = json!({
            "coins": collection.summary_coins, "banknotes": collection.summary_banknotes, "change": collection.change
        });
        let event = Event { at: now, code: "TCOL".into(), payload };
        self.emit(id, [Message::Collection(collection.clone()), Message::Event(event)]);
        Ok(collection)
    }
}

impl Timed for Collection {
    fn at(&self) -> Moment {
        self.time
    }
}
