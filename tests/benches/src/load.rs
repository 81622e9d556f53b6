//! One round of load by `wrk`, and what it cost the server.

use std::process::Command;

use crate::Outcome;

/// What one round came to.
pub(crate) struct Load {
    pub(crate) requests_per_second: f64,
    /// Seconds of the server's CPU time.
    pub(crate) cpu_per_request: f64,
}

impl Load {
    /// Loads `url` for so many seconds from the second core.
    pub(crate) fn run(url: &str, server: u32, seconds: u32) -> Outcome<Self> {
        Self::with("token: demo-token", url, server, seconds)
    }

    /// The same with a header of one's own.
    pub(crate) fn with(header: &str, url: &str, server: u32, seconds: u32) -> Outcome<Self> {
        let before = cpu(server)?;
        let mut command = Command::new("taskset");
        command.args(["-c", "1", "wrk", "-t1", "-c32", &format!("-d{seconds}s"), "-H", header, url]);
        let output = command.output()?;
        let text = String::from_utf8(output.stdout)?;
        let spent = cpu(server)? - before;
        if text.contains("Non-2xx") || text.contains("Socket errors") {
            return Err(format!("the load did not go well:\n{text}").into());
        }
        let after = |word: &str| -> Outcome<f64> {
            let line = text
                .lines()
                .find(|line| line.contains(word))
                .ok_or_else(|| format!("wrk printed no {word}:\n{text}"))?;
            let number = line.split_whitespace().find_map(|part| part.parse().ok());
            Ok(number.ok_or_else(|| format!("no number in {line}"))?)
        };
        let requests = after("requests in")?;
        Ok(Self { requests_per_second: after("Requests/sec")?, cpu_per_request: spent / requests })
    }
}

/// CPU time of a process so far, in seconds.
fn cpu(pid: u32) -> Outcome<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |index: usize| -> Outcome<f64> { Ok(fields.get(index).ok_or("a short stat line")?.parse()?) };
    // Fields 14 and 15 of proc(5), in ticks of 10 ms.
    Ok((ticks(11)? + ticks(12)?) / 100.0)
}
