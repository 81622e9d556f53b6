//! `stend check`: what is wrong with scenario and world files.

use std::path::{Path, PathBuf};

use stend_core::{Diagnostic, Library, Registry, Source};

use super::{BAD, GOOD, colour, err, files, say};

/// Arguments of `stend check`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Scenario or world files, or folders of them
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Count warnings as mistakes: what is odd and may be meant, such as a capture that is never used
    #[arg(long)]
    strict: bool,
}

pub(super) fn run(args: &Args) -> u8 {
    let (registry, library) = (stend::registry::services(), stend::library());
    let files = match files(&args.files) {
        Ok(files) => files,
        Err(why) => {
            err(&format!("error: {why}\n"));
            return BAD;
        }
    };
    let mut wrong = 0;
    for path in &files {
        match check(path, &library, &registry) {
            Ok((what, warnings)) => {
                let beside = match warnings.len() {
                    0 => String::new(),
                    1 => ", 1 warning".to_owned(),
                    n => format!(", {n} warnings"),
                };
                say(&format!("{}: good {what}{beside}\n", path.display()));
                for warning in &warnings {
                    err(&format!("{}\n\n", warning.render_warning(colour())));
                }
                wrong += if args.strict { warnings.len() } else { 0 };
            }
            Err(diagnostics) => {
                wrong += diagnostics.len();
                show(&diagnostics);
            }
        }
    }
    if wrong == 0 {
        return GOOD;
    }
    err(&format!(
        "{wrong} mistake{} in {} file{}\n",
        if wrong == 1 { "" } else { "s" },
        files.len(),
        if files.len() == 1 { "" } else { "s" }
    ));
    BAD
}

/// Prints what is wrong.
pub(super) fn show(diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        err(&format!("{}\n\n", diagnostic.render(colour())));
    }
}

/// A file with a `timeline`, expectations or the name of a `world` is a scenario, any other a world. Tells which, and what is odd about it.
fn check(
    path: &Path,
    library: &Library,
    registry: &Registry,
) -> Result<(&'static str, Vec<Diagnostic>), Vec<Diagnostic>> {
    let name = path.display().to_string();
    let source =
        Source::open(path).map_err(|problem| vec![Diagnostic { source: Source::new(name, "").into(), problem }])?;
    if source.has_key(&["timeline", "until", "expect", "world"]) {
        stend_scenario::load(source, path.parent(), library, registry).map(|scenario| ("scenario", scenario.warnings))
    } else {
        library.check(source, path.parent(), registry).map(|world| ("world", world.warnings(registry)))
    }
}
