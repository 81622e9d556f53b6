//! One round of load by `wrk` from the second core, and what it cost the server.

use std::process::Command;

use crate::Outcome;
use crate::process::{Process, scratch};

/// What one round came to.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) requests: f64,
    pub(crate) requests_per_second: f64,
    /// Seconds of the server's CPU time.
    pub(crate) cpu_per_request: f64,
    /// The 99th percentile of the latency, in seconds.
    pub(crate) p99: f64,
}

/// What is sent.
#[derive(Clone)]
pub(crate) struct Wish {
    pub(crate) url: String,
    pub(crate) header: String,
    /// A body to post; without one it is a GET.
    pub(crate) body: Option<String>,
}

impl Wish {
    pub(crate) fn get(url: impl Into<String>, header: impl Into<String>) -> Self {
        Self { url: url.into(), header: header.into(), body: None }
    }

    /// The same of another URL.
    pub(crate) fn at(&self, url: impl Into<String>) -> Self {
        Self { url: url.into(), ..self.clone() }
    }
}

impl Load {
    /// Loads for so many seconds over 32 connections.
    pub(crate) fn run(wish: &Wish, server: &Process, seconds: u32) -> Outcome<Self> {
        Self::from_core("1", 32, wish, server, seconds)
    }

    /// The same from other cores.
    pub(crate) fn from_core(
        cores: &str,
        connections: u32,
        wish: &Wish,
        server: &Process,
        seconds: u32,
    ) -> Outcome<Self> {
        let mut command = Command::new("taskset");
        command.args(["-c", cores, "wrk", "--latency", "-t1", &format!("-c{connections}"), &format!("-d{seconds}s")]);
        command.args(["-H", &wish.header]);
        let script = match &wish.body {
            None => None,
            Some(body) => {
                let path = scratch("lua")?;
                let text = format!(
                    "wrk.method = \"POST\"\nwrk.body = [==[{body}]==]\nwrk.headers[\"Content-Type\"] = \"application/json\"\n"
                );
                std::fs::write(&path, text)?;
                command.arg("-s").arg(&path);
                Some(path)
            }
        };
        let before = server.cpu()?;
        let output = command.arg(&wish.url).output()?;
        let spent = server.cpu()? - before;
        if let Some(path) = script {
            let _ = std::fs::remove_file(path);
        }
        let text = String::from_utf8(output.stdout)?;
        if text.contains("Non-2xx") || text.contains("Socket errors") {
            return Err(format!("the load of {} did not go well:\n{text}", wish.url).into());
        }
        let word = |word: &str| -> Outcome<&str> {
            let line = text.lines().find(|line| line.contains(word));
            let line = line.ok_or_else(|| format!("wrk printed no {word}:\n{text}"))?;
            let found =
                line.split_whitespace().find(|part| *part != word && part.starts_with(|c: char| c.is_ascii_digit()));
            Ok(found.ok_or_else(|| format!("no number in {line}"))?)
        };
        let requests: f64 = word("requests in")?.parse()?;
        Ok(Self {
            requests,
            requests_per_second: word("Requests/sec")?.parse()?,
            cpu_per_request: spent / requests,
            p99: span(word("99%")?)?,
        })
    }
}

/// A span as wrk writes it: `1.23ms`.
fn span(text: &str) -> Outcome<f64> {
    let at = text.find(|c: char| c.is_ascii_alphabetic()).ok_or("a span without a unit")?;
    let (number, unit) = text.split_at(at);
    let factor = match unit {
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        _ => return Err(format!("an unknown unit in {text}").into()),
    };
    Ok(number.parse::<f64>()? * factor)
}
