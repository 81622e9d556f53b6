//! Who may command at which window, and what can be served there.

use super::State;
use super::sessions::{Component, Session};
use super::settings::OtherWindows;
use crate::errors::Error;

/// A clerk at a window: who commands, and from where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Post {
    pub(crate) workplace: i64,
    pub(crate) user: i64,
}

impl State {
    /// What the clerk at a window can serve there: the window's operations, as far as his role goes.
    pub(crate) fn operations_of(&self, workplace: i64) -> Vec<i64> {
        self.operations_for(workplace, self.user_at(workplace))
    }

    /// What a user can serve at a window; without one, what the window has.
    pub(crate) fn operations_for(&self, workplace: i64, user: Option<i64>) -> Vec<i64> {
        let Some(window) = self.books.workplaces.rows.get(&workplace) else { return Vec::new() };
        let mut operations: Vec<i64> = match window.all_operations {
            0 => window.operations.clone(),
            _ => self.books.operations.rows.keys().copied().collect(),
        };
        let user = user.and_then(|user| self.books.users.rows.get(&user));
        if let Some(user) = user {
            let free = user.clerk.as_ref().is_some_and(|clerk| clerk.all_operations != 0);
            let role = self.books.user_roles.rows.get(&user.role_id).and_then(|role| role.clerk.as_ref());
            match role {
                _ if free => {}
                Some(role) if role.all_operations != 0 => {}
                Some(role) => operations.retain(|operation| role.operations.contains(operation)),
                None => operations.clear(),
            }
        }
        operations
    }

    /// The user who sits at a window.
    pub(crate) fn user_at(&self, workplace: i64) -> Option<i64> {
        let clerk = self.books.workplaces.rows.get(&workplace).map(|row| row.clerk_id).filter(|clerk| *clerk >= 0)?;
        let sits = |user: &&super::rows::User| user.clerk.as_ref().is_some_and(|part| part.id == clerk);
        self.books.users.rows.values().find(sits).map(|user| user.id)
    }

    /// The window of this id.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn check_workplace(&self, workplace: i64) -> Result<(), Error> {
        if self.books.workplaces.rows.contains_key(&workplace) {
            return Ok(());
        }
        Err(Error::NotFound("Workplace", workplace.to_string()))
    }

    /// The post from which a session commands.
    ///
    /// # Errors
    /// No clerk's session, an unknown window, or one at which somebody else sits.
    pub(crate) fn post(&self, session: &Session, workplace: Option<i64>) -> Result<Post, Error> {
        if session.component != Component::Workplace {
            return Err(Error::NoClerk);
        }
        let workplace = workplace.or(session.workplace).ok_or_else(|| Error::Missing("Request", "workplace".into()))?;
        self.check_workplace(workplace)?;
        let clerk = self.clerk_of(session.who).ok_or(Error::NoClerk)?;
        let elsewhere = self.books.workplaces.rows.get(&workplace).is_some_and(|row| row.clerk_id != clerk);
        if elsewhere && self.settings.other_windows == OtherWindows::Refused {
            return Err(Error::NotHere(workplace));
        }
        Ok(Post { workplace, user: session.who })
    }
}
