//! What machines and modems tell, and when they do not.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stend_core::service::Act;
use stend_core::{Problem, Timestamp};

use crate::Telemetron;
use crate::state::State;
use crate::state::link::Message;
use crate::state::machine::Event as Happening;
use crate::state::time::Moment;

/// Arguments of `telemetron.event`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Event {
    /// The machine.
    #[schemars(extend("x-pick" = "telemetron.machines"))]
    machine: i64,
    /// Its code: any, the directory's or another.
    #[schemars(extend("examples" = ["D54"]))]
    code: String,
    /// Details.
    #[serde(default)]
    payload: Value,
}

/// Nothing to tell.
#[derive(Debug, Serialize)]
pub(super) struct Done {}

impl Act<Telemetron> for Event {
    const NAME: &'static str = "event";
    const SUMMARY: &'static str = "Something happens at a machine, by any code.";
    type Output = Done;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Done, Problem> {
        check_code(&self.code)?;
        state.connected(self.machine)?;
        let at = Moment::from(now);
        state.emit(self.machine, [Message::Event(Happening { at, code: self.code, payload: self.payload })]);
        Ok(Done {})
    }
}

fn check_code(code: &str) -> Result<(), Problem> {
    let good = !code.is_empty() && code.len() <= 20 && code.bytes().all(|byte| byte.is_ascii_graphic());
    if good { Ok(()) } else { Err(Problem::invalid("a code has 1 to 20 letters, digits and signs").under("code")) }
}

/// Arguments of `telemetron.fail`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Fail {
    /// The machine.
    #[schemars(extend("x-pick" = "telemetron.machines"))]
    machine: i64,
    /// The error's code, such as `D54`.
    #[schemars(extend("x-pick" = "telemetron.error_codes"))]
    code: String,
    /// Its value in reports; left out, the directory's vendor code.
    value: Option<String>,
}

impl Act<Telemetron> for Fail {
    const NAME: &'static str = "fail";
    const SUMMARY: &'static str = "A machine breaks: it stops working, and tells in an event and a report.";
    type Output = Done;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Done, Problem> {
        check_code(&self.code)?;
        state.fail(self.machine, &self.code, self.value, now.into())?;
        Ok(Done {})
    }
}

/// Arguments of `telemetron.recover`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Recover {
    /// The machine.
    #[schemars(extend("x-pick" = "telemetron.machines"))]
    machine: i64,
    /// Which error; left out, all.
    code: Option<String>,
}

/// What works again.
#[derive(Debug, Serialize)]
pub(super) struct Recovered {
    cleared: usize,
}

impl Act<Telemetron> for Recover {
    const NAME: &'static str = "recover";
    const SUMMARY: &'static str = "A technician repairs a machine.";
    type Output = Recovered;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Recovered, Problem> {
        let cleared = state.recover(self.machine, self.code.as_deref(), now.into())?;
        Ok(Recovered { cleared })
    }
}

/// Arguments of `telemetron.modem_offline`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ModemOffline {
    /// The machine.
    #[schemars(extend("x-pick" = "telemetron.machines"))]
    machine: i64,
}

impl Act<Telemetron> for ModemOffline {
    const NAME: &'static str = "modem_offline";
    const SUMMARY: &'static str = "The machine's modem loses its connection: what it counts from now on waits.";
    type Output = Done;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Done, Problem> {
        state.go_offline(self.machine, now)?;
        Ok(Done {})
    }
}

/// Arguments of `telemetron.modem_online`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-after" = [{"telemetron.modem_offline": {"machine": 123}}]))]
pub(super) struct ModemOnline {
    /// The machine.
    #[schemars(extend("x-pick" = "telemetron.machines"))]
    machine: i64,
}

/// What had waited.
#[derive(Debug, Serialize)]
pub(super) struct Sent {
    sales: usize,
}

impl Act<Telemetron> for ModemOnline {
    const NAME: &'static str = "modem_online";
    const SUMMARY: &'static str = "The machine's modem is back: it sends what has waited, and answers an open request.";
    type Output = Sent;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Sent, Problem> {
        let sales = state.go_online(self.machine, now)?;
        Ok(Sent { sales })
    }
}

/// Arguments of `telemetron.ping`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Ping {
    /// The machine.
    #[schemars(extend("x-pick" = "telemetron.machines"))]
    machine: i64,
    /// Whether the modem also reads the machine.
    #[serde(default)]
    report: bool,
    /// Whether the report comes over spoilt, so that it does not pass validation.
    #[serde(default)]
    corrupt: bool,
}

/// The reports that were read without being asked for.
#[derive(Debug, Serialize)]
pub(super) struct Pinged {
    reports: Vec<i64>,
}

impl Act<Telemetron> for Ping {
    const NAME: &'static str = "ping";
    const SUMMARY: &'static str = "The machine's modem pings now: it answers an open request, and may bring a report.";
    type Output = Pinged;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Pinged, Problem> {
        let reports = state.ping(self.machine, self.report, self.corrupt, now)?;
        Ok(Pinged { reports })
    }
}
