//! What was found, as JSON.

use std::path::Path;

use anyhow::Context as _;
use reports_terminal::print;
use serde::Serialize;

use super::new_file::NewFile;

/// Where the JSON goes.
#[derive(Debug)]
pub(crate) enum JsonOutput {
    /// To stdout, and nothing else goes there.
    Stdout,
    /// To a file that does not exist yet: whole, or not at all.
    File(NewFile),
}

impl JsonOutput {
    /// Checks before anything is measured that `path` can be written: `-` always, else a new file in a folder that is.
    pub(crate) fn prepare(path: &Path) -> anyhow::Result<Self> {
        if path == Path::new("-") {
            Ok(Self::Stdout)
        } else {
            NewFile::prepare("--json", path).map(Self::File)
        }
    }

    /// Writes it. A closed pipe is no failure.
    pub(crate) fn write(&self, found: &impl Serialize) -> anyhow::Result<()> {
        let mut json = serde_json::to_vec_pretty(found).context("could not serialise what was measured")?;
        json.push(b'\n');
        match self {
            Self::Stdout => print(&json).context("could not write the JSON to stdout"),
            Self::File(file) => file.write_whole(&json),
        }
    }
}
