//! Arguments, and what each command does.

mod attach;
mod check;
mod fidelity;
mod host;
mod log;
mod play;
mod record;
mod serve;
mod spec;
mod stop;
mod token;
mod watch;
mod write;

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use stend_core::ClockSetting;
use stend_scenario::Speed;

/// Good.
const GOOD: u8 = 0;
/// An expectation failed.
const FAILED: u8 = 1;
/// Bad input or usage.
const BAD: u8 = 2;
/// Stopped by a signal before it came to its end, as shells count it.
const STOPPED: u8 = 130;

/// A test bench that stands in for four vendor systems: Carbis QR, Tillypad, an electronic queue, Telemetron.
#[derive(Debug, Parser)]
#[command(name = "stend", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Say more: once for what happens, twice for every request
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    /// How log lines look, on standard error
    #[arg(long, global = true, value_name = "FORMAT", default_value = "pretty")]
    log_format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    /// For people
    Pretty,
    /// One JSON object a line
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve all services until stopped
    Serve(serve::Args),
    /// Play scenarios and say whether their expectations held
    Play(play::Args),
    /// Make a scenario of what has happened in a running process
    Record(record::Args),
    /// Check scenario and world files without playing them
    Check(check::Args),
    /// Print the JSON Schema of scenario or world files, for editors
    Schema {
        /// Of which files
        what: What,
    },
    /// Say how sure we are: the claims of the vendors' documents, counted
    Fidelity(fidelity::Args),
    /// Print a specification: OpenAPI 3.1 or AsyncAPI 3 of a service, or of the control API
    Spec(spec::Args),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum What {
    /// Scenario files
    Scenario,
    /// World files
    World,
}

/// What `--clock` takes.
fn clock(text: &str) -> Result<ClockSetting, String> {
    ClockSetting::from_word(text)
        .ok_or_else(|| "give `real`, `frozen` or a time such as 2026-11-21T12:00:00+03:00".to_owned())
}

/// What `--speed` takes.
fn speed(text: &str) -> Result<Speed, String> {
    text.parse()
}

pub(crate) fn run() -> ExitCode {
    let cli = Cli::parse();
    log::start(cli.verbose, cli.log_format);
    let code = match cli.command {
        Command::Serve(args) => serve::run(args),
        Command::Play(args) => play::run(args),
        Command::Record(args) => record::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Schema { what } => {
            let registry = stend::registry::services();
            let schema = match what {
                What::Scenario => stend_scenario::scenario_schema(&registry),
                What::World => stend_scenario::world_schema(&registry),
            };
            out(&format!("{schema:#}\n"));
            GOOD
        }
        Command::Fidelity(args) => fidelity::run(&args),
        Command::Spec(args) => spec::run(&args),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "stend", &mut script);
            out(&String::from_utf8_lossy(&script));
            GOOD
        }
    };
    ExitCode::from(code)
}

/// Prints to standard output; a reader that has gone away is no error.
fn out(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

/// Prints to standard error.
fn err(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// Whether what is printed on standard error may be coloured.
fn colour() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// A runtime for the command: the servers' workers have their own threads.
fn runtime() -> Option<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| err(&format!("error: {error}\n")))
        .ok()
}

/// A file that is not there, and the one beside it that may be meant.
fn missing(path: &Path) -> String {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let beside = std::fs::read_dir(folder.unwrap_or(Path::new("."))).into_iter().flatten().flatten();
    let mut beside: Vec<String> = beside.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    beside.sort();
    let near = stend_core::near::nearest(&name, beside.iter().map(String::as_str));
    let near = near.map(|near| folder.map_or(PathBuf::from(near), |folder| folder.join(near)));
    let hint = near.map(|near| format!("\n  = help: did you mean `{}`?", near.display())).unwrap_or_default();
    format!("cannot read {}: no such file or directory{hint}", path.display())
}

/// Files that a command names; a folder stands for the scenarios in it.
fn files(given: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    for path in given {
        if !path.exists() {
            return Err(missing(path));
        }
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let entries = std::fs::read_dir(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        let mut found: Vec<PathBuf> = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| {
                path.extension().is_some_and(|extension| ["yaml", "yml"].iter().any(|known| extension == *known))
            })
            .collect();
        if found.is_empty() {
            return Err(format!("there is no .yaml file in {}", path.display()));
        }
        found.sort();
        files.extend(found);
    }
    Ok(files)
}
