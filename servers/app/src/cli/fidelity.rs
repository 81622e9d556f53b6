//! `stend fidelity`: the claims ledger, counted.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use clap::builder::PossibleValuesParser;
use stend::fidelity::{Ledger, json, ledgers, table, take};
use stend_core::Source;
use stend_scenario::compare::Evidence;

use super::{BAD, GOOD, err, missing, out};

/// Arguments of `stend fidelity`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only this API, with what is not simply proved
    #[arg(value_parser = PossibleValuesParser::new(stend::registry::services().services().iter().map(|kind| kind.name())))]
    api: Option<String>,
    /// Count what these reports of `stend compare --evidence` show of a vendor's system, too
    #[arg(long, value_name = "FILE")]
    evidence: Vec<PathBuf>,
    /// How it looks
    #[arg(long, default_value = "table")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Table,
    /// One JSON document, with every claim
    Json,
}

pub(super) fn run(args: &Args) -> u8 {
    let mut ledgers = match ledgers() {
        Ok(ledgers) => ledgers,
        Err(problem) => {
            err(&format!("error: {problem}\n"));
            return BAD;
        }
    };
    for path in &args.evidence {
        if let Err(why) = add(&mut ledgers, path) {
            err(&format!("error: {why}\n"));
            return BAD;
        }
    }
    if let Some(api) = &args.api {
        ledgers.retain(|ledger| ledger.service == *api);
    }
    match args.format {
        Format::Table => out(&table(&ledgers)),
        Format::Json => out(&format!("{:#}\n", json(&ledgers))),
    }
    GOOD
}

/// Adds a report to the ledgers.
fn add(ledgers: &mut [Ledger], path: &Path) -> Result<(), String> {
    if !path.exists() {
        return Err(missing(path));
    }
    let source = Source::open(path).map_err(|problem| problem.to_string())?;
    let evidence = Evidence::read(&source.text).map_err(|problem| format!("{}: {problem}", path.display()))?;
    take(ledgers, &evidence).map_err(|problem| format!("{}: {problem}", path.display()))
}
