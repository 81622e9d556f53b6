//! Cash in machines, and its collection.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stend_core::{Problem, Timestamp};

use crate::state::State;
use crate::state::machine::{Cash, Counter, Event};
use crate::state::number::Roubles;
use crate::state::time::Moment;
use crate::state::timeline::Timed;

/// A collection of a machine's cash, in roubles.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
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
    /// A coin falls into a tube while there is room, then into the box.
    pub(crate) fn take_coin(&mut self, value: Roubles, tubes: Roubles) {
        let room = (self.tubes.unwrap_or(tubes).0 - self.change.0).max(0);
        let kept = value.0.min(room);
        self.change.0 += kept;
        self.coins.0 = self.coins.0.saturating_add(value.0 - kept);
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

impl State {
    /// A coin or a note is put in.
    pub(crate) fn insert(&mut self, id: i64, value: Roubles, note: bool, now: Timestamp) -> Result<Cash, Problem> {
        positive(value, "value")?;
        let tubes = self.settings.tubes;
        let machine = self.named(id)?;
        let cash = machine.money.get_or_insert_default();
        cash.credit.0 = cash.credit.0.saturating_add(value.0);
        let now = Moment::from(now);
        if note {
            cash.banknotes.0 = cash.banknotes.0.saturating_add(value.0);
            machine.counters.notes_in.add(1, value.0);
            machine.last.note = machine.last.note.max(Some(now));
        } else {
            cash.take_coin(value, tubes);
            machine.counters.coins_in.add(1, value.0);
            machine.last.coin = machine.last.coin.max(Some(now));
        }
        let cash = cash.clone();
        self.hear(id, now);
        Ok(cash)
    }

    /// Change is loaded by hand.
    pub(crate) fn fill_change(&mut self, machine: i64, value: Roubles) -> Result<(), Problem> {
        positive(value, "change")?;
        let machine = self.named(machine)?;
        let cash = machine.money.get_or_insert_default();
        cash.change.0 = cash.change.0.saturating_add(value.0);
        cash.hands_add.0 = cash.hands_add.0.saturating_add(value.0);
        machine.counters.filled.add(1, value.0);
        Ok(())
    }

    /// Somebody empties box and stacker.
    pub(crate) fn collect(&mut self, id: i64, now: Timestamp) -> Result<Collection, Problem> {
        let now = Moment::from(now);
        let machine = self.named(id)?;
        let cash = machine.money.get_or_insert_default();
        let collection = Collection {
            time: now,
            vm_id: id,
            hands_add: std::mem::take(&mut cash.hands_add),
            change: cash.change,
            summary_coins: std::mem::take(&mut cash.coins),
            summary_banknotes: std::mem::take(&mut cash.banknotes),
        };
        machine.last.collection = Some(now);
        machine.last.service = Some(now);
        let counters = &mut machine.counters;
        let all = counters.selections.values_mut().flat_map(|one| [&mut one.paid, &mut one.free, &mut one.test]);
        let rest = [
            &mut counters.cash,
            &mut counters.cashless,
            &mut counters.token,
            &mut counters.coins_in,
            &mut counters.notes_in,
            &mut counters.paid_out,
            &mut counters.filled,
        ];
        all.chain(rest).for_each(|counter: &mut Counter| counter.reset = crate::state::history::Tally::default());
        let payload: Value = json!({
            "coins": collection.summary_coins, "banknotes": collection.summary_banknotes, "change": collection.change
        });
        self.report_event(id, Event { at: now, code: "TCOL".into(), payload }, now);
        self.collections.push(collection.clone());
        Ok(collection)
    }
}

impl Timed for Collection {
    fn at(&self) -> Moment {
        self.time
    }
}
