//! A new folder of files, whole or not at all.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{ExportError, Table};

/// Writes `tables` into `folder`, which is new or empty: beside it first, then in its place at once.
///
/// # Errors
/// When there is something in the folder, or it cannot be written; nothing new is then left.
pub fn write_folder(folder: &Path, tables: &[Table]) -> Result<(), ExportError> {
    let write = |path: &Path| {
        let path = path.to_owned();
        move |cause: io::Error| ExportError::Write { path, cause }
    };
    match fs::read_dir(folder).map(|mut entries| entries.next().is_some()) {
        Ok(true) => return Err(ExportError::NotEmpty(folder.to_owned())),
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(write(folder)(error)),
        _ => {}
    }
    let partial = partial(folder).ok_or_else(|| {
        write(folder)(io::Error::new(io::ErrorKind::InvalidInput, "expected the path of a folder"))
    })?;
    fs::create_dir(&partial).map_err(write(&partial))?;
    let filled = tables.iter().try_for_each(|table| {
        let path = partial.join(&table.name);
        fs::write(&path, &table.text).and_then(|()| fs::File::open(&path)?.sync_all()).map_err(write(&path))
    });
    filled.and_then(|()| fs::rename(&partial, folder).map_err(write(folder))).inspect_err(|_| {
        // Best effort: the error that matters is the one above.
        let _ = fs::remove_dir_all(&partial);
    })
}

/// Where the folder is filled: beside it, for renaming to be atomic.
fn partial(folder: &Path) -> Option<PathBuf> {
    let mut name = folder.file_name()?.to_owned();
    name.push(".partial");
    Some(folder.with_file_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str) -> Table {
        Table { name: name.into(), text: "text".into() }
    }

    #[test]
    fn a_folder_is_filled_whole_or_not_at_all() {
        let directory = tempfile::tempdir().unwrap();
        let folder = directory.path().join("tables");
        let error = write_folder(&folder, &[table("a"), table("no/such")]).unwrap_err().to_string();
        assert!(error.contains("no/such"), "{error}");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0, "nothing is left");
        write_folder(&folder, &[table("a"), table("b")]).unwrap();
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
        assert!(matches!(write_folder(&folder, &[table("c")]), Err(ExportError::NotEmpty(_))));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
        assert!(write_folder(Path::new(".."), &[]).is_err());
    }
}
