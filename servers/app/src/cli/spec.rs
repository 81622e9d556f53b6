//! `stend spec`.

use clap::ValueEnum;

/// What to print.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The service by its name, such as `carbis`
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
    let spec = match stend::spec(&args.service) {
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

fn bad(text: &str) -> u8 {
    super::err(text);
    super::BAD
}
