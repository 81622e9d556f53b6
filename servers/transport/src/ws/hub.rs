//! The sockets of one world and what they subscribe to. What subscribers hear is derived: after every change of the state,
//! topics whose tables have other versions are rendered, and those that differ from the last push are pushed.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use stend_core::{Follower, Timestamp, Version};

use super::outbox::{Outbox, TopicId};
use super::{Rendering, SocketService, Topic};
use crate::codec::Rendered;

/// A socket, by the number it got when it opened.
pub(crate) type SocketId = u64;

/// The most subscriptions of a socket.
pub(crate) const MOST: usize = 256;

/// What a rule does to the subscriptions of its socket.
pub(crate) enum Change<T> {
    /// For this owner.
    Subscribe(T, Arc<str>),
    Unsubscribe(Box<dyn Fn(&T) -> bool>),
}

/// A topic with its subscribers.
struct Subscribed {
    id: TopicId,
    /// The versions of its tables when it was last looked at.
    versions: Vec<Version>,
    /// What its subscribers know.
    known: Rendering,
    subscribers: BTreeMap<SocketId, Subscriber>,
}

struct Subscriber {
    outbox: Arc<Outbox>,
    /// Whose subscription it is: it ends with him.
    owner: Arc<str>,
}

struct Inner<S: SocketService> {
    sockets: BTreeMap<SocketId, Arc<Outbox>>,
    topics: BTreeMap<S::Topic, Subscribed>,
    /// How many subscriptions each owner has.
    listeners: BTreeMap<Arc<str>, usize>,
    /// The number of the last socket or topic.
    last: u64,
    /// The version of the owners when it was last looked at.
    owners: Version,
}

/// The sockets of one world, and their subscriptions.
pub(crate) struct Hub<S: SocketService>(Mutex<Inner<S>>, pub(crate) Rendered);

impl<S: SocketService> Default for Hub<S> {
    fn default() -> Self {
        Self(
            Mutex::new(Inner {
                sockets: BTreeMap::new(),
                topics: BTreeMap::new(),
                listeners: BTreeMap::new(),
                last: 0,
                owners: Version::default(),
            }),
            Rendered::default(),
        )
    }
}

impl<S: SocketService> Hub<S> {
    /// A socket has opened.
    pub(crate) fn open(&self, outbox: Arc<Outbox>) -> SocketId {
        let mut inner = self.0.lock();
        inner.last += 1;
        let id = inner.last;
        inner.sockets.insert(id, outbox);
        id
    }

    /// A socket has gone, and its subscriptions with it. The state is none when its world is gone too.
    pub(crate) fn close(&self, socket: SocketId, state: Option<&mut S::State>, now: Timestamp) {
        let mut inner = self.0.lock();
        inner.sockets.remove(&socket);
        let left = inner.leave(socket, &|_| true);
        if let Some(state) = state {
            inner.tell(left, state, now);
        }
    }

    /// How many subscriptions a socket has.
    pub(crate) fn subscriptions(&self, socket: SocketId) -> usize {
        self.0.lock().topics.values().filter(|topic| topic.subscribers.contains_key(&socket)).count()
    }

    /// Changes the subscriptions of a socket. What a new subscriber knows is what he could ask for now.
    pub(crate) fn change(
        &self,
        socket: SocketId,
        changes: Vec<Change<S::Topic>>,
        state: &mut S::State,
        now: Timestamp,
    ) {
        let mut inner = self.0.lock();
        let mut owners = Vec::new();
        for change in changes {
            owners.extend(match change {
                Change::Unsubscribe(which) => inner.leave(socket, &*which),
                Change::Subscribe(topic, owner) => inner.join(socket, topic, owner, state),
            });
        }
        inner.tell(owners, state, now);
    }
}

impl<S: SocketService> Inner<S> {
    /// Adds a subscription; returns the owners who have one more or one less.
    fn join(&mut self, socket: SocketId, topic: S::Topic, owner: Arc<str>, state: &S::State) -> Vec<Arc<str>> {
        let Some(outbox) = self.sockets.get(&socket).map(Arc::clone) else { return Vec::new() };
        let last = &mut self.last;
        let subscribed = self.topics.entry(topic).or_insert_with_key(|topic| {
            *last += 1;
            let (versions, known) = (topic.versions(state), topic.render(state));
            Subscribed { id: *last, versions, known, subscribers: BTreeMap::new() }
        });
        let before = subscribed.subscribers.insert(socket, Subscriber { outbox, owner: Arc::clone(&owner) });
        *self.listeners.entry(Arc::clone(&owner)).or_default() += 1;
        let before = before.map(|before| before.owner);
        before.iter().for_each(|before| forget(&mut self.listeners, before));
        before.into_iter().chain([owner]).collect()
    }

    /// Ends subscriptions; returns whose they were.
    fn leave(&mut self, socket: SocketId, which: &dyn Fn(&S::Topic) -> bool) -> Vec<Arc<str>> {
        let mut left = Vec::new();
        self.topics.retain(|topic, subscribed| {
            if which(topic) {
                left.extend(subscribed.subscribers.remove(&socket).map(|subscriber| subscriber.owner));
            }
            !subscribed.subscribers.is_empty()
        });
        left.iter().for_each(|owner| forget(&mut self.listeners, owner));
        left
    }

    /// Tells the state which of these owners listen.
    fn tell(&self, mut owners: Vec<Arc<str>>, state: &mut S::State, now: Timestamp) {
        owners.sort_unstable();
        owners.dedup();
        for owner in owners {
            S::listens(state, &owner, self.listeners.contains_key(&owner), now);
        }
    }
}

/// Counts a subscription of an owner off.
fn forget(listeners: &mut BTreeMap<Arc<str>, usize>, owner: &Arc<str>) {
    if let Some(count) = listeners.get_mut(owner) {
        *count -= 1;
        if *count == 0 {
            listeners.remove(owner);
        }
    }
}

impl<S: SocketService> Inner<S> {
    /// Ends the subscriptions of owners that are gone.
    fn dismiss(&mut self, state: &S::State) {
        let owners = S::owners(state);
        if std::mem::replace(&mut self.owners, owners) == owners {
            return;
        }
        self.topics.retain(|_, subscribed| {
            subscribed.subscribers.retain(|_, subscriber| S::is_owner(state, &subscriber.owner));
            !subscribed.subscribers.is_empty()
        });
        self.listeners.retain(|owner, _| S::is_owner(state, owner));
    }
}

impl<S: SocketService> Follower<S> for Hub<S> {
    fn changed(&self, state: &S::State, now: Timestamp) {
        let mut inner = self.0.lock();
        inner.dismiss(state);
        for (topic, subscribed) in &mut inner.topics {
            let versions = topic.versions(state);
            if versions == subscribed.versions {
                continue;
            }
            subscribed.versions = versions;
            let rendering = topic.render(state);
            if rendering == subscribed.known {
                continue;
            }
            let (command, text) = topic.push(now, &rendering.data);
            subscribed.known = rendering;
            for subscriber in subscribed.subscribers.values() {
                subscriber.outbox.push(subscribed.id, command, text.clone(), now);
            }
        }
    }

    /// All sockets close: what they know is of another state.
    fn replaced(&self) {
        let sockets = {
            let mut inner = self.0.lock();
            inner.topics.clear();
            inner.listeners.clear();
            std::mem::take(&mut inner.sockets)
        };
        sockets.values().for_each(|outbox| outbox.close());
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytestring::ByteString;
    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};
    use stend_core::{Action, Operation, Problem, Registry, Seed, Service, Table, World, WorldFile, Worlds};

    use super::super::outbox::tests::{outbox, sent};
    use super::super::{SocketContext, SocketService};
    use super::*;
    use crate::codec::Refused;
    use crate::reply::Reply;

    /// The smallest service with something to subscribe to: names on a board, and how often each was called.
    struct Board;

    #[derive(Debug, Clone, Default)]
    struct Names {
        names: Table<u8, (String, u64)>,
        /// Nothing shows it.
        other: Table<u8, u8>,
        /// Who has logged out.
        gone: Table<String, ()>,
        /// Who has a subscription.
        listen: Table<String, ()>,
    }

    #[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
    struct Section {}

    /// The names below this key.
    #[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
    struct Below(u8);

    impl Service for Board {
        const NAME: &'static str = "board";
        const TITLE: &'static str = "A board";
        type State = Names;
        type Section = Section;

        fn operations() -> &'static [Operation] {
            &[]
        }

        fn actions() -> &'static [Action<Self>] {
            &[]
        }

        fn seed(_: Option<Section>, _: Seed) -> Result<Names, Problem> {
            Ok(Names::default())
        }

        fn save(_: &Names) -> Section {
            Section {}
        }

        fn next_deadline(_: &Names) -> Option<Timestamp> {
            None
        }

        fn tick(_: &mut Names, _: Timestamp) -> Vec<String> {
            Vec::new()
        }
    }

    impl Topic<Board> for Below {
        fn versions(&self, state: &Names) -> Vec<Version> {
            vec![state.names.version()]
        }

        fn render(&self, state: &Names) -> Rendering {
            let shown = || state.names.range(..self.0).map(|(_, row)| row);
            let data = shown().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(",");
            Rendering { data, announced: shown().map(|(_, calls)| calls).sum() }
        }

        fn push(&self, _: Timestamp, data: &str) -> (&'static str, ByteString) {
            ("names", data.into())
        }
    }

    impl SocketService for Board {
        type Topic = Below;
        type Envelope<'t> = &'t str;

        fn read(text: &str) -> &str {
            text
        }

        fn nothing<'t>() -> &'t str {
            ""
        }

        fn command<'e>(envelope: &'e &str) -> &'e str {
            envelope
        }

        fn operation(_: &str) -> Option<&'static str> {
            None
        }

        fn clients(_: &&str, _: &Names, _: Timestamp) -> Vec<String> {
            Vec::new()
        }

        fn answer(_: &&str, _: &mut Names, _: &mut SocketContext<'_, Below>) -> Reply {
            Reply::empty(crate::StatusCode::OK)
        }

        fn refused(_: Refused, _: &&str, _: &Names, _: Timestamp) -> Reply {
            Reply::empty(crate::StatusCode::BAD_REQUEST)
        }

        fn owners(state: &Names) -> Version {
            state.gone.version()
        }

        fn is_owner(state: &Names, owner: &str) -> bool {
            !state.gone.contains_key(owner)
        }

        fn listens(state: &mut Names, owner: &str, listens: bool, _: Timestamp) {
            let changed = match listens {
                true => state.listen.insert(owner.into(), ()).is_none(),
                false => state.listen.remove(owner).is_some(),
            };
            assert!(changed || listens, "who has none is reported once");
        }

        fn ping(_: &Names) -> Duration {
            Duration::from_secs(30)
        }
    }

    fn worlds() -> Worlds {
        Worlds::new(Registry::new().with::<Board>(), WorldFile::default()).expect("a world")
    }

    /// Runs a rule on the board.
    fn run(world: &World, rule: impl FnOnce(&mut Names)) {
        world.run(world.live::<Board>(0).expect("the board"), rule);
    }

    fn subscribe(world: &World, hub: &Hub<Board>, socket: SocketId, topic: Below) {
        let now = world.now();
        run(world, |state| hub.change(socket, vec![Change::Subscribe(topic, "anna".into())], state, now));
    }

    #[test]
    fn each_list_that_changed_is_pushed_once_to_each_subscriber_and_no_other() {
        let worlds = worlds();
        let world = worlds.default_world();
        let live = world.live::<Board>(0).expect("the board");
        let hub = live.follower(Hub::<Board>::default).expect("a hub");
        let outboxes = [outbox(), outbox()].map(Arc::new);
        let [few, all] = [0, 1].map(|at| hub.open(Arc::clone(&outboxes[at])));
        subscribe(world, &hub, few, Below(5));
        subscribe(world, &hub, all, Below(5));
        subscribe(world, &hub, all, Below(5));
        subscribe(world, &hub, all, Below(9));
        let heard = || outboxes.each_ref().map(|outbox| sent(outbox));
        run(world, |state| drop(state.names.insert(1, ("anna".into(), 0))));
        assert_eq!(heard(), [vec!["anna"], vec!["anna", "anna"]], "twice is two lists");
        run(world, |state| drop(state.names.insert(7, ("boris".into(), 0))));
        assert_eq!(heard(), [vec![], vec!["anna,boris"]], "what the other does not see");
        // Written, and as before; and what no topic reads.
        run(world, |state| drop(state.names.insert(1, ("anna".into(), 0))));
        run(world, |state| assert_eq!(state.other.insert(1, 1), None));
        assert_eq!(heard(), [[""; 0]; 2].map(Vec::from));
        // Announced again, though it looks the same.
        run(world, |state| state.names.get_mut(&1).expect("anna").1 += 1);
        assert_eq!(heard(), [vec!["anna"], vec!["anna", "anna,boris"]]);
        let now = world.now();
        run(world, |state| hub.change(all, vec![Change::Unsubscribe(Box::new(|topic| topic.0 == 9))], state, now));
        run(world, |state| hub.close(few, Some(state), now));
        run(world, |state| state.names.clear());
        assert_eq!(heard(), [vec![], vec![""]]);
        assert_eq!((hub.subscriptions(few), hub.subscriptions(all)), (0, 1));
        run(world, |state| assert_eq!(state.gone.insert("boris".into(), ()), None));
        assert_eq!(hub.subscriptions(all), 1, "it is not his");
        run(world, |state| assert_eq!(state.gone.insert("anna".into(), ()), None));
        assert_eq!(hub.subscriptions(all), 0, "it ends with its owner");
    }

    #[test]
    fn the_state_knows_who_has_a_subscription_on_an_open_socket() {
        let worlds = worlds();
        let world = worlds.default_world();
        let hub = world.live::<Board>(0).and_then(|live| live.follower(Hub::<Board>::default)).expect("a hub");
        let outboxes = [outbox(), outbox()].map(Arc::new);
        let [first, second] = [0, 1].map(|at| hub.open(Arc::clone(&outboxes[at])));
        let now = world.now();
        let listening = || {
            let mut names = Vec::new();
            run(world, |state| names.extend(state.listen.keys().cloned()));
            names
        };
        let change = |socket, change| run(world, |state| hub.change(socket, vec![change], state, now));
        subscribe(world, &hub, first, Below(5));
        subscribe(world, &hub, second, Below(5));
        assert_eq!(listening(), ["anna"]);
        change(first, Change::Unsubscribe(Box::new(|_| true)));
        assert_eq!(listening(), ["anna"], "on the other socket still");
        // Another owner takes the subscription of the socket over.
        change(second, Change::Subscribe(Below(5), "boris".into()));
        assert_eq!(listening(), ["boris"]);
        run(world, |state| hub.close(second, Some(state), now));
        assert!(listening().is_empty());
    }

    #[test]
    fn a_fork_has_no_sockets_and_a_reset_closes_them() {
        let worlds = worlds();
        let world = worlds.default_world();
        let hub = world.live::<Board>(0).and_then(|live| live.follower(Hub::<Board>::default)).expect("a hub");
        let outbox = Arc::new(outbox());
        let socket = hub.open(Arc::clone(&outbox));
        subscribe(world, &hub, socket, Below(5));
        let fork = stend_core::NewWorld { fork_of: Some(Arc::clone(world)), ..Default::default() };
        let fork = worlds.create(fork).expect("a fork");
        run(&fork, |state| drop(state.names.insert(1, ("anna".into(), 0))));
        assert!(sent(&outbox).is_empty() && !outbox.is_closed());
        world.reset().expect("a reset");
        assert!(outbox.is_closed());
        assert_eq!(hub.subscriptions(socket), 0);
    }
}
