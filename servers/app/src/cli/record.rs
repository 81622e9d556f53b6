//! `stend record`: what has happened in a world, as a scenario that plays it again.

use std::path::PathBuf;

use reqwest::Method;

use super::attach::Remote;
use super::token::Token;
use super::{BAD, GOOD, err, out, runtime, write};

/// Arguments of `stend record`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The control API of the running process
    control_url: String,
    /// The world
    #[arg(long, value_name = "ID", default_value = "default")]
    world: String,
    /// Write the scenario to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    token: Token,
}

pub(super) fn run(args: &Args) -> u8 {
    let Some(runtime) = runtime() else { return BAD };
    let recorded = runtime.block_on(async {
        let token = args.token.get()?;
        let remote = Remote::open(&args.control_url, token.as_deref(), None).await?;
        let answer = remote.ask(Method::GET, &format!("/worlds/{}/recording", args.world), &[], None).await?;
        let text = answer["scenario"].as_str().map(str::to_owned).ok_or("the answer holds no scenario")?;
        for note in answer["notes"].as_array().into_iter().flatten().filter_map(|note| note.as_str()) {
            err(&format!("note: {note}\n"));
        }
        Ok::<_, String>((text, answer["steps"].as_u64().unwrap_or(0)))
    });
    let (text, steps) = match recorded {
        Ok(recorded) => recorded,
        Err(why) => {
            err(&format!("error: {why}\n"));
            return BAD;
        }
    };
    let Some(path) = &args.output else {
        out(&text);
        return GOOD;
    };
    if let Err(error) = write::whole(path, &text) {
        err(&format!("error: cannot write {}: {error}\n", path.display()));
        return BAD;
    }
    out(&format!("{}: {steps} step{}\n", path.display(), if steps == 1 { "" } else { "s" }));
    GOOD
}
