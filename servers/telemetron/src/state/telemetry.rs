//! Modems: what they are told, what they send, and what waits while they have no connection (T9, T16).

use serde_json::{Value, json};
use stend_core::{Problem, Timestamp};

use crate::errors::Error;
use crate::state::company::Modem;
use crate::state::evadts;
use crate::state::machine::{Event, Failure, Machine, Report};
use crate::state::time::Moment;
use crate::state::{State, take};

/// Reports older than this are not looked for.
const REPORTS_KEPT: i64 = 14 * 24 * 3600;

/// Which report is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    Id(i64),
    Last,
    LastValid,
}

impl State {
    /// The modem of a machine was heard of.
    pub(crate) fn hear(&mut self, machine: i64, at: Moment) {
        let modem = self.machines.get(&machine).and_then(|machine| machine.modem_id);
        if let Some(modem) = modem.and_then(|id| self.modems.get_mut(&id)).filter(|modem| !modem.offline) {
            modem.heard = modem.heard.max(Some(at));
        }
    }

    /// The machine has something to tell; it waits while the modem has no connection.
    pub(crate) fn report_event(&mut self, id: i64, event: Event, now: Moment) {
        let online = self.machines.get(&id).is_some_and(|machine| self.is_online(machine));
        if online {
            self.hear(id, now);
        }
        if let Some(machine) = self.machines.get_mut(&id) {
            if online { machine.note(event, now) } else { machine.held_events.push(event) }
        }
    }

    /// The modem pings: an open request is answered.
    pub(crate) fn answer_request(&mut self, id: i64, at: Moment) {
        self.hear(id, at);
        let Some(request) = self.machines.get_mut(&id).and_then(|machine| machine.request.take()) else { return };
        if let Some(due) = request.due {
            self.pings.remove(&(due, id));
        }
        if request.report {
            self.make_reports(id, at, false);
        }
    }

    /// Reads every port of a machine; says the reports' ids.
    pub(crate) fn make_reports(&mut self, id: i64, at: Moment, spoilt: bool) -> Vec<i64> {
        let Some(machine) = self.machines.get_mut(&id) else { return Vec::new() };
        machine.counters.reads += 1;
        let Some(machine) = self.machines.get(&id) else { return Vec::new() };
        let mut reports = Vec::new();
        for port in machine.ports() {
            let mut data = evadts::write(self, machine, port, at);
            if spoilt {
                data = evadts::spoil(&data);
            }
            let valid = evadts::is_valid(&data);
            let errors = if port == 1 { machine.failures.clone() } else { Vec::new() };
            reports.push(Report { id: 0, at, received: at, port, valid, data, errors });
        }
        let valid = reports.iter().all(|report| report.valid);
        let ids: Vec<i64> = reports.iter().map(|_| take(&mut self.next.report)).collect();
        let Some(machine) = self.machines.get_mut(&id) else { return Vec::new() };
        machine.reports.retain(|report| report.at >= at.after(-REPORTS_KEPT));
        machine.reports.extend(reports.into_iter().zip(&ids).map(|(report, id)| Report { id: *id, ..report }));
        machine.last.acquired_report = Some(at);
        if valid {
            machine.last.report = Some(at);
        }
        machine.note(Event { at, code: "TEVA".into(), payload: Value::Null }, at);
        ids
    }

    /// The modem of a machine that an action names.
    fn modem_of(&mut self, id: i64) -> Result<&mut Modem, Problem> {
        let modem = self.named(id)?.modem_id;
        modem.and_then(|modem| self.modems.get_mut(&modem)).ok_or_else(|| {
            Problem::conflict(format!("machine {id} has no modem"))
                .hint("give it one: PUT /v2/vending_machines/{id} with modem_id or imei")
                .under("machine")
        })
    }

    /// The modem loses its connection: what happens from now on waits.
    pub(crate) fn go_offline(&mut self, id: i64, now: Timestamp) -> Result<(), Problem> {
        let now = Moment::from(now);
        let modem = self.modem_of(id)?;
        if modem.offline {
            return Err(
                Problem::conflict(format!("the modem of machine {id} has no connection already")).under("machine")
            );
        }
        modem.offline = true;
        if let Some(machine) = self.machines.get_mut(&id) {
            machine.note(Event { at: now, code: "TOFF".into(), payload: Value::Null }, now);
            machine.last_known_money.clone_from(&machine.money);
            if let Some(request) = &mut machine.request
                && let Some(due) = request.due.take()
            {
                self.pings.remove(&(due, id));
            }
        }
        Ok(())
    }

    /// The modem is back: it sends what has waited, and answers an open request. Says how many sales it sent.
    pub(crate) fn go_online(&mut self, id: i64, now: Timestamp) -> Result<usize, Problem> {
        let now = Moment::from(now);
        let modem = self.modem_of(id)?;
        if !modem.offline {
            return Err(Problem::conflict(format!("the modem of machine {id} has its connection")).under("machine"));
        }
        modem.offline = false;
        modem.heard = Some(now);
        let Some(machine) = self.machines.get_mut(&id) else { return Ok(0) };
        machine.last_known_money = None;
        machine.note(Event { at: now, code: "TON".into(), payload: Value::Null }, now);
        let (sales, events) = (std::mem::take(&mut machine.held_sales), std::mem::take(&mut machine.held_events));
        events.iter().for_each(|event| machine.note(event.clone(), now));
        let sent = sales.len();
        self.deliver(id, sales.to_vec(), true);
        self.answer_request(id, now);
        Ok(sent)
    }

    /// The modem pings; it may read the machine without being asked.
    pub(crate) fn ping(&mut self, id: i64, report: bool, spoilt: bool, now: Timestamp) -> Result<Vec<i64>, Problem> {
        let now = Moment::from(now);
        if self.modem_of(id)?.offline {
            return Err(Problem::conflict(format!("the modem of machine {id} has no connection"))
                .hint("telemetron.modem_online gives it back")
                .under("machine"));
        }
        self.answer_request(id, now);
        Ok(if report || spoilt { self.make_reports(id, now, spoilt) } else { Vec::new() })
    }

    /// Something breaks; a machine with a connection tells at once.
    pub(crate) fn fail(&mut self, id: i64, code: &str, value: Option<String>, now: Timestamp) -> Result<(), Problem> {
        let now = Moment::from(now);
        let known = self.error_codes.iter().find(|known| known.code == code);
        let value = value.or_else(|| known.map(|known| known.vendor_code.clone())).unwrap_or_default();
        let machine = self.named(id)?;
        if machine.failures.iter().any(|failure| failure.code == code) {
            return Err(Problem::conflict(format!("machine {id} has the failure {code} already")).under("code"));
        }
        machine.failures.push(Failure { code: code.to_owned(), value: value.clone(), at: now });
        // An error of the machine's own is none of the directory of events.
        let (code, payload) = match self.event_codes.iter().any(|known| known.code == code) {
            true => (code, json!({ "value": value })),
            false => ("TERR", json!({ "code": code, "value": value })),
        };
        self.report_event(id, Event { at: now, code: code.to_owned(), payload }, now);
        self.read_if_online(id, now);
        Ok(())
    }

    /// What was broken works again.
    pub(crate) fn recover(&mut self, id: i64, code: Option<&str>, now: Timestamp) -> Result<usize, Problem> {
        let now = Moment::from(now);
        let machine = self.named(id)?;
        let before = machine.failures.len();
        if let Some(code) = code.filter(|code| !machine.failures.iter().any(|failure| failure.code == *code)) {
            let known = machine.failures.iter().map(|failure| failure.code.as_str());
            return Err(Problem::unknown("not_found", "failure", code, known).under("code"));
        }
        machine.failures.retain(|failure| code.is_some_and(|code| code != failure.code));
        machine.last.service = Some(now);
        let cleared = before - machine.failures.len();
        self.report_event(id, Event { at: now, code: "TOK".into(), payload: Value::Null }, now);
        self.read_if_online(id, now);
        Ok(cleared)
    }

    fn read_if_online(&mut self, id: i64, now: Moment) {
        if self.machines.get(&id).is_some_and(|machine| self.is_online(machine)) {
            self.make_reports(id, now, false);
        }
    }

    /// The report that is meant, of any port or of one.
    pub(crate) fn report<'m>(
        &self,
        machine: &'m Machine,
        which: Which,
        port: Option<i64>,
        now: Timestamp,
    ) -> Result<&'m Report, Error> {
        let deepest = Moment::from(now).after(-REPORTS_KEPT);
        let meant = |report: &&Report| {
            port.is_none_or(|port| i64::from(report.port) == port)
                && report.at >= deepest
                && match which {
                    Which::Id(id) => report.id == id,
                    Which::Last => true,
                    Which::LastValid => report.valid,
                }
        };
        // Of several ports read at once the first is meant; they have consecutive ids.
        let last = machine.reports.iter().rev().find(meant).ok_or(Error::Nothing)?;
        let first = last.id.saturating_sub(i64::from(last.port) - 1);
        let first = machine.reports.iter().filter(meant).find(|report| report.id == first);
        Ok(first.unwrap_or(last))
    }
}
