//! The sessions that are open: by token, and by the moment at which each ends unless it is used (Q29).

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use stend_core::{Index, Shared, Span, Table, Version};
use uuid::Uuid;

use super::fields::to_milli;
use super::sessions::{Component, Session};

/// So many tokens of sessions that have ended unused are remembered, so that their clients learn why.
const MOST_EXPIRED: usize = 1000;

/// Who listens on an open socket. Sockets belong to one world, so in a copy of a state nobody does, who has until then.
#[derive(Debug, Default)]
struct Listening {
    now: BTreeSet<Arc<str>>,
    before: BTreeSet<Arc<str>>,
}

impl Clone for Listening {
    fn clone(&self) -> Self {
        Self { now: BTreeSet::new(), before: self.now.clone() }
    }
}

/// A session, and when to look whether it is still used: never later than it ends.
#[derive(Debug, Clone)]
struct Open {
    session: Session,
    look: Timestamp,
}

/// The open sessions of a hall.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sessions {
    open: Table<Arc<str>, Open>,
    /// By the time at which to look at them.
    looks: Index<(Timestamp, Arc<str>)>,
    listening: Listening,
    /// How many sessions a user has at a window.
    seats: Table<(i64, i64), usize>,
    expired: Shared<Vec<Arc<str>>>,
    /// Changes whenever sessions end.
    version: Version,
}

/// A token as it is kept: GUIDs are `{`, lower case and `}`, however they are sent (G1).
fn canonical(token: &str) -> Cow<'_, str> {
    match Uuid::try_parse(token) {
        Ok(guid) => guid.braced().to_string().into(),
        Err(_) => token.into(),
    }
}

impl Sessions {
    /// Those of a world file.
    pub(crate) fn restore(sessions: Vec<Session>, expired: Vec<Arc<str>>, timeout: Span) -> Self {
        let mut restored = Self { expired: expired.into(), ..Self::default() };
        for mut session in sessions {
            session.token = canonical(&session.token).into();
            restored.close(&Arc::clone(&session.token));
            restored.open(session, timeout);
        }
        restored
    }

    /// The session of a token, in whichever case and with or without its braces.
    pub(crate) fn get(&self, token: &str) -> Option<&Session> {
        let open = self.open.get(token).or_else(|| self.open.get(&*canonical(token)));
        open.map(|open| &open.session)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &Session> {
        self.open.values().map(|open| &open.session)
    }

    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    /// Whether a session of this token has ended unused.
    pub(crate) fn has_expired(&self, token: &str) -> bool {
        let token = canonical(token);
        self.expired.iter().any(|expired| **expired == *token)
    }

    /// The tokens of sessions that have ended unused, the latest last.
    pub(crate) fn expired(&self) -> Vec<Arc<str>> {
        self.expired.to_vec()
    }

    /// Changes whenever sessions end.
    pub(crate) fn version(&self) -> Version {
        self.version
    }

    /// Whether this user has an open session at this window.
    pub(crate) fn has_seat(&self, workplace: i64, user: i64) -> bool {
        self.seats.contains_key(&(workplace, user))
    }

    /// The windows at which a user has open sessions.
    pub(crate) fn windows_of(&self, user: i64) -> impl Iterator<Item = i64> {
        self.seats.keys().filter(move |(_, who)| *who == user).map(|(workplace, _)| *workplace)
    }

    /// Adds a session.
    pub(crate) fn open(&mut self, session: Session, timeout: Span) {
        let look = timeout.after(session.used);
        self.looks.insert((look, Arc::clone(&session.token)));
        if let Some(seat) = seat(&session) {
            let count = self.seats.get(&seat).copied().unwrap_or(0);
            self.seats.insert(seat, count + 1);
        }
        self.open.insert(Arc::clone(&session.token), Open { session, look });
    }

    /// Removes a session.
    pub(crate) fn close(&mut self, token: &Arc<str>) -> Option<Session> {
        let Open { session, look } = self.open.remove(token)?;
        self.looks.remove(&(look, Arc::clone(token)));
        self.listening.now.remove(token);
        self.version = Version::next();
        if let Some(seat) = seat(&session) {
            match self.seats.get(&seat).copied() {
                Some(count) if count > 1 => drop(self.seats.insert(seat, count - 1)),
                _ => drop(self.seats.remove(&seat)),
            }
        }
        Some(session)
    }

    /// Notes that a session was used. When to look at it stays, unless the clock was set back: it is found to be used
    /// then.
    pub(crate) fn used(&mut self, token: &str, now: Timestamp, timeout: Span) {
        let now = to_milli(now);
        let Some(before) = self.get(token).map(|session| session.used).filter(|used| *used != now) else { return };
        let Some(open) = self.open.get_mut(token) else { return };
        open.session.used = now;
        if now < before {
            self.look(token, timeout.after(now));
        }
    }

    /// Sets when to look at a session.
    fn look(&mut self, token: &str, at: Timestamp) {
        let Some(open) = self.open.get_mut(token) else { return };
        let before = std::mem::replace(&mut open.look, at);
        let token = Arc::clone(&open.session.token);
        self.looks.remove(&(before, Arc::clone(&token)));
        self.looks.insert((at, token));
    }

    /// Notes that a session has a subscription on an open socket from now on, or none any more: until now it was used.
    pub(crate) fn listens(&mut self, token: &str, listens: bool, now: Timestamp, timeout: Span) {
        let Some(token) = self.get(token).map(|session| Arc::clone(&session.token)) else { return };
        self.used(&token, now, timeout);
        if listens {
            self.listening.now.insert(token);
        } else {
            self.listening.now.remove(&token);
        }
    }

    /// In a copy: those that listened until it was made were used until then.
    pub(crate) fn copied(&mut self, now: Timestamp, timeout: Span) {
        for token in std::mem::take(&mut self.listening.before) {
            self.used(&token, now, timeout);
        }
    }

    /// When to look next whether a session has ended.
    pub(crate) fn next_deadline(&self) -> Option<Timestamp> {
        self.looks.first().map(|(at, _)| *at)
    }

    /// Removes a session that was not used for so long at `due`. One that listens is in use.
    pub(crate) fn lapse(&mut self, due: Timestamp, timeout: Span) -> Option<Session> {
        while let Some((_, token)) = self.looks.first().cloned().filter(|(at, _)| *at <= due) {
            if self.listening.now.contains(&token) {
                self.used(&token, due, timeout);
            }
            let ends = timeout.after(self.get(&token)?.used);
            if ends > due {
                self.look(&token, ends);
                continue;
            }
            let expired = &mut *self.expired;
            expired.push(Arc::clone(&token));
            if expired.len() > MOST_EXPIRED {
                expired.remove(0);
            }
            return self.close(&token);
        }
        None
    }
}

/// The window and the user of a clerk's session.
fn seat(session: &Session) -> Option<(i64, i64)> {
    let workplace = session.workplace.filter(|_| session.component == Component::Workplace)?;
    Some((workplace, session.who))
}
