//! Being told to stop.

/// Returns on SIGTERM or Ctrl-C. Both are listened for from the call on, not from the first poll.
pub(super) fn stopped() -> impl Future<Output = ()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let signals = [SignalKind::terminate(), SignalKind::interrupt()].map(signal);
        async move {
            let [terminate, interrupt] = signals;
            match (terminate, interrupt) {
                (Ok(mut terminate), Ok(mut interrupt)) => {
                    tokio::select! {
                        _ = terminate.recv() => {}
                        _ = interrupt.recv() => {}
                    }
                }
                _ => {
                    tracing::warn!(target: "stend", "signals cannot be waited for; only SIGKILL ends this");
                    std::future::pending::<()>().await;
                }
            }
        }
    }
    #[cfg(not(unix))]
    async {
        let _ = tokio::signal::ctrl_c().await;
    }
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
