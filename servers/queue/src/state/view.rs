//! The queue as clients look at it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::State;
use super::settings::BoundTickets;

/// What a view of the queue shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct View {
    /// The reply is `{list}`, as `currentQueue2` has it.
    pub listed: bool,
    /// The window; none: the whole hall.
    pub workplace: Option<i64>,
    /// Whole tickets.
    pub detailed: bool,
    /// Tickets at the windows in the place of those that wait.
    pub serving_only: bool,
    /// How many at the most; 0: all.
    pub size: usize,
}

impl State {
    /// The tickets that a view shows, in order, and those of them that its window may call; `None`: all of them.
    pub(crate) fn queued(&self, view: &View) -> (Vec<i64>, Option<BTreeSet<i64>>) {
        let size = if view.size == 0 { usize::MAX } else { view.size };
        let mut may_call = view.serving_only.then(BTreeSet::new);
        let ids = match (view.serving_only, view.workplace) {
            (true, _) => {
                let here = |id: &i64| view.workplace.is_none_or(|workplace| *id == workplace);
                let windows = self.books.workplaces.rows.values().filter(|row| here(&row.id));
                windows.filter_map(|row| self.consumer_at(row.id)).take(size).collect()
            }
            (false, Some(workplace)) => {
                let (operations, user) = (self.operations_of(workplace), self.user_at(workplace));
                match self.settings.bound_tickets {
                    BoundTickets::Hidden => self.line.all(&operations, user, size),
                    BoundTickets::Shown => {
                        may_call = Some(self.line.all(&operations, user, usize::MAX).into_iter().collect());
                        self.line.bound_or_not(&operations, size)
                    }
                }
            }
            (false, None) => self.line.everybody(size),
        };
        (ids, may_call)
    }

    /// The queue as a view shows it.
    pub(crate) fn queue(&self, view: &View) -> Value {
        let (ids, may_call) = self.queued(view);
        let line = |id: &i64| {
            let consumer = self.consumers.get(id)?;
            let mut map = match (view.detailed, self.consumer_wire(consumer)) {
                (true, Value::Object(map)) => map,
                _ => consumer.terse(),
            };
            map.shift_remove("state");
            map.insert("mayCall".into(), json!(may_call.as_ref().is_none_or(|may_call| may_call.contains(id))));
            map.insert("state".into(), json!(consumer.state));
            Some(Value::Object(map))
        };
        let list: Value = ids.iter().filter_map(line).collect();
        if view.listed { json!({ "list": list }) } else { list }
    }
}
