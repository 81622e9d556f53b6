//! The state machine of a ticket against a model that keeps no line: it looks through all tickets every time.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};
use stend_core::{Node, Seed, Service, Span};

use super::State;
use super::consumers::Registration;
use super::posts::Post;
use super::serving::Ending;
use super::tickets::{Consumer, Place, Stand};
use super::view::View;
use crate::Queue;

/// What somebody does.
#[derive(Debug, Clone)]
enum WorldEvent {
    Register { services: Vec<i64>, priority: i64 },
    Next { window: usize },
    FromBody { window: usize, id: i64 },
    Retry { window: usize },
    ServeOperation { window: usize, place: Place },
    RejectOperation { window: usize, place: Place },
    ServeConsumer { window: usize },
    RejectConsumer { window: usize },
    RejectService { window: usize, service: i64 },
    Postpone { window: usize, minutes: i64, return2me: bool },
    Skip { window: usize },
    AddService { window: usize, service: i64 },
    Reprioritise { service: i64, priority: i64 },
    Wait { seconds: i64 },
}

/// Windows and their users: one for all operations, one for two of them, one whose role limits him to one.
const POSTS: [Post; 3] =
    [Post { workplace: 1, user: 1 }, Post { workplace: 2, user: 2 }, Post { workplace: 3, user: 3 }];
const SERVES: [&[i64]; 3] = [&[1, 2, 3], &[1, 2], &[3]];

fn hall() -> State {
    let yaml = r#"
operations: [{id: 1, name: a}, {id: 2, name: b}, {id: 3, name: c}]
ticket_ranges: [{id: 1, name: r, last: 100000}]
services:
  - {id: 1, name: one, priority: 50, ticket_range_id: 1, operations: {"1": [1]}}
  - {id: 2, name: two, priority: 25, ticket_range_id: 1, operations: {"1": [2], "2": [3]}}
  - {id: 3, name: three, priority: 50, ticket_range_id: 1, operations: {"10": [1, 3], "20": [2]}}
workplaces:
  - {id: 1, name: w1, all_operations: 1, clerk_id: 1}
  - {id: 2, name: w2, operations: [1, 2], clerk_id: 2}
  - {id: 3, name: w3, operations: [1, 3], clerk_id: 3}
user_roles:
  - {id: 1, name: all, clerk: {id: 1, all_operations: 1}}
  - {id: 2, name: some, clerk: {id: 2, operations: [2, 3]}}
users:
  - {id: 1, login: a, password: 827ccb0eea8a706c4c34a16891f84e7b, role_id: 1, clerk: {id: 1}}
  - {id: 2, login: b, password: 827ccb0eea8a706c4c34a16891f84e7b, role_id: 1, clerk: {id: 2}}
  - {id: 3, login: c, password: 827ccb0eea8a706c4c34a16891f84e7b, role_id: 2, clerk: {id: 3}}
"#;
    let section = Node::parse(yaml).and_then(|node| node.read()).expect("a good section");
    Queue::seed(Some(section), Seed { seed: 1, now: start() }).expect("a good hall")
}

fn start() -> Timestamp {
    "2026-11-21T09:00:00Z".parse().expect("a moment")
}

fn saved(state: &State) -> Value {
    json!(Queue::save(state))
}

fn event() -> impl Strategy<Value = WorldEvent> {
    let window = 0..3_usize;
    let service = 1..4_i64;
    let place = (1..4_i64, prop_oneof![Just(1), Just(2), Just(10), Just(20)], 1..4_i64);
    prop_oneof![
        6 => (proptest::sample::subsequence(vec![1_i64, 2, 3], 1..=3), -2..3_i64)
            .prop_map(|(services, priority)| WorldEvent::Register { services, priority }),
        6 => window.clone().prop_map(|window| WorldEvent::Next { window }),
        2 => (window.clone(), 1..20_i64).prop_map(|(window, id)| WorldEvent::FromBody { window, id }),
        1 => window.clone().prop_map(|window| WorldEvent::Retry { window }),
        4 => (window.clone(), place.clone()).prop_map(|(window, place)| WorldEvent::ServeOperation { window, place }),
        2 => (window.clone(), place).prop_map(|(window, place)| WorldEvent::RejectOperation { window, place }),
        3 => window.clone().prop_map(|window| WorldEvent::ServeConsumer { window }),
        1 => window.clone().prop_map(|window| WorldEvent::RejectConsumer { window }),
        2 => (window.clone(), service.clone()).prop_map(|(window, service)| WorldEvent::RejectService { window, service }),
        3 => (window.clone(), 1..5_i64, any::<bool>())
            .prop_map(|(window, minutes, return2me)| WorldEvent::Postpone { window, minutes, return2me }),
        2 => window.clone().prop_map(|window| WorldEvent::Skip { window }),
        2 => (window, service.clone()).prop_map(|(window, service)| WorldEvent::AddService { window, service }),
        1 => (service, 1..4_i64).prop_map(|(service, n)| WorldEvent::Reprioritise { service, priority: n * 20 }),
        4 => (0..200_i64).prop_map(|seconds| WorldEvent::Wait { seconds }),
    ]
}

/// Where a ticket stands in call order.
type Rank = (i64, i64, Timestamp, i64);

/// Who must be called next at a window, found by looking through everybody.
fn expected(state: &State, window: usize) -> Option<i64> {
    ranks(state, window, |consumer| consumer.state == Stand::Waiting).first().map(|rank| rank.3)
}

/// Who must be called when the one at the window is skipped: the one behind him, else the first.
fn behind(state: &State, window: usize, current: i64) -> Option<i64> {
    let mut others = ranks(state, window, |consumer| consumer.state == Stand::Waiting);
    let place = ranks(state, window, |consumer| consumer.id == current)[0];
    others.sort_by_key(|other| (*other < place, *other));
    others.first().map(|rank| rank.3)
}

/// Where those whom a window can serve stand, in call order.
fn ranks(state: &State, window: usize, wanted: impl Fn(&Consumer) -> bool) -> Vec<Rank> {
    let post = POSTS[window];
    let mut ranks = Vec::new();
    for consumer in state.consumers.values().filter(|one| wanted(one)) {
        let mut best: Option<Rank> = None;
        for (service, taken) in consumer.services.iter() {
            let open = taken.stages.iter().find(|(_, steps)| steps.values().any(|step| !step.state.is_final()));
            let Some((_, steps)) = open else { continue };
            for (operation, step) in steps.iter() {
                let mine = step.bound_to.is_none_or(|user| user == post.user);
                let waits = matches!(step.state, Stand::Waiting | Stand::Serving);
                if waits && mine && SERVES[window].contains(operation) {
                    let priority = state.books.services.rows.get(service).expect("a service").priority;
                    let rank = (priority, consumer.priority, consumer.registration, consumer.id);
                    best = Some(best.map_or(rank, |best| best.min(rank)));
                }
            }
        }
        ranks.extend(best);
    }
    ranks.sort_unstable();
    ranks
}

/// What always holds.
fn check(state: &State, registered: u64, called: u64) {
    // None is lost.
    assert_eq!(state.consumers.len() as u64, registered);
    assert_eq!(state.totals.registered, registered);
    assert_eq!(state.totals.called, called);
    let mut at_windows = Vec::new();
    for window in state.books.workplaces.rows.values().filter(|window| window.consumer_id >= 0) {
        let consumer = state.consumers.get(&window.consumer_id).unwrap();
        assert_eq!((consumer.state, consumer.workplace_id), (Stand::Serving, window.id));
        at_windows.push(consumer.id);
    }
    let mut done = 0;
    let mut waiting = 0;
    for consumer in state.consumers.values() {
        let serving = consumer.open().iter().filter(|p| consumer.step(**p).unwrap().state == Stand::Serving).count();
        match consumer.state {
            Stand::Serving => {
                // At one window, and not in the line.
                assert_eq!(at_windows.iter().filter(|id| **id == consumer.id).count(), 1);
                assert!(serving > 0);
            }
            Stand::Waiting => {
                waiting += 1;
                assert!(!consumer.due(Stand::Waiting).is_empty(), "who waits can be called: {consumer:?}");
                assert_eq!(consumer.workplace_id, -1);
            }
            Stand::Postpone => assert!(state.postponed.contains(&(consumer.postpone_to.unwrap(), consumer.id))),
            Stand::Served | Stand::Rejected => {
                done += 1;
                assert!(consumer.open().is_empty() && consumer.done.is_some());
            }
        }
        assert!(consumer.state == Stand::Serving || (serving == 0 && !at_windows.contains(&consumer.id)));
        assert_eq!(consumer.postpone_to.is_some(), consumer.state == Stand::Postpone);
    }
    assert_eq!(state.line.len(), waiting);
    assert_eq!(state.postponed.len(), state.consumers.values().filter(|one| one.state == Stand::Postpone).count());
    // Statistics add up to what happened.
    assert_eq!(state.totals.served + state.totals.rejected, done);
    let rows = state.statistics(&super::history::Filter::default());
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len() as u64, registered);
    assert_eq!(rows.iter().filter(|row| !row["done"].is_null()).count() as u64, done);
    // The queue to each window lists, in call order, whom it would call one by one.
    for (i, post) in POSTS.iter().enumerate() {
        let view =
            View { listed: false, workplace: Some(post.workplace), detailed: false, serving_only: false, size: 0 };
        let queue = state.queue(&view);
        assert_eq!(queue.as_array().unwrap().first().map(|one| one["id"].as_i64().unwrap()), expected(state, i));
    }
}

fn run(world_events: Vec<WorldEvent>) {
    let mut state = hall();
    let mut now = start();
    let (mut registered, mut called) = (0, 0);
    let mut bound = std::collections::BTreeMap::new();
    for event in world_events {
        let before = saved(&state);
        let at = |window: usize, state: &State| state.consumer_at(POSTS[window].workplace);
        let result = match &event {
            WorldEvent::Register { services, priority } => {
                let wanted =
                    Registration { services: services.clone(), priority: *priority, ..Registration::default() };
                state.register(wanted, now).map(|_| registered += 1)
            }
            WorldEvent::Next { window } => {
                let busy = at(*window, &state);
                let next = busy.or_else(|| expected(&state, *window));
                assert_eq!(state.next_consumer(POSTS[*window], now), next, "call order");
                called += u64::from(busy.is_none() && next.is_some());
                Ok(())
            }
            WorldEvent::FromBody { window, id } => state.call_from_body(POSTS[*window], *id, now).map(|called_id| {
                assert_eq!(called_id, *id);
                called += 1;
            }),
            WorldEvent::Retry { window } => state.retry(POSTS[*window], now).map(|()| called += 1),
            WorldEvent::ServeOperation { window, place } => {
                state.end_operation(POSTS[*window], *place, Ending::Serve, None, now).map(drop)
            }
            WorldEvent::RejectOperation { window, place } => {
                state.end_operation(POSTS[*window], *place, Ending::Reject, Some("no"), now).map(drop)
            }
            WorldEvent::ServeConsumer { window } => state.serve_consumer(POSTS[*window], None, now).map(drop),
            WorldEvent::RejectConsumer { window } => state.reject_consumer(POSTS[*window], Some("no"), now).map(drop),
            WorldEvent::RejectService { window, service } => {
                state.reject_service(POSTS[*window], *service, None, now).map(drop)
            }
            WorldEvent::Postpone { window, minutes, return2me } => {
                let delay = Span::from_signed(SignedDuration::from_mins(*minutes));
                if let Some(id) = at(*window, &state).filter(|_| *return2me) {
                    let consumer = state.consumers.get(&id).unwrap();
                    let mut places = consumer.open();
                    places.retain(|place| consumer.step(*place).unwrap().state == Stand::Serving);
                    bound.extend(places.into_iter().map(|place| ((id, place), POSTS[*window].user)));
                }
                state.postpone(POSTS[*window], delay, *return2me, None, now).map(drop)
            }
            WorldEvent::Skip { window } => {
                let next = at(*window, &state).and_then(|current| behind(&state, *window, current));
                let skipped = state.skip(POSTS[*window], now);
                assert_eq!(skipped.as_ref().ok().copied(), next, "the one behind");
                skipped.map(|_| called += 1)
            }
            WorldEvent::AddService { window, service } => state.add_service(POSTS[*window], *service, now).map(drop),
            WorldEvent::Reprioritise { service, priority } => {
                let fields = json!({ "priority": priority }).as_object().unwrap().clone();
                state.set_row(super::books::Book::Service, *service, fields, now)
            }
            WorldEvent::Wait { seconds } => {
                now += SignedDuration::from_secs(*seconds);
                state.tick(now);
                assert!(Queue::next_deadline(&state).is_none_or(|due| due > now), "a deadline does not go away");
                Ok(())
            }
        };
        if result.is_err() {
            assert_eq!(saved(&state), before, "what fails changes nothing: {event:?}");
        }
        state.settle(now);
        check(&state, registered, called);
        // Who wanted a consumer back keeps the operations until they are done with, and nobody else has any.
        for consumer in state.consumers.values() {
            for place in consumer.open() {
                assert_eq!(consumer.step(place).unwrap().bound_to, bound.get(&(consumer.id, place)).copied());
            }
        }
    }
    // What was saved and restored goes on as the original would.
    let section = Node::from_json(&saved(&state)).read().expect("a saved section reads");
    let mut again = Queue::seed(Some(section), Seed { seed: 99, now }).expect("a saved section is good");
    assert_eq!(saved(&again), saved(&state));
    check(&again, registered, called);
    for post in POSTS {
        assert_eq!(again.next_consumer(post, now), state.next_consumer(post, now));
    }
    assert_eq!(saved(&again), saved(&state));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[proves("QU-135")]
    #[test]
    fn tickets_keep_their_rules(world_events in proptest::collection::vec(event(), 1..80)) {
        run(world_events);
    }
}
