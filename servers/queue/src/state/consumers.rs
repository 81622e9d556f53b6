//! Taking a ticket, and the book of tickets.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::fields::{to_milli, to_second};
use super::keyed::Keyed;
use super::line::{Lane, Rank};
use super::settings::PinCode;
use super::tickets::{Consumer, Place, Stand, Step, Taken};
use super::{MOST_CONSUMERS, State};
use crate::errors::Error;

/// What a consumer registers for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Registration {
    pub(crate) services: Vec<i64>,
    /// Added to the default priority (Q25).
    pub(crate) priority: i64,
    pub(crate) pin_code: Option<String>,
    pub(crate) photo: Option<String>,
    pub(crate) comment: Option<String>,
}

/// The default priority of a ticket.
pub(crate) const PRIORITY: i64 = 50;

impl State {
    /// A consumer takes a ticket; returns its id. One with the pin code of an appointment takes the ticket of that, and need
    /// not name its services.
    ///
    /// # Errors
    /// No services, unknown, disabled or repeated ones, a wrong pin code, a range that is used up.
    pub(crate) fn register(&mut self, wanted: Registration, now: Timestamp) -> Result<i64, Error> {
        match self.appointment(&wanted, now) {
            Some(appointment) => self.arrive(appointment, wanted, now),
            None => self.give_ticket(wanted, true, now),
        }
    }

    /// The appointment whose pin code a consumer enters, for services that are among its own: one of today before others,
    /// then the earliest.
    fn appointment(&self, wanted: &Registration, now: Timestamp) -> Option<i64> {
        let pin = wanted.pin_code.as_deref().filter(|pin| !pin.is_empty())?;
        let today = self.day_of(now);
        let rows = self.books.pre_registered.rows.values().filter(|row| {
            row.consumer_id < 0 && row.pin_code == pin && wanted.services.iter().all(|id| row.services.contains(id))
        });
        rows.min_by_key(|row| (self.day_of(row.time) != today, row.time, row.id)).map(|row| row.id)
    }

    /// The ticket that was taken for an appointment, if it was.
    pub(crate) fn ticket_of(&self, appointment: i64) -> Option<String> {
        let row = self.books.pre_registered.rows.get(&appointment).filter(|row| row.consumer_id >= 0)?;
        Some(self.consumers.get(&row.consumer_id).map_or_else(|| row.consumer_id.to_string(), Consumer::ticket))
    }

    /// Who has an appointment comes and takes its ticket. No service asks for a pin code again.
    ///
    /// # Errors
    /// As [`State::register`].
    pub(crate) fn arrive(&mut self, appointment: i64, wanted: Registration, now: Timestamp) -> Result<i64, Error> {
        let row = self.books.pre_registered.rows.get(&appointment);
        let row = row.ok_or_else(|| Error::NotFound("ConsumerPreRegistered", appointment.to_string()))?;
        let comment = wanted.comment.filter(|comment| !comment.is_empty()).or_else(|| Some(row.comment.clone()));
        let pin_code = Some(row.pin_code.clone());
        let wanted = Registration { services: row.services.clone(), pin_code, comment, ..wanted };
        let id = self.give_ticket(wanted, false, now)?;
        if let Some(row) = self.books.pre_registered.rows.get_mut(&appointment) {
            row.consumer_id = id;
        }
        Ok(id)
    }

    fn give_ticket(&mut self, wanted: Registration, asks_pin: bool, now: Timestamp) -> Result<i64, Error> {
        let Some(first) = wanted.services.first() else { return Err(Error::Missing("Consumer", "services".into())) };
        let mut seen = BTreeSet::new();
        let mut needs_pin = !asks_pin;
        for id in &wanted.services {
            let service = self.books.services.rows.get(id);
            let service = service.ok_or_else(|| Error::NotFound("Service", id.to_string()))?;
            if service.disabled != 0 {
                return Err(Error::Disabled(format!("Service {id}")));
            }
            if !seen.insert(*id) {
                return Err(Error::ServiceTaken(*id));
            }
            if let Some(pin) = service.pin_code.as_deref().filter(|pin| asks_pin && !pin.is_empty()) {
                needs_pin = true;
                let given = wanted.pin_code.as_deref().unwrap_or("");
                let does = match self.settings.pin_code {
                    PinCode::Equal => given == pin,
                    PinCode::Any => !given.is_empty(),
                };
                if !does {
                    return Err(Error::PinCode(*id));
                }
            }
        }
        if self.consumers.len() >= MOST_CONSUMERS {
            return Err(Error::Full("Consumer", MOST_CONSUMERS));
        }
        self.day_for(now);
        let range = self.books.services.rows.get(first).map_or(0, |service| service.ticket_range_id);
        let range = self.books.ticket_ranges.rows.get(&range);
        let range = range.ok_or_else(|| Error::NotFound("TicketRange", range.map_or(0, |one| one.id).to_string()))?;
        let number = self.numbers.get(&range.id).map_or(range.first, |number| number + 1).max(range.first);
        if number > range.last {
            return Err(Error::RangeFull(range.name.clone()));
        }
        let (range, prefix) = (range.id, range.prefix.clone());
        self.numbers.insert(range, number);
        let id = self.next_consumer;
        self.next_consumer += 1;
        let moment = to_milli(now);
        let mut consumer = Consumer {
            id,
            prefix,
            number,
            priority: PRIORITY.saturating_add(wanted.priority),
            registration: to_second(now),
            state: Stand::Waiting,
            workplace_id: -1,
            last_call: None,
            calls: 0,
            postpone_to: None,
            vanish_count: 0,
            comment: wanted.comment.unwrap_or_default(),
            // The printed reply to a code that no service asked for carries none.
            pin_code: wanted.pin_code.filter(|_| needs_pin).unwrap_or_default(),
            photo: wanted.photo,
            state_changed: moment,
            last_update: moment,
            done: None,
            services: Keyed::default(),
        };
        for service in &wanted.services {
            if let Some(taken) = self.take(*service, now) {
                consumer.services.insert(*service, taken);
            }
        }
        self.consumers.insert(id, consumer);
        self.stand_in_line(id);
        self.totals.registered += 1;
        Ok(id)
    }

    /// A service as a ticket carries it, all of it waiting.
    pub(crate) fn take(&self, service: i64, now: Timestamp) -> Option<Taken> {
        let row = self.books.services.rows.get(&service)?;
        let step = || {
            let mut step =
                Step { state: Stand::Waiting, user_id: None, bound_to: None, comment: Vec::new(), states: Vec::new() };
            step.enter(Stand::Waiting, now, None, None);
            step
        };
        let steps = |operations: &Vec<i64>| Keyed(operations.iter().map(|operation| (*operation, step())).collect());
        let stages = row.operations.iter().map(|(stage, operations)| (*stage, steps(operations))).collect();
        Some(Taken {
            name: row.name.clone(),
            priority: row.priority,
            registration: to_second(now),
            stages: Keyed(stages),
        })
    }

    /// `newConsumer`: what terminals send (Q14).
    pub(crate) fn new_consumer(&mut self, fields: Map<String, Value>, now: Timestamp) -> Result<i64, Error> {
        let text = |key: &str| fields.get(key).and_then(Value::as_str).map(str::to_owned);
        let services = fields
            .get("services")
            .and_then(Value::as_array)
            .map_or_else(Vec::new, |ids| ids.iter().filter_map(Value::as_i64).collect());
        let wanted = Registration {
            services,
            priority: fields.get("priority").and_then(Value::as_i64).unwrap_or(0),
            pin_code: text("pin_code"),
            photo: text("photo"),
            comment: text("comment"),
        };
        self.register(wanted, now)
    }

    /// `setConsumer`: priority, comment, code and photo can be changed.
    pub(crate) fn set_consumer(&mut self, id: i64, fields: Map<String, Value>, now: Timestamp) -> Result<(), Error> {
        let Some(consumer) = self.consumers.get_mut(&id) else {
            return Err(Error::NotFound("Consumer", id.to_string()));
        };
        if let Some(services) = fields.get("services").and_then(Value::as_array) {
            let given: BTreeSet<i64> = services.iter().filter_map(Value::as_i64).collect();
            if !given.iter().eq(consumer.services.keys()) {
                return Err(Error::Value("Consumer: services are added by addService".into()));
            }
        }
        let before = consumer.clone();
        if let Some(priority) = fields.get("priority").and_then(Value::as_i64) {
            consumer.priority = priority;
        }
        let text = |key: &str| fields.get(key).map(|value| value.as_str().unwrap_or("").to_owned());
        if let Some(comment) = text("comment") {
            consumer.comment = comment;
        }
        if let Some(pin) = text("pin_code") {
            consumer.pin_code = pin;
        }
        if let Some(photo) = text("photo") {
            consumer.photo = Some(photo).filter(|photo| !photo.is_empty());
        }
        if *consumer == before {
            return Ok(());
        }
        consumer.last_update = to_milli(now);
        if consumer.state == Stand::Waiting {
            self.stand_in_line(id);
        }
        Ok(())
    }

    /// Forgets a ticket.
    pub(crate) fn drop_consumer(&mut self, id: i64) {
        self.line.leave(id);
        if let Some(consumer) = self.consumers.remove(&id) {
            if let Some(to) = consumer.postpone_to {
                self.postponed.remove(&(to, id));
            }
            if !consumer.state.is_final() {
                self.totals.left += 1;
            }
        }
    }

    /// A ticket as clients get it, with its window while it has one.
    pub(crate) fn consumer_wire(&self, consumer: &Consumer) -> Value {
        let window = (consumer.workplace_id >= 0).then(|| self.workplace_wire(consumer.workplace_id));
        Value::Object(consumer.wire(window.filter(|window| !window.is_null()), self.settings.vintage))
    }

    /// Puts a waiting ticket where it belongs in the line.
    pub(crate) fn stand_in_line(&mut self, id: i64) {
        let Some(consumer) = self.consumers.get(&id).filter(|consumer| consumer.state == Stand::Waiting) else {
            return;
        };
        let places = self.lanes(consumer, consumer.due(Stand::Waiting));
        self.line.enter(id, places);
    }

    /// Where in the line a ticket stands, or would stand, for these operations of it.
    pub(crate) fn lanes(&self, consumer: &Consumer, places: Vec<Place>) -> Vec<(Lane, Rank)> {
        let lane = |place: Place| {
            let taken = consumer.services.get(&place.0).map_or(PRIORITY, |taken| taken.priority);
            // As the book has it now; a service that is gone keeps the priority it had.
            let service = self.books.services.rows.get(&place.0).map_or(taken, |service| service.priority);
            let bound = consumer.step(place).and_then(|step| step.bound_to);
            ((place.2, bound), (service, consumer.priority, consumer.registration, consumer.id))
        };
        places.into_iter().map(lane).collect()
    }

    /// Makes the line anew.
    pub(crate) fn line_up(&mut self) {
        self.line.clear();
        let waiting: Vec<i64> =
            self.consumers.values().filter(|one| one.state == Stand::Waiting).map(|one| one.id).collect();
        waiting.into_iter().for_each(|id| self.stand_in_line(id));
    }
}
