//! `stend mcp`: the bench for an agent, by the Model Context Protocol over standard input and output.

use std::path::{Path, PathBuf};

use stend::certificates::AuthorityAt;
use stend::{Config, GatewayConfig};
use stend_core::ClockSetting;

use super::attach::Remote;
use super::bench::farewell;
use super::options::world_file;
use super::stop::stopped;
use super::token::Token;
use super::{BAD, GOOD, clock, err, runtime};
use crate::mcp::{self, Bench};

/// Arguments of `stend mcp`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Use the running bench whose control API is at this URL; left out, that of STEND_CONTROL_URL, else a bench of its own on free ports
    #[arg(long, value_name = "CONTROL_URL")]
    attach: Option<String>,
    #[command(flatten)]
    token: Token,
    /// The default world of the own bench: `documented` (the default), `busy`, or a file
    #[arg(long, value_name = "NAME|FILE", conflicts_with = "attach")]
    world: Option<PathBuf>,
    /// The seed of its default world
    #[arg(long, value_name = "N", conflicts_with = "attach")]
    seed: Option<u64>,
    /// Its clock: `real`, `frozen`, or a time at which it stands
    #[arg(long, value_name = "real|frozen|TIME", value_parser = clock, conflicts_with = "attach")]
    clock: Option<ClockSetting>,
    /// Its control port, the others following; left out, free ports
    #[arg(long, value_name = "PORT", conflicts_with = "attach")]
    port_base: Option<u16>,
    /// Make warnings errors in all its worlds: what is odd in a request is refused
    #[arg(long, conflicts_with = "attach")]
    strict: bool,
}

impl Args {
    /// The URL of the running bench that is to be used. Who says what an own bench is to be like wants one.
    fn bench(&self) -> Option<String> {
        let Self { attach, token: _, world, seed, clock, port_base, strict } = self;
        let wants_own = world.is_some() || seed.is_some() || clock.is_some() || port_base.is_some() || *strict;
        attach.clone().or_else(|| std::env::var("STEND_CONTROL_URL").ok().filter(|_| !wants_own))
    }
}

pub(super) fn run(args: &Args) -> u8 {
    let Some(runtime) = runtime() else { return BAD };
    let served = runtime.block_on(async {
        match args.bench() {
            Some(url) => attached(&url, &args.token).await,
            None => own(args).await,
        }
    });
    match served {
        Ok(()) => GOOD,
        Err(why) => {
            err(&format!("{why}\n"));
            BAD
        }
    }
}

async fn attached(url: &str, token: &Token) -> Result<(), String> {
    let named = |why: String| format!("error: {why}");
    let token = token.get().map_err(named)?;
    let remote = Remote::open(url, token.as_deref(), None).await.map_err(named)?;
    let bench = Bench::new(remote, false).await.map_err(named)?;
    mcp::serve(bench, stopped()).await.map_err(named)
}

async fn own(args: &Args) -> Result<(), String> {
    let named = |why: String| format!("error: {why}");
    let token = args.token.get().map_err(named)?;
    let (registry, library) = (stend::registry::services(), stend::library());
    let world = match args.world.as_deref().map(|path| world_file(path, &library, &registry)).transpose() {
        Ok(world) => world,
        Err(wrong) => {
            return Err(wrong.iter().map(|one| one.render(super::colour())).collect::<Vec<_>>().join("\n\n"));
        }
    };
    let config = Config {
        port_base: args.port_base,
        world,
        worlds_folder: args
            .world
            .as_deref()
            .filter(|path| path.is_file())
            .and_then(Path::parent)
            .map(Path::to_path_buf),
        seed: args.seed,
        clock: args.clock,
        strict: args.strict,
        control_token: token.clone(),
        gateway: Some(GatewayConfig::default()),
        authority: AuthorityAt::Memory,
        ..Config::default()
    };
    let mut running = stend::start(config).await.map_err(|error| error.to_string())?;
    let bench = async {
        let remote = Remote::open(running.url("control"), token.as_deref(), None).await?;
        Bench::new(remote, true).await
    };
    let served = match bench.await {
        Ok(bench) => tokio::select! {
            served = mcp::serve(bench, stopped()) => served,
            ended = running.ended() => {
                Err(format!("the server ended: {}", ended.err().map_or("for no reason".into(), |error| error.to_string())))
            }
        },
        Err(why) => Err(why),
    };
    farewell(running).await;
    served.map_err(named)
}
