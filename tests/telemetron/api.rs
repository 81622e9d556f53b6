//! A client of one world of the service, and worlds made of a few entities.

use reqwest::{Method, RequestBuilder};
use serde_json::{Map, Value, json};

use crate::support::{Answer, Bench};

/// What every world of these tests begins with: one client, one user who sees everything.
pub fn section(own: &Value) -> Value {
    let mut section = json!({
        "clients": [{"id": "client-key", "secret": "client-secret"}],
        "users": [{"id": 496, "email": "me@example.com", "password": "123456", "roles": ["admin"]}],
        "settings": {"low_change": 0}
    });
    for (key, value) in own.as_object().into_iter().flatten() {
        section[key] = value.clone();
    }
    section
}

/// A client of one world.
pub struct Api<'b> {
    bench: &'b Bench,
    world: String,
    base: String,
    token: String,
}

impl<'b> Api<'b> {
    /// The documented world, as `me@example.com`.
    pub async fn documented(bench: &'b Bench) -> Self {
        let mut api = Self::new(bench, "default", bench.url("telemetron"));
        api.log_in("me@example.com").await;
        api
    }

    fn new(bench: &'b Bench, world: &str, base: String) -> Self {
        Self { bench, world: world.to_owned(), base, token: String::new() }
    }

    /// A world of these entities that stands at `clock`; nobody is logged in.
    pub async fn world(bench: &'b Bench, id: &str, clock: &str, own: &Value) -> Self {
        let file = json!({"stend": 1, "telemetron": section(own)});
        let made = bench.steer(Method::POST, "/worlds", json!({"id": id, "clock": clock, "world": file})).await;
        assert_eq!(made.status, 201, "{id}: {}", made.text);
        let base = made.json()["urls"]["telemetron"].as_str().expect("a URL").to_owned();
        Self::new(bench, id, base)
    }

    /// A world that is there, as `me@example.com`.
    pub async fn within(bench: &'b Bench, world: &str) -> Self {
        let mut api = Self::new(bench, world, format!("{}/w/{world}", bench.url("telemetron")));
        api.log_in("me@example.com").await;
        api
    }

    /// The same, logged in.
    pub async fn with(bench: &'b Bench, id: &str, clock: &str, own: &Value) -> Self {
        let mut api = Self::world(bench, id, clock, own).await;
        api.log_in("me@example.com").await;
        api
    }

    /// Takes a token for a user of this world; every user has the same password.
    pub async fn log_in(&mut self, user: &str) -> Value {
        let wish = json!({
            "grant_type": "password", "client_id": "client-key", "client_secret": "client-secret",
            "username": user, "password": "123456"
        });
        let answer = self.send(Method::POST, "/auth/", wish).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let pair = answer.json();
        self.token = pair["access_token"].as_str().expect("a token").to_owned();
        pair
    }

    /// Another bearer, or none.
    pub fn bear(&mut self, token: &str) {
        token.clone_into(&mut self.token);
    }

    /// The bearer.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// A request without a body, with the bearer.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.bench.client.request(method, format!("{}{path}", self.base));
        if self.token.is_empty() { request } else { request.bearer_auth(&self.token) }
    }

    /// Sends a request; a body of `null` is none.
    pub async fn send(&self, method: Method, path: &str, body: Value) -> Answer {
        let mut request = self.request(method, path);
        if !body.is_null() {
            request = request.json(&body);
        }
        self.bench.send(request).await
    }

    /// What a `GET` answers; it must succeed.
    pub async fn get(&self, path: &str) -> Value {
        let answer = self.send(Method::GET, path, Value::Null).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json()
    }

    /// Sends a request that must be answered with this status.
    pub async fn expect(&self, status: u16, method: Method, path: &str, body: Value) -> Value {
        let answer = self.send(method, path, body).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
        answer.json()
    }

    /// Makes something happen in this world; it must succeed.
    pub async fn act(&self, action: &str, args: Value) -> Value {
        self.bench.act_in(&self.world, action, args).await
    }

    /// Moves this world's clock on.
    pub async fn advance(&self, by: &str) {
        let path = format!("/worlds/{}/clock/advance", self.world);
        let answer = self.bench.steer(Method::POST, &path, json!({"by": by})).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    /// This world as a file.
    pub async fn state(&self) -> Value {
        let answer = self.bench.steer(Method::GET, &format!("/worlds/{}/state", self.world), Value::Null).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    /// Puts a file in the place of this world.
    pub async fn restore(&self, file: Value) {
        let answer = self.bench.steer(Method::PUT, &format!("/worlds/{}/state", self.world), file).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    /// One step of a list: `{"advance": …}` or an action with its arguments; it must succeed.
    pub async fn step(&self, step: &Map<String, Value>) {
        self.bench.step_in(&self.world, step).await.unwrap_or_else(|why| panic!("{why}"));
    }
}
