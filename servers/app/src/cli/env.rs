//! `stend env`: the environment of a running bench, for a shell.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use clap::ValueEnum;
use reqwest::Method;
use stend::Urls;
use stend::environment::{Reachable, environment};

use super::attach::Remote;
use super::token::Token;
use super::{BAD, GOOD, err, out, runtime};

/// Arguments of `stend env`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The URL of the bench's control API
    #[arg(value_name = "CONTROL_URL", env = "STEND_CONTROL_URL", default_value = "http://127.0.0.1:7700")]
    url: String,
    /// For which shell
    #[arg(long, default_value = "sh")]
    shell: Shell,
    /// The world that clients with hard-coded hosts get; left out, the default one
    #[arg(long, value_name = "ID")]
    world: Option<String>,
    #[command(flatten)]
    token: Token,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shell {
    /// Bourne shells: `eval` reads it
    Sh,
    /// `stend env --shell fish | source`
    Fish,
    /// `stend env --shell powershell | Out-String | Invoke-Expression`
    Powershell,
    /// A file of `NAME="value"` lines, as docker compose and editors read it
    Dotenv,
}

pub(super) fn run(args: &Args) -> u8 {
    let Some(runtime) = runtime() else { return BAD };
    match runtime.block_on(variables(args)) {
        Ok(set) => {
            out(&text(args.shell, &set));
            GOOD
        }
        Err(why) => {
            err(&format!("error: {why}\n"));
            BAD
        }
    }
}

async fn variables(args: &Args) -> Result<BTreeMap<String, String>, String> {
    let token = args.token.get()?;
    let remote = Remote::open(&args.url, token.as_deref(), args.world.clone()).await?;
    let health = remote.ask(Method::GET, "/health", &[], None).await?;
    let mut urls: Urls = serde_json::from_value(health["urls"].clone()).unwrap_or_default();
    let hosts: Vec<String> = serde_json::from_value(health["hosts"].clone()).unwrap_or_default();
    if let Some(world) = &args.world {
        for (name, url) in &mut urls {
            match name.as_str() {
                "control" => {}
                // `requests` and urllib of Python drop a user without a password; the gateway reads none.
                "gateway" => *url = url.replacen("://", &format!("://{world}:world@"), 1),
                _ => url.push_str(&format!("/w/{world}")),
            }
        }
    }
    let certificate = remote.authority().await?;
    let folder = folder(&urls).ok_or("there is no data folder of a user here")?;
    let failed = |error: std::io::Error| format!("cannot write to {}: {error}", folder.display());
    std::fs::create_dir_all(&folder).map_err(failed)?;
    let bench = Reachable { urls: &urls, hosts: &hosts, certificate: certificate.as_deref() };
    let mut set = environment(&bench, &folder, &|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        .map_err(failed)?;
    if let Some(token) = token {
        set.insert("STEND_CONTROL_TOKEN".into(), token);
    }
    Ok(set)
}

/// Where the files of a bench's clients are kept: beside the authority, one folder a bench.
fn folder(urls: &Urls) -> Option<PathBuf> {
    let control = urls.get("control").map(String::as_str).unwrap_or_default();
    let name: String = control.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    Some(stend::certificates::user_folder()?.with_file_name("env").join(name))
}

/// The assignments, as a shell reads them.
fn text(shell: Shell, set: &BTreeMap<String, String>) -> String {
    let mut text = String::new();
    for (name, value) in set {
        let _ = match shell {
            Shell::Sh => writeln!(text, "export {name}='{}'", value.replace('\'', r"'\''")),
            Shell::Fish => writeln!(text, "set -gx {name} '{}'", value.replace('\\', r"\\").replace('\'', r"\'")),
            Shell::Powershell => writeln!(text, "$env:{name} = '{}'", value.replace('\'', "''")),
            Shell::Dotenv => {
                let value = value.replace('\\', r"\\").replace('"', "\\\"").replace('$', r"\$");
                writeln!(text, "{name}=\"{value}\"")
            }
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shell_gets_the_value_as_it_is() {
        let set = BTreeMap::from([("A".to_owned(), r#"it's "$x" \ here"#.to_owned())]);
        assert_eq!(text(Shell::Sh, &set), "export A='it'\\''s \"$x\" \\ here'\n");
        assert_eq!(text(Shell::Fish, &set), "set -gx A 'it\\'s \"$x\" \\\\ here'\n");
        assert_eq!(text(Shell::Powershell, &set), "$env:A = 'it''s \"$x\" \\ here'\n");
        assert_eq!(text(Shell::Dotenv, &set), "A=\"it's \\\"\\$x\\\" \\\\ here\"\n");
    }
}
