//! `stend man FOLDER`: the manual pages, made of the same definitions as `--help`.

use std::path::PathBuf;

use clap::CommandFactory as _;

use super::{BAD, Cli, GOOD, err};

/// Arguments of `stend man`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder, made if it is not there, e.g. ~/.local/share/man/man1
    folder: PathBuf,
}

pub(super) fn run(args: &Args) -> u8 {
    let written =
        std::fs::create_dir_all(&args.folder).and_then(|()| clap_mangen::generate_to(Cli::command(), &args.folder));
    match written {
        Ok(()) => GOOD,
        Err(error) => {
            err(&format!("error: cannot write manual pages to {}: {error}\n", args.folder.display()));
            BAD
        }
    }
}
