//! A revision of a repository, checked out and built in a folder of its own.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use loadgen::Interrupt;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use reports_record::shown;
use reports_terminal::talk;

/// Most of what a failed command said that is shown, characters.
const SHOWN: usize = 2_000;

/// How often a build is asked whether it has ended.
const ASK: Duration = Duration::from_millis(50);

/// A revision in a folder of its own, beside the repository's own work tree; the folder goes when this is dropped.
#[derive(Debug)]
pub(super) struct Worktree {
    repository: PathBuf,
    /// Holds the work tree, and goes with it.
    folder: tempfile::TempDir,
}

impl Worktree {
    /// Checks `revision` of the repository around `here` out and runs `build` there, if there is one.
    ///
    /// # Errors
    /// When there is no repository or revision, or the build fails; with what was said last.
    pub(super) fn build(
        here: &Path,
        revision: &str,
        build: Option<&str>,
        interrupt: &Interrupt,
    ) -> anyhow::Result<Self> {
        let commit = git(
            here,
            &["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{revision}^{{commit}}")],
        )
        .with_context(|| {
            format!("no revision \"{}\" in a repository at {}", shown(revision, 80), here.display())
        })?;
        let folder =
            tempfile::Builder::new().prefix("crossover-").tempdir().context("cannot make a folder")?;
        let worktree = Self { repository: here.to_owned(), folder };
        let path = worktree.path().display().to_string();
        git(here, &["worktree", "add", "--quiet", "--detach", &path, &commit])
            .with_context(|| format!("cannot check out {revision}"))?;
        if let Some(build) = build {
            talk!("building {revision} ({})", &commit[..commit.len().min(10)]);
            run(build, worktree.path(), interrupt).with_context(|| format!("cannot build {revision}"))?;
        }
        Ok(worktree)
    }

    /// Where it is.
    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join("tree")
    }
}

impl Drop for Worktree {
    fn drop(&mut self) {
        // A work tree that is left behind is one that git prunes later; there is nobody to tell here.
        let path = self.path().display().to_string();
        let _ = git(&self.repository, &["worktree", "remove", "--force", &path]);
    }
}

/// What git prints, without the blanks around it.
fn git(folder: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .context("cannot start git")?;
    ensure!(
        output.status.success(),
        "git {} ended with {}: {}",
        arguments[0],
        output.status,
        shown(output.stderr.trim_ascii(), SHOWN)
    );
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Runs a shell's command in `folder`; what it says goes to this program's stderr.
fn run(command: &str, folder: PathBuf, interrupt: &Interrupt) -> anyhow::Result<()> {
    let mut child = Command::new("sh")
        .args(["-c", command])
        .current_dir(folder)
        .stdin(Stdio::null())
        // Its output is talk, and stdout is for data.
        .stdout(std::io::stderr())
        // All that it starts ends with it; a Ctrl-C at the terminal is this program's to pass on.
        .process_group(0)
        .spawn()
        .context("cannot start a shell")?;
    let group = Pid::from_raw(i32::try_from(child.id()).context("process ids fit 32 bits")?);
    loop {
        if let Some(status) = child.try_wait().context("cannot wait for it")? {
            ensure!(status.success(), "`{}` ended with {status}", shown(command, SHOWN));
            return Ok(());
        }
        if interrupt.is_raised() {
            // A group that has just ended is what was wanted.
            let _ = killpg(group, Signal::SIGKILL);
            let _ = child.wait();
            bail!("interrupted");
        }
        thread::sleep(ASK);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A repository with two commits, in which `word` says one and two.
    fn repository() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let git = |arguments: &[&str]| {
            let named = ["-c", "user.name=x", "-c", "user.email=x@x", "-c", "commit.gpgsign=false"];
            git(folder.path(), &[&named, arguments].concat()).unwrap();
        };
        super::git(folder.path(), &["init", "--quiet"]).unwrap();
        for word in ["one", "two"] {
            fs::write(folder.path().join("word"), word).unwrap();
            git(&["add", "word"]);
            git(&["commit", "--quiet", "-m", word]);
        }
        folder
    }

    #[test]
    fn revisions_are_built_side_by_side_and_leave_nothing_behind() {
        let repository = repository();
        let build = |revision: &str| {
            Worktree::build(repository.path(), revision, Some("cp word built"), &Interrupt::default())
                .unwrap()
        };
        let (old, new) = (build("HEAD~1"), build("HEAD"));
        let built = |worktree: &Worktree| fs::read_to_string(worktree.path().join("built")).unwrap();
        assert_eq!((built(&old).as_str(), built(&new).as_str()), ("one", "two"));
        let paths = [old.path(), new.path()];
        drop((old, new));
        assert!(paths.iter().all(|path| !path.exists()));
        assert_eq!(git(repository.path(), &["worktree", "list"]).unwrap().lines().count(), 1);
    }

    /// The end of the pipe comes once the shell and all that it started have ended.
    #[test]
    fn an_interrupted_build_leaves_none_of_its_processes_behind() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let interrupt = Interrupt::default();
        let build = "exec 3> pipe; (sleep 60; echo > survived) & wait";
        let error = thread::scope(|scope| {
            let building = scope.spawn(|| run(build, folder.path().to_owned(), &interrupt));
            let mut reader = fs::File::open(&pipe).unwrap();
            interrupt.raise();
            std::io::Read::read_to_end(&mut reader, &mut Vec::new()).unwrap();
            building.join().unwrap().unwrap_err()
        });
        assert_eq!(error.to_string(), "interrupted");
        assert!(!folder.path().join("survived").exists());
    }

    #[test]
    fn no_revision_and_a_failed_build_are_told() {
        let repository = repository();
        let build = |revision: &str, command| {
            let built = Worktree::build(repository.path(), revision, command, &Interrupt::default());
            format!("{:#}", built.unwrap_err())
        };
        assert!(build("nowhere", None).contains("no revision \"nowhere\""), "{}", build("nowhere", None));
        assert!(build("--help", None).contains("no revision \"--help\""));
        let said = build("HEAD", Some("exit 3"));
        assert!(said.contains("cannot build HEAD: `exit 3` ended with exit status: 3"), "{said}");
        let nowhere = tempfile::tempdir().unwrap();
        let built = Worktree::build(nowhere.path(), "HEAD", None, &Interrupt::default());
        assert!(format!("{:#}", built.unwrap_err()).contains("no revision \"HEAD\" in a repository"));
    }
}
