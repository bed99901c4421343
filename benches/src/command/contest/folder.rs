//! The folder that a contest's record and page go into.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use reports_record::{CONTEST, Folder};

/// Contests that may begin in one second.
const NAMESAKES: u32 = 1_000;

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

/// A new folder. One that began in the same second has the name already: then it gets a number.
fn create(runs: &Path, id: &str) -> anyhow::Result<PathBuf> {
    for number in 1..=NAMESAKES {
        let name = if number == 1 { id.to_owned() } else { format!("{id}-{number}") };
        let path = runs.join(name);
        match fs::create_dir(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error).with_context(|| told(&path)),
        }
    }
    bail!("{} holds {NAMESAKES} folders of this second already; name another by --runs", runs.display())
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
        let told = format!("{:#}", write(&file, "id", b"", "").unwrap_err());
        assert!(told.contains("cannot make the folder") && told.contains("--runs"), "{told}");
    }
}
