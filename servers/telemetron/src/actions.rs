//! What a scenario can make happen: what customers, operators, machines and modems do. Money is in roubles.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stend_core::fake::Act;
use stend_core::{Action, Problem, Span, Timestamp};

use crate::Telemetron;
use crate::number::{Percent, Quantity, Roubles};
use crate::state::State;
use crate::state::fiscal::{Amendment, Wanted};
use crate::state::history::{Payment, Vend};
use crate::state::loading::Line;
use crate::state::machine::Event as Happening;
use crate::state::selling::{Flood, Mix, Sale};
use crate::time::Moment;

pub(crate) static ACTIONS: &[Action<Telemetron>] = &[
    Action::of::<Sell>(),
    Action::of::<InsertCoin>(),
    Action::of::<InsertNote>(),
    Action::of::<Collect>(),
    Action::of::<Load>(),
    Action::of::<Event>(),
    Action::of::<Fail>(),
    Action::of::<Recover>(),
    Action::of::<ModemOffline>(),
    Action::of::<ModemOnline>(),
    Action::of::<Ping>(),
    Action::of::<IssueReceipt>(),
    Action::of::<IssueCorrection>(),
    Action::of::<SeedSales>(),
];

/// Whatever an action changes, lists that were ready are no more.
fn touched<T>(state: &mut State, output: T) -> Result<T, Problem> {
    state.touch();
    Ok(output)
}

/// Arguments of `telemetron.sell`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Sell {
    /// The machine.
    machine: i64,
    /// The spiral or button; left out, the machine does not tell what was sold, and a price is needed.
    layout: Option<String>,
    /// What it is paid with.
    #[serde(default)]
    payment: Payment,
    /// What one costs, in roubles; left out, the planogram's price less the discount, and nothing if it is not paid.
    price: Option<Roubles>,
    /// What is taken off the price, in roubles.
    #[serde(default)]
    discount: Roubles,
    /// How it is given out.
    #[serde(rename = "type", default)]
    vend: Vend,
    /// How many.
    #[serde(default = "one")]
    count: u32,
}

fn one() -> u32 {
    1
}

/// What a sale came to.
#[derive(Debug, Serialize)]
struct SaleMade {
    name: Option<String>,
    price: Roubles,
    value: Roubles,
    change: Roubles,
    delivered: bool,
}

impl Act<Telemetron> for Sell {
    const NAME: &'static str = "sell";
    const SUMMARY: &'static str =
        "A machine sells something: loading, statistics, time stamps, receipts and counters follow.";
    type Output = SaleMade;

    fn run(self, state: &mut State, now: Timestamp) -> Result<SaleMade, Problem> {
        let sale = Sale {
            layout: self.layout,
            price: self.price,
            discount: self.discount,
            vend: self.vend,
            payment: self.payment,
            count: self.count,
        };
        let sold = state.sell(self.machine, &sale, now)?;
        let (name, price, value, change) = (sold.name, sold.price, sold.value, sold.change);
        touched(state, SaleMade { name, price, value, change, delivered: sold.delivered })
    }
}

/// The cash in a machine.
#[derive(Debug, Serialize)]
struct Holding {
    credit: Roubles,
    change: Roubles,
    coins: Roubles,
    banknotes: Roubles,
}

fn insert(state: &mut State, machine: i64, value: Roubles, note: bool, now: Timestamp) -> Result<Holding, Problem> {
    let cash = state.insert(machine, value, note, now)?;
    touched(state, Holding { credit: cash.credit, change: cash.change, coins: cash.coins, banknotes: cash.banknotes })
}

/// Arguments of `telemetron.insert_coin`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct InsertCoin {
    /// The machine.
    machine: i64,
    /// The coin, in roubles.
    value: Roubles,
}

impl Act<Telemetron> for InsertCoin {
    const NAME: &'static str = "insert_coin";
    const SUMMARY: &'static str = "A customer puts in a coin, which the next cash sale uses.";
    type Output = Holding;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Holding, Problem> {
        insert(state, self.machine, self.value, false, now)
    }
}

/// Arguments of `telemetron.insert_note`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct InsertNote {
    /// The machine.
    machine: i64,
    /// The note, in roubles.
    value: Roubles,
}

impl Act<Telemetron> for InsertNote {
    const NAME: &'static str = "insert_note";
    const SUMMARY: &'static str = "A customer puts in a note, which the next cash sale uses.";
    type Output = Holding;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Holding, Problem> {
        insert(state, self.machine, self.value, true, now)
    }
}

/// Arguments of `telemetron.collect`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Collect {
    /// The machine.
    machine: i64,
}

/// What was collected.
#[derive(Debug, Serialize)]
struct Collected {
    coins: Roubles,
    banknotes: Roubles,
    change: Roubles,
    hands_add: Roubles,
}

impl Act<Telemetron> for Collect {
    const NAME: &'static str = "collect";
    const SUMMARY: &'static str = "An operator empties coin box and stacker; the tubes stay as they are.";
    type Output = Collected;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Collected, Problem> {
        let one = state.collect(self.machine, now)?;
        let collected = Collected {
            coins: one.summary_coins,
            banknotes: one.summary_banknotes,
            change: one.change,
            hands_add: one.hands_add,
        };
        touched(state, collected)
    }
}

/// One component of a loading.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Added {
    /// The component.
    component_id: i64,
    /// The spiral, for a product.
    layout_number: Option<String>,
    /// How much is put in, or taken out when negative.
    add: Quantity,
}

/// Arguments of `telemetron.load`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Load {
    /// The machine.
    machine: i64,
    /// What is loaded; left out, everything up to the planogram's capacity.
    data: Option<Vec<Added>>,
    /// Change put into the tubes, in roubles; alone, only that is loaded.
    change: Option<Roubles>,
}

/// The loading.
#[derive(Debug, Serialize)]
struct Loaded {
    /// How many slots have changed.
    slots: usize,
}

impl Act<Telemetron> for Load {
    const NAME: &'static str = "load";
    const SUMMARY: &'static str = "An operator loads goods, ingredients or change.";
    type Output = Loaded;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Loaded, Problem> {
        let lines = match (self.data, self.change) {
            (Some(data), _) => data
                .into_iter()
                .map(|one| Line { component: one.component_id, layout: one.layout_number, amount: one.add })
                .collect(),
            (None, Some(_)) => Vec::new(),
            (None, None) => state.missing_from(self.machine)?,
        };
        let slots = lines.len();
        state.check_lines(self.machine, &lines)?;
        if let Some(change) = self.change {
            state.fill_change(self.machine, change)?;
        }
        state.stock(self.machine, lines, now)?;
        touched(state, Loaded { slots })
    }
}

/// Arguments of `telemetron.event`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Event {
    /// The machine.
    machine: i64,
    /// Its code: any, the directory's or another.
    code: String,
    /// Details.
    #[serde(default)]
    payload: Value,
}

/// Nothing to tell.
#[derive(Debug, Serialize)]
struct Done {}

impl Act<Telemetron> for Event {
    const NAME: &'static str = "event";
    const SUMMARY: &'static str = "Something happens at a machine, by any code.";
    type Output = Done;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Done, Problem> {
        check_code(&self.code)?;
        state.named(self.machine)?;
        let at = Moment::from(now);
        state.report_event(self.machine, Happening { at, code: self.code, payload: self.payload }, at);
        touched(state, Done {})
    }
}

fn check_code(code: &str) -> Result<(), Problem> {
    let good = !code.is_empty() && code.len() <= 20 && code.bytes().all(|byte| byte.is_ascii_graphic());
    if good { Ok(()) } else { Err(Problem::invalid("a code has 1 to 20 letters, digits and signs").under("code")) }
}

/// Arguments of `telemetron.fail`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Fail {
    /// The machine.
    machine: i64,
    /// The error's code, such as `D54`.
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
        state.fail(self.machine, &self.code, self.value, now)?;
        touched(state, Done {})
    }
}

/// Arguments of `telemetron.recover`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Recover {
    /// The machine.
    machine: i64,
    /// Which error; left out, all.
    code: Option<String>,
}

/// What works again.
#[derive(Debug, Serialize)]
struct Recovered {
    cleared: usize,
}

impl Act<Telemetron> for Recover {
    const NAME: &'static str = "recover";
    const SUMMARY: &'static str = "A technician repairs a machine.";
    type Output = Recovered;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Recovered, Problem> {
        let cleared = state.recover(self.machine, self.code.as_deref(), now)?;
        touched(state, Recovered { cleared })
    }
}

/// Arguments of `telemetron.modem_offline`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ModemOffline {
    /// The machine.
    machine: i64,
}

impl Act<Telemetron> for ModemOffline {
    const NAME: &'static str = "modem_offline";
    const SUMMARY: &'static str = "The machine's modem loses its connection: what it counts from now on waits.";
    type Output = Done;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Done, Problem> {
        state.go_offline(self.machine, now)?;
        touched(state, Done {})
    }
}

/// Arguments of `telemetron.modem_online`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ModemOnline {
    /// The machine.
    machine: i64,
}

/// What had waited.
#[derive(Debug, Serialize)]
struct Sent {
    sales: usize,
}

impl Act<Telemetron> for ModemOnline {
    const NAME: &'static str = "modem_online";
    const SUMMARY: &'static str = "The machine's modem is back: it sends what has waited, and answers an open request.";
    type Output = Sent;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Sent, Problem> {
        let sales = state.go_online(self.machine, now)?;
        touched(state, Sent { sales })
    }
}

/// Arguments of `telemetron.ping`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Ping {
    /// The machine.
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
struct Pinged {
    reports: Vec<i64>,
}

impl Act<Telemetron> for Ping {
    const NAME: &'static str = "ping";
    const SUMMARY: &'static str = "The machine's modem pings now: it answers an open request, and may bring a report.";
    type Output = Pinged;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Pinged, Problem> {
        let reports = state.ping(self.machine, self.report, self.corrupt, now)?;
        touched(state, Pinged { reports })
    }
}

/// Arguments of `telemetron.issue_receipt`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct IssueReceipt {
    /// The machine.
    machine: i64,
    /// The product's name on it.
    name: String,
    /// What one cost, in roubles.
    price: Roubles,
    /// How many.
    #[serde(default = "one")]
    count: u32,
    /// What it was paid with.
    #[serde(default)]
    payment: Payment,
    /// VAT in percent.
    vat: Option<Percent>,
    /// 1 income, 2 return of income, 3 expense, 4 return of expense.
    #[serde(default = "income")]
    document_type: u8,
}

fn income() -> u8 {
    1
}

/// The document's id.
#[derive(Debug, Serialize)]
struct Issued {
    id: i64,
}

impl Act<Telemetron> for IssueReceipt {
    const NAME: &'static str = "issue_receipt";
    const SUMMARY: &'static str = "The cloud cash register makes a receipt without a sale of the machine.";
    type Output = Issued;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Issued, Problem> {
        if !(1..=4).contains(&self.document_type) {
            return Err(Problem::invalid(format!("{} is none of 1 to 4", self.document_type)).under("document_type"));
        }
        if self.count == 0 || self.count > 1000 {
            return Err(Problem::invalid(format!("{} at once; 1 to 1000 are possible", self.count)).under("count"));
        }
        let wanted = Wanted {
            machine: self.machine,
            name: self.name,
            price: self.price,
            number: self.count,
            payment: self.payment,
            vat: self.vat,
            document_type: self.document_type,
        };
        let id = state.issue_receipt(&wanted, now)?;
        touched(state, Issued { id })
    }
}

/// Arguments of `telemetron.issue_correction`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct IssueCorrection {
    /// The machine.
    machine: i64,
    /// 1 income, 3 expense.
    #[serde(rename = "type", default = "income")]
    kind: u8,
    /// The part in cash, in roubles.
    #[serde(default)]
    cash: Roubles,
    /// The electronic part, in roubles.
    #[serde(default)]
    electronic: Roubles,
    /// VAT in percent.
    vat: Option<Percent>,
    /// The document that is corrected: its date.
    doc_date: String,
    /// Its name.
    doc_name: String,
    /// Its number.
    doc_number: String,
    /// Whether by order of the tax office.
    #[serde(default)]
    by_order: bool,
}

impl Act<Telemetron> for IssueCorrection {
    const NAME: &'static str = "issue_correction";
    const SUMMARY: &'static str = "The cloud cash register makes a correction.";
    type Output = Issued;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Issued, Problem> {
        if !matches!(self.kind, 1 | 3) {
            return Err(Problem::invalid(format!("{} is neither 1, income, nor 3, expense", self.kind)).under("type"));
        }
        let wanted = Amendment {
            machine: self.machine,
            kind: self.kind,
            cash: self.cash,
            electronic: self.electronic,
            vat: self.vat,
            doc_date: self.doc_date,
            doc_name: self.doc_name,
            doc_number: self.doc_number,
            by_order: self.by_order,
        };
        let id = state.issue_correction(&wanted, now)?;
        touched(state, Issued { id })
    }
}

/// Arguments of `telemetron.seed_sales`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SeedSales {
    /// How many sales.
    count: u32,
    /// The machines; left out, all that have a planogram.
    machines: Option<Vec<i64>>,
    /// The period's length.
    over: Span,
    /// The period's end; left out, now.
    #[schemars(with = "Option<String>")]
    until: Option<Timestamp>,
    /// 24 weights, one for each hour of the machine's day; left out, busy by day and quiet by night.
    hours: Option<Vec<f64>>,
    /// Of a hundred sales, how many are of which sort; the rest is sold for cash.
    #[serde(default)]
    mix: Mix,
    /// Whether they take from the loading.
    #[serde(default = "yes")]
    consume: bool,
}

fn yes() -> bool {
    true
}

/// How much was sold.
#[derive(Debug, Serialize)]
struct Seeded {
    number: u32,
    value: Roubles,
}

impl Act<Telemetron> for SeedSales {
    const NAME: &'static str = "seed_sales";
    const SUMMARY: &'static str = "Many sales over a period that ends now or before, drawn by the world's seed.";
    type Output = Seeded;

    fn run(self, state: &mut State, now: Timestamp) -> Result<Seeded, Problem> {
        let flood = Flood {
            machines: self.machines,
            count: self.count,
            over: self.over,
            until: self.until,
            hours: self.hours,
            mix: self.mix,
            consume: self.consume,
        };
        let (number, value) = state.seed_sales(&flood, now)?;
        touched(state, Seeded { number, value })
    }
}
