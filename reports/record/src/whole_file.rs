//! A file that is written whole or not at all.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

use crate::FolderError;
use crate::folder::io_error;

/// Permissions of a new file before the process's mask, as every other program's new files have them.
#[cfg(unix)]
const MODE: u32 = 0o666;

/// Writes `bytes` to `path`: to a temporary file beside it, whose name no other writer has, then by renaming.
///
/// # Errors
/// When it cannot be written; an earlier file of this name is then intact.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), FolderError> {
    place(path, bytes).map_err(io_error("write", path))
}

/// As [`write_whole`]. Where all of it was written and only the file's place could not be taken, it is kept beside it, and
/// the error says where.
pub(crate) fn place(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = beside(path)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    take_place(file, path)
}

/// A temporary file in the folder of `path`, where renaming it to `path` is atomic; with the permissions of the file
/// that is there.
pub(crate) fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut prefix = std::ffi::OsString::from(".");
    prefix.push(name);
    prefix.push(".");
    let mut builder = Builder::new();
    builder.prefix(&prefix).suffix(".partial");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(MODE));
    let file = builder.tempfile_in(folder_of(path)).map_err(|error| {
        let folder = folder_of(path).display();
        io::Error::new(error.kind(), format!("could not create a file in {folder}: {}", cause(&error)))
    })?;
    if let Ok(earlier) = path.metadata() {
        file.as_file().set_permissions(earlier.permissions())?;
    }
    Ok(file)
}

/// Renames `file` to `path`. One that cannot be renamed is kept, and the error says where.
pub(crate) fn take_place(file: NamedTempFile, path: &Path) -> io::Result<()> {
    match file.persist(path) {
        Ok(_) => sync_folder_of(path),
        Err(failed) => Err(match failed.file.keep() {
            Ok((_, kept)) => io::Error::new(
                failed.error.kind(),
                format!("{}; it was written whole, and kept as {}", failed.error, kept.display()),
            ),
            Err(_) => failed.error,
        }),
    }
}

/// The error of the system below one that names a path of its own.
fn cause(error: &io::Error) -> String {
    let inner = error.get_ref().and_then(std::error::Error::source);
    inner.map_or_else(|| error.to_string(), ToString::to_string)
}

/// Waits until a new name in a folder is on disk: a file's own sync does not say where it can be found.
pub(crate) fn sync_folder_of(path: &Path) -> io::Result<()> {
    // Elsewhere a folder cannot be opened, and renaming is said to be enough.
    if cfg!(unix) { File::open(folder_of(path))?.sync_all() } else { Ok(()) }
}

/// The folder that holds `path`.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
