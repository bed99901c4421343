//! A contender's program as it was when the run found it: held open, and hashed again before every start.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use sha2::{Digest as _, Sha256};

/// The first bytes of a file that the kernel loads itself; a script is opened again, by name, by its interpreter.
const ELF: &[u8; 4] = b"\x7fELF";

/// Read at once while a file is hashed.
const PIECE: usize = 64 << 10;

/// A program, and the scripts among its arguments.
#[derive(Debug)]
pub struct Program {
    path: PathBuf,
    /// The file at `path` may be replaced, for instance by a build; this is the program that was there first.
    file: File,
    is_loaded: bool,
    scripts: Vec<PathBuf>,
    sha256: String,
}

impl Program {
    /// Opens what `command` runs: its program, found as a shell would from `folder`, and every argument that names a
    /// file there, such as an interpreter's script.
    ///
    /// # Errors
    /// When the program is not found, or a file cannot be read.
    pub fn hold(command: &[String], folder: &Path) -> anyhow::Result<Self> {
        let (program, arguments) = command.split_first().context("a run command has a program")?;
        let path = locate(program, folder).with_context(|| format!("cannot find the program {program}"))?;
        let file = File::open(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut head = [0; ELF.len()];
        let is_loaded = file.read_exact_at(&mut head, 0).is_ok() && head == *ELF;
        let scripts = arguments.iter().map(|argument| folder.join(argument)).filter(|path| path.is_file());
        let mut held = Self { path, file, is_loaded, scripts: scripts.collect(), sha256: String::new() };
        held.sha256 = held.hash()?;
        Ok(held)
    }

    /// SHA-256, hex, of the program and its scripts, one after another, when they were found.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The path to execute, good for as long as this is held: the very file that was opened, even when another has taken
    /// its name since. A script is executed by its own path.
    #[must_use]
    pub fn executable(&self) -> PathBuf {
        if self.is_loaded {
            PathBuf::from(format!("/proc/{}/fd/{}", std::process::id(), self.file.as_raw_fd()))
        } else {
            self.path.clone()
        }
    }

    /// Makes sure that program and scripts are byte for byte what they were at first.
    ///
    /// # Errors
    /// When they are not, or cannot be read any more.
    pub fn verify(&self) -> anyhow::Result<()> {
        let now = self.hash()?;
        ensure!(
            now == self.sha256,
            "its program changed during the run: its SHA-256 is {now}, expected {}; restore it and resume the run, or \
             begin a new run",
            self.sha256
        );
        Ok(())
    }

    fn hash(&self) -> anyhow::Result<String> {
        let mut hash = Sha256::new();
        // A program that is executed by its path is whatever stands there.
        let program = if self.is_loaded { None } else { Some(&self.path) };
        match program {
            None => {
                add(&self.file, &mut hash).with_context(|| format!("cannot read {}", self.path.display()))?
            }
            Some(path) => add_file(path, &mut hash)?,
        }
        self.scripts.iter().try_for_each(|path| add_file(path, &mut hash))?;
        Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// SHA-256, hex, of the program that runs here.
///
/// # Errors
/// When it cannot be read.
pub fn own_sha256() -> anyhow::Result<String> {
    let mut hash = Sha256::new();
    add_file(Path::new("/proc/self/exe"), &mut hash)?;
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn add_file(path: &Path, hash: &mut Sha256) -> anyhow::Result<()> {
    File::open(path)
        .and_then(|file| add(&file, hash))
        .with_context(|| format!("cannot read {}", path.display()))
}

fn add(file: &File, hash: &mut Sha256) -> io::Result<()> {
    let (mut piece, mut place) = (vec![0; PIECE], 0);
    loop {
        match file.read_at(&mut piece, place)? {
            0 => return Ok(()),
            read => {
                hash.update(&piece[..read]);
                place += read as u64;
            }
        }
    }
}

/// A name without a slash is looked up in PATH, any other from `folder`.
fn locate(program: &str, folder: &Path) -> Option<PathBuf> {
    if program.contains('/') {
        return Some(folder.join(program));
    }
    on_path(program)
}

/// Where a shell finds the program of this name; `None` when it does not.
#[must_use]
pub fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|place| place.join(program)).find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;

    use super::*;

    fn sha256(command: &[String], folder: &Path) -> String {
        Program::hold(command, folder).unwrap().sha256().to_owned()
    }

    #[test]
    fn a_hash_is_that_of_the_program() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("program"), b"abc").unwrap();
        let command = ["./program".to_owned(), "--listen".to_owned()];
        // FIPS 180-2, appendix B.1.
        assert_eq!(
            sha256(&command, directory.path()),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn another_script_under_the_same_interpreter_is_another_program() {
        let directory = tempfile::tempdir().unwrap();
        let script = directory.path().join("serve");
        let command = ["sh".to_owned(), "serve".to_owned()];
        fs::write(&script, b"one").unwrap();
        let held = Program::hold(&command, directory.path()).unwrap();
        held.verify().unwrap();
        fs::write(&script, b"two").unwrap();
        assert_ne!(held.sha256(), sha256(&command, directory.path()));
        let error = held.verify().unwrap_err().to_string();
        assert!(error.contains("changed during the run") && error.contains(held.sha256()), "{error}");
    }

    #[test]
    fn a_program_that_is_nowhere_is_named() {
        let error = Program::hold(&["no-such-program-here".to_owned()], Path::new(".")).unwrap_err();
        assert!(error.to_string().contains("no-such-program-here"), "{error}");
    }

    #[test]
    fn a_program_that_is_replaced_as_a_build_does_is_still_the_one_that_starts() {
        let directory = tempfile::tempdir().unwrap();
        let own = |name: &str| directory.path().join(name);
        fs::copy(on_path("true").unwrap(), own("program")).unwrap();
        let held = Program::hold(&["./program".to_owned()], directory.path()).unwrap();
        fs::copy(on_path("false").unwrap(), own("built")).unwrap();
        fs::rename(own("built"), own("program")).unwrap();
        held.verify().unwrap();
        assert!(Command::new(held.executable()).status().unwrap().success(), "the new one was started");
        fs::remove_file(own("program")).unwrap();
        assert!(Command::new(held.executable()).status().unwrap().success(), "none was started");
    }

    #[test]
    fn a_program_that_is_overwritten_in_its_place_is_noticed() {
        let directory = tempfile::tempdir().unwrap();
        let program = directory.path().join("program");
        fs::copy(on_path("true").unwrap(), &program).unwrap();
        let held = Program::hold(&["./program".to_owned()], directory.path()).unwrap();
        fs::write(&program, fs::read(on_path("false").unwrap()).unwrap()).unwrap();
        assert!(held.verify().is_err());
    }
}
