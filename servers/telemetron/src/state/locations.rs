//! Locations (T12, T13).

use schemars::JsonSchema;
use serde::Deserialize;
use stend_core::request::{Change, Patch, Text};

use crate::errors::{Error, Invalid, What};
use crate::state::access::Viewer;
use crate::state::catalog::Location;
use crate::state::machine::Machine;
use crate::state::{State, take};

/// A location to be made.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct NewLocation {
    pub(crate) name: Text<255>,
    address: Text<255>,
    note: Option<Text<65_535>>,
}

/// What a location is changed to.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct LocationChange {
    #[serde(default)]
    pub(crate) name: Change<Text<255>>,
    #[serde(default)]
    address: Change<Text<255>>,
    note: Patch<Text<65_535>>,
}

impl State {
    /// The locations that somebody sees (T12).
    pub(crate) fn seen_locations<'s>(&'s self, viewer: &'s Viewer) -> impl Iterator<Item = &'s Location> {
        self.locations.values().filter(|location| match &viewer.groups {
            None => true,
            Some(groups) => location.group_id.is_some_and(|group| groups.contains(&group)),
        })
    }

    /// The id of a location that somebody sees.
    ///
    /// # Errors
    /// It is not there.
    pub(crate) fn location(&self, viewer: &Viewer, id: &str) -> Result<i64, Error> {
        let id: i64 = id.parse().map_err(|_| Error::NotFound(What::Location))?;
        let known = self.seen_locations(viewer).any(|known| known.id == id);
        known.then_some(id).ok_or(Error::NotFound(What::Location))
    }

    /// Checks that no other location has the name.
    pub(crate) fn check_location(&self, own: Option<i64>, name: Option<&str>, invalid: &mut Invalid) {
        let Some(name) = name.map(str::trim) else { return };
        if self.locations.values().any(|known| Some(known.id) != own && known.name == name) {
            invalid.taken("name");
        }
    }

    /// Makes a location; returns its id.
    pub(crate) fn create_location(&mut self, viewer: &Viewer, new: NewLocation) -> i64 {
        let id = take(&mut self.next.location);
        let location = Location {
            id,
            // An operator's own place must not vanish from the operator's sight.
            group_id: viewer.groups.as_ref().and_then(|groups| groups.first().copied()),
            name: new.name.into(),
            address: Some(new.address.into()),
            note: new.note.map(String::from),
        };
        self.locations.insert(id, location);
        id
    }

    /// Changes what is given.
    pub(crate) fn update_location(&mut self, id: i64, change: LocationChange) {
        let Some(location) = self.locations.get_mut(&id) else { return };
        if let Some(name) = change.name.0 {
            location.name = name.into();
        }
        if let Some(address) = change.address.0 {
            location.address = Some(address.into());
        }
        change.note.apply(&mut location.note);
    }

    /// Deletes a location.
    ///
    /// # Errors
    /// A machine stands there, without `force`; or it has sold something there, whatever `force` says (T13).
    pub(crate) fn delete_location(&mut self, id: i64, force: bool) -> Result<(), Error> {
        let here = |machine: &Machine| machine.location_id == Some(id);
        let used = || self.machines.values().filter(|machine| here(machine));
        if used().next().is_some() && !force {
            return Err(Error::InUse);
        }
        if used().any(|machine| !machine.sales.is_empty()) {
            return Err(Error::HasStatistics);
        }
        self.machines.change(here, |machine| machine.location_id = None);
        self.locations.remove(&id);
        Ok(())
    }
}
