//! `--record`: what goes through the gateway to real systems, kept until the end and written as HAR.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use stend::Recorder;
use stend_core::traffic::Traffic;
use stend_scenario::compare::{decoded, har, mask};

use super::{err, out, world_from, write};

/// The most that is kept, in bytes.
const MOST: usize = 256 * 1024 * 1024;

/// How often, and with which pauses, open connections are waited for: 0.3 s in all.
const SETTLING: u32 = 60;
const STEP: Duration = Duration::from_millis(5);

/// A recording under way.
#[derive(Debug)]
pub(super) struct Taking {
    path: PathBuf,
    unmasked: bool,
    kept: Arc<Kept>,
}

#[derive(Debug, Default)]
struct Kept(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    traffic: Vec<Traffic>,
    weight: usize,
    dropped: usize,
}

impl Recorder for Kept {
    fn take(&self, traffic: Traffic) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.weight += traffic.weight();
        if inner.weight > MOST { inner.dropped += 1 } else { inner.traffic.push(traffic) }
    }
}

impl Taking {
    pub(super) fn new(path: &Path, unmasked: bool) -> Self {
        Self { path: path.to_owned(), unmasked, kept: Arc::default() }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn recorder(&self) -> Arc<dyn Recorder> {
        Arc::clone(&self.kept) as Arc<dyn Recorder>
    }

    /// Waits for connections that end with the server, on its threads: what they hold is recorded when they are dropped.
    fn settle(&self) {
        for _ in 0..SETTLING {
            if Arc::strong_count(&self.kept) == 1 {
                return;
            }
            std::thread::sleep(STEP);
        }
    }

    /// Says what is masked, and writes the recording. Whether it could be written.
    pub(super) fn save(self) -> bool {
        self.settle();
        let Inner { traffic, dropped, .. } =
            std::mem::take(&mut *self.kept.0.lock().unwrap_or_else(PoisonError::into_inner));
        let mut traffic: Vec<Traffic> = traffic.into_iter().map(decoded).collect();
        traffic.sort_by_key(Traffic::at);
        if self.unmasked {
            err("warning: secrets and personal data are recorded as they are\n");
        } else {
            let registry = stend::registry::services();
            let secrets: Vec<&str> = registry.services().iter().flat_map(|kind| kind.secrets()).copied().collect();
            let rules = registry.services().iter().filter_map(|kind| stend::traffic::rules(*kind).ok());
            let personal: Vec<String> = rules.flat_map(|rules| rules.personal().to_vec()).collect();
            world_from::tell(&mask(&mut traffic, &secrets, &personal, BTreeSet::new()));
        }
        if dropped > 0 {
            err(&format!("note: {dropped} exchanges beyond {} MiB are not recorded\n", MOST / 1024 / 1024));
        }
        let text = format!("{:#}\n", har(&traffic, env!("CARGO_PKG_VERSION")));
        match write::text(&self.path, &text) {
            Ok(()) => {
                let word = if traffic.len() == 1 { "exchange" } else { "exchanges" };
                out(&format!("recorded {} {word} to {}\n", traffic.len(), self.path.display()));
                true
            }
            Err(error) => {
                err(&format!("error: cannot write {}: {error}\n", self.path.display()));
                false
            }
        }
    }
}
