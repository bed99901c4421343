//! Opening a file that may be anything.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Opens the file at `path` to read it; a folder, a device or a pipe in its place is refused rather than waited for.
///
/// # Errors
/// When there is no file, it may not be read, or it is not a regular one.
pub fn open_regular(path: impl AsRef<Path>) -> io::Result<File> {
    let path = path.as_ref();
    // A pipe in its place would already be waited for by opening it.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "expected a regular file"));
    }
    File::open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_regular_file_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        for path in [folder.path(), &pipe, Path::new("/dev/null")] {
            assert!(open_regular(path).unwrap_err().to_string().contains("a regular file"), "{path:?}");
        }
        assert_eq!(open_regular(folder.path().join("none")).unwrap_err().kind(), io::ErrorKind::NotFound);
        let path = folder.path().join("file");
        fs::write(&path, "text").unwrap();
        assert!(open_regular(path).is_ok());
    }
}
