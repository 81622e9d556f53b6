//! Entities that a world file only counts: machines with all they need, made up by the world's seed.

use fake::Fake as _;
use fake::faker::company::en::CompanyName;
use rand::RngExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stend_core::{Problem, Streams};

use crate::state::catalog::{Capacity, Component, Location, Part, Place, Planogram, Product, Unit};
use crate::state::company::{Modem, Type};
use crate::state::machine::{Cash, Level, Loading, Machine};
use crate::state::number::{Percent, Quantity, Roubles};
use crate::state::time::Moment;
use crate::world::Section;

/// What to make up. Everything is drawn from the stream `generate`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Generate {
    /// Machines, with ids from 2000001 on: each with a modem, a location, a snack planogram and a full loading.
    pub machines: u32,
    /// Locations are spread over so many groups, 1 and on; left out, they have none.
    pub groups: u32,
    /// Every so many-th machine makes fiscal receipts; 0, none does.
    pub fiscal_every: u32,
}

/// The most machines that are made up.
const MOST: u32 = 20_000;
/// Where the ids of what is made up begin.
const FIRST: i64 = 2_000_000;
/// A name, a price in roubles and how many go into a spiral.
const GOODS: [(&str, i64, i64); 12] = [
    ("Вода негазированная 0,5 л", 50, 8),
    ("Вода газированная 0,5 л", 50, 8),
    ("Сок яблочный 0,2 л", 45, 10),
    ("Сок апельсиновый 0,2 л", 45, 10),
    ("Шоколадный батончик", 60, 14),
    ("Вафельный батончик", 55, 14),
    ("Ореховый батончик", 70, 14),
    ("Печенье овсяное", 40, 12),
    ("Чипсы с солью", 85, 8),
    ("Сухарики ржаные", 35, 12),
    ("Жевательная резинка", 30, 20),
    ("Сэндвич с сыром", 150, 6),
];
/// Three such planograms, each a third of the goods dearer, so that machines differ.
const PLANOGRAMS: i64 = 3;

/// Adds what is to be made up.
pub(crate) fn make_up(generate: &Generate, random: &mut Streams, section: &mut Section) -> Result<(), Problem> {
    if generate.machines > MOST {
        return Err(Problem::invalid(format!("{} machines; {MOST} at the most", generate.machines)).under("machines"));
    }
    if generate.machines == 0 {
        return Ok(());
    }
    for (n, (name, ..)) in (1..).zip(GOODS) {
        section.components.push(Component {
            id: FIRST + n,
            name: name.into(),
            is_product: true,
            units: Unit::Piece,
            role: None,
        });
        section.products.push(Product {
            id: FIRST + n,
            composite: false,
            name: name.into(),
            components: vec![Part { id: FIRST + n, volume: Quantity::whole(1) }],
            inventory_number: None,
            vat: Some(Percent::whole(20)),
            note: None,
        });
    }
    let spiral =
        |n: i64| format!("{}{}", char::from(b"ABC"[usize::try_from((n - 1) / 4).unwrap_or(0) % 3]), (n - 1) % 4 + 1);
    for planogram in 1..=PLANOGRAMS {
        let extra = |n: i64| if n % PLANOGRAMS == planogram % PLANOGRAMS { 10 } else { 0 };
        let place = |(n, (_, price, _)): (i64, (&str, i64, i64))| Place {
            product_id: FIRST + n,
            number: spiral(n),
            price: Roubles::whole(price + extra(n)),
        };
        let capacity = |(n, (_, _, room)): (i64, (&str, i64, i64))| Capacity {
            component_id: FIRST + n,
            capacity: Quantity::whole(room),
            critical: Some(Quantity::whole(room / 4)),
        };
        section.planograms.push(Planogram {
            id: FIRST + planogram,
            name: format!("Снеки, вариант {planogram}"),
            capacity: (1..).zip(GOODS).map(capacity).collect(),
            products: (1..).zip(GOODS).map(|(n, _)| FIRST + n).collect(),
            layout: (1..).zip(GOODS).map(place).collect(),
        });
    }
    let stream = random.get("generate");
    for n in 1..=i64::from(generate.machines) {
        let id = FIRST + n;
        let company: String = CompanyName().fake_with_rng(stream);
        let house: u32 = stream.random_range(1..200);
        let group_id = (generate.groups > 0).then(|| (n - 1) % i64::from(generate.groups.max(1)) + 1);
        section.locations.push(Location {
            id,
            group_id,
            name: format!("{company}, {n}"),
            address: Some(format!("Промышленная ул., {house}")),
            note: None,
        });
        section.modems.push(Modem {
            id,
            imei: (900_000_000_000_000 + n).to_string(),
            firmware: Some("4.4.42".into()),
            hw_version: Some("2.4".into()),
            bus: Some("mdb".into()),
            heard: Some(Moment(0)),
            ..Modem::default()
        });
        let loading = (1..).zip(GOODS).map(|(good, (_, _, room))| {
            ((FIRST + good, Some(spiral(good))), Level { value: Quantity::whole(room), ..Level::default() })
        });
        let fiscal = generate.fiscal_every > 0 && n % i64::from(generate.fiscal_every) == 0;
        section.machines.push(Machine {
            id,
            name: format!("Снековый автомат {n}"),
            serial_number: Some(format!("SN{n:06}")),
            planogram_id: Some(FIRST + (n - 1) % PLANOGRAMS + 1),
            location_id: Some(id),
            modem_id: Some(id),
            kind: Some(Type::Snack),
            is_crt_active: fiscal,
            money: Some(Cash { change: Roubles::whole(stream.random_range(200..900)), ..Cash::default() }),
            loading: Loading(loading.collect()),
            ..Machine::default()
        });
    }
    Ok(())
}
