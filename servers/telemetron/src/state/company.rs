//! The company's own data, modems, and the directories.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::state::number::Roubles;
use crate::state::time::Moment;

/// A legal entity and its cloud cash register.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Requisite {
    /// Its id.
    pub id: i64,
    /// Title.
    pub title: String,
    /// Short title.
    #[serde(default)]
    pub title_short: String,
    /// Legal address.
    #[serde(default)]
    pub addr_legal: String,
    /// Actual address.
    #[serde(default)]
    pub addr_fact: String,
    /// Taxpayer's number.
    #[serde(default)]
    pub inn: String,
    /// Tax registration reason code.
    #[serde(default)]
    pub kpp: String,
    /// The cloud cash register.
    #[serde(default)]
    pub provider: Option<Provider>,
    /// The register's number, on receipts.
    #[serde(default = "device_rn")]
    pub device_rn: String,
    /// The fiscal storage's number, on receipts.
    #[serde(default = "fs_number")]
    pub fs_number: String,
    /// The number of the last fiscal document.
    #[serde(default)]
    pub last_document: i64,
}

fn device_rn() -> String {
    "0000000000028583".into()
}

fn fs_number() -> String {
    "9999078900006831".into()
}

/// A cloud cash register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Orange Data.
    Od,
    /// Chek Online.
    Co,
    /// Initpro.
    Ipro,
}

/// Whose modem.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Maker {
    /// The vendor's own.
    #[default]
    Telemetron,
    /// Takes `dispense` and `vendista-credit`.
    Vendista,
}

/// A modem.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Modem {
    /// Its id.
    pub id: i64,
    /// IMEI.
    pub imei: String,
    /// ICCID.
    pub iccid: Option<String>,
    /// Hardware.
    pub hw_version: Option<String>,
    /// Boot loader.
    pub boot_version: Option<String>,
    /// Firmware; the machine shows it as `sw_version`.
    pub firmware: Option<String>,
    /// Phone number.
    pub phone: Option<String>,
    /// The payment bus: `exe`, `mdb`.
    pub bus: Option<String>,
    /// Whose it is.
    pub maker: Maker,
    /// Without connection.
    pub offline: bool,
    /// When it was last heard of; none: it has sent nothing yet.
    pub heard: Option<Moment>,
    /// The cashless reader it plays on the bus, as `set` left it.
    pub cashless: Cashless,
    /// How often it has restarted.
    pub resets: u32,
    /// Commands it got while it had no connection; carried out at its next contact.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pending: Vec<Command>,
}

/// A command for a modem.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// To restart, which ends a credit.
    Restart,
    /// To play the cashless reader otherwise.
    Set(CashlessChange),
}

/// What is changed of the cashless reader.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CashlessChange {
    /// On or off.
    pub mode: Option<bool>,
    /// Address on the bus.
    pub address: Option<i64>,
    /// Credit for the next sales.
    pub credit: Option<Credit>,
}

/// Settings of the cashless reader.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Cashless {
    /// On or off.
    pub mode: bool,
    /// Address on the bus.
    pub address: Option<i64>,
    /// Credit for the next sales.
    pub credit: Option<Credit>,
}

impl Cashless {
    /// Changes what is given.
    pub(crate) fn set(&mut self, change: CashlessChange) {
        let CashlessChange { mode, address, credit } = change;
        self.mode = mode.unwrap_or(self.mode);
        self.address = address.or(self.address);
        self.credit = credit.or(self.credit.take());
    }
}

/// The most commands that wait for a modem.
const PENDING: usize = 100;

impl Modem {
    /// Leaves a command for the modem; of too many the oldest goes.
    pub(crate) fn leave(&mut self, command: Command) {
        if self.pending.len() >= PENDING {
            self.pending.remove(0);
        }
        self.pending.push(command);
    }
}

/// A credit given from afar.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Credit {
    /// In roubles.
    pub credit: Roubles,
    /// How many sales it is for.
    pub amount: i64,
    /// Whether it is approved without asking.
    pub autoapprove: bool,
}

/// A model of machine.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Its id.
    pub id: i64,
    /// Its full name.
    pub name: String,
    /// The type of its machines.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Type>,
}

/// A type of machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Type {
    /// Coffee.
    Coffee,
    /// Snacks.
    Snack,
    /// Both.
    Combo,
    /// Something else.
    Other,
    /// Two in one.
    Paired,
    /// Cans.
    Can,
}

impl Type {
    /// Id, label and description, as printed.
    pub(crate) fn row(self) -> (i64, &'static str, &'static str) {
        match self {
            Self::Coffee => (1, "coffee", "кофейный"),
            Self::Snack => (2, "snack", "снековый"),
            Self::Combo => (3, "combo", "комбинированный"),
            Self::Other => (4, "other", "прочее"),
            Self::Paired => (5, "paired", "спарка"),
            Self::Can => (6, "can", "баночный"),
        }
    }
}

/// A row of the directory of events.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventCode {
    /// The code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// A comment.
    pub desc: String,
}

/// A row of the directory of errors.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErrorCode {
    /// The code.
    pub code: String,
    /// The code as the machine's maker has it.
    pub vendor_code: String,
    /// Its name.
    pub name: String,
    /// What it means.
    pub note: String,
    /// A comment; the document prints the string `null`.
    #[serde(default)]
    pub comment: Option<String>,
    /// How serious it is.
    pub severity: i64,
}
