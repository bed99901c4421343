//! The folder that a contest's record and page go into.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use reports_record::{CONTEST, Folder};

use crate::command::namesakes;

/// Makes sure before anything is measured that folders can be made below `runs`.
///
/// # Errors
/// When they cannot.
pub(super) fn ensure_writable(runs: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(runs).and_then(|()| tempfile::tempdir_in(runs)).map(drop).with_context(|| told(runs))
}

/// Writes a contest's record and its page into a new folder below `runs`, which is named after `id`; gives the page's path.
///
/// # Errors
/// When the folder or a file cannot be written.
pub(super) fn write(runs: &Path, id: &str, record: &[u8], page: &str) -> anyhow::Result<PathBuf> {
    fs::create_dir_all(runs).with_context(|| told(runs))?;
    let folder = Folder::open(create(runs, id)?);
    folder.write(CONTEST, record)?;
    Ok(folder.write(reports_render::PAGE, page.as_bytes())?)
}

/// A new folder of this name, with a number if another has it already.
fn create(runs: &Path, id: &str) -> anyhow::Result<PathBuf> {
    let make = |name: &str| {
        let path = runs.join(name);
        fs::create_dir(&path).map(|()| path)
    };
    namesakes::make(id, |error| error.kind() == ErrorKind::AlreadyExists, make)
        .with_context(|| told(&runs.join(id)))
}

fn told(path: &Path) -> String {
    format!("cannot make the folder {} for the record and the page; name another by --runs", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contests_of_one_second_have_a_folder_each_with_record_and_page() {
        let runs = tempfile::tempdir().unwrap();
        let below = runs.path().join("deep/runs");
        let pages: Vec<PathBuf> =
            (0..2).map(|number| write(&below, "id", b"{}\n", &format!("page {number}")).unwrap()).collect();
        assert_eq!(pages, [below.join("id/index.html"), below.join("id-2/index.html")]);
        assert_eq!(fs::read_to_string(&pages[1]).unwrap(), "page 1");
        assert_eq!(fs::read_to_string(below.join("id").join(CONTEST)).unwrap(), "{}\n");
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_told_with_the_remedy() {
        let runs = tempfile::tempdir().unwrap();
        let file = runs.path().join("file");
        fs::write(&file, "").unwrap();
        for error in [write(&file, "id", b"", "").map(drop), ensure_writable(&file)] {
            let told = format!("{:#}", error.unwrap_err());
            assert!(told.contains("cannot make the folder") && told.contains("--runs"), "{told}");
        }
    }

    #[test]
    fn a_folder_that_can_be_written_is_left_empty() {
        let runs = tempfile::tempdir().unwrap();
        let below = runs.path().join("deep/runs");
        ensure_writable(&below).unwrap();
        assert_eq!(fs::read_dir(&below).unwrap().count(), 0);
    }
}
