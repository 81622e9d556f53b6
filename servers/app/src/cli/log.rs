//! Log lines on standard error: warnings only, unless asked for more.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::prelude::*;

use super::{LogFormat, colour};

/// Starts to write log lines. With `refusals` a client's mistakes are logged, a line each.
pub(super) fn start(verbose: u8, format: LogFormat, refusals: bool) {
    let level = match verbose {
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    // Of what stands under us only warnings are of interest, and of what clients send that is no HTTP nothing.
    let broken_requests = if verbose == 0 { LevelFilter::OFF } else { LevelFilter::WARN };
    let ours = tracing_subscriber::filter::Targets::new()
        .with_default(LevelFilter::WARN)
        .with_target("actix_http", broken_requests)
        .with_target("stend", level)
        .with_target("stend::client", if refusals { LevelFilter::WARN } else { LevelFilter::OFF });
    let lines = fmt::layer().with_writer(std::io::stderr).with_target(false);
    let registry = tracing_subscriber::registry().with(ours);
    match format {
        LogFormat::Pretty => registry.with(lines.compact().with_ansi(colour())).init(),
        LogFormat::Json => registry.with(lines.json().flatten_event(true)).init(),
    }
}
