//! `stend world-from`: a world file of what traffic has shown.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use stend::Config;
use stend_core::{AnyService, Registry};
use stend_scenario::compare::{Bench, Built, Masked, Matched, Moment, Rules, Seen, build, mask, matched, settings};

use super::{BAD, compare, err, runtime, write};

/// Arguments of `stend world-from`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Traffic of a real system: HAR 1.2, a page of the journal, or a log of `curl -v`
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Only this service; left out, all whose operations were asked for
    #[arg(long, value_name = "SERVICE", value_parser = PossibleValuesParser::new(stend::registry::services().services().iter().map(|kind| kind.name())))]
    service: Vec<String>,
    /// Only what was asked of this host
    #[arg(long, value_name = "HOST")]
    host: Vec<String>,
    /// Leave all settings at their defaults: the bench is not asked which of them answer as the system did
    #[arg(long)]
    default_settings: bool,
    /// Write the world to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> u8 {
    match made(args) {
        Ok((text, counts)) => write::result(args.output.as_deref(), &text, &counts),
        Err(why) => {
            err(&format!("error: {why}\n"));
            BAD
        }
    }
}

/// The world's text, and what it holds.
fn made(args: &Args) -> Result<(String, String), String> {
    let registry = stend::registry::services();
    let source: Vec<String> = args.files.iter().map(|path| path.display().to_string()).collect();
    let services: Vec<&dyn AnyService> = registry.services().iter().map(|kind| *kind as &dyn AnyService).collect();
    let traffic = compare::read(&args.files, &services)?.traffic;
    let mut found = Vec::new();
    for kind in registry
        .services()
        .iter()
        .filter(|kind| args.service.is_empty() || args.service.iter().any(|name| name == kind.name()))
    {
        let rules = stend::traffic::rules(*kind).map_err(|problem| problem.to_string())?;
        let mut traffic = traffic.clone();
        tell(&mask(&mut traffic, kind.secrets(), rules.personal(), BTreeSet::new()));
        let Matched { seen, unmatched, .. } = matched(*kind, traffic, &args.host);
        if seen.is_empty() && !args.service.is_empty() {
            return Err(compare::nothing(*kind, &unmatched, &source.join(", ")));
        }
        if !seen.is_empty() {
            found.push((*kind, rules, seen));
        }
    }
    if found.is_empty() {
        return Err(format!("{}: nothing in it is an operation of a service", source.join(", ")));
    }
    let parts: Vec<_> = found.iter().map(|(kind, rules, seen)| (*kind, rules, &seen[..])).collect();
    let mut built = build(&registry, &parts, &format!("From {}", source.join(", ")), Moment::After)
        .map_err(|problem| problem.to_string())?;
    if !args.default_settings {
        let runtime = runtime().ok_or("no runtime can be had")?;
        runtime.block_on(set(&mut built, &registry, &parts))?;
    }
    for note in &built.notes {
        err(&format!("note: {note}\n"));
    }
    let counts: Vec<String> = built.counts.iter().map(|(list, count)| format!("{list} {count}")).collect();
    Ok((built.text().map_err(|problem| problem.to_string())?, counts.join(", ")))
}

/// Gives the world the settings under which a bench answers as the system did.
async fn set(
    built: &mut Built,
    registry: &Registry,
    parts: &[(&'static dyn AnyService, &Rules, &[Seen])],
) -> Result<(), String> {
    let running = stend::start(Config { workers: Some(1), ..Config::default() }).await;
    let running = running.map_err(|error| error.to_string())?;
    for (kind, rules, seen) in parts {
        let bench = Bench { worlds: &running.worlds, base: running.url(kind.name()) };
        match settings(registry, *kind, rules, seen, bench).await {
            Ok(found) => built.set(registry, kind.name(), &found),
            Err(problem) => built.notes.push(format!("{}: settings are at their defaults: {problem}", kind.name())),
        }
    }
    running.stop().await;
    Ok(())
}

/// Says what was masked.
pub(super) fn tell(masked: &[Masked]) {
    for Masked { name, personal, values, example } in masked {
        let what = if *personal { "personal" } else { "secret" };
        err(&format!(
            "masked: {name} ({what}): {values} value{}, e.g. {example}\n",
            if *values == 1 { "" } else { "s" }
        ));
    }
}
