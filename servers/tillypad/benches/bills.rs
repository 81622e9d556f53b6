//! What bills cost with a thousand and with a million of them in the world: looking one up, and listing few of many,
//! takes no longer.

#![allow(missing_docs, clippy::unwrap_used)]

use std::sync::{Arc, Mutex, OnceLock};

use divan::{Bencher, black_box};
use jiff::Timestamp;
use jiff::civil::{DateTime, date};
use serde_json::{Value, json};
use stend_core::{ClockSetting, Node, Registry, Service, World, WorldFile, Worlds};
use stend_tillypad::{Guid, State, Tillypad};

/// How many bills beside the few that are asked for.
const SIZES: [u32; 2] = [1_000, 1_000_000];

/// How many are asked for.
const FEW: u32 = 20;

const DISH: &str = "FBE3CE39-94AA-D149-A993-1628A1092830";
const CLIENT: &str = "7F944ABD-0729-D948-A052-531D74B3482F";

fn main() {
    divan::main();
}

/// A world with its bills, and the id of one of the few.
struct Full {
    world: Arc<World>,
    one: Guid,
}

impl Full {
    fn new(size: u32) -> Self {
        let section = json!({
            "clients": [{ "id": CLIENT, "name": "Клиент" }],
            "menu": { "items": [{ "id": DISH, "name": "Стейк", "price": 375 }] },
        });
        let mut file = WorldFile::default();
        file.sections.insert(Tillypad::NAME.into(), Arc::new(Node::from_json(&section).into()));
        let start: Timestamp = "2026-11-20T12:00:00+03:00".parse().unwrap();
        file.clock = Some(ClockSetting::frozen_at(start));
        let worlds = Worlds::new(Registry::new().with::<Tillypad>(), file).unwrap();
        let world = Arc::clone(worlds.default_world());
        let seed = |args: Value| world.act("tillypad.seed_guests", &Node::from_json(&args)).unwrap();
        seed(json!({ "count": size, "closed": true }));
        // The few came a day later.
        let later: Timestamp = "2026-11-21T12:00:00+03:00".parse().unwrap();
        world.set_clock(ClockSetting::frozen_at(later)).unwrap();
        seed(json!({ "count": FEW, "closed": true, "name": "мало", "clients": [CLIENT], "over": "10m" }));
        let full = Self { world, one: Guid::parse(CLIENT).unwrap() };
        let few: Vec<String> = serde_json::from_str(&full.ask(closed)).unwrap();
        assert_eq!(few.len(), FEW as usize);
        Self { one: Guid::parse(&few[7]).unwrap(), ..full }
    }

    fn ask<R>(&self, question: impl FnOnce(&State) -> R) -> R {
        let live = self.world.live::<Tillypad>(0).unwrap();
        self.world.run(live, |state| question(state))
    }
}

/// The worlds that are made, by their size.
type Made = Mutex<Vec<(u32, Arc<Full>)>>;

/// The worlds are made once.
fn full(size: u32) -> Arc<Full> {
    static WORLDS: OnceLock<Made> = OnceLock::new();
    let mut worlds = WORLDS.get_or_init(Mutex::default).lock().unwrap();
    if let Some((_, full)) = worlds.iter().find(|(known, _)| *known == size) {
        return Arc::clone(full);
    }
    let full = Arc::new(Full::new(size));
    worlds.push((size, Arc::clone(&full)));
    full
}

fn noon(day: i8) -> DateTime {
    date(2026, 11, day).at(11, 0, 0, 0)
}

fn closed(state: &State) -> String {
    state.closed_json(noon(21), noon(22), None)
}

#[divan::bench(args = SIZES)]
fn get_guest(bencher: Bencher<'_, '_>, size: u32) {
    let full = full(size);
    bencher.bench(|| full.ask(|state| state.guest_json(black_box(full.one)).unwrap()));
}

#[divan::bench(args = SIZES)]
fn get_guests(bencher: Bencher<'_, '_>, size: u32) {
    let full = full(size);
    let client = Guid::parse(CLIENT).unwrap();
    bencher.bench(|| full.ask(|state| state.guests_json(black_box(client))));
}

#[divan::bench(args = SIZES)]
fn get_guest_info(bencher: Bencher<'_, '_>, size: u32) {
    let full = full(size);
    bencher.bench(|| full.ask(|state| state.info_json(black_box("мало"), date(2026, 11, 21))));
}

#[divan::bench(args = SIZES)]
fn get_closed_guests_id(bencher: Bencher<'_, '_>, size: u32) {
    let full = full(size);
    bencher.bench(|| full.ask(closed));
}

/// Making a thousand bills: what a thousand `post-guest` cost in the state.
#[divan::bench(args = SIZES, sample_count = 10)]
fn thousand_more(bencher: Bencher<'_, '_>, size: u32) {
    let full = full(size);
    let args = Node::from_json(&json!({ "count": 1_000 }));
    bencher.bench(|| full.world.act("tillypad.seed_guests", &args).unwrap());
}
