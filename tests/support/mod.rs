//! A bench of one's own for each test, and the few things every test asks of it.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::{Client, Method, StatusCode};
use serde_json::{Map, Value, json};
use stend::{Config, Running, start};

use crate::specs;

/// The moment at which the tests' frozen clocks start, unless they say otherwise.
pub const NOON: &str = "2026-11-21T12:00:00+03:00";

/// A bench on free ports; its default world stands at [`NOON`].
pub struct Bench {
    /// Until it is stopped.
    running: Option<Running>,
    /// A client that follows nothing and remembers nothing.
    pub client: Client,
    prefix: String,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: reqwest::header::HeaderMap,
    /// The body.
    pub text: String,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("not JSON ({error}): {}", self.text))
    }
}

impl Bench {
    /// The documented world, standing at [`NOON`].
    pub async fn start() -> Self {
        Self::with(Config::default()).await
    }

    /// As configured; a clock that is not configured stands at [`NOON`].
    pub async fn with(mut config: Config) -> Self {
        let noon = stend::ClockSetting::frozen_at(NOON.parse().expect("a timestamp"));
        config.clock.get_or_insert(noon);
        config.workers.get_or_insert(1);
        let running = start(config).await.unwrap_or_else(|error| panic!("{error}"));
        let client =
            Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        Self { running: Some(running), client, prefix: String::new() }
    }

    fn running(&self) -> &Running {
        self.running.as_ref().expect("it runs until it is stopped")
    }

    /// Stops it, as the end of the process does.
    pub async fn stop(mut self) {
        self.look();
        if let Some(running) = self.running.take() {
            running.stop().await;
        }
    }

    /// The base URL of a service in this bench's world, without a slash at the end.
    pub fn url(&self, service: &str) -> String {
        format!("{}{}", self.running().url(service), self.prefix)
    }

    /// The URL of the control API's port.
    pub fn control(&self) -> String {
        format!("{}/control/v1", self.running().url("control"))
    }

    /// Sends a request and reads the whole answer.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.expect("a body");
        Answer { status, headers, text }
    }

    /// Asks the control API; a body of `null` is none. What takes a journal away lets it be looked at first.
    pub async fn steer(&self, method: Method, path: &str, body: Value) -> Answer {
        if method == Method::DELETE || method == Method::PUT || path.ends_with("/reset") {
            self.look();
        }
        let mut request = self.client.request(method, format!("{}{path}", self.control()));
        if !body.is_null() {
            request = request.json(&body);
        }
        self.send(request).await
    }

    /// Makes something happen in the default world; it must succeed.
    pub async fn act(&self, action: &str, args: Value) -> Value {
        self.act_in("default", action, args).await
    }

    /// Makes something happen in a world; it must succeed.
    pub async fn act_in(&self, world: &str, action: &str, args: Value) -> Value {
        let answer = self.steer(Method::POST, &format!("/worlds/{world}/actions"), json!({ action: args })).await;
        assert_eq!(answer.status, 200, "{action}: {}", answer.text);
        answer.json()["result"].clone()
    }

    /// One step of a list, in a world: `{"advance": …}`, or an action with its arguments.
    pub async fn step_in(&self, world: &str, step: &Map<String, Value>) -> Result<(), String> {
        let (what, args) = step.iter().next().ok_or("an empty step")?;
        let (path, body) = match what.as_str() {
            "advance" => ("clock/advance", json!({ "by": args })),
            action => ("actions", json!({ action: args })),
        };
        let done = self.steer(Method::POST, &format!("/worlds/{world}/{path}"), body).await;
        if done.status == 200 { Ok(()) } else { Err(format!("{what}: {}", done.text)) }
    }

    /// Moves the default world's clock on.
    pub async fn advance(&self, by: &str) -> Value {
        let answer = self.steer(Method::POST, "/worlds/default/clock/advance", json!({ "by": by })).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    /// The default world itself.
    pub fn default_world(&self) -> std::sync::Arc<stend_core::World> {
        std::sync::Arc::clone(self.running().worlds.default_world())
    }

    /// A world, and where a scenario that is played in it reaches its services.
    pub fn world(&self, id: &str) -> (std::sync::Arc<stend_core::World>, stend_scenario::Reach) {
        let world = self.running().worlds.get(id).expect("a world");
        let urls = self.running().reach.iter();
        (world, urls.map(|(name, url)| (name.clone(), format!("{url}/w/{id}"))).collect())
    }

    /// When the clock next has something to do in the default world. A reply that a fault holds is such a thing.
    pub fn next_due(&self) -> Option<stend_core::Timestamp> {
        self.running().worlds.default_world().next_due()
    }

    /// Waits until a request that is under way is held by the default world's clock; returns the time it is held until.
    pub async fn held_until(&self) -> stend_core::Timestamp {
        eventually("no reply is held", async || self.next_due()).await
    }

    /// Changes settings of a service in the default world; the world that comes out has them.
    pub async fn set(&self, service: &str, settings: Value) {
        let mut state = self.state().await;
        for (key, value) in settings.as_object().expect("settings by their names") {
            assert_ne!(state[service]["settings"][key], *value, "`{key}` is so already");
            state[service]["settings"][key] = value.clone();
        }
        let put = self.steer(Method::PUT, "/worlds/default/state", state.clone()).await;
        assert_eq!(put.status, 200, "{}", put.text);
        assert_eq!(self.state().await[service], state[service], "what is put in comes out the same");
    }

    /// The default world as a file.
    pub async fn state(&self) -> Value {
        let answer = self.steer(Method::GET, "/worlds/default/state", Value::Null).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }
}

impl Bench {
    /// Every exchange that the journals hold is as the specifications have it.
    fn look(&self) {
        let described: String = self.running().worlds.list().iter().map(|world| specs::differences(world)).collect();
        assert!(described.is_empty(), "not as specified:\n{described}");
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if !std::thread::panicking() && self.running.is_some() {
            self.look();
        }
    }
}

/// Asks again and again until there is an answer; fails with `what` after ten seconds.
pub async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..2_000 {
        if let Some(answer) = ask().await {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{what}, after ten seconds");
}

/// The root of the repository.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the repository")
}
