//! The token of the control API, as commands take it.

use std::path::PathBuf;

use stend_core::secret;
use stend_core::source::read_file;

/// The longest file that holds a token, in bytes.
const LONGEST: u64 = 64 * 1024;

/// Where the token of the control API comes from.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Token {
    /// The bearer token of the control API; `serve` then refuses requests without it
    #[arg(long, value_name = "T", env = "STEND_CONTROL_TOKEN", hide_env_values = true, value_parser = token)]
    control_token: Option<String>,
    /// Read the token from this file, so that no list of processes shows it; it counts before the token itself
    #[arg(long, value_name = "FILE", env = "STEND_CONTROL_TOKEN_FILE")]
    control_token_file: Option<PathBuf>,
}

/// What `--control-token` takes.
fn token(text: &str) -> Result<String, String> {
    secret::check(text).map(|()| text.to_owned())
}

impl Token {
    /// The token, if one is given.
    ///
    /// # Errors
    /// The file cannot be read, or holds no token.
    pub(super) fn get(&self) -> Result<Option<String>, String> {
        let Some(path) = &self.control_token_file else { return Ok(self.control_token.clone()) };
        let wrong = |why: String| format!("the token file {}: {why}", path.display());
        let bytes = read_file(path, LONGEST).map_err(|error| wrong(error.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|_| wrong("it is no UTF-8 text".into()))?;
        token(text.trim_end_matches(['\r', '\n'])).map(Some).map_err(wrong)
    }
}
