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

use crate::checkout::MISLEADING;

/// Most of what a failed command said that is shown, characters.
const SHOWN: usize = 2_000;

/// Most of a revision's name that an error shows, characters.
const SHOWN_NAME: usize = 80;

/// How often a build is asked whether it has ended.
const ASK: Duration = Duration::from_millis(50);

/// A revision in a folder of its own, beside the repository's own work tree; the folder goes when this is dropped.
#[derive(Debug)]
pub(super) struct Worktree {
    repository: PathBuf,
    /// Holds the work tree, and goes with it.
    folder: tempfile::TempDir,
}

/// Revisions of one repository, each known by its commit.
#[derive(Debug)]
pub(super) struct Revisions {
    repository: PathBuf,
    /// Each as it was asked for, and its commit.
    commits: Vec<(String, String)>,
}

impl Revisions {
    /// Finds all of `revisions` in the repository around `here`, before any of them is built.
    ///
    /// # Errors
    /// When there is no repository, or one of them is not in it.
    pub(super) fn find(here: &Path, revisions: &[String]) -> anyhow::Result<Self> {
        let commits = revisions.iter().map(|revision| Ok((revision.clone(), commit(here, revision)?)));
        Ok(Self { repository: here.to_owned(), commits: commits.collect::<anyhow::Result<_>>()? })
    }

    /// Sentences on what is compared that the names of the revisions do not tell.
    pub(super) fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if self.commits.is_empty() {
            return remarks;
        }
        for (at, (revision, commit)) in self.commits.iter().enumerate() {
            if let Some((other, _)) = self.commits[..at].iter().find(|(_, other)| other == commit) {
                remarks.push(format!(
                    "{other} and {revision} are one commit, {}: a winner between them would be one by chance.",
                    brief(commit)
                ));
            }
        }
        let head = commit(&self.repository, "HEAD").ok();
        let of_head = self.commits.iter().find(|(_, commit)| Some(commit) == head.as_ref());
        if let Some((revision, _)) = of_head.filter(|_| has_changes(&self.repository)) {
            remarks.push(format!(
                "Changes in this checkout that are not committed are in no revision: {revision} is compared as it was committed."
            ));
        }
        remarks
    }

    /// Checks each out in a folder of its own and runs `build` there, if there is one, one after another.
    ///
    /// # Errors
    /// When one cannot be checked out, or its build fails; with what was said last.
    pub(super) fn build(&self, build: Option<&str>, interrupt: &Interrupt) -> anyhow::Result<Vec<Worktree>> {
        let one = |(revision, commit): &(String, String)| {
            Worktree::build(&self.repository, revision, commit, build, interrupt)
        };
        self.commits.iter().map(one).collect()
    }
}

/// The commit of `revision` in the repository around `here`.
fn commit(here: &Path, revision: &str) -> anyhow::Result<String> {
    git(here, &["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{revision}^{{commit}}")])
        .with_context(|| {
            format!(
                "no revision \"{}\" in a repository at {} (fetch it first: a shallow checkout has no other branches)",
                shown(revision, SHOWN_NAME),
                here.display()
            )
        })
}

/// The beginning of a commit's name.
fn brief(commit: &str) -> &str {
    &commit[..commit.len().min(10)]
}

/// Whether files of the checkout around `here` differ from its commit; those that git does not know are left out.
fn has_changes(here: &Path) -> bool {
    git(here, &["status", "--porcelain", "--untracked-files=no"]).is_ok_and(|changes| !changes.is_empty())
}

impl Worktree {
    fn build(
        here: &Path,
        revision: &str,
        commit: &str,
        build: Option<&str>,
        interrupt: &Interrupt,
    ) -> anyhow::Result<Self> {
        ensure!(!interrupt.is_raised(), "interrupted");
        let folder =
            tempfile::Builder::new().prefix("crossover-").tempdir().context("cannot make a folder")?;
        let worktree = Self { repository: here.to_owned(), folder };
        let path = worktree.path().display().to_string();
        git(here, &["worktree", "add", "--quiet", "--detach", &path, commit])
            .with_context(|| format!("cannot check out {revision}"))?;
        if worktree.path().join(".gitmodules").exists()
            && !build.is_some_and(|build| build.contains("submodule"))
        {
            talk!(
                "warning: {revision} has submodules, which are not checked out with it: begin --build with `git submodule update \
                 --init --recursive && `"
            );
        }
        if let Some(build) = build {
            talk!("building {revision} ({})", brief(commit));
            run(build, &worktree.path(), interrupt).with_context(|| format!("cannot build {revision}"))?;
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

/// The variable by which cargo builds elsewhere than in the folder that it builds: two revisions would leave one program there.
const SHARED_TARGET: &str = "CARGO_TARGET_DIR";

/// A program in `folder` that works there, whatever started this one: a hook of git, or a job whose builds share a folder.
fn program(name: &str, folder: &Path) -> Command {
    let mut command = Command::new(name);
    command.current_dir(folder).stdin(Stdio::null());
    for variable in MISLEADING.into_iter().chain([SHARED_TARGET]) {
        command.env_remove(variable);
    }
    command
}

/// What git prints, without the blanks around it.
fn git(folder: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let output = program("git", folder).args(arguments).output().context("cannot start git")?;
    let told = shown(output.stderr.trim_ascii(), SHOWN);
    let colon = if told.is_empty() { "" } else { ": " };
    ensure!(output.status.success(), "git {} ended with {}{colon}{told}", arguments[0], output.status);
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Runs a shell's command in `folder`; what it says goes to this program's stderr.
fn run(command: &str, folder: &Path, interrupt: &Interrupt) -> anyhow::Result<()> {
    let mut child = program("sh", folder)
        .args(["-c", command])
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
        let revisions = Revisions::find(repository.path(), &["HEAD~1", "HEAD"].map(str::to_owned)).unwrap();
        assert_eq!(revisions.remarks(), [""; 0]);
        let worktrees = revisions.build(Some("cp word built"), &Interrupt::default()).unwrap();
        let built = |worktree: &Worktree| fs::read_to_string(worktree.path().join("built")).unwrap();
        assert_eq!(worktrees.iter().map(built).collect::<Vec<_>>(), ["one", "two"]);
        let paths: Vec<PathBuf> = worktrees.iter().map(Worktree::path).collect();
        drop(worktrees);
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
            let building = scope.spawn(|| run(build, folder.path(), &interrupt));
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
            let found = Revisions::find(repository.path(), &[revision.to_owned()]);
            format!("{:#}", found.and_then(|found| found.build(command, &Interrupt::default())).unwrap_err())
        };
        let said = build("nowhere", None);
        assert!(said.starts_with("no revision \"nowhere\" in a repository at "), "{said}");
        assert!(
            said.contains("(fetch it first: a shallow checkout has no other branches): git rev-parse"),
            "{said}"
        );
        assert!(said.ends_with("exit status: 1"), "{said}");
        assert!(build("--help", None).contains("no revision \"--help\""));
        let said = build("HEAD", Some("exit 3"));
        assert!(said.contains("cannot build HEAD: `exit 3` ended with exit status: 3"), "{said}");
        let nowhere = tempfile::tempdir().unwrap();
        let found = Revisions::find(nowhere.path(), &["HEAD".to_owned()]);
        let said = format!("{:#}", found.unwrap_err());
        assert!(
            said.contains("no revision \"HEAD\" in a repository") && said.contains("not a git"),
            "{said}"
        );
    }

    #[test]
    fn two_names_of_one_commit_and_changes_that_no_commit_has_are_told() {
        let repository = repository();
        let remarks = |revisions: &[&str]| {
            let names: Vec<String> = revisions.iter().map(|name| (*name).to_owned()).collect();
            Revisions::find(repository.path(), &names).unwrap().remarks()
        };
        let commit = super::commit(repository.path(), "HEAD").unwrap();
        let one = format!(
            "HEAD~0 and HEAD are one commit, {}: a winner between them would be one by chance.",
            &commit[..10]
        );
        assert_eq!(remarks(&["HEAD~0", "HEAD"]), [one]);
        fs::write(repository.path().join("unknown to git"), "").unwrap();
        assert_eq!(remarks(&["HEAD~1", "HEAD"]), [""; 0]);
        fs::write(repository.path().join("word"), "three").unwrap();
        let told = remarks(&["HEAD~1", "HEAD"]);
        assert!(told.len() == 1 && told[0].ends_with("HEAD is compared as it was committed."), "{told:?}");
        assert_eq!(
            remarks(&["HEAD~1", "HEAD~1^{commit}"]).len(),
            1,
            "the checkout's own commit is not among them"
        );
    }

    /// A hook of git sets the one, a job that keeps its builds the other.
    #[test]
    fn a_build_is_of_its_own_folder_whatever_the_environment_says() {
        let folder = tempfile::tempdir().unwrap();
        let command = program("sh", folder.path());
        let removed: Vec<_> = command.get_envs().filter(|(_, value)| value.is_none()).collect();
        for name in ["GIT_DIR", "GIT_INDEX_FILE", "CARGO_TARGET_DIR"] {
            assert!(removed.iter().any(|(variable, _)| *variable == name), "{name}: {removed:?}");
        }
    }
}
