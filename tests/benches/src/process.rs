//! The servers under measurement, as processes of their own on the first core.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::Outcome;

/// A process that is measured, with whatever it starts; ended when dropped.
pub(crate) struct Process(Child);

/// A bench process on free ports.
pub(crate) struct Stend {
    process: Process,
    ready: Value,
}

/// A bare server process.
pub(crate) struct Bare {
    process: Process,
    pub(crate) url: String,
}

pub(crate) fn beside(name: &str) -> Outcome<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(name);
    if path.is_file() { Ok(path) } else { Err(format!("{} is not built", path.display()).into()) }
}

/// A program that runs on the first core.
pub(crate) fn pinned(program: impl AsRef<Path>) -> Command {
    on("0", program)
}

/// A program that runs on these cores.
pub(crate) fn on(cores: &str, program: impl AsRef<Path>) -> Command {
    // A run that is broken off leaves no server behind.
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "taskset", "-c", cores]).arg(program.as_ref());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit());
    command
}

impl Process {
    /// Starts it in a group of its own, so that what it starts ends with it.
    pub(crate) fn start(command: &mut Command) -> Outcome<Self> {
        Ok(Self(command.process_group(0).spawn()?))
    }

    /// taskset becomes the program it starts, so the child is the server.
    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<String> {
        self.0.try_wait().ok().flatten().map(|status| status.to_string())
    }

    /// CPU time so far of it and of what it has started, in seconds.
    pub(crate) fn cpu(&self) -> Outcome<f64> {
        let mut nanos = 0_u64;
        for pid in self.family() {
            for task in std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
                // The first field of a thread's schedstat: nanoseconds on a core.
                let stat = std::fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
                nanos += stat.split(' ').next().and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
            }
        }
        if nanos == 0 { Err("the kernel tells no CPU times in schedstat".into()) } else { Ok(nanos as f64 / 1e9) }
    }

    /// Resident memory of it and of what it has started, in bytes.
    pub(crate) fn resident(&self) -> f64 {
        self.pages("Rss:")
    }

    /// Of that what is no page of a file, which others share and the system can drop.
    pub(crate) fn own(&self) -> f64 {
        self.pages("Anonymous:")
    }

    fn pages(&self, kind: &str) -> f64 {
        let pages = |pid: &u32| -> Option<f64> {
            let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
            let line = text.lines().find(|line| line.starts_with(kind))?;
            line.split_whitespace().nth(1)?.parse().ok()
        };
        self.family().iter().filter_map(pages).sum::<f64>() * 1024.0
    }

    /// The most resident memory that it has had, in bytes.
    pub(crate) fn most_resident(&self) -> f64 {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with("VmHWM:"));
        line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0.0) * 1024.0
    }

    /// The process and its descendants: all of its group.
    fn family(&self) -> Vec<u32> {
        let mut family = vec![self.pid()];
        for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
            // Behind the name in brackets: state, parent, group.
            let group = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(2)?.parse().ok());
            if group == Some(self.pid()) && pid != self.pid() {
                family.push(pid);
            }
        }
        family
    }

    /// Asks it to end, and waits.
    pub(crate) fn terminate(mut self) -> Outcome<()> {
        Command::new("kill").args(["-TERM", &self.pid().to_string()]).status()?;
        for _ in 0..3_000 {
            if self.ended().is_some() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Err("it did not end within 30 s".into())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.ended().is_none() {
            let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", self.pid())]).status();
            let _ = self.0.wait();
        }
    }
}

impl Stend {
    pub(crate) fn start() -> Outcome<Self> {
        Self::start_on("0", 1)
    }

    /// On these cores, with so many workers.
    pub(crate) fn start_on(cores: &str, workers: u32) -> Outcome<Self> {
        let mut command = on(cores, beside("stend")?);
        command.args(["serve", "--ephemeral", "--workers", &workers.to_string()]);
        Self::launch(command)
    }

    /// Starts a command of `stend serve`, to which the ready file is added, and waits until it is ready.
    pub(crate) fn launch(mut command: Command) -> Outcome<Self> {
        let ready = scratch("json")?;
        let mut process = Process::start(command.arg("--ready-file").arg(&ready))?;
        for _ in 0..300_000 {
            if let Ok(text) = std::fs::read_to_string(&ready) {
                let _ = std::fs::remove_file(&ready);
                return Ok(Self { process, ready: serde_json::from_str(&text)? });
            }
            if let Some(status) = process.ended() {
                return Err(format!("stend ended: {status}").into());
            }
            std::thread::sleep(Duration::from_micros(100));
        }
        Err("stend did not become ready within 30 s".into())
    }

    pub(crate) fn url(&self, name: &str) -> Outcome<String> {
        Ok(self.ready[name].as_str().ok_or_else(|| format!("no URL of {name}"))?.to_owned())
    }

    pub(crate) fn process(&self) -> &Process {
        &self.process
    }

    pub(crate) fn into_process(self) -> Process {
        self.process
    }

    /// Posts to the control API; the reply's body.
    pub(crate) fn post(&self, path: &str, body: &str) -> Outcome<String> {
        let url = format!("{}/control/v1{path}", self.url("control")?);
        ask("POST", &url, "accept: */*", body)
    }

    /// Makes a world out of sections and other keys of `POST /worlds`.
    pub(crate) fn world(&self, wanted: &Value) -> Outcome<()> {
        self.post("/worlds", &wanted.to_string()).map(drop)
    }

    /// Does something in a world.
    pub(crate) fn act(&self, world: &str, action: &Value) -> Outcome<String> {
        self.post(&format!("/worlds/{world}/actions"), &action.to_string())
    }

    /// Asks every HTTP port, and connects to the others.
    pub(crate) fn all_answer(&self) -> Outcome<()> {
        let urls = self.ready.as_object().into_iter().flatten().filter_map(|(_, url)| url.as_str());
        for url in urls.filter(|url| url.contains("://")) {
            exchange(
                &url.replace("ws://", "http://"),
                "GET /control/v1/health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
            )?;
        }
        Ok(())
    }
}

impl Bare {
    /// Answers a path, by GET and POST alike, with these bytes.
    pub(crate) fn start(path: &str, body: &str) -> Outcome<Self> {
        Self::launch(pinned(beside("bare")?), path, body)
    }

    /// The same with a command of its own.
    pub(crate) fn launch(command: Command, path: &str, body: &str) -> Outcome<Self> {
        Self::launch_with(command, path, body, 1)
    }

    /// The same with so many workers.
    pub(crate) fn launch_with(mut command: Command, path: &str, body: &str, workers: u32) -> Outcome<Self> {
        let (port, file) = (free_port()?, scratch("body")?);
        std::fs::write(&file, body)?;
        command.arg(port.to_string()).arg(path).arg(&file).arg(workers.to_string());
        let mut process = Process::start(&mut command)?;
        let url = format!("http://127.0.0.1:{port}");
        await_answer(&mut process, &format!("{url}{path}"), "accept: */*")?;
        let _ = std::fs::remove_file(&file);
        Ok(Self { process, url })
    }

    pub(crate) fn process(&self) -> &Process {
        &self.process
    }

    pub(crate) fn into_process(self) -> Process {
        self.process
    }
}

/// Asks until it answers with 200; the body.
pub(crate) fn await_answer(process: &mut Process, url: &str, header: &str) -> Outcome<String> {
    for _ in 0..600_000 {
        if let Ok(body) = ask("GET", url, header, "") {
            return Ok(body);
        }
        if let Some(status) = process.ended() {
            return Err(format!("it ended: {status}").into());
        }
        std::thread::sleep(Duration::from_micros(100));
    }
    Err("it did not answer within 60 s".into())
}

pub(crate) fn free_port() -> Outcome<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// A file of one's own in the temporary directory.
pub(crate) fn scratch(extension: &str) -> Outcome<PathBuf> {
    Ok(std::env::temp_dir().join(format!("stend-bench-{}-{}.{extension}", std::process::id(), free_port()?)))
}

fn exchange(host: &str, request: &str) -> Outcome<String> {
    let mut stream = TcpStream::connect(host.trim_start_matches("http://"))?;
    stream.write_all(request.as_bytes())?;
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply)?;
    if reply.is_empty() { Err("no reply".into()) } else { Ok(String::from_utf8_lossy(&reply).into_owned()) }
}

/// The body of what answers a request with one header of its own.
///
/// # Errors
/// Anything but a status of success.
pub(crate) fn ask(method: &str, url: &str, header: &str, body: &str) -> Outcome<String> {
    let rest = url.trim_start_matches("http://");
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let length = body.len();
    let reply = exchange(
        host,
        &format!(
            "{method} /{path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: stend-bench\r\n{header}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        ),
    )?;
    if !reply.starts_with("HTTP/1.1 2") {
        return Err(format!("{method} {url}: {reply}").into());
    }
    let (head, body) = reply.split_once("\r\n\r\n").ok_or("no body")?;
    if !head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
        return Ok(body.to_owned());
    }
    let mut rest = body;
    let mut whole = String::new();
    while let Some((size, more)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16)?;
        whole.push_str(more.get(..size).ok_or("a short chunk")?);
        if size == 0 {
            break;
        }
        rest = more.get(size + 2..).unwrap_or("");
    }
    Ok(whole)
}
