//! The counts that were found acceptable, as a file that is kept with the code.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};

/// Where it is, from the project's root.
pub(crate) const PATH: &str = "benches/instructions/baseline.toml";

/// How far a count may rise: more than the same code differs by from run to run ([`repeats`](crate::step::Step::repeats)).
pub(crate) const TOLERANCE: f64 = 0.03;

const HEADING: &str = "# Instructions per operation of the load generator's hot path.\n\
    # Written by `cargo bench --bench instructions -- --bless`; compared by the same without --bless.\n";

/// Counts, and what they hold for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Baseline {
    /// Version and platform of the compiler.
    pub(crate) compiler: String,
    /// By the step's name.
    pub(crate) instructions: BTreeMap<String, f64>,
}

impl Baseline {
    /// Without counts.
    pub(crate) fn new(compiler: String) -> Self {
        Self { compiler, instructions: BTreeMap::new() }
    }

    /// Reads it.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("cannot understand {}", path.display()))
    }

    /// Writes it, counts to a tenth.
    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let rounded =
            self.instructions.iter().map(|(step, count)| (step.clone(), (count * 10.0).round() / 10.0));
        let rounded = Self { instructions: rounded.collect(), ..self.clone() };
        let text = toml::to_string(&rounded).context("counts can be written as TOML")?;
        fs::write(path, format!("{HEADING}{text}"))
            .with_context(|| format!("cannot write {}", path.display()))
    }
}

/// The compiler that cargo uses here: `1.95.0 x86_64-unknown-linux-gnu`.
pub(crate) fn compiler() -> anyhow::Result<String> {
    let told = Command::new("rustc").arg("-vV").output().context("cannot ask rustc for its version")?;
    ensure!(told.status.success(), "rustc -vV ended with {}", told.status);
    let told = String::from_utf8_lossy(&told.stdout);
    let field = |name: &str| {
        let line = told.lines().find_map(|line| line.strip_prefix(name));
        line.map(str::trim).with_context(|| format!("rustc -vV does not tell its {name}"))
    };
    Ok(format!("{} {}", field("release:")?, field("host:")?))
}
