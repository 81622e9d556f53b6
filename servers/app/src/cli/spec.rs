//! `stend spec`.

use clap::ValueEnum;
use stend_core::Problem;

/// What to print.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A service, or `control` for the control API
    service: String,
    /// How it is written
    #[arg(long, value_name = "FORMAT", default_value = "yaml")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// YAML
    Yaml,
    /// JSON
    Json,
}

pub(crate) fn run(args: &Args) -> u8 {
    let spec = match spec(&args.service) {
        Ok(Some(spec)) => spec,
        Ok(None) => return bad(&format!("error: {} has no specification\n", args.service)),
        Err(problem) => {
            let help = problem.hint.iter().map(|hint| format!("\n  = help: {hint}")).collect::<String>();
            return bad(&format!("error: {}{help}\n", problem.message));
        }
    };
    match args.format {
        Format::Json => super::out(&format!("{spec:#}\n")),
        Format::Yaml => match stend_core::node::to_yaml(&spec) {
            Ok(yaml) => super::out(&yaml),
            Err(problem) => return bad(&format!("error: {}\n", problem.message)),
        },
    }
    super::GOOD
}

/// The document of a service, or of the control API on its usual port.
fn spec(name: &str) -> Result<Option<serde_json::Value>, Problem> {
    if name == "control" {
        return Ok(Some(stend_control::openapi(env!("CARGO_PKG_VERSION"), "http://127.0.0.1:7700", false)));
    }
    stend::spec(name)
}

fn bad(text: &str) -> u8 {
    super::err(text);
    super::BAD
}
