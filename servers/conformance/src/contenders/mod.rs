//! The list of contenders, `servers/contenders.toml`: its types, how it is read, and what is refused.
//!
//! The runner and the tests use this one definition. Adding a contender takes an entry and a program, in
//! any language, that answers the contract; nothing here knows a contender by name.

mod contender;
mod flag;
mod validation;

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use thiserror::Error;
use toml::Spanned;

pub use contender::{Contender, Exception, Role};
pub use flag::Flag;
use validation::validate;

use crate::connection::shortened_to;

/// Every contender, in the order of the file.
#[derive(Debug, Clone)]
pub struct Contenders {
    cargo_build: Vec<String>,
    list: Vec<Contender>,
}

/// Why a list of contenders is refused.
#[derive(Debug, Error)]
pub enum ContendersError {
    /// The file cannot be read.
    #[error("could not read the contenders from {path}: {source}")]
    Read {
        /// Its path.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// Not TOML, an unknown key, a missing field or a value of the wrong kind.
    #[error("{origin}, line {line}: {reason}")]
    Format {
        /// The file's name.
        origin: String,
        /// Line that it is about, from 1; the first for what the whole file lacks.
        line: usize,
        /// The fault, escaped and cut.
        reason: String,
    },
    /// Well-formed, but not a list that can be run.
    #[error("{origin}, line {line}: contender {name:?}: {reason}")]
    Entry {
        /// The file's name.
        origin: String,
        /// Line on which the entry begins, from 1.
        line: usize,
        /// The contender's name.
        name: String,
        /// What is expected.
        reason: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    cargo_build: Vec<String>,
    contender: Vec<Spanned<Contender>>,
}

/// Largest list that is read; the project's own has a hundredth of it.
const FILE_LIMIT: u64 = 1 << 20;

/// Longest reason that is shown in full, bytes: the names of all fields fit.
const REASON: usize = 400;

fn read(path: &Path) -> io::Result<String> {
    // A pipe in its place would be waited for.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "expected a regular file"));
    }
    let mut text = String::new();
    fs::File::open(path)?.take(FILE_LIMIT + 1).read_to_string(&mut text)?;
    if text.len() as u64 > FILE_LIMIT {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("larger than {FILE_LIMIT} bytes")));
    }
    Ok(text)
}

impl Contenders {
    /// Reads and validates the file at `path`.
    pub fn load(path: &Path) -> Result<Self, ContendersError> {
        let text = read(path).map_err(|source| ContendersError::Read { path: path.to_owned(), source })?;
        Self::parse(&text, &path.display().to_string())
    }

    /// Reads and validates `text`; `origin` names it in errors.
    pub fn parse(text: &str, origin: &str) -> Result<Self, ContendersError> {
        let line = |offset: usize| 1 + text[..offset].matches('\n').count();
        let file: File = toml::from_str(text).map_err(|error| ContendersError::Format {
            origin: origin.to_owned(),
            line: line(error.span().map_or(0, |at| at.start)),
            reason: shortened_to(REASON, error.message().lines().collect::<Vec<_>>().join("; ").as_bytes()),
        })?;
        let list: Vec<&Contender> = file.contender.iter().map(|entry| entry.get_ref()).collect();
        for (index, entry) in file.contender.iter().enumerate() {
            validate(&list, index).map_err(|reason| ContendersError::Entry {
                origin: origin.to_owned(),
                line: line(entry.span().start),
                name: entry.get_ref().name.clone(),
                reason,
            })?;
        }
        let inherited: Vec<Vec<Exception>> =
            list.iter().map(|contender| inherited(&list, contender)).collect();
        let mut list: Vec<Contender> = file.contender.iter().map(|entry| entry.get_ref().clone()).collect();
        for (contender, inherited) in list.iter_mut().zip(inherited) {
            contender.exceptions.extend(inherited);
        }
        Ok(Self { cargo_build: file.cargo_build, list })
    }

    /// All of them, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Contender> {
        self.list.iter()
    }

    /// The contender called `name`.
    pub fn get(&self, name: &str) -> Option<&Contender> {
        self.list.iter().find(|contender| contender.name == name)
    }

    /// The commands that build `chosen`, to be run from the repository's root in this order.
    ///
    /// All binaries of cargo share one command, which names no package: cargo then unifies features over the whole
    /// workspace, so that no contender changes with what it is built beside, and nothing is built twice.
    pub fn build_commands<'a>(&self, chosen: impl IntoIterator<Item = &'a Contender>) -> Vec<Vec<String>> {
        let mut cargo = self.cargo_build.clone();
        let mut commands = Vec::new();
        for contender in chosen {
            if let Some(binary) = contender.binary.as_ref().filter(|binary| !cargo.contains(binary)) {
                cargo.extend(["--bin".to_owned(), binary.clone()]);
            }
            commands.extend(contender.build.clone());
        }
        if cargo.len() > self.cargo_build.len() {
            commands.insert(0, cargo);
        }
        commands
    }
}

/// The exceptions of the entry that `exceptions_of` names.
fn inherited(list: &[&Contender], contender: &Contender) -> Vec<Exception> {
    let named = |other: &&&Contender| contender.exceptions_of.as_ref() == Some(&other.name);
    list.iter().find(named).map(|other| other.exceptions.clone()).unwrap_or_default()
}
