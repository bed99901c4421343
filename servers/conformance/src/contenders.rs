//! The list of contenders, `servers/contenders.toml`: its types, how it is read, and what is refused.
//!
//! The runner and the tests use this one definition. Adding a contender takes an entry and a program, in
//! any language, that answers the contract; nothing here knows a contender by name.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use servers_contract::Model;
use thiserror::Error;
use toml::Spanned;

use crate::{Options, cases};

/// Every contender, in the order of the file.
#[derive(Debug, Clone)]
pub struct Contenders {
    cargo_build: Vec<String>,
    list: Vec<Contender>,
}

/// One contender: a program and how it is compared.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contender {
    /// Unique; letters, digits and `-`, since files and folders are named after it.
    pub name: String,
    /// Whether its handlers block or await.
    pub model: Model,
    /// Whether it is what users pick off the shelf, or isolates the model.
    pub role: Role,
    /// The contender of the other model and the same role that it is compared with; mutual.
    pub pair: Option<String>,
    /// The control of the same model, which separates what the library costs from what the model costs.
    pub control: Option<String>,
    /// The library that reads requests and writes replies.
    pub library: String,
    /// The library's version; absent when it is the standard library's.
    pub version: Option<String>,
    /// The cargo package that builds it; absent for a program that cargo does not build.
    pub package: Option<String>,
    /// The package's binary, which `{binary}` in `run` stands for.
    pub binary: Option<String>,
    /// Builds a program that cargo does not, from the repository's root; absent when nothing is built.
    pub build: Option<Vec<String>>,
    /// Starts it, from the repository's root. `{binary}` and `{listen}` (address and port) are filled in;
    /// flags of an experiment are appended.
    pub run: Vec<String>,
    /// Where it is known to leave the contract.
    #[serde(default)]
    pub exceptions: Vec<Exception>,
}

/// What a contender is in the comparison for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// What a user would pick off the shelf.
    Stock,
    /// Shares everything but the I/O model with its pair.
    Control,
}

/// Cases in which a contender is known to fail, and why that is not ours to mend.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// Names of conformance cases.
    pub cases: Vec<String>,
    /// One sentence for whoever reads the finding.
    pub reason: String,
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
        source: std::io::Error,
    },
    /// Not TOML, an unknown key, a missing field or a value of the wrong kind; the source says on which line.
    #[error("{origin}: {source}")]
    Format {
        /// The file's name.
        origin: String,
        /// Line, column and reason.
        source: Box<toml::de::Error>,
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

impl Contenders {
    /// Reads and validates the file at `path`.
    pub fn load(path: &Path) -> Result<Self, ContendersError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ContendersError::Read { path: path.to_owned(), source })?;
        Self::parse(&text, &path.display().to_string())
    }

    /// Reads and validates `text`; `origin` names it in errors.
    pub fn parse(text: &str, origin: &str) -> Result<Self, ContendersError> {
        let file: File = toml::from_str(text).map_err(|source| ContendersError::Format {
            origin: origin.to_owned(),
            source: Box::new(source),
        })?;
        let list: Vec<&Contender> = file.contender.iter().map(|entry| entry.get_ref()).collect();
        for (index, entry) in file.contender.iter().enumerate() {
            validate(&list, index).map_err(|reason| ContendersError::Entry {
                origin: origin.to_owned(),
                line: 1 + text[..entry.span().start].matches('\n').count(),
                name: entry.get_ref().name.clone(),
                reason,
            })?;
        }
        let list = file.contender.into_iter().map(Spanned::into_inner).collect();
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
    /// All packages of cargo share one command: cargo unifies features per command, and a contender must
    /// not change with what it is built beside.
    pub fn build_commands<'a>(&self, chosen: impl IntoIterator<Item = &'a Contender>) -> Vec<Vec<String>> {
        let mut cargo = self.cargo_build.clone();
        let mut commands = Vec::new();
        for contender in chosen {
            if let Some(package) = &contender.package {
                cargo.extend(["--package".to_owned(), package.clone()]);
            }
            commands.extend(contender.build.clone());
        }
        if cargo.len() > self.cargo_build.len() {
            commands.insert(0, cargo);
        }
        commands
    }
}

impl Contender {
    /// What to hold it to; `nonce` is that of its ready line.
    pub fn options(&self, nonce: &str) -> Options {
        Options {
            exceptions: self.exceptions.clone(),
            contender: Some(self.name.clone()),
            model: Some(self.model),
            version: self.version.clone(),
            nonce: Some(nonce.to_owned()),
            ..Options::default()
        }
    }

    /// The command that starts it, with `binaries` as the folder cargo put programs into.
    pub fn command(&self, binaries: &Path, listen: SocketAddr) -> Vec<String> {
        let binary = binaries.join(self.binary.as_deref().unwrap_or_default()).display().to_string();
        let fill = |part: &String| part.replace("{binary}", &binary).replace("{listen}", &listen.to_string());
        self.run.iter().map(fill).collect()
    }
}

/// Whether entry `index` of `list` can be run and compared; otherwise what is expected.
fn validate(list: &[&Contender], index: usize) -> Result<(), String> {
    let contender = list[index];
    named(contender)?;
    if list[..index].iter().any(|earlier| earlier.name == contender.name) {
        return Err("the name is taken by an earlier entry; give it another".to_owned());
    }
    runnable(contender)?;
    compared(list, contender)?;
    excepted(contender)
}

fn named(contender: &Contender) -> Result<(), String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if contender.name.is_empty() || contender.name.starts_with('-') || !contender.name.bytes().all(fits) {
        return Err("a name is made of letters, digits and \"-\", and does not begin with \"-\"".to_owned());
    }
    Ok(())
}

fn runnable(contender: &Contender) -> Result<(), String> {
    if contender.package.is_some() != contender.binary.is_some() {
        return Err("`package` and `binary` belong together: give both or neither".to_owned());
    }
    if contender.package.is_some() && contender.build.is_some() {
        return Err("`package` is built by cargo and `build` by itself: give only one".to_owned());
    }
    if contender.run.is_empty() || contender.build.as_ref().is_some_and(Vec::is_empty) {
        return Err("a command needs at least a program".to_owned());
    }
    let run = contender.run.join(" ");
    if run.contains("{binary}") && contender.binary.is_none() {
        return Err("`run` uses {binary}, so `package` and `binary` are needed".to_owned());
    }
    if !run.contains("{listen}") {
        return Err("`run` must tell the program where to listen, by {listen}".to_owned());
    }
    if run.replace("{binary}", "").replace("{listen}", "").contains(['{', '}']) {
        return Err("`run` knows only the placeholders {binary} and {listen}".to_owned());
    }
    Ok(())
}

fn compared(list: &[&Contender], contender: &Contender) -> Result<(), String> {
    let find = |name: &str| {
        list.iter().find(|other| other.name == name).ok_or(format!("no contender is called {name:?}"))
    };
    if let Some(name) = &contender.pair {
        let pair = find(name)?;
        let mutual = pair.pair.as_ref() == Some(&contender.name);
        if !mutual || pair.model == contender.model || pair.role != contender.role {
            return Err(format!(
                "its pair {name:?} must name it back, with the other model and the same role"
            ));
        }
    }
    if let Some(name) = &contender.control {
        let control = find(name)?;
        let fits = control.role == Role::Control && control.model == contender.model;
        if contender.role == Role::Control || !fits {
            return Err(format!("its control {name:?} must be a control of the same model, for a stock one"));
        }
    }
    Ok(())
}

fn excepted(contender: &Contender) -> Result<(), String> {
    let known: BTreeSet<String> = cases::names().collect();
    let mut listed = BTreeSet::new();
    for exception in &contender.exceptions {
        if exception.reason.trim().is_empty() {
            return Err("an exception needs a reason".to_owned());
        }
        for case in &exception.cases {
            if !known.contains(case) {
                return Err(format!("no conformance case is called {case:?}"));
            }
            if !listed.insert(case) {
                return Err(format!("the case {case:?} is excepted twice"));
            }
        }
    }
    Ok(())
}
