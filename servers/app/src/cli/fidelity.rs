//! `stend fidelity`: the claims ledger, counted.

use clap::ValueEnum;
use clap::builder::PossibleValuesParser;
use stend::fidelity::{json, ledgers, table};

use super::{BAD, GOOD, err, out};

/// Arguments of `stend fidelity`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only this API, with what is not simply proved
    #[arg(value_parser = PossibleValuesParser::new(stend::registry::services().services().iter().map(|kind| kind.name())))]
    api: Option<String>,
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
    if let Some(api) = &args.api {
        ledgers.retain(|ledger| ledger.service == *api);
    }
    match args.format {
        Format::Table => out(&table(&ledgers)),
        Format::Json => out(&format!("{:#}\n", json(&ledgers))),
    }
    GOOD
}
