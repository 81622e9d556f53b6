//! Standard input and output without blocking: threads of their own read and write them, so that nothing here waits for a
//! client that stays silent or does not read.

use std::io::{Read as _, Write as _};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// Bytes under way.
const CHUNK: usize = 64 * 1024;

/// What comes from standard input; it ends with that.
pub(super) fn input() -> DuplexStream {
    let (mut to, from) = duplex(CHUNK);
    let handle = Handle::current();
    let reading = move || {
        let (mut input, mut chunk) = (std::io::stdin().lock(), vec![0; CHUNK]);
        while let Ok(length @ 1..) = input.read(&mut chunk) {
            if handle.block_on(to.write_all(&chunk[..length])).is_err() {
                return;
            }
        }
    };
    start("stend-stdin", reading);
    from
}

/// Tells when all has been written.
pub(super) struct Written(oneshot::Receiver<()>);

impl Written {
    /// Returns once what went to the output is written, or cannot be.
    pub(super) async fn wait(self) {
        let _ = self.0.await;
    }
}

/// What goes to standard output.
pub(super) fn output() -> (DuplexStream, Written) {
    let (to, mut from) = duplex(CHUNK);
    let (done, written) = oneshot::channel::<()>();
    let handle = Handle::current();
    let writing = move || {
        let (mut output, mut chunk) = (std::io::stdout().lock(), vec![0; CHUNK]);
        while let Ok(length @ 1..) = handle.block_on(from.read(&mut chunk)) {
            if output.write_all(&chunk[..length]).and_then(|()| output.flush()).is_err() {
                break;
            }
        }
        drop(done);
    };
    start("stend-stdout", writing);
    (to, Written(written))
}

/// Without a thread the stream ends at once, and with it the session.
fn start(name: &str, run: impl FnOnce() + Send + 'static) {
    if let Err(error) = std::thread::Builder::new().name(name.into()).spawn(run) {
        tracing::error!(target: "stend", %error, "no thread for {name}");
    }
}
