//! `stend compare`: a service held against traffic of the real system.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;
use clap::builder::PossibleValuesParser;
use stend::Config;
use stend_core::AnyService;
use stend_scenario::compare::{
    Asking, Bench, Comparing, Comparison, Contract, Evidence, Imported, Rules, Target, Unmatched, ask, html, import,
    mask, matched, pretty, to_json,
};

use super::secure;
use super::{BAD, FAILED, GOOD, colour, err, missing, out, runtime, write};

/// Arguments of `stend compare`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The service
    #[arg(value_parser = PossibleValuesParser::new(stend::registry::services().services().iter().map(|kind| kind.name())))]
    service: String,
    /// Traffic of the real system: HAR 1.2, as browsers, proxies and `--record` write it, a page of the journal, or a log of `curl -v`
    #[arg(long, value_name = "FILE", required_unless_present = "url")]
    har: Vec<PathBuf>,
    /// Ask the real system at this URL; only what reads is sent
    #[arg(long, value_name = "URL", conflicts_with_all = ["har", "host"])]
    url: Option<String>,
    /// What is asked with: credentials and ids, such as token=…; a value `@FILE` is read from a file; can be given again
    #[arg(long, value_name = "NAME=VALUE", requires = "url")]
    with: Vec<String>,
    /// Send this operation, too, although it changes something; can be given again
    #[arg(long, value_name = "OPERATION", requires = "url")]
    allow_mutating: Vec<String>,
    /// How long a reply of the system may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30, requires = "url", value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
    /// Only what was asked of this host; left out, the hosts that the service's operations were asked of
    #[arg(long, value_name = "HOST")]
    host: Vec<String>,
    /// Write the report to this file as HTML
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// How the report on standard output looks
    #[arg(long, default_value = "pretty")]
    format: Format,
    /// Write what is shown of claims to this file, without anything that was sent: it can be attached to an issue
    #[arg(long, value_name = "FILE")]
    evidence: Option<PathBuf>,
    /// Who stands behind the evidence
    #[arg(long, value_name = "NAME", requires = "evidence", default_value = "")]
    by: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Pretty,
    /// One JSON document
    Json,
}

pub(super) fn run(args: &Args) -> u8 {
    let Some(runtime) = runtime() else { return BAD };
    let compared = runtime.block_on(compare(args));
    let comparison = match compared {
        Ok(comparison) => comparison,
        Err(why) => {
            err(&format!("error: {why}\n"));
            return BAD;
        }
    };
    match args.format {
        Format::Pretty => out(&pretty(&comparison, std::io::stdout().is_terminal() && colour())),
        Format::Json => out(&format!("{:#}\n", to_json(&comparison))),
    }
    let evidence = || {
        let evidence = Evidence::of(&comparison, env!("CARGO_PKG_VERSION"), &args.by);
        serde_json::to_string_pretty(&evidence).map_or_else(|error| error.to_string(), |text| text + "\n")
    };
    let files = [
        args.report.as_ref().map(|path| (path, html(&comparison))),
        args.evidence.as_ref().map(|path| (path, evidence())),
    ];
    for (path, text) in files.into_iter().flatten() {
        if let Err(error) = write::text(path, &text) {
            err(&format!("error: cannot write {}: {error}\n", path.display()));
            return BAD;
        }
    }
    if comparison.agrees() { GOOD } else { FAILED }
}

async fn compare(args: &Args) -> Result<Comparison, String> {
    let registry = stend::registry::services();
    let (_, kind) = registry.get(&args.service).map_err(|problem| problem.to_string())?;
    let rules = stend::traffic::rules(kind).map_err(|problem| problem.to_string())?;
    let source: Vec<String> = match &args.url {
        Some(url) => vec![plain(url)?],
        None => args.har.iter().map(|path| path.display().to_string()).collect(),
    };
    let (mut imported, left_out) = match &args.url {
        Some(_) => asked(args, &source[0], kind, &rules).await?,
        None => (read(&args.har, &[kind])?, Vec::new()),
    };
    mask(&mut imported.traffic, kind.secrets(), rules.personal(), BTreeSet::new());
    let hosts: Vec<String> = match args.url.is_some() {
        true => {
            source[0].split("://").skip(1).map(|rest| rest.split('/').next().unwrap_or_default().to_owned()).collect()
        }
        false => args.host.clone(),
    };
    let mut found = matched(kind, imported.traffic, &hosts);
    found.unmatched.extend(left_out);
    if found.seen.is_empty() {
        return Err(nothing(kind, &found.unmatched, &source.join(", ")));
    }
    if imported.dropped > 0 {
        err(&format!(
            "note: {} entries are not compared: the file holds more than is kept at once\n",
            imported.dropped
        ));
    }
    let spec = stend::spec(kind.name()).map_err(|problem| problem.to_string())?;
    let spec = spec.ok_or_else(|| format!("{} has no specification", kind.name()))?;
    let contract = Contract::new(spec).map_err(|problem| problem.to_string())?;
    let statements = stend::traffic::statements(kind.name()).map_err(|problem| problem.to_string())?;
    let running = stend::start(Config { workers: Some(1), ..Config::default() }).await;
    let running = running.map_err(|error| error.to_string())?;
    let comparing = Comparing {
        registry: &registry,
        kind,
        contract: &contract,
        rules: &rules,
        statements: &statements,
        source: &source.join(", "),
    };
    let base = running.url(kind.name());
    let compared = comparing.compare(&found, Bench { worlds: &running.worlds, base }).await;
    running.stop().await;
    compared.map_err(|problem| problem.to_string())
}

/// A URL without a slash at its end; credentials in it would stand in reports.
fn plain(url: &str) -> Result<String, String> {
    let (scheme, rest) =
        url.split_once("://").ok_or_else(|| format!("`{url}` is no URL, such as https://pos.example.com"))?;
    if !["http", "https", "ws", "wss"].contains(&scheme) {
        return Err(format!("`{scheme}://`: expected http, https, ws or wss"));
    }
    if rest.split('/').next().is_some_and(|host| host.contains('@')) {
        return Err("the URL holds a user; give credentials by `--with NAME=VALUE`".into());
    }
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let path = path.split(['?', '#']).next().unwrap_or_default();
    Ok(format!("{scheme}://{}/{path}", authority.to_ascii_lowercase()).trim_end_matches('/').to_owned())
}

/// Asks the system.
async fn asked(
    args: &Args,
    url: &str,
    kind: &'static dyn AnyService,
    rules: &Rules,
) -> Result<(Imported, Vec<Unmatched>), String> {
    let pair = |text: &String| {
        let (name, value) = text.split_once('=').ok_or_else(|| format!("`{text}` is no NAME=VALUE"))?;
        let value = match value.strip_prefix('@') {
            Some(file) => std::fs::read_to_string(file)
                .map_err(|error| format!("cannot read {file}: {error}"))?
                .trim_end()
                .to_owned(),
            None => value.to_owned(),
        };
        Ok::<_, String>((name.to_owned(), value))
    };
    let given = args.with.iter().map(pair).collect::<Result<_, _>>()?;
    let reached = match url.split_once("://") {
        Some(("https" | "wss", rest)) => {
            let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
            let near = secure::open(url, authority).await;
            let near = near.map_err(|why| why.split("\n  = help: start one").next().unwrap_or_default().to_owned())?;
            format!("{near}/{path}").trim_end_matches('/').to_owned()
        }
        _ => url.replacen("ws://", "http://", 1),
    };
    let target = Target { url: url.to_owned(), reached };
    let asking = Asking { given, allowed: &args.allow_mutating, patience: Duration::from_secs(args.timeout) };
    let (traffic, left_out) = ask(&target, kind, rules, asking).await.map_err(|problem| problem.to_string())?;
    let entries = traffic.len();
    Ok((Imported { traffic, entries, dropped: 0 }, left_out))
}

/// Reads files of traffic, one after the other.
pub(super) fn read(files: &[PathBuf], services: &[&dyn AnyService]) -> Result<Imported, String> {
    let mut all = Imported::default();
    for path in files {
        let Imported { traffic, entries, dropped } = read_one(path, services)?;
        all.traffic.extend(traffic);
        all.entries += entries;
        all.dropped += dropped;
    }
    Ok(all)
}

fn read_one(path: &Path, services: &[&dyn AnyService]) -> Result<Imported, String> {
    if !path.exists() {
        return Err(missing(path));
    }
    let file = File::open(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    import(file, services).map_err(|problem| format!("{}: {problem}", path.display()))
}

/// Says that nothing in a file is the service's, and what it holds.
pub(super) fn nothing(kind: &dyn AnyService, unmatched: &[Unmatched], source: &str) -> String {
    let rows: Vec<String> = unmatched.iter().take(10).map(|row| format!("\n  {}: {}", row.what, row.why)).collect();
    format!("{source}: nothing in it is an operation of {}{}", kind.name(), rows.concat())
}
