//! The contenders' programs: built by one command, and found where cargo says that it put them.

use std::collections::BTreeMap;
use std::io::{self, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use cargo_metadata::{Message, MetadataCommand};
use reports_terminal::talk;
use serde::{Deserialize, Serialize};
use servers_conformance::contenders::{Contender, Contenders};

/// Makes cargo say, on stdout and for programs to read, which files it has built; what people read stays on stderr.
const TELL_FILES: &str = "--message-format=json-render-diagnostics";

/// Programs that were just built, or found to be up to date.
///
/// It may be written down for another process of the same invocation.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Built {
    /// By the name of the binary, as cargo told.
    programs: BTreeMap<String, PathBuf>,
}

impl Built {
    /// The command that starts `contender` at `listen`.
    ///
    /// # Errors
    /// When the build made no program of its name.
    pub fn command(&self, contender: &Contender, listen: SocketAddr) -> anyhow::Result<Vec<String>> {
        let folder = match &contender.binary {
            Some(binary) => self.program(binary)?.parent().unwrap_or(Path::new("")),
            None => Path::new(""),
        };
        Ok(contender.command(folder, listen))
    }

    /// The program of a binary.
    ///
    /// # Errors
    /// When the build made none of its name.
    pub fn program(&self, binary: &str) -> anyhow::Result<&Path> {
        let program = self.programs.get(binary).map(PathBuf::as_path);
        program.with_context(|| {
            format!("the build told of no program {binary:?}; expected a binary of that name")
        })
    }
}

/// Builds `chosen` in the project at `root`; what the build says goes to stderr.
///
/// # Errors
/// When a build command cannot be started or fails.
pub fn build<'a>(
    root: &Path,
    contenders: &Contenders,
    chosen: impl IntoIterator<Item = &'a Contender>,
) -> anyhow::Result<Built> {
    build_by(root, contenders, chosen, |command| command)
}

/// Builds all contenders by the one command that every measured contender is built by.
///
/// A test of an unoptimised build measures nothing, and uses contenders that are unoptimised too.
///
/// # Errors
/// When a build command cannot be started or fails.
pub fn build_alike(root: &Path, contenders: &Contenders) -> anyhow::Result<Built> {
    build_by(root, contenders, contenders.iter(), alike)
}

/// Builds the load generator, as [`build_alike`] does contenders; gives its program.
///
/// # Errors
/// When it cannot be built.
pub fn build_loadgen(root: &Path) -> anyhow::Result<PathBuf> {
    // No package is named, so that features are those of the contenders' build.
    let command = ["cargo", "build", "--release", "--locked", "--bin", "loadgen"].map(str::to_owned).to_vec();
    let built = Built { programs: run_cargo(root, &alike(command))? };
    Ok(built.program("loadgen")?.to_owned())
}

fn build_by<'a>(
    root: &Path,
    contenders: &Contenders,
    chosen: impl IntoIterator<Item = &'a Contender>,
    adapt: impl Fn(Vec<String>) -> Vec<String>,
) -> anyhow::Result<Built> {
    let chosen: Vec<&Contender> = chosen.into_iter().collect();
    let by_cargo = chosen.iter().any(|contender| contender.binary.is_some());
    let mut built = Built::default();
    for (index, command) in contenders.build_commands(chosen).into_iter().enumerate() {
        let command = adapt(command);
        // All binaries of cargo are built by the first.
        if by_cargo && index == 0 {
            built.programs = run_cargo(root, &command)?;
        } else {
            run(root, &command)?;
        }
    }
    Ok(built)
}

/// A build command as this program was built, with optimisation or without.
fn alike(command: Vec<String>) -> Vec<String> {
    command.into_iter().filter(|argument| !cfg!(debug_assertions) || argument != "--release").collect()
}

fn run(root: &Path, command: &[String]) -> anyhow::Result<()> {
    let shown = command.join(" ");
    // The page's path is all that belongs on stdout.
    let status = start(root, command, io::stderr().into())?
        .wait()
        .with_context(|| format!("cannot wait for {shown:?}"))?;
    ensure!(status.success(), "{shown:?} ended with {status}; its messages are above");
    Ok(())
}

/// Runs a build of cargo's and gives its programs by name, where it says that they are: the folder depends on settings,
/// variables and flags that are cargo's to know.
fn run_cargo(root: &Path, command: &[String]) -> anyhow::Result<BTreeMap<String, PathBuf>> {
    let mut command = command.to_vec();
    command.push(TELL_FILES.to_owned());
    let shown = command.join(" ");
    let mut cargo = start(root, &command, Stdio::piped())?;
    let told = cargo.stdout.take().context("cargo's stdout is a pipe")?;
    let mut programs = BTreeMap::new();
    for message in Message::parse_stream(BufReader::new(told)) {
        let message = message.with_context(|| format!("cannot read what {shown:?} tells"))?;
        if let Message::CompilerArtifact(artifact) = message
            && let Some(executable) = artifact.executable
            && artifact.target.is_bin()
        {
            programs.insert(artifact.target.name, executable.into_std_path_buf());
        }
    }
    let status = cargo.wait().with_context(|| format!("cannot wait for {shown:?}"))?;
    ensure!(status.success(), "{shown:?} ended with {status}; its messages are above");
    Ok(programs)
}

fn start(root: &Path, command: &[String], stdout: Stdio) -> anyhow::Result<std::process::Child> {
    let shown = command.join(" ");
    talk!("building: {shown}");
    let (program, arguments) = command.split_first().context("a build command needs a program")?;
    Command::new(program)
        .args(arguments)
        .current_dir(root)
        .stdin(Stdio::null())
        .stdout(stdout)
        .spawn()
        .with_context(|| format!("cannot start {shown:?}"))
}

/// The folder that cargo puts everything into that it builds of the project at `root`.
///
/// # Errors
/// When cargo cannot tell.
pub fn target_folder(root: &Path) -> anyhow::Result<PathBuf> {
    let told = MetadataCommand::new()
        .current_dir(root)
        .no_deps()
        .exec()
        .context("cannot ask cargo for its target folder")?;
    Ok(told.target_directory.into_std_path_buf())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const CONTENDERS: &str = r#"
cargo_build = ["cargo", "build", "--offline"]

[[contender]]
name = "tiny"
model = "sync"
role = "control"
stack = "none"
binary = "tiny"
run = ["{binary}", "{listen}"]
"#;

    #[test]
    fn a_program_is_the_one_that_was_built_wherever_cargo_is_told_to_put_it() {
        let project = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = project.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("Cargo.toml", "[package]\nname = \"tiny\"\nedition = \"2024\"\n[workspace]\n");
        write("src/main.rs", "fn main() { println!(\"new\") }");
        write(".cargo/config.toml", "[build]\ntarget-dir = \"elsewhere\"\n");
        // What an earlier build left where programs usually are.
        for stale in ["target/debug/tiny", "target/release/tiny"] {
            write(stale, "stale");
        }
        let contenders = Contenders::parse(CONTENDERS, "test").unwrap();
        let built = build(project.path(), &contenders, contenders.iter()).unwrap();
        let command = built.command(contenders.get("tiny").unwrap(), ([127, 0, 0, 1], 80).into()).unwrap();
        let ended = Command::new(&command[0]).output().unwrap();
        assert_eq!(ended.stdout, b"new\n", "{command:?}");
        assert!(built.program("other").unwrap_err().to_string().contains("no program \"other\""));
    }
}
