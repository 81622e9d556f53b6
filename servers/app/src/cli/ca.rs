//! `stend ca`: the certificate authority that clients of the bench trust.

use std::path::PathBuf;

use clap::Subcommand;
use clap::builder::NonEmptyStringValueParser;
use stend::certificates;

use super::{BAD, GOOD, err, out};

/// Arguments of `stend ca`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
    /// The folder of the authority; left out, one in the user's data folder
    #[arg(long, value_name = "DIR", global = true)]
    ca_dir: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Print the path of its certificate; it is made if there is none
    Path,
    /// Print its certificate, PEM; it is made if there is none
    Print,
    /// Make a new one in the place of the old, which clients then have to trust anew
    New {
        /// A further host that it vouches for, as for `--route`; can be given again
        #[arg(long = "host", value_name = "HOST", value_parser = NonEmptyStringValueParser::new())]
        hosts: Vec<String>,
    },
}

pub(super) fn run(args: &Args) -> u8 {
    let Some(folder) = args.ca_dir.clone().or_else(certificates::user_folder) else {
        err("error: there is no data folder of a user here\n  = help: give one with `--ca-dir DIR`\n");
        return BAD;
    };
    let mut hosts: Vec<String> = stend::registry::HOSTS.iter().map(|(host, _)| (*host).to_owned()).collect();
    let authority = match &args.what {
        What::New { hosts: further } => {
            hosts.extend(further.iter().cloned());
            certificates::make(&folder, &hosts)
        }
        What::Path | What::Print => certificates::open(&folder, &hosts),
    };
    let authority = match authority {
        Ok(authority) => authority,
        Err(why) => {
            err(&format!("error: {why}\n"));
            return BAD;
        }
    };
    match &args.what {
        What::Print => out(authority.certificate()),
        What::Path => out(&format!("{}\n", certificates::certificate_path(&folder).display())),
        What::New { .. } => {
            let hosts: Vec<&str> = authority.hosts().iter().map(String::as_str).collect();
            out(&format!("{}\n", certificates::certificate_path(&folder).display()));
            err(&format!(
                "made a new authority for {} and this machine, valid until {}\n",
                hosts.join(", "),
                authority.until()
            ));
        }
    }
    GOOD
}
