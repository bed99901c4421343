//! Files that nothing may replace: those that a record consists of.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::Path;

use flate2::read::GzDecoder;

use crate::FolderError;
use crate::folder::io_error;
use crate::seal;
use crate::whole_file::folder_of;

/// The file that describes the run.
pub(crate) const RUN: &str = "environment.json";

/// The file with a line for each attempt at a trial.
pub(crate) const TRIALS: &str = "trials.jsonl";

/// The same, compressed to be published.
pub(crate) const TRIALS_PACKED: &str = "trials.jsonl.gz";

/// Everything that `ask` or `compare` found about servers measured side by side.
pub const CONTEST: &str = "contest.json";

/// The files of a run's folder that are its record.
pub(crate) const RECORD: [&str; 3] = [RUN, TRIALS, TRIALS_PACKED];

/// Bytes at the beginning of a file by which a record is known: ample for the tables that compressed data begin with.
const HEAD: u64 = 4096;

/// Makes sure that nothing of a record is at `output`, whether of the run in `folder` or of another one.
///
/// # Errors
/// When it is, or when there is a folder at `output`.
pub(crate) fn refuse_to_replace(output: &Path, folder: &Path) -> Result<(), FolderError> {
    let refused = || FolderError::Record { path: output.to_owned() };
    if is_reserved(output) {
        return Err(refused());
    }
    let found = match fs::metadata(output) {
        // A link that leads nowhere is replaced like a file.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found.map_err(io_error("write", output))?,
    };
    if found.is_dir() {
        let cause =
            io::Error::new(io::ErrorKind::InvalidInput, "expected the path of a file, found a folder");
        return Err(io_error("write", output)(cause));
    }
    // A pipe or a device is written to and never replaced.
    if !found.is_file() {
        return Ok(());
    }
    let is_own = [folder, folder_of(output)]
        .into_iter()
        .flat_map(|folder| RECORD.map(|name| folder.join(name)))
        .any(|file| is_same(&file, &found));
    if is_own || is_record(output).map_err(io_error("read", output))? { Err(refused()) } else { Ok(()) }
}

/// Whether `path` is where a run's folder has, or had, a file of its record.
pub(crate) fn is_reserved(path: &Path) -> bool {
    let folder = folder_of(path);
    let is_named_so = RECORD.into_iter().any(|name| path.file_name().is_some_and(|own| own == name));
    is_named_so && RECORD.into_iter().any(|name| folder.join(name).exists())
}

/// Whether the file at `path` is the one that `found` describes.
pub(crate) fn is_same(path: &Path, found: &Metadata) -> bool {
    fs::metadata(path).is_ok_and(|other| identity(&other) == identity(found))
}

/// Device and inode; elsewhere than on Unix, what comes closest.
#[cfg(unix)]
fn identity(file: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt as _;
    (file.dev(), file.ino())
}

#[cfg(not(unix))]
fn identity(file: &Metadata) -> (u64, Option<std::time::SystemTime>) {
    (file.len(), file.created().ok())
}

/// Whether the file at `path` begins as a record does: a log, a run, either compressed, or a measurement.
fn is_record(path: &Path) -> io::Result<bool> {
    let mut head = Vec::new();
    File::open(path)?.take(HEAD).read_to_end(&mut head)?;
    if head.starts_with(&[0x1f, 0x8b]) {
        let mut unpacked = Vec::new();
        // It ends with an error at the end of the piece; what was unpacked until then is enough.
        let _ = GzDecoder::new(head.as_slice()).take(HEAD).read_to_end(&mut unpacked);
        return Ok(begins_a_record(&unpacked));
    }
    Ok(begins_a_record(&head))
}

fn begins_a_record(head: &[u8]) -> bool {
    let bare: Vec<u8> = head.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    seal::begins_sealed(&bare) || bare.starts_with(b"{\"schema\":")
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;
    use crate::{Calibration, Folder, Line};

    fn folder() -> (tempfile::TempDir, Folder) {
        let directory = tempfile::tempdir().unwrap();
        let folder = Folder::open(directory.path());
        let line = Calibration {
            cell: "a".into(),
            contender: "b".into(),
            goodput_per_s: None,
            cpu: None,
            failure: None,
        };
        folder.append().unwrap().push(&Line::Calibration(line)).unwrap();
        fs::write(directory.path().join(RUN), "{\n  \"crc32\": \"00000000\"}").unwrap();
        (directory, folder)
    }

    #[test]
    fn no_file_of_a_record_is_replaced_by_whatever_name_or_link_it_goes() {
        let (own, folder) = folder();
        let elsewhere = tempfile::tempdir().unwrap();
        let [hard, soft] = ["hard.csv", "soft.csv"].map(|name| elsewhere.path().join(name));
        fs::hard_link(own.path().join(TRIALS), &hard).unwrap();
        std::os::unix::fs::symlink(own.path().join(RUN), &soft).unwrap();
        let dotted = own.path().join("../").join(own.path().file_name().unwrap()).join(TRIALS);
        let absent = own.path().join(TRIALS_PACKED);
        for output in [own.path().join(TRIALS), own.path().join(RUN), dotted, hard, soft, absent] {
            let error = folder.write_to(&output, b"text").unwrap_err();
            assert!(matches!(error, FolderError::Record { .. }), "{error}");
        }
        assert_eq!(folder.lines().unwrap().0.len(), 1);
    }

    #[test]
    fn nor_is_a_file_of_another_record_even_an_empty_one() {
        let (_own, folder) = folder();
        let (other, theirs) = self::folder();
        let copied = tempfile::tempdir().unwrap().keep();
        fs::copy(other.path().join(TRIALS), copied.join("copy.csv")).unwrap();
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(&fs::read(other.path().join(TRIALS)).unwrap()).unwrap();
        fs::write(copied.join("packed"), packed.finish().unwrap()).unwrap();
        fs::write(copied.join("measured.json"), "{\n  \"schema\": 2,\n").unwrap();
        for output in ["copy.csv", "packed", "measured.json"].map(|name| copied.join(name)) {
            assert!(matches!(folder.write_to(&output, b"").unwrap_err(), FolderError::Record { .. }));
        }
        fs::write(other.path().join(TRIALS), "").unwrap();
        assert!(folder.write_to(&other.path().join(TRIALS), b"").is_err());
        assert_eq!(theirs.lines().unwrap().0, []);
        fs::remove_dir_all(copied).unwrap();
    }

    #[test]
    fn any_other_file_is_replaced_and_a_device_is_written_to() {
        let (own, folder) = folder();
        let page = own.path().join("index.html");
        for earlier in ["", "<!DOCTYPE html>", "cell,family", "[1, 2]"] {
            fs::write(&page, earlier).unwrap();
            folder.write("index.html", b"new").unwrap();
            assert_eq!(fs::read(&page).unwrap(), b"new");
        }
        folder.write_to(Path::new("/dev/null"), b"new").unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
        assert!(folder.write_to(own.path(), b"").unwrap_err().to_string().contains("found a folder"));
    }
}
