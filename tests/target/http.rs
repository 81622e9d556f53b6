//! Requests to a target over HTTP or HTTPS.

use serde_json::Value;
use stend_core::journal::Channel;

use super::Target;
use super::tls::Authority;

/// A status and the bytes that came with it.
pub struct Got {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Got {
    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// Longer than a vendor's slowest report.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// The largest answer that is read.
const MOST: u64 = 256 * 1024 * 1024;

/// Asks; a body is sent as JSON by POST. An answer of any status is an answer.
async fn fetch(
    url: String,
    authority: Authority,
    headers: Vec<(&'static str, String)>,
    body: Option<Value>,
) -> Result<Got, String> {
    let ask = move || {
        let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE));
        let agent: ureq::Agent = config.tls_config(authority.config()).build().into();
        let answer = match body {
            None => {
                let request =
                    headers.iter().fold(agent.get(&url), |request, (name, value)| request.header(*name, value));
                request.call()
            }
            Some(body) => agent.post(&url).header("content-type", "application/json").send(body.to_string()),
        };
        let mut answer = answer.map_err(|error| authority.explained(&url, &error.to_string()))?;
        let status = answer.status().as_u16();
        let body = answer.body_mut().with_config().limit(MOST).read_to_vec();
        Ok(Got { status, body: body.map_err(|error| format!("{url}: {error}"))? })
    };
    tokio::task::spawn_blocking(ask).await.expect("it does not panic")
}

impl Target {
    /// Asks for something that has to be there, and holds the answer against the specification.
    pub async fn read(&mut self, operation: &str, path: &str, headers: &[(&'static str, String)]) -> Value {
        self.get(operation, path, headers, "200").await
    }

    /// The same with the statuses that it may have: `200 or 404`.
    pub async fn get(
        &mut self,
        operation: &str,
        path: &str,
        headers: &[(&'static str, String)],
        expected: &str,
    ) -> Value {
        self.exchange(operation, path, headers, None, expected).await
    }

    /// Sends JSON.
    pub async fn post(&mut self, operation: &str, path: &str, body: Value) -> Value {
        self.exchange(operation, path, &[], Some(body), "200").await
    }

    /// Asks, and judges nothing.
    pub async fn fetch(
        &self,
        path: &str,
        headers: &[(&'static str, String)],
        body: Option<Value>,
    ) -> Result<Got, String> {
        fetch(format!("{}{path}", self.base), Authority::of(self)?, headers.to_vec(), body).await
    }

    async fn exchange(
        &mut self,
        operation: &str,
        path: &str,
        headers: &[(&'static str, String)],
        body: Option<Value>,
        expected: &str,
    ) -> Value {
        let got = self.fetch(path, headers, body).await.unwrap_or_else(|error| panic!("{error}"));
        self.expect(operation, expected, got.status, &got.body);
        self.judge(operation, Channel::Http, got.status, &got.body);
        got.json()
    }
}
