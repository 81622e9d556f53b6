//! EVA-DTS reports, and what they say is wrong.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use stend_transport::header::HeaderValue;
use stend_transport::{Call, Reply, StatusCode};

use crate::Telemetron;
use crate::api::input::{Field, Rule, field};
use crate::api::{Asked, look};
use crate::state::evadts;
use crate::state::machine::{Machine, Report};
use crate::state::settings::{Cp1251, DisputedFields, Settings, SinglePort};
use crate::state::telemetry::Which;
use crate::state::time::{Iso, REPORTS};

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

const QUERY: [&str; 6] = ["since", "until", "cp1251", "base64", "port", "local"];

const PORT: &[Field] = &[field("port", &[Rule::Integer])];

/// As the query wants the body: in which encoding, and packed or not.
fn shown(settings: &Settings, machine: &Machine, report: &Report, asked: &Asked<'_>) -> Shown {
    let data = match (asked.input.flag("base64"), asked.input.flag("cp1251")) {
        (true, true) => STANDARD.encode(evadts::windows_1251(&report.data)),
        (true, false) => STANDARD.encode(&report.data),
        (false, true) if settings.cp1251 == Cp1251::WholeReply => decoded(&evadts::windows_1251(&report.data)),
        (false, _) => report.data.clone(),
    };
    let single = settings.single_port == SinglePort::Null && machine.ports().count() == 1;
    let evadts_port = (!single).then_some(Port::Number(report.port));
    Shown { date: report.at.iso(&machine.zone(asked.input.flag("local"))), data, evadts_port }
}

/// The text of Windows-1251 bytes: the whole reply is encoded again when it is sent.
fn decoded(bytes: &[u8]) -> String {
    encoding_rs::WINDOWS_1251.decode_without_bom_handling(bytes).0.into_owned()
}

/// JSON, in Windows-1251 when the reports are wanted so and are not packed (T10).
fn reply(settings: &Settings, body: &impl Serialize, asked: &Asked<'_>) -> Reply {
    let reply = Reply::ok(body);
    if settings.cp1251 == Cp1251::PackedOnly || !asked.input.flag("cp1251") || asked.input.flag("base64") {
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
pub(crate) fn list(call: &mut Call<'_, Telemetron>) -> Reply {
    look(call, &QUERY, |state, asked| {
        let machine = state.machine(asked.who, asked.param("vm_id"))?;
        asked.input.check(state, PORT)?;
        let period = asked.input.asked(&state.settings);
        let period = period.period(&machine.zone(period.local), REPORTS, asked.now)?;
        let port = asked.input.id("port");
        let within = machine
            .reports
            .iter()
            .filter(|report| period.has(report.at) && port.is_none_or(|port| i64::from(report.port) == port));
        let settings = &state.settings;
        let typed = |mut one: Shown| {
            if settings.disputed_fields == DisputedFields::Attributes
                && let Some(Port::Number(port)) = one.evadts_port
            {
                one.evadts_port = Some(Port::Text(port.to_string()));
            }
            one
        };
        let shown = within.map(|report| typed(shown(settings, machine, report, asked)));
        Ok(reply(settings, &shown.collect::<Vec<_>>(), asked))
    })
}

/// One report, by its id or `last` or `last_valid`.
pub(crate) fn one(call: &mut Call<'_, Telemetron>) -> Reply {
    look(call, &QUERY[2..], |state, asked| {
        let machine = state.machine(asked.who, asked.param("vm_id"))?;
        asked.input.check(state, PORT)?;
        let which = match asked.param("id") {
            "last" => Which::Last,
            "last_valid" => Which::LastValid,
            id => Which::Id(id.parse().map_err(|_| crate::errors::Error::Nothing)?),
        };
        let report = state.report(machine, which, asked.input.id("port"), asked.now)?;
        Ok(reply(&state.settings, &shown(&state.settings, machine, report, asked), asked))
    })
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
pub(crate) fn last_errors(call: &mut Call<'_, Telemetron>) -> Reply {
    look(call, &["local"], |state, asked| {
        let machine = state.machine(asked.who, asked.param("vm_id"))?;
        let mut errors = Vec::new();
        for port in machine.ports() {
            let Ok(report) = state.report(machine, Which::Last, Some(i64::from(port)), asked.now) else { continue };
            errors.extend(report.errors.iter().map(|failure| Failure {
                code: &failure.code,
                evadts_port: report.port,
                modem_time: failure.at.micros_utc(),
                created_at: report.received.micros_utc(),
                value: &failure.value,
            }));
        }
        Ok(Reply::ok(&errors))
    })
}
