//! The section `telemetron` of a world file: into the state, and back.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stend_core::random::Drawn;
use stend_core::{Index, Problem, Seed, Streams, Table};

use crate::actions::generate::{Generate, make_up};
use crate::state::access::{Access, Client, Code, Token, User};
use crate::state::catalog::{Component, Location, Planogram, Product};
use crate::state::checks;
use crate::state::company::{ErrorCode, EventCode, Model, Modem, Requisite};
use crate::state::directories;
use crate::state::fiscal::{self, Correction, Receipt};
use crate::state::machine::Machine;
use crate::state::money::Collection;
use crate::state::settings::Settings;
use crate::state::time::Moment;
use crate::state::{Next, State, missing, zones};

/// A company with vending machines.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Section {
    /// What can be set.
    pub settings: Settings,
    /// Applications that may ask for tokens.
    pub clients: Vec<Client>,
    /// Users.
    pub users: Vec<User>,
    /// Authorization codes, each good for one pair of tokens.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-claims" = ["TM-045"], "x-because" = "The document names the grant and nothing of how a code is got; codes are part of the world."))]
    pub codes: Vec<Code>,
    /// Legal entities.
    pub requisites: Vec<Requisite>,
    /// Models of machines; left out, a few.
    pub models: Vec<Model>,
    /// Codes of events; left out, the usual ones.
    #[schemars(extend("x-claims" = ["TM-339"], "x-because" = "The document prints two rows and uses TEVA; a world may bring the whole directory."))]
    pub event_codes: Vec<EventCode>,
    /// Codes of errors; left out, the printed one.
    pub error_codes: Vec<ErrorCode>,
    /// Locations.
    pub locations: Vec<Location>,
    /// Modems.
    pub modems: Vec<Modem>,
    /// Components.
    pub components: Vec<Component>,
    /// Products and recipes.
    pub products: Vec<Product>,
    /// Planograms.
    pub planograms: Vec<Planogram>,
    /// Machines.
    pub machines: Vec<Machine>,
    /// Entities to make up beside those that are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generate: Option<Generate>,
    /// Receipts, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub receipts: Vec<Receipt>,
    /// Corrections, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub corrections: Vec<Correction>,
    /// Collections, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub collections: Vec<Collection>,
    /// Access tokens that are out; a saved world carries them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tokens: Vec<Token>,
    /// Refresh tokens that are out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refresh_tokens: Vec<Token>,
    /// The ids that come next; left out, one more than the highest in use.
    pub next: Next,
    /// How far the random streams were drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub random: Option<Drawn>,
}

/// What is odd in a section, and may be meant: rates of VAT that receipts cannot show.
pub(crate) fn doubts(section: &Section) -> Vec<Problem> {
    let doubt = |(i, product): (usize, &Product)| Some(fiscal::doubt(product.vat)?.under(i).under("products"));
    section.products.iter().enumerate().filter_map(doubt).collect()
}

/// Builds the state.
///
/// # Errors
/// Ids given twice, references to what is not there.
pub(crate) fn seed(mut section: Section, seed: Seed) -> Result<State, Problem> {
    let mut random = match &section.random {
        Some(drawn) => Streams::restore(drawn, seed.seed, "telemetron"),
        None => Streams::new(seed.seed, "telemetron"),
    };
    if let Some(generate) = section.generate.take() {
        make_up(&generate, &mut random, &mut section).map_err(|problem| problem.under("generate"))?;
    }
    if section.models.is_empty() {
        section.models = directories::models();
    }
    if section.event_codes.is_empty() {
        section.event_codes = directories::events();
    }
    if section.error_codes.is_empty() {
        section.error_codes = directories::errors();
    }
    checks::check(&section)?;
    let now = Moment::from(seed.now);
    for (i, client) in section.clients.iter().enumerate() {
        if client.id.is_empty() || client.secret.is_empty() {
            return Err(Problem::invalid("a client has an id and a secret").under(i).under("clients"));
        }
    }
    let by_token = |tokens: Vec<Token>| tokens.into_iter().map(|token| (token.token.clone(), token)).collect();
    let zones = zones::Directory::new(&section.settings.zone_ids)
        .map_err(|problem| problem.under("zone_ids").under("settings"))?;
    let mut state = State {
        settings: section.settings,
        zones,
        access: Access {
            clients: section.clients.into(),
            users: by_id("users", section.users, |one| one.id)?.into(),
            tokens: by_token(section.tokens),
            refreshers: by_token(section.refresh_tokens),
            codes: section.codes.into(),
        },
        requisites: by_id("requisites", section.requisites, |one| one.id)?.into(),
        modems: by_id("modems", section.modems, |one| one.id)?.into_iter().collect(),
        models: by_id("models", section.models, |one| one.id)?.into(),
        locations: by_id("locations", section.locations, |one| one.id)?.into(),
        components: by_id("components", section.components, |one| one.id)?.into(),
        products: by_id("products", section.products, |one| one.id)?.into(),
        planograms: by_id("planograms", section.planograms, |one| one.id)?.into(),
        machines: Table::new(),
        event_codes: section.event_codes.into(),
        error_codes: section.error_codes.into(),
        receipts: section.receipts.into_iter().collect(),
        corrections: section.corrections.into_iter().collect(),
        collections: section.collections.into_iter().collect(),
        next: section.next,
        random,
        next_reading: None,
        next_visit: None,
        pings: Index::new(),
    };
    check_catalog(&state)?;
    let mut machines = section.machines;
    for (i, machine) in machines.iter_mut().enumerate() {
        machine.created_at = machine.created_at.or(Some(now));
        let planogram = machine.planogram_id.and_then(|id| state.planograms.get(&id));
        machine
            .sales
            .complete(planogram, &state.products)
            .map_err(|problem| problem.at(["machines".into(), i.into(), "sales".into()]))?;
        machine.last.sale = machine.last.sale.max(machine.sales.last());
        machine.take_up_held();
        if !state.has_contact(machine) && machine.waiting.is_empty() && machine.last_known_money.is_none() {
            machine.last_known_money.clone_from(&machine.money);
        }
        check_machine(&state, machine).map_err(|problem| problem.under(i).under("machines"))?;
    }
    once("machines", "modem_id", machines.iter().map(|machine| machine.modem_id))?;
    once("machines", "location_id", machines.iter().map(|machine| machine.location_id))?;
    state.machines = by_id("machines", machines, |one| one.id)?.into_iter().collect();
    state.pings = pings(&state.machines);
    state.next_reading = state.next_reading(now);
    state.next_visit = state.next_visit(now);
    count_on(&mut state);
    Ok(state)
}

fn pings(machines: &Table<i64, Machine>) -> Index<(Moment, i64)> {
    let due = |machine: &Machine| Some((machine.request.as_ref()?.due?, machine.id));
    machines.values().filter_map(due).collect()
}

/// Ids go on after the highest in use.
fn count_on(state: &mut State) {
    fn after<'k>(next: &mut i64, ids: impl Iterator<Item = &'k i64>) {
        *next = (*next).max(ids.max().map_or(1, |id| id.saturating_add(1))).max(1);
    }
    let next = &mut state.next;
    after(&mut next.machine, state.machines.keys());
    after(&mut next.component, state.components.keys());
    after(&mut next.product, state.products.keys());
    after(&mut next.planogram, state.planograms.keys());
    after(&mut next.location, state.locations.keys());
    let machines = || state.machines.values();
    after(&mut next.request, machines().filter_map(|machine| machine.request.as_ref()).map(|one| &one.id));
    after(&mut next.report, machines().flat_map(|machine| machine.reports.iter()).map(|one| &one.id));
    after(&mut next.transaction, machines().flat_map(|machine| machine.loading_tx.iter()).map(|one| &one.id));
    let receipts = state.receipts.iter().map(|one| &one.id).chain(state.corrections.iter().map(|one| &one.id));
    after(&mut next.receipt, receipts);
}

fn refer<T>(known: &BTreeMap<i64, T>, what: &str, id: Option<i64>, key: &str) -> Result<(), Problem> {
    refer_to(known.keys(), |id| known.contains_key(id), what, id, key)
}

fn refer_to<'k>(
    keys: impl Iterator<Item = &'k i64>,
    known: impl Fn(&i64) -> bool,
    what: &str,
    id: Option<i64>,
    key: &str,
) -> Result<(), Problem> {
    match id.filter(|id| !known(id)) {
        Some(id) => Err(missing(what, id, keys).under(key)),
        None => Ok(()),
    }
}

fn check_catalog(state: &State) -> Result<(), Problem> {
    for (i, product) in state.products.values().enumerate() {
        for (part, one) in product.components.iter().enumerate() {
            refer(&state.components, "component", Some(one.id), "id")
                .map_err(|problem| problem.at(["products".into(), i.into(), "components".into(), part.into()]))?;
        }
    }
    for (i, planogram) in state.planograms.values().enumerate() {
        let at = |key: &str, place: usize| ["planograms".into(), i.into(), key.into(), place.into()];
        for (place, one) in planogram.layout.iter().enumerate() {
            refer(&state.products, "product", Some(one.product_id), "product_id")
                .map_err(|problem| problem.at(at("layout", place)))?;
        }
        for (place, one) in planogram.capacity.iter().enumerate() {
            refer(&state.components, "component", Some(one.component_id), "component_id")
                .map_err(|problem| problem.at(at("capacity", place)))?;
        }
        for (place, id) in planogram.products.iter().enumerate() {
            refer(&state.products, "product", Some(*id), "products")
                .map_err(|problem| problem.at(at("products", place)))?;
        }
    }
    Ok(())
}

fn check_machine(state: &State, machine: &Machine) -> Result<(), Problem> {
    refer(&state.planograms, "planogram", machine.planogram_id, "planogram_id")?;
    refer(&state.locations, "location", machine.location_id, "location_id")?;
    let modems = &state.modems;
    refer_to(modems.keys(), |id| modems.contains_key(id), "modem", machine.modem_id, "modem_id")?;
    refer(&state.models, "model", machine.mm_id, "mm_id")?;
    refer(&state.requisites, "legal entity", machine.requisite_id, "requisite_id")?;
    for (i, (component, _)) in machine.loading.0.keys().enumerate() {
        refer(&state.components, "component", Some(*component), "component_id")
            .map_err(|problem| problem.at(["loading".into(), i.into()]))?;
    }
    if let Some(zone) = machine.tz.as_deref().filter(|zone| zones::by_name(zone).is_none()) {
        let known = zones::all().iter().map(|zone| zone.name);
        return Err(Problem::unknown("not_found", "time zone", zone, known).under("tz"));
    }
    Ok(())
}

/// What only one machine can have.
fn once(list: &'static str, key: &'static str, ids: impl Iterator<Item = Option<i64>>) -> Result<(), Problem> {
    let mut seen = std::collections::BTreeSet::new();
    for (i, id) in ids.enumerate() {
        if let Some(id) = id
            && !seen.insert(id)
        {
            let text = format!("two machines have the same {key} {id}");
            return Err(Problem::conflict(text).at([list.into(), i.into(), key.into()]));
        }
    }
    Ok(())
}

fn by_id<T>(key: &'static str, list: Vec<T>, id: impl Fn(&T) -> i64) -> Result<BTreeMap<i64, T>, Problem> {
    let mut map = BTreeMap::new();
    for (i, item) in list.into_iter().enumerate() {
        let id = id(&item);
        if id <= 0 {
            return Err(Problem::invalid(format!("the id {id}; ids begin at 1")).at([
                key.into(),
                i.into(),
                "id".into(),
            ]));
        }
        if map.insert(id, item).is_some() {
            return Err(Problem::conflict(format!("the id {id} is given twice")).at([
                key.into(),
                i.into(),
                "id".into(),
            ]));
        }
    }
    Ok(map)
}

/// The section that makes this state.
pub(crate) fn save(state: &State) -> Section {
    fn all<'v, T: Clone + 'v>(values: impl Iterator<Item = &'v T>) -> Vec<T> {
        values.cloned().collect()
    }
    Section {
        settings: state.settings.clone(),
        clients: state.access.clients.to_vec(),
        users: all(state.access.users.values()),
        codes: state.access.codes.to_vec(),
        requisites: all(state.requisites.values()),
        models: all(state.models.values()),
        event_codes: state.event_codes.to_vec(),
        error_codes: state.error_codes.to_vec(),
        locations: all(state.locations.values()),
        modems: all(state.modems.values()),
        components: all(state.components.values()),
        products: all(state.products.values()),
        planograms: all(state.planograms.values()),
        machines: all(state.machines.values()),
        generate: None,
        receipts: all(state.receipts.iter()),
        corrections: all(state.corrections.iter()),
        collections: all(state.collections.iter()),
        tokens: state.access.tokens.values().cloned().collect(),
        refresh_tokens: state.access.refreshers.values().cloned().collect(),
        next: state.next.clone(),
        random: Some(state.random.save()),
    }
}
