//! A file that does not exist yet and that a flag names: checked before anything starts.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use tempfile::NamedTempFile;

/// Where a result goes.
#[derive(Debug, Clone)]
pub(crate) struct NewFile {
    flag: &'static str,
    path: PathBuf,
}

impl NewFile {
    /// Checks that `path` names a new file in a folder that can be written to.
    pub(crate) fn prepare(flag: &'static str, path: &Path) -> anyhow::Result<Self> {
        if path.symlink_metadata().is_ok() {
            bail!(
                "{flag} {}: it exists; name a new file or move this one, nothing is overwritten",
                path.display()
            );
        }
        if path.file_name().is_none() || path == Path::new("-") {
            bail!("{flag} {}: expected a file's name", path.display());
        }
        let file = Self { flag, path: path.to_owned() };
        file.beside()?;
        Ok(file)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes it. A reader sees all of it or none.
    pub(crate) fn write_whole(&self, bytes: &[u8]) -> anyhow::Result<()> {
        let mut file = self.beside()?;
        file.write_all(bytes)
            .and_then(|()| file.as_file().sync_all())
            .with_context(|| format!("could not write {}", self.path.display()))?;
        let persisted = file.persist_noclobber(&self.path);
        persisted.with_context(|| format!("could not put {} in its place", self.path.display()))?;
        Ok(())
    }

    /// Makes it, to be written bit by bit.
    pub(crate) fn create(&self) -> anyhow::Result<File> {
        File::create_new(&self.path)
            .with_context(|| format!("{} {}: could not create it", self.flag, self.path.display()))
    }

    /// A temporary file in the same folder, where renaming it is atomic.
    fn beside(&self) -> anyhow::Result<NamedTempFile> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        NamedTempFile::with_prefix_in(".loadgen-", folder).with_context(|| {
            format!("{} {}: could not create a file in {}", self.flag, self.path.display(), folder.display())
        })
    }
}
