//! `stend play --watch`: again whenever a file changes.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;

use super::play::{Args, Bench, load, play_all};
use super::stop::stopped;
use super::{BAD, STOPPED, err, files};

/// How often the files are looked at. Looking works wherever files are: in containers and over the network, where
/// nobody reports changes.
const LOOK: Duration = Duration::from_millis(150);

/// What a file holds; a file that cannot be read holds nothing.
type Texts = BTreeMap<PathBuf, Option<Vec<u8>>>;

/// The scenarios and all that they refer to, as they are.
fn texts(args: &Args) -> Texts {
    // A folder is looked through anew, so a file that is added to it is played, too.
    let given = files(&args.files).unwrap_or_else(|_| args.files.clone());
    let all = given.iter().flat_map(|path| stend_scenario::referred(path));
    all.map(|path| (path.clone(), std::fs::read(&path).ok())).collect()
}

/// Plays again and again until asked to stop; the code is that of the last play that came to its end.
pub(super) async fn run(args: &Args, bench: &Bench) -> u8 {
    let mut stop = pin!(stopped());
    let mut last = BAD;
    loop {
        // Taken before they are read, so that a change during a play is not missed.
        let before = texts(args);
        last = match load(&args.files) {
            Some(scenarios) => match play_all(args, &scenarios, bench).await {
                STOPPED => return last,
                code => code,
            },
            None => BAD,
        };
        err("waiting for a change; Ctrl-C ends it\n");
        let changed = loop {
            tokio::select! {
                () = &mut stop => return last,
                () = tokio::time::sleep(LOOK) => {}
            }
            let now = texts(args);
            let differs = now.iter().find(|(path, text)| before.get(*path) != Some(text));
            if let Some(path) = differs.or_else(|| before.iter().find(|(path, _)| !now.contains_key(*path))) {
                break path.0.clone();
            }
        };
        err(&format!("\n{} has changed\n", changed.display()));
    }
}
