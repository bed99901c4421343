//! Places that results are written to.

use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::{self, Write};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use crate::stream::Stream;
use crate::whole_file::{self, folder_of};

/// Links that are followed from one path before it counts as a circle, as Linux does.
const LINKS: usize = 40;

/// A place that one result is written to: stdout, a regular file, or a pipe or device.
///
/// A regular file is replaced whole: its earlier content stays until the new one is on disk. A pipe or a device is opened
/// at once and written to as it is, and so is a descriptor of this process (`/dev/fd/63`, a shell's `>(…)`), whatever is
/// behind it.
#[derive(Debug)]
pub struct Destination {
    path: PathBuf,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Stdout,
    /// A pipe, a device, or another descriptor of this process.
    Open(File),
    /// A regular file or none; no link.
    File(PathBuf),
}

/// Two destinations with the same identity are one file.
#[derive(Debug, PartialEq, Eq)]
enum Identity {
    Inode {
        device: u64,
        inode: u64,
    },
    /// A file that is not there yet, by its folder and name.
    New {
        device: u64,
        inode: u64,
        name: OsString,
    },
}

impl Destination {
    /// Checks that `path` can be written to, and opens it unless it is a regular file; `-` and `/dev/stdout` are stdout.
    ///
    /// Waits for a reader where `path` is a named pipe.
    ///
    /// # Errors
    /// When `path` is a folder or names no file, when the file is write-protected, or when no file can be made beside it.
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), kind: Kind::open(path)? })
    }

    /// Whether `path` stands for stdout, as `-` and `/dev/stdout` do.
    #[must_use]
    pub fn is_stdout_at(path: &Path) -> bool {
        path == Path::new("-") || descriptor(path) == Some(1)
    }

    /// Whether results for both paths would take each other's place, by whatever links and names. Opens nothing: a pipe is left to be
    /// opened once, and a device can be shared.
    #[must_use]
    pub fn are_one(one: &Path, other: &Path) -> bool {
        match [one, other].map(Self::is_stdout_at) {
            [false, false] => identity_at(one).is_some_and(|own| identity_at(other) == Some(own)),
            stdouts => stdouts == [true, true],
        }
    }

    /// The path as it was given.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is stdout, where then nothing else belongs.
    #[must_use]
    pub fn is_stdout(&self) -> bool {
        matches!(self.kind, Kind::Stdout)
    }

    /// Whether it is a regular file, which is replaced.
    #[must_use]
    pub fn is_file(&self) -> bool {
        matches!(self.kind, Kind::File(_))
    }

    /// Whether both are one file, by whatever links and names. Devices, such as a terminal, can be shared.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        match (&self.kind, &other.kind) {
            (Kind::Stdout, Kind::Stdout) => true,
            (Kind::Stdout, _) | (_, Kind::Stdout) => false,
            _ => self.identity().is_some_and(|own| other.identity() == Some(own)),
        }
    }

    /// Whether it is the file that stands at `path`, read from or written to by other means.
    #[must_use]
    pub fn is_at(&self, path: &Path) -> bool {
        !self.is_stdout()
            && self
                .identity()
                .is_some_and(|own| fs::metadata(path).ok().and_then(|found| inode(&found)) == Some(own))
    }

    fn identity(&self) -> Option<Identity> {
        match &self.kind {
            Kind::Stdout => None,
            Kind::Open(file) => inode(&file.metadata().ok()?),
            Kind::File(path) => identity_of(path),
        }
    }

    /// Writes `bytes`, and waits until they are on disk. A regular file is replaced whole or left as it was. A reader that
    /// closed its pipe has seen enough, which is not an error.
    ///
    /// # Errors
    /// When it cannot be written. If all of it was, and only the file's place could not be taken, the error says where
    /// it was kept.
    pub fn write(&self, bytes: &[u8]) -> io::Result<()> {
        match &self.kind {
            Kind::File(path) => whole_file::place(path, bytes),
            _ => {
                let mut stream = self.stream()?;
                stream.write_all(bytes)?;
                stream.finish()
            }
        }
    }

    /// Begins something that grows: `begin` writes its head, and then it takes the place of an earlier file.
    ///
    /// # Errors
    /// When the head cannot be written; an earlier file is then intact.
    pub fn begin<T>(&self, begin: impl FnOnce(Stream) -> io::Result<T>) -> io::Result<T> {
        let Kind::File(path) = &self.kind else { return begin(self.stream()?) };
        let temporary = whole_file::beside(path)?;
        let begun = begin(Stream::of_file(temporary.as_file().try_clone()?))?;
        whole_file::take_place(temporary, path)?;
        Ok(begun)
    }

    fn stream(&self) -> io::Result<Stream> {
        match &self.kind {
            Kind::Open(file) => Ok(Stream::of_file(file.try_clone()?)),
            _ => Ok(Stream::of_stdout()),
        }
    }
}

impl Kind {
    fn open(path: &Path) -> io::Result<Self> {
        if Destination::is_stdout_at(path) {
            return Ok(Self::Stdout);
        }
        let append = || File::options().append(true).open(path).map(Self::Open);
        if descriptor(path).is_some() {
            return append();
        }
        let place = behind_links(path)?;
        match fs::metadata(&place) {
            Ok(found) if found.is_dir() => {
                return Err(unusable("expected the path of a file, found a folder"));
            }
            Ok(found) if !found.is_file() => return append(),
            // Renaming would replace a write-protected file as well, which its owner did not want replaced.
            Ok(_) => drop(File::options().write(true).open(&place)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        // Removed at once: it shows that the folder is there and can be written to.
        whole_file::beside(&place)?;
        Ok(Self::File(place))
    }
}

/// The number of the descriptor of this process that `path` stands for, as `/dev/stdout` and `/dev/fd/63` do.
fn descriptor(path: &Path) -> Option<u32> {
    let own = fs::canonicalize("/dev/fd").ok()?;
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        if fs::canonicalize(folder_of(&path)).ok()? == own {
            return path.file_name()?.to_str()?.parse().ok();
        }
        path = folder_of(&path).join(fs::read_link(&path).ok()?);
    }
    None
}

/// The path that `path` leads to when its own name is a link, to a file that may not be there yet.
fn behind_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        match fs::read_link(&path) {
            Ok(target) => path = folder_of(&path).join(target),
            Err(_) if path.file_name().is_none() && !path.is_dir() => {
                return Err(unusable("expected the path of a file, found none"));
            }
            Err(_) => return Ok(path),
        }
    }
    Err(unusable("expected the path of a file, found links in a circle"))
}

/// Identity of what a result for `path` would be written to.
fn identity_at(path: &Path) -> Option<Identity> {
    identity_of(&behind_links(path).ok()?)
}

/// Identity of the file at `path`, which is no link, be it there or not.
fn identity_of(path: &Path) -> Option<Identity> {
    match fs::metadata(path) {
        Ok(found) => inode(&found),
        Err(_) => {
            let folder = fs::metadata(folder_of(path)).ok()?;
            let name = path.file_name()?.to_owned();
            Some(Identity::New { device: folder.dev(), inode: folder.ino(), name })
        }
    }
}

/// Identity of what is there; `None` for a device, which many can write to.
fn inode(found: &Metadata) -> Option<Identity> {
    let kind = found.file_type();
    let is_device = kind.is_char_device() || kind.is_block_device();
    (!is_device).then(|| Identity::Inode { device: found.dev(), inode: found.ino() })
}

fn unusable(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, reason)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn open(path: &Path) -> Destination {
        Destination::open(path).unwrap()
    }

    fn names(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        for text in ["first, and longer", "second"] {
            open(&path).write(text.as_bytes()).unwrap();
            assert_eq!((fs::read_to_string(&path).unwrap().as_str(), names(folder.path())), (text, 1));
        }
    }

    #[test]
    fn what_only_grows_takes_its_place_once_it_has_a_head() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        fs::write(&path, "earlier").unwrap();
        let destination = open(&path);
        let failed = destination.begin(|_| Err::<(), _>(io::Error::other("no head")));
        assert!(failed.is_err());
        assert_eq!((fs::read_to_string(&path).unwrap().as_str(), names(folder.path())), ("earlier", 1));
        let mut log = destination
            .begin(|mut stream| {
                stream.write_all(b"head ")?;
                assert_eq!(fs::read_to_string(&path).unwrap(), "earlier");
                Ok(stream)
            })
            .unwrap();
        log.write_all(b"line").unwrap();
        log.finish().unwrap();
        assert_eq!((fs::read_to_string(&path).unwrap().as_str(), names(folder.path())), ("head line", 1));
    }

    #[test]
    fn a_link_stays_one_and_what_it_leads_to_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let [link, file] = ["link", "file"].map(|name| folder.path().join(name));
        symlink("file", &link).unwrap();
        for text in ["new", "replaced"] {
            open(&link).write(text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&file).unwrap(), text);
            assert!(link.is_symlink());
        }
    }

    #[test]
    fn one_file_is_known_by_all_its_names() {
        let folder = tempfile::tempdir().unwrap();
        let [file, link, hard, new, other] =
            ["file", "link", "hard", "new", "other"].map(|name| folder.path().join(name));
        fs::write(&file, "").unwrap();
        symlink("file", &link).unwrap();
        fs::hard_link(&file, &hard).unwrap();
        let indirect = folder.path().join("../").join(folder.path().file_name().unwrap()).join("new");
        for (one, same) in [(&file, &link), (&link, &hard), (&new, &indirect), (&file, &file)] {
            assert!(open(one).is_same_as(&open(same)), "{one:?} {same:?}");
            assert!(Destination::are_one(one, same), "{one:?} {same:?}");
        }
        for one in [&file, &new] {
            assert!(!open(one).is_same_as(&open(&other)) && !Destination::are_one(one, &other), "{one:?}");
        }
        assert!(open(&link).is_at(&file) && open(&hard).is_at(&link) && !open(&other).is_at(&file));
        let null = Path::new("/dev/null");
        assert!(!open(null).is_same_as(&open(null)), "each may be thrown away");
        assert!(!Destination::are_one(null, null));
        let [dash, stdout] = ["-", "/dev/stdout"].map(Path::new);
        assert!(Destination::are_one(dash, stdout) && !Destination::are_one(dash, &file));
    }

    #[test]
    fn stdout_has_several_names() {
        for path in ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"] {
            assert!(open(Path::new(path)).is_stdout(), "{path}");
        }
        assert!(!open(Path::new("/dev/null")).is_stdout());
    }

    #[test]
    fn a_pipe_is_written_to_and_one_without_a_reader_is_no_error() {
        use std::io::Read as _;
        use std::os::fd::AsRawFd as _;
        let (mut reader, writer) = io::pipe().unwrap();
        let path = PathBuf::from(format!("/dev/fd/{}", writer.as_raw_fd()));
        let destination = open(&path);
        destination.write(b"through a pipe").unwrap();
        let mut read = [0; 14];
        reader.read_exact(&mut read).unwrap();
        assert_eq!(&read, b"through a pipe");
        drop(reader);
        destination.write(b"to nobody").unwrap();
    }

    #[test]
    fn what_cannot_be_a_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        symlink("circle", folder.path().join("circle")).unwrap();
        for (path, reason) in [
            (folder.path().to_owned(), "found a folder"),
            (folder.path().join("no/such"), "could not create a file"),
            (folder.path().join("circle"), "circle"),
            (PathBuf::from(".."), "found a folder"),
            (PathBuf::new(), "found none"),
        ] {
            let error = Destination::open(&path).unwrap_err().to_string();
            assert!(error.contains(reason), "{}: {error}", path.display());
        }
    }
}
