//! Running the binary.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// The binary under test.
pub fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_stend"))
}

/// A command of the binary, which speaks English whatever this machine speaks.
pub fn bench() -> Command {
    let mut command = Command::new(binary());
    command.env("STEND_LANG", "en");
    command
}

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Runs it to its end in the repository's root; one that does not end is ended, and fails the test by its code.
pub fn stend(args: &[&str]) -> Output {
    Command::new("timeout")
        .arg("60")
        .arg(binary())
        .args(args)
        .env("STEND_LANG", "en")
        .current_dir(root())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// Exit code, standard output, standard error.
pub fn described(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

/// A serving process on free ports, ended when dropped.
pub struct Serving {
    pub child: Child,
    pub ready: Value,
    pub ready_file: PathBuf,
    _folder: tempfile::TempDir,
}

impl Serving {
    /// Starts `serve --ephemeral` with these arguments, and waits for the ready file.
    pub fn start(args: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ready_file = folder.path().join("ready.json");
        let mut command = bench();
        command.args(["serve", "--ephemeral", "--ready-file"]).arg(&ready_file).args(args).current_dir(root());
        // Where the certificate authority is kept.
        command.env("XDG_DATA_HOME", folder.path());
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        Self::when_ready(child, folder)
    }

    /// Waits until a process that was started otherwise has written `ready.json` in this folder.
    pub fn when_ready(mut child: Child, folder: tempfile::TempDir) -> Self {
        let ready_file = folder.path().join("ready.json");
        let ended = eventually("it is not ready", || {
            let ended = child.try_wait().unwrap();
            (ended.is_some() || ready_file.is_file()).then_some(ended)
        });
        if let Some(status) = ended {
            panic!("it ended: {status}: {:?}", described(&child.wait_with_output().unwrap()));
        }
        let ready = serde_json::from_str(&std::fs::read_to_string(&ready_file).unwrap()).unwrap();
        Self { child, ready, ready_file, _folder: folder }
    }

    pub fn url(&self, name: &str) -> &str {
        self.ready[name].as_str().unwrap()
    }

    /// A signal, and how long the process took to end.
    pub fn signal(&mut self, signal: &str) -> (i32, Duration) {
        let began = Instant::now();
        assert!(self.kill(signal));
        let status = self.child.wait().unwrap();
        (status.code().unwrap_or(-1), began.elapsed())
    }

    /// Sends a signal to the bench itself, which may be a child of what was started.
    fn kill(&self, signal: &str) -> bool {
        Command::new("kill").args([signal, &self.ready["pid"].to_string()]).status().unwrap().success()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            self.kill("-KILL");
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks with curl, which every machine has that runs the README.
pub fn curl(args: &[&str]) -> String {
    let output = Command::new("curl").args(["-sS", "--max-time", "20"]).args(args).output().unwrap();
    assert!(output.status.success(), "curl {args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Asks again and again until there is an answer; fails with `what` after thirty seconds.
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < until, "{what}, after thirty seconds");
        std::thread::sleep(Duration::from_millis(5));
    }
}
