//! Writing files: whole or not at all, wherever the path leads.
//!
//! A link is followed. A regular file is replaced at once by a rename, with the mode that the old one had or the umask
//! gives. What is no regular file (a pipe, a device, `/dev/stdout`) is written to in place and never removed. `-` is the
//! standard output.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use tempfile::NamedTempFile;

use super::{BAD, GOOD, err, out};

/// Links that are followed before they count as a circle; as the kernel has it.
const MOST_LINKS: usize = 40;

/// Where writing to a path ends up.
#[derive(Debug, PartialEq, Eq)]
enum Target {
    /// A regular file, or none yet: it is replaced.
    Regular(PathBuf),
    /// A pipe, a device, an open file of a process: it is written to as it is.
    InPlace(PathBuf),
    /// The standard output.
    Standard,
}

/// Whether a path stands for the standard output.
fn is_standard(path: &Path) -> bool {
    path == Path::new("-")
}

impl Target {
    fn of(path: &Path) -> io::Result<Self> {
        if is_standard(path) {
            return Ok(Self::Standard);
        }
        if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
            return Err(ErrorKind::IsADirectory.into());
        }
        let mut end = std::path::absolute(path)?;
        for _ in 0..MOST_LINKS {
            // An open file of this process (`/dev/stdout`) may be a regular one, which others have open, too.
            if end.starts_with("/dev") || end.starts_with("/proc") {
                return Ok(Self::InPlace(end));
            }
            match std::fs::symlink_metadata(&end) {
                Ok(meta) if meta.is_symlink() => {
                    let to = std::fs::read_link(&end)?;
                    end = end.parent().map_or(to.clone(), |folder| folder.join(&to));
                }
                Ok(meta) if meta.is_file() => return Ok(Self::Regular(end)),
                Ok(meta) if meta.is_dir() => return Err(ErrorKind::IsADirectory.into()),
                Ok(_) => return Ok(Self::InPlace(end)),
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::Regular(end)),
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other("too many links"))
    }
}

/// An unnamed-to-be file in the folder of the one that it will replace.
fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // The umask takes from these what it takes from every new file.
        builder.permissions(Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder).map_err(|error| plain(&error))
}

/// The system's error without the name of a file that nobody has asked for.
fn plain(error: &io::Error) -> io::Error {
    let text = error.to_string();
    io::Error::new(error.kind(), text.split(" at path ").next().unwrap_or(&text).to_owned())
}

/// Whether a file can be written at this path, as far as can be known before.
///
/// # Errors
/// Why not.
pub(super) fn check(path: &Path) -> io::Result<()> {
    match Target::of(path)? {
        Target::InPlace(_) | Target::Standard => Ok(()),
        Target::Regular(path) => match beside(&path) {
            Err(_) if path.exists() => OpenOptions::new().append(true).open(path).map(drop),
            other => other.map(drop),
        },
    }
}

/// Writes a text to a file.
///
/// # Errors
/// What the system says; a regular file is then as it was.
pub(super) fn text(path: &Path, text: &str) -> io::Result<()> {
    file(path, |writer| writer.write_all(text.as_bytes()))
}

/// Gives a result: to the file that was asked for, with a line that says what it holds, else to standard output. The exit code.
pub(super) fn result(path: Option<&Path>, given: &str, holds: &str) -> u8 {
    let Some(path) = path.filter(|path| !is_standard(path)) else {
        out(given);
        return GOOD;
    };
    if let Err(error) = text(path, given) {
        err(&format!("error: cannot write {}: {error}\n", path.display()));
        return BAD;
    }
    out(&format!("{}: {holds}\n", path.display()));
    GOOD
}

/// Writes a file by a function; a regular file is on the disk when this returns.
///
/// # Errors
/// What the function or the system says; a regular file is then as it was.
pub(super) fn file(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let path = match Target::of(path)? {
        Target::Standard => return in_place(io::stdout().lock(), write),
        Target::InPlace(path) => return in_place(OpenOptions::new().append(true).open(path)?, write),
        Target::Regular(path) => path,
    };
    let old = std::fs::metadata(&path).ok();
    let new = match beside(&path) {
        Ok(new) => new,
        // The folder takes no new files, and the file may still be open to us.
        Err(error) if old.is_some() && error.kind() == ErrorKind::PermissionDenied => {
            return in_place(OpenOptions::new().write(true).truncate(true).open(path)?, write);
        }
        Err(error) => return Err(error),
    };
    in_place(new.as_file(), write)?;
    if let Some(old) = &old {
        new.as_file().set_permissions(old.permissions())?;
    }
    new.as_file().sync_all()?;
    match new.persist(&path) {
        Ok(_) => Ok(()),
        // A file that is a mount of its own cannot be replaced.
        Err(error) if old.is_some() && error.error.kind() == ErrorKind::ResourceBusy => {
            let mut written = error.file.reopen()?;
            in_place(OpenOptions::new().write(true).truncate(true).open(path)?, |writer| {
                io::copy(&mut written, writer).map(drop)
            })
        }
        Err(error) => Err(error.error),
    }
}

fn in_place(to: impl Write, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut writer = BufWriter::with_capacity(256 * 1024, to);
    write(&mut writer)?;
    writer.flush()
}

/// Whether it is a named pipe, which waits for its reader when it is opened.
///
/// # Errors
/// It is not there.
fn is_pipe(path: &Path) -> io::Result<bool> {
    let kind = std::fs::metadata(path)?.file_type();
    #[cfg(unix)]
    return Ok(std::os::unix::fs::FileTypeExt::is_fifo(&kind));
    #[cfg(not(unix))]
    return Ok(!kind.is_file());
}

/// Waits for the reader of a named pipe, so long at the most; while what it returns is kept, writing need not wait.
///
/// # Errors
/// Nobody reads the pipe.
pub(super) fn reader(path: &Path, most: Duration) -> io::Result<Option<File>> {
    let Ok(Target::InPlace(path)) = Target::of(path) else { return Ok(None) };
    if !is_pipe(&path)? {
        return Ok(None);
    }
    let (done, opened) = mpsc::channel();
    std::thread::spawn(move || done.send(File::options().append(true).open(path)));
    opened.recv_timeout(most).map_err(|_| io::Error::other("it is a pipe, and nobody reads it"))?.map(Some)
}

/// A file that says that this run is ready.
#[derive(Debug)]
pub(super) struct Ready {
    path: PathBuf,
    text: Option<String>,
}

impl Ready {
    /// Removes what an earlier run has left at this path: whoever waits for the file must not find that.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn begin(path: &Path) -> io::Result<Self> {
        let ready = Self { path: path.to_owned(), text: None };
        match Target::of(path)? {
            Target::Regular(path) if path.exists() => remove(&path)?,
            _ => {}
        }
        Ok(ready)
    }

    /// The path that it was given.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes it. A pipe may have no reader yet: it is written to by a thread of its own.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn write(&mut self, text: String) -> io::Result<()> {
        match Target::of(&self.path)? {
            Target::Standard => self::text(&self.path, &text)?,
            Target::InPlace(path) if !is_pipe(&path)? => {
                File::options().append(true).open(&path)?.write_all(text.as_bytes())?;
            }
            Target::InPlace(path) => {
                std::thread::spawn(move || {
                    let written =
                        File::options().append(true).open(&path).and_then(|mut to| to.write_all(text.as_bytes()));
                    if let Err(error) = written {
                        err(&format!("error: cannot write the ready file {}: {error}\n", path.display()));
                    }
                });
            }
            Target::Regular(_) => {
                self::text(&self.path, &text)?;
                self.text = Some(text);
            }
        }
        Ok(())
    }

    /// Removes it if it still is what this run wrote.
    pub(super) fn end(self) {
        let (Ok(Target::Regular(path)), Some(text)) = (Target::of(&self.path), self.text) else { return };
        if std::fs::read_to_string(&path).is_ok_and(|now| now == text)
            && let Err(error) = remove(&path)
        {
            err(&format!("warning: the ready file {} stays: {error}\n", path.display()));
        }
    }
}

/// Removes a regular file; one that cannot go (a mount of its own, in a folder that is not ours) is emptied.
fn remove(path: &Path) -> io::Result<()> {
    let Err(error) = std::fs::remove_file(path) else { return Ok(()) };
    let emptied = OpenOptions::new().write(true).truncate(true).open(path);
    emptied.map(drop).map_err(|_| error)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn links_are_followed_and_stay() {
        let folder = tempfile::tempdir().expect("a folder");
        let (target, link, over) = (folder.path().join("a"), folder.path().join("b"), folder.path().join("c"));
        symlink("a", &link).expect("a link");
        symlink(&link, &over).expect("a link");
        text(&over, "one").expect("written");
        assert_eq!(std::fs::read_to_string(&target).expect("there"), "one");
        let mut ready = Ready::begin(&over).expect("removed");
        assert!(!target.exists() && std::fs::symlink_metadata(&over).is_ok_and(|meta| meta.is_symlink()));
        ready.write("two".into()).expect("written");
        assert_eq!(std::fs::read_to_string(&target).expect("there"), "two");
        ready.end();
        assert!(!target.exists() && std::fs::symlink_metadata(&link).is_ok_and(|meta| meta.is_symlink()));
        let round = folder.path().join("round");
        symlink(&round, &round).expect("a link");
        assert!(text(&round, "x").is_err());
    }

    #[test]
    fn modes_are_those_of_the_umask_or_of_the_file_before() {
        let folder = tempfile::tempdir().expect("a folder");
        let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
        let (plain, ours) = (folder.path().join("plain"), folder.path().join("ours"));
        std::fs::write(&plain, "").expect("written");
        text(&ours, "one").expect("written");
        assert_eq!(mode(&ours), mode(&plain));
        std::fs::set_permissions(&ours, Permissions::from_mode(0o604)).expect("set");
        text(&ours, "two").expect("written");
        assert_eq!((mode(&ours), std::fs::read_to_string(&ours).expect("there").as_str()), (0o604, "two"));
    }

    #[test]
    fn what_another_run_wrote_is_not_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ready.json");
        std::fs::write(&path, "stale").expect("written");
        let mut ready = Ready::begin(&path).expect("removed");
        assert!(!path.exists());
        ready.write("one".into()).expect("written");
        text(&path, "two").expect("written");
        ready.end();
        assert_eq!(std::fs::read_to_string(&path).expect("there"), "two");
    }

    #[test]
    fn devices_stay_and_are_written_to() {
        assert!(matches!(Target::of(Path::new("/dev/null")), Ok(Target::InPlace(_))));
        text(Path::new("/dev/null"), "x").expect("written");
        assert!(text(Path::new("/dev/full"), "x").is_err());
        let mut ready = Ready::begin(Path::new("/dev/null")).expect("left");
        ready.write("x".into()).expect("written");
        ready.end();
        assert!(Path::new("/dev/null").exists());
        assert!(matches!(Target::of(Path::new("/")), Err(error) if error.kind() == ErrorKind::IsADirectory));
    }
}
