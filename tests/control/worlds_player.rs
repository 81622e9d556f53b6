//! A client of one world that asks all four services, and what it asks: drawn from a number, so that two worlds can be asked
//! the same.

use reqwest::Method;
use serde_json::{Value, json};

use crate::queue::client::{Client, PASSWORD};
use crate::support::Bench;
use crate::tillypad::{CAFE, INTERNET, SOUP};

/// Something to do in a world.
#[derive(Debug, Clone)]
pub enum WorldEvent {
    /// An action.
    Act(&'static str, Value),
    /// A poll of the feed of events.
    Poll,
    /// A bill that is posted.
    Bill(Value),
    /// A bill by the order in which it was posted.
    Guest(usize),
    /// A bill that is paid.
    Pay(usize, u32),
    /// Bills of a name.
    Named(String),
    /// A command on the socket.
    Command(&'static str, Value),
    /// A request to Telemetron.
    Vend(Method, &'static str, Value),
    /// New tokens for Telemetron.
    LogIn,
    /// Time goes on by so many seconds.
    Wait(u64),
}

/// splitmix64: the same draws on every machine.
struct Draws(u64);

impl Draws {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }

    fn index(&mut self, end: u64) -> usize {
        usize::try_from(self.below(end)).expect("small")
    }
}

/// So many world events, drawn from `seed`.
pub fn world_events(seed: u64, count: usize) -> Vec<WorldEvent> {
    let mut draws = Draws(seed);
    (0..count).map(|_| event(&mut draws)).collect()
}

fn event(draws: &mut Draws) -> WorldEvent {
    let n = draws.below(1000);
    match draws.below(24) {
        0 => WorldEvent::Act("carbis.call_waiter", json!({"table": 1000028})),
        1 => WorldEvent::Act(
            "carbis.additional_order",
            json!({"table": 1000028, "dishes": [{"id": 1000041, "count": n % 3 + 1}]}),
        ),
        2 => WorldEvent::Act("carbis.seat_guests", json!({"parties": n % 3 + 1, "over": "5m", "stay": "20m"})),
        3 | 4 => WorldEvent::Poll,
        5 | 6 => {
            let line = json!({"orit_mitm_ID": SOUP, "orit_Count": n % 2 + 1, "orit_Price": 315});
            let state = n % 2;
            WorldEvent::Bill(json!({
                "gest_Name": format!("B{}", n % 5), "gest_dvsn_ID": CAFE, "orders": [{"ordr_orst_ID": state, "orderItems": [line]}]
            }))
        }
        7 | 8 => WorldEvent::Guest(draws.index(20)),
        9 => WorldEvent::Pay(draws.index(20), 315 * u32::try_from(n % 2 + 1).expect("small")),
        10 => WorldEvent::Named(format!("B{}", n % 5)),
        11 => WorldEvent::Act("tillypad.seed_guests", json!({"count": 3, "closed": n.is_multiple_of(2)})),
        12 => WorldEvent::Act("queue.take_ticket", json!({"services": [4]})),
        13 => WorldEvent::Act("queue.visitors", json!({"count": n % 4 + 1, "over": "10m"})),
        14 => WorldEvent::Command("nextConsumer", json!({"workplace": 11})),
        15 => WorldEvent::Command("serveConsumer", json!({"workplace": 11})),
        16 => WorldEvent::Command("postponeConsumer", json!({"workplace": 11, "delay": 5})),
        17 => WorldEvent::Command("currentQueue", json!({})),
        18 => WorldEvent::Act("telemetron.sell", json!({"machine": 123, "layout": "A1"})),
        19 => WorldEvent::Act("telemetron.seed_sales", json!({"count": n % 9 + 1, "over": "1d"})),
        20 => WorldEvent::LogIn,
        21 => {
            const READS: [&str; 6] = [
                "/v2/vending_machines",
                "/v2/vending_machines/123",
                "/v2/vending_machines/123/events",
                "/v2/vending_machines/123/loading_tx",
                "/v2/stats/vends/summary",
                "/v2/stats/crt",
            ];
            WorldEvent::Vend(Method::GET, READS[draws.index(6)], Value::Null)
        }
        22 => WorldEvent::Vend(Method::POST, "/v2/vending_machines/123/request", json!({"report": 1})),
        _ => WorldEvent::Wait([1, 30, 61, 301, 1200][draws.index(5)]),
    }
}

/// A client of one world.
pub struct Player<'b> {
    bench: &'b Bench,
    /// The world's name.
    pub world: String,
    socket: Client,
    bearer: String,
    guests: Vec<String>,
}

impl<'b> Player<'b> {
    /// Comes into a world; takes a session of the queue and a token of Telemetron.
    pub async fn new(bench: &'b Bench, world: &str) -> Self {
        let socket = Client::to(&format!("{}/w/{world}/", bench.url("queue"))).await;
        let mut player = Self { bench, world: world.to_owned(), socket, bearer: String::new(), guests: Vec::new() };
        let operator = json!({"component": "workplace", "login": "operator", "password": PASSWORD, "workplace": 11});
        player.socket.login(operator).await;
        player.play(&WorldEvent::LogIn).await;
        player
    }

    /// The same client in another world that knows its tokens.
    pub async fn twin(&self, world: &str) -> Self {
        let mut socket = Client::to(&format!("{}/w/{world}/", self.bench.url("queue"))).await;
        socket.token.clone_from(&self.socket.token);
        let (bearer, guests) = (self.bearer.clone(), self.guests.clone());
        Self { bench: self.bench, world: world.to_owned(), socket, bearer, guests }
    }

    fn guest(&self, index: usize) -> String {
        match self.guests.len() {
            0 => "00000000-0000-0000-0000-000000000001".into(),
            known => self.guests[index % known].clone(),
        }
    }

    /// Does it, and gives all that came back.
    pub async fn play(&mut self, event: &WorldEvent) -> String {
        let url = |service: &str, target: &str| format!("{}/w/{}{target}", self.bench.url(service), self.world);
        let client = &self.bench.client;
        let request = match event {
            WorldEvent::Act(name, args) => {
                let path = format!("{}/worlds/{}/actions", self.bench.control(), self.world);
                client.post(path).json(&json!({*name: args}))
            }
            WorldEvent::Wait(seconds) => {
                let path = format!("{}/worlds/{}/clock/advance", self.bench.control(), self.world);
                client.post(path).json(&json!({"by": format!("{seconds}s")}))
            }
            WorldEvent::Poll => client.get(url("carbis", "/api/v4/events?hash=none")).header("token", "demo-token"),
            WorldEvent::Bill(bill) => client.post(url("tillypad", "/post-guest")).json(bill),
            WorldEvent::Guest(index) => {
                client.get(url("tillypad", &format!("/get-guest?guest-id={}", self.guest(*index))))
            }
            WorldEvent::Pay(index, sum) => client
                .post(url("tillypad", "/pay-guest?delete-prechecks=1"))
                .json(&json!({"Payment": {"gest_ID": self.guest(*index), "payType_ID": INTERNET, "paySum": sum}})),
            WorldEvent::Named(name) => {
                client.get(url("tillypad", &format!("/get-guest-info?name={name}&date=2026-11-21")))
            }
            WorldEvent::Vend(method, path, body) => {
                let request = client.request(method.clone(), url("telemetron", path)).bearer_auth(&self.bearer);
                if body.is_null() { request } else { request.json(body) }
            }
            WorldEvent::LogIn => client.post(url("telemetron", "/auth/")).json(&json!({
                "grant_type": "password", "client_id": "client-key", "client_secret": "client-secret",
                "username": "me@example.com", "password": "123456"
            })),
            WorldEvent::Command(command, data) => return self.socket.ask(command, data.clone()).await.to_string(),
        };
        let answer = self.bench.send(request).await;
        if answer.status == 200 {
            match event {
                WorldEvent::LogIn => self.bearer = answer.json()["access_token"].as_str().expect("a token").to_owned(),
                WorldEvent::Bill(_) => self.guests.push(answer.json()["gest_ID"].as_str().expect("an id").to_owned()),
                _ => {}
            }
        }
        format!("{} {}", answer.status, answer.text)
    }
}
