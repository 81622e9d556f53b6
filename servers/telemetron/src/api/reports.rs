//! EVA-DTS reports, and what they say is wrong.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use stend_transport::header::HeaderValue;
use stend_transport::{Reply, StatusCode};

use crate::api::request::Request;
use crate::api::{Cx, Local};
use crate::errors::Error;
use crate::state::State;
use crate::state::evadts;
use crate::state::link::Which;
use crate::state::machine::{Machine, Report};
use crate::state::settings::{Cp1251, DisputedFields, Settings, SinglePort};
use crate::state::time::{Asked, Iso, REPORTS};

#[derive(Serialize)]
struct Shown {
    date: Iso,
    data: String,
    evadts_port: Option<Port>,
}

/// The list's attribute is a string, every sample a number.
#[derive(Serialize)]
#[serde(untagged)]
enum Port {
    Number(u8),
    Text(String),
}

/// Which reports, and in which form.
#[derive(Debug, Deserialize)]
pub(crate) struct Listing {
    since: Option<String>,
    until: Option<String>,
    cp1251: Option<bool>,
    base64: Option<bool>,
    port: Option<i64>,
    local: Option<bool>,
}

/// In which form a report, and of which port.
#[derive(Debug, Deserialize)]
pub(crate) struct Single {
    cp1251: Option<bool>,
    base64: Option<bool>,
    port: Option<i64>,
    local: Option<bool>,
}

/// The form in which reports are wanted.
#[derive(Debug, Clone, Copy)]
struct Form {
    cp1251: bool,
    base64: bool,
    local: bool,
}

impl Form {
    fn new(cp1251: Option<bool>, base64: Option<bool>, local: Option<bool>) -> Self {
        let [cp1251, base64, local] = [cp1251, base64, local].map(Option::unwrap_or_default);
        Self { cp1251, base64, local }
    }
}

/// Shows a report in its encoding, as text or in base64.
fn shown(settings: &Settings, machine: &Machine, report: &Report, form: Form) -> Shown {
    let data = match (form.base64, form.cp1251) {
        (true, true) => STANDARD.encode(evadts::windows_1251(&report.data)),
        (true, false) => STANDARD.encode(&report.data),
        (false, true) if settings.cp1251 == Cp1251::WholeReply => decoded(&evadts::windows_1251(&report.data)),
        (false, _) => report.data.clone(),
    };
    let single = settings.single_port == SinglePort::Null && machine.ports().count() == 1;
    let evadts_port = (!single).then_some(Port::Number(report.port));
    Shown { date: report.at.iso(&machine.zone(form.local)), data, evadts_port }
}

/// The text of Windows-1251 bytes: the whole reply is encoded again when it is sent.
fn decoded(bytes: &[u8]) -> String {
    encoding_rs::WINDOWS_1251.decode_without_bom_handling(bytes).0.into_owned()
}

/// JSON, in Windows-1251 when the reports are wanted so and are not packed (T10).
fn reply(settings: &Settings, body: &impl Serialize, form: Form) -> Reply {
    let reply = Reply::ok(body);
    if settings.cp1251 == Cp1251::PackedOnly || !form.cp1251 || form.base64 {
        return reply;
    }
    let text = String::from_utf8_lossy(&reply.body);
    // What Windows-1251 does not have becomes a question mark; an escape of HTML would be wrong in JSON.
    let fits = |character: &char| !encoding_rs::WINDOWS_1251.encode(character.encode_utf8(&mut [0; 4])).2;
    let text: String = text.chars().map(|character| if fits(&character) { character } else { '?' }).collect();
    let bytes = encoding_rs::WINDOWS_1251.encode(&text).0.into_owned();
    Reply::new(StatusCode::OK, HeaderValue::from_static("application/json; charset=windows-1251"), bytes)
}

/// The reports of a period, oldest first.
pub(crate) fn list(state: &mut State, cx: &Cx<'_>, request: Request<Listing>) -> Result<Reply, Error> {
    let machine = state.machine(cx.viewer, cx.param("vm_id"))?;
    let Listing { since, until, cp1251, base64, port, local } = request.valid()?;
    let asked = Asked::new(since, until, local, &state.settings);
    let period = asked.period(&machine.zone(asked.local), REPORTS, cx.now)?;
    let within = machine
        .reports
        .iter()
        .filter(|report| period.has(report.at) && port.is_none_or(|port| i64::from(report.port) == port));
    let (settings, form) = (&state.settings, Form::new(cp1251, base64, local));
    let typed = |mut one: Shown| {
        if settings.disputed_fields == DisputedFields::Attributes
            && let Some(Port::Number(port)) = one.evadts_port
        {
            one.evadts_port = Some(Port::Text(port.to_string()));
        }
        one
    };
    let shown = within.map(|report| typed(shown(settings, machine, report, form)));
    Ok(reply(settings, &shown.collect::<Vec<_>>(), form))
}

/// One report, by its id or `last` or `last_valid`.
pub(crate) fn one(state: &mut State, cx: &Cx<'_>, request: Request<Single>) -> Result<Reply, Error> {
    let machine = state.machine(cx.viewer, cx.param("vm_id"))?;
    let Single { cp1251, base64, port, local } = request.valid()?;
    let which = match cx.param("id") {
        "last" => Which::Last,
        "last_valid" => Which::LastValid,
        id => Which::Id(id.parse().map_err(|_| Error::Nothing)?),
    };
    let report = state.report(machine, which, port, cx.now)?;
    let form = Form::new(cp1251, base64, local);
    Ok(reply(&state.settings, &shown(&state.settings, machine, report, form), form))
}

#[derive(Serialize)]
struct Failure<'a> {
    code: &'a str,
    evadts_port: u8,
    modem_time: String,
    created_at: String,
    value: &'a str,
}

/// What the last report of each port says is wrong. The times are UTC whatever `local` says: that is how they are
/// printed for a request with `local=1`.
pub(crate) fn last_errors(state: &mut State, cx: &Cx<'_>, request: Request<Local>) -> Result<Reply, Error> {
    let machine = state.machine(cx.viewer, cx.param("vm_id"))?;
    request.valid()?;
    let mut errors = Vec::new();
    for port in machine.ports() {
        let Ok(report) = state.report(machine, Which::Last, Some(i64::from(port)), cx.now) else { continue };
        errors.extend(report.errors.iter().map(|failure| Failure {
            code: &failure.code,
            evadts_port: report.port,
            modem_time: failure.at.micros_utc(),
            created_at: report.received.micros_utc(),
            value: &failure.value,
        }));
    }
    Ok(Reply::ok(&errors))
}
