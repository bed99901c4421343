//! One entry of the list.

use std::net::SocketAddr;
use std::path::Path;

use serde::Deserialize;
use servers_contract::Model;

use super::flag::{self, Flag};
use crate::Options;

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
    pub stack: String,
    /// The library's version; absent when it is the standard library's.
    pub version: Option<String>,
    /// The workspace's binary that it is, which `{binary}` in `run` stands for; absent for a program that cargo does
    /// not build.
    pub binary: Option<String>,
    /// Builds a program that cargo does not, from the repository's root; absent when nothing is built.
    pub build: Option<Vec<String>>,
    /// Starts it, from the repository's root. `{binary}` and `{listen}` (address and port) are filled in.
    pub run: Vec<String>,
    /// The flags that experiments may start it with besides those in `run`, each with the kind of its value, as in
    /// `--backlog N`; absent when they are not known before it is started.
    pub flags: Option<Vec<String>>,
    /// Another entry with the same program, whose exceptions are this one's too.
    pub exceptions_of: Option<String>,
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

    /// Why it would not start with the flags `given`; `None` if it would, or if its flags are not listed.
    pub fn refusal_of(&self, given: &[String]) -> Option<String> {
        let known: Vec<_> = self.flags.as_ref()?.iter().filter_map(|entry| Flag::parse(entry)).collect();
        flag::refusal(&known, given)
    }

    /// The command that starts it, with `binaries` as the folder cargo put programs into.
    pub fn command(&self, binaries: &Path, listen: SocketAddr) -> Vec<String> {
        let binary = binaries.join(self.binary.as_deref().unwrap_or_default()).display().to_string();
        let fill = |part: &String| part.replace("{binary}", &binary).replace("{listen}", &listen.to_string());
        self.run.iter().map(fill).collect()
    }
}
