//! The directory of time zones: every IANA zone.

use std::sync::OnceLock;

use jiff::Timestamp;
use jiff::tz::{self, Offset, TimeZone};

/// A zone and its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Zone {
    pub(crate) id: i64,
    pub(crate) name: String,
}

/// The ids that the document prints. The others are the zones' places in the alphabet, which the vendor's may not be.
const PRINTED: [(i64, &str); 2] = [(109, "America/Grenada"), (220, "Asia/Baku")];

/// All zones by their id.
pub(crate) fn all() -> &'static [Zone] {
    static ALL: OnceLock<Vec<Zone>> = OnceLock::new();
    ALL.get_or_init(|| {
        // The rules of all of them are in the binary; reading every zone's would be most of a start.
        let mut names: Vec<String> = tz::db().available().map(|name| name.to_string()).collect();
        names.sort();
        names.dedup();
        for (id, printed) in PRINTED {
            let place = usize::try_from(id).unwrap_or(1) - 1;
            if let Some(found) = names.iter().position(|name| name == printed).filter(|_| place < names.len()) {
                names.swap(found, place);
            }
        }
        (1..).zip(names).map(|(id, name)| Zone { id, name }).collect()
    })
}

pub(crate) fn by_id(id: i64) -> Option<&'static Zone> {
    usize::try_from(id).ok()?.checked_sub(1).and_then(|place| all().get(place))
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
    rules(&zone.name).map_or(Offset::UTC, |rules| rules.to_offset(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_zones_have_the_printed_ids_and_every_id_is_used_once() {
        for (id, name) in PRINTED {
            assert_eq!(by_id(id).map(|zone| zone.name.as_str()), Some(name));
            assert_eq!(by_name(name).map(|zone| zone.id), Some(id));
        }
        let mut names: Vec<&str> = all().iter().map(|zone| zone.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all().len());
        assert!(names.len() > 400, "{} zones", names.len());
        for name in names {
            assert!(rules(name).is_some(), "{name} has no rules");
        }
        assert_eq!(by_id(0), None);
        assert_eq!(by_id(-1), None);
    }
}
