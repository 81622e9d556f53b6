//! Talking to a running process by its control API.

use std::pin::Pin;
use std::time::Duration;

use reqwest::{Client, Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use stend_control::Played;
use stend_core::Span;
use stend_scenario::{Options, Parcel, Progress, Reach, Report, Scenario, Speed};

use super::play::Outcome;
use super::secure;

/// How often a play is looked at: often at first, as most take no time.
const SOONEST: Duration = Duration::from_millis(5);
const LATEST: Duration = Duration::from_millis(250);

/// How long an answer of the control API may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running process.
pub(crate) struct Remote {
    client: Client,
    /// The URL as given, for messages.
    url: String,
    base: String,
    /// What is asked for behind TLS; `None` is what the URL says.
    host: Option<String>,
    token: Option<String>,
    world: Option<String>,
}

/// A text as a URL holds it, in a path or in a query.
pub(crate) fn escaped(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// How far a play is.
#[derive(Deserialize)]
struct State {
    state: String,
    #[serde(default)]
    at: Span,
    #[serde(default)]
    of: Span,
    #[serde(default)]
    step: String,
    report: Option<Report>,
    why: Option<String>,
}

impl Remote {
    /// Looks whether a process of this version answers there, whether the token is its, and whether it has the world.
    ///
    /// # Errors
    /// A sentence of what is not as it should be.
    pub(crate) async fn open(url: &str, token: Option<&str>, world: Option<String>) -> Result<Self, String> {
        let root = url.trim_end_matches('/').trim_end_matches("/control/v1");
        let (root, host) = match root.split_once("://") {
            Some((scheme, _)) if scheme.eq_ignore_ascii_case("http") => (root.to_owned(), None),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => {
                (secure::open(url, rest).await?, Some(rest.to_owned()))
            }
            Some((scheme, rest)) => {
                return Err(format!(
                    "`{url}`: the control API speaks HTTP, and no `{scheme}`\n  = help: http://{rest}"
                ));
            }
            None => (format!("http://{root}"), None),
        };
        let client = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build();
        let client = client.map_err(|error| format!("no HTTP client can be made: {error}"))?;
        let remote = Self {
            client,
            url: url.to_owned(),
            base: format!("{root}/control/v1"),
            host,
            token: token.map(str::to_owned),
            world,
        };
        let health = remote.ask(Method::GET, "/health", &[], None).await?;
        let ours = env!("CARGO_PKG_VERSION");
        match health["version"].as_str() {
            Some(version) if version == ours => {}
            Some(version) => {
                return Err(format!(
                    "stend {version} runs at {url}, and this is {ours}\n  = help: use the same version for both"
                ));
            }
            None => return Err(remote.stranger()),
        }
        if let Some(world) = &remote.world {
            remote.ask(Method::GET, &format!("/worlds/{world}"), &[], None).await?;
        }
        Ok(remote)
    }

    fn stranger(&self) -> String {
        format!(
            "what answers at {} is no control API of stend\n  = help: give the URL that the ready file and the banner call `control`",
            self.url
        )
    }

    /// Asks the control API; an empty answer is nothing.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, String)],
        body: Option<Value>,
    ) -> Result<Value, String> {
        let (status, answer) = self.answer(method, path, query, body).await?;
        self.judged(status, answer)
    }

    /// Asks the control API, and gives its answer whatever the status.
    ///
    /// # Errors
    /// Nobody answers, or what answers is no control API.
    pub(crate) async fn answer(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, String)],
        body: Option<Value>,
    ) -> Result<(StatusCode, Value), String> {
        let query: String = query.iter().map(|(name, value)| format!("&{name}={}", escaped(value))).collect();
        let query = if query.is_empty() { query } else { format!("?{}", &query[1..]) };
        let mut request = self.client.request(method, format!("{}{path}{query}", self.base)).timeout(PATIENCE);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(host) = &self.host {
            request = request.header(reqwest::header::HOST, host);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        let bytes = response.bytes().await.map_err(|error| self.unreachable(&error))?;
        if status.is_success() && bytes.is_empty() {
            return Ok((status, Value::Null));
        }
        serde_json::from_slice(&bytes).map(|answer| (status, answer)).map_err(|_| self.stranger())
    }

    /// The answer of a request that succeeded.
    ///
    /// # Errors
    /// What the control API says of one that did not.
    pub(crate) fn judged(&self, status: StatusCode, answer: Value) -> Result<Value, String> {
        if status.is_success() {
            return Ok(answer);
        }
        let error = &answer["error"];
        let Some(message) = error["message"].as_str() else { return Err(self.stranger()) };
        let place = error["at"].as_str().map(|place| format!("{place}: ")).unwrap_or_default();
        let hint = match status {
            StatusCode::UNAUTHORIZED => Some(self.token_hint()),
            _ => error["hint"].as_str(),
        };
        let hint = hint.map(|hint| format!("\n  = help: {hint}")).unwrap_or_default();
        Err(format!("{}: {place}{message}{hint}", self.url))
    }

    /// The certificate of the authority, PEM; `None` where the bench has none.
    ///
    /// # Errors
    /// What the bench or the network says.
    pub(super) async fn authority(&self) -> Result<Option<String>, String> {
        let root = self.base.trim_end_matches("/control/v1");
        let mut request = self.client.get(format!("{root}/ca.pem")).timeout(PATIENCE);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(host) = &self.host {
            request = request.header(reqwest::header::HOST, host);
        }
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        let text = response.text().await.map_err(|error| self.unreachable(&error))?;
        match status {
            StatusCode::NOT_FOUND => Ok(None),
            _ if status.is_success() && text.starts_with("-----BEGIN CERTIFICATE-----") => Ok(Some(text)),
            StatusCode::UNAUTHORIZED => {
                Err(format!("{}: wrong or missing control token\n  = help: {}", self.url, self.token_hint()))
            }
            _ => Err(self.stranger()),
        }
    }

    fn token_hint(&self) -> &'static str {
        match &self.token {
            None => "give `--control-token` as that process was given it",
            Some(_) => "that process was started with another `--control-token`",
        }
    }

    fn unreachable(&self, error: &reqwest::Error) -> String {
        if error.is_builder() {
            return format!(
                "`{}` is no URL\n  = help: give the URL that the ready file and the banner call `control`, e.g. http://HOST:PORT",
                self.url
            );
        }
        if error.is_timeout() {
            return format!("{}: no answer within {} s", self.url, PATIENCE.as_secs());
        }
        if error.is_connect() {
            return format!(
                "nobody listens at {}\n  = help: start one with `stend serve`, or see its ready file for the `control` URL",
                self.url
            );
        }
        format!("{}: the connection broke off", self.url)
    }

    /// Plays a scenario there and waits for its end; `None` when `stop` comes first. A world that was made for it goes
    /// in any case. With `keeps`, what happened in it comes along.
    pub(super) async fn play(
        &self,
        scenario: &Scenario,
        options: &Options,
        progress: &dyn Progress,
        keeps: bool,
        mut stop: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<Option<Outcome>, String> {
        let world = match &self.world {
            Some(world) => world.clone(),
            None => {
                let made = self.ask(Method::POST, "/worlds", &[], Some(json!({}))).await?;
                made["id"].as_str().ok_or_else(|| self.stranger())?.to_owned()
            }
        };
        if scenario.waits_for_client() {
            let shown = self.ask(Method::GET, &format!("/worlds/{world}"), &[], None).await?;
            let urls: Reach = serde_json::from_value(shown["urls"].clone()).map_err(|_| self.stranger())?;
            super::play::tell_client(scenario, options, &urls);
        }
        let outcome = tokio::select! {
            outcome = self.follow(&world, scenario, options, progress, keeps) => outcome.map(Some),
            () = &mut stop => Ok(None),
        };
        let path = format!("/worlds/{world}");
        let left = match &self.world {
            // To remove a world is to stop what is played in it.
            None => self.ask(Method::DELETE, &path, &[], None).await,
            Some(_) if matches!(outcome, Ok(None)) => {
                self.ask(Method::DELETE, &format!("{path}/scenario"), &[], None).await
            }
            Some(_) => Ok(Value::Null),
        };
        if let Some(world) = &self.world {
            self.tell_of_clock(world).await;
        }
        // What came of the play matters more than what came of the clearing up.
        match (outcome, left) {
            (Ok(None), Err(why)) => Err(why),
            (outcome, _) => outcome,
        }
    }

    /// Says where a scenario has left the clock of a world that stays.
    async fn tell_of_clock(&self, world: &str) {
        let path = format!("/worlds/{world}/clock");
        let Ok(clock) = self.ask(Method::GET, &path, &[], None).await else { return };
        let (Some(mode), Some(now)) = (clock["mode"].as_str(), clock["now"].as_str()) else { return };
        if mode != "real" {
            super::err(&format!(
                "note: the scenario has left the clock of `{world}` {mode} at {now}; to set it to the wall clock: curl -X PUT {}{path} -d '{{\"mode\": \"real\", \"now\": \"now\"}}'\n",
                self.base
            ));
        }
    }

    /// Plays a scenario in this world and waits for its end. With `keeps`, what happened in it comes along.
    ///
    /// # Errors
    /// It was not played to its end.
    pub(crate) async fn follow(
        &self,
        world: &str,
        scenario: &Scenario,
        options: &Options,
        progress: &dyn Progress,
        keeps: bool,
    ) -> Result<Outcome, String> {
        let path = format!("/worlds/{world}/scenario");
        let speed = match options.speed {
            Speed::Times(factor) => factor.to_string(),
            Speed::Max | Speed::Stands => "max".to_owned(),
        };
        let mut query = vec![("speed", speed), ("start", options.start.to_string())];
        query.extend(options.seed.map(|seed| ("seed", seed.to_string())));
        query.extend(keeps.then(|| ("report", "true".to_owned())));
        self.ask(Method::POST, &path, &query, Some(json!(Parcel::of(scenario)))).await?;
        let mut pause = SOONEST;
        loop {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LATEST);
            let state = self.ask(Method::GET, &path, &[], None).await?;
            let state: State = serde_json::from_value(state).map_err(|_| self.stranger())?;
            match (state.state.as_str(), state.report) {
                (_, Some(report)) => {
                    let report = report.placed(scenario);
                    if !keeps {
                        return Ok((report, None));
                    }
                    let mut trace = self.ask(Method::GET, &format!("/worlds/{world}/report"), &[], None).await?;
                    // The play knows its scenario by the parcel that it came in.
                    trace["played"] = json!([Played::new(scenario, Some(report.clone()))]);
                    return Ok((report, Some(trace)));
                }
                ("playing", None) => progress.at(state.at, state.of, &state.step),
                _ => {
                    let why = state.why.unwrap_or_else(|| "somebody else stopped it".into());
                    return Err(format!("it was not played to its end: {why}"));
                }
            }
        }
    }
}
