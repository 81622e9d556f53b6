//! What a world file may say of a company, beside what its types allow: what no request could have brought about is
//! refused, so that a test does not rest on it.

use std::collections::{BTreeMap, BTreeSet};

use stend_core::{Problem, near};

use crate::state::catalog::Planogram;
use crate::state::machine::{Cash, Machine};
use crate::state::missing;
use crate::state::number::{Fixed, Percent, Roubles};
use crate::state::settings::Settings;
use crate::world::Section;

/// Looks at the lists as they stand in the file.
pub(crate) fn check(section: &Section) -> Result<(), Problem> {
    lifetimes(&section.settings).map_err(|problem| problem.under("settings"))?;
    access(section)?;
    let imeis = section.modems.iter().map(|modem| modem.imei.trim().to_owned());
    once("modems", "imei", imeis)?;
    once("locations", "name", section.locations.iter().map(|location| location.name.clone()))?;
    products(section)?;
    for (i, planogram) in section.planograms.iter().enumerate() {
        layout(planogram).map_err(|problem| problem.under(i).under("planograms"))?;
    }
    let planograms: BTreeMap<i64, &Planogram> = section.planograms.iter().map(|one| (one.id, one)).collect();
    for (i, one) in section.machines.iter().enumerate() {
        let planogram = one.planogram_id.and_then(|id| planograms.get(&id)).copied();
        machine(one, planogram).map_err(|problem| problem.under(i).under("machines"))?;
    }
    Ok(())
}

fn lifetimes(settings: &Settings) -> Result<(), Problem> {
    for (key, span) in [("access_tokens", settings.access_tokens), ("refresh_tokens", settings.refresh_tokens)] {
        if span.is_zero() {
            return Err(Problem::invalid("tokens of no time at all").hint("e.g. `24h`").under(key));
        }
    }
    Ok(())
}

fn access(section: &Section) -> Result<(), Problem> {
    // A login is compared without regard to case.
    once("users", "email", section.users.iter().map(|user| user.email.to_lowercase()))?;
    for (i, code) in section.codes.iter().enumerate() {
        if !section.users.iter().any(|user| user.id == code.user) {
            let problem = missing("user", code.user, section.users.iter().map(|user| &user.id));
            return Err(problem.at(["codes".into(), i.into(), "user".into()]));
        }
    }
    Ok(())
}

fn products(section: &Section) -> Result<(), Problem> {
    for (i, product) in section.products.iter().enumerate() {
        let at = |problem: Problem| problem.under(i).under("products");
        if let Some(vat) = product.vat.filter(|vat| !(Percent::whole(0)..=Percent::whole(100)).contains(vat)) {
            return Err(at(Problem::invalid(format!("a VAT of {vat} %; from 0 to 100")).under("vat")));
        }
        for (part, one) in product.components.iter().enumerate() {
            from_nought("volume", one.volume).map_err(|problem| at(problem.under(part).under("components")))?;
        }
    }
    Ok(())
}

fn layout(planogram: &Planogram) -> Result<(), Problem> {
    let mut numbers = BTreeSet::new();
    for (i, place) in planogram.layout.iter().enumerate() {
        let at = |problem: Problem| problem.under(i).under("layout");
        if !numbers.insert(&place.number) {
            let text = format!("the spiral `{}` is given twice", place.number);
            return Err(at(Problem::conflict(text).under("number")));
        }
        from_nought("price", place.price).map_err(at)?;
        // Left out, the list says nothing; known products are looked at with the other references.
        if !planogram.products.is_empty() && !planogram.products.contains(&place.product_id) {
            let text = format!("product {} is not among the planogram's `products`", place.product_id);
            return Err(at(Problem::not_found(text).under("product_id")));
        }
    }
    for (i, item) in planogram.capacity.iter().enumerate() {
        let at = |problem: Problem| problem.under(i).under("capacity");
        from_nought("capacity", item.capacity).map_err(at)?;
        from_nought("critical", item.critical.unwrap_or_default()).map_err(at)?;
    }
    Ok(())
}

fn machine(machine: &Machine, planogram: Option<&Planogram>) -> Result<(), Problem> {
    let (least, most) = (machine.min_price, machine.max_price);
    from_nought("min_price", least.unwrap_or_default())?;
    from_nought("max_price", most.unwrap_or_default())?;
    if let Some((least, most)) = least.zip(most).filter(|(least, most)| least > most) {
        return Err(Problem::invalid(format!("{most} is less than the `min_price` {least}")).under("max_price"));
    }
    if let Some(cash) = &machine.money {
        money(cash).map_err(|problem| problem.under("money"))?;
    }
    if let Some(cash) = &machine.last_known_money {
        money(cash).map_err(|problem| problem.under("last_known_money"))?;
    }
    let Some(planogram) = planogram else { return Ok(()) };
    for ((component, number), level) in &machine.loading.0 {
        // Nothing in a spiral that is gone is what a change of planogram leaves.
        let Some(number) = number.as_deref().filter(|_| level.value.0 != 0) else { continue };
        if planogram.place(number).is_none() {
            let known = planogram.layout.iter().map(|place| place.number.as_str());
            let text =
                format!("component {component} lies in the spiral `{number}`, which the planogram does not have");
            let mut problem = Problem::not_found(text);
            problem.hint = near::hint(number, known);
            return Err(problem.under("loading"));
        }
    }
    Ok(())
}

fn money(cash: &Cash) -> Result<(), Problem> {
    let parts: [(&str, Roubles); 6] = [
        ("change", cash.change),
        ("coins", cash.coins),
        ("banknotes", cash.banknotes),
        ("hands_add", cash.hands_add),
        ("credit", cash.credit),
        ("tubes", cash.tubes.unwrap_or_default()),
    ];
    parts.into_iter().try_for_each(|(key, sum)| from_nought(key, sum))
}

fn from_nought<const D: u32>(key: &str, number: Fixed<D>) -> Result<(), Problem> {
    if number < Fixed::default() {
        return Err(Problem::invalid(format!("{number} is negative; from 0")).under(key));
    }
    Ok(())
}

/// What only one thing in a list can have; nothing at all is no such thing.
fn once(list: &'static str, key: &'static str, texts: impl Iterator<Item = String>) -> Result<(), Problem> {
    let mut seen = BTreeSet::new();
    for (i, text) in texts.enumerate().filter(|(_, text)| !text.is_empty()) {
        if seen.contains(&text) {
            let problem = Problem::conflict(format!("the {key} `{text}` is given twice"));
            return Err(problem.at([list.into(), i.into(), key.into()]));
        }
        seen.insert(text);
    }
    Ok(())
}
