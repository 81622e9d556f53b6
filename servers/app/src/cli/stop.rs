//! Waiting for the signal to stop.

/// Returns on SIGTERM, SIGINT, SIGHUP or SIGQUIT. They are listened for from the call on, not from the first poll.
pub(super) fn stopped() -> impl Future<Output = ()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| signal(kind).ok();
        let kinds = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::quit()];
        let [terminate, interrupt, quit] = kinds.map(listen);
        // `nohup` has it ignored, and means that.
        let hangup = if hangup_is_ignored() { None } else { listen(SignalKind::hangup()) };
        async move {
            if terminate.is_none() {
                tracing::warn!(target: "stend", "SIGTERM cannot be waited for");
            }
            tokio::select! {
                () = came(terminate) => {}
                () = came(interrupt) => {}
                () = came(quit) => {}
                () = came(hangup) => {}
            }
        }
    }
    #[cfg(not(unix))]
    async {
        let _ = tokio::signal::ctrl_c().await;
    }
}

/// Returns when a signal comes; never for one that is not listened for.
#[cfg(unix)]
async fn came(signal: Option<tokio::signal::unix::Signal>) {
    match signal {
        Some(mut signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}

/// Whether this process was started with SIGHUP ignored, where the system says so.
#[cfg(unix)]
fn hangup_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // The first bit is the first signal, SIGHUP.
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

/// Returns when standard input closes, if that is to be waited for. What comes before is read and dropped.
pub(super) async fn input_closed(wanted: bool) {
    let (closed, at_end) = tokio::sync::oneshot::channel::<()>();
    if wanted {
        // A thread of its own: reading blocks, and a runtime waits for its blocking tasks when it ends.
        let reading = std::thread::Builder::new().name("stend-stdin".into()).spawn(move || {
            let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
            drop(closed);
        });
        if reading.is_ok() {
            let _ = at_end.await;
            return;
        }
        tracing::warn!(target: "stend", "standard input cannot be watched; only a signal ends this");
    }
    std::future::pending().await
}
