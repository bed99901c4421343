//! Which commit of the project is checked out.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::machine::printed;
use crate::root;

/// Variables by which git is led to another repository than the one it stands in: those that
/// `git rev-parse --local-env-vars` lists.
pub(crate) const MISLEADING: [&str; 15] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_CONFIG",
    "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_COUNT",
    "GIT_OBJECT_DIRECTORY",
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_GRAFT_FILE",
    "GIT_INDEX_FILE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_REPLACE_REF_BASE",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_COMMON_DIR",
];

/// The checkout that the project at some root is; without fields where it is none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checkout {
    /// Its commit.
    pub commit: Option<String>,
    /// Whether it has changes that are not committed.
    pub dirty: Option<bool>,
}

impl Checkout {
    /// The project's own at `root`: a repository in which the project merely lies, without being part of it, does not
    /// count, whatever the environment says. It may belong to another user.
    #[must_use]
    pub fn of(root: &Path) -> Self {
        if !is_own(root) {
            return Self::default();
        }
        let commit = printed(git(root).args(["rev-parse", "--verify", "HEAD"]));
        let changes = printed(git(root).args(["status", "--porcelain"]));
        Self { commit, dirty: changes.map(|changes| !changes.is_empty()) }
    }
}

/// Whether `root` is the top of a checkout, or its list of contenders is a file of one.
fn is_own(root: &Path) -> bool {
    let top = printed(git(root).args(["rev-parse", "--show-toplevel"])).map(PathBuf::from);
    let is_top = top
        .and_then(|top| top.canonicalize().ok())
        .is_some_and(|top| root.canonicalize().is_ok_and(|root| root == top));
    is_top || printed(git(root).args(["ls-files", "--error-unmatch", "--", root::CONTENDERS])).is_some()
}

fn git(root: &Path) -> Command {
    let mut git = Command::new("git");
    for name in MISLEADING {
        git.env_remove(name);
    }
    // Reading does no harm in a repository of anybody's, once it may start no program of its own.
    git.args(["-c", "safe.directory=*", "-c", "core.fsmonitor=false"]).arg("-C").arg(root);
    git
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A repository at `path` with one commit of all that is there; gives the commit.
    fn committed(path: &Path) -> String {
        for arguments in [
            &["init", "-q"][..],
            &["add", "-A"],
            &["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "one"],
        ] {
            assert!(git(path).args(arguments).status().unwrap().success(), "{arguments:?}");
        }
        printed(git(path).args(["rev-parse", "HEAD"])).unwrap()
    }

    fn project(path: &Path) {
        fs::create_dir_all(path.join("servers")).unwrap();
        fs::write(path.join(root::CONTENDERS), "cargo_build = []\n").unwrap();
    }

    #[test]
    fn a_checkout_has_its_commit_and_says_whether_it_was_changed() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Checkout::of(folder.path()), Checkout::default());
        project(folder.path());
        let commit = committed(folder.path());
        let checkout = |dirty| Checkout { commit: Some(commit.clone()), dirty: Some(dirty) };
        assert_eq!(Checkout::of(folder.path()), checkout(false));
        fs::write(folder.path().join("new"), "").unwrap();
        assert_eq!(Checkout::of(folder.path()), checkout(true));
    }

    #[test]
    fn an_outer_repository_s_commit_is_the_project_s_only_where_the_project_is_part_of_it() {
        let outer = tempfile::tempdir().unwrap();
        let root = outer.path().join("project");
        fs::create_dir(&root).unwrap();
        let commit = committed(outer.path());
        project(&root);
        assert_eq!(Checkout::of(&root), Checkout::default(), "a foreign commit: {commit}");
        let commit = committed(outer.path());
        assert_eq!(Checkout::of(&root).commit, Some(commit));
    }

    #[test]
    fn git_is_neither_led_elsewhere_nor_kept_out_by_another_owner() {
        let git = git(Path::new("."));
        let removed = |name: &str| git.get_envs().any(|(key, value)| key == name && value.is_none());
        assert!(MISLEADING.iter().all(|name| removed(name)), "{git:?}");
        let told = printed(Command::new("git").args(["rev-parse", "--local-env-vars"])).unwrap();
        let unknown: Vec<_> = told.lines().filter(|name| !MISLEADING.contains(name)).collect();
        assert!(unknown.iter().all(|name| *name == "GIT_INTERNAL_SUPER_PREFIX"), "{unknown:?}");
        let folder = tempfile::tempdir().unwrap();
        project(folder.path());
        let commit = committed(folder.path());
        let mut foreign = self::git(folder.path());
        // The way git's own tests pretend that a repository belongs to another user.
        let seen = printed(foreign.env("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1").args(["rev-parse", "HEAD"]));
        assert_eq!(seen, Some(commit));
    }
}
