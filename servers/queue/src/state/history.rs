//! `statistics`: what really happened, from the tickets of today and of earlier days.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::State;
use super::fields::{bare, stamp, to_second};
use super::settings::StatisticsDone;
use super::tickets::{Consumer, Stay, Step};

/// What is asked for; what is left out lets all pass.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    pub(crate) from: Option<Timestamp>,
    pub(crate) to: Option<Timestamp>,
    pub(crate) workplace: Option<i64>,
    pub(crate) user: Option<i64>,
    pub(crate) role: Option<i64>,
    pub(crate) ticket: Option<String>,
    pub(crate) services: bool,
    pub(crate) stages: bool,
    pub(crate) operations: bool,
}

impl Filter {
    /// Whether it asks for what somebody did, not only for when.
    fn asks_who(&self) -> bool {
        self.workplace.is_some() || self.user.is_some() || self.role.is_some()
    }
}

impl State {
    /// The rows, in the order of the tickets' registrations.
    pub(crate) fn statistics(&self, filter: &Filter) -> Value {
        let all = self.archive.values().chain(self.consumers.values());
        let mut rows: Vec<&Consumer> = all.filter(|consumer| self.wanted(consumer, filter)).collect();
        // Who was at a window over midnight is still among today's.
        rows.sort_by_key(|consumer| (consumer.registration, consumer.id));
        rows.into_iter().map(|consumer| self.record(consumer, filter)).collect()
    }

    fn wanted(&self, consumer: &Consumer, filter: &Filter) -> bool {
        filter.from.is_none_or(|from| consumer.registration >= from)
            && filter.to.is_none_or(|to| consumer.registration < to)
            && filter.ticket.as_ref().is_none_or(|ticket| consumer.ticket() == *ticket)
            && (!filter.asks_who() || steps(consumer).any(|step| step.states.iter().any(|stay| self.by(stay, filter))))
    }

    fn by(&self, stay: &Stay, filter: &Filter) -> bool {
        let role = |user: i64| self.books.users.rows.get(&user).map(|user| user.role_id);
        filter.workplace.is_none_or(|workplace| stay.workplace_id == Some(workplace))
            && filter.user.is_none_or(|user| stay.user_id == Some(user))
            && filter.role.is_none_or(|wanted| stay.user_id.and_then(role) == Some(wanted))
    }

    fn done(&self, moment: Timestamp) -> String {
        match self.settings.statistics_done {
            StatisticsDone::Bare => bare(to_second(moment)),
            StatisticsDone::Full => stamp::print(moment),
        }
    }

    fn record(&self, consumer: &Consumer, filter: &Filter) -> Value {
        let mut record = json!({
            "consumer_id": consumer.id,
            "ticket": consumer.ticket(),
            "registration": stamp::print(consumer.registration),
            "done": consumer.done.map(|done| self.done(done)),
        });
        if filter.services {
            let services = consumer.services.iter().map(|(id, taken)| {
                let mut service = json!({
                    "service_id": id,
                    "name": taken.name,
                    "priority": taken.priority,
                    "registration": stamp::print(taken.registration),
                });
                if filter.stages {
                    let stages = taken.stages.iter().map(|(priority, steps)| {
                        let mut stage = json!({
                            "priority": priority,
                            "registration": stamp::print(taken.registration),
                        });
                        if filter.operations {
                            stage["operations"] = steps
                                .iter()
                                .filter_map(|(id, step)| self.operation(*id, step, taken.registration, filter))
                                .collect();
                        }
                        stage
                    });
                    // A stage at which nobody of those who were asked for did anything is left out.
                    let any = |stage: &Value| !filter.asks_who() || stage["operations"] != json!([]);
                    service["stages"] = stages.filter(any).collect();
                }
                service
            });
            let any = |service: &Value| !filter.asks_who() || service["stages"] != json!([]);
            record["services"] = services.filter(any).collect();
        }
        record
    }

    fn operation(&self, id: i64, step: &Step, registration: Timestamp, filter: &Filter) -> Option<Value> {
        let states: Vec<Value> = step
            .states
            .iter()
            .filter(|stay| !filter.asks_who() || self.by(stay, filter))
            .map(|stay| {
                json!({
                    "state": stay.state,
                    "time_in": stamp::print(stay.time_in),
                    "comment": stay.comment,
                    "user_id": stay.user_id,
                    "workplace_id": stay.workplace_id,
                })
            })
            .collect();
        if states.is_empty() && filter.asks_who() {
            return None;
        }
        let row = self.books.operations.rows.get(&id);
        Some(json!({
            "operation_id": id,
            "name": row.map_or("", |row| &row.name),
            "regulated_sec": row.map_or(0, |row| row.regulated_sec),
            "danger_sec": row.map_or(0, |row| row.danger_sec),
            "registration": stamp::print(registration),
            "states": states,
        }))
    }
}

fn steps(consumer: &Consumer) -> impl Iterator<Item = &Step> {
    consumer.services.values().flat_map(|taken| taken.stages.values()).flat_map(|steps| steps.values())
}
