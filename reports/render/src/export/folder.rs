//! A new folder of files, whole or not at all.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::Path;

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
    let (Some(name), parent) = (folder.file_name(), parent_of(folder)) else {
        let cause = io::Error::new(io::ErrorKind::InvalidInput, "expected the path of a folder");
        return Err(write(folder)(cause));
    };
    // Beside it, for renaming to be atomic; under a name that no other export has, or one that was killed has left.
    let mut prefix = OsString::from(".");
    prefix.push(name);
    prefix.push(".");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(".partial");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(MODE));
    let partial = builder.tempdir_in(parent).map_err(write(folder))?;
    for table in tables {
        let path = partial.path().join(&table.name);
        fs::write(&path, &table.text)
            .and_then(|()| File::open(&path)?.sync_all())
            .map_err(write(&folder.join(&table.name)))?;
    }
    sync(partial.path()).and_then(|()| fs::rename(partial.path(), folder)).map_err(write(folder))?;
    // It has another name by now, under which it stays.
    let _ = partial.keep();
    sync(parent).map_err(write(folder))
}

/// Permissions of a new folder before the process's mask, as every other program's new folders have them.
#[cfg(unix)]
const MODE: u32 = 0o777;

fn parent_of(folder: &Path) -> &Path {
    folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Waits until the names in a folder are on disk.
fn sync(folder: &Path) -> io::Result<()> {
    // Elsewhere a folder cannot be opened, and renaming is said to be enough.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
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
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing else is left");
    }

    #[test]
    fn what_a_killed_export_left_blocks_no_later_one() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("tables.partial")).unwrap();
        write_folder(&directory.path().join("tables"), &[table("a")]).unwrap();
    }
}
