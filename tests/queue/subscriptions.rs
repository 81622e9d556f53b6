//! Random commands, actions and clock advances: after each, every subscription whose list differs from what it last got has
//! exactly one push, which is equal to the list, and no other has any (Q13).

use rand::SeedableRng;
use rand::prelude::*;
use rand_chacha::ChaCha8Rng;
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Client, PASSWORD};
use crate::support::Bench;

/// A socket that listens, and the lists that it has subscribed to.
struct Listener {
    client: Client,
    lists: Vec<List>,
    /// Whether it is subscribed; after a log-out it is not.
    listens: bool,
}

/// A list: the command that gives it, and what its subscriber knows.
struct List {
    command: &'static str,
    subscribe: &'static str,
    data: Value,
    /// Whether it shows tickets that are called.
    shows_calls: bool,
    known: Value,
}

const BOOKS: [(&str, &str); 12] = [
    ("operationList", "subscribeOperations"),
    ("serviceList", "subscribeServices"),
    ("ticketRangeList", "subscribeTicketRanges"),
    ("workplaceList", "subscribeWorkplaces"),
    ("userRoleList", "subscribeUserRoles"),
    ("userList", "subscribeUsers"),
    ("qBoardList", "subscribeQBoards"),
    ("scoreBoardList", "subscribeScoreBoards"),
    ("registratorList", "subscribeRegistrators"),
    ("consumerList", "subscribeConsumers"),
    ("consumerPreRegisteredList", "subscribeConsumerPreRegistereds"),
    ("serviceGroupList", "subscribeServiceGroups"),
];

impl Listener {
    async fn open(bench: &Bench, lists: &[(&'static str, &'static str, Value)]) -> Self {
        let mut client = Client::connect(bench).await;
        client.login(json!({"component": "qboard", "login": "qboard"})).await;
        let mut known = Vec::new();
        for (command, subscribe, data) in lists {
            client.data(subscribe, data.clone()).await;
            let shows_calls = *command == "consumerList" || data["servingOnly"] == true;
            let list = client.data(command, data.clone()).await;
            known.push(List { command, subscribe, data: data.clone(), shows_calls, known: list });
        }
        Self { client, lists: known, listens: true }
    }

    /// Logs out, which ends the subscriptions, and in again; or subscribes again.
    async fn turn(&mut self) {
        if self.listens {
            self.client.data("logout", json!({})).await;
            self.client.login(json!({"component": "qboard", "login": "qboard"})).await;
        } else {
            for list in &self.lists {
                self.client.data(list.subscribe, list.data.clone()).await;
            }
        }
        self.listens = !self.listens;
    }

    /// That each list which is another than before came as one push, and nothing else did; after a call that shows
    /// nothing new, lists of called tickets may be pushed all the same.
    async fn check(&mut self, step: &str, announced: bool) {
        if !self.listens {
            // Its session may have ended unused.
            self.client.login(json!({"component": "qboard", "login": "qboard"})).await;
        }
        let mut now = Vec::new();
        for list in &self.lists {
            now.push(self.client.data(list.command, list.data.clone()).await);
        }
        let mut pushes: Vec<Value> = Vec::new();
        while self.client.came_before() > 0 {
            pushes.push(self.client.push().await);
        }
        for (list, now) in self.lists.iter_mut().zip(now) {
            let mine: Vec<&Value> = pushes.iter().filter(|push| push["command"] == list.command).collect();
            let at = format!("{step}: {} {}", list.command, list.data);
            if !self.listens {
                assert!(mine.is_empty(), "{at} was pushed to who has logged out");
                list.known = now;
                continue;
            }
            match mine.as_slice() {
                [] => assert_eq!(list.known, now, "{at} has changed and was not pushed"),
                [push] => {
                    assert_eq!(push["data"], now, "{at}: the push is not the list");
                    assert!(list.known != now || (announced && list.shows_calls), "{at} was pushed and is as before");
                }
                // Time brings one change after another, each of them a push.
                [.., last] if step.contains("advance") => {
                    assert_eq!(last["data"], now, "{at}: the last push is not the list");
                    let same = mine.windows(2).find(|two| two[0]["data"] == two[1]["data"]);
                    assert!(same.is_none() || list.shows_calls, "{at} was pushed again as it was: {same:?}");
                }
                more => panic!("{at} was pushed {} times", more.len()),
            }
            list.known = now;
        }
    }
}

/// What happens next: a command of a clerk or the administrator, an action, or time.
async fn step(bench: &Bench, random: &mut ChaCha8Rng, admin: &mut Client, clerk: &mut Client) -> (String, bool) {
    let here = json!({"workplace": 11});
    let service = [1, 3, 4, 5][random.random_range(0..4)];
    let number = random.random_range(1..4);
    let name = format!("name {}", random.random_range(0..4));
    let (who, command, data) = match random.random_range(0..36) {
        0..4 => ("admin", "newConsumer", json!({"services": [service]})),
        4 => ("admin", "registrateConsumer", json!({"services": [service], "noprint": 0})),
        5..9 => ("clerk", "nextConsumer", here),
        9 => ("admin", "nextConsumer", json!({"workplace": 18})),
        10..12 => ("clerk", "retryCallConsumer", here),
        12 => ("clerk", "serveConsumer", here),
        13 => ("clerk", "rejectConsumer", here),
        14 => ("clerk", "addService", json!({"workplace": 11, "service": service})),
        15 => ("clerk", "rejectOperation", json!({"workplace": 11, "service": 4, "priority": 50, "operation": 3})),
        16 => ("clerk", "serveOperation", json!({"workplace": 11, "service": 5, "priority": 50, "operation": 4})),
        17 => ("clerk", "postponeConsumer", json!({"workplace": 11, "delay": number, "return2me": number % 2})),
        18 => ("clerk", "skipConsumer", here),
        19 => ("admin", "setService", json!({"id": service, "name": name, "priority": number})),
        20 => ("admin", "setWorkplace", json!({"id": 11, "name": name, "disabled": 0})),
        21 => ("admin", "setUserRole", json!({"id": number, "name": name})),
        22 => ("admin", "setUser", json!({"id": number, "name": name})),
        23 => ("admin", "setOperation", json!({"id": number, "name": name})),
        24 => ("admin", "newTicketRange", json!({"name": format!("{name} {}", random.random_range(0..1000))})),
        25 => ("admin", "setService", json!({"id": service, "priority": "no number"})),
        26 => {
            let action = json!({"queue.take_ticket": {"services": [service]}});
            let answer = bench.steer(Method::POST, "/worlds/default/actions", action).await;
            return (format!("take_ticket {service}: {}", answer.status), false);
        }
        27 => {
            let action = json!({"queue.visitors": {"count": 2, "over": "3m", "services": [service]}});
            let answer = bench.steer(Method::POST, "/worlds/default/actions", action).await;
            return (format!("visitors: {}", answer.status), false);
        }
        28 => {
            bench.advance("1m").await;
            return ("advance".into(), true);
        }
        29 => {
            // Sessions that nobody has used meanwhile and that do not listen end, and so does the day.
            bench.advance("25h").await;
            return ("advance of a day".into(), true);
        }
        30 => ("admin", "removeConsumer", json!({"id": number + 28})),
        31 => {
            let row = json!({"services": [service], "time": "2026-11-21T12:00:00Z", "pin_code": number});
            ("admin", "newConsumerPreRegistered", row)
        }
        32 => ("admin", "registrateConsumer", json!({"services": [service], "pin_code": number})),
        33 if random.random_range(0..4) == 0 => {
            return (
                set_clock(bench, ["2026-11-20T09:00:00Z", "2026-11-22T09:00:00Z"][number as usize % 2]).await,
                true,
            );
        }
        what => {
            let (client, login, workplace) = if what == 34 { (admin, "admin", 18) } else { (clerk, "operator", 11) };
            let is_in = client.token.is_some() && client.ask("me", json!({})).await.get("error").is_none();
            if is_in {
                client.data("logout", json!({})).await;
                client.token = None;
                return (format!("logout of {login}"), false);
            }
            let data = json!({"component": "workplace", "login": login, "password": PASSWORD, "workplace": workplace});
            client.login(data).await;
            return (format!("login of {login}"), false);
        }
    };
    let client = if who == "admin" { admin } else { clerk };
    let reply = client.ask(command, data.clone()).await;
    let failed = reply.get("error").is_some();
    (format!("{command} {data} (failed: {failed})"), command == "retryCallConsumer" && !failed)
}

/// Sets the clock, which brings what is due on the way as an advance does.
async fn set_clock(bench: &Bench, now: &str) -> String {
    let answer = bench.steer(Method::PUT, "/worlds/default/clock", json!({"mode": "frozen", "now": now})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    format!("the clock is set, as by an advance, to {now}")
}

#[proves("Q13", "Q29")]
#[tokio::test]
async fn each_list_that_changed_is_pushed_once_and_no_other() {
    for seed in 0..4 {
        let bench = Bench::start().await;
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut admin = Client::admin(&bench).await;
        let mut clerk = Client::operator(&bench).await;
        let books: Vec<_> = BOOKS.iter().map(|(list, subscribe)| (*list, *subscribe, json!({}))).collect();
        let mut listeners = vec![Listener::open(&bench, &books).await];
        for data in [json!({"workplace": 11}), json!({"workplace": 11, "detailed": true}), json!({"workplace": 18})] {
            let queue = [("currentQueue", "subscribeCurrentQueue", data)];
            listeners.push(Listener::open(&bench, &queue).await);
        }
        for data in [
            json!({}),
            json!({"servingOnly": true}),
            json!({"servingOnly": true, "detailed": true}),
            json!({"workplace": 11, "detailed": true, "size": 2}),
        ] {
            let queue = [("currentQueue2", "subscribeCurrentQueue2", data)];
            listeners.push(Listener::open(&bench, &queue).await);
        }
        for n in 0..100 {
            if random.random_range(0..12) == 0 {
                listeners.choose_mut(&mut random).expect("a listener").turn().await;
            }
            let (what, announced) = step(&bench, &mut random, &mut admin, &mut clerk).await;
            for listener in &mut listeners {
                listener.check(&format!("seed {seed}, step {n}: {what}"), announced).await;
            }
        }
    }
}

/// A repeated call is heard where the clock stands, though the list looks the same.
#[tokio::test]
async fn a_repeated_call_reaches_the_boards_that_show_the_ticket() {
    let bench = Bench::start().await;
    let mut clerk = Client::operator(&bench).await;
    let mut board = Client::connect(&bench).await;
    board.login(json!({"component": "qboard", "login": "qboard"})).await;
    board.data("subscribeCurrentQueue2", json!({"servingOnly": true})).await;
    bench.act("queue.take_ticket", json!({"services": [4]})).await;
    clerk.data("nextConsumer", json!({"workplace": 11})).await;
    let called = board.push().await;
    clerk.data("retryCallConsumer", json!({"workplace": 11})).await;
    let again = board.push().await;
    assert_eq!((&again["command"], &again["data"]), (&json!("currentQueue2"), &called["data"]));
    clerk.data("retryCallConsumer", json!({"workplace": 11})).await;
    assert_eq!(board.push().await["data"], called["data"]);
    board.nothing_came().await;
}
