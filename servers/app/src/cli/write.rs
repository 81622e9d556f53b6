//! Files that are written whole or not at all.

use std::io::Write;
use std::path::Path;

use tempfile::NamedTempFile;

/// A file beside the one that is going to be written; what stands there stays until the new one is complete.
pub(super) fn beside(path: &Path) -> std::io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    NamedTempFile::new_in(folder)
}

/// Writes a file whole, or leaves what stands there.
pub(super) fn whole(path: &Path, text: &str) -> std::io::Result<()> {
    put(path, text, |_| Ok(()))
}

/// The same, and waits until the disk has it: for what has to outlive a power cut.
pub(super) fn whole_on_disk(path: &Path, text: &str) -> std::io::Result<()> {
    put(path, text, |file| file.as_file().sync_all())
}

fn put(path: &Path, text: &str, sync: impl FnOnce(&NamedTempFile) -> std::io::Result<()>) -> std::io::Result<()> {
    let mut file = beside(path)?;
    file.write_all(text.as_bytes())?;
    sync(&file)?;
    file.persist(path)?;
    Ok(())
}
