//! The contenders' programs: built by one command, found, and told apart by their hashes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use reports_terminal::talk;
use servers_conformance::contenders::{Contender, Contenders};
use sha2::{Digest as _, Sha256};

/// Builds `chosen` in the project at `root`; what the build says goes to stderr.
///
/// # Errors
/// When a build command cannot be started or fails.
pub fn build<'a>(
    root: &Path,
    contenders: &Contenders,
    chosen: impl IntoIterator<Item = &'a Contender>,
) -> anyhow::Result<()> {
    contenders.build_commands(chosen).iter().try_for_each(|command| run(root, command))
}

fn run(root: &Path, command: &[String]) -> anyhow::Result<()> {
    let shown = command.join(" ");
    talk!("building: {shown}");
    let (program, arguments) = command.split_first().context("a build command needs a program")?;
    let status = Command::new(program)
        .args(arguments)
        .current_dir(root)
        .stdin(std::process::Stdio::null())
        // The page's path is all that belongs on stdout.
        .stdout(io::stderr())
        .status()
        .with_context(|| format!("cannot start {shown:?}"))?;
    ensure!(status.success(), "{shown:?} ended with {status}; its messages are above");
    Ok(())
}

/// Builds all contenders by the one command that every measured contender is built by; gives where they are.
///
/// A test of an unoptimised build measures nothing, and uses contenders that are unoptimised too.
///
/// # Errors
/// When a build command cannot be started or fails.
pub fn build_alike(root: &Path, contenders: &Contenders) -> anyhow::Result<PathBuf> {
    contenders.build_commands(contenders.iter()).iter().try_for_each(|command| run_alike(root, command))?;
    Ok(built_alike(root))
}

/// Builds the load generator, as [`build_alike`] does contenders; gives its program.
///
/// # Errors
/// When it cannot be built.
pub fn build_loadgen(root: &Path) -> anyhow::Result<PathBuf> {
    // No package is named, so that features are those of the contenders' build.
    run_alike(root, &["cargo", "build", "--release", "--locked", "--bin", "loadgen"].map(str::to_owned))?;
    Ok(built_alike(root).join("loadgen"))
}

/// Runs a build command as this program was built, with optimisation or without.
fn run_alike(root: &Path, command: &[String]) -> anyhow::Result<()> {
    let command = command.iter().filter(|argument| !cfg!(debug_assertions) || *argument != "--release");
    run(root, &command.cloned().collect::<Vec<_>>())
}

fn built_alike(root: &Path) -> PathBuf {
    let release = binaries(root);
    if cfg!(debug_assertions) { release.with_file_name("debug") } else { release }
}

/// The folder that cargo puts release builds of the project at `root` into.
#[must_use]
pub fn binaries(root: &Path) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    root.join(target).join("release")
}

/// SHA-256, hex, of what `command` runs: its program, found as a shell would from `folder`, and every argument that
/// names a file there, such as an interpreter's script.
///
/// # Errors
/// When the program is not found, or a file cannot be read.
pub fn sha256(command: &[String], folder: &Path) -> anyhow::Result<String> {
    let (program, arguments) = command.split_first().context("a run command has a program")?;
    let program = locate(program, folder).with_context(|| format!("cannot find the program {program}"))?;
    let scripts = arguments.iter().map(|argument| folder.join(argument)).filter(|path| path.is_file());
    let mut hash = Sha256::new();
    for path in std::iter::once(program).chain(scripts) {
        hash.update(fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?);
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
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
    use super::*;

    #[test]
    fn a_hash_is_that_of_the_program() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("program"), b"abc").unwrap();
        let command = ["./program".to_owned(), "--listen".to_owned()];
        // FIPS 180-2, appendix B.1.
        assert_eq!(
            sha256(&command, directory.path()).unwrap(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn another_script_under_the_same_interpreter_is_another_program() {
        let directory = tempfile::tempdir().unwrap();
        let script = directory.path().join("serve");
        let command = ["sh".to_owned(), "serve".to_owned()];
        fs::write(&script, b"one").unwrap();
        let one = sha256(&command, directory.path()).unwrap();
        fs::write(&script, b"two").unwrap();
        assert_ne!(one, sha256(&command, directory.path()).unwrap());
    }

    #[test]
    fn a_program_that_is_nowhere_is_named() {
        let error = sha256(&["no-such-program-here".to_owned()], Path::new(".")).unwrap_err();
        assert!(error.to_string().contains("no-such-program-here"), "{error}");
    }
}
