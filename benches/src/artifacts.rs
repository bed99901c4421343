//! The contenders' programs: built by one command, found, and told apart by their hashes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
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
    for command in contenders.build_commands(chosen) {
        let shown = command.join(" ");
        eprintln!("building: {shown}");
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
    }
    Ok(())
}

/// The folder that cargo puts release builds of the project at `root` into.
#[must_use]
pub fn binaries(root: &Path) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    root.join(target).join("release")
}

/// SHA-256 of the file at `path`, hex.
///
/// # Errors
/// When the file cannot be read.
pub fn sha256(path: &Path) -> anyhow::Result<String> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_tells_programs_apart() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("program");
        fs::write(&path, b"abc").unwrap();
        // FIPS 180-2, appendix B.1.
        assert_eq!(
            sha256(&path).unwrap(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
