//! What machines tell the server through their modems: one queue for each machine, applied in order, everything as of its
//! own time (T19).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stend_core::{Problem, Timestamp};

use crate::errors::Error;
use crate::state::company::{Command, Modem};
use crate::state::evadts;
use crate::state::machine::{Event, Failure, Held, MOST, Machine, Report};
use crate::state::money::Collection;
use crate::state::time::{Moment, seconds};
use crate::state::{State, take};

/// Reports older than this are not looked for, in seconds.
const REPORTS_KEPT: i64 = 14 * 24 * 3600;

/// Which report is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    Id(i64),
    Last,
    LastValid,
}

/// Something that a machine tells the server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// A sale.
    Sale(Held),
    /// An event.
    Event(Event),
    /// A collection.
    Collection(Collection),
    /// A report; it gets its id when it is sent.
    Report(Report),
    /// Somebody has served the machine.
    Service(Moment),
}

impl Message {
    /// When it happened.
    pub(crate) fn at(&self) -> Moment {
        match self {
            Self::Sale(held) => held.sold.at,
            Self::Event(event) => event.at,
            Self::Collection(collection) => collection.time,
            Self::Report(report) => report.at,
            Self::Service(at) => *at,
        }
    }
}

/// When the server gets what a machine tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Received {
    /// As soon as it happens.
    AtOnce,
    /// When the modem is back.
    At(Moment),
}

impl Received {
    pub(crate) fn of(self, happened: Moment) -> Moment {
        match self {
            Self::AtOnce => happened,
            Self::At(moment) => moment,
        }
    }
}

impl State {
    /// Whether the server hears of the machine: it has a modem, and the modem has its connection.
    pub(crate) fn is_online(&self, machine: &Machine) -> bool {
        machine.modem_id.and_then(|id| self.modems.get(&id)).is_some_and(|modem| !modem.offline)
    }

    /// Whether the server hears of the machine and has done so before: what it knows is as of now.
    pub(crate) fn has_contact(&self, machine: &Machine) -> bool {
        let modem = machine.modem_id.and_then(|id| self.modems.get(&id));
        modem.is_some_and(|modem| !modem.offline && modem.heard.is_some())
    }

    /// The machine that something happens at. The server knows nothing of one without a modem.
    ///
    /// # Errors
    /// There is no such machine, or it has no modem.
    pub(crate) fn connected(&mut self, id: i64) -> Result<&mut Machine, Problem> {
        self.modem_of(id)?;
        self.named(id)
    }

    /// The modem of a machine that an action names.
    pub(crate) fn modem_of(&mut self, id: i64) -> Result<&mut Modem, Problem> {
        let modem = self.named(id)?.modem_id;
        modem.and_then(|modem| self.modems.get_mut(&modem)).ok_or_else(|| {
            Problem::conflict(format!("machine {id} has no modem: nothing that happens there is known"))
                .hint("give it one: PUT /v2/vending_machines/{id} with modem_id or imei")
                .under("machine")
        })
    }

    /// The modem of a machine was heard of.
    pub(crate) fn hear(&mut self, machine: i64, at: Moment) {
        let modem = self.machines.get(&machine).and_then(|machine| machine.modem_id);
        if let Some(modem) = modem.and_then(|id| self.modems.get_mut(&id)).filter(|modem| !modem.offline) {
            modem.heard = modem.heard.max(Some(at));
        }
    }

    /// The modem of a machine has contact: what waited in the machine before, as of another modem, comes now (T19).
    pub(crate) fn contact(&mut self, id: i64, at: Moment) {
        let Some(machine) = self.machines.get(&id).filter(|machine| self.is_online(machine)) else { return };
        let waits = !machine.waiting.is_empty();
        self.hear(id, at);
        if waits {
            self.send(id, Received::At(at));
        }
        if let Some(machine) = self.machines.get_mut(&id).filter(|machine| machine.last_known_money.is_some()) {
            machine.last_known_money = None;
        }
    }

    /// The machine tells something. The server gets it at once, or when the modem has its connection again; returns
    /// whether it was at once.
    pub(crate) fn emit(&mut self, id: i64, what: impl IntoIterator<Item = Message>) -> bool {
        let mut what: Vec<Message> = what.into_iter().collect();
        what.sort_by_key(Message::at);
        if let Some(last) = what.last().map(Message::at) {
            self.contact(id, last);
        }
        let Some(machine) = self.machines.get_mut(&id) else { return false };
        machine.waiting.extend(what);
        if !machine.waiting.is_sorted_by_key(Message::at) {
            machine.waiting.sort_by_key(Message::at);
        }
        let online = self.machines.get(&id).is_some_and(|machine| self.is_online(machine));
        if online {
            self.send(id, Received::AtOnce);
        }
        online
    }

    /// The modem sends what waits. Returns how many sales there were.
    pub(crate) fn send(&mut self, id: i64, received: Received) -> usize {
        let Some(machine) = self.machines.get_mut(&id) else { return 0 };
        let mut sent = 0;
        let mut sales: Vec<Held> = Vec::new();
        for message in std::mem::take(&mut machine.waiting).to_vec() {
            if let Message::Sale(held) = message {
                sales.push(held);
                continue;
            }
            // What follows sales may have come of them.
            sent += sales.len();
            self.deliver(id, std::mem::take(&mut sales), received);
            self.receive(id, message, received);
        }
        sent += sales.len();
        self.deliver(id, sales, received);
        sent
    }

    /// The server gets anything but a sale.
    fn receive(&mut self, id: i64, message: Message, received: Received) {
        let report_id = if matches!(message, Message::Report(_)) { take(&mut self.next.report) } else { 0 };
        let Some(machine) = self.machines.get_mut(&id) else { return };
        let now = received.of(message.at());
        match message {
            Message::Sale(_) => {}
            Message::Event(event) => machine.note(event, now),
            Message::Service(at) => machine.last.service = machine.last.service.max(Some(at)),
            Message::Collection(collection) => {
                machine.last.collection = machine.last.collection.max(Some(collection.time));
                machine.last.service = machine.last.service.max(Some(collection.time));
                self.collections.push(collection);
            }
            Message::Report(report) => {
                let (at, valid) = (report.at, report.valid);
                machine.reports.retain(|report| report.at >= at.after(-REPORTS_KEPT));
                machine.reports.push(Report { id: report_id, received: now, ..report });
                // A laid past lies before what was there.
                if !machine.reports.is_sorted_by_key(|report| report.at) {
                    machine.reports.sort_by_key(|report| report.at);
                }
                machine.last.acquired_report = machine.last.acquired_report.max(Some(at));
                if valid {
                    machine.last.report = machine.last.report.max(Some(at));
                }
            }
        }
    }

    /// The modem pings: an open request is answered.
    pub(crate) fn answer_request(&mut self, id: i64, at: Moment) {
        self.contact(id, at);
        let Some(request) = self.machines.get_mut(&id).and_then(|machine| machine.request.take()) else { return };
        if let Some(due) = request.due {
            self.pings.remove(&(due, id));
        }
        if request.report {
            self.read(id, at, false);
        }
    }

    /// The modem reads every port of a machine, and tells the reports and that it has read. Returns the ids of those that
    /// the server has got.
    pub(crate) fn read(&mut self, id: i64, at: Moment, spoilt: bool) -> Vec<i64> {
        let reports = self.reports(id, at, spoilt);
        let (first, count) = (self.next.report, reports.len());
        let event = Message::Event(Event { at, code: "TEVA".into(), payload: Value::Null });
        let messages = reports.into_iter().map(Message::Report).chain([event]);
        let ids = first..first.saturating_add(i64::try_from(count).unwrap_or(0));
        if self.emit(id, messages) { ids.collect() } else { Vec::new() }
    }

    /// The reports of every port of a machine, with what it counts now.
    fn reports(&mut self, id: i64, at: Moment, spoilt: bool) -> Vec<Report> {
        let Some(machine) = self.machines.get_mut(&id) else { return Vec::new() };
        machine.counters.reads += 1;
        let Some(machine) = self.machines.get(&id) else { return Vec::new() };
        let report = |port: u8| {
            let mut data = evadts::write(self, machine, port, at);
            if spoilt {
                data = evadts::spoil(&data);
            }
            let valid = !spoilt || evadts::is_valid(&data);
            let errors = if port == 1 { machine.failures.clone() } else { Vec::new() };
            Report { id: 0, at, received: at, port, valid, data, errors }
        };
        let reports = machine.ports().map(report).collect();
        if let Some(machine) = self.machines.get_mut(&id) {
            machine.counters.last_read = Some(at);
        }
        reports
    }

    /// The modem loses its connection: what happens from now on waits.
    pub(crate) fn go_offline(&mut self, id: i64, now: Timestamp) -> Result<(), Problem> {
        let now = Moment::from(now);
        let modem = self.modem_of(id)?;
        if modem.offline {
            let text = format!("the modem of machine {id} has no connection already");
            return Err(Problem::conflict(text).under("machine"));
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

    /// The modem is back: it sends what has waited, carries out the commands that waited, and answers an open request. Returns
    /// how many sales it sent.
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
        let sent = self.send(id, Received::At(now));
        self.carry_out(id, now);
        self.answer_request(id, now);
        Ok(sent)
    }

    /// The modem of a machine carries out the commands that were left for it.
    pub(crate) fn carry_out(&mut self, id: i64, now: Moment) {
        let modem = self.machines.get(&id).and_then(|machine| machine.modem_id);
        let Some(modem) = modem.and_then(|id| self.modems.get_mut(&id)).filter(|modem| !modem.offline) else { return };
        let mut restarts = 0;
        for command in std::mem::take(&mut modem.pending) {
            match command {
                Command::Restart => {
                    modem.resets += 1;
                    modem.cashless.credit = None;
                    restarts += 1;
                }
                Command::Set(change) => modem.cashless.set(change),
            }
        }
        let restart = |_| Message::Event(Event { at: now, code: "TRST".into(), payload: Value::Null });
        if restarts > 0 {
            self.emit(id, (0..restarts).map(restart));
        }
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
        Ok(if report || spoilt { self.read(id, now, spoilt) } else { Vec::new() })
    }

    /// Something breaks.
    pub(crate) fn fail(&mut self, id: i64, code: &str, value: Option<String>, now: Moment) -> Result<(), Problem> {
        let known = self.error_codes.iter().find(|known| known.code == code);
        let value = value.or_else(|| known.map(|known| known.vendor_code.clone())).unwrap_or_default();
        let machine = self.connected(id)?;
        if machine.failures.iter().any(|failure| failure.code == code) {
            return Err(Problem::conflict(format!("machine {id} has the failure {code} already")).under("code"));
        }
        machine.failures.push(Failure { code: code.to_owned(), value: value.clone(), at: now });
        machine.counters.failures.entry(code.to_owned()).or_default().add(1, 0);
        // An error of the machine's own is none of the directory of events.
        let (code, payload) = match self.event_codes.iter().any(|known| known.code == code) {
            true => (code, json!({ "value": value })),
            false => ("TERR", json!({ "code": code, "value": value })),
        };
        self.emit(id, [Message::Event(Event { at: now, code: code.to_owned(), payload })]);
        self.read(id, now, false);
        Ok(())
    }

    /// What was broken works again. Returns how many failures are gone.
    pub(crate) fn recover(&mut self, id: i64, code: Option<&str>, now: Moment) -> Result<usize, Problem> {
        let machine = self.connected(id)?;
        let before = machine.failures.len();
        if let Some(code) = code.filter(|code| !machine.failures.iter().any(|failure| failure.code == *code)) {
            let known = machine.failures.iter().map(|failure| failure.code.as_str());
            return Err(Problem::unknown("not_found", "failure", code, known).under("code"));
        }
        machine.failures.retain(|failure| code.is_some_and(|code| code != failure.code));
        let cleared = before - machine.failures.len();
        let event = Event { at: now, code: "TOK".into(), payload: Value::Null };
        self.emit(id, [Message::Service(now), Message::Event(event)]);
        self.read(id, now, false);
        Ok(cleared)
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

    /// The next moment after `now` at which all modems read their machines, if the world wants that (T21).
    pub(crate) fn next_reading(&self, now: Moment) -> Option<Moment> {
        let every = self.settings.report_every;
        if every.is_zero() {
            return None;
        }
        let every = seconds(every.signed());
        Some(Moment(now.0.div_euclid(every).saturating_add(1).saturating_mul(every)))
    }

    /// The moment before which nothing has to be known, by the settings.
    fn kept_since(&self, now: Moment) -> Option<Moment> {
        let keep = self.settings.keep;
        (!keep.is_zero()).then(|| now.after(-seconds(keep.signed())))
    }

    /// Forgets what is older than the world keeps.
    pub(crate) fn forget_old(&mut self, now: Moment) {
        let Some(since) = self.kept_since(now) else { return };
        let loaded = |machine: &Machine| machine.loading_tx.iter().next().map(|one| one.created_at);
        let old = |machine: &Machine| machine.sales.at(0).min(loaded(machine)).is_some_and(|at| at < since);
        self.machines.change(old, |machine| {
            machine.sales.trim(since);
            machine.loading_tx.trim(since, MOST);
        });
        self.receipts.trim(since, usize::MAX);
        self.corrections.trim(since, usize::MAX);
        self.collections.trim(since, usize::MAX);
        let late = |machine: &Machine| machine.waiting.first().is_some_and(|message| message.at() < since);
        self.machines.change(late, |machine| machine.waiting.retain(|message| message.at() >= since));
    }

    /// Every modem reads its machine, silent ones too: what they read waits.
    pub(crate) fn read_all(&mut self, at: Moment) -> usize {
        let with_modem = |machine: &&Machine| machine.modem_id.is_some_and(|id| self.modems.contains_key(&id));
        let ids: Vec<i64> = self.machines.values().filter(with_modem).map(|machine| machine.id).collect();
        // A silent modem keeps no more reports than the server would, when they come.
        let since = at.after(-REPORTS_KEPT);
        let stale = |message: &Message| matches!(message, Message::Report(report) if report.at < since);
        self.machines.change(
            |machine| machine.waiting.iter().any(stale),
            |machine| machine.waiting.retain(|message| !stale(message)),
        );
        ids.iter().for_each(|id| drop(self.read(*id, at, false)));
        self.forget_old(at);
        ids.len()
    }
}
