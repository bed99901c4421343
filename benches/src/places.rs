//! Folders of this machine, taken out of what is recorded: they name users, and mean nothing elsewhere.

use std::path::Path;

/// Folders below which every system keeps its users, the user's name next.
const OF_USERS: [&str; 2] = ["/home/", "/Users/"];

/// The text that stands for a folder: of a path, only its beginning is lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// A folder and what stands for it; longer ones first, for they may lie within others.
    known: Vec<(String, &'static str)>,
}

impl Places {
    /// Those of a project at `root`: the root itself becomes `.`, the user's folder `~`.
    #[must_use]
    pub fn of(root: &Path) -> Self {
        let home = std::env::var_os("HOME");
        Self::from_parts(root, home.as_deref().map(Path::new))
    }

    fn from_parts(root: &Path, home: Option<&Path>) -> Self {
        let both = |folder: &Path, sign| {
            let real = folder.canonicalize().ok();
            [Some(folder.to_owned()), real]
                .into_iter()
                .flatten()
                .map(move |folder| (folder.display().to_string(), sign))
        };
        let mut known: Vec<_> =
            both(root, ".").chain(home.into_iter().flat_map(|home| both(home, "~"))).collect();
        known.retain(|(folder, _)| folder.len() > 1 && folder.starts_with('/'));
        known.sort_by_key(|(folder, _)| std::cmp::Reverse(folder.len()));
        known.dedup();
        Self { known }
    }

    /// `text` without them.
    #[must_use]
    pub fn hide(&self, text: &str) -> String {
        let hidden =
            self.known.iter().fold(text.to_owned(), |text, (folder, sign)| replace(&text, folder, sign));
        OF_USERS.into_iter().fold(hidden, |text, folder| hide_users(&text, folder))
    }
}

/// `folder` replaced by `sign` wherever it begins a path and ends a name.
fn replace(text: &str, folder: &str, sign: &str) -> String {
    let (mut written, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(folder) {
        let (before, after) = (&rest[..at], &rest[at + folder.len()..]);
        written.push_str(before);
        let begins = !ends_in_name(&written);
        let ends = after.chars().next().is_none_or(|next| !is_of_name(next));
        written.push_str(if begins && ends { sign } else { folder });
        rest = after;
    }
    written + rest
}

/// The name of a user behind `folder`, and the folder itself, replaced by `~`.
fn hide_users(text: &str, folder: &str) -> String {
    let (mut written, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(folder) {
        let (before, after) = (&rest[..at], &rest[at + folder.len()..]);
        written.push_str(before);
        let name = after.find(|next| !is_of_name(next)).unwrap_or(after.len());
        if name == 0 || ends_in_name(&written) {
            written.push_str(folder);
            rest = after;
        } else {
            written.push('~');
            rest = &after[name..];
        }
    }
    written + rest
}

fn ends_in_name(text: &str) -> bool {
    text.chars().next_back().is_some_and(|last| is_of_name(last) || last == '~')
}

/// Whether a character may be part of a folder's name; a blank ends it, as in most messages.
fn is_of_name(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '-' | '_' | '.' | '+' | '@')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_this_machine_are_taken_out_of_any_text() {
        let places = Places::from_parts(Path::new("/home/ada/crossover"), Some(Path::new("/home/ada")));
        for (text, expected) in [
            (
                "cannot start /home/ada/crossover/target/release/x: no such file",
                "cannot start ./target/release/x: no such file",
            ),
            ("cargo crossover run /home/ada/mine.toml", "cargo crossover run ~/mine.toml"),
            ("\"/home/ada/crossover\"", "\".\""),
            ("/home/ada/crossover-2/x", "~/crossover-2/x"),
            ("--log=/home/ada/x:/home/grace/y", "--log=~/x:~/y"),
            ("/Users/grace/y and /home/ and /srv/home/z", "~/y and /home/ and /srv/home/z"),
            ("/wait?ms=10 ./target/release/x", "/wait?ms=10 ./target/release/x"),
        ] {
            assert_eq!(places.hide(text), expected);
        }
    }

    #[test]
    fn a_root_or_home_that_is_everything_hides_nothing() {
        let places = Places::from_parts(Path::new("/"), Some(Path::new("/")));
        assert_eq!(places.hide("/usr/bin/env"), "/usr/bin/env");
    }
}
