//! The measurement as a file: whole, or not at all.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use reports_record::Measurement;
use tempfile::NamedTempFile;

use super::unless_closed;

/// Where the JSON goes.
#[derive(Debug)]
pub(crate) enum JsonOutput {
    /// To stdout, and nothing else goes there.
    Stdout,
    /// To a file that does not exist yet.
    File(PathBuf),
}

impl JsonOutput {
    /// Checks before anything is measured that `path` can be written: `-` always, else a new file in a folder that is.
    pub(crate) fn prepare(path: &Path) -> anyhow::Result<Self> {
        if path == Path::new("-") {
            return Ok(Self::Stdout);
        }
        if path.symlink_metadata().is_ok() {
            bail!(
                "--json {}: it exists; name a new file or move this one, nothing is overwritten",
                path.display()
            );
        }
        if path.file_name().is_none() {
            bail!("--json {}: expected a file's name or -", path.display());
        }
        beside(path)?;
        Ok(Self::File(path.to_owned()))
    }

    /// Writes it. A reader sees all of it or none; a closed pipe is no failure.
    pub(crate) fn write(self, measurement: &Measurement) -> anyhow::Result<()> {
        let mut json =
            serde_json::to_vec_pretty(measurement).context("could not serialise the measurement")?;
        json.push(b'\n');
        match self {
            Self::Stdout => {
                let mut stdout = io::stdout().lock();
                unless_closed(stdout.write_all(&json).and_then(|()| stdout.flush()))
                    .context("could not write the JSON to stdout")
            }
            Self::File(path) => {
                let mut file = beside(&path)?;
                file.write_all(&json)
                    .and_then(|()| file.as_file().sync_all())
                    .with_context(|| format!("could not write {}", path.display()))?;
                let persisted = file.persist_noclobber(&path);
                persisted.with_context(|| format!("could not put {} in its place", path.display()))?;
                Ok(())
            }
        }
    }
}

/// A temporary file in the folder of `path`, where renaming it is atomic.
fn beside(path: &Path) -> anyhow::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    NamedTempFile::with_prefix_in(".loadgen-", folder).with_context(|| {
        format!("--json {}: could not create a file in {}", path.display(), folder.display())
    })
}
