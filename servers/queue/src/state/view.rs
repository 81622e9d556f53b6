//! The queue as clients look at it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::State;
use super::settings::BoundTickets;

/// What a view of the queue shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct View {
    /// The reply is `{list}`, as `currentQueue2` has it.
    pub(crate) listed: bool,
    /// The window; none: the whole hall.
    pub(crate) workplace: Option<i64>,
    pub(crate) detailed: bool,
    /// Tickets at the windows in the place of those that wait.
    pub(crate) serving_only: bool,
    /// 0: all.
    pub(crate) size: usize,
}

impl State {
    /// The queue as a view shows it.
    pub(crate) fn queue(&self, view: &View) -> Value {
        let size = if view.size == 0 { usize::MAX } else { view.size };
        let (mut may_call, mut some_may_not) = (BTreeSet::new(), view.serving_only);
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
                        may_call = self.line.all(&operations, user, usize::MAX).into_iter().collect();
                        some_may_not = true;
                        self.line.bound_or_not(&operations, size)
                    }
                }
            }
            (false, None) => self.line.everybody(size),
        };
        let line = |id: &i64| {
            let consumer = self.consumers.get(id)?;
            let mut map = match (view.detailed, self.consumer_wire(consumer)) {
                (true, Value::Object(map)) => map,
                _ => consumer.terse(),
            };
            map.shift_remove("state");
            map.insert("mayCall".into(), json!(!some_may_not || may_call.contains(id)));
            map.insert("state".into(), json!(consumer.state));
            Some(Value::Object(map))
        };
        let list: Value = ids.iter().filter_map(line).collect();
        if view.listed { json!({ "list": list }) } else { list }
    }
}
