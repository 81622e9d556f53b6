//! Arguments, and what each command does.

mod actions;
mod attach;
mod bench;
mod ca;
mod check;
mod compare;
mod completions;
mod env;
mod fidelity;
mod healthcheck;
mod help;
mod host;
mod lang;
mod log;
mod man;
mod mcp;
mod options;
mod play;
mod record;
mod report;
mod run;
mod secure;
mod serve;
mod show;
mod spec;
mod stop;
mod taking;
mod token;
mod watch;
mod world_from;
mod write;

use std::borrow::Cow;
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::{CommandFactory, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use stend_core::ClockSetting;
use stend_core::visible::visible_but_colours;
use stend_scenario::Speed;

pub(crate) use attach::{Remote, escaped};

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
#[command(name = "stend", version, arg_required_else_help = true, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Say more: once for what happens, twice for every request
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    /// How log lines look, on standard error
    #[arg(long, global = true, value_name = "FORMAT")]
    log_format: Option<LogFormat>,
    /// The language of messages for people; left out, that of STEND_LANG or of the terminal
    #[arg(long, global = true, value_name = "LANG")]
    lang: Option<lang::Lang>,
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
    /// Run a command against a bench of its own: unchanged clients reach it by their hard-coded hosts
    Run(run::Args),
    /// Print the environment that leads clients to a running bench
    Env(env::Args),
    /// The certificate authority that clients of the bench trust
    Ca(ca::Args),
    /// Say by the exit code whether a bench answers
    Healthcheck(healthcheck::Args),
    /// Play scenarios and say whether their expectations held
    Play(play::Args),
    /// Make a scenario of what has happened in a running process
    Record(record::Args),
    /// Hold a service against traffic of the real system: specification, claims, settings, and the bench's own answers
    Compare(compare::Args),
    /// Make a world file of what traffic has shown
    WorldFrom(world_from::Args),
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
    /// Show what people see of a service in a running bench: its tables, and what can be done with each row
    Show(show::Args),
    /// List the actions: what can happen on the far side of the APIs, with arguments and an example
    Actions(actions::Args),
    /// Let an agent use the bench: a server of the Model Context Protocol on standard input and output
    Mcp(mcp::Args),
    /// Explain a command, or print a chapter of the manual
    Help(help::Args),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write the manual pages, one for each command, to a folder
    Man(man::Args),
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
    if let Err(why) = lang::choose() {
        err(&format!("error: {why}\n"));
        return ExitCode::from(BAD);
    }
    let parsed = lang::command(Cli::command()).try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(asked) => return ExitCode::from(explain(&asked)),
    };
    let (verbose, format) = match by_environment(&cli) {
        Ok(found) => found,
        Err(why) => {
            err(&format!("error: {why}\n"));
            return ExitCode::from(BAD);
        }
    };
    log::start(verbose, format, cli.command.options().is_some_and(|options| !options.quiet));
    let code = match cli.command {
        Command::Serve(args) => serve::run(args),
        Command::Run(args) => run::run(&args),
        Command::Env(args) => env::run(&args),
        Command::Ca(args) => ca::run(&args),
        Command::Healthcheck(args) => healthcheck::run(&args),
        Command::Play(args) => play::run(args),
        Command::Record(args) => record::run(&args),
        Command::Compare(args) => compare::run(&args),
        Command::WorldFrom(args) => world_from::run(&args),
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
        Command::Show(args) => show::run(&args),
        Command::Actions(args) => actions::run(&args),
        Command::Mcp(args) => mcp::run(&args),
        Command::Help(args) => help::run(&args),
        Command::Completions { shell } => {
            out(&completions::script(shell));
            GOOD
        }
        Command::Man(args) => man::run(&args),
    };
    ExitCode::from(if LOST.load(Ordering::Relaxed) { BAD } else { code })
}

impl Command {
    /// The options of a command that serves.
    fn options(&self) -> Option<&options::Options> {
        match self {
            Self::Serve(args) => Some(&args.options),
            Self::Run(args) => Some(&args.options),
            _ => None,
        }
    }
}

/// How much is said and in which format: the two options of every command, which only those that serve take from the
/// environment, too.
fn by_environment(cli: &Cli) -> Result<(u8, LogFormat), String> {
    let read = |name: &str| match std::env::var(name) {
        _ if cli.command.options().is_none() => Ok(None),
        Ok(value) => Ok(Some(value)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(error) => Err(format!("{name}: {error}")),
    };
    let verbose = match read(VERBOSE)? {
        Some(text) if cli.verbose == 0 => match text.as_str() {
            "0" => 0,
            "1" => 1,
            "2" => 2,
            _ => return Err(format!("{VERBOSE} is `{text}`; expected 0, 1 or 2")),
        },
        _ => cli.verbose,
    };
    let format = match (cli.log_format, read(LOG_FORMAT)?) {
        (Some(format), _) => format,
        (None, None) => LogFormat::Pretty,
        (None, Some(text)) => LogFormat::from_str(&text, false)
            .map_err(|_| format!("{LOG_FORMAT} is `{text}`; expected pretty or json"))?,
    };
    Ok((verbose, format))
}

const VERBOSE: &str = "STEND_VERBOSE";
const LOG_FORMAT: &str = "STEND_LOG_FORMAT";

/// The variables that set options of `serve` and `run`.
fn variables() -> Vec<String> {
    let command = Cli::command();
    let serving = command.get_subcommands().filter(|command| ["serve", "run"].contains(&command.get_name()));
    let of_options = serving.flat_map(clap::Command::get_arguments).filter_map(|option| option.get_env());
    let mut names: Vec<String> = of_options.map(|name| name.to_string_lossy().into_owned()).collect();
    names.extend([VERBOSE, LOG_FORMAT].map(str::to_owned));
    names.sort();
    names.dedup();
    names
}

/// Prints what clap has to say: the help that was asked for, or what is wrong with the arguments.
fn explain(asked: &clap::Error) -> u8 {
    let code = if asked.use_stderr() { BAD } else { GOOD };
    if lang::Lang::spoken() == lang::Lang::Ru {
        // Colours part its sentences, so they are left out where sentences are looked up.
        let text = asked.render().to_string();
        if code == BAD {
            err(&text)
        } else {
            say(&text)
        }
        return code;
    }
    match asked.print() {
        Err(error) if code == GOOD && error.kind() != ErrorKind::BrokenPipe => {
            lost(&error);
            BAD
        }
        _ => code,
    }
}

/// Whether something could not be printed: then no command is a success.
static LOST: AtomicBool = AtomicBool::new(false);

/// Prints to standard output. A reader that has gone away is no error; whatever else keeps the result from being
/// written ends the command with [`BAD`].
fn out(text: &str) {
    let mut stdout = std::io::stdout().lock();
    // A file gets what there is; a terminal is not steered by it.
    let shown = if stdout.is_terminal() { visible_but_colours(text).into() } else { Cow::from(text) };
    if let Err(error) = stdout.write_all(shown.as_bytes()).and_then(|()| stdout.flush())
        && error.kind() != ErrorKind::BrokenPipe
    {
        lost(&error);
    }
}

fn lost(error: &std::io::Error) {
    if !LOST.swap(true, Ordering::Relaxed) {
        err(&format!("error: cannot write to standard output: {error}\n"));
    }
}

/// Prints what people read to standard output, in their language.
fn say(text: &str) {
    out(&lang::said(text));
}

/// Prints to standard error, which people read, in their language.
fn err(text: &str) {
    let _ = std::io::stderr().lock().write_all(visible_but_colours(&lang::said(text)).as_bytes());
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
