//! `/v2/modems`.

use serde::Serialize;
use stend_transport::Reply;

use crate::api::request::Request;
use crate::api::{Cx, Nothing, done};
use crate::errors::Error;
use crate::state::State;
use crate::state::company::Modem;
use crate::state::modems::{ModemChange, ModemCommands};

#[derive(Serialize)]
struct Shown<'a> {
    id: i64,
    imei: &'a str,
    iccid: Option<&'a str>,
    hw_version: Option<&'a str>,
    boot_version: Option<&'a str>,
    firmware: Option<&'a str>,
    phone: Option<&'a str>,
}

impl<'a> From<&'a Modem> for Shown<'a> {
    fn from(modem: &'a Modem) -> Self {
        Self {
            id: modem.id,
            imei: &modem.imei,
            iccid: modem.iccid.as_deref(),
            hw_version: modem.hw_version.as_deref(),
            boot_version: modem.boot_version.as_deref(),
            firmware: modem.firmware.as_deref(),
            phone: modem.phone.as_deref(),
        }
    }
}

/// The modems that the user sees.
pub(crate) fn list(state: &mut State, cx: &Cx<'_>, _: Request<Nothing>) -> Result<Reply, Error> {
    let all: Vec<Shown<'_>> = state.seen_modems(cx.viewer).map(Shown::from).collect();
    Ok(Reply::ok(&all))
}

/// One modem.
pub(crate) fn one(state: &mut State, cx: &Cx<'_>, _: Request<Nothing>) -> Result<Reply, Error> {
    Ok(Reply::ok(&Shown::from(state.modem(cx.viewer, cx.param("id"))?)))
}

/// Changes the phone number.
pub(crate) fn update(state: &mut State, cx: &Cx<'_>, request: Request<ModemChange>) -> Result<Reply, Error> {
    let id = state.modem(cx.viewer, cx.param("id"))?.id;
    let change = request.checked(|change, invalid| state.check_phone(change, invalid))?;
    state.update_modem(id, change);
    Ok(done())
}

/// Sets the cashless reader that the modem plays.
pub(crate) fn set(state: &mut State, cx: &Cx<'_>, request: Request<ModemCommands>) -> Result<Reply, Error> {
    let id = state.modem(cx.viewer, cx.param("id"))?.id;
    state.set_modem(id, request.valid()?);
    Ok(done())
}
