//! Modems: what they are set to and asked to do (T9, T11, T13, T16).

use std::collections::BTreeSet;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};
use serde_json::{Value, json};
use stend_core::request::{Between, Code, Patch};
use stend_core::{Problem, Timestamp};

use crate::errors::{Error, Invalid, What};
use crate::state::access::Viewer;
use crate::state::catalog::Role;
use crate::state::choice::Choice;
use crate::state::company::{CashlessChange, Command, Credit, Maker, Modem};
use crate::state::machine::{Machine, Request};
use crate::state::number::Roubles;
use crate::state::sale::{Payment, Vend};
use crate::state::selling::Sale;
use crate::state::settings::{DispenseDiscount, PhoneLimit};
use crate::state::time::{Moment, default_zone, seconds};
use crate::state::{State, take};

/// What a modem is changed to.
///
/// The sample's phone has 11 digits and the printed error speaks of 10: 11 are taken, and said (T11), unless the world
/// says 10.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct ModemChange {
    phone: Patch<Code<11>>,
}

/// Settings of the cashless reader that the modem plays.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct ModemCommands {
    cashless_mode: Option<Choice<0, 1>>,
    cashless_address: Option<Choice<1, 2>>,
    cashless_credit: Option<CashlessCredit>,
}

/// `100.50,6,1`: the credit in roubles, for how many sales, and whether it is approved without asking.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CashlessCredit(Credit);

impl CashlessCredit {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(',').map(str::trim);
        let credit: f64 = parts.next()?.parse().ok().filter(|credit: &f64| (0.0..=999_999.0).contains(credit))?;
        let amount =
            parts.next().map_or(Some(1), |part| part.parse().ok().filter(|amount| (1..=1000).contains(amount)))?;
        let autoapprove = parts.next().map_or(Some(false), |part| match part {
            "0" => Some(false),
            "1" => Some(true),
            _ => None,
        })?;
        let credit = Roubles::from_f64(credit)?;
        parts.next().is_none().then_some(Self(Credit { credit, amount, autoapprove }))
    }
}

impl<'de> Deserialize<'de> for CashlessCredit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Code::<64>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("The :attribute format is invalid."))
    }
}

impl JsonSchema for CashlessCredit {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "CashlessCredit".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["string", "number"], "maxLength": 64, "pattern": r"^\s*[^,]+(,\s*\d+\s*(,\s*[01]\s*)?)?$",
            "description": "The credit, for how many sales, and whether it is approved without asking."
        })
    }
}

/// A drink to be given out.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Dispense {
    /// The button.
    number: Code<255>,
    /// Whether a cup is given out.
    cup: Choice<0, 1>,
    /// Portions of sugar.
    sugar: Between<i64, 0, 4>,
    /// What is taken off the price, in the unit of the setting `dispense_discount`.
    discount: Option<Between<f64, 0>>,
}

/// Money for a Vendista modem, in kopecks.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct VendistaCredit {
    amount: Between<i64, 1, 99_999_900>,
}

/// Data that a machine is asked for. An attribute with any value says which.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct DataRequest {
    #[schemars(with = "Value", default)]
    pub(crate) report: Patch<Value>,
    #[schemars(with = "Value", default)]
    pub(crate) config: Patch<Value>,
}

impl State {
    /// The modems that somebody sees: all, or those in the machines that are seen.
    pub(crate) fn seen_modems<'s>(&'s self, viewer: &'s Viewer) -> impl Iterator<Item = &'s Modem> {
        let own = viewer.groups.is_some().then(|| self.seen(viewer).filter_map(|machine| machine.modem_id).collect());
        self.modems.values().filter(move |modem| own.as_ref().is_none_or(|own: &BTreeSet<i64>| own.contains(&modem.id)))
    }

    /// A modem that somebody sees.
    pub(crate) fn modem<'s>(&'s self, viewer: &'s Viewer, id: &str) -> Result<&'s Modem, Error> {
        let id: i64 = id.parse().map_err(|_| Error::NotFound(What::Modem))?;
        self.seen_modems(viewer).find(|modem| modem.id == id).ok_or(Error::NotFound(What::Modem))
    }

    pub(crate) fn modem_by_imei(&self, imei: &str) -> Option<&Modem> {
        self.modems.values().find(|modem| modem.imei == imei.trim())
    }

    /// Checks a phone's length where the world takes 10 characters only.
    pub(crate) fn check_phone(&self, change: &ModemChange, invalid: &mut Invalid) {
        let long = change.phone.as_given().is_some_and(|phone| phone.chars().count() > 10);
        if long && self.settings.phone_limit == PhoneLimit::Ten {
            invalid.first("phone", "The phone may not be greater than 10 characters.");
        }
    }

    /// Changes what is given.
    pub(crate) fn update_modem(&mut self, id: i64, change: ModemChange) {
        if let Some(modem) = self.modems.get_mut(&id) {
            change.phone.apply(&mut modem.phone);
        }
    }

    /// Sets what is given; a silent modem does so at its next contact (T19).
    pub(crate) fn set_modem(&mut self, id: i64, commands: ModemCommands) {
        let Some(modem) = self.modems.get_mut(&id) else { return };
        let change = CashlessChange {
            mode: commands.cashless_mode.map(|Choice(mode)| mode == 1),
            address: commands.cashless_address.map(|Choice(address)| address),
            credit: commands.cashless_credit.map(|CashlessCredit(credit)| credit),
        };
        if modem.offline { modem.leave(Command::Set(change)) } else { modem.cashless.set(change) }
    }

    /// Asks a machine for data: one open request, the same id for all that is asked meanwhile (T9). Returns the id, and
    /// whether the same was under way already.
    pub(crate) fn request(&mut self, id: i64, wanted: &DataRequest, now: Timestamp) -> Result<(i64, bool), Error> {
        let (report, config) = (wanted.report.is_sent(), wanted.config.is_sent());
        let machine = self.machines.get(&id).ok_or(Error::NotFound(What::Machine))?;
        if machine.modem_id.is_none() {
            return Err(Error::NoModem);
        }
        let online = self.is_online(machine);
        let due = Moment::from(now).after(seconds(self.settings.ping.signed()));
        let Some(machine) = self.machines.get_mut(&id) else { return Err(Error::NotFound(What::Machine)) };
        if let Some(open) = &mut machine.request {
            let under_way = report && open.report || config && open.config;
            open.report |= report;
            open.config |= config;
            return Ok((open.id, under_way));
        }
        let number = take(&mut self.next.request);
        let due = online.then_some(due);
        machine.request = Some(Request { id: number, report, config, due });
        self.pings.extend(due.map(|due| (due, id)));
        Ok((number, false))
    }

    /// Tells the modem of a machine to restart; a silent one does so at its next contact (T19).
    pub(crate) fn restart_modem(&mut self, id: i64, now: Timestamp) -> Result<(), Error> {
        let modem = self.machines.get(&id).and_then(|machine| machine.modem_id);
        let modem = modem.and_then(|modem| self.modems.get_mut(&modem)).ok_or(Error::NoModem)?;
        modem.leave(Command::Restart);
        self.carry_out(id, now.into());
        Ok(())
    }

    /// The Vendista modem of a machine.
    ///
    /// # Errors
    /// Another modem or none; one that does not answer; a machine in failure.
    fn vendista(&self, machine: &Machine) -> Result<i64, Error> {
        let modem = machine.modem_id.and_then(|id| self.modems.get(&id));
        let modem = modem.filter(|modem| modem.maker == Maker::Vendista).ok_or(Error::NotAllowed)?;
        if !machine.failures.is_empty() && !modem.offline {
            return Err(Error::NotAllowed);
        }
        if modem.offline {
            let heard = modem.heard.map(|heard| heard.plain(&default_zone()));
            return Err(Error::Silent { machine: machine.id, modem: modem.id, heard });
        }
        Ok(modem.id)
    }

    /// Gives out a drink, charged like a sale by card, with what the request asks for: no cup or no sugar where it says
    /// nought (T22).
    ///
    /// # Errors
    /// Another modem, a silent one, a machine in failure, an unknown button, a discount above the price.
    pub(crate) fn dispense(&mut self, id: i64, wanted: &Dispense, now: Timestamp) -> Result<(), Error> {
        let machine = self.machines.get(&id).ok_or(Error::NotFound(What::Machine))?;
        self.vendista(machine)?;
        let number: &str = &wanted.number;
        let planogram = machine.planogram_id.and_then(|id| self.planograms.get(&id));
        let place = planogram.and_then(|planogram| planogram.place(number));
        let price = place.ok_or_else(|| Invalid::one("number", "The selected number is invalid."))?.price;
        let discount = wanted.discount.map_or(0.0, |discount| discount.0);
        let discount = Roubles::from_f64(match self.settings.dispense_discount {
            DispenseDiscount::Roubles => discount,
            DispenseDiscount::Kopecks => discount / 100.0,
            DispenseDiscount::Percent => price.to_f64() * discount / 100.0,
        });
        let discount = discount.filter(|discount| *discount <= price).ok_or_else(|| {
            let most = match self.settings.dispense_discount {
                DispenseDiscount::Roubles => price.to_string(),
                DispenseDiscount::Kopecks => price.0.to_string(),
                DispenseDiscount::Percent => "100".to_owned(),
            };
            Invalid::one("discount", format!("The discount may not be greater than {most}."))
        })?;
        let sale = Sale {
            layout: Some(number.to_owned()),
            price: None,
            discount,
            vend: Vend::Paid,
            payment: Payment::Cashless,
            count: 1,
            without: [(wanted.cup == Choice(1), Role::Cup), (wanted.sugar.0 > 0, Role::Sugar)]
                .into_iter()
                .filter(|(wanted, _)| !wanted)
                .map(|(_, role)| role)
                .collect(),
        };
        let unknown = |_: Problem| Error::from(Invalid::one("number", "The selected number is invalid."));
        self.sell(id, &sale, now.into()).map(|_| ()).map_err(unknown)
    }

    /// Credits a Vendista modem.
    ///
    /// # Errors
    /// As for a drink; of one that is silent the one refusal that is printed for a credit, as an error has a message.
    pub(crate) fn vendista_credit(&mut self, id: i64, credit: &VendistaCredit) -> Result<(), Error> {
        let machine = self.machines.get(&id).ok_or(Error::NotFound(What::Machine))?;
        let modem = self.vendista(machine).map_err(|error| match error {
            Error::Silent { .. } => Error::InvalidCredit,
            other => other,
        })?;
        if let Some(modem) = self.modems.get_mut(&modem) {
            let before = modem.cashless.credit.as_ref().map_or(0, |credit| credit.credit.0);
            let credit = Roubles::from_kopecks(before.saturating_add(credit.amount.0));
            modem.cashless.credit = Some(Credit { credit, amount: 1, autoapprove: true });
        }
        Ok(())
    }
}

/// What a schema of [`DataRequest`] has beside its fields.
pub(crate) fn one_of_them() -> Value {
    json!([{ "required": ["report"] }, { "required": ["config"] }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credits_have_up_to_three_parts() {
        let read = |text: &str| {
            CashlessCredit::parse(text).map(|CashlessCredit(one)| (one.credit.to_f64(), one.amount, one.autoapprove))
        };
        assert_eq!(read("100.50,6,1"), Some((100.5, 6, true)));
        assert_eq!(read("7"), Some((7.0, 1, false)));
        for wrong in ["", "a", "1,2,3", "1,2,1,1", "-1", "1,0", "inf"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
