//! `/v2/modems`.

use serde::Serialize;
use stend_transport::{Call, Reply};

use crate::Telemetron;
use crate::api::input::{Field, Rule, credit, field};
use crate::api::{change, done, look};
use crate::state::company::{Credit, Modem};
use crate::state::number::Roubles;
use crate::state::settings::PhoneLimit;

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
pub(crate) fn list(call: &mut Call<'_, Telemetron>) -> Reply {
    look(call, &[], |state, asked| {
        let all: Vec<Shown<'_>> = state.seen_modems(asked.who).map(Shown::from).collect();
        Ok(Reply::ok(&all))
    })
}

/// One modem.
pub(crate) fn one(call: &mut Call<'_, Telemetron>) -> Reply {
    look(call, &[], |state, asked| Ok(Reply::ok(&Shown::from(state.modem(asked.who, asked.param("id"))?))))
}

/// The sample has 11 digits and the printed text speaks of 10: 11 are taken, and said (T11), unless the world says 10.
pub(crate) const CHANGE: &[Field] = &[field("phone", &[Rule::Code(11)])];
const CHANGE_TO_TEN: &[Field] = &[field("phone", &[Rule::Code(10)])];

/// Changes the phone number.
pub(crate) fn update(call: &mut Call<'_, Telemetron>) -> Reply {
    change(call, &[], CHANGE, |state, asked| {
        let id = state.modem(asked.who, asked.param("id"))?.id;
        let rules = match state.settings.phone_limit {
            PhoneLimit::Eleven => CHANGE,
            PhoneLimit::Ten => CHANGE_TO_TEN,
        };
        asked.input.check_change(state, rules, id)?;
        if let Some(modem) = state.modems.get_mut(&id).filter(|_| asked.input.has("phone")) {
            modem.phone = asked.input.text("phone");
        }
        Ok(done())
    })
}

pub(crate) const SET: &[Field] = &[
    field("cashless_mode", &[Rule::Integer, Rule::In(&[0, 1])]),
    field("cashless_address", &[Rule::Integer, Rule::In(&[1, 2])]),
    field("cashless_credit", &[Rule::Code(64), Rule::Credit]),
];

/// Sets the cashless reader that the modem plays.
pub(crate) fn set(call: &mut Call<'_, Telemetron>) -> Reply {
    change(call, &[], SET, |state, asked| {
        let id = state.modem(asked.who, asked.param("id"))?.id;
        asked.input.check(state, SET)?;
        if let Some(modem) = state.modems.get_mut(&id) {
            if let Some(mode) = asked.input.id("cashless_mode") {
                modem.cashless.mode = mode == 1;
            }
            if let Some(address) = asked.input.id("cashless_address") {
                modem.cashless.address = Some(address);
            }
            if let Some((amount, times, autoapprove)) = asked.input.fields.get("cashless_credit").and_then(credit) {
                let credit = Roubles::from_f64(amount).unwrap_or_default();
                modem.cashless.credit = Some(Credit { credit, amount: times, autoapprove });
            }
        }
        Ok(done())
    })
}
