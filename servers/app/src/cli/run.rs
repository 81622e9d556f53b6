//! `stend run`: a command against a bench of its own.

use std::io::{ErrorKind, IsTerminal as _};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;

use clap::builder::OsStringValueParser;
use stend::Running;
use stend::certificates::AuthorityAt;
use stend::environment::{Reachable, environment};
use stend_control::{Played, Snapshots, Watched, trace};
use stend_core::World;
use stend_scenario::{Progress, Report, Scenario, Silent, check_now, play, pretty};

use super::bench::{begin_ready, end, start, write_ready};
use super::options::{Options, one_scenario};
use super::serve::play_options;
use super::taking::Taking;
use super::write::Ready;
use super::{BAD, FAILED, GOOD, colour, err, report, runtime, variables};

/// As shells have it: the command is there and cannot be started.
const NOT_STARTED: u8 = 126;
/// As shells have it: there is no such command.
const NOT_FOUND: u8 = 127;

/// Arguments of `stend run`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) options: Options,
    /// The control port, the others following; left out, free ports
    #[arg(long, value_name = "PORT", conflicts_with = "ephemeral", env = "STEND_PORT_BASE")]
    port_base: Option<u16>,
    /// When the command has ended, check what this scenario expects at its end; without `--world` and `--scenario`, its world is served
    #[arg(long, value_name = "SCENARIO", env = "STEND_EXPECT")]
    expect: Option<PathBuf>,
    /// When the command has ended, write a report that opens in a browser to this file: what it sent and got, and the steps
    #[arg(long, value_name = "FILE.html", env = "STEND_REPORT")]
    report: Option<PathBuf>,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND", value_parser = OsStringValueParser::new())]
    command: Vec<std::ffi::OsString>,
}

pub(super) fn run(args: &Args) -> u8 {
    let options = &args.options;
    let mut ready = match begin_ready(options) {
        Ok(ready) => ready,
        Err(code) => return code,
    };
    let expect = match &args.expect {
        None => None,
        Some(path) => match one_scenario(path, "run expects one scenario").filter(|expect| is_check(path, expect)) {
            Some(expect) => Some(expect),
            None => return BAD,
        },
    };
    if !report::check(args.report.as_deref()) {
        return BAD;
    }
    let Some(mut prepared) = options.prepare(args.port_base, AuthorityAt::Memory) else { return BAD };
    let recording = prepared.recording.take();
    let (mut config, scenario, registry, library) = prepared.split();
    if let (None, Some(expect)) = (&config.world, &expect) {
        config.world = Some(expect.world.clone());
    }
    let Some(runtime) = runtime() else { return BAD };
    let code = runtime.block_on(async {
        let running = match start(config, options, &registry, &library).await {
            Ok(running) => running,
            Err(code) => return code,
        };
        if let Err(code) = write_ready(&mut ready, &running) {
            running.stop().await;
            return code;
        }
        let world = Arc::clone(running.worlds.default_world());
        let snapshots = Snapshots::default();
        let (code, played) = command(args, &running, scenario.as_ref(), &world, &snapshots).await;
        let reports = reports(played, scenario.as_ref(), expect.as_ref(), &world);
        let reported = args.report.as_deref().is_none_or(|path| {
            let scenarios = scenario.iter().chain(&expect);
            let played = scenarios.zip(&reports).map(|(scenario, report)| Played::new(scenario, Some(report.clone())));
            report::save(path, "stend run", &[trace(&world, &snapshots, &played.collect::<Vec<_>>())])
        });
        let saved = end(running, options).await;
        for report in reports.iter().filter(|report| !options.quiet || !report.passed) {
            err(&pretty(report, colour()));
        }
        match code {
            GOOD if saved.is_err() || !reported => BAD,
            GOOD if reports.iter().any(|report| !report.passed) => {
                err("stend: the command succeeded, and not all that was expected holds\n");
                FAILED
            }
            code => code,
        }
    });
    ready.into_iter().for_each(Ready::end);
    drop(runtime);
    match (recording.is_none_or(Taking::save), code) {
        (false, GOOD) => BAD,
        _ => code,
    }
}

/// Sees that a scenario is one to be checked and not to be played.
fn is_check(path: &std::path::Path, scenario: &Scenario) -> bool {
    if scenario.has_steps() {
        err(&format!(
            "error: {} has steps, which `--expect` does not play\n  = help: `--scenario {0}` plays them and checks its `expect`\n",
            path.display()
        ));
        return false;
    }
    if !scenario.has_expectations() {
        err(&format!("error: {} expects nothing\n  = help: give it an `expect` list\n", path.display()));
        return false;
    }
    true
}

/// What came of the scenario that was played, and of what was expected beside it.
fn reports(
    played: Option<Report>,
    scenario: Option<&Scenario>,
    expect: Option<&Scenario>,
    world: &World,
) -> Vec<Report> {
    // A scenario that the command did not wait for is asked for its expectations as things are now.
    let played = played.or_else(|| scenario.map(|scenario| check_now(scenario, world)));
    played.into_iter().chain(expect.map(|expect| check_now(expect, world))).collect()
}

/// Runs the command to its end while the scenario is played; gives its exit code, and the report of a scenario that has come
/// to its end.
async fn command(
    args: &Args,
    running: &Running,
    scenario: Option<&Scenario>,
    world: &Arc<World>,
    snapshots: &Snapshots,
) -> (u8, Option<Report>) {
    let Ok(folder) = tempfile::Builder::new().prefix("stend-").tempdir() else {
        err("error: no temporary folder can be made\n");
        return (BAD, None);
    };
    let certificate = running.authority.as_ref().and_then(|authority| authority.get().ok());
    let bench = Reachable {
        urls: &running.urls,
        hosts: &running.hosts,
        certificate: certificate.map(|authority| authority.certificate()),
    };
    let present = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let set = match environment(&bench, folder.path(), &present) {
        Ok(set) => set,
        Err(error) => {
            err(&format!("error: cannot write to {}: {error}\n", folder.path().display()));
            return (BAD, None);
        }
    };
    let Some((program, arguments)) = args.command.split_first() else { return (BAD, None) };
    let mut command = tokio::process::Command::new(program);
    command.args(arguments);
    // A second stend inside is not steered by what steers this one.
    variables().iter().for_each(|name| {
        command.env_remove(name);
    });
    command.envs(&set);
    if let Ok(Some(token)) = args.options.token.get() {
        command.env("STEND_CONTROL_TOKEN", token);
    }
    // Before it is started, or a quick signal would end this process alone.
    let mut signals = Signals::listen();
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => {
            err(&format!("stend: {}: {error}\n", program.display()));
            let code = if error.kind() == ErrorKind::NotFound { NOT_FOUND } else { NOT_STARTED };
            return (code, None);
        }
    };
    let pid = child.id();
    let mut played = None;
    let watched = Watched { world, snapshots, progress: &Silent };
    let progress: &dyn Progress = if args.report.is_some() { &watched } else { &Silent };
    let mut playing = pin!(async {
        match scenario {
            Some(scenario) => play(scenario, world, &running.reach, &play_options(&args.options), progress).await.ok(),
            None => std::future::pending().await,
        }
    });
    let mut is_playing = true;
    let ended = loop {
        tokio::select! {
            ended = child.wait() => break ended,
            report = &mut playing, if is_playing => (played, is_playing) = (report, false),
            signal = signals.next() => signals.forward(signal, pid),
        }
    };
    match ended {
        Ok(status) => (exit_code(status), played),
        Err(error) => {
            err(&format!("stend: {}: {error}\n", program.display()));
            (BAD, played)
        }
    }
}

/// The exit code as shells have it: 128 and the signal for a command that one has ended.
fn exit_code(status: std::process::ExitStatus) -> u8 {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt as _;
        if let Some(signal) = status.signal() {
            return u8::try_from(128 + signal).unwrap_or(u8::MAX);
        }
    }
    status.code().map_or(FAILED, |code| u8::try_from(code & 0xff).unwrap_or(FAILED))
}

/// The signals that are forwarded to the command.
#[cfg(unix)]
struct Signals(Vec<(rustix::process::Signal, Option<tokio::signal::unix::Signal>)>);

#[cfg(unix)]
impl Signals {
    fn listen() -> Self {
        use rustix::process::Signal;
        use tokio::signal::unix::{SignalKind, signal};
        let kinds = [
            (Signal::TERM, SignalKind::terminate()),
            (Signal::INT, SignalKind::interrupt()),
            (Signal::HUP, SignalKind::hangup()),
            (Signal::QUIT, SignalKind::quit()),
            (Signal::USR1, SignalKind::user_defined1()),
            (Signal::USR2, SignalKind::user_defined2()),
        ];
        Self(kinds.into_iter().map(|(name, kind)| (name, signal(kind).ok())).collect())
    }

    async fn next(&mut self) -> rustix::process::Signal {
        std::future::poll_fn(|context| {
            for (name, signal) in &mut self.0 {
                if let Some(signal) = signal
                    && let std::task::Poll::Ready(Some(())) = signal.poll_recv(context)
                {
                    return std::task::Poll::Ready(*name);
                }
            }
            std::task::Poll::Pending
        })
        .await
    }

    /// Hands a signal on. Those of the terminal's keys have reached the command already: it is in the same group.
    fn forward(&self, signal: rustix::process::Signal, pid: Option<u32>) {
        use rustix::process::{Pid, Signal, getpgrp, kill_process};
        let from_keys = [Signal::INT, Signal::QUIT].contains(&signal)
            && std::io::stdin().is_terminal()
            && rustix::termios::tcgetpgrp(std::io::stdin()).is_ok_and(|group| group == getpgrp());
        let pid = pid.and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
        if let (false, Some(pid)) = (from_keys, pid) {
            let _ = kill_process(pid, signal);
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> Self {
        Self
    }

    /// The console tells the command itself; this process only must not end before it.
    async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }

    fn forward(&self, (): (), _: Option<u32>) {}
}
